import json

import numpy as np
import pandas as pd
import pytest

from pellucid.errors import SpecError
from pellucid.spec import from_json, to_json
from pellucid.tables import ColumnSchema, ParquetTable, TabularEncoder, fit_encoder, infer_schema, read_table
from pellucid.tables.columns import read_measures
from pellucid.tables.date_forms import DATE_FORMATS, example_of
from pellucid.tables.dates import date_format_of, read_dates
from pellucid.tables.inference import is_lost


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["2020-01-31", "", "1999-12-01"], "ISO8601"),
        (["2020-01-31T10:11:12Z", "2020-01-31 10:11"], "ISO8601"),
        (["2020/1/31"], "%Y/%m/%d"),
        (["31.12.2020"], "%d.%m.%Y"),
        (["12/31/2020", "01/02/2020"], "%m/%d/%Y"),
        (["31/12/2020 23:59"], "%d/%m/%Y %H:%M"),
        (["12/31/2020 1:05 PM", "01/02/2021 12:00 am"], "%m/%d/%Y %I:%M %p"),
        (["03-04-2021", "12-31-2021"], "%m-%d-%Y"),
        (["31-12-2021"], "%d-%m-%Y"),
        (["12/31/20", "1/2/99"], "%m/%d/%y"),
        (["31.12.20", "01.02.99"], "%d.%m.%y"),
        (["Apr 03, 2021", "May 4, 2021", "Sept. 5 2021", "JUNE 6, 2021"], "%b %d %Y"),
        (["Sat, April 3rd, 2021"], "%b %d %Y"),
        (["Apr 3, 2021, 10:30 PM"], "%b %d %Y %I:%M %p"),
        (["3 April 2021", "30. Apr 2021", "Saturday 3-Apr-2021", "03APR2021"], "%d %b %Y"),
        (["03-Apr-21", "4 Apr 69"], "%d %b %y"),
        (["2021-Apr-03"], "%Y %b %d"),
        (["2021-04", "1999-12"], "%Y-%m"),
        (["4/2021", "12/2021"], "%m/%Y"),
        (["Apr 2021", "May 2021", "June, 2021"], "%b %Y"),
        (["Apr-21", "May-22"], "%b-%y"),
        (["2021Q2", "2021-Q3", "2021 q4"], "%Y-Q%q"),
        (["Q1 2021"], "Q%q %Y"),
    ],
)
def test_date_formats(texts, form):
    series = pd.Series(texts)
    assert date_format_of(series) == form
    assert not read_dates(series, form)[1].any()


@pytest.mark.parametrize(
    "texts",
    [
        ["now"], ["today"], ["2020-13-01"], ["31/12/2020", "12/31/2020"], [""], ["3 apples"],
        ["May", "June"], ["A-12", "B-07"], ["MAR123", "APR456"], ["4711-03", "4712-04"], ["2021-13"], ["2021-00"],
        ["Q1", "Q2"], ["Q5 2021"], ["Apr 2021", "unknown"], ["30 Feb 2021"], ["31/31/20"], ["1.2.03"],
        ["1.12.20", "10.11.12"], ["80/20/10"], ["10.11.12", "10.12.13"], ["10-12-3456", "11-10-9999"],
        ["March 5"], ["5 March"], ["Mayor 2021"], ["2009-10", "2010-11", "2011-12"], ["2010/11", "2011/12"],
        ["12/31/2020 13:00 PM"], ["12/31/2020 0:30 AM"], ["31.12.2020 24:00"], ["3 Apr 2021 " + "x" * 5000],
        ["3 Avril 2021"], ["\ud800 2021"],
    ],
)  # fmt: skip
def test_no_dates(texts):
    assert date_format_of(pd.Series(texts, dtype=object)) is None


@pytest.mark.parametrize("word", ["now", "today"])
@pytest.mark.parametrize("form", ["ISO8601", "%d/%m/%Y"])
def test_dates_never_depend_on_the_clock(word, form):
    assert read_dates(pd.Series([word]), form)[1].tolist() == [True]


