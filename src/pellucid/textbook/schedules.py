"""Learning-rate schedules: how long the steps are as training goes on.

Each is a pure function of how far training has come. Cosine, OneCycle, FlatCosine and LogCosine follow the steps, the
others the epochs.
"""

import math

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
    Step,
)

__all__ = [
    "adaptive",
    "cosine",
    "exponential",
    "flat_cosine",
    "half_cosine",
    "inverse_scaling",
    "learning_rate_at",
    "log_cosine",
    "one_cycle",
    "step_decay",
    "varies_by_step",
]


def learning_rate_at(
    schedule: Schedule, base: float, *, epoch: int, step: int, steps: int, rows_seen: int, reductions: int
) -> float:
    """Learning rate of the next step.

    Parameters
    ----------
    schedule : Schedule
    base : float
        η₀.
    epoch : int
        Epoch under way, from 0.
    step, steps : int
        Steps done so far, and planned in total.
    rows_seen : int
        Rows seen before this epoch.
    reductions : int
        How often ``Adaptive`` has divided the learning rate.

    Returns
    -------
    float
        η.

    Examples
    --------
    >>> from pellucid.spec import Step
    >>> learning_rate_at(Step(every=10), 1.0, epoch=25, step=0, steps=1, rows_seen=0, reductions=0)
    0.010000000000000002
    """
    match schedule:
        case Constant():
            rate = base
        case InvScaling(power=power):
            rate = inverse_scaling(base, rows_seen, power)
        case Adaptive(factor=factor):
            rate = adaptive(base, reductions, factor)
        case Step(every=every, factor=factor):
            rate = step_decay(base, epoch, every, factor)
        case Exponential(factor=factor):
            rate = exponential(base, epoch, factor)
        case Cosine(warmup=warmup, final=final):
            rate = cosine(base, step, steps, warmup=warmup, final=final)
        case OneCycle(warmup=warmup, start_factor=start, final_factor=final):
            rate = one_cycle(base, step, steps, warmup=warmup, start_factor=start, final_factor=final)
        case FlatCosine():
            rate = flat_cosine(base, step, steps)
        case LogCosine(cycles=cycles):
            rate = log_cosine(base, step, steps, cycles)
    return rate


def varies_by_step(schedule: Schedule) -> bool:
    """Whether the learning rate changes within an epoch.

    Examples
    --------
    >>> from pellucid.spec import Constant, Cosine
    >>> varies_by_step(Constant()), varies_by_step(Cosine())
    (False, True)
    """
    return isinstance(schedule, Cosine | OneCycle | FlatCosine | LogCosine)


def inverse_scaling(base: float, rows_seen: int, power: float) -> float:
    """η = η₀ / (rows_seen + 1)^power.

    Examples
    --------
    >>> inverse_scaling(1.0, rows_seen=99, power=0.5)
    0.1
    """
    return base / (rows_seen + 1) ** power


def adaptive(base: float, reductions: int, factor: float) -> float:
    """η = η₀ / factor / factor / …, as many times as training has stalled.

    Examples
    --------
    >>> adaptive(1.0, reductions=2, factor=5.0)
    0.04
    """
    for _ in range(reductions):
        base /= factor
    return base


def step_decay(base: float, epoch: int, every: int, factor: float) -> float:
    """η = η₀ · factor^⌊epoch / every⌋.

    Examples
    --------
    >>> step_decay(1.0, epoch=65, every=30, factor=0.5)
    0.25
    """
    return float(base * factor ** (epoch // every))


def exponential(base: float, epoch: int, factor: float) -> float:
    """η = η₀ · factor^epoch.

    Examples
    --------
    >>> exponential(1.0, epoch=2, factor=0.5)
    0.25
    """
    return float(base * factor**epoch)


def cosine(base: float, step: int, steps: int, *, warmup: float, final: float) -> float:
    """Linear rise to η₀ over the first w = ⌊warmup · steps⌋ steps, then half a cosine down to final · η₀.

    η = η₀ (step + 1) / (w + 1) for step < w; then from η₀ at step w towards final · η₀ at step `steps` and after
    (Loshchilov & Hutter, 2017).

    Examples
    --------
    >>> [round(cosine(1.0, step, 12, warmup=0.34, final=0.0), 3) for step in (0, 3, 4, 8, 12)]
    [0.2, 0.8, 1.0, 0.5, 0.0]
    """
    rising = int(warmup * steps)
    if step < rising:
        return base * (step + 1) / (rising + 1)
    return half_cosine(base, final * base, step - rising, steps - rising)


def one_cycle(base: float, step: int, steps: int, *, warmup: float, start_factor: float, final_factor: float) -> float:
    """Half a cosine up to η₀ over the first w = ⌊warmup · steps⌋ steps, then half a cosine down.

    From η₀ / start_factor at step 0 to η₀ at step w, then towards η₀ / (start_factor · final_factor) at step `steps`
    and after (Smith & Topin, 2018).

    Examples
    --------
    >>> factors = {"warmup": 0.4, "start_factor": 4.0, "final_factor": 25.0}
    >>> [round(one_cycle(1.0, step, 10, **factors), 3) for step in (0, 2, 4, 7, 10)]
    [0.25, 0.625, 1.0, 0.505, 0.01]
    """
    rising = int(warmup * steps)
    if step < rising:
        return half_cosine(base / start_factor, base, step, rising)
    return half_cosine(base, base / (start_factor * final_factor), step - rising, steps - rising)


def flat_cosine(base: float, step: int, steps: int) -> float:
    """η₀ for the first half of the steps; then η₀ · ½ (1 + cos(π (2t - 1))), t = step / steps.

    Examples
    --------
    >>> [round(flat_cosine(1.0, step, 8), 3) for step in (0, 3, 4, 6, 8)]
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """
    share = min(step / steps, 1.0)
    return base if share < 0.5 else base * 0.5 * (1 + math.cos(math.pi * (2 * share - 1)))


def log_cosine(base: float, step: int, steps: int, cycles: int) -> float:
    """Return η₀ · ½ (1 - cos(2π log₂(1 + (2^cycles - 1) t))), t = step / steps (Holzmüller et al., 2024).

    Examples
    --------
    >>> [round(log_cosine(1.0, step, 30, cycles=2), 3) for step in (0, 4, 10, 18, 30)]
    [0.0, 0.998, 0.0, 0.998, 0.0]
    """
    waves = math.log2(1 + (2.0**cycles - 1) * min(step / steps, 1.0))
    return base * 0.5 * (1 - math.cos(2 * math.pi * waves))


def half_cosine(start: float, end: float, done: int, total: int) -> float:
    """Return end + (start - end) · ½ (1 + cos(π · done / total)): level at both ends, steepest in between.

    Examples
    --------
    >>> half_cosine(1.0, 0.0, 1, 2)
    0.5
    """
    share = min(done / total, 1.0)
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))
