"""Ensembles whose members share one network's weights."""

from dataclasses import dataclass

from pellucid.spec.checks import check_choice, check_integer

__all__ = ["Ensemble"]


@dataclass(frozen=True)
class Ensemble:
    """Members that share the weights of the hidden layers and differ in little else (TabM; Gorishniy et al., 2025).

    Each member m has an output layer of its own, and adapters: with 'all', every hidden layer computes
    ((x ∘ r_m) W) ∘ s_m + b_m, r, s and b of the member and W of all; with 'first' (TabM-mini), only what the first
    layer sees is multiplied by r_m. They are trained for the mean of their losses; the prediction is the mean of their
    predictions.

    Parameters
    ----------
    members : int
        At least 1.
    adapters : {'all', 'first'}
    start : {'signs', 'normal'}
        What the adapters of the first layer's inputs begin with: one draw for a member and a column of X, either +1 or
        -1, or standard normal. All other adapters begin with 1.

    Examples
    --------
    >>> from pellucid.spec import Ensemble, Layer, Network, parameter_count
    >>> parameter_count(Network(4, (Layer(16),), 1)), parameter_count(Network(4, (Layer(16),), 1, ensemble=Ensemble(8)))
    (97, 488)
    """

    members: int = 32
    adapters: str = "all"
    start: str = "signs"

    def __post_init__(self) -> None:
        check_integer(self, "members", low=1)
        check_choice(self, "adapters", ("all", "first"))
        check_choice(self, "start", ("signs", "normal"))