def test_dates_in_a_zone_are_utc():
    expected = 18262.75  # days from 1970-01-01 to 2020-01-01 18:00
    zoned = pd.Series(pd.to_datetime(["2020-01-01 20:00"]).tz_localize("Etc/GMT-2"))
    assert read_dates(zoned)[0].tolist() == [expected]
    assert read_dates(pd.Series(["2020-01-01 20:00+02:00"]))[0].tolist() == [expected]


BERLIN = pd.Series(pd.date_range("2021-01-01", periods=8000, freq="h", tz="Europe/Berlin", unit="us"), name="when")


def test_a_typed_date_is_told_by_the_clocks_of_its_zone():
    """Summer time and all; pandas' own clock is the other witness."""
    (column,) = infer_schema(BERLIN.to_frame()).columns
    assert (column.zone, column.parts) == ("Europe/Berlin", ("month", "day", "weekday", "hour"))
    assert column.meaning().startswith(
        "date from 2021-01-01 to 2021-11-30; also month, day, weekday, hour; in the time"
    )
    days, month, day, weekday, hour = read_measures(column, BERLIN)
    clock = BERLIN.dt
    for mine, theirs in ((month, clock.month), (day, clock.day), (weekday, clock.day_of_week), (hour, clock.hour)):
        assert np.array_equal(mine, theirs)
    assert days[0] == 18628


@pytest.mark.parametrize(
    "later",
    [
        BERLIN.dt.tz_convert("UTC"),
        BERLIN.dt.tz_convert("America/New_York"),
        BERLIN.astype(str),
        BERLIN.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        BERLIN.dt.tz_localize(None),
        BERLIN.dt.tz_localize(None).astype(str),
    ],
)
def test_what_is_learned_in_a_zone_means_the_same_however_it_comes(later):
    (column,) = infer_schema(BERLIN.to_frame()).columns
    column = from_json(ColumnSchema, json.loads(json.dumps(to_json(column))))
    for mine, learned in zip(read_measures(column, later), read_measures(column, BERLIN), strict=True):
        assert np.array_equal(mine, learned)


def test_zones_by_their_distance_and_none():
    half = pd.Series(pd.to_datetime(["2021-01-01 00:00+05:30", "2021-03-07 06:00+05:30"]))
    (column,) = infer_schema(half.to_frame("when")).columns
    assert (column.zone, column.low) == ("UTC+05:30", 18628)
    (column,) = infer_schema(half.dt.tz_convert("UTC").to_frame("when")).columns
    assert (column.zone, column.note) == ("", "")
    with pytest.raises(SpecError, match="'zone' of column 'a' must be a time zone known here; got 'Moon/Crater'"):
        ColumnSchema("a", "date", zone="Moon/Crater")
    for name in ("../../etc/passwd", "/etc/passwd", "Europe", "UTC+99:00", "tzlocal()"):
        with pytest.raises(SpecError):
            ColumnSchema("a", "date", zone=name)


@pytest.mark.parametrize(
    ("text", "form", "iso"),
    [
        ("29 Feb 2020", "%d %b %Y", "2020-02-29"),
        ("Dec 31, 1999 11:59 pm", "%b %d %Y %I:%M %p", "1999-12-31 23:59"),
        ("3-apr-68", "%d %b %y", "2068-04-03"),
        ("3-apr-69", "%d %b %y", "1969-04-03"),
        ("2021Q2", "%Y-Q%q", "2021-04-01"),
        ("Sep-21", "%b-%y", "2021-09-01"),
        ("31/12/2020 23:59:59.25", "%d/%m/%Y %H:%M:%S", "2020-12-31 23:59:59.25"),
        ("1/2/2020 12:05 AM", "%m/%d/%Y %I:%M %p", "2020-01-02 00:05"),
    ],
)
def test_the_day_that_is_meant(text, form, iso):
    assert read_dates(pd.Series([text]), form)[0].tolist() == read_dates(pd.Series([iso]))[0].tolist()


