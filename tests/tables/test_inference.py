import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings

from pellucid.errors import DataError
from pellucid.spec import from_json, to_json
from pellucid.tables import Schema, infer_schema, read_table
from pellucid.tables.inference import is_lost

from .strange_frames import strange_frames


def column(cells, label="c", **options):
    return infer_schema(pd.DataFrame({label: pd.Series(cells, **options), "other": range(len(cells))})).columns[0]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2, 3], "number"),
        (["3.5", " 7 ", "NA", "?", ""], "number"),
        (["1,234", "2,345"] * 2, "category"),
        ([True, False], "boolean"),
        (["yes", "No", None], "boolean"),
        (["T", "F", "T"], "boolean"),
        (["F", "F", None], "category"),
        (["red", "blue", None], "category"),
        (["2020-01-31", "", "2020-02-01"], "date"),
        (pd.to_datetime(["2020-01-31", "2020-02-01"]), "date"),
        ([1, 2.5, "a"], "category"),
        ([1, "2", None], "number"),
        (["020", "113", "7"] * 3, "category"),
        (["0", "0.5", "00.5"] * 3, "number"),
        (["1.5", " 2e3", "-7"], "number"),
        ([f"{i:05}" for i in range(50)], "ignored"),
        (["?", "NA"], "ignored"),
        ([np.inf, -np.inf], "ignored"),
        ([7, 7, 7], "ignored"),
        (["x", "x"], "ignored"),
        ([7, 7, None], "number"),
        (["x", "x", None], "category"),
        ([f"text {i}" for i in range(50)], "ignored"),
        ([f"level {i % 30}" for i in range(70)], "category"),
        ([f"level {i % 1001}" for i in range(2002)], "category"),
    ],
)
def test_kinds(cells, kind):
    assert column(cells).kind == kind


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        (["020", "113"] * 3, "numbers with zeros in front: read as codes"),
        ([1, 2.5, "a", b"b"] * 3, "mixed types (bytes, float, int, str), read as text"),
        (["1", "2"] * 10 + ["12 kg"], "mostly numbers, read as text because of '12 kg'"),
        (["1,234", "2,345"] * 10 + ["12 kg"], "mostly numbers with commas inside, read as text because of '12 kg'"),
        (["1", "2", "a", "b"], ""),
        (["1,2", "a,b", "c,d"], ""),
        ([True, 2, "x"] * 3, "mixed types (bool, int, str), read as text"),
    ],
)
def test_notes_on_text(cells, note):
    found = column(cells)
    assert (found.kind, found.note) == ("category", note)


@pytest.mark.parametrize(
    "form", ["{:,.2f} kg", "USD {:,.2f}", "$({:,.2f})", "{:.1f} €", "{:.2f} €/m²", "{:.3f} °C", "(£{:.2f})", "{:.2f}-"]
)
def test_numbers_with_units_are_told_of(form):
    found = column([form.format(1234.5 + 1.7 * i) for i in range(100)])
    if found.kind != "number":  # what is read as it is needs no word
        assert is_lost(found)
        assert found.note.startswith("numbers with ")


@pytest.mark.parametrize("form", ["A{}", "item {}", "{}-{}", "{} Main Street 5", "x{}.csv", "2021-{}-x"])
def test_names_with_numbers_are_not(form):
    assert not is_lost(column([form.format(i, i + 1) for i in range(100)]))


def test_long_gaps_are_no_trap():
    assert not is_lost(column([f"({' ' * 5000}{i}{' ' * 5000}!" for i in range(100)]))


def test_free_text_of_numbers_names_what_is_none():
    assert "because of 'none of them'" in column([*map(str, range(100)), "none of them"]).note


def test_many_levels():
    cells = [f"t{i}" for i in range(50_000)] * 2
    found = infer_schema(pd.DataFrame({"c": cells})).columns[0]
    assert (found.kind, found.distinct) == ("category", 50_000)


