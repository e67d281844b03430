"""`check_gradients`: the analytic derivatives beside central differences of the engine's loss."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np

from pellucid.errors import DataError
from pellucid.estimators.tabular.steps import ABOUT_WEIGHTS
from pellucid.estimators.thread_limits import thread_limit
from pellucid.spec import (
    AbsoluteError,
    Block,
    Elu,
    LeakyRelu,
    LogLoss,
    Network,
    Quantile,
    Relu,
    Selu,
    Training,
    parameter_layout,
)
from pellucid.textbook.arrays import Array
from pellucid.textbook.losses import loss_rows, mean_loss
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters
from pellucid.textbook.penalties import penalty
from pellucid.tracing.columns import feature_names
from pellucid.tracing.pieces import AXES
from pellucid.tracing.preparing import Names, Setup, prepare

__all__ = ["TOLERANCE", "GradientCheck", "check_gradients", "check_step", "parameter_name"]

TOLERANCE = 1e-5
"""Largest relative error at which an analytic derivative counts as right."""

EPSILON = 1e-6
"""The step that suits float64: a larger one adds the curvature of the loss, a smaller one the rounding of it."""

FINEST = 1e-15
"""A finer step might not move a weight at all."""

MANY = 10_000
"""Parameters whose comparison takes no bar: some seconds."""


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """What the comparison found.

    Attributes
    ----------
    passed : bool
        Whether no error but those at kinks is above the tolerance.
    max_error : float
        Largest of `errors`, kinks apart.
    worst : str
        The weight that has it: its layer, where it comes from and where it leads.
    kinks : tuple of str
        Weights at which the loss bends within ±epsilon (a ReLU's weighted sum passes 0, say): left and right the loss
        has different slopes, and the analytic derivative lies between them, as it may. A loss without bends, as of a
        tanh network, has none.
    tolerance, epsilon : float
    loss : float
        L, penalties included.
    indices : array of int
        Places in the flat parameter vector that were compared.
    analytic, numeric, errors : arrays shaped as indices
        |a - n| / max(|a|, |n|, floor), where the floor keeps the rounding of L from counting as an error, as far as an
        epsilon of 1e-8 and more has it.
    total : int
        Number of weights and biases that the network has.
    notes : tuple of str
        Which rows' weights the loss has, where 'balanced' class weights are left out or are those of these rows.
    """

    passed: bool
    max_error: float
    worst: str
    kinks: tuple[str, ...]
    tolerance: float
    epsilon: float
    loss: float
    indices: Array = field(repr=False)
    analytic: Array = field(repr=False)
    numeric: Array = field(repr=False)
    errors: Array = field(repr=False)
    total: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        verdict = "Gradients agree" if self.passed else "Gradients DISAGREE"
        lines = [
            f"{verdict} with central differences: {len(self.indices)} of {self.total} weights and biases compared.",
            f"Largest relative error {self.max_error:.2g} (tolerance {self.tolerance:g}): {self.worst}.",
        ]
        if self.kinks:
            more = ", …" if len(self.kinks) > 3 else ""
            lines.append(f"The loss has a kink at {len(self.kinks)} of them: {', '.join(self.kinks[:3])}{more}.")
        if self.epsilon > 10 * EPSILON:
            lines.append(f"epsilon = {self.epsilon:g}: the curvature of the loss within the step counts as an error.")
        elif self.epsilon < EPSILON / 100:
            lines.append(f"epsilon = {self.epsilon:g}: the rounding of the loss counts as an error.")
        return "\n".join([*lines, *self.notes])


def check_gradients(
    model: Any,
    X: Any,
    y: Any,
    *,
    epsilon: float = EPSILON,
    sample_weight: Any = None,
    classes: Any = None,
    max_weights: int | None = None,
    random_state: int = 0,
    member: int = 0,
) -> GradientCheck:
    """Compare the derivatives of the loss with central differences, (L(θ + h) - L(θ - h)) / 2h.

    In float64, whatever the model's dtype, on a copy of it. The loss includes the penalties; dropout masks are those
    of the next step and stay fixed. Each weight takes two evaluations of the loss: of large networks,
    `max_weights` compares some. Where many are compared, a terminal shows how far it is.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor, fitted or not; TabularClassifier or TabularRegressor, fitted
        It stays as it is.
    X : array, sparse matrix or table of shape (rows, features)
    y : array
    epsilon : float
        h is epsilon times the larger of 1 and |θ|; from 1e-15 to less than 1. Far from 1e-6 the differences themselves
        err: with the square of larger steps, by the rounding of L with smaller ones.
    sample_weight : array of shape (rows,) or None
    classes : array or None
        All classes, for a classifier that is not fitted and rows that lack some.
    max_weights : int or None
        Compare a random sample of so many; None: all.
    random_state : int
        Draws the sample.
    member : int
        Which of the networks of a tabular model, from 0.

    Returns
    -------
    GradientCheck

    Raises
    ------
    PellucidError
        If the model is of another kind or the rows do not suit it.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier, check_gradients
    >>> X, y = make_moons(50, random_state=0)
    >>> check_gradients(MLPClassifier((5,), activation="tanh", random_state=0), X, y).passed
    True
    """
    if y is None:
        raise DataError("'y' of check_gradients must be given: without targets there is no loss.")
    if not isinstance(epsilon, Real) or not FINEST <= epsilon < 1:
        raise DataError(
            f"'epsilon' of check_gradients must be a number from {FINEST:g} to less than 1; got {epsilon!r}. "
            f"In most cases {EPSILON:g} tells errors best."
        )
    if max_weights is not None and max_weights < 1:
        raise DataError(f"'max_weights' of check_gradients must be at least 1 or None; got {max_weights!r}.")
    setup = prepare(model, X, y, sample_weight, classes, member=member, caller="check_gradients", dtype="float64")
    total = len(setup.job.parameters)
    indices = np.arange(total)
    if max_weights is not None and max_weights < total:
        indices = np.sort(np.random.default_rng(random_state).choice(total, max_weights, replace=False))
    return check_step(setup, indices, epsilon)


def check_step(setup: Setup, indices: Array, epsilon: float = EPSILON) -> GradientCheck:
    """Compare the derivatives of a step that is prepared already.

    Parameters
    ----------
    setup : Setup
        In float64; its parameters are moved and put back.
    indices : array of int
        Places in the flat parameter vector.
    epsilon : float
    """
    loss = _Loss(setup)
    analytic, value = loss.gradient()
    total = len(analytic)
    with thread_limit(1):  # the threads of a sum over all weights take longer to wake than the sum
        slopes = np.array([loss.slopes(int(index), epsilon) for index in _watched(indices)])
    return _compare(setup, indices, analytic[indices], slopes, value, loss.size, epsilon, total)


def _watched(indices: Array) -> Iterable[Any]:
    """Go through the indices: where there are many, with a bar on a terminal, which is gone at the end."""
    if len(indices) <= MANY:
        return indices
    from rich.console import Console  # noqa: PLC0415 - only who waits pays for it
    from rich.progress import track  # noqa: PLC0415

    console = Console(stderr=True)
    return track(indices, "Derivatives", console=console, transient=True, disable=not console.is_terminal)


class _Loss:
    """The engine's loss as a function of one parameter, all others fixed."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        loss = setup.job.training.loss
        if isinstance(loss, LogLoss):
            loss = replace(loss, clipped=False)  # the derivatives are those of the exact one
        self.training: Training = replace(setup.job.training, loss=loss, reduction="mean")
        self.vector = setup.job.parameters
        self.parameters = Parameters(setup.job.network, self.vector)

    def gradient(self) -> tuple[Array, float]:
        step = self._step()
        self.value = self._evaluated()
        self.size = max(abs(step.loss), float(np.abs(step.layers[-1].pre_activation).mean()))
        if not np.isfinite(step.loss):
            raise DataError(f"The loss must be finite for its derivatives to be checked; it is {step.loss}.")
        return step.gradients.vector.copy(), step.loss

    def slopes(self, index: int, epsilon: float) -> tuple[float, float]:
        """Return the slopes of the loss on the left and on the right."""
        here = self.vector[index]
        width = epsilon * max(1.0, abs(here))
        values, places = [], []
        for place in (here - width, here + width):
            self.vector[index] = place
            values.append(self._evaluated())
            places.append(float(self.vector[index]))
        self.vector[index] = here
        left = (self.value - values[0]) / (here - places[0])
        return float(left), float((values[1] - self.value) / (places[1] - here))

    def _evaluated(self) -> float:
        """Return the loss: without a backward pass, but where it needs what only a step has, masks and members."""
        network, training, data = self.setup.job.network, self.training, self.setup.job.data
        if network.ensemble is not None or any(layer.dropout for layer in network.hidden):
            return float(self._step().loss)
        z = self.setup.engine.forward(network, self.parameters, data.inputs)
        rows = loss_rows(training.loss, network.output, z, output_activation(network.output, z), data.targets)
        per_row = 1 / data.total_weight if data.total_weight > 0 else 0.0
        penalised = penalty(self.parameters.all_weights, training.l1 * per_row, training.l2 * per_row)
        return mean_loss(rows, data.sample_weight) + penalised

    def _step(self) -> Any:
        setup = self.setup
        return setup.engine.loss_and_gradients(
            setup.job.network, self.training, self.parameters, setup.job.data, dropout=setup.dropout
        )


def _compare(
    setup: Setup,
    indices: Array,
    analytic: Array,
    slopes: Array,
    loss: float,
    size: float,
    epsilon: float,
    total: int,
) -> GradientCheck:
    numeric = slopes.mean(axis=1)
    # L is known to about 1e-16 of itself, or of the outputs' sums z that it is a small difference of; a slope thus to
    # 1e-16 of that / epsilon. Ten times as much must not count as an error.
    # But of steps so small that rounding is all that there is, it must.
    floor = 10 * np.finfo(np.float64).eps * size / (max(epsilon, EPSILON / 100) * TOLERANCE)
    scale = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), max(floor, np.finfo(np.float64).tiny))
    errors = np.abs(analytic - numeric) / scale
    slack = TOLERANCE * scale
    between = (slopes.min(axis=1) - slack <= analytic) & (analytic <= slopes.max(axis=1) + slack)
    is_kink = (errors > TOLERANCE) & between & _bends(setup.job.network, setup.job.training)
    regular = np.where(is_kink, -1.0, errors)
    worst = int(np.argmax(regular))
    names = [parameter_name(setup.job.network, int(index), setup.names) for index in [indices[worst]]]
    kinks = [parameter_name(setup.job.network, int(index), setup.names) for index in indices[is_kink]]
    max_error = max(float(regular[worst]), 0.0)
    return GradientCheck(
        passed=max_error <= TOLERANCE,
        max_error=max_error,
        worst=names[0],
        kinks=tuple(kinks),
        tolerance=TOLERANCE,
        epsilon=epsilon,
        loss=loss,
        indices=indices,
        analytic=analytic,
        numeric=numeric,
        errors=errors,
        total=total,
        notes=tuple(note for note in setup.notes if note in ABOUT_WEIGHTS),
    )