@pytest.mark.parametrize("form", DATE_FORMATS)
def test_each_form_reads_what_it_writes(form):
    """Python's own way to write dates, as the other witness."""
    days = pd.to_datetime(["2021-04-07 13:45", "1999-12-31 00:00", "2004-02-29 23:59"])
    if form == "ISO8601":
        texts = days.strftime("%Y-%m-%dT%H:%M")
    else:
        texts = pd.Index([day.strftime(form.replace("%q", str(day.quarter))) for day in days])
    unit = "Q" if "%q" in form else "M" if "%d" not in form and form != "ISO8601" else None
    expected = days if unit is None else days.to_period(unit).to_timestamp()
    if unit is None and "%M" not in form and form != "ISO8601":
        expected = days.normalize()
    read, wrong = read_dates(pd.Series(texts), form)
    assert not wrong.any()
    np.testing.assert_allclose(read, (expected - pd.Timestamp(0)) / pd.Timedelta(days=1), rtol=0, atol=1e-9)
    assert date_format_of(pd.Series(texts)) is not None
    assert not read_dates(pd.Series([example_of(form)]), form)[1].any()
    column = ColumnSchema("sold", "date", date_format=form)
    assert from_json(ColumnSchema, to_json(column)) == column


def test_from_files_and_out_of_core(tmp_path):
    months = ["Jan", "Feb", "March"]
    frame = pd.DataFrame({"sold": [f"{i % 28 + 1} {months[i % 3]} 2021" for i in range(60)], "n": range(60)})
    frame["quarter"] = [f"2021Q{i % 4 + 1}" for i in range(60)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    of_csv = infer_schema(read_table(tmp_path / "t.csv"))
    encoder = fit_encoder(ParquetTable(tmp_path / "t.parquet", batch_rows=7))
    for schema in (of_csv, encoder.schema):
        assert [each.kind for each in schema.columns] == ["date", "number", "date"]
        assert schema.columns[0].meaning() == (
            "date from 2021-01-01 to 2021-03-27; also month, day, weekday; written like 24 Apr 2021"
        )
    again = TabularEncoder.from_state(*encoder.to_state())
    assert np.array_equal(again.transform(frame), encoder.transform(frame))
    typed = frame.assign(sold=pd.to_datetime(frame["sold"], format="mixed"))
    assert np.array_equal(again.transform(typed), encoder.transform(frame))


def test_periods_are_dates():
    frame = pd.DataFrame({"q": pd.period_range("2020Q1", periods=8, freq="Q"), "n": range(8)})
    assert infer_schema(frame).columns[0].kind == "date"


@pytest.mark.parametrize("texts", [["2021Q1", "2021Q2", "2022Q4"], ["2021-04", "2021-05", "2022-06"]])
def test_months_have_no_days(texts):
    column = infer_schema(pd.DataFrame({"when": texts, "n": range(3)})).columns[0]
    assert column.parts == ("year", "month")


@pytest.mark.parametrize(
    ("texts", "note"),
    [
        (["4/24/2021", "2021-04-25"], "dates written in several ways, read as text; write them all as 2021-04-24"),
        (["31/12/2020", "12/31/2020"], "dates written in several ways, read as text; write them all as 2021-04-24"),
        ([*(f"{i} Apr 2021" for i in range(1, 20)), "unknown"], "mostly dates, read as text because of 'unknown'"),
        ([*(f"{i} Apr 2021" for i in range(1, 5)), "unknown"], ""),
        (["2009-10", "2010-11"], ""),
        (["2021-51", "2021-52"], ""),
        (["80/20/10", "30/30/40"], ""),
    ],
)
def test_columns_that_are_nearly_dates_are_told_of(texts, note):
    frame = pd.DataFrame({"when": texts * 2, "n": range(2 * len(texts))})
    column = infer_schema(frame).columns[0]
    assert (column.kind, column.note) == ("category", note)
    many = pd.DataFrame({"when": texts + [f"{i % 12 + 1}/{i % 28 + 1}/{1900 + i}" for i in range(100)]})
    if note.startswith("dates"):
        assert is_lost(infer_schema(many.assign(n=range(len(many)))).columns[0])
