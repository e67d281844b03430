"""Bagging over cross-validation folds: every member is trained on every fold, all as one population.

A row is validation in one fold: what the networks that never saw it predict for it, out of fold, is an honest estimate
of what they predict for new rows. Scores, weights, calibration and intervals come from these predictions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import NamedTuple

import numpy as np

from pellucid.engines import Engine
from pellucid.estimators.tabular.bag import ENDS_ALL, Bag, Trained, gravest
from pellucid.estimators.tabular.members import Member, describe_network, describe_training
from pellucid.estimators.tabular.memory import give_back, is_large
from pellucid.estimators.tabular.time_limits import Schedule
from pellucid.spec import Loss, Network
from pellucid.tables import Inputs
from pellucid.textbook.arrays import Array
from pellucid.textbook.initializers import ROWS_LOOKED_AT, initial_parameters
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters
from pellucid.training.coded import CodedRows
from pellucid.training.jobs import Epoch, Job, Run, Score, Watch
from pellucid.training.monitor import Monitor
from pellucid.training.stopping import Best, Outcome
from pellucid.training.streams import streams, weights_stream

__all__ = ["Begun", "Folds", "Problem", "Told", "make_job", "predict_out_of_fold", "train_bag", "train_jobs"]

Folds = Sequence[tuple[Array, Array]]
"""For each fold, rows to train on and rows to validate on."""


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
            outputs = self.Y.shape[1]
            network = describe_network(member, self.inputs, self.X, outputs, self.output, self.weight)
            self.networks[member] = replace(network, products=self.products)
        return self.networks[member]


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
        One for each network, member by member: what stands beside a member does not change it.
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
    seed_of = dict(zip(sorted(places), seeds, strict=True))

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

    def left() -> float | None:
        return None if time_limit is None else time_limit - (perf_counter() - began)

    done = dict(begun)
    schedule = None
    if time_limit is not None and not begun:
        costs = [recipes[fold][index].cost for index, fold in places]
        schedule = Schedule(make, places, costs, len(recipes[0]), engine, time_limit)
    waves = _waves(problem, places, begun) if schedule is None else schedule.waves()
    while not _is_ended(done.values()) and (wave := next(waves, None)):
        jobs = schedule.jobs(wave) if schedule else [make(place) for place in wave]
        for (index, fold), job, run in zip(wave, jobs, train_jobs(engine, jobs, Watch(on_epoch, left())), strict=True):
            whole = run.joined(begun[index, fold].run.history) if (index, fold) in begun else run
            done[index, fold] = Begun(recipes[fold][index], job, whole)
        for each in done.values():
            each.run.state.forget()
    bag = _collect(problem, recipes, folds, done, engine)
    is_cut = schedule is not None and schedule.is_cut
    if is_cut and bag.outcome in (Outcome.ALL_EPOCHS, Outcome.CONVERGED):  # as far as the shorter plan went
        bag.outcome = Outcome.TIME_LIMIT
    return bag


def _waves(
    problem: Problem, places: Sequence[tuple[int, int]], begun: Mapping[tuple[int, int], Begun]
) -> Iterator[list[tuple[int, int]]]:
    """Yield the places that are trained side by side.

    In a large table those that are under way are finished first, for what their optimisers remember.
    """
    going_on = [place for place in places if place in begun and begun[place].epochs_left]
    others = [place for place in places if place not in begun]
    waves = [going_on, others] if is_large(len(problem.Y)) else [going_on + others]
    for wave in filter(None, waves):
        _make_room(problem.Y)
        yield wave


def _is_ended(networks: Iterable[Begun]) -> bool:
    return any(each.run.outcome in ENDS_ALL for each in networks)


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
    score = problem.score if member.hidden else None  # ranks that a line gives are there long before its level
    network = network or problem.network_of(member)
    monitor = "loss" if not len(valid) else "validation_loss" if score is None else "validation_score"
    training = describe_training(member, problem.loss, len(train), epochs, monitor, inputs=problem.inputs.width)
    random = weights_stream(seed)
    looked_at = train if len(train) <= ROWS_LOOKED_AT else train[random.randint(len(train), size=ROWS_LOOKED_AT)]
    parameters = initial_parameters(network, random, "float32", problem.X[looked_at])
    if not member.by_value:
        _look_away(network, Parameters(network, parameters), problem.inputs)
    return Job(
        network,
        training,
        Batch(problem.X, problem.Y, problem.weight, train),
        parameters,
        streams(seed),
        Batch(problem.X, problem.Y, problem.weight, valid) if len(valid) else None,
        "loss" if score is None else _of_rows(score, valid),
    )


def _look_away(network: Network, parameters: Parameters, inputs: Inputs) -> None:
    """Begin without the values of numbers: where vectors and the weights that see them are 0, their gradients are."""
    if not any(inputs.of_numbers):
        return
    embedding = network.embedding
    assert embedding is not None  # noqa: S101 - types
    places = np.cumsum((0, *embedding.features_of_columns))[-len(inputs.levels) - 1 :]
    for index, is_number in enumerate(inputs.of_numbers):
        if is_number:
            parameters.levels[index][...] = 0
            parameters.weights[0][places[index] : places[index + 1]] = 0


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
        planned = job.training.epochs
        each = Trained(job.network, run.parameters, member, fold, epochs, best, loss, validation_loss, planned)
        trained.append(each)
    out_of_fold = predict_out_of_fold(problem, trained, folds, members, engine)
    fold_of = np.full(len(problem.X), -1, np.min_scalar_type(-len(folds)))
    for fold, (_, valid) in enumerate(folds):
        fold_of[valid] = fold
    outcome = gravest(each.run.outcome for each in done.values())
    return Bag(trained, np.full(members, 1 / members), out_of_fold, outcome, fold_of, list(recipes), other_epochs)


def predict_out_of_fold(
    problem: Problem, networks: Sequence[Trained], folds: Sequence[tuple[Array, Array]], members: int, engine: Engine
) -> Array:
    """Return what the networks predict for the rows that they did not see, of shape (members, rows, outputs)."""
    predicted = np.full((members, *problem.Y.shape), np.nan, dtype=np.float32)
    for each in networks:
        valid = folds[each.fold][1]
        for start in range(0, len(valid), ROWS_AT_ONCE):  # the rows may be coded, or lie in a file
            rows = valid[start : start + ROWS_AT_ONCE]
            predicted[each.member, rows] = each.predict(engine, problem.X[rows])
    return predicted
