"""How sessions begin that are opened with something: a table, a fitted estimator, a training that is under way."""

import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np

from pellucid.errors import DataError, PellucidError, SpecError, did_you_mean
from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.tracing.preparing import Setup, prepare
from pellucid.training.jobs import Epoch, State
from pellucid.workbench.dataset import build
from pellucid.workbench.history import NAN
from pellucid.workbench.limits import MOST_COLUMNS, MOST_EPOCHS, MOST_ROWS, UPLOAD_BYTES
from pellucid.workbench.own_table import Tables, table_rows
from pellucid.workbench.run import Run
from pellucid.workbench.server import STATIC, MakeSession, Workbench, bound_socket, server_of
from pellucid.workbench.session import Session
from pellucid.workbench.settings import Data, Descent, Net, NetLayer, Settings, Stop
from pellucid.workbench.sources import Rows
from pellucid.workbench.watching import Watched, WatchingSession

__all__ = ["Given", "GivenSession", "LiveView", "Served", "sessions_of_table", "show"]


def sessions_of_table(path: Path, target: str | None = None) -> Callable[[str], Session]:
    """Return what makes sessions that begin with a table.

    Parameters
    ----------
    path : Path
    target : str or None
        The column to be predicted; None: the last one.

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
    if target is not None:
        known = [str(name) for name in tables.get(table.id).frame.columns]
        if target not in known:
            raise DataError(f"'--target' must be a column of the table; got {target!r}.{did_you_mean(target, known)}")
        table = replace(table, target=target)
    settings = Settings(data=Data(source="table", table=table))
    rows = table_rows(tables.get(table.id).frame, table, settings.data.train_share, settings.data.seed)
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
    port: int = 0,
    open_page: bool = True,
    wait: bool | None = None,
) -> Served:
    """Open an estimator in the workbench: its network, its rows, and training on from where it stands.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Fitted or not; it stays as it is.
    X : array or table of shape (rows, features)
        As the estimator sees them.
    y : array
    sample_weight : array of shape (rows,) or None
        What each row counts; class weights of the estimator count as well.
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
    opened = Given.of(estimator, X, y, sample_weight)
    served = Served(lambda name: GivenSession(name, opened), port, open_page=open_page)
    if wait is None:
        wait = not hasattr(sys, "ps1") and "ipykernel" not in sys.modules
    if wait:
        print(served.url, flush=True)  # noqa: T201 - the address is what a script's user needs
        served.wait()
    return served


class Given:
    """An estimator's network and rows in the workbench's words.

    Attributes
    ----------
    rows : Rows
    settings : Settings
    parameters : array
    state : State
    """

    def __init__(self, rows: Rows, settings: Settings, parameters: Array, state: State) -> None:
        self.rows, self.settings, self.parameters, self.state = rows, settings, parameters, state

    @classmethod
    def of(cls, estimator: Any, X: Any, y: Any, sample_weight: Any = None, network: Network | None = None) -> "Given":
        """Take an estimator over, which stays as it is; its network is another than its parameters say, if given."""
        setup = prepare(estimator, X, y, sample_weight)
        job = setup.job
        network = network or job.network
        _check(network, job.data)
        settings = _settings(estimator, setup, network)
        state = replace(State(), optimizer=job.state.optimizer, epochs=int(getattr(estimator, "n_iter_", 0)))
        if type(settings.training.optimizer) is not type(job.training.optimizer):
            state.optimizer = None
        return cls(_rows(setup, estimator), settings, job.parameters.astype(np.float64), state)


def _check(network: Network, data: Batch) -> None:
    reasons = {
        "an embedding": network.embedding is not None,
        "members that share weights": network.ensemble is not None,
        "several labels a row": network.outputs > 1 and network.output == "logistic",
    }
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        raise SpecError(f"The workbench cannot show a network with {' and '.join(found)} yet.")
    rows, columns = data.inputs.shape
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows < 4:
        raise DataError(
            f"The workbench shows 4 to {MOST_ROWS} rows and at most {MOST_COLUMNS} features; got {rows} and {columns}. "
            "Pass a part of them."
        )