def _bends(network: Network, training: Training) -> bool:
    """Tell whether the loss, seen from a parameter, can have kinks."""
    activations = [layer.activation for layer in network.hidden]
    if any(isinstance(each, Relu | LeakyRelu | Selu) for each in activations):
        return True
    if any(isinstance(each, Elu) and each.alpha != 1 for each in activations):
        return True
    return isinstance(training.loss, AbsoluteError | Quantile) or training.l1 > 0


def parameter_name(network: Network, index: int, names: Names) -> str:
    """Name a parameter by its place in the flat vector.

    Examples
    --------
    >>> from pellucid.spec import Layer
    >>> network, names = Network(2, (Layer(3),), 1), Names(("age", "height"), ("y",))
    >>> parameter_name(network, 1, names), parameter_name(network, 12, names)
    ('weight from age to neuron 2 of hidden layer 1', 'bias of y of output layer')
    """
    block = next(block for block in parameter_layout(network) if index < block.stop)
    place = [int(each) for each in np.unravel_index(index - block.start, block.shape)]
    if len(place) > AXES.get(block.role, len(place)):
        return f"{_name_of_place(network, block, place[1:], names)}, of member {place[0] + 1}"
    return _name_of_place(network, block, place, names)


def _name_of_place(network: Network, block: Block, place: list[int], names: Names) -> str:
    if block.role == "input_adapters":
        return f"r of {_source(network, block.layer, place[0], names)}"
    if block.role == "output_adapters":
        return f"s of neuron {place[0] + 1} of hidden layer {block.layer + 1}"
    if block.role in ("weights", "bias", "gain", "shift", "slope"):
        return _name_in_layer(network, block, place, names)
    return _name_before_layers(network, block, place, names)


