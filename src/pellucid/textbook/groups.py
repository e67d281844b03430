"""Groups of parameters: each may have a learning rate and a decay of its own."""

from dataclasses import dataclass

from pellucid.spec import Factors, Network, parameter_layout

__all__ = ["ParameterGroup", "parameter_groups"]


@dataclass(frozen=True)
class ParameterGroup:
    """A piece of the parameter vector, start to stop, and what its learning rate and decay are multiplied by."""

    start: int
    stop: int
    rate: float = 1.0
    decay: float = 1.0


def parameter_groups(network: Network, rates: Factors, decays: Factors) -> tuple[ParameterGroup, ...]:
    """Cut the parameter vector where a factor changes.

    Examples
    --------
    >>> from pellucid.spec import WEIGHTS_ONLY, Factors, Layer, Network
    >>> parameter_groups(Network(2, (Layer(3),), 1), Factors(bias=0.1), WEIGHTS_ONLY)
    (ParameterGroup(start=0, stop=9, rate=1.0, decay=1.0), ParameterGroup(start=9, stop=13, rate=0.1, decay=0.0))
    """
    groups: list[ParameterGroup] = []
    for block in parameter_layout(network):
        group = ParameterGroup(block.start, block.stop, rates.of(block.role), decays.of(block.role))
        if groups and (groups[-1].rate, groups[-1].decay) == (group.rate, group.decay):
            group = ParameterGroup(groups.pop().start, group.stop, group.rate, group.decay)
        groups.append(group)
    return tuple(groups)
