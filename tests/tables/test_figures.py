"""Numbers as people read them."""

import pandas as pd
import pytest

from pellucid.tables import infer_schema
from pellucid.tables.figures import in_full, with_error


@pytest.mark.parametrize(
    ("value", "digits", "told"),
    [
        (1e6, 10, "1000000"),
        (-2345.6, 2, "-2300"),
        (123456.7, 6, "123457"),
        (0.5, 6, "0.5"),
        (1e-9, 3, "1e-09"),
        (1e20, 3, "1e+20"),
        (float("nan"), 3, "nan"),
    ],
)
def test_large_numbers_are_written_out(value, digits, told):
    assert in_full(value, digits) == told


def test_no_digit_is_lost_that_tells_two_numbers_apart():
    assert with_error(7570.0, 2312.0) == "7600 ± 2300"
    assert with_error(1.5e-12, 2.34e-13) == "1.5e-12 ± 2.3e-13"
    assert with_error(0.2, 12.0) == "0 ± 12"
    (column,) = infer_schema(pd.DataFrame({"paid": [1e6, 1000500.5, 1000100.0]})).columns
    assert column.meaning().startswith("number from 1000000 to 1000500.5")
