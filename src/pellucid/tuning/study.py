"""A study on disk: opened, checked, resumed. Whatever kills a process, finished trials stay."""

import os
import re
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
    "Pulse",
    "give_sign_of_life",
    "marks_of",
    "open_study",
    "put_back",
    "requeue",
    "requeue_lost",
    "require_optuna",
    "scoring_mark",
    "splits_mark",
    "storage_url",
    "without_password",
    "worker",
    "wrapped_errors",
]

LOCK_SECONDS = 30
"""How long a process waits for another's writing to end."""

PULSE_SECONDS = 20
SILENCE_SECONDS = 120
"""After so long without a sign of life a trial of another host counts as lost; a lock may hold a sign up, and clocks of
hosts differ a little."""

OPTUNAS = {"studies", "version_info"}
"""Tables by which a database of Optuna's is known."""

ANOTHER = "give this search a storage or study_name of its own (on the command line: another --out)."


IMPLIED = {"cells": {"columns", "rows"}, "target": {"rows"}, "cv": {"columns", "rows", "cells", "target"}}
"""What differs of itself where another thing does."""


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
    """Return the URL of a storage: a path is that of an SQLite file; None has none.

    Examples
    --------
    >>> storage_url("study.sqlite"), storage_url("postgresql://me@host/studies")
    ('sqlite:///study.sqlite', 'postgresql://me@host/studies')
    """
    if storage is None:
        return ""
    is_text = isinstance(storage, str | Path) and str(storage)
    if not is_text or str(storage) in ("sqlite://", "sqlite:///") or str(storage).endswith(":memory:"):
        raise SpecError(
            "'storage' of search must be the path of a file, a database's URL, or None for memory, where the study "
            f"ends with its process; got {shown(storage)}."
        )
    if "://" in str(storage):
        return str(storage)
    folder = Path(storage).parent
    if not folder.is_dir():
        told = without_password(folder)
        raise SpecError(f"'storage' of search is to be in the folder '{told}', which does not exist. Make it first.")
    return f"sqlite:///{storage}"


def open_study(storage: Any, name: str, sampler: Any, marks: Mapping[str, Any], space: Space) -> Any:
    """Open a study or begin it.

    Parameters
    ----------
    storage : str, Path or None
        Path or URL; None: memory.
    name : str
    sampler : optuna sampler
    marks : mapping of str to str, list or dict
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
        backend = optuna.storages.InMemoryStorage() if storage is None else _database(url)
        study = optuna.create_study(
            storage=backend, study_name=name, sampler=sampler, direction="maximize", load_if_exists=True
        )
        if study.direction.name != "MAXIMIZE":
            raise PellucidError(
                f"The study {name!r} in '{told}' is minimised, and a search maximises its score. To begin anew, "
                f"{ANOTHER}"
            )
        known = study.user_attrs
        differing = {key for key, value in marks.items() if known.get(key, value) != value}
        if differing:
            named = [key for key in marks if key in differing and not IMPLIED.get(key, set()) & differing]
            said = "; ".join(_told_apart(key, known[key], marks[key]) for key in named)
            raise PellucidError(
                f"The study {name!r} in '{told}' is of another search. What differs: {said}. Repeat the call that "
                f"began it, or {ANOTHER}"
            )
        for key in marks.keys() - known.keys():
            study.set_user_attr(key, marks[key])
        _check_contents(study, space)
    return study


def _database(url: str) -> Any:
    """Return Optuna's storage in a database, one that SQLite writes quickly."""
    optuna, options = require_optuna(), {}
    if url.startswith("sqlite"):
        options["engine_kwargs"] = {"connect_args": {"timeout": LOCK_SECONDS}}
        _refuse_foreign(url, options["engine_kwargs"])
    backend = _made_by_one(lambda: optuna.storages.RDBStorage(url, **options))
    weakref.finalize(backend, backend.engine.dispose)  # which Optuna leaves open
    if url.startswith("sqlite"):
        _commit_quickly(backend.engine)
    return backend


def _told_apart(key: str, known: Any, now: Any) -> str:
    """Say how what a study is about differs from what a call is about.

    Examples
    --------
    >>> _told_apart("estimator", {"n_folds": "5", "dtype": "'float32'"}, {"n_folds": "3", "dtype": "'float32'"})
    'n_folds = 5 (now 3)'
    >>> _told_apart("columns", ["age", "city"], ["age", "day"])
    "columns ('city' is missing; 'day' is new)"
    """
    if key == "estimator" and isinstance(known, dict):
        names = sorted(name for name in known.keys() | now.keys() if known.get(name) != now.get(name))
        return "; ".join(
            f"{name} = {known.get(name, 'not there')} (now {now.get(name, 'not there')})" for name in names
        )
    if key == "space" and isinstance(known, dict):
        return f"space of {', '.join(sorted(name for name in known | now if known.get(name) != now.get(name)))}"
    if key == "columns" and isinstance(known, list):
        gone, new = (sorted(set(one) - set(other)) for one, other in ((known, now), (now, known)))
        said = [f"{name!r} is {what}" for names, what in ((gone, "missing"), (new, "new")) for name in names]
        return f"columns ({'; '.join(said) or 'in another order'})"
    if key in ("rows", "scoring"):
        return f"{key} = {known} (now {now})"
    return APART.get(key, key)


APART = {
    "cells": "cells of the table",
    "cv": "rows of the folds of cv (a splitter that shuffles needs a random_state)",
}
"""What is told of marks that say no more than that something differs."""


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
        is_sound = is_sound and isinstance(trial.user_attrs.get("alive", 0.0), int | float)
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
        remedy = "To begin anew, name another file (on the command line: another --out), or remove this one"
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


