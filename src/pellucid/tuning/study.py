"""A study on disk: opened, checked, resumed. Whatever kills a process, finished trials stay."""

import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from pellucid.errors import PellucidError, SpecError
from pellucid.spec.checks import shown
from pellucid.tuning.combining import Combination
from pellucid.tuning.problem import OF_ROWS
from pellucid.tuning.spaces import Space

__all__ = [
    "fingerprint",
    "open_study",
    "requeue",
    "requeue_lost",
    "require_optuna",
    "storage_url",
    "without_password",
    "worker",
    "wrapped_errors",
]

LOCK_SECONDS = 30
"""How long a process waits for another's writing to end."""

OPTUNAS = {"studies", "version_info"}
"""Tables by which a database of Optuna's is known."""

ANOTHER = "give this search a storage or study_name of its own (on the command line: another --out)."


def require_optuna() -> Any:
    """Return the module optuna, silent.

    Raises
    ------
    PellucidError
        If it is not installed.
    """
    try:
        import optuna  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise PellucidError(
            "A search needs Optuna, which the extra 'tune' installs: python -m pip install 'pellucid[tune]', or in a "
            "checkout python -m pip install '.[tune]'."
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def storage_url(storage: Any) -> str:
    """Return the URL of a storage: a path is that of an SQLite file.

    Examples
    --------
    >>> storage_url("study.sqlite"), storage_url("postgresql://me@host/studies")
    ('sqlite:///study.sqlite', 'postgresql://me@host/studies')
    """
    if not isinstance(storage, str | Path) or not str(storage):
        raise SpecError(f"'storage' of search must be the path of a file or a database's URL; got {shown(storage)}.")
    if "://" in str(storage):
        return str(storage)
    folder = Path(storage).parent
    if not folder.is_dir():
        told = without_password(folder)
        raise SpecError(f"'storage' of search is to be in the folder '{told}', which does not exist. Make it first.")
    return f"sqlite:///{storage}"


def open_study(storage: Any, name: str, sampler: Any, mark: dict[str, str], space: Space) -> Any:
    """Open a study or begin it.

    Parameters
    ----------
    storage : str or Path
        Path or URL.
    name : str
    sampler : optuna sampler
    mark : dict of str to str
        What the study is about; one found there must have the same.
    space : Space
        What its trials may have.

    Raises
    ------
    PellucidError
        If the study is damaged, locked or of another search, or the file another program's.
    """
    optuna = require_optuna()
    url, told = storage_url(storage), without_password(storage)
    with wrapped_errors(url, (Exception,)):  # damaged contents meet many of Optuna's and SQLAlchemy's errors
        options: dict[str, Any] = {}
        if url.startswith("sqlite"):
            options["engine_kwargs"] = {"connect_args": {"timeout": LOCK_SECONDS}}
            _refuse_foreign(url, options["engine_kwargs"])
        backend = _made_by_one(lambda: optuna.storages.RDBStorage(url, **options))
        if url.startswith("sqlite"):
            _commit_quickly(backend.engine)
        study = optuna.create_study(
            storage=backend, study_name=name, sampler=sampler, direction="maximize", load_if_exists=True
        )
        if study.direction.name != "MAXIMIZE":
            raise PellucidError(
                f"The study {name!r} in '{told}' is minimised, and a search maximises its score. To begin anew, "
                f"{ANOTHER}"
            )
        known = study.user_attrs
        for key, value in mark.items():
            if known.get(key, value) != value:
                raise PellucidError(
                    f"The study {name!r} in '{told}' is of another {key}. Repeat the call that began it, or {ANOTHER}"
                )
            if key not in known:
                study.set_user_attr(key, value)
        _check_contents(study, space)
    return study


def _refuse_foreign(url: str, engine_options: Mapping[str, Any]) -> None:
    """Refuse another program's SQLite file before anything is written into it."""
    from sqlalchemy import create_engine, inspect  # noqa: PLC0415 - comes with Optuna

    engine = create_engine(url, **engine_options)
    try:
        tables = set(inspect(engine).get_table_names())
    finally:
        engine.dispose()
    if tables and not tables & OPTUNAS:
        raise PellucidError(
            f"'{without_password(url)}' is another program's database, with the table {min(tables)!r}. To go on, "
            f"{ANOTHER}"
        )


def _check_contents(study: Any, space: Space) -> None:
    """Read all that a study holds, so that damage is met here, before anything trains."""
    Combination.of(study.user_attrs.get("combination"))
    for trial in study.get_trials(deepcopy=False):
        result = trial.user_attrs.get("result", {})
        is_sound = isinstance(result, dict) and isinstance(result.get("reason", ""), str)
        is_sound = is_sound and all(isinstance(result[name], int | float) for name in set(result) - {"reason"})
        is_sound = is_sound and isinstance(trial.user_attrs.get("worker", ""), str)
        is_sound = is_sound and (trial.state.name != "COMPLETE" or trial.value is not None)
        if not (is_sound and space.holds(trial.params)):
            raise ValueError(f"its trial {trial.number + 1} is damaged")


def _made_by_one(make: Callable[[], Any]) -> Any:
    """Open a storage; where several processes make its tables at the same time, all but one of them try again."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - comes with Optuna

    for seconds in (0.1, 0.2, 0.4, 0.8, 1.6):
        try:
            return make()
        except SQLAlchemyError as error:
            if not any(told in str(error) for told in ("UNIQUE constraint", "already exists", "no such table")):
                raise
            time.sleep(seconds)
    return make()


def _commit_quickly(engine: Any) -> None:
    """Let SQLite write ahead: what is committed survives the process, and a commit waits for no disk."""
    from sqlalchemy import event  # noqa: PLC0415 - comes with Optuna

    def begin(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    event.listen(engine, "connect", begin)
    engine.dispose()


def without_password(storage: Any) -> str:
    """Return a storage as it may be told: of a database's URL everything but the password.

    Examples
    --------
    >>> without_password("postgresql://ann:sec/ret@host/studies"), without_password("mysql://host/a?password=secret")
    ('postgresql://ann:***@host/studies', 'mysql://host/a?password=***')
    """
    return re.sub(r"(//[^:/@]*:)[^@]*@", r"\1***@", re.sub(r"([?&]passw(?:or)?d=)[^&]*", r"\1***", str(storage)))


@contextmanager
def wrapped_errors(url: str, more: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Say what is wrong with a study's storage; `more` kinds of errors may tell of it."""
    from optuna.exceptions import OptunaError  # noqa: PLC0415 - an extra
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - comes with it

    kinds: tuple[type[Exception], ...] = (ImportError, ValueError, OptunaError, SQLAlchemyError, *more)
    try:
        yield
    except PellucidError:
        raise
    except kinds as error:
        root: BaseException = error
        while root.__cause__ is not None:
            root = root.__cause__
        told = (str(getattr(root, "orig", None) or root) or type(root).__name__).splitlines()[0].rstrip(".")
        remedy = "Another name for it begins anew; finished trials in it stay"
        if not url.startswith("sqlite"):
            remedy = "See that the database is there and lets you in; finished trials in it stay"
        if isinstance(root, ImportError):
            driver = " (for PostgreSQL: pip install 'psycopg[binary]')" if url.startswith("postgresql") else ""
            remedy = f"Install the database's driver for Python{driver}"
        elif "locked" in told:
            remedy = (
                f"Another program has held it for {LOCK_SECONDS} seconds: let that end, then try again; finished "
                "trials in it stay"
            )
        raise PellucidError(f"The study in '{without_password(url)}' cannot be used: {told}. {remedy}.") from None


def fingerprint(estimator: Any, X: Any, y: Any, fit_params: Mapping[str, Any] | None = None) -> str:
    """Return a short text that differs where estimator or data differ, weights and groups of the rows among them.

    Examples
    --------
    >>> from pellucid import MLPClassifier
    >>> fingerprint(MLPClassifier(), [[1]], [1]) == fingerprint(MLPClassifier(), [[2]], [1])
    False
    """
    parameters = {name: repr(value) for name, value in sorted(estimator.get_params().items()) if name not in UNMARKED}
    of_rows = {name: value for name, value in (fit_params or {}).items() if name in OF_ROWS and value is not None}
    given = [(name, _plain(of_rows[name])) for name in sorted(of_rows)]
    return str(joblib.hash([type(estimator).__name__, parameters, _plain(X), _plain(y), *given]))[:12]


UNMARKED = ("callbacks", "progress", "verbose", "n_threads", "engine", "time_limit")
"""Parameters that change nothing about a trial's score, or little: a search may go on with others."""


def _plain(table: Any) -> Any:
    """Return what is hashed of a table: a data frame's columns would be hashed with their caches."""
    if hasattr(table, "columns") and hasattr(table, "to_numpy"):
        return [list(map(str, table.columns)), [str(value) for value in table.to_numpy().ravel()]]
    return np.asarray(table) if not hasattr(table, "tocsr") else table


def worker() -> str:
    """Return who this process is: host, number, and when it began."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def _began(process: int) -> str:
    """Return when a process began, where the system tells; a number may be that of another process by now."""
    try:
        return (
            Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
        )
    except (OSError, IndexError):
        return ""


def requeue_lost(study: Any, space: Space) -> int:
    """Put trials that died with their process on this host back into the queue; return their number."""
    from optuna.trial import TrialState  # noqa: PLC0415 - an extra

    lost = 0
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _is_dead(trial.user_attrs.get("worker", "")):
            study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            requeue(study, trial.number, trial.params, space)
            lost += 1
    return lost


def requeue(study: Any, number: int, parameters: dict[str, Any], space: Space) -> None:
    """Try the same parameters again, before others."""
    if set(parameters) == set(space.distributions):
        study.enqueue_trial(parameters, user_attrs={"again": number})


def _is_dead(name: str) -> bool:
    host, _, rest = name.partition(":")
    process, _, began = rest.partition(":")
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _began(int(process)) != began
