from itertools import pairwise
from math import prod, sqrt
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given

from pellucid.errors import SpecError
from pellucid.spec import (
    OUTPUTS,
    Activation,
    Elu,
    Embedding,
    FromData,
    Initializer,
    Layer,
    LeakyRelu,
    Network,
    Normal,
    Periodic,
    PiecewiseLinear,
    Relu,
    Uniform,
    parameter_count,
    parameter_layout,
)
from strategies import embedded_networks


@pytest.mark.parametrize("union", [Activation, Initializer])
def test_names_are_unique_and_defaults_exist(union: Any) -> None:
    names = [kind().name for kind in get_args(union)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Layer(0), "'width' of Layer must be an integer of at least 1; got 0."),
        (lambda: Layer(True), "'width' of Layer must be an integer"),
        (lambda: Layer(3, "relu"), "'activation' of Layer must be one of Elu,"),
        (lambda: Layer(3, Relu), "'activation' of Layer must be one of Elu,"),
        (
            lambda: Layer(3, dropout=1.0),
            "'dropout' of Layer must be a finite number, at least 0 and less than 1; got 1.0.",
        ),
        (lambda: Layer(3, layer_norm="no"), "'layer_norm' of Layer must be True or False; got 'no'."),
        (lambda: LeakyRelu(1.5), "'slope' of LeakyRelu must be"),
        (lambda: Elu(0), "'alpha' of Elu must be a finite number, greater than 0; got 0."),
        (lambda: Normal(-1), "'std' of Normal must be"),
        (lambda: Uniform(float("nan")), "'bound' of Uniform must be a finite number, at least 0; got nan."),
        (lambda: Network(0, (), 1), "'inputs' of Network"),
        (lambda: Network(1, (), 0), "'outputs' of Network"),
        (lambda: Network(1, [Layer(1)], 1), "'hidden' of Network must be a tuple of Layer; got [Layer("),
        (lambda: Network(1, (3,), 1), "'hidden' of Network must be a tuple of Layer; got (3,)."),
        (lambda: Network(1, (), 1, "softmx"), "got 'softmx'. Did you mean 'softmax'?"),
        (lambda: Layer(3, parametric=1), "'parametric' of Layer must be True or False; got 1."),
        (lambda: FromData(zero_last="no"), "'zero_last' of FromData must be True or False; got 'no'."),
        (lambda: Network(1, (), 1, input_scale=None), "'input_scale' of Network must be True or False; got None."),
        (lambda: Network(1, (), 1, parametrization="ntp"), "got 'ntp'. Did you mean 'ntk'?"),
        (lambda: Network(1, (), 1, embedding="pbld"), "'embedding' of Network must be one of Embedding; got 'pbld'."),
        (
            lambda: Network(2, (), 1, embedding=Embedding(passed=3)),
            "'embedding' of Network must be for its 2 inputs; it is for 3.",
        ),
        (lambda: Network(1, (), 1, initializer="normal"), "'initializer' of Network must be one of FromData,"),
    ],
)
def test_what_cannot_exist(make: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert message in str(caught.value)


def test_numpy_numbers_become_pythons() -> None:
    layer = Layer(np.int64(3), LeakyRelu(np.float32(0.5)), dropout=np.float64(0.25), layer_norm=np.True_)
    assert [type(value) for value in (layer.width, layer.activation.slope, layer.dropout)] == [int, float, float]
    assert layer.layer_norm is True


def test_outputs_are_named() -> None:
    for output in OUTPUTS:
        assert Network(1, (), 1, output).output == output


@given(embedded_networks())
def test_layout_covers_the_vector_once_in_order(network: Network) -> None:
    layout = parameter_layout(network)
    stop = 0
    for block in layout:
        assert block.start == stop
        assert block.stop - block.start == prod(block.shape)
        stop = block.stop
    assert stop == parameter_count(network)
    roles = [block.role for block in layout]
    order = ["weights", "bias", "gain", "shift", "scale", "input_adapters", "output_adapters", "slope"]
    order += ["frequencies", "phases", "number_weights", "number_bias", "levels"]
    assert roles == sorted(roles, key=order.index)

    features = network.inputs if network.embedding is None else network.embedding.features
    widths = (features, *(layer.width for layer in network.hidden), network.outputs)
    assert network.widths == widths
    assert network.features == features
    by_role = {role: [block for block in layout if block.role == role] for role in order}
    shapes = {role: [block.shape for block in blocks] for role, blocks in by_role.items()}
    own = () if network.ensemble is None else (network.ensemble.members,)
    own_bias = own if network.ensemble and network.ensemble.adapters == "all" else ()
    pairs = list(pairwise(widths))
    assert shapes["weights"] == [*pairs[:-1], (*own, *pairs[-1])]
    assert shapes["bias"] == [*((*own_bias, width) for width in widths[1:-1]), (*own, widths[-1])]
    hidden = widths[1:-1] if own_bias else ()
    assert shapes["output_adapters"] == [(*own, width) for width in hidden]
    assert shapes["input_adapters"] == [(*own, width) for width in widths[: max(1, len(hidden))]] * bool(own)
    for asks, its in (("layer_norm", ("gain", "shift")), ("parametric", ("slope",))):
        layers = [(i, (layer.width,)) for i, layer in enumerate(network.hidden) if getattr(layer, asks)]
        for role in its:
            assert [(block.layer, block.shape) for block in by_role[role]] == layers
    assert shapes["scale"] == [(features,)] * network.input_scale
    embedding = network.embedding or Embedding(passed=1)
    assert shapes["levels"] == [(category.levels, category.width) for category in embedding.categories]
    numbers, kind = embedding.numbers, embedding.number_embedding if embedding.numbers else None
    match kind:
        case None:
            assert not shapes["number_weights"] + shapes["number_bias"] + shapes["frequencies"] + shapes["phases"]
        case Periodic(frequencies=frequencies, width=width):
            assert shapes["frequencies"] == shapes["phases"] == [(numbers, frequencies)]
            assert shapes["number_weights"] == [(numbers, frequencies, width)]
            assert shapes["number_bias"] == [(numbers, width)]
        case PiecewiseLinear(edges=edges, width=width):
            assert shapes["number_weights"] == [(len(column) - 1, width) for column in edges]
            assert shapes["number_bias"] == [(numbers, width)]


@given(embedded_networks())
def test_the_weight_factor_is_one_over_the_root_of_what_a_neuron_sees(network: Network) -> None:
    for layer, fan_in in enumerate(network.widths[:-1]):
        standard = network.parametrization == "standard"
        assert network.weight_factor(layer) == (1.0 if standard else 1 / sqrt(fan_in))
