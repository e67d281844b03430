import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.tables import split_rows


@given(st.integers(2, 200), st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
def test_every_row_is_on_one_side(rows, share, seed):
    kept, held_out = split_rows(rows, share, seed)
    assert np.array_equal(np.sort(np.concatenate([kept, held_out])), np.arange(rows))
    assert len(held_out) == min(max(round(rows * share), 1), rows - 1)


@given(st.lists(st.integers(0, 4), min_size=10, max_size=200), st.floats(0.05, 0.6))
def test_classes_keep_their_shares(classes, share):
    classes = np.array(classes)
    kept, held_out = split_rows(len(classes), share, 0, classes)
    assert set(classes[kept]) == set(classes)
    for each in set(classes):
        size = (classes == each).sum()
        assert abs((classes[held_out] == each).sum() - len(held_out) * size / len(classes)) <= 2


def test_seeds():
    assert np.array_equal(split_rows(100, 0.3, 1)[1], split_rows(100, 0.3, 1)[1])
    assert not np.array_equal(split_rows(100, 0.3, 1)[1], split_rows(100, 0.3, 2)[1])


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_nothing_to_hold_out(classes):
    kept, held_out = split_rows(len(classes), 0.5, 0, classes)
    assert len(kept) == len(classes)
    assert len(held_out) == 0
