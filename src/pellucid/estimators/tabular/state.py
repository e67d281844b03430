"""A fitted tabular estimator as plain data and back: a header that JSON can hold, and arrays of numbers.

Networks that are described alike (the folds of one recipe) are described once, and their parameters are the rows of
one array. What comes back is checked as hostile: every name, type, shape and number.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from pellucid.engines import ENGINES
from pellucid.errors import ModelFileError, PellucidError
from pellucid.estimators.state import (
    Arrays,
    Header,
    classes_from_data,
    classes_to_data,
    from_data,
    given_parameters,
    part_of,
    read_outcome,
    read_parameters,
    to_data,
)
from pellucid.estimators.tabular.bag import Bag, Trained
from pellucid.estimators.tabular.calibration import ResidualQuantiles
from pellucid.estimators.tabular.error_size import ErrorSize
from pellucid.estimators.tabular.held_time import HeldTime
from pellucid.estimators.tabular.line import Line
from pellucid.estimators.tabular.members import Member
from pellucid.spec import Network, from_json, parameter_count, to_json
from pellucid.tables import TabularEncoder
from pellucid.tables.state import finite_array, finite_table, only_these, prefixed, whole_array, without_prefix
from pellucid.textbook.arrays import Array

__all__ = ["IMPORTANCES", "tabular_from_state", "tabular_to_state"]

T = TypeVar("T")

DESCRIBED = {"members": Member}
"""Parameters that are descriptions, with their kinds."""

FIELDS = {
    "parameters",
    "table",
    "features",
    "target_name",
    "networks",
    "trained",
    "recipes",
    "outcome",
    "numbers",
    "target",
}
COUNTS = ("network", "member", "fold", "epochs", "best_epoch")
"""What is kept of each trained network as whole numbers."""

NUMBERS = ("n_iter_", "oof_score_")
CURVES = ("loss", "validation_loss")
SCALES = ("low", "high", "least", "most", "centre", "spread")
"""What a regression's target was scaled by, and its range beside the line and with it."""

MOST_SHIFT = 20.0
"""Of a class's logarithm: more is not found, see `find_shifts`."""

MOST_LOGARITHM = 700.0
"""Of a size of error: its exponential is still a number."""

IMPORTANCES = ("feature_importances_", "feature_importances_std_")
LINES = ("origins", "lows", "highs", "gains", "doubts")
SIZES = ("centre", "spread", "low", "high")
RESIDUALS = ("edges", "residuals", "starts")


# --- to data ------------------------------------------------------------------------------------------------------


def tabular_to_state(estimator: Any) -> tuple[Header, Arrays]:
    """Return a fitted estimator's header and arrays."""
    table, table_arrays = estimator.encoder_.to_state()
    parameters = given_parameters(estimator)
    if "time_column" in parameters:
        parameters["time_column"] = estimator._name_of(estimator.time_column)  # as the columns: by their names
    if isinstance(parameters.get("missing_values"), Mapping):
        parameters["missing_values"] = {
            estimator._name_of(label): values for label, values in estimator.missing_values.items()
        }
    header: Header = {
        "parameters": {name: to_data(value) for name, value in parameters.items()},
        "table": table,
        "features": {
            "columns": list(estimator._columns),
            "own": bool(estimator._has_own_labels),
            "named": hasattr(estimator, "feature_names_in_"),
        },
        "target_name": estimator.target_name_,
        "outcome": estimator.outcome_.name,
        "numbers": {name: to_data(getattr(estimator, name)) for name in NUMBERS},
    }
    arrays = prefixed("table", table_arrays)
    _bag_to_data(estimator.bag_, header, arrays)
    (_classes_to_target if hasattr(estimator, "classes_") else _numbers_to_target)(estimator, header, arrays)
    if len(estimator._held_time.places):
        arrays["latest"] = estimator._held_time.latest
    for name in IMPORTANCES:
        if hasattr(estimator, name):
            arrays[name] = np.asarray(getattr(estimator, name), dtype=np.float64)
    return header, arrays


