"""A training that is under way, in the browser."""

import warnings
from dataclasses import replace
from typing import Any

from pellucid.errors import DataWarning, PellucidError
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.tables import ParquetTable
from pellucid.training.jobs import Epoch
from pellucid.training.streams import Streams
from pellucid.workbench.given import Given, check_size
from pellucid.workbench.opening import Served
from pellucid.workbench.watching import Watched, WatchingSession

__all__ = ["LiveView"]


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
        The page's address, from the beginning of the first fit; of a tabular estimator's, from its first epoch.

    Notes
    -----
    The page's address is printed when a fit begins, so that it can be opened by hand, too. The page stays until the
    program ends, or `close` is called. Training does not wait for it. Of a tabular estimator, which trains many
    networks at once, it shows the first; where recipes race, then the best of them, which goes on.

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
    ...     _ = model.fit(X, y)  # doctest: +ELLIPSIS
    http://127.0.0.1:...
    >>> view.close()
    """

    def __init__(self, *, port: int = 0, open_page: bool = True) -> None:
        self.port, self.open_page = port, open_page
        self.served: Served | None = None
        self._watched: Watched | None = None
        self._streams: Streams | None = None
        self._epochs, self._is_blind = 0, False

    @property
    def url(self) -> str | None:
        """The page's address."""
        return None if self.served is None else self.served.url

    def on_rows(self, estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
        """Hear which rows are learned from, and what each counts, before training begins."""
        self._watched, self._epochs, self._is_blind = None, 0, False
        if isinstance(estimator, BaseTabular):  # which networks it trains, its epochs tell
            check_size(X.rows if isinstance(X, ParquetTable) else len(X), estimator.encoder_.inputs.width)
        else:
            self._watch(Given.of(_unfitted(estimator), X, y, sample_weight, estimator.network_))

    def _watch(self, given: Given) -> None:
        """Let the page show this training from now on."""
        self._watched = watched = Watched(given.rows, given.settings)
        if self.served is None:
            self.served = Served(lambda name: WatchingSession(name, self._now()), self.port, open_page=self.open_page)
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
        if isinstance(estimator, BaseTabular):
            try:
                self._on_epoch_of_many(estimator, epoch)
            except PellucidError as error:
                self._is_blind = True
                warnings.warn(f"LiveView cannot show this training, which goes on: {error}", DataWarning, stacklevel=2)
        elif self._watched is not None:
            self._watched.see(epoch)

    def _on_epoch_of_many(self, estimator: BaseTabular, epoch: Epoch) -> None:
        """Watch the first of the networks that are trained at once; after a race, the one that goes on.

        What goes on draws from the same streams; another training, with a time column that of all rows, is shown anew.
        """
        job = epoch.of
        if epoch.job != 0 or job is None or self._is_blind:
            return
        if self._watched is None or job.streams is not self._streams:
            self._streams, self._epochs = job.streams, 0
            self._watch(Given.of_job(estimator, job))
        self._epochs += 1
        if self._watched is not None:
            self._watched.see(replace(epoch, epoch=self._epochs))

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
