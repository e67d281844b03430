"""What a training IS: loss, optimiser, schedule, penalties, batches, stopping."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, get_args

from pellucid.errors import SpecError
from pellucid.spec.checks import check_choice, check_flag, check_integer, check_kind, check_number, shown

__all__ = [
    "WEIGHTS_ONLY",
    "AbsoluteError",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adaptive",
    "Constant",
    "Cosine",
    "Exponential",
    "Factors",
    "FlatCosine",
    "GradientDescent",
    "Huber",
    "InvScaling",
    "Lbfgs",
    "LogCosine",
    "LogLoss",
    "Loss",
    "Momentum",
    "Nesterov",
    "OneCycle",
    "Optimizer",
    "Poisson",
    "Quantile",
    "RMSprop",
    "Schedule",
    "ShareSchedule",
    "SquaredError",
    "Step",
    "Stopping",
    "Training",
]


# --- losses: per row, summed over the outputs; then the weighted mean (or sum) over the rows --------------------------


@dataclass(frozen=True)
class SquaredError:
    """½ (prediction - y)²."""

    name: ClassVar[str] = "squared_error"


@dataclass(frozen=True)
class AbsoluteError:
    """|prediction - y|."""

    name: ClassVar[str] = "absolute_error"


@dataclass(frozen=True)
class Huber:
    """½ r² for |r| <= delta, else delta (|r| - ½ delta), with r = prediction - y (Huber, 1964)."""

    name: ClassVar[str] = "huber"
    delta: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "delta", low=0, low_open=True)


@dataclass(frozen=True)
class Quantile:
    """level · (y - prediction) where y lies above, (1 - level) · (prediction - y) below: the pinball loss."""

    name: ClassVar[str] = "quantile"
    level: float = 0.5

    def __post_init__(self) -> None:
        check_number(self, "level", low=0, high=1, low_open=True, high_open=True)


@dataclass(frozen=True)
class Poisson:
    """Half the Poisson deviance, y log(y / prediction) - y + prediction; the output is an exponential."""

    name: ClassVar[str] = "poisson"


@dataclass(frozen=True)
class LogLoss:
    """Cross-entropy: binary for a logistic output, multinomial for a softmax.

    `label_smoothing` s replaces a target t by (1 - s) t + s / K, K = 2 for a logistic output. With `clipped` the loss
    takes a probability as no closer to 0 and 1 than the dtype's epsilon, as scikit-learn does: it is at most 36.04 for
    an output in float64, 15.94 in float32. The gradient stays the exact one.
    """

    name: ClassVar[str] = "log_loss"
    label_smoothing: float = 0.0
    clipped: bool = False

    def __post_init__(self) -> None:
        check_number(self, "label_smoothing", low=0, high=1, high_open=True)
        check_flag(self, "clipped")


Loss = SquaredError | AbsoluteError | Huber | Quantile | Poisson | LogLoss


# --- optimisers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GradientDescent:
    """θ ← θ - η g."""

    name: ClassVar[str] = "gradient_descent"


@dataclass(frozen=True)
class Momentum:
    """v ← μ v - η g; θ ← θ + v."""

    name: ClassVar[str] = "momentum"
    momentum: float = 0.9

    def __post_init__(self) -> None:
        check_number(self, "momentum", low=0, high=1)


@dataclass(frozen=True)
class Nesterov:
    """v ← μ v - η g; θ ← θ + μ v - η g (the form of Sutskever et al., 2013)."""

    name: ClassVar[str] = "nesterov"
    momentum: float = 0.9

    def __post_init__(self) -> None:
        check_number(self, "momentum", low=0, high=1)


@dataclass(frozen=True)
class Adagrad:
    """s ← s + g²; θ ← θ - η g / (√s + ε) (Duchi et al., 2011)."""

    name: ClassVar[str] = "adagrad"
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_number(self, "epsilon", low=0, low_open=True)


@dataclass(frozen=True)
class RMSprop:
    """s ← ρ s + (1 - ρ) g²; θ ← θ - η g / (√s + ε) (Tieleman & Hinton, 2012)."""

    name: ClassVar[str] = "rmsprop"
    decay: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_number(self, "decay", low=0, high=1, high_open=True)
        check_number(self, "epsilon", low=0, low_open=True)


@dataclass(frozen=True)
class Adam:
    """m, s: running means of g and g²; θ ← θ - η √(1 - β₂ᵗ)/(1 - β₁ᵗ) · m / (√s + ε) (Kingma & Ba, 2015)."""

    name: ClassVar[str] = "adam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_number(self, "beta_1", low=0, high=1, high_open=True)
        check_number(self, "beta_2", low=0, high=1, high_open=True)
        check_number(self, "epsilon", low=0, low_open=True)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled decay: weights ← weights · (1 - η · weight_decay), then Adam's step (Loshchilov & Hutter)."""

    name: ClassVar[str] = "adamw"
    weight_decay: float = 0.01
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_number(self, "weight_decay", low=0)
        check_number(self, "beta_1", low=0, high=1, high_open=True)
        check_number(self, "beta_2", low=0, high=1, high_open=True)
        check_number(self, "epsilon", low=0, low_open=True)