def _name_in_layer(network: Network, block: Block, place: list[int], names: Names) -> str:
    last = len(network.hidden)
    layer = "output layer" if block.layer == last else f"hidden layer {block.layer + 1}"
    to = f"neuron {place[-1] + 1}" if block.layer < last else names.outputs[place[-1]]
    if block.role != "weights":
        return f"{block.role} of {to} of {layer}"
    return f"weight from {_source(network, block.layer, place[0], names)} to {to} of {layer}"


def _source(network: Network, layer: int, index: int, names: Names) -> str:
    """Name an input of a layer."""
    if layer == 0:
        return feature_names(network.embedding, names.inputs)[index]
    return f"neuron {index + 1} of hidden layer {layer}"


def _name_before_layers(network: Network, block: Block, place: list[int], names: Names) -> str:
    embedding = network.embedding
    if embedding is None:  # the scale of the inputs
        return f"scale of {names.inputs[place[0]]}"
    numbers = [each + 1 for each in place]
    match block.role:
        case "scale":
            return f"scale of {feature_names(embedding, names.inputs)[place[0]]}"
        case "levels":
            column = names.inputs[embedding.numbers + embedding.passed + block.layer]
            return f"number {numbers[1]} of the vector of level {place[0]} of {column}"
        case "number_weights" if len(place) == 2:  # each number's stand on their own
            return f"embedding weight {numbers[0]}, {numbers[1]} of {names.inputs[block.layer]}"
    what = {"frequencies": "frequency", "phases": "phase", "number_bias": "embedding bias"}
    which = ", ".join(str(number) for number in numbers[1:])
    return f"{what.get(block.role, 'embedding weight')} {which} of {names.inputs[place[0]]}"
