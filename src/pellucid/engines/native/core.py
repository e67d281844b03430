"""The compiled core, if there is one; its instruction sets and its threads."""

import os

from pellucid.errors import SpecError

try:
    from pellucid.engines import _native as core
except ImportError as error:
    core = None  # type: ignore[assignment]
    _why_missing = f"the native engine is not built ({error}); `pip install .` with a C++ compiler builds it."
else:
    _why_missing = ""

__all__ = ["core", "default_threads", "instruction_set", "possible_instruction_sets", "unavailable"]


def unavailable() -> str | None:
    """Return None if the native engine can run here, else the reason in one sentence.

    Examples
    --------
    >>> unavailable() is None or "not built" in unavailable()
    True
    """
    return _why_missing or None


def possible_instruction_sets() -> tuple[str, ...]:
    """Names of the instruction sets that were compiled and that this processor has, the fastest first."""
    return tuple(core.possible_isas()) if core else ()


def instruction_set() -> str:
    """Name of the instruction set in use: ``PELLUCID_ISA`` if that is set, else the fastest.

    Raises
    ------
    SpecError
        If ``PELLUCID_ISA`` names one that this processor does not have.
    """
    possible = possible_instruction_sets()
    name = os.environ.get("PELLUCID_ISA") or possible[0]
    if name not in possible:
        known = ", ".join(repr(each) for each in possible)
        raise SpecError(f"'PELLUCID_ISA' must be one of {known} on this processor; got {name!r}.")
    return name


def default_threads() -> int:
    """Threads that training uses unless told: ``PELLUCID_NUM_THREADS``, else every processor this process may use.

    Within a worker process of joblib it is 1, or what joblib allows its workers.

    Raises
    ------
    SpecError
        If ``PELLUCID_NUM_THREADS`` is no positive integer.
    """
    asked = os.environ.get("PELLUCID_NUM_THREADS")
    if asked:
        if not asked.isdecimal() or int(asked) < 1:
            raise SpecError(f"'PELLUCID_NUM_THREADS' must be an integer of at least 1; got {asked!r}.")
        return int(asked)
    if "LOKY_WORKER" in os.environ or "JOBLIB_SPAWNED_PROCESS" in os.environ:
        allowed = os.environ.get("OMP_NUM_THREADS", "1")  # joblib sets it to its inner_max_num_threads
        return max(1, int(allowed)) if allowed.isdecimal() else 1
    return core.usable_cpus() if core else 1
