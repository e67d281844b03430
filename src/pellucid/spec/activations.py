"""Activations: what a neuron makes of its weighted sum z."""

from dataclasses import dataclass
from typing import ClassVar

from pellucid.spec.checks import check_number

__all__ = [
    "Activation",
    "Elu",
    "Gelu",
    "Identity",
    "LeakyRelu",
    "Logistic",
    "Mish",
    "Relu",
    "Selu",
    "Silu",
    "Softplus",
    "Tanh",
]


@dataclass(frozen=True)
class Identity:
    """g(z) = z."""

    name: ClassVar[str] = "identity"


@dataclass(frozen=True)
class Logistic:
    """g(z) = 1 / (1 + exp(-z)), the sigmoid."""

    name: ClassVar[str] = "logistic"


@dataclass(frozen=True)
class Tanh:
    """g(z) = tanh(z)."""

    name: ClassVar[str] = "tanh"


@dataclass(frozen=True)
class Relu:
    """g(z) = max(0, z)."""

    name: ClassVar[str] = "relu"


@dataclass(frozen=True)
class LeakyRelu:
    """g(z) = z for z > 0, else slope * z."""

    name: ClassVar[str] = "leaky_relu"
    slope: float = 0.01

    def __post_init__(self) -> None:
        check_number(self, "slope", low=0, high=1)


@dataclass(frozen=True)
class Elu:
    """g(z) = z for z > 0, else alpha * (exp(z) - 1)."""

    name: ClassVar[str] = "elu"
    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "alpha", low=0, low_open=True)


@dataclass(frozen=True)
class Selu:
    """The self-normalising ELU (Klambauer et al., 2017)."""

    name: ClassVar[str] = "selu"


@dataclass(frozen=True)
class Softplus:
    """g(z) = log(1 + exp(z))."""

    name: ClassVar[str] = "softplus"


@dataclass(frozen=True)
class Gelu:
    """g(z) = z * Phi(z), Phi the normal distribution function (exact, not the tanh approximation)."""

    name: ClassVar[str] = "gelu"


@dataclass(frozen=True)
class Silu:
    """g(z) = z / (1 + exp(-z)), also called swish."""

    name: ClassVar[str] = "silu"


@dataclass(frozen=True)
class Mish:
    """g(z) = z * tanh(log(1 + exp(z)))."""

    name: ClassVar[str] = "mish"


Activation = Identity | Logistic | Tanh | Relu | LeakyRelu | Elu | Selu | Softplus | Gelu | Silu | Mish
