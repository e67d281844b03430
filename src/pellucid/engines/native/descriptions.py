"""Networks and trainings as the core reads them: names and plain numbers."""

import atexit
from dataclasses import fields
from functools import lru_cache
from typing import Any

from pellucid.engines.native.core import core
from pellucid.spec import (
    Adaptive,
    Constant,
    Cosine,
    Elu,
    Embedding,
    Exponential,
    Factors,
    FlatCosine,
    Huber,
    InvScaling,
    Lbfgs,
    LeakyRelu,
    LogCosine,
    LogLoss,
    Network,
    OneCycle,
    Periodic,
    PiecewiseLinear,
    Quantile,
    Step,
    Training,
)

__all__ = ["core_network", "core_training", "size"]


LARGEST = 2**53
"""More rows, neurons or epochs than this are as good as infinitely many."""


def size(count: int) -> int:
    """Return a count that the core's integers can hold.

    Examples
    --------
    >>> size(200), size(10**30)
    (200, 9007199254740992)
    """
    return min(int(count), LARGEST)


@lru_cache(maxsize=256)
def core_network(network: Network) -> Any:
    """Describe a network to the core; the output layer is its last layer."""
    layers = [
        (
            size(layer.width),
            layer.activation.name,
            _number(layer.activation),
            layer.dropout,
            layer.layer_norm,
            layer.parametric,
            network.weight_factor(index),
        )
        for index, layer in enumerate(network.hidden)
    ]
    outputs = (size(network.outputs), "identity", 0.0, 0.0, False, False, network.weight_factor(len(layers)))
    embedding = None if network.embedding is None else _embedding(network.embedding)
    ensemble = None
    if network.ensemble is not None:
        ensemble = size(network.ensemble.members), network.ensemble.adapters == "all"
    return core.Network(
        size(network.inputs),
        [*layers, outputs],
        network.output,
        embedding,
        network.input_scale,
        ensemble,
        network.products == "bfloat16",
    )


def _embedding(embedding: Embedding) -> tuple[Any, ...]:
    """(numbers, passed, kind, width, frequencies, edges, (levels, width) of each category)."""
    numbers: tuple[Any, ...] = ("none", 0, 0, [])
    match embedding.number_embedding:
        case Periodic(frequencies=frequencies, width=width):
            numbers = ("periodic", width, frequencies, [])
        case PiecewiseLinear(edges=edges, width=width):
            numbers = ("piecewise_linear", width, 0, edges)
    categories = [(category.levels, category.width) for category in embedding.categories]
    return embedding.numbers, embedding.passed, *numbers, categories


@lru_cache(maxsize=256)
def core_training(training: Training) -> Any:
    """Describe a training to the core."""
    stopping = training.stopping
    patience = None if stopping.patience is None else size(stopping.patience)
    milestones = [size(epoch) for epoch in stopping.milestones]
    return core.Training(
        loss=(training.loss.name, _number(training.loss), getattr(training.loss, "clipped", False)),
        optimizer=_optimizer(training.optimizer),
        learning_rate=float(training.learning_rate),
        schedule=_schedule(training.schedule),
        l1=float(training.l1),
        l2=float(training.l2),
        clip_norm=None if training.clip_norm is None else float(training.clip_norm),
        batch_size=size(training.batch_size or 0),
        epochs=size(training.epochs),
        shuffle=training.shuffle,
        mean_reduction=training.reduction == "mean",
        stopping=(
            stopping.monitor,
            float(stopping.tolerance),
            patience,
            stopping.restore_best,
            stopping.latest_best,
            milestones,
        ),
        drop_last=training.drop_last,
        rates=[getattr(training.rates, group.name) for group in fields(Factors)],
        decays=[getattr(training.decays, group.name) for group in fields(Factors)],
        dropout_schedule=_schedule(training.dropout_schedule),
        decay_schedule=_schedule(training.decay_schedule),
        average=training.average,
    )


def _number(rule: Any) -> float:
    """Return the one number of an activation or a loss, 0 where there is none."""
    match rule:
        case LeakyRelu(slope=number) | Elu(alpha=number) | Huber(delta=number) | Quantile(level=number):
            return float(number)
        case LogLoss(label_smoothing=number):
            return float(number)
    return 0.0


_OPTIMIZER_FIELDS = ("momentum", "decay", "beta_1"), ("beta_2",), ("epsilon",), ("weight_decay",)


def _optimizer(optimizer: Any) -> tuple[str, float, float, float, float]:
    """(name, first decay or momentum, second decay, epsilon, weight decay), 0 for what the optimiser has not."""
    name = "gradient_descent" if isinstance(optimizer, Lbfgs) else optimizer.name  # L-BFGS asks for gradients only
    first, second, epsilon, weight_decay = (_first_of(optimizer, names) for names in _OPTIMIZER_FIELDS)
    return name, first, second, epsilon, weight_decay


def _first_of(rule: Any, names: tuple[str, ...]) -> float:
    return float(next((getattr(rule, name) for name in names if hasattr(rule, name)), 0.0))


_SCHEDULE_FIELDS: dict[type[Any], tuple[str, ...]] = {
    Constant: (),
    InvScaling: ("power",),
    Adaptive: ("factor", "minimum"),
    Step: ("factor", "every"),
    Exponential: ("factor",),
    Cosine: ("warmup", "final"),
    OneCycle: ("warmup", "start_factor", "final_factor"),
    FlatCosine: (),
    LogCosine: ("cycles",),
}
"""The fields of each schedule, in the order of native/core/schedule.hpp."""


def _schedule(schedule: Any) -> tuple[str, float, float, float]:
    numbers = [min(float(getattr(schedule, name)), float(LARGEST)) for name in _SCHEDULE_FIELDS[type(schedule)]]
    first, second, third = (*numbers, 0.0, 0.0, 0.0)[:3]
    return schedule.name, first, second, third


# In what order an ending interpreter clears modules, and which it leaves, depends on all that was imported. What these
# caches hold is let go before, so that the core's own check for leaks speaks of leaks only.
atexit.register(core_network.cache_clear)
atexit.register(core_training.cache_clear)
