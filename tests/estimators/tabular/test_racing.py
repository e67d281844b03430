"""The race of recipes on the first fold: who wins, what goes on, and what it costs."""

import numpy as np
import pandas as pd
import pytest

from pellucid import TabularClassifier, TabularRegressor
from pellucid.engines import NativeEngine
from pellucid.errors import TrainingWarning
from pellucid.estimators.tabular import regressor
from pellucid.estimators.tabular.bagging import Problem, make_job
from pellucid.estimators.tabular.members import LINEAR_OF_MANY_ROWS, NUMBERS, milestones
from pellucid.training.jobs import Watch
from pellucid.training.stopping import Outcome


def waves(rows, fineness, seed=0):
    """Numbers, and a target that goes up and down so many times within their range."""
    random = np.random.default_rng(seed)
    X = random.uniform(-1, 1, size=(rows, 2))
    return X, np.sin(np.pi * fineness * X[:, 0]) + random.normal(0, 0.1, rows)


@pytest.fixture
def told(monkeypatch):
    """All jobs of the networks that predict which an engine gets, with the epochs that each ran."""
    monkeypatch.setattr(regressor, "learn_error_size", lambda *_, **__: None)
    seen = []
    train = NativeEngine.train

    def spy(self, jobs, watch):
        runs = train(self, jobs, watch)
        seen.extend((job, len(run.history.loss)) for job, run in zip(jobs, runs, strict=True))
        return runs

    monkeypatch.setattr(NativeEngine, "train", spy)
    return seen


def test_a_fine_structure_is_looked_at_finely():
    """Four waves within the range, by bins of a thirtieth of it or a hundredth."""
    model = TabularRegressor(random_state=0, max_epochs=26, n_threads=1).fit(*waves(2500, 8))
    chosen = {recipe for fold in model.bag_.recipes for recipe in fold}
    fine = {kind[1] for kind in NUMBERS}
    assert chosen - {LINEAR_OF_MANY_ROWS} == fine
    assert [fold[0] for fold in model.bag_.recipes] == [model.bag_.recipes[fold % 2][0] for fold in range(5)]
    assert model.score(*waves(1000, 8, seed=1)) > 0.95


def test_the_best_go_on_as_if_there_had_been_no_race(told):
    """Bit for bit: the network of the first fold is what its recipe and seed give in one go."""
    X, y = waves(2500, 3)
    model = TabularRegressor(random_state=0, max_epochs=12, n_threads=1).fit(X, y)
    first = next(each for each in model.bag_.networks if each.fold == 0)
    recipe = model.bag_.recipes[0][0]
    number = [member for kind in NUMBERS for member in kind].index(recipe)
    raced, epochs = told[number]
    assert epochs == milestones(12)[-1]
    rows = raced.data.index, raced.validation.index
    problem = Problem(
        model.encoder_.inputs, raced.data.inputs, raced.data.targets, None, "identity", raced.training.loss
    )
    draws = np.random.RandomState(0)
    draws.randint(2**31 - 1)  # of the folds
    seeds = draws.randint(2**31 - 1, size=14)  # five networks, five lines beside them, four that race
    whole = make_job(problem, recipe, rows, 12 / recipe.epochs, int(seeds[10 + number]))
    (run,) = NativeEngine(1).train([whole], Watch())
    np.testing.assert_array_equal(run.parameters, first.parameters)
    assert run.history.validation_loss == list(first.validation_loss)
    assert first.best_epoch == run.state.best.epoch
    assert first.epochs == len(run.history.loss)


def test_what_a_race_costs(told):
    X, y = waves(2500, 3)
    heard = []

    def listen(_, epoch):
        heard.append((epoch.epoch, epoch.epochs))

    model = TabularRegressor(random_state=0, max_epochs=10, n_threads=1, callbacks=[listen]).fit(X, y)
    assert len(told) == 4 + 5 + 5
    assert sum(epochs for _, epochs in told) == len(heard)
    assert sum(each.epochs for each in model.bag_.networks) + model.bag_.other_epochs == len(heard)
    total = 5 * 10 + 5 * 8 + 3 * milestones(10)[-1]  # a line has no 1.3 times the epochs
    assert heard[0] == (1, total)
    assert len(heard) <= total
    assert model.n_iter_ <= 10


def test_small_tables_have_the_best_of_each_kind_on_every_fold(told):
    X, y = waves(300, 2)
    model = TabularClassifier(random_state=0, max_epochs=6, n_threads=1).fit(X, y > 0)
    assert 5 + 12 + 15 <= len(told) <= 5 + 15 + 15  # with a linear network; twice each: see test_twins.py
    assert len(set(model.bag_.recipes)) == 1
    assert len(model.bag_.networks) == 5 * len(model.bag_.recipes[0])


