"""Networks and trainings as the core reads them: names and plain numbers."""

from functools import lru_cache
from typing import Any

from pellucid.engines.native.core import core
from pellucid.spec import (
    Adaptive,
    Constant,
    Cosine,
    Elu,
    Exponential,
    Huber,
    InvScaling,
    Lbfgs,
    LeakyRelu,
    LogLoss,
    Network,
    OneCycle,
    Quantile,
    Step,
    Training,
)

__all__ = ["core_network", "core_training"]


@lru_cache(maxsize=256)
def core_network(network: Network) -> Any:
    """Describe a network to the core; the output layer is its last layer."""
    layers = [
        (int(layer.width), layer.activation.name, _number(layer.activation), float(layer.dropout), layer.layer_norm)
        for layer in network.hidden
    ]
    outputs = (int(network.outputs), "identity", 0.0, 0.0, False)
    return core.Network(int(network.inputs), [*layers, outputs], network.output)


@lru_cache(maxsize=256)
def core_training(training: Training) -> Any:
    """Describe a training to the core."""
    stopping = training.stopping
    patience = None if stopping.patience is None else int(stopping.patience)
    return core.Training(
        loss=(training.loss.name, _number(training.loss)),
        optimizer=_optimizer(training.optimizer),
        learning_rate=float(training.learning_rate),
        schedule=_schedule(training.schedule),
        l1=float(training.l1),
        l2=float(training.l2),
        clip_norm=None if training.clip_norm is None else float(training.clip_norm),
        batch_size=int(training.batch_size or 0),
        epochs=int(training.epochs),
        shuffle=training.shuffle,
        mean_reduction=training.reduction == "mean",
        stopping=(stopping.monitor, float(stopping.tolerance), patience),
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
}
"""The fields of each schedule, in the order of native/core/schedule.hpp."""


def _schedule(schedule: Any) -> tuple[str, float, float, float]:
    numbers = [float(getattr(schedule, name)) for name in _SCHEDULE_FIELDS[type(schedule)]]
    first, second, third = (*numbers, 0.0, 0.0, 0.0)[:3]
    return schedule.name, first, second, third
