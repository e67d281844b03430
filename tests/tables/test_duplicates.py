import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.tables import infer_schema
from pellucid.tables.duplicates import find_copies


def copies(frame):
    return find_copies(frame, infer_schema(frame.iloc[:, :1]).columns + infer_schema(frame.iloc[:, 1:]).columns)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2, 2], [1.0, 2.0, 2.0]),
        ([0.0, 1.0, None], [-0.0, 1.0, np.inf]),
        (["1.5", "2", "2"], [1.5, 2, 2]),
        (["b", "a", None], pd.Categorical(["b", "a", None], categories=["a", "b", "c"])),
        (["yes", "no", "no"], [True, False, False]),
        (["2020-01-01", "2021-01-01", ""], pd.to_datetime(["2020-01-01", "2021-01-01", None])),
    ],
)
def test_copies_of_any_type(one, other):
    assert copies(pd.DataFrame({"a": one, "b": other})) == {"b": "a"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2, 2], [1, 2, 1]),
        ([1, 2, 4], [4, 2, 1]),
        ([1, None, 2], [None, 1, 2]),
        (["a", "b", "b"], ["b", "a", "a"]),
        ([True, False, False], [False, True, True]),
        ([1, 2, 2], ["1", "2", "b"]),
    ],
)
def test_no_copies(one, other):
    assert copies(pd.DataFrame({"a": one, "b": other})) == {}


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=3, max_size=3), min_size=2, max_size=30))
def test_against_comparing_all_pairs(columns):
    frame = pd.DataFrame({f"x{i}": cells for i, cells in enumerate(columns)})
    described = [each for each in infer_schema(frame).columns if "the same as" not in each.note]
    used = [each.label for each in described if each.kind != "ignored"]
    for i, one in enumerate(used):
        assert not any(frame[one].equals(frame[other]) for other in used[:i])
    for each in infer_schema(frame).columns:
        if each.note.startswith("the same as"):
            assert frame[each.label].equals(frame[each.note.split("'")[1]])
