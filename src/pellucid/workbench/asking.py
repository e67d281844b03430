"""Fields of a message, each checked with one uniform sentence."""

from collections.abc import Collection, Mapping
from math import inf
from typing import Any

from pellucid.errors import DataError
from pellucid.spec.checks import shown

__all__ = ["flag_in", "integer_in", "integers_in", "name_in", "number_in", "text_in"]

Content = Mapping[str, Any]


def number_in(content: Content, name: str, low: float = -inf, high: float = inf, default: float | None = None) -> float:
    """Return a number of a message.

    Raises
    ------
    DataError
        If it is none, or out of range.

    Examples
    --------
    >>> number_in({"value": 2}, "value", 0, 3)
    2.0
    """
    value = content.get(name, default)
    if type(value) not in (int, float) or not low <= value <= high:
        raise DataError(f"'{name}' must be a number from {low:g} to {high:g}; got {shown(value)}.")
    return float(value)


def integer_in(content: Content, name: str, low: int, high: int, default: int | None = None) -> int:
    """Return a whole number of a message; raise DataError if it is none, or out of range."""
    value = content.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise DataError(f"'{name}' must be a whole number from {low} to {high}; got {shown(value)}.")
    return value


def integers_in(content: Content, name: str, low: int, high: int, most: int) -> list[int]:
    """Return a list of whole numbers; raise DataError if it is none, or too long."""
    value = content.get(name)
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise DataError(f"'{name}' must be a list of 1 to {most} whole numbers; got {shown(value)}.")
    return [integer_in({name: each}, name, low, high) for each in value]


def flag_in(content: Content, name: str) -> bool:
    """Return true or false; raise DataError if it is neither."""
    value = content.get(name)
    if type(value) is not bool:
        raise DataError(f"'{name}' must be true or false; got {shown(value)}.")
    return value


def name_in(content: Content, name: str, known: Collection[str], default: str | None = None) -> str:
    """Return one of the known names; raise DataError if it is none of them."""
    value = content.get(name, default)
    if not isinstance(value, str) or value not in known:
        raise DataError(f"'{name}' must be one of {', '.join(map(repr, known))}; got {shown(value)}.")
    return value


def text_in(content: Content, name: str, most: int, default: str | None = None) -> str:
    """Return a text; raise DataError if it is none, or too long."""
    value = content.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise DataError(f"'{name}' must be a text of at most {most} letters; got {shown(value)}.")
    return value
