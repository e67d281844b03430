import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.tables.blocks import summarise
from pellucid.tables.scaling import normal_scores, quantile_table, scaled, scales_of_counts, smooth_clip


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=40))
def test_scales_of_counts_agree_with_those_of_cells(cells):
    counts = np.array([[cells.count(value)] for value in (-1, 0, 1)])
    facts = summarise(np.array([cells], dtype=np.float64))
    medians, found = scales_of_counts(counts)
    lower, upper = np.percentile(cells, [25, 75])
    spread = upper - lower or (max(cells) - min(cells)) / 2
    assert medians == pytest.approx(facts.median)
    assert found == pytest.approx(1 / spread if spread else 0)


def test_no_cells_give_no_scale():
    assert [found.tolist() for found in scales_of_counts(np.zeros((3, 1), dtype=np.int64))] == [[0.0], [0.0]]


def test_smooth_clip_is_odd_rising_and_bounded():
    z = np.linspace(-50, 50, 1001, dtype=np.float32)
    found = smooth_clip(z)
    assert (np.diff(found) > 0).all()
    assert np.array_equal(found, -found[::-1])
    assert np.abs(found).max() < 3
    assert np.allclose(found[np.abs(z) < 0.1], z[np.abs(z) < 0.1], atol=1e-4)


def test_scaled_without_overflow():
    block = np.array([[1e100, -1e100, np.nan, 0.0]])
    assert scaled(block, np.zeros(1), np.array([1e300])).tolist() == [[3.0, -3.0, 0.0, 0.0]]


def test_normal_scores_are_normal():
    cells = np.random.default_rng(0).lognormal(size=(1, 20_000)) ** 3
    scores = normal_scores(cells, quantile_table(cells)).ravel()
    assert abs(scores.mean()) < 0.01
    assert abs(scores.std() - 1) < 0.02
    assert (np.diff(scores[np.argsort(cells[0])]) >= 0).all()
