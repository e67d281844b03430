"""What went wrong in trials, grouped by its reason."""

from collections import Counter
from collections.abc import Sequence

from sklearn.exceptions import FitFailedWarning

from pellucid.errors import PellucidError
from pellucid.estimators.reports import warn
from pellucid.tuning.trials import Result

__all__ = ["grouped_reasons", "report_failures", "short_reason"]

MOST_REASONS = 5
LONGEST_REASON = 300
BEGINNING = 180
"""So much of a longer reason is told; then its end, where it says what was got."""
LEFT_OUT = " … "


def grouped_reasons(results: Sequence[Result]) -> str:
    """Return the reasons of failed trials, the most frequent first, each with how often it occurred.

    Examples
    --------
    >>> from pellucid.tuning.trials import Trial
    >>> failed = [Result(Trial(0, {}, split), reason="MemoryError: too wide") for split in range(2)]
    >>> grouped_reasons(failed)
    '2 times MemoryError: too wide'
    """
    counts = Counter(result.reason for result in results if result.reason)
    told = []
    for reason, count in counts.most_common(MOST_REASONS):
        told.append(f"{count} time{'' if count == 1 else 's'} {short_reason(reason)}")
    if len(counts) > MOST_REASONS:
        told.append(f"{len(counts) - MOST_REASONS} more reasons")
    return "; ".join(told)


def short_reason(reason: str) -> str:
    """Return a reason without its middle, where it is long."""
    end = LONGEST_REASON - BEGINNING - len(LEFT_OUT)
    return reason if len(reason) <= LONGEST_REASON else reason[:BEGINNING] + LEFT_OUT + reason[-end:]


def report_failures(results: Sequence[Result]) -> None:
    """Warn of trials that failed.

    Raises
    ------
    PellucidError
        If all did.
    """
    failed = [result for result in results if result.error]
    if not failed:
        return
    if len(failed) == len(results):
        raise PellucidError(f"All {len(results)} trials failed: {grouped_reasons(failed)}")
    warn(
        f"{len(failed)} of {len(results)} trials failed and are left out: {grouped_reasons(failed)}",
        FitFailedWarning,
    )
