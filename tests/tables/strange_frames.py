"""Frames such as nobody would make on purpose, for Hypothesis."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

__all__ = ["strange_frames"]

_TEXTS = st.one_of(
    st.sampled_from(["", " ", "NA", "?", "1", "2.5", "-7", "yes", "no", "2020-01-31", "ü", "\x00"]), st.text(max_size=4)
)
_FLOATS = st.floats(allow_nan=True, allow_infinity=True)
_ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), _FLOATS, _TEXTS, st.dates(), st.binary(max_size=2), st.just([1])
)
_DURATIONS = st.timedeltas(pd.Timedelta(days=-9999), pd.Timedelta(days=9999))


def _column(rows):
    def lists(cells):
        return st.lists(cells, min_size=rows, max_size=rows)

    days = st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01"))
    return st.one_of(
        lists(_FLOATS).map(lambda cells: pd.Series(cells, dtype="float64")),
        lists(st.integers(-(2**63), 2**63 - 1)).map(lambda cells: pd.Series(cells, dtype="int64")),
        lists(st.one_of(st.none(), st.integers(-100, 100))).map(lambda cells: pd.Series(cells, dtype="Int64")),
        lists(st.booleans()).map(lambda cells: pd.Series(cells, dtype="bool")),
        lists(st.one_of(st.none(), st.booleans())).map(lambda cells: pd.Series(cells, dtype="boolean")),
        lists(_TEXTS).map(lambda cells: pd.Series(cells, dtype="object")),
        lists(st.one_of(st.none(), st.sampled_from(["a", "b", "NA", ""]))).map(pd.Categorical).map(pd.Series),
        lists(st.one_of(st.none(), days)).map(lambda cells: pd.Series(cells, dtype="datetime64[us]")),
        lists(st.complex_numbers()).map(lambda cells: pd.Series(cells, dtype="complex128")),
        lists(_ANYTHING).map(lambda cells: pd.Series(cells, dtype="object")),
        lists(st.one_of(st.none(), _DURATIONS)).map(lambda cells: pd.Series(cells, dtype="timedelta64[us]")),
        st.sampled_from([None, np.nan, np.inf, "", "x", 0]).map(lambda cell: pd.Series([cell] * rows)),
    )


@st.composite
def strange_frames(draw, least_rows=0):
    """Draw a frame of up to 30 rows and 5 columns of mixed types, with missing cells, infinities and odd names."""
    rows = draw(st.integers(least_rows, 30))
    names = draw(st.lists(st.one_of(st.text(max_size=5), st.integers()), max_size=5))
    frame = pd.DataFrame({i: draw(_column(rows)) for i in range(len(names))}, index=range(rows))
    frame.columns = pd.Index(names, dtype=object)
    return frame