def _bag_to_data(bag: Bag, header: Header, arrays: Arrays) -> None:
    networks = list(dict.fromkeys(each.network for each in bag.networks))
    places = [networks.index(each.network) for each in bag.networks]
    header["networks"] = [to_json(network) for network in networks]
    header["trained"] = [
        {"network": place} | {name: int(getattr(each, name)) for name in COUNTS[1:]}
        for place, each in zip(places, bag.networks, strict=True)
    ]
    header["recipes"] = [[to_json(member) for member in members] for members in bag.recipes]
    for index in range(len(networks)):
        own = [each.parameters for place, each in zip(places, bag.networks, strict=True) if place == index]
        arrays[f"parameters.{index}"] = np.stack(own)
    arrays["weights"] = np.asarray(bag.weights, dtype=np.float64)
    for name in CURVES:
        arrays[name] = np.concatenate([_of_length(getattr(each, name), each.epochs) for each in bag.networks])


def _of_length(curve: Any, length: int) -> Array:
    """Return a curve's numbers, NaN where it ends early."""
    values = np.full(length, np.nan)
    known = np.asarray(curve, dtype=np.float64)[:length]
    values[: len(known)] = known
    return values


def _classes_to_target(estimator: Any, header: Header, arrays: Arrays) -> None:
    classes = np.asarray(estimator.classes_)
    header["target"] = {
        "multilabel": bool(estimator._is_multilabel),
        "objects": classes.dtype == object,
        "temperature": float(estimator.temperature_),
    }
    arrays["shifts"] = np.asarray(estimator.shifts_, dtype=np.float64)
    classes_to_data(classes, header["target"], arrays)


def _numbers_to_target(estimator: Any, header: Header, arrays: Arrays) -> None:
    line: Line | None = estimator.line_
    sized: ErrorSize | None = estimator._error_size
    header["target"] = {
        "is_column": bool(estimator._is_column),
        "residuals": len(estimator._residuals),
        "line": None if line is None else {"columns": list(line.columns), "is_trend": line.is_trend},
        "error_size": None if sized is None else to_json(sized.networks[0].network),
    }
    if sized is not None:
        vectors = {"parameters": np.stack([each.parameters for each in sized.networks])}
        arrays |= prefixed("error_size", vectors | {name: getattr(sized, name) for name in SIZES})
    if line is not None:
        arrays |= prefixed("line", {name: getattr(line, name) for name in LINES})
    for name in SCALES:
        arrays[name] = np.asarray(getattr(estimator, f"_{name}"), dtype=np.float64)
    for index, residuals in enumerate(estimator._residuals):
        arrays |= prefixed(f"residuals.{index}", {name: getattr(residuals, name) for name in RESIDUALS})


# --- from data ----------------------------------------------------------------------------------------------------