def _settings(estimator: Any, setup: Setup, network: Network) -> Settings:
    training = setup.job.training
    seed = getattr(estimator, "random_state", None)
    given = getattr(estimator, "batch_size", "auto")
    batch_size = min(200 if given == "auto" else int(given), setup.job.data.rows)
    return Settings(
        data=Data(source="given", scale=False, train_share=0.95),
        network=Net(
            tuple(
                NetLayer(each.width, each.activation, each.dropout, each.layer_norm, each.parametric)
                for each in network.hidden
            ),
            network.initializer,
            seed if isinstance(seed, int) and 0 <= seed < 2**32 else 0,
            network.input_scale,
            network.parametrization,
        ),
        training=Descent(
            training.loss,
            training.optimizer,
            training.learning_rate,
            training.schedule,
            training.l1,
            training.l2,
            training.clip_norm,
            batch_size,
            bool(getattr(estimator, "shuffle", True)),
        ),
        stop=Stop(epochs=min(max(training.epochs, 100_000), MOST_EPOCHS)),
    )


def _rows(setup: Setup, estimator: Any) -> Rows:
    data, network = setup.job.data, setup.job.network
    inputs = np.asarray(data.inputs, np.float64)
    weight = None if data.sample_weight is None else np.asarray(data.sample_weight, np.float64)
    if network.output not in ("logistic", "softmax"):
        targets = data.targets.astype(np.float64)
        several = targets if targets.shape[1] > 1 else None
        return Rows(inputs, setup.names.inputs, targets[:, 0], weight=weight, targets=several)
    y = data.targets.argmax(axis=1) if network.output == "softmax" else (data.targets[:, 0] > 0.5).astype(np.int64)
    known = [str(label) for label in getattr(estimator, "classes_", ())]
    count = 2 if network.output == "logistic" else network.outputs
    classes = tuple(known if len(known) == count else map(str, range(count)))
    return Rows(inputs, setup.names.inputs, y, classes, weight=weight)


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
    history = np.array([[given.state.epochs, *[NAN] * 5, run.job.learning_rate(), 0, NAN]])
    run.go_on_from(moment, history)


class LiveView:
    """A callback that streams a running `fit` into the workbench.

    Parameters
    ----------
    port : int, default=0
        0 takes a free one.
    open_page : bool, default=True
        Open the browser.

    Attributes
    ----------
    url : str or None
        The page's address, from the beginning of the first fit.

    Notes
    -----
    The page stays until the program ends, or `close` is called. Training does not wait for it.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> X, y = make_moons(100, noise=0.1, random_state=0)
    >>> view = LiveView(open_page=False)
    >>> model = MLPClassifier((4,), max_iter=20, n_iter_no_change=50, random_state=0, callbacks=[view])
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     _ = model.fit(X, y)
    >>> view.url.startswith("http://127.0.0.1:")
    True
    >>> view.close()
    """

    def __init__(self, *, port: int = 0, open_page: bool = True) -> None:
        self.port, self.open_page = port, open_page
        self.served: Served | None = None
        self._watched: Watched | None = None

    @property
    def url(self) -> str | None:
        """The page's address."""
        return None if self.served is None else self.served.url

    def on_rows(self, estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
        """Hear which rows are learned from, and what each counts, before training begins."""
        given = Given.of(_unfitted(estimator), X, y, sample_weight, estimator.network_)
        self._watched = watched = Watched(given.rows, given.settings)
        if self.served is None:
            self.served = Served(lambda name: WatchingSession(name, self._now()), self.port, open_page=self.open_page)
            if not self.open_page:
                return
            print(self.served.url, flush=True)  # noqa: T201 - where to look
        else:
            for session in self.served.workbench.sessions.values():
                if isinstance(session, WatchingSession):
                    session.loop.call_soon_threadsafe(session.watch, watched)

    def _now(self) -> Watched:
        if self._watched is None:
            raise PellucidError("No training is under way.")
        return self._watched

    def on_epoch_end(self, estimator: Any, epoch: Epoch) -> None:
        """Hear that an epoch is over."""
        if self._watched is not None:
            self._watched.see(epoch)

    def on_fit_end(self, estimator: Any) -> None:
        """Hear that training is over."""
        if self._watched is not None:
            self._watched.end()

    def close(self) -> None:
        """Serve the page no more."""
        if self.served is not None:
            self.served.close()
            self.served = None

    def __deepcopy__(self, memo: Any) -> "LiveView":
        return self  # one page for all copies of an estimator


def _unfitted(estimator: Any) -> Any:
    """Return a copy that is not fitted and tells nobody."""
    parameters = estimator.get_params(deep=False) | {"callbacks": None}
    return type(estimator)(**parameters)
