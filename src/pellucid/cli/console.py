"""Text for a terminal. What comes from a file may hold control characters; they are shown, not obeyed."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["Fitted", "discard_output", "print_table", "printable"]

_MOST_ROWS = 60
_BETWEEN = 2
"""Letters' widths between two columns."""


def printable(text: str) -> str:
    r"""Return the text with its control characters written out.

    Examples
    --------
    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def discard_output() -> None:
    """Let what is left to be written to the standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Fitted:
    """A table that breaks no word and no number: where they have no room side by side, each row is a block of lines.

    Parameters
    ----------
    titles : sequence of str
    rows : sequence of sequences of str
    """

    def __init__(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.titles, self.rows = list(titles), [[printable(cell) for cell in row] for row in rows]

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        """Yield what rich draws in so many columns of letters."""
        from rich.table import Table
        from rich.text import Text

        widths = self._widths(options.max_width)
        if widths is None:
            yield from map(Text, self._blocks())
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title, width in zip(self.titles, widths, strict=True):
            table.add_column(title, width=width)
        for row in self.rows:
            table.add_row(*map(Text, row))
        yield table

    def _widths(self, room: int) -> list[int] | None:
        """Return the columns' widths, the widest narrowed; None if words would have to be broken."""
        from rich.cells import cell_len

        columns = [[title, *cells] for title, *cells in zip(self.titles, *self.rows, strict=True)]
        widths = [max(map(cell_len, cells)) for cells in columns]
        least = [max((cell_len(word) for cell in cells for word in cell.split()), default=0) for cells in columns]
        room -= _BETWEEN * (len(columns) - 1)
        if sum(least) > room:
            return None
        while sum(widths) > room:
            widest = max(range(len(widths)), key=lambda place: (widths[place] > least[place], widths[place]))
            widths[widest] -= 1
        return widths

    def _blocks(self) -> Iterator[str]:
        """Yield each row's lines: its first cell, then the others with their titles."""
        (_, *titles) = self.titles
        for first, *others in self.rows:
            yield first
            yield from (f"  {title}: {cell}".rstrip() for title, cell in zip(titles, others, strict=True))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; of a long one the beginning."""
    from rich.console import Console

    every = list(rows)
    Console().print(Fitted(titles, every[:_MOST_ROWS]))
    if len(every) > _MOST_ROWS:
        print(f"… and {len(every) - _MOST_ROWS} more")
