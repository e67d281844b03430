import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings

from pellucid.errors import DataError, ModelFileError
from pellucid.tables import TableEncoder, infer_schema

from .strange_frames import strange_frames


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "size": [1.0, 3.0, None, 2.0, 2.0, 2.0],
            "colour": ["red", "blue", "red", "blue", "green", None],
            "smokes": ["yes", "no", "yes", "no", "no", "no"],
            "sold": ["2020-01-01", "2020-02-02", "", "2020-03-03", "2020-03-03", "2020-03-03"],
            "note": ["the same"] * 6,
        }
    )


@pytest.fixture
def encoder(frame):
    return TableEncoder(infer_schema(frame)).fit(frame)


def encoded(encoder, table):
    return pd.DataFrame(encoder.transform(table), columns=encoder.feature_names_out)


def test_inputs(frame, encoder):
    X = encoded(encoder, frame)
    assert X.columns.tolist() == [
        *("size", "sold", "sold month", "sold weekday", "size is missing", "sold is missing"),
        *("colour=blue", "colour=red", "colour is other", "colour is missing", "smokes=yes"),
    ]
    assert np.allclose(X["size"], np.array([-1, 1, 0, 0, 0, 0]) / np.std([1, 3, 2, 2, 2, 2]))
    assert X["size is missing"].tolist() == [0, 0, 1, 0, 0, 0]
    assert X["colour=red"].tolist() == [1, 0, 1, 0, 0, 0]
    assert X["colour is other"].tolist() == [0, 0, 0, 0, 1, 0]
    assert X["colour is missing"].tolist() == [0, 0, 0, 0, 0, 1]
    assert X["smokes=yes"].tolist() == [1, 0, 1, 0, 0, 0]
    matrix = encoder.transform(frame)
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous


def test_levels_never_seen():
    frame = pd.DataFrame({"c": ["a", "b"] * 3})
    encoder = TableEncoder(infer_schema(frame)).fit(frame)
    assert encoder.transform(pd.DataFrame({"c": ["new", None]})).tolist() == [[0, 0], [0, 0]]


def test_order_of_columns_and_others_do_not_matter(frame, encoder):
    other = frame[frame.columns[::-1]].assign(more=1)
    assert np.array_equal(encoder.transform(other), encoder.transform(frame))


def test_other_kinds_of_tables_and_types(frame, encoder):
    expected = encoder.transform(frame)
    assert np.array_equal(encoder.transform(pl.from_pandas(frame)), expected)
    typed = frame.assign(
        sold=pd.to_datetime(frame["sold"]),
        smokes=frame["smokes"] == "yes",
        colour=frame["colour"].astype("category"),
        size=frame["size"].astype("Float32"),
    )
    assert np.array_equal(encoder.transform(typed), expected)
    text = frame.astype({"size": "str"}).astype(object).where(frame.notna(), "")
    assert np.array_equal(encoder.transform(text), expected)


def test_infinities_and_huge_numbers_are_missing(encoder, frame):
    X = encoded(encoder, frame.assign(size=[np.inf, -np.inf, 1e200, None, 2.0, 2.0]))
    assert X["size is missing"].tolist() == [1, 1, 1, 1, 0, 0]
    assert np.isfinite(X.to_numpy()).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1e8, 1e99])
def test_scales(scale):
    frame = pd.DataFrame({"a": scale * np.arange(5.0), "b": range(5)})
    X = TableEncoder(infer_schema(frame)).fit(frame).transform(frame)
    assert np.isfinite(X).all()


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("size", "old", "Column 'size' must hold numbers; row 2 has 'old'"),
        ("smokes", "seldom", "Column 'smokes' must hold yes or no; row 2 has 'seldom'"),
        ("sold", "yesterday", "Column 'sold' must hold dates .*; row 2 has 'yesterday'"),
    ],
)
def test_cells_that_break_the_schema(frame, encoder, column, cell, message):
    wrong = frame.astype(object)
    wrong.loc[1, column] = cell
    with pytest.raises(DataError, match=message):
        encoder.transform(wrong)
    wrong.loc[3, column] = "x" * 1000
    with pytest.raises(DataError, match=r"has .*, and 1 more row\. Correct"):
        encoder.transform(wrong)


def test_missing_columns(frame, encoder):
    with pytest.raises(DataError, match=r"'colour', 'smokes'; it does not\. Did you mean 'color'"):
        encoder.transform(frame.drop(columns="smokes").rename(columns={"colour": "color"}))
    encoder.transform(frame.drop(columns="note"))


