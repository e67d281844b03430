import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import DataError
from pellucid.tables import fold_rows, split_rows


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


@given(st.lists(st.integers(2, 30), min_size=2, max_size=6), st.floats(0.2, 0.6), st.integers(0, 99))
def test_a_class_of_two_rows_is_on_both_sides(sizes, share, seed):
    classes = np.repeat(np.arange(len(sizes) + 1), [200, *sizes])
    kept, held_out = split_rows(len(classes), share, seed, classes)
    assert set(classes[kept]) == set(classes[held_out]) == set(classes)
    assert len(held_out) == round(len(classes) * share)


def test_seeds():
    assert np.array_equal(split_rows(100, 0.3, 1)[1], split_rows(100, 0.3, 1)[1])
    assert not np.array_equal(split_rows(100, 0.3, 1)[1], split_rows(100, 0.3, 2)[1])


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_nothing_to_hold_out(classes):
    kept, held_out = split_rows(len(classes), 0.5, 0, classes)
    assert len(kept) == len(classes)
    assert len(held_out) == 0


def check_folds(folds, rows):
    """Each row is validation once, and never trains the fold that it validates."""
    assert np.array_equal(np.sort(np.concatenate([valid for _, valid in folds])), np.arange(rows))
    for train, valid in folds:
        assert len(train)
        assert len(valid)
        assert np.array_equal(np.sort(np.concatenate([train, valid])), np.arange(rows))
        assert (np.diff(train) > 0).all()
        assert (np.diff(valid) > 0).all()


@given(st.integers(2, 60), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_folds_of_any_size(rows, folds, seed):
    found = fold_rows(rows, folds, seed)
    check_folds(found, rows)
    assert len(found) == min(folds, rows)
    assert {len(valid) for _, valid in found} <= {rows // len(found), -(-rows // len(found))}
    assert len(found.never_validated) == 0


@given(st.lists(st.sampled_from("aaaabbc"), min_size=2, max_size=80), st.integers(2, 10))
def test_folds_balance_classes(classes, folds):
    found = fold_rows(len(classes), folds, 0, stratify=classes)
    check_folds(found, len(classes))
    for each in set(classes):
        counts = [sum(classes[i] == each for i in valid) for _, valid in found]
        assert max(counts) - min(counts) <= 1


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("aaaabbc")), min_size=2, max_size=80), st.integers(2, 6))
def test_folds_keep_groups_together(cells, folds):
    groups, classes = zip(*cells, strict=True)
    if len(set(groups)) == 1:
        with pytest.raises(DataError, match="at least 2 groups"):
            fold_rows(len(groups), folds, 0, groups=groups)
        return
    for found in (
        fold_rows(len(groups), folds, 0, groups=groups),
        fold_rows(len(groups), folds, 0, groups=groups, stratify=classes),
    ):
        check_folds(found, len(groups))
        for train, valid in found:
            assert not {groups[i] for i in train} & {groups[i] for i in valid}


def test_folds_of_groups_balance_classes():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(200), 5)
    classes = np.repeat(random.random(200) < 0.1, 5)
    shares = [classes[valid].mean() for _, valid in fold_rows(1000, 5, 0, groups=groups, stratify=classes)]
    assert max(shares) - min(shares) < 0.03


@given(st.lists(st.integers(0, 20), min_size=2, max_size=60), st.integers(2, 8))
def test_folds_in_time_train_on_what_was_before(times, folds):
    times = np.array(times)
    if len(set(times)) == 1:
        with pytest.raises(DataError, match="must differ"):
            fold_rows(len(times), folds, 0, time=times)
        return
    found = fold_rows(len(times), folds, 0, time=times)
    validated = np.concatenate([valid for _, valid in found])
    assert np.array_equal(np.sort(np.concatenate([validated, found.never_validated])), np.arange(len(times)))
    for train, valid in found:
        assert times[train].max() < times[valid].min()
    assert len(found) <= folds


def test_folds_in_time_of_dates_are_of_equal_size():
    dates = pd.Series(pd.date_range("2020-01-01", periods=100)).sample(frac=1, random_state=0)
    found = fold_rows(100, 4, 0, time=dates)
    assert [len(valid) for _, valid in found] == [20] * 4
    assert len(found.never_validated) == 20


def test_folds_in_time_of_dates_as_text():
    found = fold_rows(3, 2, 0, time=["2/1/2020", "12/31/2019", "11/30/2020"])
    assert [(train.tolist(), valid.tolist()) for train, valid in found] == [([1], [0]), ([0, 1], [2])]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_rows": 1}, "at least 2 rows"),
        ({"folds": 1}, "'folds' must be at least 2"),
        ({"stratify": [1, 2]}, "one value for each of the 4 rows; it has 2"),
        ({"groups": [1, None, 2, np.nan]}, "missing in rows 2, 4"),
        ({"time": [1, 2, 3, 4], "groups": [1, 2, 3, 4]}, "Only one of"),
        ({"time": [1, "a", 3, 4]}, "numbers or dates of one form; it does not in row 2"),
    ],
)
def test_impossible_folds(options, message):
    with pytest.raises(DataError, match=message):
        fold_rows(**({"n_rows": 4, "folds": 2, "seed": 0} | options))


def test_seeds_of_folds():
    one, same, other = (fold_rows(100, 3, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))
