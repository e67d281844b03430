"""Bagging over cross-validation folds: every member is trained on every fold, all as one population.

A row is validation in one fold: what the networks that never saw it predict for it, out of fold, is an honest estimate
of what they predict for new rows. Scores, weights, calibration and intervals come from these predictions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from time import perf_counter
from typing import NamedTuple

import numpy as np

from pellucid.engines import Engine, NativeEngine
from pellucid.engines.native import default_threads
from pellucid.estimators.tabular.members import Member, describe_network, describe_training, milestones
from pellucid.estimators.tabular.memory import give_back, is_large
from pellucid.spec import Loss, Network
from pellucid.tables import Inputs
from pellucid.textbook.arrays import Array
from pellucid.textbook.initializers import ROWS_LOOKED_AT, initial_parameters
from pellucid.textbook.network import Batch
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters
from pellucid.training.coded import CodedRows
from pellucid.training.jobs import Epoch, Job, Run, Score, State, Watch
from pellucid.training.monitor import Monitor
from pellucid.training.stopping import Best, Outcome
from pellucid.training.streams import streams, weights_stream

__all__ = [
    "Bag",
    "Begun",
    "Problem",
    "Told",
    "Trained",
    "gravest",
    "greedy_weights",
    "make_job",
    "seconds_of_epoch",
    "train_bag",
    "train_jobs",
]


@dataclass
class Problem:
    """What is to be learned, in numbers.

    Attributes
    ----------
    inputs : Inputs
        What the columns of X are.
    X : array or CodedRows of shape (rows, inputs.width) of float32
    Y : array of shape (rows, outputs) of float32
    weight : array of shape (rows,) or None
    output : str
        Output activation.
    loss : Loss
        Trained and, unless `score` is given, monitored on the validation rows.
    score : Score or None
        From predictions and the numbers of their rows; higher is better.
    products : {'full', 'bfloat16'}
        Of the networks.
    networks : dict
        Those described so far, by member.
    """

    inputs: Inputs
    X: Array | CodedRows
    Y: Array
    weight: Array | None
    output: str
    loss: Loss
    score: Callable[[Array, Array], float] | None = None
    products: str = "full"
    networks: dict[Member, Network] = field(default_factory=dict, repr=False)

    def network_of(self, member: Member) -> Network:
        """Return the member's network, described once."""
        if member not in self.networks:
            network = describe_network(member, self.inputs, self.X, self.Y.shape[1], self.output)
            self.networks[member] = replace(network, products=self.products)
        return self.networks[member]


