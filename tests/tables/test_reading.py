import bz2
import gzip
import lzma
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pellucid.errors import DataError
from pellucid.tables import infer_schema, read_as_written, read_table, reading
from pellucid.tables.columns import read_measures
from pellucid.tables.decimals import keep_marks, marks_of


@pytest.fixture
def file(tmp_path):
    """Write bytes or text to a file, return its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(file, separator):
    frame = read_table(file(f"a{separator}b\n1{separator}x\n"))
    assert frame.to_dict("list") == {"a": ["1"], "b": ["x"]}


@pytest.mark.parametrize("line", ["sep=;\r\n", '"sep=;"\n', "\ufeffSEP=;\n"])
def test_the_line_that_names_the_separator_for_excel(file, line):
    assert read_table(file(f"{line}a,b;c\n1,5;x\n")).to_dict("list") == {"a,b": ["1.5"], "c": ["x"]}
    assert read_table(file("sep=^\na^b\n1^x\n")).to_dict("list") == {"a": ["1"], "b": ["x"]}
    assert read_table(file("sep=;,b\n1,x\n")).columns.tolist() == ["sep=;", "b"]


def test_decimal_commas_do_not_hide_semicolons(file):
    assert read_table(file("a;b\n1,5;2,5\n3,5;4,5\n")).columns.tolist() == ["a", "b"]


def test_tsv_by_its_name(file):
    assert read_table(file("a,b\tc\n1,2\t3\n", "t.tsv")).columns.tolist() == ["a,b", "c"]


def test_text_stays_text_without_blanks(file):
    frame = read_table(file('id, name \n007," x "\n08,\n'))
    assert frame.to_dict("list") == {"id": ["007", "08"], "name": ["x", ""]}


def test_quotes_line_ends_blank_lines_and_byte_order_mark(file):
    frame = read_table(file(b'\xef\xbb\xbfa,b\r\n"1\r\n2","x ""y"", z"\r\n\r\n3,4\r\n'))
    assert frame["a"].tolist() == ["1\r\n2", "3"]
    assert frame["b"].tolist() == ['x "y", z', "4"]


def test_blank_lines_of_one_column_are_missing_cells(file):
    assert read_table(file("x\n1.0\n\n-1.0\n0.5\n"))["x"].tolist() == ["1.0", "", "-1.0", "0.5"]
    assert read_table(file("\r\n\r\nx\r\n\r\n2"))["x"].tolist() == ["", "2"]
    assert read_table(file("x,y\n\n1,2\n\n")).shape == (1, 2)


def test_decimal_commas_become_points(file):
    frame = read_table(file("a;b;c;d;e\n1,76;1,234;1.5;x;1,5\n.;-2;2.5;1,5;1.234,5\n ,5;3;;;12.345\n"))
    assert frame.to_dict("list") == {
        "a": ["1.76", ".", ".5"],
        "b": ["1.234", "-2", "3"],
        "c": ["1.5", "2.5", ""],
        "d": ["x", "1,5", ""],
        "e": ["1.5", "1234.5", "12345"],
    }
    found = [marks_of(frame[label]) for label in frame]
    assert found == ["decimal commas", "decimal commas", "decimal points", "", "thousands dots"]


@pytest.mark.parametrize(
    "content",
    [
        'a,b\n"1,234",x\n',
        'a,b\n"1,234","1,5"\n',  # between commas, each column must show it
        'a,b\n"1,76",x\n1.7,y\n',
        "a;b\n1,234;x\n",  # 1.234 or 1234?
        "a;b\n1,76;x\n1.7;x\n",
        "a;b\n1,2,3;x\n",
    ],
)
def test_commas_that_may_be_something_else_stay(file, content):
    frame = read_table(file(content))
    assert "," in frame["a"][0]
    assert not marks_of(frame["a"])


def test_decimal_commas_between_quotation_marks(file):
    frame = read_table(file('a,b,c\n"1,76",1.5,"1,234"\n"1,234",2.5,"2,345"\n"-,5",,7\n"1.234,5",,"1,2,3"\n'))
    assert frame.to_dict("list") == {
        "a": ["1.76", "1.234", "-.5", "1234.5"],
        "b": ["1.5", "2.5", "", ""],
        "c": ["1,234", "2,345", "7", "1,2,3"],
    }
    assert [marks_of(frame[label]) for label in frame] == ["thousands dots", "decimal points", ""]


def test_decimal_commas_with_signs(file):
    frame = read_table(file("a;b;c\n1.187,32 €;5,0 %;$1\n-2\u00a0€;12,5%;€ 1.000\n"))
    assert frame.to_dict("list") == {
        "a": ["1187.32 €", "-2\u00a0€"],
        "b": ["5.0 %", "12.5%"],
        "c": ["$1", "€ 1000"],
    }
    columns = infer_schema(frame).columns
    assert [each.kind for each in columns] == ["number"] * 3
    assert columns[0].note == "written with thousands dots, and with signs of money or per cent"


def test_thousands_commas_where_a_decimal_point_shows_them(file):
    frame = read_table(file('a,b,c,d\n"1,495",0.5,"1,2",x\n950,NA,,"1,234"\n"1,234,567",2,3,y\n?,,,\n'))
    assert frame["a"].tolist() == ["1,495", "950", "1,234,567", "?"]  # the column c has decimal commas
    frame = read_table(file('a,b,c,d\n"1,495",0.5,"$1,200",x\n950,NA,,"1,234"\n"1,234,567",2,3,y\n?,,,\n'))
    assert frame.to_dict("list") == {
        "a": ["1495", "950", "1234567", "?"],
        "b": ["0.5", "NA", "2", ""],
        "c": ["$1200", "", "3", ""],
        "d": ["x", "1,234", "y", ""],
    }
    assert marks_of(frame["a"]) == "thousands commas"
    assert [each.kind for each in infer_schema(frame).columns] == ["number", "number", "number", "category"]


def test_dots_beside_decimal_commas_are_thousands_marks(file):
    frame = read_table(file("a;b;c;d\n588;1,5;1.5;v\n1.215;2,25;1.234;w\n"))
    assert (frame["a"].tolist(), frame["c"].tolist()) == (["588", "1215"], ["1.5", "1.234"])
    assert infer_schema(frame).columns[0].meaning() == "number from 588 to 1215; written with thousands dots"
    assert read_table(file("a;b\n1.234.567;x\n88.668;y\n"))["a"].tolist() == ["1234567", "88668"]
    assert read_table(file('a,b\n588,"1,5"\n1.215,"2,25"\n'))["a"].tolist() == ["588", "1215"]
    assert read_table(file('a,b,c\n588,"1,5",0.5\n1.215,"2,25",7\n'))["a"].tolist() == ["588", "1.215"]
    column = infer_schema(read_table(file("a;b\n588;1\n1.215;2\n"))).columns[0]  # no comma anywhere
    assert (column.high, column.note[:49]) == (588, "dots before three digits: read as decimal points;")


def test_thousands_dots_stay_what_they_were_in_the_table_learned_from(file):
    lines = ["x;v", "0,5;88.668", "-1,25;1.234.567", "2,75;588"]
    whole = read_table(file("\n".join(lines)))
    schema = infer_schema(whole)
    alone = [read_table(file(f"{lines[0]}\n{line}\n")) for line in lines[1:]]
    for column in schema.columns:
        expected = read_measures(column, whole[column.label])[0].tolist()
        assert [read_measures(column, each[column.label])[0][0] for each in alone] == expected
    column = schema.columns[1]
    assert expected == [88668, 1234567, 588]
    assert read_measures(column, pd.Series(["88.668", "588.0"]))[0].tolist() == [88.668, 588]  # points, as 588.0 shows
    points = infer_schema(read_table(file("x;v\n0,5;1.5\n-1,25;1.234\n"))).columns[1]
    with pytest.raises(DataError, match="learned with decimal points; in this table they are taken for thousands dots"):
        read_measures(points, read_table(file("x;v\n0,5;1.234\n"))["v"])


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["€1.215", "€813", "none"], [1215, 813]),
        (["1.215 €", "11.687,50 €", "9 €"], [1215, 11687.5, 9]),
        (["88.668", "1.234.567"], [88668, 1234567]),
        (["€1.215", "€2.345"], [1.215, 2.345]),  # as at a petrol station
        (["1.215", "€1.2"], [1.215, 1.2]),
    ],
)
def test_thousands_dots_in_memory(texts, numbers):
    frame = pd.DataFrame({"v": texts})
    column = infer_schema(frame).columns[0]
    assert column.kind == "number"
    assert read_measures(column, frame["v"])[0][: len(numbers)].tolist() == numbers
    assert (column.low, column.high) == (min(numbers), max(numbers))


def test_attributes_of_a_parquet_file_are_not_trusted(tmp_path):
    frame = pd.DataFrame({"a": ["1", "2"]})
    keep_marks(frame, {"a": "3"})
    frame.to_parquet(tmp_path / "t.parquet")
    assert not marks_of(read_table(tmp_path / "t.parquet")["a"])


def test_gzip(file):
    assert read_table(file(gzip.compress(b"a,b\n1,2\n", mtime=0), "t.csv.gz")).shape == (1, 2)


def test_parquet_keeps_types(file, tmp_path):
    original = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["x", None]), "c": pd.to_datetime(["2020-01-01", None])})
    original.to_parquet(tmp_path / "named.anything")
    frame = read_table(tmp_path / "named.anything")
    pd.testing.assert_frame_equal(frame, original)


def test_header_without_a_name(file):
    assert read_table(file(",a\n0,1\n")).columns.tolist() == ["unnamed 1", "a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("a,b\n", "at least one row"),
        ("a,b,a\n1,2,3\n", r"has 'a' twice \(columns 1 and 3\)"),
        ("a\n1,2\n", "header's 1 column; line 2 has 2"),
        ("a,b\n1,2\n3\n", "header's 2 columns; line 3 has 1"),
        ("a,b\n1,2\n3,4,5\n", "header's 2 columns; line 3 has 3"),
        ('a,b\n"1\n1",2\n\n3,4,5\n', "header's 2 columns; line 5 has 3"),
        ('a,b\n"1,2\n3,4\n', "never closed"),
        ('"a,b\n1,2\n', "cannot be read|has a header|at least one row"),
        (b"a,b\nM\xfcller,2\n", "UTF-8 text; line 2 has the byte 0xfc"),
        ("a,b\n1,2\n".encode("utf-16"), "it is UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "it is UTF-16"),
        ("größe,b\n1,2\n".encode("utf-16-be"), "it is UTF-16"),
        (bz2.compress(b"a,b\n1,2\n"), "is packed by bzip2; save the table as CSV or Parquet"),
        (lzma.compress(b"a,b\n1,2\n"), "is packed by xz"),
        (b"\x28\xb5\x2f\xfd and more", "is packed by zstd"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (b"a,b\n\x00,2\n", "binary"),
        (bytes(range(1, 32)) * 9, "binary"),
        (b"PK\x03\x04rest", "a zip or Excel file"),
        (b"PAR1 and no more", "damaged Parquet"),
        ('[{"a": 1}, {"a": 2}]', "it is JSON. Save it as one of these"),
        ('{\n  "a": [1, 2]\n}\n', "it is JSON"),
        ("sep=;\n", "must have a line of column names"),
        ("sep=é\naéb\n1é2\n", "'é' stands between columns; this must be an ASCII character"),
        ("sep=;\na;b\n1;2;3\n", "header's 2 columns; line 3 has 3"),
        (b"\x1f\x8b and no more", "cannot be read"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "cannot be read"),
    ],
)
def test_bad_files(file, content, message):
    path = file(content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "UTF8", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_text_of_another_encoding(file, encoding, pack):
    path = file(pack("größe;café\n1,5;é\n2;b\n".encode(encoding)))
    frame, cells, dialect = read_as_written(path, encoding=encoding)
    assert frame.to_dict("list") == {"größe": ["1.5", "2"], "café": ["é", "b"]}
    assert cells.columns.tolist() == ["größe", "café"]
    assert dialect.decimal == ","


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"a,b\nM\xfcller,2\n", "utf-8", r"Save it as 'CSV UTF-8', or give its 'encoding'\.$"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-8", r"Save it as 'CSV UTF-8', or give its 'encoding'\.$"),
        (b"a,b\nM\x81ller,2\n", "cp1252", "must be text in the 'encoding' 'cp1252'; it is not: .*0x81"),
        ("a,b\n1,2\n".encode("utf-16-le"), "latin-1", "must be text in the 'encoding' 'latin-1'; it holds NUL"),
        (b"a,b\n1,2\n", "windows", "'encoding' must be the name of an encoding, .*; got 'windows'"),
        (b"a,b\n1,2\n", "hex", "'encoding' must be the name of an encoding, .*; got 'hex'"),
        (b"PK\x03\x04rest", "latin-1", "a zip or Excel file"),
        (b'[{"a": 1}, {"a": 2}]', "latin-1", "it is JSON"),
    ],
)
def test_an_encoding_that_does_not_suit(file, content, encoding, message):
    with pytest.raises(DataError, match=message):
        read_table(file(content), encoding=encoding)


def test_parquet_with_one_name_twice(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataError, match="twice"):
        read_table(path)


def test_parquet_cut_short(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": range(1000)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged"):
        read_table(path)


def test_no_such_file_suggests_near_ones(file, tmp_path):
    file("a\n1\n", "adult.csv")
    with pytest.raises(DataError, match=r"cannot be found\. Did you mean 'adult.csv'"):
        read_table(tmp_path / "adlut.csv")
    with pytest.raises(DataError, match=r"cannot be found\. Did you mean 'adult.csv'"):
        read_table(tmp_path / "adult.parquet")
    for name in ("new.csv", "onerow.csv", "bom.csv"):
        file("a\n1\n", name)
    with pytest.raises(DataError, match=r"nope.csv' cannot be found\.$"):
        read_table(tmp_path / "nope.csv")
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(DataError, match="cannot be found"):
        read_table(tmp_path / "no" / "where.csv")


def test_too_large(file, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_FILE", 5)
    with pytest.raises(DataError, match="at most"):
        read_table(file("a,b\n1,2\n"))
    with pytest.raises(DataError, match="at most"):
        read_table(file(gzip.compress(b"a,b\n1,2\n", mtime=0)))


def test_rows_larger_than_a_block(file):
    cell = "x" * 3_000_000
    assert read_table(file(f"a,b\n{cell},1\n"))["a"][0] == cell


def test_commas_mean_what_they_meant_in_the_table_learned_from(file):
    learned = infer_schema(read_table(file("a;b\n0,125 €;1\n12,5 €;2\n1,75 €;3\n")))
    column = learned.columns[0]
    assert (column.kind, column.marks) == ("number", "decimal commas")
    assert read_measures(column, pd.Series(["1,250 €", "2.5", "1.234,5"]))[0].tolist() == [1.25, 2.5, 1234.5]
    column = infer_schema(read_table(file('a,b\n"1,495",0.5\n"2,950",0.75\n950,1\n'))).columns[0]
    assert column.marks == "thousands commas"
    assert read_measures(column, pd.Series(["1,495", "7"], name="a"))[0].tolist() == [1495, 7]
    with pytest.raises(DataError, match="learned with thousands commas; in this table they are taken for decimal"):
        read_measures(column, read_table(file('a,b\n"1,5",x\n"2,75",y\n'))["a"])


def test_points_that_may_be_thousands_marks_settle_nothing(file):
    assert read_table(file('a,b\n"1,107","1.201"\n"2,300","4.000"\n'))["a"].tolist() == ["1,107", "2,300"]
    assert read_table(file('a,b\n"1,107",version 10.15\n"2,300",10.15\n'))["a"].tolist() == ["1,107", "2,300"]


def test_what_means_missing_leaves_no_doubt(file):
    path = file('a,b,c\n"1,495",0.5,"1,200"\nunknown,2.5,none here\n"1,234,567",unknown,7\n')
    assert read_table(path)["a"].tolist() == ["1,495", "unknown", "1,234,567"]
    frame = read_table(path, missing_values=["unknown"])
    assert frame.to_dict("list") == {
        "a": ["1495", "unknown", "1234567"],
        "b": ["0.5", "2.5", "unknown"],
        "c": ["1,200", "none here", "7"],
    }
    assert marks_of(frame["a"]) == "thousands commas"
    columns = infer_schema(frame, missing_values=["unknown"]).columns
    assert [(each.kind, each.missing) for each in columns] == [("number", 1), ("number", 1), ("category", 0)]
    assert read_table(path, missing_values={"b": "unknown"})["a"].tolist() == ["1,495", "unknown", "1,234,567"]
    table, cells, _ = read_as_written(path, missing_values={"a": "unknown"})
    assert table["a"].tolist() == ["1495", "unknown", "1234567"]
    assert cells["a"].tolist() == ["1,495", "unknown", "1,234,567"]


def test_cells_as_they_are_written(file, tmp_path):
    table, cells, _ = read_as_written(file('id, x \n007," $1,438.28"\n08,"say ""hi""\nthere"\n'))
    assert cells.to_dict("list") == {"id": ["007", "08"], " x ": [" $1,438.28", 'say "hi"\nthere']}
    assert table["x"].tolist() == ["$1,438.28", 'say "hi"\nthere']
    table, cells, _ = read_as_written(file("a, ,\n1,2,3\n"))
    assert list(table.columns) == list(cells.columns) == ["a", "unnamed 2", "unnamed 3"]
    with pytest.raises(DataError, match=r"must be unique\..* has 'a' twice \(columns 1 and 2\)"):
        read_as_written(file("a, a\n1,2\n"))
    table.to_parquet(tmp_path / "t.parquet")
    table, cells, _ = read_as_written(tmp_path / "t.parquet")
    assert table is cells


@pytest.mark.parametrize("gap", [" ", "\u00a0", "\u202f", "\u2009", "'", "\u2019"])
def test_thousands_apart_are_numbers(file, gap):
    lines = f"a;b;c\n1{gap}234,50;−5,2;1{gap}234{gap}567 €\n950,5;7;−12{gap}345,25 €\n?;;€ 1{gap}000\n"
    frame = read_table(file(lines))
    columns = infer_schema(frame).columns
    assert [(each.kind, each.marks) for each in columns] == [("number", "decimal commas")] * 3
    assert [read_measures(each, frame[each.label])[0][:2].tolist() for each in columns] == [
        [1234.5, 950.5],
        [-5.2, 7],
        [1234567, -12345.25],
    ]
    table, cells, _ = read_as_written(file(lines))
    assert table.equals(frame)
    assert cells["a"][0] == f"1{gap}234,50"
    column = infer_schema(read_table(file(f'a,b\n1{gap}234.50,x\n−950.5,y\n"12{gap}345",z\n'))).columns[0]
    assert (column.kind, column.marks, column.low, column.high) == ("number", "", -950.5, 12345)
    assert column.note == "written with signs of money or per cent, or with marks between thousands"


def test_thousands_apart_tell_what_a_comma_is(file):
    frame = read_table(file("a;b\n1 234,567;2,345\n"))  # of commas alone, 2,345 could be 2345
    assert frame.to_dict("list") == {"a": ["1234.567"], "b": ["2.345"]}
    frame = read_table(file('a,b,c\n"1 234,567","2,345",7.25\n'))
    assert frame.to_dict("list") == {"a": ["1234.567"], "b": ["2,345"], "c": ["7.25"]}
    column = infer_schema(read_table(file('a,b\n"1,5",x\n"12,25",y\n7,z\n'))).columns[0]
    later = pd.Series(["1 234,567", "−1'234,5", "1 234"], name="a")
    assert read_measures(column, later)[0].tolist() == [1234.567, -1234.5, 1234]


@pytest.mark.parametrize("cell", ["1 23", "12 34", "0 123", "1 2345", "1 234'567", "1 234 56", "1 234 each", "1  234"])
def test_blanks_that_are_not_between_thousands_are_text(file, cell):
    columns = infer_schema(read_table(file(f"a;b\n{cell};1\n2;2\n"))).columns
    assert [each.kind for each in columns] == ["category", "number"]


def test_a_minus_of_its_own_is_no_sign_of_money(file):
    (column,) = infer_schema(read_table(file("a\n−5.2\n7\n"))).columns
    assert (column.kind, column.low, column.note) == ("number", -5.2, "")


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", gzip.compress(b"a,b\n1,2\n", mtime=0)])
def test_a_pipe_is_read(content):
    end, begin = os.pipe()
    os.write(begin, content)
    os.close(begin)
    try:
        assert read_table(f"/dev/fd/{end}").to_dict("list") == {"a": ["1"], "b": ["2"]}
    finally:
        os.close(end)