def test_a_short_time_is_not_spent_on_a_race(told):
    X, y = waves(2500, 3)
    model = TabularRegressor(random_state=0, n_threads=1, time_limit=1.0).fit(X, y)
    assert model.bag_.recipes[0][0] == NUMBERS[0][0]
    assert model.outcome_ in (Outcome.ALL_EPOCHS, Outcome.CONVERGED, Outcome.TIME_LIMIT)
    assert len({job.network for job, _ in told if job.network.hidden}) <= 2
    told.clear()
    TabularRegressor(random_state=0, n_threads=1, time_limit=600.0, max_epochs=2).fit(X, y)
    assert len({job.network for job, _ in told if job.network.hidden}) == 4


def test_an_interrupt_in_the_race_keeps_the_networks():
    X, y = waves(2500, 3)

    def interrupt(_, epoch):
        if epoch.epoch == 4:
            raise KeyboardInterrupt

    model = TabularRegressor(random_state=0, max_epochs=10, n_threads=1, callbacks=[interrupt])
    with pytest.warns(TrainingWarning, match="interrupted"):
        model.fit(X, y)
    assert model.outcome_ is Outcome.INTERRUPTED
    assert len(model.bag_.networks) == 1
    assert model.predict(X).shape == (2500,)


def test_an_interrupt_in_the_race_ends_all_where_the_winner_was_through(monkeypatch):
    """What ended one network must not be forgotten with it."""
    X, y = waves(2500, 8)
    train, calls = NativeEngine.train, []

    def interrupted(self, jobs, watch):
        runs = train(self, jobs, watch)
        calls.append(len(jobs))
        if len(calls) == 1:
            worst = max(range(len(runs)), key=lambda place: runs[place].state.best.value)
            runs[worst].outcome = Outcome.INTERRUPTED
        return runs

    monkeypatch.setattr(NativeEngine, "train", interrupted)
    with pytest.warns(TrainingWarning, match="interrupted"):
        model = TabularClassifier(random_state=0, max_epochs=6, n_threads=1).fit(X, y > 0)
    assert calls == [4]
    assert model.outcome_ is Outcome.INTERRUPTED


def test_a_listener_may_end_the_race():
    X, y = waves(2500, 3)
    heard = []

    def listen(_, epoch):
        heard.append(epoch.epoch)
        return epoch.epoch >= 3

    model = TabularRegressor(random_state=0, max_epochs=10, n_threads=1, callbacks=[listen]).fit(X, y)
    assert model.outcome_ is Outcome.STOPPED
    assert len(model.bag_.networks) == 1
    assert len(heard) < 10


def test_the_recipes_that_won_are_kept_for_going_on():
    X, y = waves(2500, 8)
    model = TabularRegressor(random_state=0, max_epochs=4, n_threads=1, warm_start=True).fit(X, y)
    recipes = model.bag_.recipes
    loaded = TabularRegressor.from_state(*model.to_state())
    assert loaded.bag_.recipes == recipes
    loaded.partial_fit(X[:50], y[:50])
    assert loaded.bag_.recipes == recipes
    model.fit(X, y)
    assert model.bag_.recipes == recipes


def test_networks_race_with_and_without_a_look_at_each_value_of_a_number():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"code": random.integers(0, 40, 2400), "a": random.normal(size=2400)})
    effects = random.normal(size=40)[frame["code"]]
    settings = {"random_state": 0, "n_threads": 1, "max_epochs": 15}
    clear = TabularRegressor(**settings).fit(frame, effects + frame["a"])
    assert all(members[0].by_value for members in clear.bag_.recipes)
    doubtful = TabularRegressor(**settings).fit(frame, 0.35 * effects + np.sin(3 * frame["a"]))
    assert len(doubtful.schema_.columns[0].levels) == 40
    fast = TabularRegressor(preset="fast", **settings).fit(frame, 0.35 * effects + np.sin(3 * frame["a"]))
    assert not fast.bag_.recipes[0][0].by_value

    shown = pd.DataFrame({"code": [3, 30], "a": [0.0, 0.0]})
    inputs = fast.encoder_.transform(shown)
    same = inputs.copy()
    same[:, -1] = 0  # the code of the values
    assert inputs[0, -1] != inputs[1, -1]
    np.testing.assert_array_equal(fast._of_bag(inputs), fast._of_bag(same))
    before = fast.predict(shown)
    fast.partial_fit(frame[:300], 0.35 * effects[:300])
    assert (fast.predict(shown) != before).all()
    np.testing.assert_array_equal(fast._of_bag(inputs.copy()), fast._of_bag(same.copy()))
