"""Types of the compiled core; native/bindings/module.cpp defines it."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, final

from pellucid.textbook.arrays import Array

Layer: TypeAlias = tuple[int, str, float, float, bool, bool, float]
"""(width, activation, its number, dropout, layer_norm, parametric, weight factor)"""

Schedule: TypeAlias = tuple[str, float, float, float]

Inputs: TypeAlias = Array | tuple[Array, Array, Array, int]
"""Rows, or (values, columns, row starts, number of columns) of a CSR matrix."""

Data: TypeAlias = tuple[Inputs, Array, Array | None, Array | None]
"""(inputs, targets, sample_weight, rows)"""

Best: TypeAlias = tuple[float | None, int, int]
"""(value, stale, epoch)"""

State: TypeAlias = tuple[int, int, int, int, Best]
"""(optimizer's step, epochs, rows_seen, reductions, best)"""

Run: TypeAlias = tuple[State, list[float], list[float], list[float], list[float], str, bool, int]
"""(state, loss, validation_loss, validation_score, learning_rate, outcome, best changed, shuffle position)"""

ShownLayer: TypeAlias = tuple[
    Array | None, Array | None, Array | None, Array | None, Array | None, Array | None, Array | None
]
"""(pre_activation, activation, outputs, mask, inverse_std, normalised, delta), to be filled"""

@final
class KernelSet:
    @property
    def name(self) -> str: ...

@final
class Network:
    def __init__(
        self,
        inputs: int,
        layers: Sequence[Layer],
        output: str,
        embedding: tuple[Any, ...] | None,
        input_scale: bool,
        ensemble: tuple[int, bool] | None,
        bfloat16: bool,
    ) -> None: ...
    @property
    def parameters(self) -> int: ...

@final
class Training:
    def __init__(
        self,
        *,
        loss: tuple[str, float, bool],
        optimizer: tuple[str, float, float, float, float],
        learning_rate: float,
        schedule: Schedule,
        l1: float,
        l2: float,
        clip_norm: float | None,
        batch_size: int,
        epochs: int,
        shuffle: bool,
        mean_reduction: bool,
        stopping: tuple[str, float, int | None, bool, bool, Sequence[int]],
        drop_last: bool,
        rates: Sequence[float],
        decays: Sequence[float],
        dropout_schedule: Schedule,
        decay_schedule: Schedule,
        average: float,
    ) -> None: ...

@final
class Job:
    def __init__(
        self,
        *,
        network: Network,
        training: Training,
        data: Data,
        validation: Data | None,
        score: str,
        predictions: Array | None,
        parameters: Array,
        best_parameters: Array | None,
        keeps_state: bool,
        average: Array | None,
        memory: list[Array],
        shuffle_key: Array,
        shuffle_position: int,
        shuffles_before: int,
        last_order: Array | None,
        dropout_key: int,
        state: State,
        epochs: int,
    ) -> None: ...

def usable_cpus() -> int: ...
def possible_isas() -> list[str]: ...
def kernel_set(name: str) -> KernelSet: ...
def train(
    jobs: Sequence[Job],
    kernels: KernelSet,
    threads: int,
    watches_signals: bool,
    on_epoch: Callable[..., bool] | None,
    score: Callable[[int], float] | None,
    time_limit: float | None,
) -> list[Run]: ...
def read_twister(capsule: object, key: Array) -> int: ...
def write_twister(capsule: object, key: Array, position: int) -> None: ...
def forward(
    network: Network,
    parameters: Array,
    inputs: Inputs,
    z: Array,
    kernels: KernelSet,
    threads: int,
    watches_signals: bool,
) -> None: ...
def loss_and_gradients(
    network: Network,
    training: Training,
    parameters: Array,
    data: Data,
    dropout: tuple[int, int] | None,
    gradients: Array,
    shown: list[Any],
    features: Array | None,
    kernels: KernelSet,
    threads: int,
) -> tuple[float, float]: ...
def fma_peak(kernels: KernelSet, dtype: str, seconds: float) -> float: ...
def memory_bandwidth(kernels: KernelSet, values: Array, seconds: float) -> tuple[float, float]: ...
