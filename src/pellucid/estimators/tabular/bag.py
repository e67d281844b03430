"""A bag: networks that each learned from other rows, how much each of them counts, and what they predict together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pellucid.engines import Engine
from pellucid.estimators.tabular.members import Member
from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters
from pellucid.training.coded import CodedRows
from pellucid.training.stopping import Outcome

__all__ = ["ENDS_ALL", "Bag", "Trained", "gravest", "greedy_weights", "joined", "of_members"]

ROWS_COMPARED = 50
"""Rows of each fold by which the rows of the fit are known again."""

ROWS_LOOKED_AT = (2_000, 8_000)
CELLS_LOOKED_AT = 4_000_000
"""Rows whose errors are looked into, where there are more: at most so many, fewer where a row has many inputs."""

GRAVITY = (
    Outcome.CONVERGED,
    Outcome.ALL_EPOCHS,
    Outcome.STOPPED,
    Outcome.TIME_LIMIT,
    Outcome.DIVERGED,
    Outcome.INTERRUPTED,
)


ENDS_ALL = (Outcome.STOPPED, Outcome.INTERRUPTED)
"""Where one network ends for such a reason, no other begins."""


@dataclass(repr=False)
class Trained:
    """One network of the bag.

    Attributes
    ----------
    network : Network
    parameters : array
    member, fold : int
    epochs, best_epoch : int
        Epochs trained, and the one whose parameters are kept.
    loss, validation_loss : list of float
        One number an epoch.
    planned : int
        Epochs over which the learning rate was planned; 0: not known any more.
    """

    network: Network
    parameters: Array
    member: int
    fold: int
    epochs: int = 0
    best_epoch: int = 0
    loss: Sequence[float] = ()
    validation_loss: Sequence[float] = ()
    planned: int = 0

    def __repr__(self) -> str:
        told = (f"{name}={getattr(self, name)}" for name in ("member", "fold", "epochs", "best_epoch"))
        return f"Trained({', '.join(told)}, parameters={self.parameters.size})"

    @property
    def is_validated(self) -> bool:
        """Whether rows were kept from it, by which its epochs were judged; False: it learned from all."""
        return len(self.validation_loss) > 0

    def predict(self, engine: Engine, X: Array | CodedRows) -> Array:
        """Predictions of shape (rows, outputs), output activation applied."""
        z = engine.forward(self.network, Parameters(self.network, self.parameters), X)
        return output_activation(self.network.output, z)


@dataclass(repr=False)
class Bag:
    """The trained networks and how much each member counts.

    Attributes
    ----------
    networks : list of Trained
        They predict.
    weights : array of shape (members,)
        At least 0, with the sum 1.
    out_of_fold : array of shape (members, rows, outputs)
        What each member predicts for rows that it did not see; NaN where it saw them.
    outcome : Outcome
        Why training ended: of several reasons the gravest.
    fold_of : array of int of shape (rows,) or None
        The fold in which each row is validation; -1: none. None: not known any more.
    recipes : list of tuples of Member
        For each fold its members.
    other_epochs : int
        Epochs that went into networks which do not predict: of recipes that lost a race, or trainings that failed.
    judges : list of Trained
        Networks that predicted out of fold instead of `networks`: where rows follow in time those of the folds, in
        small tables the twins. Empty: `networks` did.
    """

    networks: list[Trained]
    weights: Array
    out_of_fold: Array
    outcome: Outcome = Outcome.ALL_EPOCHS
    fold_of: Array | None = None
    recipes: list[tuple[Member, ...]] = field(default_factory=list)
    other_epochs: int = 0
    judges: list[Trained] = field(default_factory=list)

    def __repr__(self) -> str:
        members, rows, _ = self.out_of_fold.shape
        return f"Bag(networks={len(self.networks)}, members={members}, folds={len(self.recipes)}, rows={rows})"

    def recipe_of(self, each: Trained) -> Member:
        """Return what one of its networks was made by."""
        return self.recipes[each.fold][each.member]

    @property
    def of_folds(self) -> list[Trained]:
        """The networks that predicted out of fold."""
        return self.judges or self.networks

    def predict(self, engine: Engine, X: Array | CodedRows) -> Array:
        """Return the weighted mean of the networks' predictions, of shape (rows, outputs) in float64."""
        counts = np.bincount([each.member for each in self.networks], minlength=len(self.weights))
        total = np.zeros((len(X), self.networks[0].network.outputs))
        for each in self.networks:
            share = self.weights[each.member] / counts[each.member]
            if share:
                total += share * each.predict(engine, X)
        return total

    def blended(self) -> Array:
        """Return the members' out-of-fold predictions, weighted, of shape (rows, outputs); NaN where there is none."""
        used = self.weights > 0
        blended: Array = np.tensordot(self.weights[used], self.out_of_fold[used], axes=1)
        return blended

    def learned_from(self, engine: Engine, X: Array | CodedRows) -> bool:
        """Tell whether these are the rows of the fit, in their order: they are predicted as they were out of fold.

        Parameters
        ----------
        engine : Engine
        X : array or CodedRows of shape (rows, inputs)
        """
        if self.fold_of is None or len(self.fold_of) != len(X):
            return False
        for each in self.of_folds:
            rows = np.flatnonzero(self.fold_of == each.fold)[:ROWS_COMPARED]
            known = self.out_of_fold[each.member, rows]
            if not np.allclose(each.predict(engine, X[rows]), known, rtol=1e-3, atol=1e-5, equal_nan=True):
                return False
        return True

    @property
    def predicted(self) -> Array:
        """Which rows each member predicted out of fold, of shape (members, rows)."""
        predicted: Array = ~np.isnan(self.out_of_fold[:, :, 0])
        return predicted

    @property
    def rows_looked_at(self) -> Array:
        """A sample of the rows that are validation in some fold, by which errors are looked into."""
        if self.fold_of is None or not self.networks:
            return np.empty(0, np.int64)
        rows = np.flatnonzero(self.fold_of >= 0)
        most = int(np.clip(CELLS_LOOKED_AT // self.networks[0].network.inputs, *ROWS_LOOKED_AT))
        return rows[:: max(1, len(rows) // most)]

    def averaged_away(self, engine: Engine, X: Array) -> Array:
        """Estimate how much less the squared error of all networks' mean is than that of a row's out-of-fold mean.

        The K networks of a member differ by chance, with a variance v; their mean has v / K of it, the one that did not
        see a row all of it. What is averaged away of a member counts by the square of its weight. v is taken from the
        networks that were trained on a row: on these they differ somewhat less than on new rows, so the estimate is low
        rather than high.

        Parameters
        ----------
        engine : Engine
        X : array of shape (rows, inputs)
            The rows `rows_looked_at` of what was learned from.

        Returns
        -------
        array of shape (outputs,)
        """
        outputs = self.networks[0].network.outputs
        away, rows = np.zeros(outputs), self.rows_looked_at
        if not len(rows) or not all(each.is_validated for each in self.networks):
            return away  # of rows in time: what is to come differs by more
        for member, weight in enumerate(self.weights):
            used = [each for each in self.networks if each.member == member]
            if weight == 0 or len(used) < 3:
                continue
            predicted = np.stack([each.predict(engine, X).astype(np.float64) for each in used])
            saw = np.array([each.fold for each in used])[:, np.newaxis] != self.fold_of[rows]  # type: ignore[index]
            predicted[~saw] = np.nan
            enough = saw.sum(axis=0) >= 2
            if enough.any():
                variance = np.nanvar(predicted[:, enough], axis=0, ddof=1).mean(axis=0)
                away += weight**2 * variance * (1 - 1 / len(used))
        return away


def joined(bags: Sequence[Bag]) -> Bag:
    """Put the members of bags of the same folds side by side."""
    networks, judges, first = [], [], 0
    are_judged = any(bag.judges for bag in bags)
    for bag in bags:
        networks += [replace(each, member=first + each.member) for each in bag.networks]
        judges += [replace(each, member=first + each.member) for each in bag.of_folds if are_judged]
        first += len(bag.weights)
    return Bag(
        networks,
        np.full(first, 1 / first),
        np.concatenate([bag.out_of_fold for bag in bags]),
        gravest(bag.outcome for bag in bags),
        bags[0].fold_of,
        [sum(members, start=()) for members in zip(*(bag.recipes for bag in bags), strict=True)],
        sum(bag.other_epochs for bag in bags),
        judges,
    )


def of_members(bag: Bag, kept: Any) -> Bag:
    """Return a bag with some of the members."""
    place = {int(member): index for index, member in enumerate(kept)}
    left_out = sum(each.epochs for each in bag.networks if each.member not in place)
    return replace(
        bag,
        networks=[replace(each, member=place[each.member]) for each in bag.networks if each.member in place],
        judges=[replace(each, member=place[each.member]) for each in bag.judges if each.member in place],
        weights=np.full(len(kept), 1 / len(kept)),
        out_of_fold=bag.out_of_fold[kept],
        recipes=[tuple(members[member] for member in kept) for members in bag.recipes],
        other_epochs=bag.other_epochs + left_out,
    )


def gravest(outcomes: Iterable[Outcome]) -> Outcome:
    """Return why several trainings ended: of their reasons the gravest."""
    return max(outcomes, key=GRAVITY.index)


def greedy_weights(out_of_fold: Array, loss: Callable[[Array], float], rounds: int = 25) -> Array:
    """Choose how much each member counts: again and again the one that lowers the loss of the mean most.

    Caruana et al., "Ensemble selection from libraries of models", 2004; with replacement.

    Parameters
    ----------
    out_of_fold : array of shape (members, rows, outputs)
    loss : callable
        From predictions of shape (rows, outputs) to a number.
    rounds : int

    Returns
    -------
    array of shape (members,)
        At least 0, with the sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[0.0], [1.0]])
    >>> members = np.stack([truth + 1, truth - 1, truth + 5])
    >>> greedy_weights(members, lambda predictions: float(((predictions - truth) ** 2).mean()), rounds=10).tolist()
    [0.5, 0.5, 0.0]
    """
    counts = np.zeros(len(out_of_fold))
    total = np.zeros(out_of_fold.shape[1:])
    best_counts, best_loss = counts, np.inf
    for _ in range(rounds):
        losses = [loss((total + member) / (counts.sum() + 1)) for member in out_of_fold]
        chosen = int(np.argmin(losses))
        counts = counts.copy()
        counts[chosen] += 1
        total = total + out_of_fold[chosen]
        if losses[chosen] < best_loss - 1e-12:
            best_counts, best_loss = counts, losses[chosen]
    weights: Array = best_counts / best_counts.sum()
    return weights
