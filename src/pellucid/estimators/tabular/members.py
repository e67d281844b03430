"""Members of an ensemble: the recipes of its networks, and which of them each preset trains.

The recipe began as RealMLP's tuned defaults (Holzmüller et al., 2024): robustly scaled and clipped inputs, periodic
embeddings of numbers, a trained scale of the inputs, the neural tangent parametrisation, parametric activations, a
start that suits the data, groups of parameters with learning rates of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, log, sqrt

import numpy as np

from pellucid.spec import (
    Activation,
    AdamW,
    Category,
    Embedding,
    Ensemble,
    Factors,
    FlatCosine,
    FromData,
    Layer,
    LogCosine,
    LogLoss,
    Loss,
    Mish,
    Network,
    NumberEmbedding,
    Periodic,
    PiecewiseLinear,
    Relu,
    Selu,
    Silu,
    Stopping,
    Training,
)
from pellucid.spec.checks import check_choice, check_flag, check_integer, check_number
from pellucid.spec.embeddings import NARROWEST_BIN
from pellucid.tables import Inputs
from pellucid.textbook.arrays import Array
from pellucid.training.coded import CodedRows

__all__ = [
    "LINEAR",
    "LINEAR_OF_MANY_ROWS",
    "PRESETS",
    "SPARSE",
    "Member",
    "Preset",
    "batch_size",
    "describe_network",
    "describe_training",
    "epochs_of",
    "is_small",
    "lines_beside",
    "milestones",
    "planned_epochs",
    "usable_milestones",
    "with_values",
]

ACTIVATIONS: dict[str, Activation] = {"selu": Selu(), "mish": Mish(), "relu": Relu(), "silu": Silu()}

LINEAR_COST = 0.1

RATES = Factors(bias=0.1, scale=6, slope=0.1, numbers=0.1)
DECAYS = Factors(bias=0, norm=0, scale=6, slope=0.1, numbers=0.1)


@dataclass(frozen=True)
class Member:
    """The recipe of a network for tables.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    activation : {'selu', 'mish', 'relu', 'silu'}
    numbers : {'piecewise_linear', 'periodic', 'plain'}
        How numbers are embedded.
    frequency : float
        Standard deviation of a periodic embedding's first frequencies, greater than 0.
    bins : int
        Of a piecewise-linear embedding, at least 2.
    category_width : int
        Length of the vectors of a category's levels.
    learning_rate : float
        For batches of 256; smaller ones have less, by the square root of their size.
    weight_decay : float
    dropout : float in [0, 1)
    label_smoothing : float in [0, 1)
        For classes.
    epochs : float
        Times the planned epochs.
    ensemble : int
        Networks in one that share their weights (TabM; Gorishniy et al., 2025); 1: a plain network.
    sparsity : float
        L1 penalty of the weights, in units of what chance makes of the largest of as many gradients as there are
        inputs; 0: none. A network with it has no scale of its inputs, which would make up for it.
    by_value : bool
        Whether it looks at each value of numbers whose values the target jumps between, too.
    """

    hidden: tuple[int, ...] = (256, 256, 256)
    activation: str = "selu"
    numbers: str = "piecewise_linear"
    frequency: float = 0.1
    bins: int = 32
    category_width: int = 8
    learning_rate: float = 0.04
    weight_decay: float = 0.02
    dropout: float = 0.15
    label_smoothing: float = 0.0
    epochs: float = 1.0
    ensemble: int = 1
    sparsity: float = 0.0
    by_value: bool = True

    def __post_init__(self) -> None:
        check_choice(self, "activation", tuple(ACTIVATIONS))
        check_choice(self, "numbers", ("periodic", "piecewise_linear", "plain"))
        check_number(self, "frequency", low=0, low_open=True)
        check_integer(self, "bins", low=2)
        check_integer(self, "category_width", low=1)
        check_number(self, "learning_rate", low=0, low_open=True)
        check_number(self, "weight_decay", low=0)
        check_number(self, "dropout", low=0, high=1, high_open=True)
        check_number(self, "label_smoothing", low=0, high=1, high_open=True)
        check_number(self, "epochs", low=0, low_open=True)
        check_integer(self, "ensemble", low=1)
        check_number(self, "sparsity", low=0)
        check_flag(self, "by_value")

    @property
    def cost(self) -> float:
        """About how long a step takes beside that of a usual network."""
        return 1.0 if self.hidden else LINEAR_COST


@dataclass(frozen=True)
class Preset:
    """What an ensemble is made of.

    Parameters
    ----------
    folds, small_folds : int
        Of the cross-validation; 1: one network, with a part of the rows set aside. The latter where rows are few.
    classes, numbers : tuple of tuples of Member
        For a classification and for a regression: for each member the recipes that race for it.
    is_mixed : bool
        Whether the folds take turns with the members; else each member is trained on every fold, and their weights are
        found from out-of-fold predictions.
    steps : int
        Steps of training that are planned for a table of ordinary size.
    """

    folds: int
    small_folds: int
    classes: tuple[tuple[Member, ...], ...]
    numbers: tuple[tuple[Member, ...], ...]
    is_mixed: bool
    steps: int


def _fine_and_coarse(member: Member) -> tuple[tuple[Member, ...], ...]:
    """Return both ways to embed numbers, each coarse and fine."""
    return (
        (replace(member, numbers="piecewise_linear", bins=32), replace(member, numbers="piecewise_linear", bins=128)),
        (replace(member, numbers="periodic", frequency=0.1), replace(member, numbers="periodic", frequency=1.0)),
    )


CLASSES = _fine_and_coarse(Member())
NUMBERS = _fine_and_coarse(Member(activation="mish", learning_rate=0.2, epochs=1.3))
SMALL_TABLE = 2_000
"""Rows up to which every member is trained on every fold, of which there are several: there, chance matters, and
networks are cheap."""

LINEAR = Member(hidden=(), numbers="plain", learning_rate=0.4, dropout=0.0)
"""Where rows are few, a line through the inputs may be all that can be known; it counts as far as it proves good."""

LINEAR_OF_MANY_ROWS = replace(LINEAR, learning_rate=0.1)
"""Among more rows there may still be few for each input, or for each level of a category."""

SPARSE = tuple(
    Member(hidden=(), numbers="plain", learning_rate=0.1, weight_decay=0.0, dropout=0.0, sparsity=sparsity)
    for sparsity in (0.2, 0.07)
)
"""Where inputs are many and rows are few, a line through a few of the inputs may be."""

MANY_INPUTS = 50
MANY_ROWS = 100_000
"""Rows from which on what a line knows, networks know, too."""


def lines_beside(rows: int, inputs: int) -> tuple[Member, ...]:
    """Return the linear networks that stand beside a preset's members in a table with so many rows and inputs.

    Examples
    --------
    >>> len(lines_beside(500, inputs=10)), len(lines_beside(500, inputs=1000)), len(lines_beside(1_000_000, inputs=10))
    (1, 3, 0)
    """
    if is_small(rows):
        return (LINEAR, *SPARSE) if inputs >= MANY_INPUTS else (LINEAR,)
    return () if rows > MANY_ROWS else (LINEAR_OF_MANY_ROWS,)


FIRST_CLASSES, FIRST_NUMBERS = (((kinds[0][0],),) for kinds in (CLASSES, NUMBERS))
THIRD_CLASSES = Member(numbers="periodic", frequency=0.5, activation="silu", dropout=0.3, label_smoothing=0.05)
THIRD_NUMBERS = Member(numbers="piecewise_linear", bins=48, activation="silu", dropout=0.05, learning_rate=0.1)

BEST_CLASSES, BEST_NUMBERS = (*CLASSES, (THIRD_CLASSES,)), (*NUMBERS, (THIRD_NUMBERS,))


def with_values(kinds: Sequence[Sequence[Member]], *, first: bool) -> list[tuple[Member, ...]]:
    """Return kinds in which the first recipe of each races with a look at each value of numbers, and all without.

    Parameters
    ----------
    kinds : sequence of sequences of Member
    first : bool
        Whether those that look stand first: they are taken where there is no race, and the others must be better.
    """
    looking = []
    for kind in kinds:
        without = tuple(replace(member, by_value=False) for member in kind)
        looks = replace(kind[0], by_value=True)
        looking.append((looks, *without) if first else (*without, looks))
    return looking


PRESETS = {
    "fast": Preset(folds=1, small_folds=3, classes=FIRST_CLASSES, numbers=FIRST_NUMBERS, is_mixed=False, steps=1000),
    "default": Preset(folds=5, small_folds=5, classes=CLASSES, numbers=NUMBERS, is_mixed=True, steps=1250),
    "best": Preset(folds=5, small_folds=5, classes=BEST_CLASSES, numbers=BEST_NUMBERS, is_mixed=False, steps=1250),
}
"""Different ways to embed numbers see different things: where one is weak, the other often is not. How fine they must
look differs from table to table; whoever looks too finely learns by heart."""


def is_small(rows: int) -> bool:
    """Tell whether a table has few rows."""
    return rows <= SMALL_TABLE


MOST_EPOCHS = 256
USUAL_LEAST_EPOCHS, LEAST_EPOCHS = 10, 2
ENOUGH_ROWS = 5_000_000
"""Large tables have fewer epochs than usual once a network has seen so many rows, each as often as it did."""
BATCHES = {1_000: 32, 4_000: 64, 100_000: 256}
"""Rows of a batch for tables of up to so many rows; larger tables have the largest."""
LARGEST_BATCH = 1024
USUAL_BATCH = 256


def batch_size(rows: int) -> int:
    """Rows of a batch for a training on so many rows.

    Examples
    --------
    >>> batch_size(10), batch_size(500), batch_size(10_000), batch_size(1_000_000)
    (10, 32, 256, 1024)
    """
    wanted = next((batch for most, batch in BATCHES.items() if rows <= most), LARGEST_BATCH)
    return min(wanted, rows)


def planned_epochs(rows: int, steps: int) -> int:
    """Epochs that make about so many steps, within limits.

    Examples
    --------
    >>> planned_epochs(100, 1250), planned_epochs(10_000, 1250), planned_epochs(1_000_000, 1250)
    (256, 33, 5)
    """
    an_epoch = max(1, rows // batch_size(rows))
    least = min(max(ENOUGH_ROWS // rows, LEAST_EPOCHS), USUAL_LEAST_EPOCHS)
    return min(max(ceil(steps / an_epoch), least), MOST_EPOCHS)


def epochs_of(member: Member, planned: float) -> int:
    """Epochs of a member, where so many are planned."""
    return max(1, round(planned * member.epochs))


def describe_network(
    member: Member,
    inputs: Inputs,
    X: Array | CodedRows,
    outputs: int,
    output: str,
    weight: Array | None = None,
) -> Network:
    """Describe a member's network.

    Parameters
    ----------
    member : Member
    inputs : Inputs
        What the columns of X are.
    X : array or CodedRows of shape (rows, inputs.width)
        From which the edges of piecewise-linear embeddings are taken.
    outputs : int
    output : str
        Output activation.
    weight : array of shape (rows,) or None
        Rows of weight 0 have no say.
    """
    embedding = Embedding(
        numbers=inputs.numeric,
        number_embedding=_number_embedding(member, inputs.numeric, X, weight) if inputs.numeric else None,
        passed=inputs.passed,
        categories=tuple(Category(levels, member.category_width) for levels in inputs.levels),
    )
    activation = ACTIVATIONS[member.activation]
    widths = list(member.hidden)
    if widths:
        widths[0] = min(widths[0], max(NARROWEST, MOST_FIRST_WEIGHTS // embedding.features))
    hidden = tuple(Layer(width, activation, member.dropout, parametric=True) for width in widths)
    is_sparse = member.sparsity > 0
    return Network(
        inputs.width,
        hidden,
        outputs,
        output,
        FromData(zero_last=is_sparse),
        embedding,
        input_scale=not is_sparse,
        parametrization="standard" if is_sparse else "ntk",
        ensemble=Ensemble(member.ensemble) if member.ensemble > 1 else None,
    )


CYCLES = 4
"""Times that the learning rate falls to 0, each about twice as long as the one before."""


def milestones(epochs: int) -> tuple[int, ...]:
    """Return the ends of the last cycles but one: where that brought nothing, the last and longest is left out.

    Examples
    --------
    >>> milestones(43), milestones(2)
    ((9, 21), (1,))
    """
    ends = {ceil(epochs * (2**cycles - 1) / (2**CYCLES - 1)) for cycles in (CYCLES - 2, CYCLES - 1)}
    return tuple(sorted(ends))


FEWEST_STEPS = 50
"""Steps of a first pair of cycles, at least, for what they brought to be more than chance."""


def usable_milestones(epochs: int, rows: int, batch: int) -> tuple[int, ...]:
    """Return the milestones of a training on so many rows; none where so few steps come before that they tell nothing.

    Examples
    --------
    >>> usable_milestones(43, rows=10_000, batch=256), usable_milestones(8, rows=100, batch=32)
    ((9, 21), ())
    """
    ends = milestones(epochs)
    return ends if ends[0] * (rows // batch) >= FEWEST_STEPS else ()


MOST_FIRST_WEIGHTS = 8_000_000
"""The first layer is narrower where it would have more weights: memory stays bounded for 100,000 columns."""

NARROWEST = 16
ROWS_FOR_EDGES = 50_000
"""Rows from which the edges of piecewise-linear embeddings are taken, evenly spaced, where there are more."""

MOST_EMBEDDED = 200
"""Columns of numbers that are embedded; of more, each tells little by itself, and they pass as they are."""


def _number_embedding(
    member: Member, numbers: int, X: Array | CodedRows, weight: Array | None
) -> NumberEmbedding | None:
    if member.numbers == "plain" or numbers > MOST_EMBEDDED:
        return None
    if member.numbers == "periodic":
        return Periodic(frequencies=16, sigma=member.frequency, width=3)
    rows: slice | Array = slice(None, None, max(1, len(X) // ROWS_FOR_EDGES))
    if weight is not None and not weight.all():
        count = np.flatnonzero(weight)
        rows = count[:: max(1, len(count) // ROWS_FOR_EDGES)]
    shares = np.linspace(0, 1, member.bins + 1)
    return PiecewiseLinear(tuple(_edges(X[rows, column], shares) for column in range(numbers)), width=8)


def _edges(column: Array, shares: Array) -> tuple[float, ...]:
    """Return quantiles that differ, two at least."""
    edges = np.unique(np.quantile(column, shares).astype(np.float32))
    edges = edges[np.append(True, np.diff(edges) >= 2 * NARROWEST_BIN)]
    if len(edges) < 2:
        edges = np.array([edges[0] - 1, edges[0] + 1])
    return tuple(float(edge) for edge in edges)


def describe_training(member: Member, loss: Loss, rows: int, epochs: float, monitor: str, *, inputs: int) -> Training:
    """Describe how a member is trained on so many rows of so many inputs."""
    batch = batch_size(rows)
    if isinstance(loss, LogLoss):
        loss = replace(loss, label_smoothing=member.label_smoothing)
    return Training(
        loss,
        AdamW(weight_decay=member.weight_decay, beta_1=0.9, beta_2=0.95),
        learning_rate=member.learning_rate * min(1.0, sqrt(batch / USUAL_BATCH)),
        schedule=LogCosine(CYCLES),
        batch_size=batch,
        l1=_penalty(member, loss, rows, inputs) * batch,
        epochs=epochs_of(member, epochs),
        drop_last=True,
        rates=RATES,
        decays=DECAYS,
        dropout_schedule=FlatCosine(),
        decay_schedule=FlatCosine(),
        dtype="float32",
        stopping=Stopping(
            monitor,
            tolerance=0.0,
            patience=None,
            restore_best=True,
            latest_best=True,
            milestones=usable_milestones(epochs_of(member, epochs), rows, batch),
        ),
    )


def _penalty(member: Member, loss: Loss, rows: int, inputs: int) -> float:
    """Return the L1 penalty of a mean loss: √(2 log inputs / rows) is about the largest gradient by chance alone.

    Where the gradient of a row's loss has a standard deviation of 1; that of the log loss has ½.
    """
    deviation = 0.5 if isinstance(loss, LogLoss) else 1.0
    return member.sparsity * deviation * sqrt(2 * log(max(inputs, 2)) / rows)
