"""Who may listen to a fit: own callbacks, plain functions, scikit-learn's callbacks, the progress bar."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any, Protocol, TypeAlias

import numpy as np

from pellucid.errors import near
from pellucid.estimators.progress import ProgressBar
from pellucid.spec.checks import shown
from pellucid.training.jobs import Epoch

try:  # scikit-learn 1.9 and later
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # pragma: no cover - depends on the installed scikit-learn

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing to support before scikit-learn 1.9."""


__all__ = ["UNDER_WAY", "Callback", "CallbackSupportMixin", "Listener", "Listeners", "listening"]


class Callback(Protocol):
    """What a callback may do; a class that derives from this one overrides what it needs.

    A plain function ``f(estimator, epoch)`` serves as well: it is called as ``on_epoch_end``.

    Examples
    --------
    >>> from pellucid import MLPClassifier
    >>> class StopAt(Callback):
    ...     def __init__(self, loss):
    ...         self.loss = loss
    ...
    ...     def on_epoch_end(self, estimator, epoch):
    ...         return epoch.loss < self.loss
    >>> model = MLPClassifier((4,), learning_rate_init=0.1, random_state=0, callbacks=[StopAt(0.3)])
    >>> model.fit([[0.0], [1.0]], [0, 1]).loss_ < 0.3
    True
    """

    def on_rows(self, estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
        """Hear which rows are about to be learned from, as `fit` got them; `sample_weight` may be None."""

    def on_fit_begin(self, estimator: Any) -> None:
        """Hear that training is about to begin."""

    def on_epoch_end(self, estimator: Any, epoch: Epoch) -> bool | None:
        """Hear that an epoch is over; the estimator can predict. Return True to stop training here."""
        return None

    def on_fit_end(self, estimator: Any) -> None:
        """Hear that training is over, for whatever reason."""


Listener: TypeAlias = Callback | Callable[[Any, Epoch], bool | None] | Any


class Listeners:
    """All that listen to one fit, as one callback."""

    def __init__(self, estimator: Any, own: Sequence[Any], sklearn_context: Any, X: Any, y: Any) -> None:
        self.estimator, self.own = estimator, own
        self.sklearn_context, self.X, self.y = sklearn_context, X, y

    def __bool__(self) -> bool:
        return bool(self.own) or self.sklearn_context is not None

    def on_epoch(self, epoch: Epoch) -> bool:
        """Tell everybody about an epoch; return whether anybody asks to stop."""
        stops = [self._tell(listener, epoch) for listener in self.own]
        if self.sklearn_context is not None:
            task = self.sklearn_context.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(estimator=self.estimator, X=self.X, y=self.y)
            stops.append(
                task.call_on_fit_task_end(
                    estimator=self.estimator,
                    X=self.X,
                    y=self.y,
                    reconstruction_attributes=self.estimator._fitted_attributes,
                )
            )
        return any(stops)

    def _tell(self, listener: Any, epoch: Epoch) -> bool:
        tell = getattr(listener, "on_epoch_end", listener if callable(listener) else _nothing)
        answer = tell(self.estimator, epoch)
        if answer is not None and not isinstance(answer, bool | np.bool_):
            raise TypeError(
                "a callback must return True to stop the training, or False or None to let it go on; "
                f"{shown(listener)} returned something of type {type(answer).__name__}."
            )
        return bool(answer)


def _is_sklearn_callback(listener: Any) -> bool:
    return hasattr(listener, "on_fit_task_end")


@contextmanager
def listening(estimator: Any, epochs: int, X: Any, y: Any, sample_weight: Any = None) -> Iterator[Listeners]:
    """Set everybody up before a fit, and tear everything down after it, however it ends.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Its parameters ``callbacks`` and ``progress`` name the listeners.
    epochs : int
        Most epochs that will be run.
    X, y, sample_weight : arrays
        What `on_rows` and scikit-learn's callbacks get to see.
    """
    given = list(estimator.callbacks or [])
    for listener in given:
        _check(listener)
    own = [listener for listener in given if not _is_sklearn_callback(listener)]
    if estimator.progress:
        own.append(ProgressBar())
    begun: list[Any] = []
    with _sklearn_context(estimator, [each for each in given if _is_sklearn_callback(each)], epochs) as context:
        if context is not None:
            context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        try:
            for listener in own:
                begun.append(listener)
                getattr(listener, "on_rows", _nothing)(estimator, X, y, sample_weight)
                getattr(listener, "on_fit_begin", _nothing)(estimator)
            yield Listeners(estimator, own, context, X, y)
        finally:
            for listener in reversed(begun):
                getattr(listener, "on_fit_end", _nothing)(estimator)
        if context is not None:
            context.call_on_fit_task_end(
                estimator=estimator, X=X, y=y, reconstruction_attributes=estimator._fitted_attributes
            )


@contextmanager
def _sklearn_context(estimator: Any, given: list[Any], epochs: int) -> Iterator[Any]:
    """scikit-learn's callback context, if there is anybody to hear it: those given and those set on the estimator."""
    before = list(getattr(estimator, "_skl_callbacks", []))
    if not before and not given and not hasattr(estimator, "_parent_callback_ctx"):
        yield None
        return
    if not hasattr(estimator, "set_callbacks"):
        raise TypeError("callbacks of scikit-learn's protocol need scikit-learn 1.9 or later.")
    if given:
        estimator.set_callbacks(*before, *given)
    try:
        yield estimator._init_callback_context(max_subtasks=epochs)
    finally:
        if given:
            estimator.set_callbacks(*before)


UNDER_WAY = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")
"""What scikit-learn sets on an estimator while its callbacks listen, and takes away itself after the fit."""

METHODS = {
    "on_rows": ("estimator", "X", "y", "sample_weight"),
    "on_fit_begin": ("estimator",),
    "on_epoch_end": ("estimator", "epoch"),
    "on_fit_end": ("estimator",),
}
"""What a callback may have, and what each is given."""


def _check(listener: Any) -> None:
    """Raise TypeError if an object can hear nothing: a misspelt method, a class instead of its instance."""
    can_hear = callable(listener) or any(hasattr(listener, name) for name in (*METHODS, "on_fit_task_end"))
    if isinstance(listener, type) or not can_hear:
        raise TypeError(
            f"a callback must be a function f(estimator, epoch) or an instance with some of {', '.join(METHODS)}; "
            f"got {listener!r}."
        )
    if _is_sklearn_callback(listener):
        return
    if callable(listener) and not hasattr(listener, "on_epoch_end"):
        _check_arguments(listener, getattr(listener, "__name__", type(listener).__name__), METHODS["on_epoch_end"])
    for name, given in METHODS.items():
        if hasattr(listener, name):
            _check_arguments(getattr(listener, name), f"{type(listener).__name__}.{name}", given)
    if callable(listener):
        return
    for name in dir(listener):
        if name.startswith("on_") and name not in METHODS and callable(getattr(listener, name)):
            raise TypeError(
                f"a callback's methods that begin with on_ must be some of {', '.join(METHODS)}; "
                f"{type(listener).__name__} has {name!r}, which nobody calls.{near(name, METHODS)}"
            )


def _check_arguments(function: Callable[..., Any], name: str, given: Sequence[str]) -> None:
    """Raise TypeError unless a function takes what it will be given."""
    try:
        taken = signature(function)
    except (TypeError, ValueError):  # of some functions in C nobody knows
        return
    try:
        taken.bind(*given)
    except TypeError:
        raise TypeError(
            f"the callback {name} must take {len(given)} argument{'s'[: len(given) != 1]}, ({', '.join(given)}); it "
            f"takes {taken}."
        ) from None


def _nothing(*_: Any) -> None:
    """Do nothing: for a listener without this method."""
