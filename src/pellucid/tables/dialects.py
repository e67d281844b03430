"""How a table is written as text: what stands between its cells, and what in its numbers."""

from dataclasses import dataclass

__all__ = ["PLAIN", "Dialect"]


@dataclass(frozen=True)
class Dialect:
    """How the text of a table is written.

    Parameters
    ----------
    separator : str
        Between columns.
    decimal : {'.', ','}
        Decimal mark of numbers.
    """

    separator: str = ","
    decimal: str = "."


PLAIN = Dialect()
"""Commas between columns, points within numbers."""
