"""An estimator as plain data and back: a header that JSON can hold, and arrays of numbers. No pickles.

What is kept is what predicts and explains: parameters, network, weights, classes, curves. What cannot be data is left
out: callbacks, scoring functions, random generators, the optimiser's memory (pickle keeps those).
"""

import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from sklearn.preprocessing import LabelBinarizer

from pellucid import spec
from pellucid.errors import DataError, ModelFileError, PellucidError, did_you_mean
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.fitted import CURVES
from pellucid.spec import Network, from_json, to_json
from pellucid.textbook.arrays import Array
from pellucid.training.stopping import Outcome

__all__ = [
    "HasState",
    "classes_from_data",
    "classes_to_data",
    "from_data",
    "given_parameters",
    "mlp_from_state",
    "mlp_to_state",
    "part_of",
    "read_outcome",
    "read_parameters",
    "to_data",
]

T = TypeVar("T", bound=BaseMLP)
Header = dict[str, Any]
Arrays = dict[str, Array]


@runtime_checkable
class HasState(Protocol):
    """A model that a model file can hold."""

    def to_state(self) -> tuple[Header, Arrays]:
        """Return a header for JSON, and arrays of numbers."""
        ...

    @classmethod
    def from_state(cls, header: Header, arrays: Arrays) -> Self:
        """Build the model from what `to_state` gave; raise ModelFileError if that is not what it is."""
        ...


DESCRIBED: Mapping[str, Any] = {
    "activation": spec.Activation,
    "solver": spec.Optimizer,
    "learning_rate": spec.Schedule,
    "loss": spec.Loss,
    "initializer": spec.Initializer,
}
"""Parameters that may be descriptions, with their kinds."""

NOT_DATA = ("callbacks",)
NUMBERS = ("n_iter_", "t_", "loss_", "best_loss_", "best_validation_score_")


# --- to data ------------------------------------------------------------------------------------------------------


def mlp_to_state(estimator: BaseMLP) -> tuple[Header, Arrays]:
    """Return a fitted estimator's header and arrays."""
    header: Header = {
        "parameters": {name: to_data(value) for name, value in given_parameters(estimator).items()},
        "network": to_json(estimator.network_),
        "n_features_in": int(estimator.n_features_in_),
        "outcome": estimator.outcome_.name if hasattr(estimator, "outcome_") else None,
        "numbers": {
            name: to_data(getattr(estimator, name)) for name in NUMBERS if getattr(estimator, name, None) is not None
        },
    }
    if hasattr(estimator, "feature_names_in_"):
        header["feature_names_in"] = [str(name) for name in estimator.feature_names_in_]
    arrays: Arrays = {"weights": estimator._current_parameters(estimator.network_).vector}
    for name in CURVES:
        if getattr(estimator, name, None) is not None:
            arrays[name] = np.asarray(getattr(estimator, name), dtype=np.float64)
    if hasattr(estimator, "_label_binarizer"):
        header["targets"] = str(estimator._label_binarizer.y_type_)
        classes_to_data(np.asarray(estimator.classes_), header, arrays)
    return header, arrays


def given_parameters(estimator: Any) -> dict[str, Any]:
    """Return an estimator's parameters that differ from the defaults and are data."""
    defaults = type(estimator)().get_params()
    given = {}
    for name, value in estimator.get_params(deep=False).items():
        is_generator = name == "random_state" and not isinstance(value, int | np.integer | None)
        if name in NOT_DATA or callable(value) or is_generator:
            continue
        if value is not defaults[name]:
            given[name] = value
    return given


def to_data(value: Any) -> Any:
    """Return a parameter as JSON can hold it; `from_data` reads it back."""
    if isinstance(value, Mapping):
        return {"pairs": [[to_data(key), to_data(item)] for key, item in value.items()]}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [to_data(item) for item in value]
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else {"number": str(float(value))}
    return to_json(value.item() if isinstance(value, np.generic) else value)


def classes_to_data(classes: Array, header: Header, arrays: Arrays) -> None:
    """Put classes into the arrays if they are numbers, into the header if they are texts.

    Raises
    ------
    DataError
        If they are neither.
    """
    if classes.dtype.kind in "biuf":
        arrays["classes_"] = classes
    elif all(isinstance(name, str) for name in classes.tolist()):
        header["classes"] = classes.tolist()
    else:
        kinds = sorted({type(name).__name__ for name in classes.tolist()})
        raise DataError(
            f"a model file holds classes that are texts or numbers; these are {', '.join(kinds)}. "
            "Convert y before fitting, or use pickle."
        )


# --- from data ----------------------------------------------------------------------------------------------------


