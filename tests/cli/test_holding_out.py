"""What is held out of a table: the share that is asked for, of rows, of whole groups, or of the latest."""

import numpy as np
import pandas as pd
import pytest

from pellucid.cli.training import hold_out
from pellucid.tables import Target

ROWS = 1500
FRAME = pd.DataFrame({"price": np.random.default_rng(0).normal(size=ROWS)})
GOAL = Target.of(FRAME["price"])


def days(rows):
    return np.random.default_rng(1).integers(0, 400, rows)


def customers(rows):
    return np.random.default_rng(2).integers(0, 60, rows)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.5, 0.7, 0.9])
def test_the_share_is_that_of_the_rows(share):
    for given in ({}, {"times": days(ROWS)}, {"groups": customers(ROWS)}):
        learned, held_out = hold_out(FRAME, GOAL, share, 0, **given)
        np.testing.assert_array_equal(np.sort(np.concatenate([learned, held_out])), np.arange(ROWS))
        assert abs(len(held_out) / ROWS - share) < 0.04
    when, who = days(ROWS), customers(ROWS)
    learned, held_out = hold_out(FRAME, GOAL, share, 0, times=when)
    assert when[learned].max() < when[held_out].min()
    learned, held_out = hold_out(FRAME, GOAL, share, 0, groups=who)
    assert not set(who[learned]) & set(who[held_out])


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_something_is_left_on_both_sides(share):
    for given in ({"times": np.arange(4) // 2}, {"groups": np.arange(4) // 2}):
        learned, held_out = hold_out(FRAME[:4], GOAL, share, 0, **given)
        assert len(learned) == len(held_out) == 2


def test_of_a_share_of_nothing_nothing():
    learned, held_out = hold_out(FRAME, GOAL, 0, 0, groups=customers(ROWS))
    assert (len(learned), len(held_out)) == (ROWS, 0)