@dataclass
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
    """

    network: Network
    parameters: Array
    member: int
    fold: int
    epochs: int = 0
    best_epoch: int = 0
    loss: Sequence[float] = ()
    validation_loss: Sequence[float] = ()

    def predict(self, engine: Engine, X: Array | CodedRows) -> Array:
        """Predictions of shape (rows, outputs), output activation applied."""
        z = engine.forward(self.network, Parameters(self.network, self.parameters), X)
        return output_activation(self.network.output, z)


@dataclass
class Bag:
    """The trained networks and how much each member counts.

    Attributes
    ----------
    networks : list of Trained
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
        Epochs that went into networks which are not here: of recipes that lost a race, or trainings that failed.
    """

    networks: list[Trained]
    weights: Array
    out_of_fold: Array
    outcome: Outcome = Outcome.ALL_EPOCHS
    fold_of: Array | None = None
    recipes: list[tuple[Member, ...]] = field(default_factory=list)
    other_epochs: int = 0

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
        for each in self.networks:
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
        """A sample of the rows that are validation in some fold, by which `averaged_away` estimates."""
        rows = np.empty(0, np.int64) if self.fold_of is None else np.flatnonzero(self.fold_of >= 0)
        return rows[:: max(1, len(rows) // ROWS_FOR_VARIANCE)]

    def averaged_away(self, engine: Engine, X: Array) -> Array:
        """Estimate how much less the squared error of all networks' mean is than that of a row's out-of-fold mean.

        Networks differ by chance, with a variance v; the mean of K of them has v / K of it, that of the m networks that
        did not see a row v / m. v is taken from the networks that were trained on a row, over a sample of the rows: on
        these they differ somewhat less than on new rows, so the estimate is low rather than high.

        Parameters
        ----------
        engine : Engine
        X : array of shape (rows, inputs)
            The rows `rows_looked_at` of what was learned from.

        Returns
        -------
        array of shape (outputs,)
        """
        used = [each for each in self.networks if self.weights[each.member] > 0]
        unseen = int((self.weights > 0).sum())
        outputs = self.networks[0].network.outputs
        rows = self.rows_looked_at
        if len(used) - unseen < 2 or not len(rows):
            return np.zeros(outputs)
        predicted = np.stack([each.predict(engine, X).astype(np.float64) for each in used])
        saw = np.array([each.fold for each in used])[:, np.newaxis] != self.fold_of[rows]  # type: ignore[index]
        predicted[~saw] = np.nan
        enough = saw.sum(axis=0) >= 2
        variance = np.nanvar(predicted[:, enough], axis=0, ddof=1).mean(axis=0) if enough.any() else np.zeros(outputs)
        away: Array = variance * (1 / unseen - 1 / len(used))
        return away


class Begun(NamedTuple):
    """A network under way: its recipe, its job, and how far the job came."""

    recipe: Member
    job: Job
    run: Run

    @property
    def epochs_left(self) -> int:
        """Epochs of its plan that are still to be run; 0 where no more will be."""
        is_over = self.run.outcome is not Outcome.ALL_EPOCHS
        return 0 if is_over else self.job.training.epochs - self.run.state.epochs

    @property
    def standing(self) -> float:
        """What was monitored at its best; lower is better."""
        value = self.run.state.best.value
        if value is None or not np.isfinite(self.run.parameters).all():
            return np.inf
        return -value if self.job.training.stopping.monitor == "validation_score" else value

    def go_on(self) -> Job:
        """Return the job that runs the rest, from where this one is."""
        return replace(self.job, parameters=self.run.parameters, state=self.run.state, epochs=self.epochs_left)


class Told:
    """Tells whoever listens of the epochs of all networks, counted through; ends all where one is ended."""

    def __init__(self, on_epoch: Callable[[Epoch], bool], total: int) -> None:
        self.on_epoch, self.total = on_epoch, total
        self.done, self.is_over = 0, False

    def __call__(self, epoch: Epoch) -> bool:
        """Pass the news of one network on."""
        self.done += 1
        counted = replace(epoch, epoch=self.done, epochs=max(self.total, self.done))
        self.is_over = self.is_over or self.on_epoch(counted)
        return self.is_over


def train_bag(
    problem: Problem,
    recipes: Sequence[tuple[Member, ...]],
    folds: Sequence[tuple[Array, Array]],
    epochs: float,
    *,
    engine: Engine,
    seeds: Sequence[int],
    time_limit: float | None = None,
    on_epoch: Told | None = None,
    begun: Mapping[tuple[int, int], Begun] | None = None,
    start: "Bag | None" = None,
) -> Bag:
    """Train the networks of all folds.

    Parameters
    ----------
    problem : Problem
    recipes : sequence of tuples of Member
        For each fold its members, equally many; the first of each fold count together as one, and so on.
    folds : sequence of pairs of arrays of int
        Rows to train on, rows to validate on.
    epochs : float
        Planned for each network; a member may multiply them.
    engine : Engine
    seeds : sequence of int
        One for each network, fold by fold.
    time_limit : float or None
        Seconds. Epochs are planned so that all networks are trained within it; where even a few epochs of all are too
        many, fewer folds are trained, but always one.
    on_epoch : Told or None
    begun : mapping or None
        Networks that are under way, by member and fold; they go on. Where one was interrupted or ended by a listener,
        no other begins.
    start : Bag or None
        Networks of the same members and folds whose parameters to begin with; those that it lacks start afresh.
    """
    began = perf_counter()
    begun = begun or {}
    known = {} if start is None else {(each.member, each.fold): each for each in start.networks}
    places = [(index, fold) for fold in range(len(folds)) for index in range(len(recipes[fold]))]
    seed_of = dict(zip(places, seeds, strict=True))

    def make(place: tuple[int, int]) -> Job:
        index, fold = place
        if place in begun:
            return begun[place].go_on()
        before = known.get(place)
        network = None if before is None else before.network
        job = make_job(problem, recipes[fold][index], folds[fold], epochs, seed_of[place], network)
        if before is not None:
            job.parameters[...] = before.parameters
            job.state.best = _as_it_is(job, engine)
            stopping = replace(job.training.stopping, milestones=())  # a better one may come late
            job.training = replace(job.training, stopping=stopping)
        job.goes_on = before is not None  # its best may be the one that it begins with
        return job

    done, is_cut = dict(begun), False
    going_on = [place for place in places if place in begun and begun[place].epochs_left]
    others = [place for place in places if place not in begun]
    # In a large table those that are under way are finished first, for what their optimisers remember.
    for wave in [going_on, others] if is_large(len(problem.Y)) else [going_on + others]:
        if not wave or any(each.run.outcome in (Outcome.INTERRUPTED, Outcome.STOPPED) for each in done.values()):
            continue
        _make_room(problem.Y)
        if time_limit is None or begun:
            jobs = [make(place) for place in wave]
        else:
            jobs, is_cut = _within(time_limit - (perf_counter() - began), make, wave, len(recipes[0]), engine)
        watch = Watch(on_epoch, None if time_limit is None else time_limit - (perf_counter() - began))
        for (index, fold), job, run in zip(wave, jobs, train_jobs(engine, jobs, watch), strict=False):
            whole = run.joined(begun[index, fold].run.history) if (index, fold) in begun else run
            done[index, fold] = Begun(recipes[fold][index], job, whole)
        for each in done.values():
            each.run.state.forget()
    bag = _collect(problem, recipes, folds, done, engine)
    if is_cut and bag.outcome is Outcome.ALL_EPOCHS:
        bag.outcome = Outcome.TIME_LIMIT
    return bag


def make_job(
    problem: Problem,
    member: Member,
    rows: tuple[Array, Array],
    epochs: float,
    seed: int,
    network: Network | None = None,
) -> Job:
    """Describe a member's training on a fold, where so many epochs are planned; on an own network, if one is given."""
    train, valid = rows
    score = problem.score
    network = network or problem.network_of(member)
    monitor = "loss" if not len(valid) else "validation_loss" if score is None else "validation_score"
    training = describe_training(member, problem.loss, len(train), epochs, monitor)
    random = weights_stream(seed)
    looked_at = train if len(train) <= ROWS_LOOKED_AT else train[random.randint(len(train), size=ROWS_LOOKED_AT)]
    parameters = initial_parameters(network, random, "float32", problem.X[looked_at])
    return Job(
        network,
        training,
        Batch(problem.X, problem.Y, problem.weight, train),
        parameters,
        streams(seed),
        Batch(problem.X, problem.Y, problem.weight, valid) if len(valid) else None,
        "loss" if score is None else _of_rows(score, valid),
    )


