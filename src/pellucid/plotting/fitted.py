"""What the displays ask of a fitted estimator: its name, its layers, the names of its inputs and outputs."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import DataError, PellucidError

__all__ = [
    "activation_names",
    "checked_names",
    "layers_of",
    "name_of",
    "names_into_network",
    "names_of_inputs",
    "names_of_outputs",
    "network_of",
]


INNER = ("best_estimator_", "regressor_", "estimator_")
"""What searches and wrappers call the estimator that they hold."""


def network_of(estimator: Any) -> Any:
    """Return the network itself: the estimator as it is, or what a pipeline, a search or a wrapper holds inside."""
    if isinstance(estimator, Pipeline):
        return network_of(estimator.steps[-1][1])
    for inner in INNER:
        if hasattr(estimator, inner):
            return network_of(getattr(estimator, inner))
    return estimator


def name_of(estimator: Any) -> str:
    """Return the class's name of the network."""
    return type(network_of(estimator)).__name__


def layers_of(estimator: Any, display: str) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Return the weight matrices, each (inputs, outputs), and the bias vectors of a fitted network.

    Raises
    ------
    NotFittedError
        If the estimator has not been fitted.
    PellucidError
        If it is not a multi-layer perceptron.
    """
    network = network_of(estimator)
    check_is_fitted(network)
    if not hasattr(network, "coefs_") or not hasattr(network, "intercepts_"):
        raise PellucidError(
            f"'estimator' of {display} must be a multi-layer perceptron, with coefs_ and intercepts_; "
            f"got {type(network).__name__}."
        )
    return [np.asarray(w) for w in network.coefs_], [np.asarray(b) for b in network.intercepts_]


def checked_names(names: Sequence[object], count: int, *, name: str, display: str) -> tuple[str, ...]:
    """Return the names as strings.

    Raises
    ------
    DataError
        If there are not exactly `count` of them.
    """
    if isinstance(names, str) or len(names) != count:
        raise DataError(f"'{name}' of {display} must have {count} names, one for each; got {names!r}.")
    return tuple(str(each) for each in names)


def names_of_inputs(estimator: Any, count: int, given: Sequence[object] | None, display: str) -> tuple[str, ...]:
    """Return the given names of the inputs, else those seen in fit, else x1, x2, and so on."""
    if given is not None:
        return checked_names(given, count, name="feature_names", display=display)
    seen = getattr(estimator, "feature_names_in_", None)
    if seen is not None and len(seen) == count:
        return tuple(str(each) for each in seen)
    return tuple(f"x{index + 1}" for index in range(count))


def names_into_network(estimator: Any, count: int, given: Sequence[object] | None, display: str) -> tuple[str, ...]:
    """Return the names of what the network itself sees: of a pipeline's, what the steps before make of those of fit."""
    before = _steps_before(estimator)
    if given is None and before is not None and hasattr(before, "feature_names_in_"):
        with suppress(AttributeError, ValueError):  # a step that knows no names
            seen = before.get_feature_names_out()
            if len(seen) == count:
                return tuple(str(each) for each in seen)
    return names_of_inputs(network_of(estimator), count, given, display)


def _steps_before(estimator: Any) -> Pipeline | None:
    """Return the steps before the last of the pipeline that an estimator is, or that a search or a wrapper holds."""
    if isinstance(estimator, Pipeline):
        return estimator[:-1] if len(estimator) > 1 else None
    inner = (getattr(estimator, name) for name in INNER if hasattr(estimator, name))
    return next((_steps_before(each) for each in inner), None)


def names_of_outputs(network: Any, count: int, given: Sequence[object] | None, display: str) -> tuple[str, ...]:
    """Return the given names of the outputs, else the classes, else "prediction" or y1, y2, and so on."""
    if given is not None:
        return checked_names(given, count, name="output_names", display=display)
    classes = getattr(network, "classes_", None)
    if classes is not None and count == 1 and len(classes) == 2:
        return (f"P(y = {classes[1]})",)
    if classes is not None and len(classes) == count:
        return tuple(str(each) for each in classes)
    return ("prediction",) if count == 1 else tuple(f"y{index + 1}" for index in range(count))


def activation_names(network: Any, hidden_layers: int) -> tuple[str, ...]:
    """Return the name of the activation of each hidden layer and of the output layer.

    ``network.activation`` may be a name, an activation such as ``pellucid.spec.LeakyRelu(0.1)``, or one for each
    hidden layer.
    """
    hidden = getattr(network, "activation", "")
    per_layer = list(hidden) if isinstance(hidden, list | tuple) else [hidden] * hidden_layers
    return tuple(str(getattr(each, "name", each)) for each in (*per_layer, getattr(network, "out_activation_", "")))
