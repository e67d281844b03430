"""The blocks of an explanation that show what a member shares with the others."""

from pellucid.tracing.blocks import MOST_INPUTS, Block, Calculation, View
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.notation import Formula, largest
from pellucid.tracing.sharing_formulas import shared_gradient_formulas, shared_weight_formula

__all__ = ["sharing_backward", "sharing_forward"]


def sharing_forward(view: View) -> list[Block]:
    """Return where the member's weights come from: of each layer some of one neuron's."""
    if view.trace.sharing is None:
        return []
    items = []
    for layer in view.layers:
        neuron, shown = _shown(view, layer)
        formulas = [shared_weight_formula(view.trace, layer, i, neuron) for i in shown]
        items.append(Calculation(f"{layer.name}, neuron {neuron + 1}", formulas))
    return [Block("The member's weights: v = r·w·s, w of all members, r and s its own", items)] if items else []


def sharing_backward(view: View) -> list[Block]:
    """Return what reaches the weights of all members, and the adapters, from the member's."""
    if view.trace.sharing is None or view.trace.sharing.gradients is None:
        return []
    items = []
    for layer in reversed(view.layers):
        neuron, shown = _shown(view, layer)
        formulas: list[Formula] = shared_gradient_formulas(view.trace, layer, shown[0], neuron)
        items.append(Calculation(f"{layer.name}, neuron {neuron + 1}", formulas))
    return [Block("To what the members share: L is the mean of their losses", items)] if items else []


def _shown(view: View, layer: LayerTrace) -> tuple[int, list[int]]:
    """Return a neuron of a layer, and its inputs that are shown."""
    neuron = 0 if view.neuron is None else view.neuron
    sizes = layer.weights[:, neuron] if layer.d_weights is None else layer.d_weights[:, neuron]
    return neuron, largest(sizes, MOST_INPUTS)