def test_no_rows(frame, encoder):
    with pytest.raises(DataError, match="at least one row"):
        encoder.transform(frame.iloc[:0])


def test_nothing_to_learn_from():
    frame = pd.DataFrame({"a": [1, 1], "b": [None, None]})
    with pytest.raises(DataError, match="'a': the same value in every row; 'b': no values"):
        TableEncoder(infer_schema(frame)).fit(frame)


def through_a_file(encoder):
    header, arrays = encoder.to_state()
    assert {array.dtype.name for array in arrays.values()} <= {"float64", "int64", "uint8"}
    return TableEncoder.from_state(json.loads(json.dumps(header, allow_nan=False)), arrays)


def test_state_is_exact(frame, encoder):
    copy = through_a_file(encoder)
    assert copy.schema == encoder.schema
    assert copy.feature_names_out == encoder.feature_names_out
    hard = frame.assign(size=np.nan, colour="new")
    for table in (frame, hard):
        assert np.array_equal(copy.transform(table), encoder.transform(table))
    again, arrays = copy.to_state()
    assert again == encoder.to_state()[0]
    assert all(np.array_equal(array, arrays[name]) for name, array in encoder.to_state()[1].items())


@settings(max_examples=100)
@given(strange_frames(least_rows=1))
def test_any_frame_is_encoded_or_an_error(frame):
    try:
        encoder = TableEncoder(infer_schema(frame)).fit(frame)
    except DataError:
        assume(False)
    X = encoder.transform(frame)
    assert X.shape == (len(frame), len(encoder.feature_names_out))
    assert np.isfinite(X).all()
    assert np.array_equal(through_a_file(encoder).transform(frame), X)


@settings(max_examples=100)
@given(strange_frames(least_rows=1), strange_frames(least_rows=1))
def test_any_other_frame_is_encoded_or_an_error(frame, other):
    names = [str(name) for name in range(frame.shape[1])]
    frame.columns, other = names, other.iloc[:, : len(names)]
    other.columns = names[: other.shape[1]]
    try:
        X = TableEncoder(infer_schema(frame)).fit(frame).transform(other)
    except DataError:
        return
    assert np.isfinite(X).all()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("medians", None),
        ("medians", np.zeros(3)),
        ("medians", np.zeros(4, dtype=np.float32)),
        ("medians", np.full(4, np.nan)),
        ("scales", np.zeros(4)),
        ("means", np.full(4, np.inf)),
        ("marked", np.full(4, 2, dtype=np.uint8)),
        ("marked", np.ones(4, dtype=np.uint8)),
        ("levels", np.array([0, 9, 0])),
        ("levels", np.array([-1, 0, 0])),
        ("levels", np.array([1, 0, 0])),
        ("levels", np.zeros((3, 1), dtype=np.int64)),
        ("level_offsets", np.array([0, 3, 2])),
        ("level_offsets", np.array([0, 2])),
        ("level_offsets", np.array([1, 2, 3])),
        ("has_other", np.zeros(1, dtype=np.uint8)),
        ("has_missing", np.zeros(2)),
        ("more", np.zeros(1)),
    ],
)
def test_hostile_arrays(encoder, name, array):
    header, arrays = encoder.to_state()
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    with pytest.raises(ModelFileError):
        TableEncoder.from_state(header, arrays)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.clear(),
        lambda header: header.update(more=1),
        lambda header: header.update(schema=[]),
        lambda header: header["schema"].update(rows=0),
        lambda header: header["schema"].update(columns=[]),
        lambda header: header["schema"]["columns"].append(header["schema"]["columns"][0]),
        lambda header: header["schema"]["columns"][0].update(kind="text"),
        lambda header: header["schema"]["columns"][0].update(kind="category"),
        lambda header: header["schema"]["columns"][1].update(levels=["a"] * 9),
        lambda header: header["schema"]["columns"][3].update(date_format="%c"),
    ],
)
def test_hostile_headers(encoder, change):
    header, arrays = encoder.to_state()
    change(header)
    with pytest.raises(ModelFileError):
        TableEncoder.from_state(header, arrays)


@pytest.mark.parametrize("header", [None, [], "schema", 3])
def test_headers_of_another_type(encoder, header):
    with pytest.raises(ModelFileError):
        TableEncoder.from_state(header, encoder.to_state()[1])
