"""Spaces to search: what may vary, and between which values. A sensible one for each estimator."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from pellucid.errors import SpecError, did_you_mean
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.spec.checks import shown
from pellucid.tuning.words import text_of

__all__ = ["MEMBER_NAMES", "Space", "default_space", "member_name", "read_space", "refused"]

NETWORK_SPACE: Mapping[str, Any] = {
    "hidden_layer_sizes": [
        (16,),
        (32,),
        (64,),
        (100,),
        (128,),
        (256,),
        (32, 32),
        (64, 64),
        (128, 64),
        (256, 128),
        (64, 64, 64),
    ],
    "activation": ["relu", "tanh", "silu", "gelu"],
    "learning_rate_init": (3e-4, 0.1, "log"),
    "alpha": (1e-7, 1.0, "log"),
    "batch_size": ["auto", 16, 32, 64, 128, 256],
    "dropout": [0.0, 0.1, 0.2, 0.4],
    "layer_norm": [False, True],
}

TABULAR_SPACE: Mapping[str, Any] = {
    "hidden": [(), (64,), (128, 128), (256, 256), (256, 256, 256), (512, 512)],
    "activation": ["selu", "mish", "relu", "silu"],
    "numbers": ["piecewise_linear", "periodic", "plain"],
    "learning_rate": (0.005, 0.5, "log"),
    "weight_decay": (1e-3, 0.3, "log"),
    "dropout": (0.0, 0.5),
    "frequency": (0.02, 2.0, "log"),
    "bins": (8, 128, "log"),
    "epochs": [0.7, 1.0, 1.3, 1.7],
}

MEMBER_NAMES: Mapping[str, str] = {
    "hidden_layer_sizes": "hidden",
    "learning_rate_init": "learning_rate",
    "alpha": "weight_decay",
}
"""Names of scikit-learn's for what a tabular estimator's member has under its own."""


class Space(NamedTuple):
    """A space as Optuna has it.

    Attributes
    ----------
    distributions : dict of str to optuna distribution
    values : dict of str to dict of str to value
        Of parameters chosen from a list: the values by their texts, which is what a study's file holds.
    """

    distributions: dict[str, Any]
    values: dict[str, dict[str, Any]]

    def decode(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return an Optuna trial's parameters as the estimator takes them."""
        return {name: self.values[name][value] if name in self.values else value for name, value in parameters.items()}

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Tell whether an Optuna trial's parameters are values of the space.

        Examples
        --------
        >>> space = read_space({"alpha": (1e-5, 1.0, "log"), "hidden_layer_sizes": [(8,), (8, 8)]})
        >>> space.holds({"alpha": 0.1, "hidden_layer_sizes": "8-8"}), space.holds({"alpha": -5.0})
        (True, False)
        """
        known = self.distributions
        try:
            return all(
                name in known and known[name]._contains(known[name].to_internal_repr(value))
                for name, value in parameters.items()
            )
        except ValueError:  # no value of a distribution of this kind
            return False

    def encode(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters as an Optuna trial has them; those whose values the space does not have are left out.

        Examples
        --------
        >>> space = read_space({"alpha": (1e-5, 1.0, "log"), "hidden_layer_sizes": [(8,), (8, 8)]})
        >>> space.encode({"alpha": 0.1, "hidden_layer_sizes": (8, 8)}), space.encode({"alpha": 0.0})
        ({'alpha': 0.1, 'hidden_layer_sizes': '8-8'}, {})
        """
        encoded: dict[str, Any] = {}
        for name, value in parameters.items():
            distribution = self.distributions[name]
            if name in self.values:
                if text_of(value) in self.values[name]:
                    encoded[name] = text_of(value)
            elif _is_number(value) and hasattr(distribution, "low") and distribution.low <= value <= distribution.high:
                encoded[name] = value
        return encoded

    def samples(self) -> dict[str, list[Any]]:
        """Return of each parameter the values of its list, or the ends of its range.

        Examples
        --------
        >>> read_space({"alpha": (1e-5, 1.0, "log"), "hidden_layer_sizes": [(8,), (8, 8)]}).samples()
        {'hidden_layer_sizes': [(8,), (8, 8)], 'alpha': [1e-05, 1.0]}
        """
        listed = {name: list(values.values()) for name, values in self.values.items()}
        ranges = {name: each for name, each in self.distributions.items() if hasattr(each, "low")}
        return listed | {name: [each.low, each.high] for name, each in ranges.items()}

    def continuous(self, names: Iterable[str]) -> "Space":
        """Return the space with numbers of any kind between the ends of these parameters' ranges.

        Examples
        --------
        >>> read_space({"alpha": (0, 1), "max_iter": (10, 20)}).continuous(["alpha"]).samples()
        {'alpha': [0.0, 1.0], 'max_iter': [10, 20]}
        """
        from optuna.distributions import FloatDistribution, IntDistribution  # noqa: PLC0415 - an extra

        changed = dict(self.distributions)
        for name in names:
            whole = changed[name]
            if isinstance(whole, IntDistribution):
                changed[name] = FloatDistribution(float(whole.low), float(whole.high), log=whole.log)
        return self._replace(distributions=changed)

    def combinations(self) -> list[dict[str, Any]]:
        """Return every combination of the listed values, as an Optuna trial has them."""
        return [dict(zip(self.values, each, strict=True)) for each in product(*self.values.values())]

    @property
    def size(self) -> int | None:
        """Combinations, if all parameters are chosen from lists."""
        if set(self.values) != set(self.distributions):
            return None
        count = 1
        for known in self.values.values():
            count *= len(known)
        return count