def test_plain_columns_are_described_like_single_ones():
    """Columns read many at once, against the same as text, read one by one."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 3, (12, 40)) * 1.0, columns=[f"x{i}" for i in range(40)])
    frame[frame == 2] = random.choice([np.nan, np.inf, 1e200, -0.5, 2], (12, 40))
    frame["id"], frame["none"] = range(12), np.nan
    plain, texts = infer_schema(frame), infer_schema(frame.astype(object).where(frame.notna(), ""))
    for one, other in zip(plain.columns, texts.columns, strict=True):
        assert one == other or {one.kind, other.kind} == {"number", "boolean"}


def test_categories_of_numbers_stay_categories():
    found = column(pd.Categorical([1, 2, 1]))
    assert (found.kind, found.levels) == ("category", ("1", "2"))


@pytest.mark.parametrize(
    "label", ["id", "ID", "PassengerId", "customer_id", "unnamed 1", "Unnamed: 0", "index", "uuid"]
)
def test_identifiers(label):
    assert "identifier" in column(range(30), label).note
    assert column([1, 1, 2], label).kind == "number"


@pytest.mark.parametrize("label", ["year", "width", "valid", "x"])
def test_no_identifiers(label):
    assert column(range(30), label).kind == "number"


def test_numbers_with_commas_are_text_and_say_so():
    found = column(["1,234", "17", "2,345.6", None] * 2)
    assert found.kind == "category"
    assert found.meaning().endswith("; numbers with commas inside: read as text; write 1,234 as 1234, and 1,5 as 1.5")
    found = column([f"{i},234.5" for i in range(40)])
    assert found.kind == "ignored"
    assert found.note.startswith("numbers with commas inside: ")
    assert found.note.endswith("(40 different texts in 40 rows)")
    assert "commas" not in column(["a,b", "1,2"] * 2).meaning()


def test_money_and_shares_are_numbers():
    schema = infer_schema(pd.DataFrame({"price": ["$1,200.50", "$7", None], "rate": ["5%", "12.5%", "0%"]}))
    assert [(each.kind, each.low, each.high) for each in schema.columns] == [("number", 7, 1200.5), ("number", 0, 12.5)]
    assert all("written with signs of money or per cent" in each.note for each in schema.columns)


def test_what_is_found_out():
    found = column([1.0, np.inf, np.nan, 3.0, 1e200])
    assert (found.missing, found.distinct, found.low, found.high) == (3, 2, 1.0, 3.0)
    assert found.note == (
        "2 cells are infinite or beyond 1e+100, too large to learn from: counted and treated as missing"
    )
    found = column([1e150, -1e160, np.inf, 1e101])
    assert (found.kind, found.missing) == ("ignored", 4)
    assert found.note.startswith("no values to learn from: 4 cells are infinite or beyond 1e+100, too large")
    found = column(["2020-01-31 10:00", "2020-03-31 10:00", None])
    assert (found.parts, found.missing) == (("month", "weekday"), 1)
    assert found.meaning() == "date from 2020-01-31 to 2020-03-31; also month, weekday"


def test_target_is_left_out_and_must_be_there():
    frame = pd.DataFrame({"size": [1, 2], "price": [3, 4]})
    schema = infer_schema(frame, "price")
    assert [each.label for each in schema.columns] == ["size"]
    assert schema.target == "price"
    with pytest.raises(DataError, match=r"must have the column 'prize'; it does not\. Did you mean 'price'"):
        infer_schema(frame, "prize")


def test_polars():
    frame = pl.DataFrame({"a": [1, None, 3], "b": ["x", "y", None], "c": [True, False, None]})
    assert [each.kind for each in infer_schema(frame).columns] == ["number", "category", "boolean"]


@settings(max_examples=100)
@given(strange_frames())
def test_any_frame_has_a_schema_or_an_error(frame):
    try:
        schema = infer_schema(frame)
    except DataError:
        return
    assert len(schema.describe()) == frame.shape[1]
    assert from_json(Schema, json.loads(json.dumps(to_json(schema), allow_nan=False))) == schema


def test_codes_of_a_csv_file_stay_codes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("code,n\n" + "020,1\n20,2\n113,5\n" * 3)
    code, number = infer_schema(read_table(path)).columns
    assert (code.kind, code.levels) == ("category", ("020", "113", "20"))
    assert number.kind == "number"


@pytest.mark.parametrize(("form", "what"), [("{}", "mostly numbers"), ("{:,}", "mostly numbers with commas inside")])
@pytest.mark.parametrize("words", [["unknown"], ["unknown"] * 90, ["tbd", "unknown", "lost"] * 2])
def test_words_among_numbers_are_named(form, what, words):
    found = column([form.format(1000 + 17 * i) for i in range(100)] + words)
    assert is_lost(found)
    named = ", ".join(map(repr, dict.fromkeys(words)))
    assert found.note.startswith(f"{what}, read as text because of {named}; if that means missing, leave these cells")
    assert "(missing_values, --missing)" in found.note


def test_many_words_among_numbers_are_not():
    assert not column([*map(str, range(100)), *(["unknown"] * 120)]).note
    assert column([*map(str, range(100)), *(f"word {'x' * i}" for i in range(20))]).note.startswith("free text")


@pytest.mark.parametrize("kind", [float, int, str])
def test_a_word_among_numbers_is_told_of_whatever_their_type(kind):
    cells = [kind(17 * i) if i % 20 else "n/k" for i in range(400)]
    assert is_lost(infer_schema(pd.DataFrame({"a": pd.Series(cells, dtype=object)})).columns[0])


def test_levels_with_commas_are_told_apart():
    assert column(["Ulm, DE", "Linz", "it's"] * 3).meaning() == "category, 3 levels: Linz, 'Ulm, DE', \"it's\""
    assert column(["a, b", "a, b"]).meaning() == "ignored; the same value in every row: 'a, b'"


@pytest.mark.parametrize("form", ["{}k", "{}.5 M", "~{}", "<{}", ">= {}", "≈ {} kg", "−{} kr", "{}\u00a0000 kr"])
def test_numbers_with_signs_and_units_are_told_of(form):
    found = column([form.format(i) for i in range(1, 100)])
    assert is_lost(found)
    assert found.note.startswith("numbers with signs or units: read as text; write them as plain numbers")
    found = column([*(form.format(i) for i in range(1, 50)), *map(str, range(100))])  # and some without
    assert found.note.startswith("numbers with signs or units: ")


def test_trailing_minuses_beside_decimal_commas_are_told_of():
    found = column([text for i in range(60) for text in (f"{i},5", f"1.{i:03},50-")])
    assert found.note.startswith("numbers with signs or units: ")


def test_numbers_with_gaps_in_memory():
    found = column(["1 234", "2'345", "−17", None])
    assert (found.kind, found.low, found.high) == ("number", -17, 2345)
    assert column(["1 234,5", "17"]).note.startswith("numbers with commas inside: ")


def test_classes_among_which_are_numbers_are_not_numbers_with_units():
    assert not column(["1", "2", "3 or more", "12B"] * 3).note
    assert not column(["-", "--"] * 3).note


def test_long_texts_are_read_in_no_time():
    for text in ("1 234" + " 567" * 50_000 + "8", "1" * 200_000 + "k ", "~" + "1 " * 100_000, " '1" * 70_000):
        assert column([text, "2"]).kind == "category"
