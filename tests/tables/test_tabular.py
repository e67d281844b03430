import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import DataError, DataWarning, ModelFileError
from pellucid.tables import TabularEncoder, infer_schema

from .strange_frames import strange_frames


@pytest.fixture
def frame():
    random = np.random.default_rng(0)
    rows = 200
    return pd.DataFrame(
        {
            "size": np.where(random.random(rows) < 0.1, np.nan, random.normal(size=rows) * 7 + 30),
            "rooms": random.integers(1, 6, rows),
            "town": [f"town {i}" for i in random.integers(0, 30, rows)],
            "colour": [["red", "green", "blue", None][i] for i in random.integers(0, 4, rows)],
            "garden": [["yes", "no", ""][i] for i in random.integers(0, 3, rows)],
            "sold": [f"2020-{i:02}-{j:02}" for i, j in zip(*random.integers(1, 13, (2, rows)), strict=True)],
            "plot": [["x", "y"][i] for i in random.integers(0, 2, rows)],
        }
    )


@pytest.fixture
def encoder(frame):
    return TabularEncoder().fit(frame)


def encoded(encoder, table):
    return pd.DataFrame(encoder.transform(table), columns=encoder.inputs.names)


def through_a_file(encoder):
    header, arrays = encoder.to_state()
    assert {array.dtype.name for array in arrays.values()} <= {"float64", "int64", "uint8"}
    return TabularEncoder.from_state(json.loads(json.dumps(header, allow_nan=False)), arrays)


def test_three_kinds_of_inputs_in_order(frame, encoder):
    inputs = encoder.inputs
    numeric = ("size", "rooms", "sold", "sold month", "sold day", "sold weekday")
    passed = ("size is missing", "colour=blue", "colour=green", "colour=red", "garden=yes", "plot=y")
    assert inputs.names == (*numeric, *passed, "town")
    assert (inputs.numeric, inputs.passed, inputs.levels, inputs.width) == (6, 6, (30,), 13)
    assert inputs.sources == ("size", "rooms", *["sold"] * 4, "size", *["colour"] * 3, "garden", "plot", "town")
    X = encoder.transform(frame)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    assert X.shape == (200, 13)


def test_numbers_are_centred_scaled_and_clipped(frame, encoder):
    """Against the formula, with NumPy's median and percentiles as the second witness."""
    X = encoded(encoder, frame)
    for label in ("size", "rooms"):
        cells = frame[label].to_numpy(dtype=np.float64)
        z = (cells - np.nanmedian(cells)) / (np.nanpercentile(cells, 75) - np.nanpercentile(cells, 25))
        expected = np.where(np.isnan(cells), 0, z / np.sqrt(1 + (z / 3) ** 2))
        assert np.allclose(X[label], expected, atol=1e-6)


def test_what_is_passed_is_scaled_too(frame, encoder):
    X = encoded(encoder, frame)
    for name, values in {
        "size is missing": frame["size"].isna() * 1.0,
        "colour=red": (frame["colour"] == "red") * 1.0,
        "garden=yes": frame["garden"].map({"yes": 1.0, "no": -1.0, "": 0.0}),
        "plot=y": frame["plot"].map({"x": -1.0, "y": 1.0}),
    }.items():
        spread = np.percentile(values, 75) - np.percentile(values, 25) or (values.max() - values.min()) / 2
        z = (values - np.median(values)) / spread
        assert np.allclose(X[name], z / np.sqrt(1 + (z / 3) ** 2), atol=1e-6), name


def test_codes_are_places_of_levels(frame, encoder):
    levels = sorted(set(frame["town"]))
    assert encoder.transform(frame)[:, -1].tolist() == [levels.index(town) for town in frame["town"]]