def marks_of(estimator: Any, X: Any, y: Any, fit_params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what differs where estimator or data do, weights and groups of the rows among them, by what it is of.

    Examples
    --------
    >>> from pellucid import MLPClassifier
    >>> one, other = marks_of(MLPClassifier(), [[1]], [1]), marks_of(MLPClassifier(), [[2]], [1])
    >>> [key for key in one if one[key] != other[key]]
    ['cells']
    """
    parameters = {name: _short(value) for name, value in sorted(estimator.get_params().items()) if name not in UNMARKED}
    given = fit_params or {}
    return {
        "estimator": {"class": type(estimator).__name__, **parameters},
        "columns": list(map(str, getattr(X, "columns", ()))),
        "rows": (getattr(X, "shape", None) or np.shape(X) or [0])[0],
        "cells": _hash(X),
        "target": _hash(y),
        **{name: "" if given.get(name) is None else _hash(given[name]) for name in OF_ROWS},
    }


def _short(value: Any) -> str:
    """Return a parameter's value as a text that is the same in every process; a long one as its hash."""
    if hasattr(value, "get_params"):
        return type(value).__name__  # its own parameters are beside it
    told = re.sub(ADDRESS, "", repr(value))
    return told if len(told) <= LONGEST_VALUE else f"{told[:LONGEST_BEGINNING]}… {joblib.hash(told)[:6]}"


def _hash(table: Any) -> str:
    return str(joblib.hash(_plain(table)))[:12]


def scoring_mark(scoring: Any) -> str:
    """Return a text of a scoring that is the same in every process.

    Examples
    --------
    >>> from sklearn.metrics import fbeta_score, make_scorer
    >>> scoring_mark("accuracy"), scoring_mark(make_scorer)
    ('accuracy', 'sklearn.metrics._scorer.make_scorer')
    >>> scoring_mark(make_scorer(fbeta_score, beta=2))
    "make_scorer(fbeta_score, response_method='predict', beta=2) of sklearn.metrics._classification.fbeta_score"
    """
    if hasattr(scoring, "__qualname__"):
        return f"{scoring.__module__}.{scoring.__qualname__}"
    told = re.sub(ADDRESS, "", str(scoring))
    own = getattr(scoring, "_score_func", None)
    return told if own is None else f"{told} of {scoring_mark(own)}"


def splits_mark(splits: Iterable[Any]) -> str:
    """Return a short text that differs where the rows of a fold do.

    Examples
    --------
    >>> splits_mark([([0, 1], [2])]) == splits_mark([([0, 2], [1])])
    False
    """
    return str(joblib.hash([[np.asarray(rows) for rows in split] for split in splits]))[:12]


UNMARKED = ("callbacks", "progress", "verbose", "n_threads", "engine", "time_limit", "steps")
"""Parameters that change nothing about a trial's score, or little: a search may go on with others. The steps of a
pipeline stand beside them by their names."""

ADDRESS = r" at 0x[0-9a-fA-F]+"
"""In memory: another in each process."""

LONGEST_VALUE, LONGEST_BEGINNING = 60, 40
"""Characters of a parameter's value that are kept, and told."""


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


class Pulse:
    """While it is entered, gives a sign of life for each trial under way, from a thread of its own.

    Parameters
    ----------
    trials : dict of int to optuna trial
        Under way; others may come and go meanwhile.
    """

    def __init__(self, trials: dict[int, Any]) -> None:
        self._trials, self._end = trials, threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pellucid-pulse", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._end.wait(PULSE_SECONDS):
            for trial in list(self._trials.values()):
                with suppress(Exception):  # the trial's own thread meets what is wrong with the storage, and tells
                    give_sign_of_life(trial)


def give_sign_of_life(trial: Any) -> None:
    """Note in a trial under way when its process was alive."""
    trial.set_user_attr("alive", time.time())


def requeue_lost(study: Any, space: Space) -> None:
    """Put trials that were lost with their process back into the queue."""
    from optuna.trial import TrialState  # noqa: PLC0415 - an extra

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _is_lost(trial):
            put_back(study, trial, space)


def put_back(study: Any, trial: Any, space: Space) -> None:
    """End a trial under way without a result, and try it again, unless another process was first to do so."""
    from optuna.exceptions import UpdateFinishedTrialError  # noqa: PLC0415 - an extra
    from optuna.trial import TrialState  # noqa: PLC0415 - an extra

    try:
        study.tell(trial.number, state=TrialState.FAIL)
    except (UpdateFinishedTrialError, ValueError):  # is finished already
        return
    requeue(study, trial, space)


def requeue(study: Any, trial: Any, space: Space) -> None:
    """Try a trial's parameters again, before others."""
    if set(trial.params) == set(space.distributions):
        study.enqueue_trial(dict(trial.params), user_attrs={"again": trial.number})


def _is_lost(trial: Any) -> bool:
    """Tell whether the process of a trial under way is dead: on this host for certain, else by its silence."""
    host, _, process = trial.user_attrs.get("worker", "").partition(":")
    if host == socket.gethostname():
        return _is_dead(*process.split(":", 1))
    heard = trial.user_attrs.get("alive") or (trial.datetime_start.timestamp() if trial.datetime_start else 0.0)
    return time.time() - float(heard) > SILENCE_SECONDS


def _is_dead(process: str, began: str = "") -> bool:
    if not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _began(int(process)) != began