@dataclass(frozen=True)
class Lbfgs:
    """L-BFGS on the whole training set (SciPy's L-BFGS-B). One iteration counts as one epoch."""

    name: ClassVar[str] = "lbfgs"
    max_fun: int = 15000

    def __post_init__(self) -> None:
        check_integer(self, "max_fun", low=1)


Optimizer = GradientDescent | Momentum | Nesterov | Adagrad | RMSprop | Adam | AdamW | Lbfgs


# --- learning-rate schedules ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Constant:
    """η stays."""

    name: ClassVar[str] = "constant"


@dataclass(frozen=True)
class InvScaling:
    """After each epoch η = η₀ / (t + 1)^power, t the rows seen so far (scikit-learn's rule)."""

    name: ClassVar[str] = "invscaling"
    power: float = 0.5

    def __post_init__(self) -> None:
        check_number(self, "power", low=0)


@dataclass(frozen=True)
class Adaptive:
    """When training would stop for want of improvement, divide η by `factor` and go on, until η <= `minimum`."""

    name: ClassVar[str] = "adaptive"
    factor: float = 5.0
    minimum: float = 1e-6

    def __post_init__(self) -> None:
        check_number(self, "factor", low=1, low_open=True)
        check_number(self, "minimum", low=0)


@dataclass(frozen=True)
class Step:
    """Every `every` epochs multiply η by `factor`."""

    name: ClassVar[str] = "step"
    every: int = 30
    factor: float = 0.1

    def __post_init__(self) -> None:
        check_integer(self, "every", low=1)
        check_number(self, "factor", low=0, high=1, low_open=True)


@dataclass(frozen=True)
class Exponential:
    """Each epoch multiply η by `factor`."""

    name: ClassVar[str] = "exponential"
    factor: float = 0.95

    def __post_init__(self) -> None:
        check_number(self, "factor", low=0, high=1, low_open=True)


@dataclass(frozen=True)
class Cosine:
    """Rise linearly over the first `warmup` share of all steps, then fall as a half cosine to `final` · η₀.

    Follows the steps, not the epochs (Loshchilov & Hutter, 2017).
    """

    name: ClassVar[str] = "cosine"
    warmup: float = 0.0
    final: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, "warmup", low=0, high=1, high_open=True)
        check_number(self, "final", low=0, high=1)


