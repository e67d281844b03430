import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pellucid.tables.blocks import fingerprints, number_blocks, plain_numbers, summarise

CELLS = st.one_of(st.just(np.nan), st.sampled_from([0.0, 1.0, -1.0]), st.floats(-1e100, 1e100))


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=CELLS))
def test_summaries_agree_with_numpy(block):
    facts = summarise(block)
    for i, cells in enumerate(block):
        present = cells[~np.isnan(cells)]
        assert facts.present[i] == len(present)
        assert facts.distinct[i] == len(np.unique(present))
        if len(present):
            assert facts.low[i] == present.min()
            assert facts.high[i] == present.max()
            lower, median, upper = np.percentile(present, [25, 50, 75])
            tolerance = 1e-12 * np.abs(present).max()
            assert facts.median[i] == pytest.approx(median, rel=1e-12, abs=tolerance)
            elsewhere = np.abs(present - facts.median[i])[present != facts.median[i]]
            if facts.distinct[i] > 1 and upper - lower <= tolerance:
                assert facts.spread[i] <= tolerance or facts.spread[i] in np.percentile(elsewhere, [0, 50, 100])
            else:
                assert facts.spread[i] == pytest.approx(upper - lower, rel=1e-12, abs=4 * tolerance)
        else:
            assert facts.low[i] == facts.high[i] == facts.median[i] == facts.spread[i] == 0


@pytest.mark.parametrize("cells", [1, 7, 10**6])
def test_blocks_are_the_columns_asked_for(monkeypatch, cells):
    monkeypatch.setattr("pellucid.tables.blocks._CELLS", cells)
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, np.inf], "d": [True, False], "e": [7.0, np.nan]})
    assert plain_numbers(frame).tolist() == [True, False, True, False, True]
    places = np.array([4, 0, 2])
    found = np.empty((3, 2))
    for part, block, excessive in number_blocks(frame, places):
        found[part] = block
        assert excessive.tolist() == [int(place == 2) for place in places[part]]
        block[:] = 0  # a copy: the table is left alone
    assert np.array_equal(found, [[7, np.nan], [1, 2], [0.5, np.nan]], equal_nan=True)
    assert frame["a"].tolist() == [1, 2]


def test_fingerprints():
    block = np.array([[1, 0, np.nan], [1, -0.0, -np.nan], [0, 1, np.nan], [1.0, 0, 1]])
    one, same, *others = fingerprints(block).tolist()
    assert one == same
    assert len({one, *others}) == 3
    binary = np.random.default_rng(0).integers(0, 2, (5000, 64)) * 1.0
    assert len(set(fingerprints(binary).tolist())) == len(np.unique(binary, axis=0))