def test_rare_unseen_and_missing_levels():
    cells = [f"t{i % 10}" for i in range(40)] + ["rare", "seldom", None, None]
    known = TabularEncoder().fit(pd.DataFrame({"t": cells}))
    assert known.inputs.levels == (12,)  # ten, the rare ones together, missing
    assert known.transform(pd.DataFrame({"t": ["t0", "t9", "rare", "seldom", "new", None]})).ravel().tolist() == [
        *(0, 9, 10, 10, 10, 11)
    ]
    plain = TabularEncoder().fit(pd.DataFrame({"t": cells[:40]}))
    assert plain.inputs.levels == (10,)
    assert plain.transform(pd.DataFrame({"t": ["t9", "new", None]})).ravel().tolist() == [9, -1, -1]
    few = TabularEncoder(one_hot_limit=12).fit(pd.DataFrame({"t": cells}))
    assert (few.inputs.passed, few.inputs.names[-1]) == (11, "t is other")
    X = few.transform(pd.DataFrame({"t": ["rare", "new", None, "t0"]}))
    assert np.array_equal(X[0], X[1])
    assert X[0, -1] > 0
    assert X[2].tolist() == [0] * 11
    assert X[3, 0] > 0


def test_two_levels_are_kept_where_all_are_rare():
    encoder = TabularEncoder().fit(pd.DataFrame({"c": ["a", "b"]}))
    assert encoder.inputs.names == ("c=b",)
    limit = 1 / np.sqrt(1 + 1 / 9)
    assert np.allclose(encoder.transform(pd.DataFrame({"c": ["a", "b", "c"]})).ravel(), [-limit, limit, 0])


@pytest.mark.parametrize("scale", [1e-307, 1e-300, 1e-8, 1.0, 1e8, 1e99])
def test_scales(scale):
    numbers = scale * np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    X = TabularEncoder().fit(pd.DataFrame({"a": numbers})).transform(pd.DataFrame({"a": numbers}))
    z = np.array([-1, -0.5, 0, 0.5, 1])
    assert np.allclose(X.ravel(), z / np.sqrt(1 + z**2 / 9), atol=1e-6)


def test_huge_against_tiny_and_infinities():
    known = TabularEncoder().fit(pd.DataFrame({"a": np.arange(9) * 1e-300, "b": range(9)}))
    told = r"Column 'a': row 3 has inf: infinite or beyond 1e\+100, which counts as a missing cell. Correct it"
    with pytest.warns(DataWarning, match=told):
        X = known.transform(pd.DataFrame({"a": [1e99, -1e99, np.inf, np.nan], "b": [0, 1, 2, 3]}))
    assert X[:, 0].tolist() == [3, -3, 0, 0]
    with pytest.warns(DataWarning, match=r"row 12 has -1e\+200, and 1 more row the like: infinite or beyond"):
        known.transform(pd.DataFrame({"a": ["1", "-1e200", "1e300"], "b": [0, 1, 2]}), first_row=10)
    marked = TabularEncoder().fit(pd.DataFrame({"a": [1.0, 2.0, np.inf, -np.inf, 1e200, 3.0]}))
    assert marked.inputs.names == ("a", "a is missing")
    assert (marked.transform(pd.DataFrame({"a": [np.inf, 1.0]}))[:, 1] > 0).tolist() == [True, False]


def test_where_quartiles_coincide_the_others_set_the_scale():
    cells = [0.0] * 20 + [4.0, 6.0, 1e9]
    X = TabularEncoder().fit(pd.DataFrame({"a": cells})).transform(pd.DataFrame({"a": [0.0, 6.0, -12.0]}))
    assert np.allclose(X.ravel(), [0, 1 / np.sqrt(1 + 1 / 9), -2 / np.sqrt(1 + 4 / 9)])


def test_a_constant_number_with_gaps_leaves_its_mark():
    assert TabularEncoder().fit(pd.DataFrame({"a": [7.0, 7.0, None]})).inputs.names == ("a is missing",)


