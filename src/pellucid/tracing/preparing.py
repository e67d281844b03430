"""Before the step: the model copied, its rows checked by its own rules, everything named."""

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import validate_data

from pellucid.engines import Engine, get_engine
from pellucid.errors import DataError, PellucidError, SpecError, what_it_is
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.fitted import DTYPES, as_dtype, told_of_cells
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.estimators.tabular.steps import BALANCED_HERE, NOT_BALANCED, NetworkStep, multiply_in_full, network_step
from pellucid.spec import Stopping
from pellucid.spec.checks import shown
from pellucid.textbook.network import Batch
from pellucid.tracing.notation import subscript
from pellucid.tracing.targets import check_targets
from pellucid.training.jobs import Job
from pellucid.training.stopping import Best

__all__ = ["Names", "Setup", "prepare"]

NEUTRAL = {
    "callbacks": None,
    "progress": False,
    "verbose": False,
    "time_limit": None,
    "warm_start": False,
    "early_stopping": False,
    "scoring": None,
    "restore_best": None,
    "batch_size": "auto",
}
"""Parameters that shape a whole training but no single step, and what they are in the copy."""

LEFT_OUT = ("_skl_callbacks", "_parent_callback_ctx")


@dataclass(frozen=True)
class Names:
    """What the network's inputs and outputs stand for, and the codes of each input that is a category."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Setup:
    """A step about to begin.

    Attributes
    ----------
    job : Job
        One epoch of one batch that has all rows in their order.
    engine : Engine
    names : Names
    is_fitted : bool
    has_targets : bool
        Without targets, those of the job are zeros and mean nothing.
    notes : list of str
        What a reader must know about this step.
    part : int
        Of members that share weights, the one that is shown.
    """

    job: Job
    engine: Engine
    names: Names
    is_fitted: bool
    has_targets: bool
    notes: list[str]
    part: int = 0

    @property
    def dropout(self) -> tuple[int, int] | None:
        """Key and step of the dropout masks that training would draw; None without targets, as in prediction."""
        if not self.has_targets:
            return None
        optimizer = self.job.state.optimizer
        return self.job.streams.dropout_key, 0 if optimizer is None else optimizer.step


def prepare(
    model: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    classes: Any = None,
    *,
    member: int = 0,
    caller: str = "trace",
    **changes: Any,
) -> Setup:
    """Prepare the step that ``model.partial_fit(X, y)`` would take if all rows were one batch; the model stays as is.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
    X, y, sample_weight : arrays
        y None: the forward pass only.
    classes : array or None
        All classes, for a classifier that is not fitted.
    member : int
        Which network of a tabular model, from 0.
    caller : str
        Whose arguments they are, for messages.
    **changes
        Parameters that the copy has instead of the model's.

    Raises
    ------
    PellucidError
        If the model is of another kind, or the rows do not suit it.
    """
    if y is not None and isinstance(model, BaseTabular | BaseMLP):
        check_targets(model, y, caller, classes)
    if isinstance(model, BaseTabular):
        step = network_step(model, X, y, sample_weight, member=member, dtype=changes.get("dtype", "float32"))
        return _of_network(model, step, has_targets=y is not None)
    if not isinstance(model, BaseMLP):
        remedy = " Take its last step, and rows as that step sees them." if isinstance(model, Pipeline) else ""
        raise PellucidError(
            f"The model of {caller} must be Pellucid's MLPClassifier or MLPRegressor, or a model of a table; "
            f"got {what_it_is(model)}{remedy}"
        )
    if member != 0:
        raise DataError(
            f"'member' must be 0 where the model is one network, {type(model).__name__}; got {shown(member)}."
        )
    twin, notes = _copy(model, changes), []
    is_fitted = hasattr(twin, "coefs_")
    if y is None and not is_fitted:
        raise DataError(
            f"'y' of {caller} must be given for a model that is not fitted: it says how many outputs there are."
        )
    if y is not None and getattr(twin, "class_weight", None) == "balanced":
        if is_fitted or classes is not None:
            twin.class_weight = None
            notes.append(NOT_BALANCED)
        else:
            notes.append(BALANCED_HERE)
    job = _forward_job(twin, X) if y is None else _job(twin, X, y, sample_weight, classes, is_fitted, caller)
    multiply_in_full(job, notes)
    engine = get_engine(twin.engine)
    reason = engine.unsupported(job.network, job.training)
    if reason is not None:
        raise SpecError(reason)
    return Setup(_one_batch(job), engine, _names(twin, job), is_fitted, y is not None, notes)


def _of_network(model: BaseTabular, step: NetworkStep, *, has_targets: bool) -> Setup:
    engine = get_engine(model.engine, model.n_threads)
    names = Names(step.inputs, step.outputs, step.levels)
    return Setup(_one_batch(step.job), engine, names, is_fitted=True, has_targets=has_targets, notes=step.notes)


def _copy(model: BaseMLP, changes: dict[str, Any]) -> Any:
    """Return an independent model that draws the same random numbers next, without what listens to a training."""
    state = {name: value for name, value in model.__getstate__().items() if name not in LEFT_OUT}
    twin: Any = object.__new__(type(model))
    twin.__setstate__(deepcopy(state | NEUTRAL | changes))
    twin.random_state = deepcopy(check_random_state(model.random_state))
    twin._validate_params()
    return twin


def _job(twin: Any, X: Any, y: Any, sample_weight: Any, classes: Any, is_fitted: bool, caller: str) -> Job:
    incremental = is_fitted or classes is not None
    if is_classifier(twin) and not is_fitted:
        _check_classes(unique_labels(y) if classes is None else classes, caller)
    job: Job = twin._prepare(X, y, sample_weight, incremental=incremental, classes=classes)
    return job


def _check_classes(classes: Any, caller: str) -> None:
    if len(classes) < 2:
        raise DataError(
            f"'y' of {caller} must have rows of every class for a classifier that is not fitted; all rows are of class "
            f"{classes[0]!s}. Fit the model first, add rows, or name all classes: {caller}(model, X, y, classes=[…])."
        )


def _forward_job(twin: Any, X: Any) -> Job:
    with told_of_cells(twin, X):
        X = validate_data(twin, X, accept_sparse="csr", dtype=DTYPES, reset=False)
    network = twin.__dict__.get("network_") or twin._network()
    parameters = twin._current_parameters(network).vector
    inputs = as_dtype(X, parameters.dtype)
    data = Batch(inputs, np.zeros((X.shape[0], network.outputs), dtype=parameters.dtype))
    twin._random_state = check_random_state(0)  # nothing is drawn from it
    return Job(
        network,
        twin._describe_training(data, incremental=True, validates=False),
        data,
        parameters,
        twin._streams(network),
    )


def _one_batch(job: Job) -> Job:
    """Return the job as one epoch of one batch, its rows dense and in their order, its parameters its own."""
    data = job.data
    if not isinstance(data.inputs, np.ndarray):
        data = replace(data, inputs=data.inputs.toarray())
    training = replace(job.training, batch_size=None, shuffle=False, stopping=Stopping(patience=None))
    state = replace(job.state, best=Best(), current=None, shuffling=None)
    return replace(job, data=data, training=training, state=state, parameters=job.parameters.copy(), epochs=1)


def _names(twin: Any, job: Job) -> Names:
    network = job.network
    inputs = [str(name) for name in getattr(twin, "feature_names_in_", ())]
    classes = [f"class {label}" for label in getattr(twin, "classes_", ())]
    if len(classes) == 2 and network.outputs == 1:
        classes = classes[1:]
    if len(classes) != network.outputs:
        classes = ["y"] if network.outputs == 1 else ["y" + subscript(index) for index in range(network.outputs)]
    return Names(tuple(inputs) or tuple("x" + subscript(index) for index in range(network.inputs)), tuple(classes))
