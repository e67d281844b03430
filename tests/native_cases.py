"""Networks, trainings and data for the tests of the native engine."""

import numpy as np
import pytest

from pellucid.engines.native import NativeEngine, possible_instruction_sets, unavailable
from pellucid.engines.protocol import Engine
from pellucid.spec import (
    AbsoluteError,
    Activation,
    Elu,
    Gelu,
    Huber,
    Identity,
    Layer,
    LeakyRelu,
    Logistic,
    LogLoss,
    Mish,
    Network,
    Poisson,
    Quantile,
    Relu,
    Selu,
    Silu,
    Softplus,
    SquaredError,
    Tanh,
    Training,
    parameter_count,
)
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Run, Score, Watch
from pellucid.training.streams import Streams, streams

ACTIVATIONS: list[Activation] = [
    Identity(),
    Logistic(),
    Tanh(),
    Relu(),
    LeakyRelu(0.1),
    Elu(1.3),
    Selu(),
    Softplus(),
    Gelu(),
    Silu(),
    Mish(),
]

LOSSES = [
    ("softmax", LogLoss()),
    ("softmax", LogLoss(label_smoothing=0.1)),
    ("logistic", LogLoss()),
    ("logistic", LogLoss(label_smoothing=0.2)),
    ("exp", Poisson()),
    *(
        (output, loss)
        for output in ("identity", "logistic", "softmax", "exp", "tanh")
        for loss in (SquaredError(), AbsoluteError(), Huber(0.3), Quantile(0.3))
    ),
]

needs_native = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))
ISAS = [pytest.param(isa, marks=needs_native) for isa in possible_instruction_sets() or ("baseline",)]


def native(isa: str | None = None, threads: int = 1) -> NativeEngine:
    return NativeEngine(threads, isa)


def network(
    widths: tuple[int, ...] = (4, 7, 5, 3),
    activation: Activation | None = None,
    *,
    layer_norm: bool = False,
    dropout: float = 0.0,
    output: str = "softmax",
) -> Network:
    layer = activation or Relu()
    hidden = tuple(Layer(width, layer, dropout, layer_norm) for width in widths[1:-1])
    return Network(widths[0], hidden, widths[-1], output)


def batch(network: Network, rows: int = 101, *, seed: int = 0, weights: bool = False, dtype: str = "float64") -> Batch:
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(rows, network.inputs))
    shape = (rows, network.outputs)
    if network.output == "softmax":
        targets = np.eye(network.outputs)[random.integers(network.outputs, size=rows)]
    elif network.output == "logistic":
        targets = random.integers(2, size=shape).astype(float)
    elif network.output == "exp":
        targets = random.poisson(2, size=shape).astype(float)
    else:
        targets = random.normal(size=shape)
    weight = random.uniform(0, 2, rows) if weights else None
    return Batch(inputs.astype(dtype), targets.astype(dtype), weight)


def parameters(network: Network, *, seed: int = 5, dtype: str = "float64") -> Array:
    count = parameter_count(network)
    return (np.random.default_rng(seed).normal(size=count) * 0.4).astype(dtype)


def job(
    network: Network,
    training: Training,
    data: Batch,
    *,
    validation: Batch | None = None,
    score: str | Score = "r2",
    seed: int = 0,
    stream: Streams | None = None,
) -> Job:
    start = parameters(network, dtype=training.dtype)
    return Job(network, training, data, start, stream or streams(seed), validation, score)


def train(engine: Engine, *jobs: Job, watch: Watch | None = None) -> list[Run]:
    return engine.train(jobs, watch or Watch())


def relative_error(got: Array, wanted: Array) -> float:
    """Largest difference, in units of the largest number wanted."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    if not wanted.size:
        return 0.0
    largest = np.abs(wanted).max()
    return float(np.abs(got - wanted).max() / (largest if largest > 0 else 1.0))


def assert_same_run(got: Run, wanted: Run, tolerance: float = 1e-10) -> None:
    for name in ("loss", "validation_loss", "validation_score", "learning_rate"):
        assert relative_error(getattr(got.history, name), getattr(wanted.history, name)) < tolerance, name
    assert relative_error(got.parameters, wanted.parameters) < tolerance
    assert got.outcome is wanted.outcome
    assert (got.state.epochs, got.state.rows_seen, got.state.reductions) == (
        wanted.state.epochs,
        wanted.state.rows_seen,
        wanted.state.reductions,
    )
    assert (got.state.best.epoch, got.state.best.stale) == (wanted.state.best.epoch, wanted.state.best.stale)
