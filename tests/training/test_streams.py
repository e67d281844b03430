import numpy as np
import sklearn.utils

from pellucid.training.streams import RowOrder, streams, weights_stream


def test_streams_repeat_and_differ():
    one, two, other = streams(7), streams(7), streams(8)
    assert one.dropout_key == two.dropout_key != other.dropout_key
    first = one.shuffling.randint(1 << 30)
    assert first == two.shuffling.randint(1 << 30) != other.shuffling.randint(1 << 30)
    assert weights_stream(7).randint(1 << 30) == weights_stream(7).randint(1 << 30) != first


def test_row_order_is_sklearns_shuffle_of_the_order_before():
    order = RowOrder(50, np.random.RandomState(3))
    random, expected = np.random.RandomState(3), np.arange(50)
    for _ in range(4):
        expected = sklearn.utils.shuffle(expected, random_state=random)
        np.testing.assert_array_equal(order.shuffle(), expected)