@dataclass(frozen=True)
class OneCycle:
    """Rise from η₀ / start_factor to η₀ over `warmup` of all steps, fall to η₀ / (start_factor · final_factor).

    Both ways as half cosines, step by step (Smith & Topin, 2018).
    """

    name: ClassVar[str] = "one_cycle"
    warmup: float = 0.3
    start_factor: float = 25.0
    final_factor: float = 1e4

    def __post_init__(self) -> None:
        check_number(self, "warmup", low=0, high=1, high_open=True)
        check_number(self, "start_factor", low=1)
        check_number(self, "final_factor", low=1)


@dataclass(frozen=True)
class FlatCosine:
    """η₀ for the first half of all steps, then half a cosine down to 0."""

    name: ClassVar[str] = "flat_cosine"


@dataclass(frozen=True)
class LogCosine:
    """η = η₀ · ½ (1 - cos(2π log₂(1 + (2^cycles - 1) t))), t the share of all steps done (Holzmüller et al., 2024).

    Waves from 0 to η₀ and back, each twice as long as the one before.
    """

    name: ClassVar[str] = "log_cosine"
    cycles: int = 4

    def __post_init__(self) -> None:
        check_integer(self, "cycles", low=1)


Schedule = Constant | InvScaling | Adaptive | Step | Exponential | Cosine | OneCycle | FlatCosine | LogCosine

ShareSchedule = Constant | Cosine | OneCycle | FlatCosine | LogCosine
"""Those that follow the share of all steps done."""


# --- groups of parameters ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Factors:
    """A factor for each group of a network's parameters, each at least 0.

    Parameters
    ----------
    weights, bias : float
    norm : float
        Gains and shifts of layer normalisation.
    scale : float
        The scale of the inputs, and the adapters of an ensemble.
    slope : float
        The slopes of parametric activations.
    numbers, categories : float
        All that the embedding of numbers trains, and the vectors of the categories' levels.
    """

    weights: float = 1.0
    bias: float = 1.0
    norm: float = 1.0
    scale: float = 1.0
    slope: float = 1.0
    numbers: float = 1.0
    categories: float = 1.0

    def __post_init__(self) -> None:
        for group in ("weights", "bias", "norm", "scale", "slope", "numbers", "categories"):
            check_number(self, group, low=0)

    def of(self, role: str) -> float:
        """Return the factor of the parameters with this role in the layout.

        Examples
        --------
        >>> from pellucid.spec import Factors
        >>> Factors(numbers=0.1).of("phases")
        0.1
        """
        match role:
            case "weights" | "bias" | "scale" | "slope":
                return float(getattr(self, role))
            case "gain" | "shift":
                return self.norm
            case "input_adapters" | "output_adapters":
                return self.scale
            case "levels":
                return self.categories
        return self.numbers


WEIGHTS_ONLY = Factors(bias=0, norm=0, scale=0, slope=0, numbers=0, categories=0)
"""1 for the weights, 0 for all else."""


