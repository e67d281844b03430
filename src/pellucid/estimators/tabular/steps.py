"""One network of a fitted bag, and the step that it would take on rows of a raw table."""

from copy import copy, deepcopy
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from pellucid.engines import get_engine
from pellucid.errors import DataError
from pellucid.estimators.tabular.bag import Bag, Trained
from pellucid.estimators.tabular.bagging import Problem
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.estimators.tabular.updating import update_job
from pellucid.spec.checks import shown
from pellucid.tables.frames import counted
from pellucid.textbook.arrays import Array
from pellucid.training.coded import CodedRows
from pellucid.training.jobs import Job

__all__ = [
    "ABOUT_WEIGHTS",
    "BALANCED_HERE",
    "NOT_BALANCED",
    "NetworkStep",
    "class_names",
    "multiply_in_full",
    "network_step",
    "output_names",
]

NOT_BALANCED = "class_weight='balanced' is left out here: it weighs all training rows, not these alone."
BALANCED_HERE = "class_weight='balanced' weighs these rows here, as if they were all that the model learns from."
ABOUT_WEIGHTS = (NOT_BALANCED, BALANCED_HERE)
"""Notes on a step that say which loss it is of."""


@dataclass(frozen=True)
class NetworkStep:
    """A network of a bag about to go on.

    Attributes
    ----------
    job : Job
        As `partial_fit` would train it.
    trained : Trained
        The network in the bag.
    inputs, outputs : tuple of str
        What they stand for.
    levels : tuple of tuples of str
        What the codes of each input of codes stand for.
    classes : tuple of str
        The labels of a classification of one class a row.
    held_out : array of bool of shape (rows,) or None
        Rows that the network did not learn from, if these are the rows of the fit. Rows of weight 0 do not count.
    notes : list of str
        What a reader must know about it.
    """

    job: Job
    trained: Trained
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    classes: tuple[str, ...]
    held_out: Array | None
    notes: list[str]


def network_step(
    model: BaseTabular, X: Any, y: Any = None, sample_weight: Any = None, *, member: int = 0, dtype: str = "float32"
) -> NetworkStep:
    """Prepare the step that one network of a fitted model takes in `partial_fit`; the model stays as it is.

    Parameters
    ----------
    model : TabularClassifier or TabularRegressor
        Fitted.
    X, y, sample_weight
        A table with its target, as in `fit`; y None: targets are zeros and mean nothing.
    member : int
        Which of ``model.bag_.networks``.
    dtype : str
        Of all numbers; the model's are float32.

    Raises
    ------
    DataError
        If the model is not fitted or has no such network, or the rows do not suit it.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid import TabularRegressor
    >>> X = np.arange(60.0).reshape(-1, 1)
    >>> model = TabularRegressor(preset="fast", max_epochs=5, random_state=0).fit(X, X[:, 0])
    >>> network_step(model, X, X[:, 0]).job.network.input_scale
    True
    """
    if not hasattr(model, "bag_"):
        raise DataError(f"{type(model).__name__} must be fitted: which networks it has is found in `fit`.")
    networks = model.bag_.networks
    if not isinstance(member, Integral) or not 0 <= member < len(networks):
        raise DataError(
            f"'member' must be one of the model's {counted(len(networks), 'network')}, from 0; got {shown(member)}."
        )
    twin = copy(model)  # taking a target sets attributes
    notes = [_which(model.bag_, member)]
    if getattr(twin, "class_weight", None) == "balanced":
        twin.class_weight = None
        notes.append(NOT_BALANCED)
    if y is None:
        problem = _without_targets(twin, X, sample_weight, networks[member].network.outputs)
    else:
        problem = twin._taken(X, y, sample_weight).problem
    seeds = deepcopy(check_random_state(model.random_state)).randint(2**31 - 1, size=len(networks))
    job = update_job(model.bag_, member, problem, int(seeds[member]))
    multiply_in_full(job, notes)
    return NetworkStep(
        _of_dtype(job, dtype),
        networks[member],
        twin.encoder_.inputs.names,
        output_names(twin, job.network.outputs),
        twin.encoder_.level_names,
        class_names(twin),
        _held_out(model, networks[member], problem.X, job.data.index),
        [*notes, *_notes_on_units(twin, has_target=y is not None)],
    )


