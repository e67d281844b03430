"""Symbols and numbers as a textbook sets them: ``z₁ = x₁·w₁₁ + b₁ = 0.5·0.12 + 0.1 = 0.16``."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = [
    "DIGITS",
    "Formula",
    "add_up",
    "factor",
    "largest",
    "layer_mark",
    "number",
    "parenthesised",
    "product",
    "raised",
    "subscript",
]

DIGITS = 4
"""Significant digits of a number within a formula."""

MOST_TERMS = 6
"""A sum shows so many of its terms, the largest, and the rest as one number."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Formula:
    """One line of a calculation, in symbols and in numbers.

    Attributes
    ----------
    left : str
        What is calculated.
    symbols, numbers : str
        How, in symbols and with the numbers in their places; may be empty.
    result : str
        What the engine made of it.

    Examples
    --------
    >>> print(Formula("a₁", "max(0, z₁)", "max(0, −2)", "0"))
    a₁ = max(0, z₁) = max(0, −2) = 0
    """

    left: str
    symbols: str
    numbers: str
    result: str

    def __str__(self) -> str:
        return " = ".join((self.left, *self.steps, self.result))

    @property
    def steps(self) -> tuple[str, ...]:
        """Symbols and numbers as far as they are there and say more than the result."""
        says_more = self.numbers.strip("()") != self.result
        return tuple(text for text in (self.symbols, self.numbers if says_more else "") if text)


def number(value: Any, digits: int = DIGITS) -> str:
    """Write a number with so many significant digits; one close to 1 with as many as tell it from 1.

    Examples
    --------
    >>> number(-0.123456), number(2.0), number(1e-5), number(0.99999912)
    ('−0.1235', '2', '1e−5', '0.99999912')
    """
    text = f"{float(value):.{digits}g}"
    if text in ("1", "-1") and abs(value) != 1:  # of an activation a, 1 - a² is then not 0
        text = f"{float(value):.{2 - floor(log10(abs(abs(float(value)) - 1)))}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return "0" if text == "-0" else text.replace("-", "−")


def factor(value: Any, digits: int = DIGITS) -> str:
    """Write a number that others stand beside: a negative one in parentheses.

    Examples
    --------
    >>> factor(-2.0)
    '(−2)'
    """
    return parenthesised(number(value, digits))


def parenthesised(text: str) -> str:
    """Put a negative number, written already, into parentheses.

    Examples
    --------
    >>> parenthesised("−2"), parenthesised("2")
    ('(−2)', '2')
    """
    return f"({text})" if text.startswith("−") else text


def raised(text: str) -> str:
    """Put a number that a power stands on, written already, into parentheses where the power might miss a part of it.

    Examples
    --------
    >>> raised("−2") + "²", raised("3.3e−6") + "²", raised("2") + "²", raised("a₁") + "²"
    ('(−2)²', '(3.3e−6)²', '2²', 'a₁²')
    """
    return f"({text})" if re.match(r"[\d.]+e", text) else parenthesised(text)


def product(*values: Any, digits: int = DIGITS) -> str:
    """Write a product of numbers.

    Examples
    --------
    >>> product(0.5, -2.0)
    '0.5·(−2)'
    """
    return "·".join(factor(value, digits) for value in values)


def subscript(*indices: int) -> str:
    """Write indices, which count from 0, as subscripts, which count from 1; a comma where one has two digits.

    Examples
    --------
    >>> "w" + subscript(0, 1), "w" + subscript(0, 11)
    ('w₁₂', 'w₁,₁₂')
    """
    shown = [str(index + 1).translate(_SUBSCRIPTS) for index in indices]
    return ("," if any(index > 8 for index in indices) else "").join(shown)


def layer_mark(layer: int) -> str:
    """Write the layer that a symbol belongs to as a superscript; layers count from 0, the mark from 1.

    Examples
    --------
    >>> "δ₁" + layer_mark(1)
    'δ₁⁽²⁾'
    """
    return f"⁽{str(layer + 1).translate(_SUPERSCRIPTS)}⁾"


def add_up(
    values: Array,
    symbols: Callable[[int], str],
    numbers: Callable[[int], str],
    *,
    most: int = MOST_TERMS,
    digits: int = DIGITS,
    kept: Sequence[int] = (),
) -> tuple[str, str]:
    """Write a sum in symbols and in numbers.

    Of many terms the largest are written, in their order; the rest is one number in brackets.

    Parameters
    ----------
    values : array of shape (terms,)
        What each term is worth.
    symbols, numbers : callable
        From a term's index to how it is written.
    most : int
        Terms that are written.
    digits : int
    kept : sequence of int
        Terms that are written in any case.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([5.0, 0.1, -7.0])
    >>> add_up(values, lambda i: f"t{i}", lambda i: factor(values[i]))
    ('t0 + t1 + t2', '5 + 0.1 + (−7)')
    >>> add_up(values, lambda i: f"t{i}", lambda i: factor(values[i]), most=2)
    ('t0 + t2 + [1 smaller]', '5 + (−7) + [0.1]')
    """
    shown = sorted({*kept, *largest(values, most)})
    texts = [(symbols(index), numbers(index)) for index in shown]
    if len(shown) < len(values):
        rest = np.delete(values, shown).sum()
        texts.append((f"[{len(values) - len(shown)} smaller]", f"[{number(rest, digits)}]"))
    return " + ".join(text for text, _ in texts), " + ".join(text for _, text in texts)


def largest(values: Array, most: int) -> list[int]:
    """Return the places of the largest numbers, whatever their sign, in their order.

    Examples
    --------
    >>> import numpy as np
    >>> largest(np.array([1.0, -3.0, 0.5, 2.0]), 2)
    [1, 3]
    """
    if len(values) <= most:
        return list(range(len(values)))
    return sorted(int(place) for place in np.argsort(-np.abs(values), kind="stable")[:most])
