"""How sessions begin that are opened with something: a table, a fitted estimator."""

import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from pellucid.errors import DataError, did_you_mean
from pellucid.workbench.dataset import build
from pellucid.workbench.given import Given
from pellucid.workbench.limits import UPLOAD_BYTES
from pellucid.workbench.own_table import Tables, table_rows
from pellucid.workbench.run import Run
from pellucid.workbench.server import STATIC, MakeSession, Workbench, bound_socket, server_of
from pellucid.workbench.session import Session
from pellucid.workbench.settings import Data, Settings
from pellucid.workbench.sources import Rows

__all__ = ["GivenSession", "Served", "sessions_of_table", "show"]


def sessions_of_table(
    path: Path, target: str | None = None, *, missing: tuple[str, ...] = (), exclude: tuple[str, ...] = ()
) -> Callable[[str], Session]:
    """Return what makes sessions that begin with a table.

    Parameters
    ----------
    path : Path
    target : str or None
        The column to be predicted; None: the last one.
    missing : tuple of str
        What cells say that mean that there is nothing, as in `Table`.
    exclude : tuple of str
        Columns to leave out.

    Raises
    ------
    DataError
        If the table cannot be used.
    """
    tables = Tables()
    try:
        with path.open("rb") as file:
            data = file.read(UPLOAD_BYTES + 1)
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror}.") from None
    table = tables.add(path.name, data)
    known = [str(name) for name in tables.get(table.id).frame.columns]
    for option, name in [("--target", target or table.target), *(("--exclude", name) for name in exclude)]:
        if name not in known:
            raise DataError(f"'{option}' must name a column of the table; got {name!r}.{did_you_mean(name, known)}")
    roles = tuple((name, "ignore") for name in exclude)
    table = replace(table, target=target or table.target, missing=missing, roles=roles)
    settings = Settings(data=Data(source="table", table=table))
    rows = table_rows(tables.frame(table), table, settings.data.train_share, settings.data.seed)
    build(settings, rows)  # what is wrong is said now, not in the browser
    return lambda name: Session(name, settings, tables)


class Served:
    """A workbench that is served from a thread of its own.

    Attributes
    ----------
    url : str
        The whole address of the page.
    """

    def __init__(self, make_session: MakeSession, port: int = 0, *, open_page: bool = True) -> None:
        self._socket = bound_socket(port)
        self.workbench = Workbench(self._socket.getsockname()[1], make_session)
        self._server = server_of(self.workbench)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="pellucid-workbench", daemon=True
        )
        self._thread.start()
        end = monotonic() + 10
        while not self._server.started and self._thread.is_alive() and monotonic() < end:
            sleep(0.01)
        self.url = self.workbench.url
        if open_page and (STATIC / "index.html").is_file():
            webbrowser.open(self.url)

    def wait(self) -> None:
        """Serve until Ctrl-C."""
        try:
            while self._thread.is_alive():
                self._thread.join(0.2)
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """Serve no more."""
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Workbench at {self.url}>"


def show(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    member: int = 0,
    port: int = 0,
    open_page: bool = True,
    wait: bool | None = None,
) -> Served:
    """Open an estimator in the workbench: its network, its rows, and training on from where it stands.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor, fitted or not; TabularClassifier or TabularRegressor, fitted
        It stays as it is.
    X : array or table of shape (rows, features)
        As the estimator sees them. Of the table that a tabular estimator was fitted on, the rows are held out that the
        shown network did not learn from.
    y : array
    sample_weight : array of shape (rows,) or None
        What each row counts; class weights of the estimator count as well.
    member : int
        Which network of a tabular estimator, from 0.
    port : int
        0 takes a free one.
    open_page : bool
        Open the browser.
    wait : bool or None
        Serve until Ctrl-C before returning; None: only in a script, where the server would end with it.

    Returns
    -------
    Served
        With the address as its `url`; ``close()`` ends it.

    Raises
    ------
    PellucidError
        If the workbench cannot show the estimator.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> X, y = make_moons(100, noise=0.1, random_state=0)
    >>> model = MLPClassifier((4,), solver="lbfgs", random_state=0).fit(X, y)
    >>> with show(model, X, y, open_page=False, wait=False) as served:
    ...     served.url.startswith("http://127.0.0.1:")
    True
    """
    opened = Given.of(estimator, X, y, sample_weight, member=member)
    build(opened.settings, opened.rows)  # what is wrong is said now, not in the browser
    served = Served(lambda name: GivenSession(name, opened), port, open_page=open_page)
    if wait is None:
        wait = not hasattr(sys, "ps1") and "ipykernel" not in sys.modules
    if wait:
        print(served.url, flush=True)  # noqa: T201 - the address is what a script's user needs
        served.wait()
    return served


class GivenSession(Session):
    """A session that begins with an estimator."""

    def __init__(self, name: str, given: Given) -> None:
        self.given = given
        super().__init__(name, given.settings)

    def given_rows(self) -> Rows:
        """Return the estimator's rows."""
        return self.given.rows

    def first_run(self) -> Run:
        """Return the run that stands where the estimator stands."""
        run = super().first_run()
        _put(run, self.given)
        return run


def _put(run: Run, given: Given) -> None:
    moment = replace(run.moment(), epoch=given.state.epochs, parameters=given.parameters.copy(), state=given.state)
    run.go_on_from(moment, given.history(run.job.learning_rate()))
