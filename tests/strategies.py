"""Hypothesis strategies that build random descriptions of networks and trainings."""

from dataclasses import fields
from typing import Any, get_args

import numpy as np
from hypothesis import strategies as st

from pellucid.spec import (
    OUTPUTS,
    Activation,
    Category,
    Embedding,
    Ensemble,
    Factors,
    FromData,
    Initializer,
    Layer,
    Loss,
    Network,
    Optimizer,
    Periodic,
    PiecewiseLinear,
    Schedule,
    ShareSchedule,
    Stopping,
    Training,
)

__all__ = [
    "activations",
    "embedded_networks",
    "embeddings",
    "factors",
    "initializers",
    "layers",
    "losses",
    "networks",
    "optimizers",
    "rows_for",
    "schedules",
    "trainings",
]

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
    "cycles": st.integers(1, 8),
    "zero_last": st.booleans(),
    "clipped": st.booleans(),
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


def layers(max_width: int = 8, *, plain: bool = True) -> st.SearchStrategy[Layer]:
    """Hidden layers of up to `max_width` neurons; parametric ones only where they need not be plain."""
    return st.builds(
        Layer,
        st.integers(1, max_width),
        activations,
        dropout=st.floats(0, 0.99),
        layer_norm=st.booleans(),
        parametric=st.just(False) if plain else st.booleans(),
    )


def networks(max_width: int = 8, max_layers: int = 3) -> st.SearchStrategy[Network]:
    """Networks of up to `max_layers` hidden layers that need no training rows to begin, and take any numbers."""
    return st.builds(
        Network,
        st.integers(1, max_width),
        st.lists(layers(max_width), max_size=max_layers).map(tuple),
        st.integers(1, max_width),
        st.sampled_from(OUTPUTS),
        initializers.filter(lambda initializer: not isinstance(initializer, FromData)),
    )


@st.composite
def edges(draw: st.DrawFn) -> tuple[float, ...]:
    """Edges of one column within about ±3, at least 0.2 apart."""
    gaps = draw(st.lists(st.floats(0.2, 1), min_size=1, max_size=4))
    start = draw(st.floats(-2, 1))
    return tuple(start + sum(gaps[:index]) for index in range(len(gaps) + 1))


@st.composite
def embeddings(draw: st.DrawFn, max_columns: int = 3) -> Embedding:
    """Embeddings of up to `max_columns` numbers, passed columns and categories each."""
    numbers, passed = (draw(st.integers(0, max_columns)) for _ in range(2))
    categories = draw(st.lists(st.builds(Category, st.integers(1, 5), st.integers(1, 4)), max_size=max_columns))
    if not numbers and not passed and not categories:
        passed = 1
    width = draw(st.integers(1, 3))
    kinds = [
        st.none(),
        st.builds(Periodic, st.integers(1, 4), st.floats(0.01, 1), st.just(width)),
        st.tuples(*[edges()] * numbers).map(lambda columns: PiecewiseLinear(columns, width)),
    ]
    return Embedding(numbers, draw(st.one_of(kinds)), passed, tuple(categories))


@st.composite
def embedded_networks(draw: st.DrawFn, max_width: int = 8, max_layers: int = 3) -> Network:
    """Networks with all that a network may have; their rows come from `rows_for`."""
    embedding = draw(st.none() | embeddings())
    ensemble = st.builds(
        Ensemble, st.integers(1, 4), st.sampled_from(["all", "first"]), st.sampled_from(["signs", "normal"])
    )
    return Network(
        draw(st.integers(1, max_width)) if embedding is None else embedding.inputs,
        tuple(draw(st.lists(layers(max_width, plain=False), max_size=max_layers))),
        draw(st.integers(1, max_width)),
        draw(st.sampled_from(OUTPUTS)),
        draw(initializers),
        embedding,
        input_scale=draw(st.booleans()),
        parametrization=draw(st.sampled_from(["standard", "ntk"])),
        ensemble=draw(st.none() | ensemble),
    )


def rows_for(network: Network, rows: int, seed: int = 0) -> Any:
    """Rows that the network can take: standard normal numbers, and codes, a few of which are no level."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, network.inputs))
    embedding = network.embedding
    for index, category in enumerate(embedding.categories if embedding is not None else ()):
        X[:, embedding.numbers + embedding.passed + index] = random.integers(-1, category.levels + 1, rows)
    return X


stoppings = st.builds(
    Stopping,
    st.sampled_from(["loss", "validation_score", "validation_loss"]),
    st.floats(0, 1),
    st.none() | st.integers(1, 100),
    st.booleans(),
    st.booleans(),
    st.sets(st.integers(1, 100), max_size=4).map(lambda epochs: tuple(sorted(epochs))),
)

factors = st.builds(Factors, **{field.name: st.floats(0, 10) for field in fields(Factors)})
share_schedules = _any_of(ShareSchedule)


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
        drop_last=st.booleans(),
        rates=factors,
        decays=factors,
        dropout_schedule=share_schedules,
        decay_schedule=share_schedules,
        average=st.floats(0, 0.9999),
    )
