import numpy as np
import pandas as pd
import pytest

from pellucid.tables.cells import cell_texts, coded, read_booleans, read_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [("3.5", 3.5), (" 7 ", 7), ("-1e-3", -0.001), (".5", 0.5), ("5.", 5), ("+2", 2), ("0.1", 0.1), ("-inf", -np.inf)],
)
def test_number(text, number):
    values, wrong = read_numbers(pd.Series([text], dtype=object))
    assert values[0] == number
    assert not wrong[0]


@pytest.mark.parametrize("text", ["1,234", "1_000", "0x10", "1e", "e5", "١٢", "12 kg", "now", "1+2j", "True"])
def test_no_number(text):
    values, wrong = read_numbers(pd.Series([text], dtype=object))
    assert np.isnan(values[0])
    assert wrong[0]


@pytest.mark.parametrize("cell", ["", "  ", "NA", "n.a.", "?", "NaN", "null", "None", "-", None, np.nan, pd.NA, pd.NaT])
def test_missing_number(cell):
    values, wrong = read_numbers(pd.Series([cell], dtype=object))
    assert np.isnan(values[0])
    assert not wrong[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,234", 1234), ("$ 5", 5), ("-$5.5", -5.5), ("$-5", -5), ("12 €", 12), ("£1,000,000.5", 1000000.5),
        ("5%", 5), ("-.5 %", -0.5), ("1,234,567", 1234567), ("2,345.67", 2345.67), ("$1e3", 1000),
    ],
)  # fmt: skip
def test_signs_of_money_and_per_cent_and_thousands(text, number):
    values, wrong = read_numbers(pd.Series([text]))
    assert values.tolist() == [number]
    assert not wrong[0]


@pytest.mark.parametrize(
    "text", ["1,234", "0,5", "$1,23", "1,23,456", "0,123,456", "$5%", "5$€", "--5", "+-5", "$", "%", "1.2.3", "5 % x"]
)
def test_what_could_be_something_else_is_no_number(text):
    values, wrong = read_numbers(pd.Series([text]))
    assert np.isnan(values[0])
    assert wrong[0]


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "Int16", "Float64", "bool", "boolean"])
def test_typed_numbers(dtype):
    values, wrong = read_numbers(pd.Series([1, 0], dtype=dtype))
    assert values.tolist() == [1.0, 0.0]
    assert not wrong.any()


def test_nullable_numbers():
    assert np.isnan(read_numbers(pd.Series([1, None], dtype="Int64"))[0]).tolist() == [False, True]


def test_durations_are_days():
    values, _ = read_numbers(pd.Series(pd.to_timedelta(["36h", None])))
    assert values[0] == 1.5
    assert np.isnan(values[1])


def test_none_is_a_word_in_text_but_a_gap_among_numbers():
    assert cell_texts(pd.Series(["None"])).tolist() == ["None"]
    assert np.isnan(read_numbers(pd.Series(["None"]))[0][0])


def test_booleans():
    values, wrong = read_booleans(pd.Series([True, "FALSE", "y", 0, "maybe", None], dtype=object))
    assert np.array_equal(values, [1, 0, 1, 0, np.nan, np.nan], equal_nan=True)
    assert wrong.tolist() == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("series", "codes", "texts"),
    [
        (pd.Series(["b", " b ", None, "a", "NA"]), [0, 0, -1, 1, -1], ["b", "a"]),
        (pd.Series([1, True, 1.0, "1"], dtype=object), [0, 1, 0, 0], ["1", "True"]),
        (pd.Series([[1], "x", [1]], dtype=object), [0, 1, 0], ["[1]", "x"]),
        (pd.Series([2.0, np.nan, 2.5]), [0, -1, 1], ["2", "2.5"]),
        (pd.Series([2, None], dtype="Int64"), [0, -1], ["2"]),
        (pd.Series(pd.Categorical(["y", None, "y"], categories=["x", "y", " y"])), [0, -1, 0], ["y"]),
        (pd.Series(pd.Categorical([2.0, 3.0])), [0, 1], ["2", "3"]),
        (pd.Series([], dtype=object), [], []),
        (pd.Series([None, None], dtype=object), [-1, -1], []),
    ],
)
def test_different_texts_are_numbered(series, codes, texts):
    found = coded(series)
    assert found.codes.tolist() == codes
    assert found.texts.tolist() == texts
