"""A member of an ensemble that shares weights: a plain network whose weights v come from w of all, r and s of its own.

A layer of the member computes ((x ∘ r) W) ∘ s + b, that is x V + b with v = r·w·s. So the member is traced as the plain
network that it is, and the chain rule leads from ∂L/∂v to w, r and s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.spec import Loss, Network
from pellucid.textbook.activations import activation_rule
from pellucid.textbook.arrays import Array
from pellucid.textbook.ensembles import member_parameters
from pellucid.textbook.losses import loss_rows, mean_loss
from pellucid.textbook.network import Batch, LayerPass, backward
from pellucid.textbook.parameters import Parameters

__all__ = ["SharingTrace", "member_gradients", "member_passes", "trace_sharing"]


@dataclass(frozen=True, eq=False)
class SharingTrace:
    """What ties a traced member to the other members.

    Attributes
    ----------
    part : int
        The member, from 0.
    members : int
    losses : array of shape (members,) or None
        Each member's loss, without penalties; L is their mean, and the penalties. None without targets.
    gradients : Parameters or None
        ∂L/∂ of this member's plain network, of its own loss: its weights' are ∂L/∂v.
    """

    part: int
    members: int
    losses: Array | None
    gradients: Parameters | None


def member_passes(network: Network, passes: Sequence[LayerPass], part: int) -> list[LayerPass]:
    """Return what the layers of one member did; without an ensemble, what all layers did."""
    count = len(network.hidden) + 1
    return list(passes[part * count : (part + 1) * count])


def trace_sharing(
    network: Network, passes: Sequence[LayerPass], loss: Loss, data: Batch, gradients: Parameters | None, part: int
) -> SharingTrace | None:
    """Put together what ties a member to the others; None without an ensemble.

    Parameters
    ----------
    network : Network
    passes : list of LayerPass
        Of all members, from the engine.
    loss : Loss
    data : Batch
    gradients : Parameters or None
        From `member_gradients`.
    part : int
    """
    if network.ensemble is None:
        return None
    members = network.ensemble.members
    losses = None
    if gradients is not None:
        last = [member_passes(network, passes, member)[-1] for member in range(members)]
        of_rows = [loss_rows(loss, network.output, each.pre_activation, each.activation, data.targets) for each in last]
        losses = np.array([mean_loss(rows, data.sample_weight) for rows in of_rows])
    return SharingTrace(part, members, losses, gradients)


def member_gradients(
    network: Network, parameters: Parameters, passes: Sequence[LayerPass], data: Batch, part: int
) -> Parameters:
    """Return the gradients of one member's own mean loss by what its plain network learns, without penalties.

    The chain rule through the engine's passes. Divided by the number of members, they are its part of the ensemble's.
    """
    own = member_parameters(network, parameters, part)
    member, gradients = network.member, Parameters.empty(network.member, parameters.vector.dtype)
    done = [_with_bend(member, own, index, each) for index, each in enumerate(member_passes(network, passes, part))]
    delta = done[-1].delta
    assert delta is not None  # noqa: S101 - not asked without targets
    backward(member, own, done, delta.copy(), gradients, data.inputs)
    total = data.total_weight
    gradients.vector *= 1 / total if total > 0 else 0.0
    return gradients


def _with_bend(network: Network, parameters: Parameters, index: int, done: LayerPass) -> LayerPass:
    """Return a pass of its own, with what a parametric activation needs on the way back."""
    bend = None
    if parameters.slope[index] is not None:
        z = done.pre_activation
        bend = np.asarray(activation_rule(network.hidden[index].activation).function(z)) - z
    return replace(done, bend=bend)