def test_quantiles_agree_with_scikit_learn():
    from sklearn.preprocessing import QuantileTransformer

    random = np.random.default_rng(0)
    cells = np.column_stack([random.lognormal(size=3000), random.integers(0, 5, 3000), random.normal(size=3000)])
    new = np.column_stack([random.lognormal(size=500), random.integers(0, 5, 500), random.normal(size=500) * 3])
    encoder = TabularEncoder(scaling="quantile").fit(cells)
    twin = QuantileTransformer(n_quantiles=100, output_distribution="normal", subsample=None).fit(cells)
    inside = (new > cells.min(axis=0)) & (new < cells.max(axis=0))  # at the ends, scikit-learn gives ±5.2 even to ties
    assert np.allclose(encoder.transform(new)[inside], twin.transform(new)[inside], atol=1e-5)
    beyond = encoder.transform(np.array([[1e9, 99, 9], [-1, -1, -9]]))
    assert np.allclose(beyond, [[5.2] * 3, [-5.2] * 3], atol=0.01)
    gaps = np.full((1, 3), np.nan)
    assert encoder.transform(gaps).tolist() == [[0, 0, 0]]
    assert np.array_equal(through_a_file(encoder).transform(new), encoder.transform(new))


def test_other_orders_types_and_tables(frame, encoder):
    expected = encoder.transform(frame)
    assert np.array_equal(encoder.transform(frame[frame.columns[::-1]].assign(more=1)), expected)
    assert np.array_equal(encoder.transform(pl.from_pandas(frame)), expected)
    assert np.array_equal(encoder.transform(pa.Table.from_pandas(frame)), expected)
    typed = frame.assign(
        sold=pd.to_datetime(frame["sold"]),
        garden=frame["garden"].map({"yes": True, "no": False}).astype("boolean"),
        town=frame["town"].astype("category"),
        size=frame["size"].astype("Float64"),
        rooms=frame["rooms"].astype("uint8"),
    )
    assert np.array_equal(encoder.transform(typed), expected)
    text = frame.astype(object).where(frame.notna(), "").map(str)
    assert np.array_equal(encoder.transform(text), expected)
    assert np.array_equal(encoder.transform(frame.iloc[:1]), expected[:1])


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("size", "large", r"Column 'size' must hold numbers; row 5 has 'large'\. Correct it"),
        ("garden", "seldom", "Column 'garden' must hold yes or no; row 5 has 'seldom'"),
        ("sold", "soon", "Column 'sold' must hold dates .*; row 5 has 'soon'"),
    ],
)
def test_cells_that_break_the_schema(frame, encoder, column, cell, message):
    wrong = frame.astype(object)
    wrong.loc[4, column] = cell
    with pytest.raises(DataError, match=message):
        encoder.transform(wrong)
    with pytest.raises(DataError, match="row 1005 has"):
        encoder.transform(wrong, first_row=1000)


def test_missing_columns(frame, encoder):
    with pytest.raises(DataError, match=r"must have the columns 'town', 'plot'; it does not\. Did you mean 'twon'"):
        encoder.transform(frame.drop(columns="plot").rename(columns={"town": "twon"}))
    wide = TabularEncoder().fit(np.random.default_rng(0).normal(size=(3, 50)))
    with pytest.raises(DataError, match="'x9' and 40 more; it does not"):
        wide.transform(pd.DataFrame({"a": [1]}))


def test_copies_are_dropped_and_not_needed(frame):
    more = frame.assign(
        size2=frame["size"], town2=frame["town"].astype("category"), sold2=pd.to_datetime(frame["sold"])
    )
    encoder = TabularEncoder().fit(more)
    assert encoder.inputs == TabularEncoder().fit(frame).inputs
    assert encoder.schema.columns[-1].note == "the same as 'sold'"
    assert np.array_equal(encoder.transform(frame), encoder.transform(more))


