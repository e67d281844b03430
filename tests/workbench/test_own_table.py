"""Own tables: read as data, limited, understood and corrected."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pellucid.errors import DataError, SpecError
from pellucid.tables import split_rows
from pellucid.workbench.dataset import build
from pellucid.workbench.limits import MOST_COLUMNS, MOST_LEVELS, MOST_ROWS, UPLOAD_BYTES
from pellucid.workbench.own_table import MOST_TABLES, Tables, read_upload, table_rows
from pellucid.workbench.settings import Table, View, read_settings, write_settings
from workbench.client import Page, served

TEXT = "size,colour,when,smokes,bought\n" + "\n".join(
    f"{'' if i % 9 == 0 else i * 0.5},{['red', 'blue', 'green'][i % 3]},2024-01-{i % 28 + 1:02},{['yes', 'no'][i % 2]},"
    f"{'' if i == 5 else ['no', 'yes'][(i // 4) % 2]}"
    for i in range(60)
)


def test_columns_become_inputs() -> None:
    rows = table_rows(read_upload("t.csv", TEXT.encode()), Table("id"))
    assert rows.classes == ("no", "yes")
    assert rows.names[:2] == ("size", "size is missing")
    assert {"colour=red", "colour=blue", "colour=green", "when", "smokes"} <= set(rows.names)
    assert rows.columns.shape == (59, len(rows.names))
    assert np.isfinite(rows.columns).all()
    target = rows.described[-1]
    assert (target["role"], target["missing"]) == ("target", 1)


def test_the_first_map_is_of_two_columns_of_the_table_where_there_are_two() -> None:
    days = pd.date_range("2015-01-01", periods=200, freq="11D")
    year = days.year.to_numpy()
    frame = pd.DataFrame({"size": np.sin(np.arange(200)), "when": days, "price": year + 0.01 * np.sin(np.arange(200))})
    rows = table_rows(frame, Table("id"))
    assert rows.sources[: rows.names.index("when year") + 1] == ("size", "when", "when")
    settings = read_settings({"data": {"source": "table", "table": {"id": "id"}}})
    assert set(build(settings, rows).plane(View()).names) == {"size", "when year"}
    assert build(settings, rows).plane(View(y=rows.names.index("when"))).names == ("size", "when")
    alone = build(settings, table_rows(frame[["when", "price"]], Table("id")))
    assert "when year" in alone.plane(View()).names


def test_roles_kinds_and_target_can_be_changed() -> None:
    frame = read_upload("t.csv", TEXT.encode())
    choice = Table("id", target="size", roles=(("when", "ignore"),), kinds=(("smokes", "category"),), task="regression")
    rows = table_rows(frame, choice)
    assert rows.classes == ()
    assert rows.y.dtype == np.float64
    assert "when" not in rows.names
    assert "bought=yes" in rows.names or "bought" in rows.names


def test_missing_cells_are_filled_as_asked_for_from_rows_that_train() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan, 30.0] * 10, "c": ["u", "v", None, "u"] * 10, "y": [0, 1] * 20})
    train, held_out = split_rows(40, 0.5, 0, np.array([0, 1] * 20))
    frame.loc[held_out[-2], "a"] = 1e6  # of a row that does not train
    known = frame["a"].to_numpy()[train]
    for fill, expected in (("median", np.nanmedian(known)), ("mean", np.nanmean(known)), ("zero", 0.0)):
        rows = table_rows(frame, Table("id", fills=(("a", fill),)), 0.5, 0)
        assert rows.columns[2, 0] == expected
        assert rows.names[1] == "a is missing"
    dropped = table_rows(frame, Table("id", fills=(("a", "drop"),)), 0.5, 0)
    assert len(dropped.y) == 30
    assert np.isfinite(dropped.columns).all()
    assert dropped.described[-1]["note"] == "10 rows with missing cells are left out"
    own = table_rows(frame, Table("id", fills=(("c", "level"),)), 0.5, 0)
    assert own.columns[2, own.names.index("c is missing")] == 1
    frequent = table_rows(frame, Table("id", fills=(("c", "frequent"),)), 0.5, 0)
    assert "c is missing" not in frequent.names
    assert frequent.described[1]["fill"] == "frequent"


def test_a_target_of_numbers_tells_how_many_there_are() -> None:
    frame = pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60) % 30 / 7})
    assert table_rows(frame, Table("id")).described[-1]["distinct"] == 30


def test_levels_are_those_that_are_chosen_and_the_rest_is_other() -> None:
    frame = pd.DataFrame({"c": ["u", "v", "w", "x"] * 10, "y": [0, 1] * 20})
    rows = table_rows(frame, Table("id", levels=(("c", "v", "u"),)))
    assert rows.names == ("c=u", "c=v", "c=other")
    assert rows.columns[:4].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert rows.described[0]["kept"] == ["u", "v"]
    assert rows.described[0]["levels"] == ["u", "v", "w", "x"]
    assert rows.described[0]["counts"] == [10] * 4
    with pytest.raises(DataError, match="column to learn from"):
        table_rows(frame, Table("id", levels=(("c", "nothing"),)))


def test_a_level_of_held_out_rows_only_is_no_input() -> None:
    _, held_out = split_rows(40, 0.5, 0, np.array([0, 1] * 20))
    frame = pd.DataFrame({"c": ["u", "v"] * 20, "d": ["k", "l", "l", "k"] * 10, "y": [0, 1] * 20})
    frame.loc[held_out[0], "c"] = "rare"
    assert "c=rare" in table_rows(frame, Table("id")).names
    assert "c=rare" not in table_rows(frame, Table("id"), 0.5, 0).names


@pytest.mark.parametrize(
    "table",
    [
        {"fills": {"a": "magic"}},
        {"levels": {"a": []}},
        {"levels": {"a": ["u", "u"]}},
        {"levels": {"a": "u"}},
        {"levels": {"a": [1]}},
        {"levels": {"a": [str(i) for i in range(MOST_LEVELS + 1)]}},
        {"levels": {"a": ["x" * 1000]}},
        {"roles": {str(i): "input" for i in range(MOST_COLUMNS + 1)}},
        {"fills": {"a": ["median"]}},
    ],
)
def test_hostile_choices_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"able|levels|fills"):
        read_settings({"data": {"source": "table", "table": {"id": "x", **table}}})


def test_choices_are_written_and_read_back() -> None:
    written = {"id": "x", "levels": {"c": ["u", "v"]}, "fills": {"a": "mean"}, "kinds": {"c": "category"}}
    settings = read_settings({"data": {"source": "table", "table": written}})
    assert read_settings(write_settings(settings)) == settings
    assert write_settings(settings)["data"]["table"]["levels"] == {"c": ["u", "v"]}


def test_what_means_missing_is_declared() -> None:
    tables = Tables()
    lines = [f'"{28 + i},271.50",{i % 4 - 1},{i % 2}' for i in range(20)] + ["unknown,2,0"]
    table = tables.add("t.csv", "\n".join(["price,age,y", *lines]).encode())
    assert "price" not in table_rows(tables.frame(table), table).names
    told = replace(table, missing=("unknown, age=-1", "none"))
    rows = table_rows(tables.frame(told), told)
    assert rows.names == ("price", "price is missing", "age", "age is missing")
    assert rows.columns[[0, 20], 0].tolist() == [28_271.5, 37_771.5]  # the last is the median
    assert rows.columns[:, 3].sum() == 5
    assert "as declared" in rows.described[1]["note"]
    assert rows.notes == ("No cell says 'none', which is to mean missing.",)
    assert tables.frame(told) is tables.frame(told)
    with pytest.raises(DataError, match="'missing_values' must name columns of the table; 'ages' is none"):
        table_rows(tables.frame(table), replace(table, missing=("ages=-1",)))


def test_parquet_is_read() -> None:
    buffer = io.BytesIO()
    pd.DataFrame({"a": np.arange(20.0), "b": [0, 1] * 10}).to_parquet(buffer)
    assert table_rows(read_upload("t.parquet", buffer.getvalue()), Table("id")).names == ("a",)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"a\n1\n2\n", "two columns"),
        (b"\x1f\x8b" + b"\0" * 100, "gzip"),
        (b"PAR1" + b"\0" * 100, "Parquet"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "binary"),
        (b"a,b\nM\xfc,2\n", r"as 'CSV UTF-8'\.$"),
        (b"a,b\n" + b"1,2\n" * (3 * MOST_ROWS), "at most"),
        (b"a,b\n" + b"1,2\n" * (MOST_ROWS + 1), "at most"),
        (b",".join(b"c%d" % i for i in range(500)) + b"\n" + b",".join(b"1" for i in range(500)), "at most"),
        (b"a,b\n" + b"1" * UPLOAD_BYTES, "MB"),
    ],
)
def test_what_is_no_table_or_too_large_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(DataError, match=what) as caught:
        read_upload("mine.csv", data)
    assert "/tmp" not in str(caught.value)  # noqa: S108 - no path of the server's is told


def test_tables_are_kept_by_content_and_their_number_is_limited() -> None:
    tables = Tables()
    first = tables.add("../../etc/passwd\0.csv", b"a,b\n1,2\n3,4\n")
    assert first.name == "passwd.csv"
    assert tables.add("again.csv", b"a,b\n1,2\n3,4\n").id == first.id
    for number in range(MOST_TABLES):
        tables.add("t.csv", b"a,b\n1,2\n9,%d\n" % number)
    with pytest.raises(DataError, match="drop its file again"):
        tables.get(first.id)


def test_a_target_of_too_many_classes_is_named_and_another_taken() -> None:
    text = "x,kind,city\n" + "\n".join(f"{i * i % 7},{'ab'[i % 2]},c{i % 40}" for i in range(120))
    choice = Table("id")
    settings = replace(read_settings({}), data=replace(read_settings({}).data, source="table", table=choice))
    with pytest.raises(DataError, match=r"The target 'city' must have at most 20 classes; it has 40\. Choose another"):
        build(settings, table_rows(read_upload("t.csv", text.encode()), choice))
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("paste", text=text)
        said, _ = page.wait("error")
        assert "'city'" in said["message"]
        assert "For now it is 'kind'; “Columns…” has the others." in said["message"]
        assert page.state["settings"]["data"]["table"]["target"] == "kind"
        assert page.state["dataset"]["table"]["targets"][-1] == "kind"


def test_a_file_is_dropped_and_a_table_pasted() -> None:
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("upload", {"file": np.frombuffer(TEXT.encode(), np.uint8)}, name="shop.csv")
        table = page.until(lambda state: state["dataset"]["table"])["dataset"]["table"]
        assert table["name"] == "shop.csv"
        assert {column["name"]: column["role"] for column in table["columns"]}["bought"] == "target"
        settings = page.state["settings"]
        settings["data"]["table"]["target"] = "colour"
        page.update(settings, 1)
        page.until(lambda state: state["revision"] == 1)
        assert page.state["dataset"]["classes"] == ["blue", "green", "red"]
        page.send("paste", text="x\ty\tz\n" + "\n".join(f"{i}\t{i * i % 7}\t{i % 2}" for i in range(30)))
        page.until(lambda state: state["dataset"]["table"]["name"] == "pasted.csv")
        page.send("step", unit="epoch", count=2)
        page.wait("frame", epoch=2)
        for nothing, message in (("nothing", "'pasted.csv'"), ("\ud800,x\n", "surrogate pairs")):
            page.send("paste", text=nothing)
            assert message in page.wait("error")[0]["message"]
