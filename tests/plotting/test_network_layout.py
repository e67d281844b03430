import itertools

import pytest

from pellucid.plotting.network_layout import columns, layer_names, shown_neurons


def test_layer_names():
    assert layer_names(1) == ("inputs", "output")
    assert layer_names(2) == ("inputs", "hidden layer", "output")
    assert layer_names(3) == ("inputs", "hidden layer 1", "hidden layer 2", "output")


@pytest.mark.parametrize(
    ("count", "most", "shown"),
    [(3, 3, [0, 1, 2]), (4, 3, [0, 3]), (64, 6, [0, 1, 2, 62, 63]), (64, 5, [0, 1, 62, 63]), (1, 16, [0])],
)
def test_shown_neurons(count, most, shown):
    assert shown_neurons(count, most).tolist() == shown


@pytest.mark.parametrize("width", [1, 2, 5, 16, 17, 100])
def test_columns_are_centred_and_do_not_overlap(width):
    for column in columns((width, 10), most=16):
        heights = sorted([*column.y, *([] if column.gap is None else [column.gap])])
        assert heights[0] == pytest.approx(-heights[-1])
        assert all(above - below >= 1 for below, above in itertools.pairwise(heights))


def test_only_wide_layers_have_a_gap_between_their_halves():
    narrow, wide = columns((16, 17), most=16)
    assert narrow.gap is None
    assert wide.count == 17
    assert wide.neurons.tolist() == [*range(8), *range(10, 17)]
    assert wide.y[7] > wide.gap > wide.y[8]


def test_layers_stand_side_by_side():
    assert [column.x for column in columns((2, 3, 1), most=16)] == [0.0, 3.0, 6.0]
