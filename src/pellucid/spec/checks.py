"""The rules that a description obeys, each with one uniform sentence.

A number that passes is kept as Python's own float or int, so that a description made with NumPy's numbers goes to JSON
and keeps the dtype of the arrays that it meets.
"""

import math
from collections.abc import Collection
from numbers import Integral, Real
from reprlib import Repr
from typing import Any

from pellucid.errors import SpecError, did_you_mean

__all__ = [
    "check_choice",
    "check_flag",
    "check_integer",
    "check_kind",
    "check_number",
    "finite_number",
    "shown",
    "suggestion",
]


def shown(value: object) -> str:
    """Return a short ``repr`` for a message, whatever the value: deep, endless or without a decimal form.

    Examples
    --------
    >>> shown(-1), len(shown("x" * 1000)) < 200
    ('-1', True)
    """
    short = Repr()
    short.maxstring = short.maxother = short.maxlong = 160
    try:
        return short.repr(value)
    except Exception:  # a message must not fail because of a foreign __repr__
        return f"<{type(value).__name__}>"


def suggestion(value: object, known: Collection[str]) -> str:
    """Return `did_you_mean` for a value that should have been a known name, but may be anything.

    Examples
    --------
    >>> suggestion("rellu", ["relu", "tanh"])
    " Did you mean 'relu'?"
    """
    return did_you_mean(value[:80] if isinstance(value, str) else "", known)


def check_number(
    owner: object,
    name: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    low_open: bool = False,
    high_open: bool = False,
) -> None:
    """Raise SpecError unless ``owner.name`` is a finite number between low and high; keep it as a float."""
    value = getattr(owner, name)
    number = finite_number(value)
    too_low = number is not None and (number <= low if low_open else number < low)
    too_high = number is not None and (number >= high if high_open else number > high)
    if number is not None and not too_low and not too_high:
        object.__setattr__(owner, name, number)
        return
    rules = []
    if low > -math.inf:
        rules.append(f"{'greater than' if low_open else 'at least'} {low:g}")
    if high < math.inf:
        rules.append(f"{'less than' if high_open else 'at most'} {high:g}")
    rule = "a finite number" + (", " + " and ".join(rules) if rules else "")
    raise SpecError(f"'{name}' of {type(owner).__name__} must be {rule}; got {shown(value)}.")


def finite_number(value: object) -> float | None:
    """Return the value as a float, or None if it is no finite number.

    Examples
    --------
    >>> finite_number(3), finite_number(True), finite_number(float("nan"))
    (3.0, None, None)
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def check_integer(owner: object, name: str, *, low: int, optional: bool = False) -> None:
    """Raise SpecError unless ``owner.name`` is an integer of at least low (or None, if optional); keep it as an int."""
    value = getattr(owner, name)
    if optional and value is None:
        return
    if not isinstance(value, Integral) or isinstance(value, bool) or value < low:
        none = " (or None)" if optional else ""
        raise SpecError(
            f"'{name}' of {type(owner).__name__} must be an integer of at least {low}{none}; got {shown(value)}."
        )
    object.__setattr__(owner, name, int(value))


def check_flag(owner: object, name: str) -> None:
    """Raise SpecError unless ``owner.name`` is True or False, Python's or NumPy's; keep it as a bool."""
    value = getattr(owner, name)
    if type(value).__name__ not in ("bool", "bool_"):
        raise SpecError(f"'{name}' of {type(owner).__name__} must be True or False; got {shown(value)}.")
    object.__setattr__(owner, name, bool(value))


def check_choice(owner: object, name: str, choices: Collection[str]) -> None:
    """Raise SpecError unless ``owner.name`` is one of the choices; near misses are suggested."""
    value = getattr(owner, name)
    if not isinstance(value, str) or value not in choices:
        raise SpecError(
            f"'{name}' of {type(owner).__name__} must be one of its known names; got {shown(value)}."
            f"{suggestion(value, choices)}"
        )


def check_kind(owner: object, name: str, kinds: Collection[type[Any]]) -> None:
    """Raise SpecError unless ``owner.name`` is an instance of one of the kinds."""
    value = getattr(owner, name)
    if not isinstance(value, tuple(kinds)):
        known = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise SpecError(f"'{name}' of {type(owner).__name__} must be one of {known}; got {shown(value)}.")
