import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.tables.cells import Coded
from pellucid.tables.codes import LevelCodes, codes_from_arrays, codes_to_arrays

KNOWN = ("a", "b", "c", "d", "e")


@given(st.lists(st.integers(0, 6), min_size=5, max_size=5), st.integers(0, 2), st.integers(1, 5))
def test_every_cell_has_the_code_of_its_level(counts, missing, min_count):
    levels = LevelCodes.of(KNOWN, np.array(counts), missing, min_count)
    codes = levels.encode(Coded(np.arange(-1, 6), np.array([*KNOWN, "new"], dtype=object)))
    names = dict(enumerate(levels.names)) | {-1: "none"}
    other = "other" if levels.has_other else "none"
    assert names[codes[0]] == ("missing" if missing else "none")
    assert names[codes[-1]] == other
    for text, count, code in zip(KNOWN, counts, codes[1:], strict=False):
        assert names[code] in ({text} if count >= min_count else {text, other})
    assert len(levels.names) == len(levels)
    assert len(levels.kept) >= min(2, sum(count > 0 for count in counts))


def test_arrays():
    columns = [LevelCodes.of(KNOWN, np.array([5, 1, 0, 5, 5]), 1, 2), LevelCodes.of((), np.zeros(0, dtype=int), 3, 2)]
    copies = codes_from_arrays([KNOWN, ()], codes_to_arrays(columns))
    assert [copy.names for copy in copies] == [("a", "d", "e", "other", "missing"), ("missing",)]
    assert codes_from_arrays([], codes_to_arrays([])) == ()


@pytest.mark.parametrize("texts", [["a"], [], ["new"]])
def test_cells_of_one_text(texts):
    levels = LevelCodes.of(("a",), np.array([4]), 0, 2)
    codes = np.full(3, len(texts) - 1)
    expected = 0 if texts == ["a"] else -1
    assert levels.encode(Coded(codes, np.array(texts, dtype=object))).tolist() == [expected] * 3


@pytest.mark.parametrize(
    ("known", "texts", "expected"),
    [
        (("1.5", "2.5", "3"), ["3.0", "1.50", "3", "4"], [2, 0, 2, -1]),
        (("1", "2"), ["1.0", "01", "+2"], [0, -1, 1]),
        (("01", "2"), ["1", "2.0"], [-1, -1]),  # codes
        (("3", "3.0"), ["3.00", "3"], [-1, 0]),
        (("2", "two"), ["2.0"], [-1]),
        (("9007199254740992", "9"), ["9007199254740993"], [-1]),
    ],
)
def test_levels_that_are_numbers_know_them_however_they_are_written(known, texts, expected):
    levels = LevelCodes.of(known, np.full(len(known), 5), 0, 2)
    assert levels.encode(Coded(np.arange(len(texts)), np.array(texts, dtype=object))).tolist() == expected
