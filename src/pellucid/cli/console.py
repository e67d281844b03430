"""Text for a terminal. What comes from a file may hold control characters; they are shown, not obeyed."""

from collections.abc import Iterable, Sequence

__all__ = ["print_table", "printable"]

_MOST_ROWS = 60


def printable(text: str) -> str:
    r"""Return the text with its control characters written out.

    Examples
    --------
    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; of a long one the beginning."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    every = list(rows)
    for row in every[:_MOST_ROWS]:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)
    if len(every) > _MOST_ROWS:
        print(f"… and {len(every) - _MOST_ROWS} more")
