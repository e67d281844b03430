"""Every error and warning that is Pellucid's own.

::

    Exception
    ├── ValueError
    │   └── PellucidError             something given to Pellucid breaks a rule
    │       ├── SpecError             a network or training that cannot exist
    │       ├── DataError             a table, column or array that cannot be used
    │       ├── DivergedError         training whose loss stopped being a finite number
    │       └── ModelFileError        a model file that is damaged, foreign or hostile
    └── Warning
        └── UserWarning
            ├── TrainingWarning       training ended early or oddly; the message says what to do
            └── DataWarning           a table that can be used, though hardly as it is meant

Where scikit-learn has a type for the case (``NotFittedError``, ``ConvergenceWarning``), that type is used.
A message names the subject, the rule, the value and the remedy.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "DataError",
    "DataWarning",
    "DivergedError",
    "ModelFileError",
    "PellucidError",
    "SpecError",
    "TrainingWarning",
    "did_you_mean",
    "near",
]


class PellucidError(ValueError):
    """Something given to Pellucid breaks a rule; the message names the rule and the remedy."""


class SpecError(PellucidError):
    """A described network or training cannot exist."""


class DataError(PellucidError):
    """A table, a column or an array cannot be used as it is."""


class DivergedError(PellucidError):
    """Training diverged: its loss or its weights are no longer finite numbers."""


class ModelFileError(PellucidError):
    """A model file is damaged, of a foreign kind, or hostile."""


class TrainingWarning(UserWarning):
    """Training ended early or oddly; the message says what to do about it."""


class DataWarning(UserWarning):
    """A table can be used, though hardly as it is meant; the message says what to look at."""


def near(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for a near miss, else nothing.

    Examples
    --------
    >>> near("rellu", ["relu", "tanh"]), near("zzz", ["relu", "tanh"])
    (" Did you mean 'relu'?", '')
    """
    found = get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(match) for match in found)}?" if found else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for a near miss, else the sorted list of what is known.

    Examples
    --------
    >>> did_you_mean("rellu", ["relu", "tanh"])
    " Did you mean 'relu'?"
    >>> did_you_mean("zzz", ["relu", "tanh"])
    " Known: 'relu', 'tanh'."
    """
    choices = sorted(known)
    return near(name, choices) or f" Known: {', '.join(repr(choice) for choice in choices)}."
