import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from pellucid.errors import SpecError
from pellucid.spec.checks import check_choice, check_flag, check_integer, check_kind, check_number, shown


@dataclass(frozen=True)
class Thing:
    value: Any


def deep(levels: int) -> Any:
    nested: Any = []
    for _ in range(levels):
        nested = [nested]
    return nested


FOREIGN = [None, "1", "nan", [], {}, (1,), object(), True, np.True_, b"1", 1j, np.zeros(2), deep(100_000)]
HUGE = 10**5000


@pytest.mark.parametrize(
    ("bounds", "good", "bad", "rule"),
    [
        ({}, [-1e308, 0], [], "a finite number"),
        ({"low": 0}, [0, 0.5], [-1e-9], "a finite number, at least 0"),
        ({"low": 0, "low_open": True}, [1e-300], [0, -1], "a finite number, greater than 0"),
        ({"low": 0, "high": 1}, [0, 1], [1.1, -0.1], "a finite number, at least 0 and at most 1"),
        ({"low": 0, "high": 1, "high_open": True}, [0, 0.999], [1], "a finite number, at least 0 and less than 1"),
    ],
)
def test_numbers(bounds: dict[str, Any], good: list[float], bad: list[float], rule: str) -> None:
    for value in good:
        check_number(Thing(value), "value", **bounds)
    for value in [*bad, math.nan, math.inf, -math.inf, 10**400, HUGE, *FOREIGN]:
        with pytest.raises(SpecError, match=rf"^'value' of Thing must be {re.escape(rule)}; got .*\.$"):
            check_number(Thing(value), "value", **bounds)


@pytest.mark.parametrize("value", [1, np.float32(1), np.float64(1), np.int64(1), Fraction(1)])
def test_numbers_are_kept_as_floats(value: Any) -> None:
    thing = Thing(value)
    check_number(thing, "value")
    assert type(thing.value) is float
    assert thing.value == 1


@pytest.mark.parametrize("value", [2, np.int32(2), np.uint8(2)])
def test_integers_are_kept_as_ints(value: Any) -> None:
    thing = Thing(value)
    check_integer(thing, "value", low=1)
    assert type(thing.value) is int


@pytest.mark.parametrize("value", [0, -5, 1.0, math.nan, np.float64(2), *FOREIGN])
def test_not_an_integer(value: Any) -> None:
    with pytest.raises(SpecError, match=r"^'value' of Thing must be an integer of at least 1; got .*\.$"):
        check_integer(Thing(value), "value", low=1)


def test_none_only_where_it_is_allowed() -> None:
    check_integer(Thing(None), "value", low=1, optional=True)
    with pytest.raises(SpecError, match=r"at least 1 \(or None\); got 0"):
        check_integer(Thing(0), "value", low=1, optional=True)


def test_flags() -> None:
    for value in (True, np.True_):
        thing = Thing(value)
        check_flag(thing, "value")
        assert thing.value is True
    for value in (1, 0, "yes", None, np.ones(2, dtype=bool)):
        with pytest.raises(SpecError, match="must be True or False; got"):
            check_flag(Thing(value), "value")


def test_choices_and_near_misses() -> None:
    check_choice(Thing("softmax"), "value", ["softmax", "exp"])
    with pytest.raises(SpecError, match=r"got 'sofmax'\. Did you mean 'softmax'\?"):
        check_choice(Thing("sofmax"), "value", ["softmax", "exp"])
    for value in [*FOREIGN, HUGE, "x" * 10**6]:
        with pytest.raises(SpecError, match=r"Known: 'exp', 'softmax'\.") as caught:
            check_choice(Thing(value), "value", ["softmax", "exp"])
        assert len(str(caught.value)) < 600


def test_kinds() -> None:
    check_kind(Thing(1), "value", [int, str])
    with pytest.raises(SpecError, match=r"must be one of bytes, str; got 1\."):
        check_kind(Thing(1), "value", [str, bytes])


class Sulking:
    def __repr__(self) -> str:
        raise RuntimeError


ENDLESS = ["x" * 10**6, list(range(10**5)), {i: i for i in range(10**5)}]


@pytest.mark.parametrize("value", [*FOREIGN, HUGE, Sulking(), *ENDLESS], ids=lambda value: type(value).__name__)
def test_shown_is_short_and_never_fails(value: Any) -> None:
    assert 0 < len(shown(value)) < 400
