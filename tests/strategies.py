"""Hypothesis strategies that build random descriptions of networks and trainings."""

from dataclasses import fields
from typing import Any, get_args

from hypothesis import strategies as st

from pellucid.spec import (
    OUTPUTS,
    Activation,
    Initializer,
    Layer,
    Loss,
    Network,
    Optimizer,
    Schedule,
    Stopping,
    Training,
)

__all__ = ["activations", "initializers", "layers", "losses", "networks", "optimizers", "schedules", "trainings"]

SHARE = st.floats(0.01, 0.99)
POSITIVE = st.floats(1e-6, 1e3)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "slope": st.floats(0, 1),
    "alpha": POSITIVE,
    "std": st.floats(0, 10),
    "bound": st.floats(0, 10),
    "delta": POSITIVE,
    "level": SHARE,
    "label_smoothing": st.floats(0, 0.99),
    "momentum": st.floats(0, 1),
    "epsilon": st.floats(1e-12, 1e-3),
    "decay": st.floats(0, 0.999),
    "beta_1": st.floats(0, 0.999),
    "beta_2": st.floats(0, 0.9999),
    "weight_decay": st.floats(0, 10),
    "max_fun": st.integers(1, 10**6),
    "power": st.floats(0, 3),
    "minimum": st.floats(0, 1),
    "every": st.integers(1, 1000),
    "warmup": st.floats(0, 0.99),
    "final": st.floats(0, 1),
    "start_factor": st.floats(1, 1e6),
    "final_factor": st.floats(1, 1e6),
}
"""Valid values of each field, whichever kind it belongs to; ``factor`` depends on the kind."""


def _any_of(union: Any) -> st.SearchStrategy[Any]:
    return st.one_of([_kind(kind) for kind in get_args(union)])


def _kind(kind: type[Any]) -> st.SearchStrategy[Any]:
    named = {field.name: _field(kind, field.name) for field in fields(kind)}
    return st.builds(kind, **named)


def _field(kind: type[Any], name: str) -> st.SearchStrategy[Any]:
    if name == "factor":
        return st.floats(1.01, 100) if kind.__name__ == "Adaptive" else st.floats(0.01, 1)
    return FIELDS[name]


activations = _any_of(Activation)
initializers = _any_of(Initializer)
losses = _any_of(Loss)
optimizers = _any_of(Optimizer)
schedules = _any_of(Schedule)


def layers(max_width: int = 8) -> st.SearchStrategy[Layer]:
    """Hidden layers of up to `max_width` neurons."""
    return st.builds(
        Layer, st.integers(1, max_width), activations, dropout=st.floats(0, 0.99), layer_norm=st.booleans()
    )


def networks(max_width: int = 8, max_layers: int = 3) -> st.SearchStrategy[Network]:
    """Networks of up to `max_layers` hidden layers."""
    return st.builds(
        Network,
        st.integers(1, max_width),
        st.lists(layers(max_width), max_size=max_layers).map(tuple),
        st.integers(1, max_width),
        st.sampled_from(OUTPUTS),
        initializers,
    )


stoppings = st.builds(
    Stopping,
    st.sampled_from(["loss", "validation_score", "validation_loss"]),
    st.floats(0, 1),
    st.none() | st.integers(1, 100),
    st.booleans(),
)


def trainings() -> st.SearchStrategy[Training]:
    """Trainings of every kind."""
    return st.builds(
        Training,
        losses,
        optimizers,
        st.floats(1e-8, 10),
        schedules,
        l1=st.floats(0, 1),
        l2=st.floats(0, 1),
        clip_norm=st.none() | POSITIVE,
        batch_size=st.none() | st.integers(1, 10**6),
        epochs=st.integers(1, 10**6),
        shuffle=st.booleans(),
        reduction=st.sampled_from(["mean", "sum"]),
        stopping=stoppings,
        dtype=st.sampled_from(["float64", "float32"]),
    )