def mlp_from_state(kind: type[T], header: Header, arrays: Arrays) -> T:
    """Build a fitted estimator of this kind from what `mlp_to_state` gave.

    Raises
    ------
    ModelFileError
        If anything is missing, unknown, of another shape, or not finite.
    """
    try:
        estimator = kind(**read_parameters(kind, part_of(header, "parameters", dict)))
        estimator._validate_params()
        network = from_json(Network, part_of(header, "network", dict))
        _restore_weights(estimator, network, header, arrays)
        if hasattr(estimator, "predict_proba"):
            _restore_classes(estimator, header, arrays)
        _restore_history(estimator, header, arrays)
    except ModelFileError:
        raise
    except (PellucidError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ModelFileError(f"the model file does not describe a {kind.__name__}: {error}") from error
    return estimator


def part_of(header: Header, name: str, kind: type) -> Any:
    """Return a field of the header, or raise ModelFileError if it is not of this kind."""
    value = header.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ModelFileError(f"the model file's header must have {name!r} as {kind.__name__}; got {value!r}.")
    return value


def read_parameters(kind: Any, given: Mapping[str, Any], described: Mapping[str, Any] = DESCRIBED) -> dict[str, Any]:
    """Return the parameters that `given_parameters` gave; some may be descriptions, of these kinds."""
    known = set(kind().get_params()) - set(NOT_DATA)
    for name in given:
        if name not in known:
            raise ModelFileError(f"{kind.__name__} has no parameter {name!r}.{did_you_mean(str(name), known)}")
    read = {name: from_data(value, described.get(name)) for name, value in given.items()}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}


def from_data(value: Any, described: Any = None) -> Any:
    """Return what `to_data` was given; a description must be of this kind."""
    if isinstance(value, list):
        return [from_data(item, described) for item in value]
    if not isinstance(value, dict):
        return value
    if "number" in value:
        return float(value["number"])
    if "pairs" in value:
        return {from_data(key): from_data(item) for key, item in value["pairs"]}
    return from_json(described, value, "parameter")


def _restore_weights(estimator: Any, network: Network, header: Header, arrays: Arrays) -> None:
    vector = arrays.get("weights")
    if vector is None or vector.dtype not in (np.float32, np.float64):
        raise ModelFileError("the model file lacks its weights as 32- or 64-bit numbers.")
    if not np.isfinite(vector).all():
        raise ModelFileError("the model file's weights contain NaN or infinity: it is damaged.")
    inputs = part_of(header, "n_features_in", int)
    if inputs != network.inputs:
        raise ModelFileError(f"the model file names {inputs} inputs, its network has {network.inputs}.")
    estimator.set_network(network, np.array(vector))
    names = header.get("feature_names_in")
    if names is not None:
        if not isinstance(names, list) or len(names) != inputs or not all(isinstance(name, str) for name in names):
            raise ModelFileError(f"the model file must name each of its {inputs} features once; got {names!r}.")
        estimator.feature_names_in_ = np.array(names, dtype=object)


def classes_from_data(header: Header, arrays: Arrays) -> Array:
    """Return the classes that `classes_to_data` kept, or raise ModelFileError."""
    if "classes_" in arrays:
        classes = arrays["classes_"]
    else:
        names = part_of(header, "classes", list)
        if not all(isinstance(name, str) for name in names):
            raise ModelFileError(f"the model file's classes must be texts; got {names!r}.")
        classes = np.array(names)
        if classes.tolist() != names:  # NumPy's texts lose NULs at their ends
            classes = np.array(names, dtype=object)
    if classes.dtype.kind == "f" and not np.isfinite(classes).all():
        raise ModelFileError("the model file's classes contain NaN or infinity: it is damaged.")
    return classes


def _restore_classes(estimator: Any, header: Header, arrays: Arrays) -> None:
    targets = part_of(header, "targets", str)
    classes = classes_from_data(header, arrays)
    outputs = 1 if targets == "binary" else len(classes)
    if targets not in ("binary", "multiclass", "multilabel-indicator") or outputs != estimator.n_outputs_:
        raise ModelFileError(
            f"the model file's {len(classes)} classes ({targets}) do not fit its {estimator.n_outputs_} outputs."
        )
    is_multilabel = targets == "multilabel-indicator"
    indicators = np.zeros((2, len(classes)), dtype=int)
    indicators[1] = 1  # both values of every label, in as few numbers as possible
    estimator._label_binarizer = LabelBinarizer().fit(indicators if is_multilabel else classes)
    if estimator._label_binarizer.y_type_ != targets or not np.array_equal(
        estimator._label_binarizer.classes_, classes
    ):
        raise ModelFileError("the model file's classes must differ from each other and be in order.")
    estimator.classes_ = estimator._label_binarizer.classes_


def _restore_history(estimator: Any, header: Header, arrays: Arrays) -> None:
    numbers = part_of(header, "numbers", dict)
    for name in NUMBERS:
        value = from_data(numbers.get(name))
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ModelFileError(f"the model file's {name!r} must be a number; got {value!r}.")
        if value is not None:
            setattr(estimator, name, value)
    for name in CURVES:
        if name in arrays:
            setattr(estimator, name, [float(value) for value in arrays[name]])
    if "loss_curve_" in arrays:
        for name in ("validation_loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_"):
            estimator.__dict__.setdefault(name, None)
    if header.get("outcome") is not None:
        estimator.outcome_ = read_outcome(header["outcome"])


def read_outcome(name: Any) -> Outcome:
    """Return the outcome of this name, or raise ModelFileError."""
    if not isinstance(name, str) or name not in Outcome.__members__:
        raise ModelFileError(f"the model file names an unknown outcome {name!r}.")
    return Outcome[name]
