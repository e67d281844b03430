import csv
import errno
import os
import re

import pandas as pd
import pytest

from pellucid.errors import DataError
from pellucid.tables import read_as_written, read_table, write_table
from pellucid.tables.writing import replaced_whole


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".csv.gz", ".TSV.gz", ".tsv.csv"])
def test_what_is_written_can_be_read(tmp_path, ending):
    frame = pd.DataFrame({"a, b": ["x\ty", 'q"r'], "c": ["1", "2"]})
    write_table(frame, tmp_path / f"t{ending}")
    assert read_table(tmp_path / f"t{ending}").to_dict() == frame.to_dict()
    assert [path.name for path in tmp_path.iterdir()] == [f"t{ending}"]


@pytest.mark.parametrize(
    ("name", "message"), [("t.xlsx", "must end in .csv"), ("no/t.csv", "no folder"), ("folder.csv", "is a folder")]
)
def test_bad_places(tmp_path, name, message):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=message):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / name)


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "t.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target.relative_to(tmp_path))
    write_table(pd.DataFrame({"a": [1]}), link)
    assert link.is_symlink()
    assert target.read_text() == "a\n1\n"
    assert [path.name for path in target.parent.iterdir()] == ["t.csv"]


def test_a_link_into_no_folder(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "no" / "t.csv")
    with pytest.raises(DataError, match=r"there is no folder '.*no'"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "link.csv")


def test_what_no_file_may_replace_and_names_that_no_file_can_have(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to("pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    before = sorted(tmp_path.iterdir())
    for name, message in {
        "pipe.csv": "is a device, a pipe or a socket",
        "link.csv": "is a device, a pipe or a socket",
        "loop.csv": "symbolic links",
        "a\0b.csv": "null",
        f"{'x' * 300}.csv": "name too long",
    }.items():
        with pytest.raises(DataError, match=message):
            write_table(pd.DataFrame({"a": [1]}), tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before


def test_the_longest_name_that_a_file_can_have(tmp_path):
    path = tmp_path / f"{'表' * 83}.csv"
    write_table(pd.DataFrame({"a": [1]}), path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o664])
def test_who_may_read_a_file_that_is_replaced_may_read_the_new_one(tmp_path, mode):
    path = tmp_path / "t.csv"
    path.write_text("old")
    path.chmod(mode)
    with replaced_whole(path) as temporary:
        temporary.write_text("new")
        assert temporary.stat().st_mode & 0o077 == 0
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", mode)


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def fail():
        with replaced_whole(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_names_the_file(tmp_path):
    path = tmp_path / "t.parquet"
    told = rf"^'{re.escape(str(path))}' cannot be written: No space left on device\.$"
    with pytest.raises(DataError, match=told), replaced_whole(path):
        raise OSError(errno.ENOSPC, "Error writing bytes to file. Detail: [errno 28] No space left on device")


def test_cells_with_marks_of_csv_are_quoted(tmp_path):
    cells = ["a,b", 'say "hi"', "two\nlines", "old\rlines", "both\r\n", " blank ", "007", "", "$1,438.28", "tab\there"]
    frame = pd.DataFrame({"a": cells, "b": ["x"] * len(cells)})
    for name in ("t.csv", "t.tsv"):
        write_table(frame, tmp_path / name)
        with (tmp_path / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter="," if name == "t.csv" else "\t"))
        assert rows == [["a", "b"], *([cell, "x"] for cell in cells)]
        assert read_as_written(tmp_path / name)[1].to_dict("list") == frame.to_dict("list")
    assert (
        (tmp_path / "t.csv").read_bytes().startswith(b'a,b\n"a,b",x\n"say ""hi""",x\n"two\nlines",x\n"old\rlines",x\n')
    )