def _without_targets(model: BaseTabular, X: Any, sample_weight: Any, outputs: int) -> Problem:
    frame = model._validated_table(X, reset=False)
    model._checked_weight(sample_weight, frame, least=1)
    Y = np.zeros((len(frame), outputs), dtype=np.float32)
    return Problem(model.encoder_.inputs, model.encoder_.transform(frame), Y, None, *model._objective(Y, None))


def multiply_in_full(job: Job, notes: list[str]) -> None:
    """Let the job's network round no operands: what is shown must add up."""
    if job.network.products != "full":
        job.network = replace(job.network, products="full")
        notes.append("Numbers are shown as they are; the model's products round theirs to bfloat16 first.")


def _of_dtype(job: Job, dtype: str) -> Job:
    data = job.data.taken()
    weight = None if data.sample_weight is None else data.sample_weight.astype(dtype)
    data = replace(data, inputs=data.inputs.astype(dtype), targets=data.targets.astype(dtype), sample_weight=weight)
    training = replace(job.training, dtype=dtype)
    return replace(job, training=training, data=data, parameters=job.parameters.astype(dtype))


def _which(bag: Bag, member: int) -> str:
    count = len(bag.networks)
    if count == 1:
        return "The model has this one network."
    if bag.judges and not bag.networks[member].is_validated:
        return f"This is network {member + 1} of {count}; the model predicts by the mean of all."
    fold = bag.networks[member].fold + 1
    return f"This is network {member + 1} of {count}, of fold {fold}; the model predicts by the mean of all."


def _notes_on_units(model: Any, *, has_target: bool) -> list[str]:
    inputs = model.encoder_.inputs
    kinds = ["numbers"] * bool(inputs.numeric)
    if inputs.passed:
        kinds.append(f"what is yes or no, such as {inputs.names[inputs.numeric]!r}")
    ways = [f"{' and '.join(kinds)}, centred, scaled and clipped"] * bool(kinds)
    if inputs.levels:
        ways.append("categories of many levels as the number of the level")
    notes = [f"Inputs are shown as the network sees them: {'; '.join(ways)}."]
    if has_target and hasattr(model, "_centre"):
        centre, spread = model._centre, model._spread
        how = f"(y - {centre[0]:.6g}) / {spread[0]:.6g}" if len(centre) == 1 else "centred and scaled, each by its own"
        taken_off = ", beside the line that it is added to" if model.line_ is not None else ""
        notes.append(f"The target is shown as the network learns it: {how}{taken_off}.")
    return notes


def class_names(model: Any) -> tuple[str, ...]:
    """Name the classes of a classification of one class a row; empty for any other."""
    if getattr(model, "_is_multilabel", True):
        return ()
    return tuple(str(label) for label in model.classes_.tolist())


def output_names(model: Any, count: int) -> tuple[str, ...]:
    """Name what the outputs stand for."""
    classes = class_names(model)
    if classes:
        return tuple(f"class {label}" for label in classes)
    name = model.target_name_ or "y"
    return (name,) if count == 1 else tuple(f"{name} {index + 1}" for index in range(count))


def _held_out(model: BaseTabular, trained: Trained, X: Array | CodedRows, counted: Array | None) -> Array | None:
    """Return which of the rows that count the network did not see; None where that is not known of these rows."""
    if not model.bag_.learned_from(get_engine(model.engine, model.n_threads), X):
        return None
    is_held_out = np.asarray(model.bag_.fold_of == trained.fold)
    if not trained.is_validated:
        is_held_out[:] = False  # it learned from all rows
    return is_held_out if counted is None else is_held_out[counted]