# --- the training -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stopping:
    """When training ends before its last epoch.

    Parameters
    ----------
    monitor : {'loss', 'validation_score', 'validation_loss'}
        What is watched: the training loss, or the score or loss on the validation rows.
    tolerance : float
        Least improvement that counts.
    patience : int or None
        Training stops when more than this many epochs in a row brought no improvement; None: never.
    restore_best : bool
        End with the parameters of the best epoch of the monitored quantity instead of the last ones.
    latest_best : bool
        Of epochs that are equally good, the latest is the best, instead of the first.
    milestones : tuple of int
        Numbers of epochs, increasing, after each of which training ends unless it has improved since the one before.
        For a schedule whose learning rate falls again and again: only at the end of a fall does it tell.
    """

    monitor: str = "loss"
    tolerance: float = 1e-4
    patience: int | None = 10
    restore_best: bool = False
    latest_best: bool = False
    milestones: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_choice(self, "monitor", ("loss", "validation_score", "validation_loss"))
        check_number(self, "tolerance", low=0)
        check_integer(self, "patience", low=1, optional=True)
        check_flag(self, "restore_best")
        check_flag(self, "latest_best")
        is_tuple = isinstance(self.milestones, tuple) and all(type(each) is int for each in self.milestones)
        if not is_tuple or any(low >= high for low, high in pairwise((0, *self.milestones))):
            raise SpecError(
                "'milestones' of Stopping must be a tuple of numbers of epochs, each larger than the one before; "
                f"got {shown(self.milestones)}."
            )


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Parameters
    ----------
    loss : Loss
    optimizer : Optimizer
    learning_rate : float
        η₀, greater than 0.
    schedule : Schedule
    l1, l2 : float
        Penalties l1 · Σ|w| and ½ · l2 · Σ w² on all weights (biases carry none), divided by the batch's sum of
        sample weights under ``reduction='mean'`` (as scikit-learn does), whole under ``'sum'``.
    clip_norm : float or None
        Scale a gradient down to this Euclidean norm where it is longer.
    batch_size : int or None
        Rows a step; None: all rows.
    epochs : int
    shuffle : bool
        Draw the rows in a new order each epoch.
    reduction : {'mean', 'sum'}
        Whether the gradient is that of the mean or the sum of the rows' losses. The loss reported is always a mean.
    stopping : Stopping
    dtype : {'float64', 'float32'}
    drop_last : bool
        Leave out an epoch's last rows where they do not fill a batch (unless there is only that one).
    rates : Factors
        What the learning rate is multiplied by, by group of parameters.
    decays : Factors
        What AdamW's decay is multiplied by, by group of parameters.
    dropout_schedule, decay_schedule : Constant, Cosine, OneCycle, FlatCosine or LogCosine
        What the dropout rates and AdamW's decay are multiplied by as training goes on, beginning from 1.
    average : float
        β in [0, 1): after each step t the averaged parameters take in the new ones, θ̄ ← β̂ θ̄ + (1 - β̂) θ with
        β̂ = min(β, (1 + t) / (10 + t)). Validation and the trained network use θ̄. 0: no averaging.

    Examples
    --------
    >>> from pellucid.spec import Adam, LogLoss, Training
    >>> Training(LogLoss(), Adam(), learning_rate=0.01, batch_size=200).epochs
    200
    """

    loss: Loss
    optimizer: Optimizer = field(default_factory=Adam)
    learning_rate: float = 1e-3
    schedule: Schedule = field(default_factory=Constant)
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float | None = None
    batch_size: int | None = None
    epochs: int = 200
    shuffle: bool = True
    reduction: str = "mean"
    stopping: Stopping = field(default_factory=Stopping)
    dtype: str = "float64"
    drop_last: bool = False
    rates: Factors = field(default_factory=Factors)
    decays: Factors = WEIGHTS_ONLY
    dropout_schedule: ShareSchedule = field(default_factory=Constant)
    decay_schedule: ShareSchedule = field(default_factory=Constant)
    average: float = 0.0

    def __post_init__(self) -> None:
        check_kind(self, "loss", get_args(Loss))
        check_kind(self, "optimizer", get_args(Optimizer))
        check_kind(self, "schedule", get_args(Schedule))
        check_kind(self, "stopping", (Stopping,))
        check_number(self, "learning_rate", low=0, low_open=True)
        check_number(self, "l1", low=0)
        check_number(self, "l2", low=0)
        if self.clip_norm is not None:
            check_number(self, "clip_norm", low=0, low_open=True)
        check_integer(self, "batch_size", low=1, optional=True)
        check_integer(self, "epochs", low=1)
        check_flag(self, "shuffle")
        check_choice(self, "reduction", ("mean", "sum"))
        check_choice(self, "dtype", ("float64", "float32"))
        check_flag(self, "drop_last")
        check_kind(self, "rates", (Factors,))
        check_kind(self, "decays", (Factors,))
        check_kind(self, "dropout_schedule", get_args(ShareSchedule))
        check_kind(self, "decay_schedule", get_args(ShareSchedule))
        check_number(self, "average", low=0, high=1, high_open=True)
