"""A race: how fine an embedding must look at numbers is seen on the first fold, in the first half of the training.

All recipes begin together. Where the learning rate has fallen to 0 for the last time but one, the best of each kind is
known; the others end, and what was trained of the best is not lost: they go on. The best of each kind are then trained
on all folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Self

from pellucid.engines import Engine
from pellucid.estimators.tabular.bag import ENDS_ALL, Bag, gravest
from pellucid.estimators.tabular.bagging import Begun, Problem, Told, make_job, train_bag, train_jobs
from pellucid.estimators.tabular.members import Member, epochs_of, milestones
from pellucid.estimators.tabular.retraining import retrained, share_of_folds
from pellucid.estimators.tabular.time_limits import seconds_of_epoch
from pellucid.estimators.tabular.twins import judged_by_twins
from pellucid.textbook.arrays import Array
from pellucid.training.jobs import Watch

__all__ = ["Plan"]


LEAD, LEAD_BY_VALUE = 0.01, 0.03
"""By how much of the best loss so far another must be better: less may be chance on one fold, and networks that look at
each value of a number can learn more by heart."""


@dataclass(frozen=True)
class Plan:
    """What is trained for a table.

    Parameters
    ----------
    kinds : sequence of sequences of Member
        For each member of the bag the recipes that race for it, the usual one first.
    folds : sequence of pairs of arrays of int
        Rows to train on, rows to validate on.
    epochs : float
        Planned for each network; a member may multiply them.
    in_turns : bool
        Whether the folds take turns with the members; else each member is trained on every fold.
    in_order : bool
        Whether the folds follow in time; then as many networks are trained on all rows, and predict.
    is_small : bool
        Whether the rows are few; then twins of the networks, whose epochs others chose, tell how good they are.
    start : Bag or None
        Networks whose parameters to begin with; then nothing races.
    beside : sequence of Member
        Trained on every fold, after the others.
    recipes : sequence of tuples of Member
        For each fold its members, of a bag that goes on; empty: they are dealt.
    """

    kinds: Sequence[Sequence[Member]]
    folds: Sequence[tuple[Array, Array]]
    epochs: float
    in_turns: bool
    in_order: bool = False
    is_small: bool = False
    start: Bag | None = None
    beside: Sequence[Member] = ()
    recipes: Sequence[tuple[Member, ...]] = ()

    @classmethod
    def of(cls, start: Bag, folds: Sequence[tuple[Array, Array]], epochs: float, *, in_order: bool = False) -> Self:
        """Plan to train the networks of a bag further, by their own recipes."""
        kinds = [(member,) for member in dict.fromkeys(member for members in start.recipes for member in members)]
        return cls(kinds, folds, epochs, False, in_order, start=start, recipes=start.recipes)

    def within(self, most: int) -> Self:
        """Return the plan in which the recipe that takes longest has so many epochs."""
        every = [*self.beside, *(member for kind in self.kinds for member in kind)]
        return replace(self, epochs=most / max(member.epochs for member in every))

    @property
    def races(self) -> bool:
        """Whether there is a race."""
        return self.start is None and len(self.folds) > 1 and any(len(kind) > 1 for kind in self.kinds)

    @property
    def seeds(self) -> int:
        """Seeds that are needed: one for each network, and one for each recipe that races."""
        again = self._networks if self.in_order or self.is_small else 0
        return self._networks + (self._racers if self.races else 0) + again

    @property
    def epochs_to_hear(self) -> int:
        """Epochs of all networks together, if none ends early."""
        usual = [kind[0] for kind in self.kinds]
        total = sum(epochs_of(member, self.epochs) for members in self._dealt(usual) for member in members)
        total *= 1 + (self.in_order or self.is_small)
        if not self.races:
            return total
        raced = [milestones(epochs_of(member, self.epochs))[-1] for kind in self.kinds for member in kind]
        first = [member for member in self._dealt(usual)[0] if member not in self.beside]
        going_on = [milestones(epochs_of(member, self.epochs))[-1] for member in first]
        return total + sum(raced) - sum(going_on)

    def train(
        self,
        problem: Problem,
        *,
        engine: Engine,
        seeds: Sequence[int],
        time_limit: float | None = None,
        on_epoch: Told | None = None,
    ) -> Bag:
        """Train the networks.

        Parameters
        ----------
        problem : Problem
        engine : Engine
        seeds : sequence of int
            As many as ``self.seeds``.
        time_limit : float or None
            Seconds, as of `train_bag`. There is a race only where it is long enough for one.
        on_epoch : Told or None
        """
        began = perf_counter()
        members = [kind[0] for kind in self.kinds]
        best: list[Begun] = []
        raced = 0
        share = share_of_folds(self.folds) if self.in_order else 0.5 if self.is_small else 1.0
        of_folds = None if time_limit is None else time_limit * share
        if self.races:
            racing = seeds[self._networks : self._networks + self._racers]
            best, raced = self._race(problem, engine, racing, of_folds, on_epoch)
            members = [each.recipe for each in best] or members
        recipes = self._dealt(members)
        begun = {(index, 0): each for index, each in enumerate(best[: len(recipes[0]) - len(self.beside)])}
        raced -= sum(len(each.run.history.loss) for each in begun.values())
        del best  # the others' memory
        bag = train_bag(
            problem,
            recipes,
            self.folds,
            self.epochs,
            engine=engine,
            seeds=seeds[: self._networks],
            time_limit=None if of_folds is None else of_folds - (perf_counter() - began),
            on_epoch=on_epoch,
            begun=begun,
            start=self._start_of_folds,
        )
        bag.other_epochs += raced
        spent = perf_counter() - began
        left = None if time_limit is None else time_limit - spent
        again: dict[str, Any] = {
            "engine": engine,
            "seeds": seeds[-self._networks :],
            "time_limit": left,
            "on_epoch": on_epoch,
        }
        if self.in_order:
            return retrained(problem, bag, self.folds, spent=spent, start=self.start, **again)
        if self.is_small:
            return judged_by_twins(problem, bag, self.folds, **again)
        return bag

    @property
    def _start_of_folds(self) -> Bag | None:
        if self.start is None or not self.in_order:
            return self.start
        return replace(self.start, networks=self.start.of_folds)  # the others know what is to come

    @property
    def _networks(self) -> int:
        return sum(map(len, self._dealt([kind[0] for kind in self.kinds])))

    @property
    def _racers(self) -> int:
        return sum(map(len, self.kinds))

    def _dealt(self, members: Sequence[Member]) -> list[tuple[Member, ...]]:
        """Return the members of each fold."""
        folds = range(len(self.folds))
        if self.recipes:
            return [self.recipes[fold % len(self.recipes)] for fold in folds]
        own = [(members[fold % len(members)],) if self.in_turns else tuple(members) for fold in folds]
        return [(*of_fold, *self.beside) for of_fold in own]

    def _race(
        self,
        problem: Problem,
        engine: Engine,
        seeds: Sequence[int],
        time_limit: float | None,
        on_epoch: Told | None,
    ) -> tuple[list[Begun], int]:
        """Return the best of each kind, the best of all first, and the epochs that all ran together.

        There are none where the time is too short for a race.
        """
        began = perf_counter()
        entered = [(kind, member) for kind, members in enumerate(self.kinds) for member in members]
        jobs = []
        for (_, member), seed in zip(entered, seeds, strict=True):
            job = make_job(problem, member, self.folds[0], self.epochs, seed)
            job.epochs = milestones(job.training.epochs)[-1]
            jobs.append(job)
            if time_limit is not None and len(jobs) == 1:
                whole = seconds_of_epoch(job, engine, time_limit) * job.training.epochs
                if 1.5 * whole * (self._networks + len(entered) / 2) > time_limit - (perf_counter() - began):
                    return [], 0
        left = None if time_limit is None else time_limit - (perf_counter() - began)
        runs = train_jobs(engine, jobs, Watch(on_epoch, left))
        ended = [run.outcome for run in runs if run.outcome in ENDS_ALL]  # also for one that was through before
        best: dict[int, Begun] = {}
        raced = 0
        for (kind, member), job, run in zip(entered, jobs, runs, strict=True):
            one = Begun(member, job, replace(run, outcome=gravest(ended)) if ended else run)
            raced += len(run.history.loss)
            lead = LEAD_BY_VALUE if member.by_value and not self.kinds[kind][0].by_value else LEAD
            if kind not in best or one.standing < best[kind].standing - lead * abs(best[kind].standing):
                best[kind] = one
        return sorted(best.values(), key=lambda each: each.standing), raced
