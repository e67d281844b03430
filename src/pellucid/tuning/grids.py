"""Settings to be tried: checked, and combined with each other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from pellucid.errors import SpecError
from pellucid.spec.checks import shown

__all__ = ["combinations", "listed_values"]

Grid = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def combinations(
    owner: str,
    name: str,
    grid: Grid,
    n_iter: int | None = None,
    random_state: Any = None,
    *,
    may_be_empty: bool = False,
) -> list[dict[str, Any]]:
    """Return the settings to be tried.

    Parameters
    ----------
    owner, name : str
        Whose parameter the grid is, for messages.
    grid : mapping of str to values, or sequence of such
        Values are lists, or distributions with a method ``rvs``.
    n_iter : int or None
        Settings to be drawn; None: every combination.
    random_state : int, RandomState or None
        Draws them.
    may_be_empty : bool
        Take a grid without parameters: the estimator as it is.

    Raises
    ------
    SpecError
        If there is nothing to try.

    Examples
    --------
    >>> combinations("sweep", "settings", {"alpha": [0.1, 1.0]})
    [{'alpha': 0.1}, {'alpha': 1.0}]
    """
    parts = [grid] if isinstance(grid, Mapping) else list(grid) if isinstance(grid, Sequence) else None
    if (
        not parts
        or isinstance(grid, str)
        or not all(isinstance(part, Mapping) and (part or may_be_empty) for part in parts)
    ):
        raise SpecError(
            f"'{name}' of {owner} must map names of parameters to values to be tried, such as "
            f"{{'alpha': [1e-4, 1e-2]}}; got {shown(grid)}."
        )
    checked = [
        {key: listed_values(owner, name, key, values, draws=n_iter is not None) for key, values in part.items()}
        for part in parts
    ]
    if n_iter is None:
        return list(ParameterGrid(checked))
    if isinstance(n_iter, bool) or not isinstance(n_iter, int | np.integer) or n_iter < 1:
        raise SpecError(
            f"'n_iter' of {owner} must be an integer of at least 1 (or None: every combination); got {n_iter!r}."
        )
    return list(ParameterSampler(checked, int(n_iter), random_state=random_state))


def listed_values(owner: str, name: str, key: Any, values: Any, *, draws: bool = False) -> Any:
    """Return the values of one parameter as a list; a distribution as it is.

    Raises
    ------
    SpecError
        If there are none, or they are no list.
    """
    if not isinstance(key, str):
        raise SpecError(f"'{name}' of {owner} must have names of parameters as keys; got {shown(key)}.")
    if hasattr(values, "rvs"):
        if not draws:
            raise SpecError(
                f"'{name}' of {owner} has a distribution for {key!r}: say how many settings to draw by 'n_iter'."
            )
        return values
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise SpecError(f"'{name}' of {owner} must have a list of values for {key!r}; got {shown(values)}.")
    listed = list(values)
    if not listed:
        raise SpecError(
            f"'{name}' of {owner} has no value to be tried for {key!r}. Give at least one, or leave it out."
        )
    return listed
