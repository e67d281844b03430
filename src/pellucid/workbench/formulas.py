"""Formulas of inputs, such as ``sin(x1) * x2^2``: read by a parser of their own, never run as code.

::

    sum     = product (('+' | '-') product)*
    product = signed (('*' | '/') signed)*
    signed  = '-' signed | power
    power   = atom ('^' signed)?
    atom    = number | name | function '(' sum (',' sum)* ')' | '(' sum ')'

A name is ``x1``, ``x2`` … (the columns in their order), a column's own name if it is one word, ``pi`` or ``e``; a
column's name of any kind stands in quotes: ``'sepal length (cm)' ^ 2``.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pellucid.errors import DataError, did_you_mean
from pellucid.textbook.arrays import Array

__all__ = ["FUNCTIONS", "Formula", "parse"]

Formula = Callable[[Array], Array]
"""From columns (rows, columns) to a number a row."""

LONGEST = 200
DEEPEST = 30

FUNCTIONS: dict[str, tuple[int, Any]] = {
    "sin": (1, np.sin),
    "cos": (1, np.cos),
    "tan": (1, np.tan),
    "tanh": (1, np.tanh),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sqrt": (1, np.sqrt),
    "abs": (1, np.abs),
    "sign": (1, np.sign),
    "floor": (1, np.floor),
    "atan2": (2, np.arctan2),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
}
"""Number of arguments of each function, and what computes it."""

CONSTANTS = {"pi": float(np.pi), "e": float(np.e)}
OPERATIONS: dict[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}
TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([^\W\d]\w*)|'([^']*)'|(\*\*|.))", re.S
)


@lru_cache(maxsize=512)
def parse(text: str, columns: tuple[str, ...]) -> Formula:
    """Read a formula.

    Parameters
    ----------
    text : str
        At most 200 letters.
    columns : tuple of str
        Names of the columns; ``x1`` is the first, whatever its name.

    Returns
    -------
    callable
        From an array of shape (rows, columns) to one of shape (rows,). Where a formula has no value (the logarithm of a
        negative number, say), that is NaN or infinite.

    Raises
    ------
    DataError
        If the text is no formula: the message says where it goes wrong.

    Examples
    --------
    >>> parse("x1^2 - 2 * size", ("x", "size"))(np.array([[3.0, 1.0], [0.0, 2.0]])).tolist()
    [7.0, -4.0]
    >>> parse("__import__('os')", ("x",))
    Traceback (most recent call last):
    pellucid.errors.DataError: The formula "__import__('os')" knows no function '__import__'. Known: 'abs', 'atan2', \
'cos', 'exp', 'floor', 'log', 'max', 'min', 'sign', 'sin', 'sqrt', 'tan', 'tanh'.
    """
    return _Parser(text, columns).formula()


class _Parser:
    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text = text
        if len(text) > LONGEST:
            raise DataError(f"A formula must have at most {LONGEST} letters; this one has {len(text)}.")
        self.places = {name: index for index, name in reversed(list(enumerate(columns)))}
        self.places |= {f"x{index + 1}": index for index in range(len(columns))}
        self.tokens = [(match.lastindex or 0, match[match.lastindex or 0]) for match in TOKEN.finditer(text.strip())]
        self.at, self.depth = 0, 0

    def formula(self) -> Formula:
        whole = self.sum()
        if self.at < len(self.tokens):
            raise self.error(f"goes on unexpectedly at {self.tokens[self.at][1]!r}")

        def evaluate(columns: Array) -> Array:
            with np.errstate(all="ignore"):
                return np.broadcast_to(np.asarray(whole(columns), np.float64), len(columns)).copy()

        return evaluate

    def sum(self) -> Any:
        return self.chain("+-", self.product)

    def product(self) -> Any:
        return self.chain("*/", self.signed)

    def chain(self, operators: str, part: Callable[[], Any]) -> Any:
        left = part()
        while (operator := self.take(operators)) is not None:
            left = _applied(OPERATIONS[operator], left, part())
        return left

    def signed(self) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error("is nested too deeply")
        try:
            if self.take("-") is not None:
                return _applied(np.negative, self.signed())
            return self.power()
        finally:
            self.depth -= 1

    def power(self) -> Any:
        base = self.atom()
        return base if self.take("^") is None else _applied(np.power, base, self.signed())

    def atom(self) -> Any:
        if self.at >= len(self.tokens):
            raise self.error("ends too early")
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == 1:
            value = float(token)
            return lambda columns: value
        if kind == 2 and self.at < len(self.tokens) and self.tokens[self.at] == (4, "("):
            return self.call(token)
        if kind in (2, 3):
            return self.name(token)
        if token == "(":  # noqa: S105 - a bracket
            return self.closed(self.sum())
        raise self.error(f"has {token!r} where a number, a column or a function should be")

    def call(self, name: str) -> Any:
        if name not in FUNCTIONS:
            raise self.error(f"knows no function {name!r}.{did_you_mean(name, FUNCTIONS)}", end="")
        self.at += 1
        count, function = FUNCTIONS[name]
        arguments = [self.sum()]
        while self.take(",") is not None:
            arguments.append(self.sum())
        if len(arguments) != count:
            raise self.error(f"gives {name} {len(arguments)} arguments; it takes {count}")
        return self.closed(_applied(function, *arguments))

    def name(self, name: str) -> Any:
        if name in self.places:
            place = self.places[name]
            return lambda columns: columns[:, place]
        if name in CONSTANTS:
            value = CONSTANTS[name]
            return lambda columns: value
        raise self.error(f"knows no column {name!r}.{did_you_mean(name, list(self.places)[:60])}", end="")

    def closed(self, inner: Any) -> Any:
        if self.take(")") is None:
            raise self.error("lacks a ')'")
        return inner

    def take(self, operators: str) -> str | None:
        """Go past the next token if it is one of these."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] == 4:
            token = self.tokens[self.at][1].replace("**", "^")
            if token in operators:
                self.at += 1
                return token
        return None

    def error(self, what: str, end: str = ".") -> DataError:
        return DataError(f'The formula "{self.text}" {what}{end}')


def _applied(function: Any, *arguments: Any) -> Any:
    return lambda columns: function(*(argument(columns) for argument in arguments))
