from itertools import pairwise
from math import prod
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given

from pellucid.errors import SpecError
from pellucid.spec import (
    OUTPUTS,
    Activation,
    Elu,
    Initializer,
    Layer,
    LeakyRelu,
    Network,
    Normal,
    Relu,
    Uniform,
    parameter_count,
    parameter_layout,
)
from strategies import networks


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
        (lambda: Network(1, (), 1, initializer="normal"), "'initializer' of Network must be one of GlorotNormal,"),
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


@given(networks())
def test_layout_covers_the_vector_once_in_order(network: Network) -> None:
    layout = parameter_layout(network)
    stop = 0
    for block in layout:
        assert block.start == stop
        assert block.stop - block.start == prod(block.shape)
        stop = block.stop
    assert stop == parameter_count(network)
    roles = [block.role for block in layout]
    assert roles == sorted(roles, key=["weights", "bias", "gain", "shift"].index)

    widths = (network.inputs, *(layer.width for layer in network.hidden), network.outputs)
    assert network.widths == widths
    by_role = {role: [block for block in layout if block.role == role] for role in set(roles)}
    assert [block.shape for block in by_role["weights"]] == list(pairwise(widths))
    assert [block.shape for block in by_role["bias"]] == [(width,) for width in widths[1:]]
    normalised = [(index, (layer.width,)) for index, layer in enumerate(network.hidden) if layer.layer_norm]
    for role in ("gain", "shift"):
        assert [(block.layer, block.shape) for block in by_role.get(role, [])] == normalised