def _as_it_is(job: Job, engine: Engine) -> Best:
    """Return what the parameters that a training begins with are worth: it is to end with none that are worse."""
    parameters = Parameters(job.network, job.parameters)
    monitor = Monitor(job, 0, Watch(), 0.0, lambda inputs: engine.forward(job.network, parameters, inputs))
    monitor.validate()
    values = getattr(monitor.history, job.training.stopping.monitor)
    return Best(values[-1], parameters=job.parameters.copy()) if values else Best()


def train_jobs(engine: Engine, jobs: Sequence[Job], watch: Watch) -> list[Run]:
    """Train the networks in as little memory as may be."""
    _make_room(jobs[0].data.targets)
    return engine.train(jobs, watch)


def _make_room(rows: Array) -> None:
    if is_large(len(rows)):
        give_back()


def _of_rows(score: Callable[[Array, Array], float], rows: Array) -> Score:
    return lambda predictions: score(predictions, rows)


ROWS_AT_ONCE = 8_192
"""Rows that are predicted at once."""

ROWS_COMPARED = 50
"""Rows of each fold by which the rows of the fit are known again."""

ROWS_FOR_VARIANCE = 2_000
"""Rows from which the variance of the networks is estimated, where there are more."""

LONG_EPOCH = 0.5
"""Seconds; where ten epochs take less, they are measured, too."""

FEWEST_EPOCHS = 5
"""Below so many epochs of every network, fewer networks are trained instead."""