def test_wide_tables_and_tables_of_many_rows(monkeypatch):
    X = np.random.default_rng(0).normal(size=(20, 3000))
    X[3, 5] = np.nan
    encoder = TabularEncoder().fit(X)
    assert (encoder.inputs.numeric, encoder.inputs.passed) == (3000, 1)
    found = encoder.transform(X)
    monkeypatch.setattr("pellucid.tables.blocks._CELLS", 100)
    assert np.array_equal(TabularEncoder().fit(X).transform(X), found)
    monkeypatch.setattr("pellucid.tables.measures.Measures.blocks.__defaults__", (0, 7))
    assert np.array_equal(encoder.transform(X), found)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": [1, 1], "b": [None, None]}), "'a': the same value in every row; 'b': no values"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' twice"),
        (pd.DataFrame({"a": []}), "at least one row"),
        (np.zeros(3), "two dimensions"),
        ("text", "must be a pandas"),
        (pd.DataFrame({"a": [f"text {i}" for i in range(50)]}), "free text or an identifier"),
    ],
)
def test_nothing_to_learn_from(table, message):
    with pytest.raises(DataError, match=message):
        TabularEncoder().fit(table)


def test_a_fold_in_which_nothing_varies(frame):
    with pytest.raises(DataError, match="'a': nothing varies"):
        TabularEncoder(infer_schema(pd.DataFrame({"a": [1, 2, 2]}))).fit(pd.DataFrame({"a": [2, 2]}))
    with pytest.raises(DataError, match="at least one row"):
        TabularEncoder(infer_schema(frame)).fit(frame.iloc[:0])
    rows = frame[frame["town"] < "town 2"]
    part = TabularEncoder(infer_schema(frame)).fit(rows)
    assert np.isfinite(part.transform(frame)).all()


def test_an_empty_row_and_an_empty_column(frame, encoder):
    empty = encoder.transform(frame.iloc[:1].map(lambda _: None))
    assert np.isfinite(empty).all()
    assert empty[0, : encoder.inputs.numeric].tolist() == [0] * encoder.inputs.numeric
    assert empty[0, -1] == -1
    assert np.isfinite(encoder.transform(frame.assign(size=np.nan, town=None))).all()


@pytest.mark.parametrize(
    "options",
    [{"one_hot_limit": -1}, {"one_hot_limit": 2.5}, {"min_count": 0}, {"scaling": "standard"}, {"scaling": 3}],
)
def test_bad_parameters(options):
    with pytest.raises(DataError, match=next(iter(options))):
        TabularEncoder(**options)


@pytest.mark.filterwarnings("ignore::pellucid.errors.DataWarning")
def test_state_is_exact(frame, encoder):
    copy = through_a_file(encoder)
    assert (copy.schema, copy.inputs) == (encoder.schema, encoder.inputs)
    hard = frame.assign(size=np.nan, colour="new", town="nowhere")
    for table in (frame, hard):
        assert np.array_equal(copy.transform(table), encoder.transform(table))
    again, arrays = copy.to_state()
    assert again == encoder.to_state()[0]
    assert all(np.array_equal(array, arrays[name]) for name, array in encoder.to_state()[1].items())


def test_a_column_of_levels_never_seen_is_told(encoder, frame):
    town = [f"town {int(name.split()[1]):03d}" for name in frame["town"]]
    with pytest.warns(DataWarning, match=r"Column 'town': \d+ of \d+ cells are none of its levels .*'town 0\d\d'"):
        encoder.transform(frame.assign(town=town))
    few = frame.iloc[:9]
    encoder.transform(few.assign(town="town X"))  # so few cells may well be new


OPTIONS = st.fixed_dictionaries(
    {
        "one_hot_limit": st.integers(0, 9),
        "min_count": st.integers(1, 4),
        "scaling": st.sampled_from(["robust", "quantile"]),
    }
)


@pytest.mark.filterwarnings("ignore::pellucid.errors.DataWarning")
@settings(max_examples=200)
@given(strange_frames(least_rows=1), strange_frames(least_rows=1), OPTIONS)
def test_any_frames_are_encoded_or_an_error(frame, other, options):
    try:
        encoder = TabularEncoder(**options).fit(frame)
    except DataError:
        return
    X = encoder.transform(frame)
    check_inputs(encoder, X)
    assert np.array_equal(through_a_file(encoder).transform(frame), X)
    other = other.iloc[:, : frame.shape[1]]
    other.columns = frame.columns[: other.shape[1]]
    try:
        check_inputs(encoder, encoder.transform(other))
    except DataError:
        return


