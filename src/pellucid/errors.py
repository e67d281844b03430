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
from difflib import SequenceMatcher

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
    "near_names",
    "what_it_is",
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


OTHER_NAMES = {
    "sigmoid": ("logistic",),
    "linear": ("identity",),
    "swish": ("silu",),
    "cross_entropy": ("log_loss",),
    "crossentropy": ("log_loss",),
    "binary_crossentropy": ("log_loss",),
    "categorical_crossentropy": ("log_loss",),
    "mse": ("squared_error",),
    "mean_squared_error": ("squared_error",),
    "mae": ("absolute_error",),
    "mean_absolute_error": ("absolute_error",),
    "pinball": ("quantile",),
    "gradient_descent": ("sgd",),
    "sgd": ("gradient_descent",),
    "xavier": ("glorot_uniform", "glorot_normal"),
    "glorot": ("glorot_uniform", "glorot_normal"),
    "kaiming": ("he_uniform", "he_normal"),
    "he": ("he_uniform", "he_normal"),
    "auc": ("roc_auc",),
}
"""What textbooks and other libraries call things that have a name here."""


def near(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for a near miss or a name used elsewhere, else nothing.

    Examples
    --------
    >>> near("rellu", ["relu", "tanh"]), near("zzz", ["relu", "tanh"])
    (" Did you mean 'relu'?", '')
    >>> near("Sigmoid", ["logistic", "tanh"])
    " Did you mean 'logistic'?"
    """
    choices = sorted(known)
    elsewhere = [other for other, names in OTHER_NAMES.items() if set(names) & set(choices)]
    found = near_names(name, choices)
    if not found:
        nearest = near_names(name.replace("-", "_").replace(" ", "_"), elsewhere)[:1]
        found = [each for other in nearest for each in OTHER_NAMES[other] if each in choices]
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


def what_it_is(thing: object) -> str:
    """Say in a sentence's last words what was given for a model, and what to give if it was nearly right.

    Examples
    --------
    >>> from sklearn.neural_network import MLPClassifier
    >>> what_it_is(MLPClassifier())
    "scikit-learn's MLPClassifier. Take Pellucid's: from pellucid import MLPClassifier."
    >>> what_it_is(MLPClassifier), what_it_is(3)
    ('the class MLPClassifier. Give one of it: MLPClassifier().', 'int.')
    """
    if isinstance(thing, type):
        return f"the class {thing.__name__}. Give one of it: {thing.__name__}()."
    kind = type(thing)
    owner, _, room = kind.__module__.partition(".")
    if owner == "builtins":
        return f"{kind.__name__}."
    told = f"{NAMES_OF_OWNERS.get(owner, owner)}'s {kind.__name__}."
    if owner == "sklearn" and room.startswith("neural_network") and kind.__name__ in ("MLPClassifier", "MLPRegressor"):
        return f"{told} Take Pellucid's: from pellucid import {kind.__name__}."
    return told


NAMES_OF_OWNERS = {"sklearn": "scikit-learn", "pellucid": "Pellucid"}
MOST_NAMES = 3
NEAR = 0.65
"""Share of two names' letters that stand in both in the same order, from which on one may be a slip for the other."""


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that `name` may be a slip for, nearest first; capital letters do not count.

    Nearness is the ratio of Ratcliff and Obershelp ("Pattern matching: the Gestalt approach", 1988). A name that is
    longer or shorter by more than a third of the letters is another name, not a slip.

    Examples
    --------
    >>> near_names("Prise", ["price", "size", "town"])
    ['price']
    >>> near_names("num", ["txtnum"])
    []
    """
    given = name.casefold()
    ratios = []
    for choice in known:
        other = choice.casefold()
        if abs(len(given) - len(other)) <= max(1, max(len(given), len(other)) // 3):
            ratios.append((SequenceMatcher(None, given, other).ratio(), choice))
    best = sorted((each for each in ratios if each[0] >= NEAR), key=lambda each: -each[0])
    return [choice for _, choice in best[:MOST_NAMES]]
