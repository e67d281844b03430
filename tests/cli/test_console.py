"""Tables in the terminal: what is too wide is narrowed between words, and never within one."""

import io

import pytest
from rich.console import Console

from pellucid.cli.console import Fitted

TITLES = ("member", "parameters", "understood as")
ROWS = [("1", "149,502", "category, 3 levels: blue, green, red"), ("2", "-0.0953", "ignored")]


def drawn(width, titles=TITLES, rows=ROWS):
    console = Console(width=width, file=io.StringIO())
    console.print(Fitted(titles, rows))
    return console.file.getvalue()


def test_what_fits_is_a_line_a_row():
    assert [line.rstrip() for line in drawn(80).splitlines()] == [
        "member  parameters  understood as",
        "1       149,502     category, 3 levels: blue, green, red",
        "2       -0.0953     ignored",
    ]


@pytest.mark.parametrize("width", range(12, 60))
def test_no_word_and_no_number_is_broken(width):
    words = drawn(width).split()
    for word in ("149,502", "-0.0953", "category,", "blue,", "understood"):
        assert word in words or f"{word}:" in words
    assert all(len(line.rstrip()) <= width for line in drawn(width).splitlines())


def test_what_has_no_room_is_a_block_a_row():
    assert drawn(27).startswith("1\n  parameters: 149,502\n  understood as: category,")


def test_a_table_without_rows_and_control_characters():
    assert drawn(40, rows=[]).split() == ["member", "parameters", "understood", "as"]
    assert "a\\x1b" in drawn(40, rows=[("a\x1b", "", "")])
