import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.spec import (
    Adaptive,
    Constant,
    Cosine,
    Exponential,
    FlatCosine,
    InvScaling,
    LogCosine,
    OneCycle,
    Schedule,
    ShareSchedule,
    Step,
)
from pellucid.textbook.schedules import learning_rate_at, varies_by_step
from strategies import schedules


def at(schedule: Schedule, base: float = 1.0, **where: int) -> float:
    known: dict[str, Any] = {"epoch": 0, "step": 0, "steps": 100, "rows_seen": 0, "reductions": 0}
    return learning_rate_at(schedule, base, **(known | where))


@pytest.mark.parametrize(
    ("schedule", "where", "expected"),
    [
        (Constant(), {"epoch": 50, "step": 77}, 0.5),
        (InvScaling(0.5), {}, 0.5),
        (InvScaling(0.5), {"rows_seen": 399}, 0.5 / 20),
        (InvScaling(1.0), {"rows_seen": 9}, 0.05),
        (Adaptive(), {}, 0.5),
        (Adaptive(), {"reductions": 3}, 0.5 / 5 / 5 / 5),
        (Step(every=10, factor=0.1), {"epoch": 9}, 0.5),
        (Step(every=10, factor=0.1), {"epoch": 10}, 0.05),
        (Step(every=10, factor=0.1), {"epoch": 29}, 0.005),
        (Exponential(0.5), {"epoch": 3}, 0.0625),
        (Cosine(), {"step": 0}, 0.5),
        (Cosine(), {"step": 50}, 0.25),
        (Cosine(), {"step": 100}, 0.0),
        (Cosine(final=0.1), {"step": 100}, 0.05),
        (Cosine(final=0.1), {"step": 500}, 0.05),
        (Cosine(warmup=0.25), {"step": 0}, 0.5 / 26),
        (Cosine(warmup=0.25), {"step": 24}, 0.5 * 25 / 26),
        (Cosine(warmup=0.25), {"step": 25}, 0.5),
        (Cosine(warmup=0.2), {"step": 60}, 0.25),
        (OneCycle(), {"step": 0}, 0.5 / 25),
        (OneCycle(), {"step": 15}, 0.5 * (1 + 1 / 25) / 2),
        (OneCycle(), {"step": 30}, 0.5),
        (OneCycle(), {"step": 100}, 0.5 / 25e4),
        (OneCycle(warmup=0.0), {"step": 0}, 0.5),
        (FlatCosine(), {"step": 0}, 0.5),
        (FlatCosine(), {"step": 49}, 0.5),
        (FlatCosine(), {"step": 50}, 0.5),
        (FlatCosine(), {"step": 75}, 0.25),
        (FlatCosine(), {"step": 100}, 0.0),
        (FlatCosine(), {"step": 500}, 0.0),
        (LogCosine(1), {"step": 0}, 0.0),
        (LogCosine(4), {"step": 1, "steps": 15}, 0.0),  # waves end at 1, 3, 7 and 15 fifteenths
        (LogCosine(4), {"step": 3, "steps": 15}, 0.0),
        (LogCosine(4), {"step": 7, "steps": 15}, 0.0),
        (LogCosine(4), {"step": 15, "steps": 15}, 0.0),
        (LogCosine(4), {"step": 40, "steps": 15}, 0.0),
        (LogCosine(2), {"step": 10, "steps": 40}, 0.5 * (1 - math.cos(2 * math.pi * math.log2(1.75))) / 2),
    ],
)
def test_known_points(schedule: Schedule, where: dict[str, int], expected: float) -> None:
    assert at(schedule, 0.5, **where) == pytest.approx(expected, rel=1e-14, abs=1e-18)


def test_adaptive_divides_again_and_again() -> None:
    rate = 0.1
    for reductions in range(8):
        assert at(Adaptive(3.0), 0.1, reductions=reductions) == rate
        rate /= 3.0


@pytest.mark.parametrize("kind", get_args(Schedule))
def test_varies_by_step_tells_the_truth(kind: type[Any]) -> None:
    varies = at(kind(), step=10) != at(kind(), step=60)
    assert varies_by_step(kind()) == varies


@given(
    schedules,
    st.floats(1e-6, 10),
    st.integers(0, 200),
    st.integers(1, 1000),
    st.integers(0, 1000),
    st.integers(0, 10**9),
    st.integers(0, 20),
)
def test_never_negative_nor_above_the_base(
    schedule: Schedule, base: float, epoch: int, steps: int, step: int, rows_seen: int, reductions: int
) -> None:
    rate = at(schedule, base, epoch=epoch, step=step, steps=steps, rows_seen=rows_seen, reductions=reductions)
    assert type(rate) is float
    assert 0 <= rate <= base * (1 + 1e-12)


def test_log_cosine_rises_to_the_base_once_a_wave() -> None:
    for cycles in (1, 2, 4):
        rates = [at(LogCosine(cycles), step=step, steps=3000) for step in range(3001)]
        tops = [i for i in range(1, 3000) if rates[i - 1] < rates[i] >= rates[i + 1]]
        assert len(tops) == cycles
        assert all(rates[top] > 0.99 for top in tops)
        expected = [(2 ** (wave + 0.5) - 1) / (2**cycles - 1) * 3000 for wave in range(cycles)]
        assert tops == pytest.approx(expected, abs=1.01)


def test_those_that_follow_the_share_of_steps() -> None:
    assert {kind for kind in get_args(Schedule) if varies_by_step(kind())} | {Constant} == set(get_args(ShareSchedule))


def test_cosine_and_one_cycle_rise_then_fall() -> None:
    for schedule in (Cosine(warmup=0.3), OneCycle()):
        rates = [at(schedule, step=step) for step in range(101)]
        assert rates[:31] == sorted(rates[:31])
        assert rates[30:] == sorted(rates[30:], reverse=True)
        assert max(rates) == rates[30] == 1.0
