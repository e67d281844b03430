"""Turns are taken in rounds, and medians are of the right things."""

import pytest

from native_cases import needs_native
from pellucid.bench import CASES, CONTENDERS, Case, Result, contest, measure, median_seconds

CASE = Case((3, 4, 2), 10)


class Clock:
    """Time that passes only when somebody works."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(contest, "perf_counter", lambda: self.now)

    def work(self, seconds):
        self.now += seconds


def test_median_of_each_turn_by_turn(monkeypatch):
    clock, turns = Clock(monkeypatch), []
    durations = {"a": iter([5.0, 1.0, 2.0]), "b": iter([10.0, 30.0, 20.0])}
    works = {name: lambda name=name: clock.work(next(durations[name])) for name in durations}
    assert median_seconds(works, 3, turns.append) == pytest.approx({"a": 2.0, "b": 20.0})
    assert turns == ["a", "b"] * 3


@pytest.mark.parametrize(("epoch", "seconds", "epochs"), [(0.001, 0.1, 100), (0.001, 0.0, 1), (5.0, 0.1, 1)])
def test_turns_are_long_enough_and_have_an_epoch(monkeypatch, epoch, seconds, epochs):
    clock, asked = Clock(monkeypatch), []

    def contender(case, dtype, threads):
        assert (case, dtype, threads) == (CASE, "float64", 2)

        def run(count):
            asked.append(count)
            clock.work(count * epoch)

        return run

    monkeypatch.setitem(CONTENDERS, "steady", contender)
    monkeypatch.setattr(contest, "fma_peak", lambda dtype, threads: 50.0)
    told = []
    result = measure(CASE, ["steady"], dtype="float64", threads=2, rounds=3, seconds=seconds, on_turn=told.append)
    assert asked[-3:] == [epochs] * 3
    assert told == ["steady", *["steady", "peak"] * 3]
    assert result.seconds["steady"] == pytest.approx(epoch / CASE.batches)
    assert result.peak == 50.0
    assert result.gflops("steady") == pytest.approx(CASE.flops / result.seconds["steady"] / 1e9)
    assert result.share("steady") == pytest.approx(result.gflops("steady") / 50.0)


@needs_native
def test_every_engine_for_real():
    result = measure(CASES[0], ["native", "textbook", "scikit-learn"], rounds=1, seconds=0.0)
    assert isinstance(result, Result)
    assert list(result.seconds) == ["native", "textbook", "scikit-learn"]
    assert all(0 < result.share(name) < 2 for name in result.seconds)
