"""Initialisers: the parameters that a training begins with."""

from dataclasses import dataclass
from typing import ClassVar

from pellucid.spec.checks import check_flag, check_number

__all__ = [
    "FromData",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Normal",
    "ScikitLearn",
    "Uniform",
    "Zeros",
]


@dataclass(frozen=True)
class ScikitLearn:
    """Weights and biases uniform in ±sqrt(factor / (fan_in + fan_out)).

    scikit-learn's factor is 2 where its activation is the logistic function, else 6.
    """

    name: ClassVar[str] = "sklearn"
    factor: float = 6.0

    def __post_init__(self) -> None:
        check_number(self, "factor", low=0)


@dataclass(frozen=True)
class GlorotUniform:
    """Weights uniform in ±sqrt(6 / (fan_in + fan_out)), biases 0 (Glorot & Bengio, 2010)."""

    name: ClassVar[str] = "glorot_uniform"


@dataclass(frozen=True)
class GlorotNormal:
    """Weights normal with variance 2 / (fan_in + fan_out), biases 0 (Glorot & Bengio, 2010)."""

    name: ClassVar[str] = "glorot_normal"


@dataclass(frozen=True)
class HeUniform:
    """Weights uniform in ±sqrt(6 / fan_in), biases 0 (He et al., 2015)."""

    name: ClassVar[str] = "he_uniform"


@dataclass(frozen=True)
class HeNormal:
    """Weights normal with variance 2 / fan_in, biases 0 (He et al., 2015)."""

    name: ClassVar[str] = "he_normal"


@dataclass(frozen=True)
class LecunUniform:
    """Weights uniform in ±sqrt(3 / fan_in), biases 0 (LeCun et al., 1998)."""

    name: ClassVar[str] = "lecun_uniform"


@dataclass(frozen=True)
class LecunNormal:
    """Weights normal with variance 1 / fan_in, biases 0 (LeCun et al., 1998)."""

    name: ClassVar[str] = "lecun_normal"


@dataclass(frozen=True)
class Normal:
    """Weights normal with the given standard deviation, biases 0."""

    name: ClassVar[str] = "normal"
    std: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "std", low=0)


@dataclass(frozen=True)
class Uniform:
    """Weights uniform in ±bound, biases 0."""

    name: ClassVar[str] = "uniform"
    bound: float = 0.1

    def __post_init__(self) -> None:
        check_number(self, "bound", low=0)


@dataclass(frozen=True)
class Zeros:
    """Everything 0: every neuron of a layer learns the same. For lessons."""

    name: ClassVar[str] = "zeros"


@dataclass(frozen=True)
class FromData:
    """Weights and biases that suit the training rows, layer by layer (Holzmüller et al., 2024).

    A layer's weights are standard normal, each neuron's divided by the standard deviation of its weighted sums over the
    rows; its bias is minus a random mean of its weighted sums at five rows. So every neuron begins with weighted sums
    of standard deviation 1, and its bend within the data.

    Parameters
    ----------
    zero_last : bool
        Begin with an output layer of zeros.
    """

    name: ClassVar[str] = "from_data"
    zero_last: bool = False

    def __post_init__(self) -> None:
        check_flag(self, "zero_last")


Initializer = (
    ScikitLearn
    | GlorotUniform
    | GlorotNormal
    | HeUniform
    | HeNormal
    | LecunUniform
    | LecunNormal
    | Normal
    | Uniform
    | Zeros
    | FromData
)