def tabular_from_state(kind: type[T], header: Any, arrays: Arrays) -> T:
    """Build a fitted estimator of this kind from what `tabular_to_state` gave.

    Raises
    ------
    ModelFileError
        If anything is missing, unknown, of another shape, or not finite.
    """
    if not isinstance(header, Mapping):
        raise ModelFileError("The header of a table's model must be an object with named fields.")
    only_these(header, FIELDS, "fields")
    try:
        return _read(kind, dict(header), dict(arrays))
    except ModelFileError:
        raise
    except (PellucidError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ModelFileError(f"the model file does not describe a {kind.__name__}: {error}") from error


def _read(kind: type[T], header: Header, arrays: Arrays) -> T:
    estimator: Any = kind(**read_parameters(kind, part_of(header, "parameters", dict), DESCRIBED))
    _check_parameters(estimator)
    estimator.encoder_ = TabularEncoder.from_state(header["table"], without_prefix("table", arrays))
    _read_names(estimator, header)
    read_target = _read_classes if hasattr(estimator, "predict_proba") else _read_numbers
    outputs, names = read_target(estimator, part_of(header, "target", dict), arrays)
    estimator.bag_ = _read_bag(estimator, header, arrays, outputs)
    estimator._held_time = HeldTime()
    if "latest" in arrays:
        places = estimator._growing_inputs()
        estimator._held_time = HeldTime(places, finite_array(arrays, "latest", len(places)))
        names.add("latest")
    for name in IMPORTANCES:
        if name in arrays:
            setattr(estimator, name, finite_array(arrays, name, estimator.n_features_in_))
            names.add(name)
    names |= {"weights", *CURVES, *(f"parameters.{index}" for index in range(len(header["networks"])))}
    only_these({name: None for name in arrays if not name.startswith("table.")}, names, "arrays")
    estimator.outcome_ = read_outcome(header["outcome"])
    estimator.bag_.outcome = estimator.outcome_
    _read_scores(estimator, part_of(header, "numbers", dict))
    return estimator


def _check_parameters(estimator: Any) -> None:
    """Raise an error if a parameter breaks its rule."""
    estimator._check_parameters()
    weight = getattr(estimator, "class_weight", None)
    rules = {
        "engine": estimator.engine in ("auto", *ENGINES),
        "time_column": isinstance(estimator.time_column, str | None),
        "random_state": isinstance(estimator.random_state, int | None),
        "class_weight": weight is None or weight == "balanced" or isinstance(weight, dict),
    }
    for name, holds in rules.items():
        if not holds:
            raise ModelFileError(f"the model file's parameter {name!r} cannot be {getattr(estimator, name)!r}.")


def _read_names(estimator: Any, header: Header) -> None:
    features = part_of(header, "features", dict)
    only_these(features, {"columns", "own", "named"}, "features")
    columns = part_of(features, "columns", list)
    if not all(isinstance(name, str) for name in columns) or len(set(columns)) != len(columns) or not columns:
        raise ModelFileError("the model file must name each of its columns once.")
    lacking = [column.label for column in estimator.encoder_.schema.used if column.label not in set(columns)]
    if lacking:
        raise ModelFileError(f"the model file learned from the column {lacking[0]!r}, but does not name it.")
    name = header["target_name"]
    if not isinstance(name, str | None):
        raise ModelFileError(f"the model file's target must have a text as its name, or none; got {name!r}.")
    estimator.target_name_ = name
    estimator.n_features_in_, estimator._columns = len(columns), tuple(columns)
    estimator._has_own_labels = _flag(features, "own")
    if _flag(features, "named"):
        estimator.feature_names_in_ = np.array(columns, dtype=object)


def _flag(header: Header, name: str) -> bool:
    """Return a field that is true or false, or raise ModelFileError."""
    value = header.get(name)
    if not isinstance(value, bool):
        raise ModelFileError(f"the model file's header must have {name!r} as true or false; got {value!r}.")
    return value


def _read_classes(estimator: Any, target: Header, arrays: Arrays) -> tuple[int, set[str]]:
    """Take over the classes; return how many outputs they need, and the names of their arrays."""
    names = {"classes_"} if "classes_" in arrays else set()
    only_these(target, {"multilabel", "objects", "temperature"} | (set() if names else {"classes"}), "target")
    shifts = arrays.get("shifts", np.zeros(0))
    classes = classes_from_data(target, arrays)
    is_multilabel = _flag(target, "multilabel")
    if classes.ndim != 1 or len(classes) < (1 if is_multilabel else 2):
        raise ModelFileError("the model file's classes must be two or more, in one dimension.")
    if not np.array_equal(np.unique(classes), classes):
        raise ModelFileError("the model file's classes must differ from each other and be in order.")
    temperature = target["temperature"]
    if not isinstance(temperature, float) or not 0.1 <= temperature <= 10:
        raise ModelFileError(f"the model file's temperature must be a number from 0.1 to 10; got {temperature!r}.")
    if shifts.shape != classes.shape or shifts.dtype != np.float64 or not (np.abs(shifts) <= MOST_SHIFT).all():
        raise ModelFileError(f"the model file's shifts must be {len(classes)} numbers, at most {MOST_SHIFT} in size.")
    estimator._is_multilabel, estimator.temperature_, estimator.shifts_ = is_multilabel, temperature, shifts
    estimator.classes_ = classes.astype(object) if _flag(target, "objects") and not names else classes
    return len(classes), names | {"shifts"}


def _read_numbers(estimator: Any, target: Header, arrays: Arrays) -> tuple[int, set[str]]:
    """Take over the target's scale and the residuals; return the number of targets, and the names of their arrays."""
    only_these(target, {"is_column", "residuals", "line", "error_size"}, "target")
    estimator._is_column = _flag(target, "is_column")
    outputs = len(arrays["low"])
    for name in SCALES:
        setattr(estimator, f"_{name}", finite_array(arrays, name, outputs, positive=name == "spread"))
    falls = (estimator._low > estimator._high).any() or (estimator._least > estimator._most).any()
    if not outputs or (estimator._is_column and outputs > 1) or falls:
        raise ModelFileError("the model file's targets must be one column or more, each with a range that rises.")
    estimator.line_, names = _read_line(estimator, target["line"], without_prefix("line", arrays), outputs), {*SCALES}
    if estimator.line_ is not None:
        names |= {f"line.{name}" for name in LINES}
    sized = without_prefix("error_size", arrays)
    estimator._error_size = _read_error_size(estimator, target["error_size"], sized, outputs)
    if estimator._error_size is not None:
        names |= {f"error_size.{name}" for name in ("parameters", *SIZES)}
    count = part_of(target, "residuals", int)
    if count not in (0, outputs):
        raise ModelFileError(f"the model file must keep residuals of none or of all {outputs} targets; got {count}.")
    estimator._residuals = [_read_residuals(without_prefix(f"residuals.{index}", arrays)) for index in range(count)]
    return outputs, names | {f"residuals.{index}.{name}" for index in range(count) for name in RESIDUALS}


def _read_line(estimator: Any, known: Any, arrays: Arrays, outputs: int) -> Line | None:
    if known is None:
        return None
    if not isinstance(known, dict) or set(known) != {"columns", "is_trend"}:
        raise ModelFileError(f"the model file's line must have columns, and say whether it is a trend; got {known!r}.")
    columns, is_trend = part_of(known, "columns", list), _flag(known, "is_trend")
    are_names = bool(columns) and all(isinstance(each, str) for each in columns)
    if not are_names or not all(map(estimator.encoder_.holds_numbers, columns)) or len(set(columns)) < len(columns):
        raise ModelFileError(f"the model file's line must be through columns of numbers or dates; got {columns!r}.")
    origins, lows, highs = (finite_array(arrays, name, len(columns)) for name in LINES[:3])
    gains, doubts = (finite_table(arrays, name, len(columns)) for name in LINES[3:])
    if gains.shape[1] != outputs or doubts.shape != gains.shape or (doubts < 0).any() or (lows > highs).any():
        raise ModelFileError(f"the model file's line must rise in its range, with gains for {outputs} targets.")
    return Line(tuple(columns), is_trend, origins, lows, highs, gains, doubts)


def _read_error_size(estimator: Any, described: Any, arrays: Arrays, outputs: int) -> ErrorSize | None:
    if described is None:
        return None
    network = from_json(Network, described)
    _check_network(estimator, network, outputs, "identity")
    vectors = arrays["parameters"]
    _check_vectors("error_size.parameters", vectors, (len(vectors), parameter_count(network)))
    centre, low, high = (finite_array(arrays, name, outputs) for name in ("centre", "low", "high"))
    spread = finite_array(arrays, "spread", outputs, positive=True)
    if (low > high).any() or (np.abs([low, high]) > MOST_LOGARITHM).any():
        raise ModelFileError("the model file's sizes of errors must have a range that rises, of finite numbers.")
    networks = tuple(Trained(network, np.array(vector), 0, fold) for fold, vector in enumerate(vectors))
    return ErrorSize(networks, centre, spread, low, high)


def _read_residuals(arrays: Arrays) -> ResidualQuantiles:
    starts = whole_array(arrays, "starts")
    if len(starts) < 2 or starts[0] != 0 or (np.diff(starts) < 1).any():
        raise ModelFileError("The array 'starts' of the model's residuals must rise from 0.")
    edges = finite_array(arrays, "edges", len(starts) - 2)
    residuals = finite_array(arrays, "residuals", int(starts[-1]))
    if (np.diff(edges) < 0).any() or any((np.diff(residuals[a:b]) < 0).any() for a, b in pairwise(starts)):
        raise ModelFileError("The model's residuals must rise within each bin, and the edges of the bins, too.")
    return ResidualQuantiles(edges, residuals, starts)


def _read_bag(estimator: Any, header: Header, arrays: Arrays, outputs: int) -> Bag:
    networks = [from_json(Network, each) for each in part_of(header, "networks", list)]
    output = estimator._objective(np.empty(0), None)[0]
    for network in networks:
        _check_network(estimator, network, outputs, output)
    counts = [_read_counts(each) for each in part_of(header, "trained", list)]
    weights = finite_array(arrays, "weights", len(arrays["weights"]))
    members = {each["member"] for each in counts}
    counted = sum(weights[member] for member in members if member < len(weights))
    if not counts or max(members) >= len(weights) or (weights < 0).any() or abs(counted - 1) > 1e-6:
        raise ModelFileError("the model file's weights must be at least 0 and sum to 1 over members with a network.")
    vectors = [_read_vectors(arrays, index, network, counts) for index, network in enumerate(networks)]
    curves = {name: _read_curves(arrays, name, counts) for name in CURVES}
    trained = []
    left = [iter(rows) for rows in vectors]
    for index, each in enumerate(counts):
        if each["network"] >= len(networks):
            raise ModelFileError(f"the model file has {len(networks)} networks; one is to be the {each['network']}th.")
        trained.append(
            Trained(
                networks[each["network"]],
                next(left[each["network"]]),
                each["member"],
                each["fold"],
                each["epochs"],
                each["best_epoch"],
                curves["loss"][index],
                curves["validation_loss"][index],
            )
        )
    recipes = _read_recipes(header, len(weights), 1 + max(each["fold"] for each in counts))
    return Bag(trained, weights, np.empty((len(weights), 0, outputs), dtype=np.float32), recipes=recipes)


def _read_recipes(header: Header, members: int, folds: int) -> list[tuple[Member, ...]]:
    """Return the members of each fold."""
    recipes = [tuple(from_json(Member, each) for each in fold) for fold in part_of(header, "recipes", list)]
    if len(recipes) < folds or any(len(fold) != members for fold in recipes):
        raise ModelFileError(f"the model file must have {members} recipes for each of {folds} folds or more.")
    return recipes


def _check_network(estimator: Any, network: Network, outputs: int, output: str) -> None:
    """Raise ModelFileError unless the network takes what the table gives, and gives what the target takes."""
    inputs, embedding = estimator.encoder_.inputs, network.embedding
    given = (inputs.numeric, inputs.passed, inputs.levels)
    taken: tuple[Any, ...] = (inputs.numeric, inputs.passed + len(inputs.levels), ())
    if embedding is not None:
        taken = (embedding.numbers, embedding.passed, tuple(each.levels for each in embedding.categories))
    if network.inputs != inputs.width or given != taken:
        raise ModelFileError(
            f"the model file's table gives {inputs.width} inputs; a network takes {network.inputs}, or others."
        )
    if (network.outputs, network.output) != (outputs, output):
        raise ModelFileError(
            f"the model file's networks must have {outputs} outputs of the activation {output!r}; "
            f"one has {network.outputs} of {network.output!r}."
        )


def _read_counts(each: Any) -> dict[str, int]:
    if not isinstance(each, dict):
        raise ModelFileError("what the model file keeps of a trained network must be an object with named fields.")
    only_these(each, set(COUNTS), "fields of a trained network")
    for name, value in each.items():
        if type(value) is not int or not 0 <= value < 2**31:
            raise ModelFileError(
                f"the model file's {name!r} of a trained network must be a whole number; got {value!r}."
            )
    return each


def _read_vectors(arrays: Arrays, index: int, network: Network, counts: list[dict[str, int]]) -> Array:
    name, rows = f"parameters.{index}", sum(each["network"] == index for each in counts)
    _check_vectors(name, arrays[name], (rows, parameter_count(network)))
    return np.array(arrays[name])


def _check_vectors(name: str, vectors: Array, shape: tuple[int, int]) -> None:
    """Raise ModelFileError unless these are the parameters of networks, a row each."""
    if not shape[0] or vectors.dtype != np.float32 or vectors.shape != shape:
        raise ModelFileError(f"The array {name!r} of the model must be of shape {shape} and type float32.")
    if not np.isfinite(vectors).all():
        raise ModelFileError(f"The array {name!r} of the model contains NaN or infinity: it is damaged.")


def _read_curves(arrays: Arrays, name: str, counts: list[dict[str, int]]) -> list[list[float]]:
    ends = np.cumsum([each["epochs"] for each in counts])
    values = arrays[name]
    if values.dtype != np.float64 or values.shape != (ends[-1],):
        raise ModelFileError(f"The array {name!r} of the model must have a number for each of {ends[-1]} epochs.")
    return [part.tolist() for part in np.split(values, ends[:-1])]


def _read_scores(estimator: Any, numbers: Header) -> None:
    only_these(numbers, set(NUMBERS), "numbers")
    for name in NUMBERS:
        value = from_data(numbers[name])
        kind = int if name == "n_iter_" else float
        if type(value) is not kind:
            raise ModelFileError(f"the model file's {name!r} must be a number; got {value!r}.")
        setattr(estimator, name, value)
