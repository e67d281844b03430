import numpy as np
import pytest
import sklearn.utils

from pellucid.training.streams import RowOrder, seeded_stream, streams, weights_stream


def test_streams_repeat_and_differ():
    one, two, other = streams(7), streams(7), streams(8)
    assert one.dropout_key == two.dropout_key != other.dropout_key
    first = one.shuffling.randint(1 << 30)
    assert first == two.shuffling.randint(1 << 30) != other.shuffling.randint(1 << 30)
    assert weights_stream(7).randint(1 << 30) == weights_stream(7).randint(1 << 30) != first


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_seeded_streams_are_numpys(seed):
    ours, numpys = seeded_stream(seed), np.random.RandomState(seed)
    for known, wanted in zip(ours.get_state(), numpys.get_state(), strict=True):
        np.testing.assert_array_equal(known, wanted)
    np.testing.assert_array_equal(ours.standard_normal(3), numpys.standard_normal(3))


def test_row_order_is_sklearns_shuffle_of_the_order_before():
    order = RowOrder(50, np.random.RandomState(3))
    random, expected = np.random.RandomState(3), np.arange(50)
    for _ in range(4):
        expected = sklearn.utils.shuffle(expected, random_state=random)
        np.testing.assert_array_equal(order.shuffle(), expected)