def check_inputs(encoder, X):
    inputs = encoder.inputs
    assert X.shape[1] == inputs.width == len(inputs.names) == len(inputs.sources)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    assert np.isfinite(X).all()
    scaled, codes = X[:, : inputs.numeric + inputs.passed], X[:, inputs.numeric + inputs.passed :]
    assert np.abs(scaled).max(initial=0) <= (3 if encoder.scaling == "robust" else 5.21)
    assert (codes >= -1).all()
    assert (codes < np.array(inputs.levels)).all()
    assert (codes % 1 == 0).all()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("medians", lambda array: None),
        ("medians", lambda array: array[:-1]),
        ("medians", lambda array: array.astype(np.float32)),
        ("medians", lambda array: array * np.nan),
        ("factors", lambda array: -array),
        ("factors", lambda array: array * 0),
        ("quantiles", lambda array: np.zeros((len(array), 5))),
        ("quantiles", lambda array: np.zeros((3, 0))),
        ("quantiles", lambda array: np.zeros(3)),
        ("marked", lambda array: array + 2),
        ("marked", lambda array: array * 0 + 1),
        ("passed_medians", lambda array: array + 2),
        ("passed_factors", lambda array: array - 9),
        ("passed_factors", lambda array: array + 1e10),
        ("passed_factors", lambda array: array[:-1]),
        ("levels", lambda array: array[::-1].copy()),
        ("levels", lambda array: array + 1000),
        ("level_offsets", lambda array: array + 1),
        ("level_offsets", lambda array: array[:-1]),
        ("has_other", lambda array: array[:-1]),
        ("has_missing", lambda array: array * 0 + 1),
        ("more", lambda array: np.zeros(1)),
    ],
)
def test_hostile_arrays(encoder, name, change):
    header, arrays = encoder.to_state()
    array = change(arrays.get(name))
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    if name == "factors" and not np.asarray(array).any():  # inputs that are left out: allowed, but other marks remain
        assert TabularEncoder.from_state(header, arrays).inputs.numeric == 0
        return
    with pytest.raises(ModelFileError):
        TabularEncoder.from_state(header, arrays)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.clear(),
        lambda header: header.update(more=1),
        lambda header: header.update(schema=[]),
        lambda header: header.update(one_hot_limit=-1),
        lambda header: header.update(one_hot_limit=1),
        lambda header: header.update(min_count="2"),
        lambda header: header.update(scaling="quantile"),
        lambda header: header["schema"].update(rows=0),
        lambda header: header["schema"].update(columns=[]),
        lambda header: header["schema"]["columns"].append(header["schema"]["columns"][0]),
        lambda header: header["schema"]["columns"][0].update(kind="category"),
        lambda header: header["schema"]["columns"][2].update(levels=["a"] * 9),
    ],
)
def test_hostile_headers(encoder, change):
    header, arrays = encoder.to_state()
    change(header)
    with pytest.raises(ModelFileError):
        TabularEncoder.from_state(header, arrays)


@pytest.mark.parametrize("header", [None, [], "schema", 3])
def test_headers_of_another_type(encoder, header):
    with pytest.raises(ModelFileError):
        TabularEncoder.from_state(header, encoder.to_state()[1])


def test_a_category_of_numbers_reads_alike_as_text():
    rating = pd.Series([1.5, 2.5, 3.0] * 5)
    encoder = TabularEncoder().fit(pd.DataFrame({"rating": rating.astype("category")}))
    expected = encoder.transform(pd.DataFrame({"rating": rating}))
    assert np.array_equal(encoder.transform(pd.DataFrame({"rating": rating.astype(str)})), expected)