def _within(
    seconds: float,
    make: Callable[[tuple[int, int]], Job],
    places: Sequence[tuple[int, int]],
    members: int,
    engine: Engine,
) -> tuple[list[Job], bool]:
    """Make the jobs, planning the epochs, and if need be fewer networks, so that the training takes no longer.

    Whether it had to be cut for that is said, too.
    """
    began = perf_counter()
    jobs = [make(places[0])]
    preparing = perf_counter() - began
    beside = min(len(places), (engine.threads or default_threads()) if isinstance(engine, NativeEngine) else 1)
    an_epoch = seconds_of_epoch(jobs[0], engine, seconds, beside)
    left = max(0.0, 0.9 * (seconds - (perf_counter() - began)) + preparing)
    fewest = min(FEWEST_EPOCHS, jobs[0].training.epochs)
    kept = max(1, min(len(places), int(left / (preparing + fewest * an_epoch))))
    if kept > members:
        kept -= kept % members  # whole folds
    jobs += [make(place) for place in places[1:kept]]
    epochs = max(1, int((left - kept * preparing) / an_epoch) // kept)
    longer = [job for job in jobs if job.training.epochs > epochs]
    for job in longer:
        stopping = job.training.stopping
        stopping = replace(stopping, milestones=milestones(epochs) if stopping.milestones else ())
        job.training = replace(job.training, epochs=epochs, stopping=stopping)
    return jobs, bool(longer) or kept < len(places)


STEPS_TIMED = 20


def seconds_of_epoch(job: Job, engine: Engine, seconds: float, beside: int = 1) -> float:
    """Measure how long an epoch of a network takes, on a few of its rows; if that is short, several times.

    Of so many networks side by side, it is a network's share of the time.
    """
    share = min(1.0, STEPS_TIMED / job.steps_an_epoch)
    held_out = None if job.validation is None else _first_rows(job.validation, share)
    trial = replace(job, data=_first_rows(job.data, share), validation=held_out)
    spent = 0.0
    for epochs in (1, 10):
        if epochs * spent > min(LONG_EPOCH, 0.1 * max(seconds, 0.0)):
            break
        trials = [
            replace(trial, parameters=job.parameters.copy(), streams=streams(0), epochs=epochs, state=State())
            for _ in range(beside)
        ]
        began = perf_counter()
        runs = engine.train(trials, Watch())
        spent = (perf_counter() - began) / epochs / beside
        if any(run.outcome is Outcome.INTERRUPTED for run in runs):
            raise KeyboardInterrupt
    return spent / share


def _first_rows(batch: Batch, share: float) -> Batch:
    if batch.index is None:
        return batch
    return replace(batch, index=batch.index[: max(1, ceil(share * len(batch.index)))])


GRAVITY = (
    Outcome.CONVERGED,
    Outcome.ALL_EPOCHS,
    Outcome.STOPPED,
    Outcome.TIME_LIMIT,
    Outcome.DIVERGED,
    Outcome.INTERRUPTED,
)


def _collect(
    problem: Problem,
    recipes: Sequence[tuple[Member, ...]],
    folds: Sequence[tuple[Array, Array]],
    done: Mapping[tuple[int, int], Begun],
    engine: Engine,
) -> Bag:
    """Make a bag of the networks that are usable."""
    members = len(recipes[0])
    trained: list[Trained] = []
    out_of_fold = np.full((members, *problem.Y.shape), np.nan, dtype=np.float32)
    most = max(len(each.run.history.loss) / each.job.training.epochs for each in done.values())
    other_epochs = 0
    for (member, fold), (_, job, run) in sorted(done.items(), key=lambda item: item[0][::-1]):
        loss, validation_loss = run.history.loss, run.history.validation_loss
        epochs = len(loss)
        is_usable = run.state.best.value is not None and np.isfinite(run.parameters).all()
        is_trained = run.outcome is Outcome.CONVERGED or epochs / job.training.epochs >= 0.5 * most
        if not (is_usable and is_trained):
            other_epochs += epochs
            continue  # it hardly began before the time was over, or it diverged
        best = run.state.best.epoch
        each = Trained(job.network, run.parameters, member, fold, epochs, best, loss, validation_loss)
        trained.append(each)
        valid = folds[fold][1]
        for start in range(0, len(valid), ROWS_AT_ONCE):  # the rows may be coded, or lie in a file
            rows = valid[start : start + ROWS_AT_ONCE]
            out_of_fold[member, rows] = each.predict(engine, problem.X[rows])
    fold_of = np.full(len(problem.X), -1, np.min_scalar_type(-len(folds)))
    for fold, (_, valid) in enumerate(folds):
        fold_of[valid] = fold
    outcome = gravest(each.run.outcome for each in done.values())
    return Bag(trained, np.full(members, 1 / members), out_of_fold, outcome, fold_of, list(recipes), other_epochs)


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
