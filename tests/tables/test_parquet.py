import gc
import io
import json
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pellucid.errors import DataError
from pellucid.tables import ParquetTable, TabularEncoder, encode_to_file, fit_encoder
from pellucid.tables.parquet import encoded_parts


def made(rows, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": random.normal(size=rows) * 5 + 100,
            "count": random.integers(0, 9, rows),
            "gap": np.where(random.random(rows) < 0.2, np.nan, random.random(rows)),
            "town": pd.Series([f"town {i}" for i in random.integers(0, 50, rows)]),
            "colour": pd.Categorical.from_codes(random.integers(0, 3, rows), ["blue", "green", "red"]),
            "code": pd.Series([f"{i:03}" for i in random.integers(0, 20, rows)]),
            "price": pd.Series(["-", "?", *(f"{value:.2f}" for value in random.random(rows - 2))]),
            "happy": random.random(rows) < 0.5,
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, rows), "D"),
            "same": 1,
            "y": random.normal(size=rows),
        }
    )


@pytest.fixture
def write(tmp_path):
    def write(frame, name="t.parquet", **options):
        frame.to_parquet(tmp_path / name, index=False, **options)
        return tmp_path / name

    return write


def test_encoded_in_parts_as_in_one(write, tmp_path):
    frame = made(3000)
    table = ParquetTable(write(frame, row_group_size=700), batch_rows=256)
    encoder = fit_encoder(table, "y")
    whole = TabularEncoder().fit(frame.drop(columns="y"))
    assert encoder.inputs == whole.inputs
    assert [column.kind for column in encoder.schema.columns] == [column.kind for column in whole.schema.columns]
    X = encode_to_file(encoder, table, tmp_path / "X.npy")
    assert isinstance(X, np.memmap)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    assert np.array_equal(X, whole.transform(frame))
    assert np.array_equal(X, encoder.transform(pl.from_pandas(frame)))
    assert table.column("y").tolist() == frame["y"].tolist()
    assert table.column("town").tolist() == frame["town"].tolist()


def test_a_folder_of_files(write, tmp_path):
    frame = made(1000)
    (tmp_path / "parts").mkdir()
    for i in range(4):
        write(frame[i * 250 : (i + 1) * 250][frame.columns[:: (-1) ** i]], f"parts/{i}.parquet")
    table = ParquetTable(tmp_path / "parts", batch_rows=100)
    assert table.rows == 1000
    assert pd.concat(part[["size"]] for part in table.batches())["size"].tolist() == frame["size"].tolist()
    assert fit_encoder(table, "y").inputs == TabularEncoder().fit(frame.drop(columns="y")).inputs


def test_levels_and_gaps_outside_the_sample_are_counted(write):
    rows = 5000
    frame = pd.DataFrame(
        {"a": np.arange(rows, dtype=float), "c": ["x", "y"] * (rows // 2), "k": ["1", "2"] * (rows // 2)}
    )
    frame.loc[[17, 18], "c"] = "rare"
    frame.loc[4000, "a"] = np.nan
    frame.loc[4500, "k"] = "no number"
    encoder = fit_encoder(ParquetTable(write(frame), batch_rows=512), sample_rows=20, seed=1)
    assert encoder.inputs.names == ("a", "a is missing", "c=rare", "c=x", "c=y", "k=1", "k=2", "k is other")
    a, c, k = encoder.schema.columns
    assert (a.missing, a.low, a.high, a.kind) == (1, 0.0, 4999.0, "number")
    assert c.levels == ("rare", "x", "y")
    assert k.kind == "category"


def test_samples_are_even(write):
    table = ParquetTable(write(pd.DataFrame({"a": np.arange(10_000.0)})), batch_rows=300)
    medians = [fit_encoder(table, sample_rows=400, seed=seed).to_state()[1]["medians"][0] for seed in range(20)]
    assert abs(np.mean(medians) - 5000) < 300  # the standard error is about 56
    assert len(set(medians)) == 20


def test_memory_stays_bounded(write, tmp_path):
    """Of a table of 26 MB, a pass holds a sample and a part."""
    rows = 200_000
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(rows, 16)), columns=[f"x{i}" for i in range(16)])
    path = write(frame, row_group_size=20_000)
    del frame
    gc.collect()
    table = ParquetTable(path, batch_rows=5000)
    tracemalloc.start()
    try:
        encoder = fit_encoder(table, sample_rows=5000)
        encode_to_file(encoder, table, tmp_path / "X.npy")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8e6
    assert [len(X) for X in encoded_parts(encoder, table)] == [5000] * 40


