"""Measuring turn by turn: in each round every contender has a turn, so that a busy moment of the machine meets all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter

from pellucid.bench.cases import Case, number_type
from pellucid.bench.contenders import CONTENDERS, Run
from pellucid.engines.native import fma_peak

__all__ = ["Result", "measure", "median_seconds"]

_PEAK = "peak"

OnTurn = Callable[[str], None]
"""Hears who begins a turn."""


@dataclass(frozen=True)
class Result:
    """What was measured of one case.

    Attributes
    ----------
    case : Case
    dtype : str
    threads : int
    peak : float
        GFLOP/s of multiply-adds in registers, measured in the same rounds; the median, as of everything.
    seconds : dict of str to float
        Of one training step, by the contender's name.
    """

    case: Case
    dtype: str
    threads: int
    peak: float
    seconds: dict[str, float]

    def gflops(self, name: str) -> float:
        """10⁹ operations a second of a contender.

        Examples
        --------
        >>> from pellucid.bench import Case
        >>> Result(Case((2, 10, 5, 2), 200), "float32", 1, 100.0, {"native": 8.2e-6}).gflops("native")
        10.0
        """
        return self.case.flops / self.seconds[name] / 1e9

    def share(self, name: str) -> float:
        """Share of the peak, from 0 to about 1."""
        return self.gflops(name) / self.peak


def measure(
    case: Case,
    contenders: Sequence[str],
    *,
    dtype: str = "float32",
    threads: int = 1,
    rounds: int = 5,
    seconds: float = 0.1,
    on_turn: OnTurn = lambda name: None,
) -> Result:
    """Train one network by each contender, and measure the machine's peak between them.

    Parameters
    ----------
    case : Case
    contenders : sequence of str
        Of `CONTENDERS`.
    dtype : {'bfloat16', 'float32', 'float64'}
        With 'bfloat16' the peak is that of float32, from which products of bfloat16 numbers take off.
    threads : int
    rounds : int
        Turns of each, after one that is not counted.
    seconds : float
        Least duration of a turn, about; a turn has at least one epoch.
    on_turn : callable
        Called with the name of who has a turn, before it: a contender, or 'peak'. Turns not counted are told, too.

    Examples
    --------
    >>> from pellucid.bench import CASES, measure
    >>> result = measure(CASES[0], ["native", "textbook"], rounds=1, seconds=0.001)
    >>> sorted(result.seconds)
    ['native', 'textbook']
    """
    turns: dict[str, Callable[[], object]] = {}
    epochs: dict[str, int] = {}
    for name in contenders:
        on_turn(name)
        run = CONTENDERS[name](case, dtype, threads)
        epochs[name] = _epochs_of_a_turn(run, seconds)
        turns[name] = partial(run, epochs[name])
    peaks: list[float] = []
    turns[_PEAK] = lambda: peaks.append(fma_peak(number_type(dtype), threads=threads))
    medians = median_seconds(turns, rounds, on_turn)
    steps = {name: medians[name] / (count * case.batches) for name, count in epochs.items()}
    return Result(case, dtype, threads, median(peaks), steps)


def _epochs_of_a_turn(run: Run, seconds: float) -> int:
    """Epochs that take about so long; the first run, which meets cold caches, counts only if it is long enough."""
    epochs, passed = 1, _seconds_of(partial(run, 1))
    while passed < seconds / 4:
        epochs = max(epochs + 1, min(8 * epochs, int(epochs * seconds / 2 / passed)))
        passed = _seconds_of(partial(run, epochs))
    return max(1, round(epochs * seconds / passed))


def median_seconds(
    works: Mapping[str, Callable[[], object]], rounds: int, on_turn: OnTurn = lambda name: None
) -> dict[str, float]:
    """Median duration of each work, measured turn by turn.

    Parameters
    ----------
    works : mapping of str to callable
    rounds : int
        At least 1.
    on_turn : callable
        Called with the work's name before each turn.

    Examples
    --------
    >>> sorted(median_seconds({"add": lambda: 1 + 1, "sum": lambda: sum(range(9))}, rounds=3))
    ['add', 'sum']
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            on_turn(name)
            times[name].append(_seconds_of(work))
    return {name: median(each) for name, each in times.items()}


def _seconds_of(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