def default_space(estimator: Any) -> Mapping[str, Any]:
    """Return what is worth varying of an estimator; of networks what the textbook's last lesson varies, and more.

    Examples
    --------
    >>> from pellucid import MLPClassifier
    >>> sorted(default_space(MLPClassifier()))[:3]
    ['activation', 'alpha', 'batch_size']
    """
    if isinstance(estimator, BaseTabular):
        return TABULAR_SPACE
    if isinstance(estimator, BaseMLP):
        return NETWORK_SPACE
    raise SpecError(f"'space' of search must be given for {type(estimator).__name__}: there is no default for it.")


def read_space(space: Mapping[str, Any], owner: str = "search") -> Space:
    """Return a space as Optuna has it.

    Parameters
    ----------
    space : mapping
        For each parameter a list of values, a pair (low, high) of numbers, a triple (low, high, 'log'), or one of
        ``optuna.distributions``.
    owner : str

    Raises
    ------
    SpecError
        If it is none of these.

    Examples
    --------
    >>> space = read_space({"alpha": (1e-5, 1.0, "log"), "hidden_layer_sizes": [(8,), (8, 8)]})
    >>> space.decode({"alpha": 0.1, "hidden_layer_sizes": "8-8"})
    {'alpha': 0.1, 'hidden_layer_sizes': (8, 8)}
    """
    if not isinstance(space, Mapping) or not space:
        raise SpecError(f"'space' of {owner} must map names of parameters to what they may be; got {shown(space)}.")
    distributions, values = {}, {}
    for name, given in space.items():
        if isinstance(given, list):
            values[name] = _texts(owner, name, given)
            distributions[name] = _categorical(list(values[name]))
        else:
            distributions[name] = _distribution(owner, name, given)
    return Space(distributions, values)


def _texts(owner: str, name: str, given: list[Any]) -> dict[str, Any]:
    texts = {text_of(value): value for value in given}
    if not texts:
        raise SpecError(f"'space' of {owner} has no value for {name!r}. Give at least one, or leave it out.")
    return texts


def _categorical(texts: list[str]) -> Any:
    from optuna.distributions import CategoricalDistribution  # noqa: PLC0415 - an extra

    return CategoricalDistribution(sorted(texts))  # in whatever order they are given, it is the same space


def _distribution(owner: str, name: str, given: Any) -> Any:
    from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution  # noqa: PLC0415 - an extra

    if isinstance(given, BaseDistribution):
        return given
    is_range = isinstance(given, tuple) and len(given) in (2, 3) and all(_is_number(each) for each in given[:2])
    if not is_range or (len(given) == 3 and given[2] != "log"):
        raise SpecError(
            f"'space' of {owner} must have for {name!r} a list of values, (low, high) or (low, high, 'log'); "
            f"got {shown(given)}."
        )
    low, high, is_log = given[0], given[1], len(given) == 3
    if not low < high or (is_log and low <= 0):
        rule = "low less than high" + (", both greater than 0" if is_log else "")
        raise SpecError(f"'space' of {owner} must have for {name!r} {rule}; got {shown(given)}.")
    if isinstance(low, Integral) and isinstance(high, Integral):
        return IntDistribution(int(low), int(high), log=is_log)
    return FloatDistribution(float(low), float(high), log=is_log)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(float(value)))


def member_name(name: str, known: Any) -> str:
    """Return the name of a member's field for one of scikit-learn's or its own."""
    own = MEMBER_NAMES.get(name, name)
    if own not in known:
        hint = did_you_mean(name, [*known, *MEMBER_NAMES])
        raise SpecError(
            f"'space' of search must name settings of a tabular estimator's networks; {name!r} is none.{hint}"
        )
    return own


RULE = re.compile(r" must (?P<rule>.*?)(; got|\. Got) .*?\.(?P<hint> (Did you mean|Known:) .*)?", re.DOTALL)
"""Of a message on a parameter, ours or scikit-learn's."""


@contextmanager
def refused(name: str, value: Any) -> Iterator[None]:
    """Name in errors the parameter and its value as the space has them, where the floors below name their own."""
    try:
        yield
    except ValueError as error:
        told = RULE.search(str(error))
        rule, hint = (str(error).rstrip("."), "") if told is None else (f"it must {told['rule']}", told["hint"] or "")
        remedy = hint or " Correct it, or leave it out."
        raise SpecError(f"'space' of search has {shown(value)} for {name!r}; {rule}.{remedy}") from error