def test_a_cell_that_breaks_the_schema_is_named_by_its_row(write, tmp_path):
    encoder = fit_encoder(ParquetTable(write(made(500)), batch_rows=64), "y")
    frame = made(500)
    frame.loc[321, "price"] = "cheap"
    table = ParquetTable(write(frame, "other.parquet"), batch_rows=64)
    with pytest.raises(DataError, match="Column 'price' must hold numbers; row 322 has 'cheap'"):
        encode_to_file(encoder, table, tmp_path / "X.npy")
    assert not (tmp_path / "X.npy").exists()


def test_state(write):
    encoder = fit_encoder(ParquetTable(write(made(500))), "y", scaling="quantile")
    header, arrays = encoder.to_state()
    copy = TabularEncoder.from_state(json.loads(json.dumps(header, allow_nan=False)), arrays)
    assert np.array_equal(copy.transform(made(99, 1)), encoder.transform(made(99, 1)))


def test_bad_files(write, tmp_path):
    path = write(made(100))
    whole = path.read_bytes()
    with pytest.raises(DataError, match="cannot be found"):
        ParquetTable(tmp_path / "no.parquet")
    path.write_bytes(whole[:-50])
    with pytest.raises(DataError, match="must be a Parquet file that is whole"):
        ParquetTable(path)
    path.write_bytes(whole[:100] + bytes(2000) + whole[2100:])
    with pytest.raises(DataError, match="damaged"):
        list(ParquetTable(path).batches())
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="it holds none"):
        ParquetTable(tmp_path / "empty")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "empty" / "1.parquet")
    pd.DataFrame({"b": [1]}).to_parquet(tmp_path / "empty" / "2.parquet")
    with pytest.raises(DataError, match=r"those of '.*2.parquet' differ from those of '.*1.parquet'"):
        ParquetTable(tmp_path / "empty")
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataError, match="twice"):
        ParquetTable(path)
    with pytest.raises(DataError, match="at least one row"):
        ParquetTable(write(pd.DataFrame({"a": []})))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "z"}, "must have the column 'z'"),
        ({"leave_out": ["z"]}, "must have the column 'z'"),
        ({"target": "y", "leave_out": ["x"]}, "a column to learn from besides"),
        ({"sample_rows": 0}, "'sample_rows' must be at least 1"),
    ],
)
def test_bad_requests(write, options, message):
    path = write(pd.DataFrame({"x": [1, 2], "y": [3, 4]}))
    with pytest.raises(DataError, match=message):
        fit_encoder(ParquetTable(path), **options)
    with pytest.raises(DataError, match="'batch_rows' must be at least 1"):
        ParquetTable(path, batch_rows=0)


def test_several_files(tmp_path):
    (tmp_path / "old").mkdir()
    places = [tmp_path / "old" / "1.parquet", tmp_path / "2.parquet", tmp_path / "0.parquet"]
    for i, place in enumerate(places):
        pd.DataFrame({"a": [i, i]}).to_parquet(place)
    table = ParquetTable([tmp_path / "old", *map(str, places[1:])])
    assert table.column("a").tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(DataError, match="at least one file; got an empty list"):
        ParquetTable([])
    with pytest.raises(DataError, match="a folder, or a list of paths; got BytesIO"):
        ParquetTable(io.BytesIO(places[0].read_bytes()))


def test_what_a_sample_tells_is_told_as_such(tmp_path):
    frame = pd.DataFrame({"a": np.where(np.arange(100) % 2, 1e200, np.arange(100.0)), "b": range(100)})
    frame.to_parquet(tmp_path / "t.parquet")
    table = ParquetTable(tmp_path / "t.parquet")
    part, whole = (fit_encoder(table, sample_rows=rows).schema.columns for rows in (20, 100))
    assert part[0].missing == whole[0].missing == 50
    assert part[0].note.endswith(" and treated as missing (of 20 sampled)")
    assert whole[0].note.startswith("50 cells are infinite or beyond 1e+100")
    assert "sampled" not in whole[0].note + part[1].note
