"""How the networks of a table are trained: seeds, folds, budgets, interrupts, listeners, warm starts."""

import os
import pickle
import re
import signal
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss

from pellucid import TabularClassifier, TabularRegressor, load, save, trace
from pellucid.engines import NativeEngine
from pellucid.errors import DataError, TrainingWarning
from pellucid.estimators import thread_limits
from pellucid.estimators.tabular import Member, bagging, members, memory, sources, time_limits
from pellucid.estimators.tabular.members import LINEAR, LINEAR_OF_MANY_ROWS, PRESETS, milestones
from pellucid.spec import Ensemble
from pellucid.textbook.parameters import Parameters
from pellucid.training.coded import CodedRows
from pellucid.training.stopping import Outcome

TINY = Member(hidden=(8,), numbers="plain")
TINY_BAG = {"members": [TINY], "max_epochs": 6, "random_state": 0, "n_threads": 1}


def vectors(model):
    return [each.parameters for each in model.bag_.networks]


def are_same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(vectors(one), vectors(other), strict=True))


# --- memory -----------------------------------------------------------------------------------------------------------


def test_a_large_table_is_trained_as_a_small_one(shop, monkeypatch):
    X, number, _ = shop
    settings = {"members": [replace(TINY, numbers="piecewise_linear"), TINY], "n_folds": 2, "max_epochs": 3}
    usual, thrifty = (TabularRegressor(**settings, random_state=0, n_threads=1) for _ in range(2))
    usual.fit(X, number)
    monkeypatch.setattr(sources, "ROWS_AT_ONCE", 64)
    monkeypatch.setattr(memory, "LARGE", 100)
    monkeypatch.setattr(bagging, "ROWS_AT_ONCE", 50)
    coded = sources.FrameSource(X).encode(usual.encoder_)
    assert isinstance(coded, CodedRows)
    np.testing.assert_array_equal(coded[:], usual.encoder_.transform(X))
    thrifty.fit(X, number)
    for one, other in zip(usual.bag_.networks, thrifty.bag_.networks, strict=True):
        np.testing.assert_array_equal(one.parameters, other.parameters)
    np.testing.assert_array_equal(usual.bag_.out_of_fold, thrifty.bag_.out_of_fold)
    assert usual.oof_score_ == thrifty.oof_score_


# --- seeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["default", "best"])
def test_the_networks_do_not_depend_on_threads(shop, preset):
    X, y = shop[0][:100], shop[1][:100]
    fits = [
        TabularRegressor(preset=preset, max_epochs=1, random_state=1, n_threads=threads).fit(X, y)
        for threads in (1, 2, 3)
    ]
    assert are_same(fits[0], fits[1])
    assert are_same(fits[0], fits[2])
    assert not are_same(fits[0], clone(fits[0]).set_params(random_state=2).fit(X, y))


def test_libraries_are_not_looked_for_when_the_native_engine_predicts(shop, monkeypatch):
    X, y, _ = shop
    model = TabularRegressor(**TINY_BAG, engine="native").fit(X, y)
    expected = model.predict(X)
    monkeypatch.setattr(thread_limits, "ThreadpoolController", None)  # its search takes longer than a row
    np.testing.assert_array_equal(model.predict(X), expected)
    with pytest.raises(TypeError, match="not callable"):
        model.set_params(engine="textbook").predict(X)


def test_cycles_of_a_few_steps_end_no_network():
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 3))
    model = TabularClassifier(preset="fast", max_epochs=8, random_state=0, n_threads=1).fit(X, X[:, 0] > 0)
    assert {each.epochs for each in model.bag_.networks} == {8}


def test_fitting_twice_is_fitting_once(shop):
    X, _, y = shop
    model = TabularClassifier(**TINY_BAG).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert are_same(again.fit(X, y), model)


# --- folds ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def trained_jobs(monkeypatch):
    """All jobs that an engine gets."""
    seen = []
    train = NativeEngine.train

    def spy(self, jobs, watch):
        seen.extend(jobs)
        return train(self, jobs, watch)

    monkeypatch.setattr(NativeEngine, "train", spy)
    return seen


@pytest.mark.parametrize("preset", ["fast", "default", "best"])
def test_out_of_fold_predictions_come_from_networks_that_did_not_see_the_row(shop, trained_jobs, preset):
    X, y, _ = shop
    model = TabularRegressor(preset=preset, max_epochs=2, random_state=0, n_threads=1).fit(X, y)
    bag, encoded = model.bag_, model.encoder_.transform(X)
    expected = np.full_like(bag.out_of_fold, np.nan)
    for each in bag.of_folds:
        job = next(job for job in trained_jobs if job.parameters is each.parameters)
        assert not set(job.data.index) & set(job.validation.index)
        assert len(job.data.index) + len(job.validation.index) == len(X)
        np.testing.assert_array_equal(bag.fold_of[job.validation.index], each.fold)
        expected[each.member, job.validation.index] = each.predict(NativeEngine(1), encoded[job.validation.index])
    np.testing.assert_array_equal(bag.out_of_fold, expected)
    assert not np.isnan(bag.out_of_fold).any()
    assert {each.fold for each in bag.of_folds} == set(range(3 if preset == "fast" else 5))
    assert bag.weights.sum() == pytest.approx(1)
    assert (bag.weights >= 0).all()


def test_targets_learned_by_heart_do_not_help_out_of_fold():
    """Of targets that nothing explains, a network may learn its rows by heart: out of fold it knows none."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(120, 4)), random.normal(size=120)
    by_heart = Member(hidden=(128, 128), numbers="plain", dropout=0.0, weight_decay=0.0, learning_rate=0.1)
    model = TabularRegressor(members=[by_heart], max_epochs=100, random_state=0, n_threads=1).fit(X, y)
    assert model.oof_score_ < -0.9 * y.std()


def test_rows_of_a_group_stay_together(shop, trained_jobs):
    X, y, _ = shop
    groups = np.arange(300) // 7
    TabularRegressor(**TINY_BAG).fit(X, y, groups=groups)
    assert len(trained_jobs) == 5 + 5
    for job in trained_jobs:
        assert not set(groups[job.data.index]) & set(groups[job.validation.index])


@pytest.mark.parametrize("preset", ["fast", "default"])
def test_with_a_time_column_the_future_is_not_seen(shop, trained_jobs, preset):
    X, y, _ = shop
    shuffled = X.sample(frac=1, random_state=0)
    model = TabularRegressor(**TINY_BAG, preset=preset, time_column="day").fit(shuffled, y[shuffled.index])
    day = shuffled["day"].to_numpy()
    of_folds = [job for job in trained_jobs if job.validation is not None]
    for job in of_folds:
        assert day[job.data.index].max() < day[job.validation.index].min()
    assert np.isnan(model.oof_prediction_).any()  # the earliest rows
    on_all_rows = trained_jobs[len(of_folds) :]
    assert len(on_all_rows) == len(model.bag_.networks) == len(of_folds)
    assert all(len(job.data.index) == 300 and job.validation is None for job in on_all_rows)
    assert {each.best_epoch for each in model.bag_.networks} == {model.bag_.judges[-1].best_epoch}


@pytest.fixture(scope="module")
def changing():
    """600 rows over time: what x does for y turns round: (table, target)."""
    random = np.random.default_rng(0)
    table = pd.DataFrame({"t": np.arange(600.0), "x": random.normal(size=600)})
    return table, np.cos(np.pi * table.t / 600) * 3 * table.x + random.normal(scale=0.1, size=600)


WITH_TIME = {"time_column": "t", "preset": "fast", "n_folds": 4, "random_state": 0, "n_threads": 1}


def test_what_came_last_is_known_when_the_future_is_predicted(changing, tmp_path):
    table, y = changing
    model = TabularRegressor(**WITH_TIME, members=[Member(hidden=(32, 32))]).fit(table[:500], y[:500])
    error = np.sqrt(np.mean((model.predict(table[500:]) - y[500:]) ** 2))
    assert error < -model.oof_score_  # of networks that knew less, and none of the last rows
    assert error < 0.5 * y[500:].std()
    model.compute_importances(table[:500], y[:500])
    assert model.feature_importances_.argmax() == 1
    step = trace(model, table[:500], y[:500])
    assert any(note.startswith("This is network 1 of 4; the model") for note in step.notes)
    save(model, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "model.safetensors").predict(table), model.predict(table))
    model.partial_fit(table[500:], y[500:])
    assert not model.bag_.judges
    warm = TabularRegressor(**WITH_TIME, members=[TINY], max_epochs=4, warm_start=True)
    first = warm.fit(table, y).oof_score_
    assert warm.fit(table, y).oof_score_ >= first


def test_where_the_time_is_over_the_latest_network_of_the_folds_predicts(changing):
    table, y = changing
    large = Member(hidden=(512, 512))
    model = TabularRegressor(**WITH_TIME, members=[large], time_limit=0.02).fit(table, y)
    assert model.outcome_ is Outcome.TIME_LIMIT
    (only,) = model.bag_.networks
    assert only is model.bag_.judges[-1]

    class Ender:
        """Ends the training when the networks of the folds are done."""

        def on_epoch_end(self, estimator, epoch):
            return epoch.of.validation is None

    model = TabularRegressor(**WITH_TIME, members=[TINY, TINY], max_epochs=3, callbacks=[Ender()]).fit(table, y)
    assert model.outcome_ is Outcome.STOPPED
    assert [each.fold for each in model.bag_.networks] == [3, 3]
    assert np.isfinite(model.predict(table)).all()


def test_rows_of_weight_0_are_no_rows_at_all(shop):
    X, y, c = shop
    kept = np.arange(300) % 3 > 0
    other = y.copy()
    other[~kept] = 1000.0
    with_zeros = TabularRegressor(**TINY_BAG).fit(X, other, sample_weight=2.0 * kept)
    without = TabularRegressor(**TINY_BAG).fit(X[kept], y[kept], sample_weight=np.ones(kept.sum()))
    np.testing.assert_allclose(with_zeros.predict(X), without.predict(X), rtol=0, atol=1e-12)
    assert with_zeros.oof_score_ == pytest.approx(without.oof_score_, rel=1e-12)
    assert np.isnan(with_zeros.oof_prediction_[~kept]).all()
    with_zeros = TabularClassifier(**TINY_BAG).fit(X, c, sample_weight=kept)
    without = TabularClassifier(**TINY_BAG).fit(X[kept], c[kept], sample_weight=np.ones(kept.sum()))
    np.testing.assert_array_equal(with_zeros.predict_proba(X), without.predict_proba(X))


def test_weights_matter_and_their_unit_does_not(shop):
    X, y, c = shop
    weight = np.where(np.arange(300) < 150, 1.0, 8.0)
    model = TabularRegressor(**TINY_BAG).fit(X, y, weight)
    for unit in (2.0**10, 2.0**125, 2.0**-148, 2.0**1000):
        assert are_same(model, clone(model).fit(X, y, weight * unit))
    assert not are_same(model, clone(model).fit(X, y))
    weights = {"dear": 3.0, "cheap": 1.0}
    model = TabularClassifier(**TINY_BAG, class_weight=weights).fit(X, c)
    tiny = {name: weight * 2.0**-148 for name, weight in weights.items()}
    assert are_same(model, clone(model).set_params(class_weight=tiny).fit(X, c))


# --- budgets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["fast", "default", "best"])
@pytest.mark.parametrize("seconds", [0.01, 0.8])
def test_a_time_limit_is_kept_and_something_is_learned(shop, preset, seconds):
    X, y, _ = shop
    model = TabularRegressor(preset=preset, time_limit=seconds, random_state=0, n_threads=1)
    began = time.perf_counter()
    model.fit(X, y)
    assert time.perf_counter() - began < 2 * seconds + 1.5
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.oof_score_)
    assert np.isfinite(model.predict_interval(X)).all()


def test_a_plan_that_the_time_cut_short_says_so(shop):
    X, y, _ = shop
    assert TabularRegressor(time_limit=0.8, random_state=0, n_threads=2).fit(X, y).outcome_ is Outcome.TIME_LIMIT
    assert TabularRegressor(**TINY_BAG, time_limit=600).fit(X, y).outcome_ is not Outcome.TIME_LIMIT


@pytest.mark.parametrize("seed", [1, 2])
def test_a_network_that_ends_early_in_a_shorter_plan_was_cut_all_the_same(seed):
    random = np.random.default_rng(0)
    X, noise = random.normal(size=(60, 3)), random.normal(size=60)
    settings = {"members": [replace(TINY, epochs=1000.0)], "n_folds": 2, "n_threads": 1}
    model = TabularRegressor(**settings, random_state=seed, time_limit=0.3).fit(X, noise)
    assert model.outcome_ is Outcome.TIME_LIMIT


def test_more_time_is_used(shop):
    X, y, _ = shop
    epochs = [
        sum(
            each.epochs
            for each in TabularRegressor(time_limit=seconds, random_state=0, n_threads=1).fit(X, y).bag_.networks
        )
        for seconds in (0.01, 1.5)
    ]
    assert epochs[0] <= 5 < epochs[1]


@pytest.mark.parametrize(("seconds", "least", "most"), [(3, 2, 3), (10, 5, 9), (20, 5, 9), (200, 10, 10)])
def test_within_a_time_limit_few_networks_are_planned_through_and_others_have_the_time_that_is_left(
    shop, monkeypatch, seconds, least, most
):
    """An epoch seems to take a second, which allows so many for one network or three; then it takes next to none."""
    began = []
    train = NativeEngine.train

    def spy(self, jobs, watch):
        began.append(len(jobs))
        return train(self, jobs, watch)

    monkeypatch.setattr(time_limits, "seconds_of_epoch", lambda *_: 1.0)
    monkeypatch.setattr(NativeEngine, "train", spy)
    X, y, _ = shop
    many = np.resize(np.arange(300), 2100)
    settings = {**TINY_BAG, "n_folds": 5, "max_epochs": 10, "time_limit": seconds}
    model = TabularRegressor(**settings).fit(X.iloc[many], y[many])
    assert began[0] == {3: 1, 10: 1, 20: 3, 200: 5}[seconds]
    assert len(model.bag_.networks) == 5
    assert all(least <= each.planned <= most for each in model.bag_.networks)
    assert (model.outcome_ is Outcome.TIME_LIMIT) == (seconds < 200)


# --- interrupts -------------------------------------------------------------------------------------------------------


def interrupt_at(count):
    told = []

    def listener(estimator, epoch):
        told.append(epoch)
        if len(told) == count:
            raise KeyboardInterrupt

    return listener


def test_an_interrupt_keeps_what_was_learned(shop):
    X, y, _ = shop
    with pytest.warns(TrainingWarning, match=r"^Training interrupted by user\. What was learned by then is kept\.$"):
        model = TabularRegressor(**TINY_BAG, callbacks=[interrupt_at(14)]).fit(X, y)
    assert model.outcome_ is Outcome.INTERRUPTED
    assert [(each.fold, each.epochs) for each in model.bag_.networks] == [(0, 6), (1, 6)]  # one thread: in turn
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.oof_score_)
    with pytest.warns(TrainingWarning, match="interrupted"):
        model = TabularRegressor(**TINY_BAG, callbacks=[interrupt_at(1)]).fit(X, y)
    assert [(each.fold, each.epochs) for each in model.bag_.networks] == [(0, 1)]
    with pytest.warns(TrainingWarning, match="interrupted"):
        model.set_params(callbacks=[interrupt_at(1)]).partial_fit(X, y)
    model.set_params(callbacks=None).partial_fit(X, y)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
@pytest.mark.parametrize("limit", [None, 60.0])
def test_ctrl_c_before_anything_is_learned_leaves_the_model_as_it_was(shop, limit):
    X, y, _ = shop
    model = TabularRegressor(**TINY_BAG).fit(X, y)
    before = model.predict(X)
    large = Member(hidden=(2048, 2048, 2048), numbers="plain")
    model.set_params(members=[large], time_limit=limit, max_epochs=1000)
    many = np.tile(np.arange(300), 30)
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X.iloc[many], y[many])
    timer.join()
    np.testing.assert_array_equal(model.predict(X), before)


def test_what_cannot_be_learned_leaves_the_model_as_it_was(shop):
    X, y, _ = shop
    model = TabularRegressor(**TINY_BAG).fit(X, y)
    before = model.predict(X)
    with pytest.raises(DataError, match="column to learn from"):
        model.fit(np.ones((300, 2)), y)
    np.testing.assert_array_equal(model.predict(X), before)


# --- listeners --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_listeners_hear_the_epochs_counted_through_and_can_stop_all(shop, threads):
    X, y, _ = shop
    told = []
    model = TabularRegressor(**TINY_BAG | {"n_threads": threads}, callbacks=[lambda _, epoch: told.append(epoch)])
    model.fit(X, y)
    assert 30 < len(told) <= 60  # each network twice
    assert [epoch.epoch for epoch in told] == list(range(1, len(told) + 1))
    assert {epoch.epochs for epoch in told} == {60}
    assert {epoch.job for epoch in told} == set(range(10))
    told.clear()
    model.set_params(callbacks=[lambda _, epoch: told.append(epoch) or epoch.epoch >= 9]).fit(X, y)
    assert model.outcome_ is Outcome.STOPPED
    assert 9 <= len(told) <= 9 + 4  # of networks that had not begun, one epoch each
    assert np.isfinite(model.predict(X)).all()


def test_progress_is_shown(shop, capsys):
    X, y, _ = shop
    TabularRegressor(**TINY_BAG, progress=True).fit(X, y)
    lines = capsys.readouterr().err.splitlines()
    assert re.search(r"TabularRegressor: epoch \d+/60 of all networks together .* ended after", lines[-1])
    assert "s left" in lines[0]


# --- warm start -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["fast", "best"])
def test_a_warm_start_goes_on_in_the_same_folds(shop, monkeypatch, preset):
    X, y, _ = shop
    starts, train = [], NativeEngine.train

    def spy(self, jobs, watch):
        starts.extend(job.parameters.copy() for job in jobs)
        return train(self, jobs, watch)

    monkeypatch.setattr(NativeEngine, "train", spy)
    model = TabularRegressor(preset=preset, max_epochs=3, warm_start=True, n_threads=1).fit(X, y)
    encoder, first = model.encoder_, vectors(model)
    folds = model.bag_.fold_of
    starts.clear()
    model.fit(X, y)
    assert model.encoder_ is encoder
    assert all(np.array_equal(a, b) for a, b in zip(starts[: len(first)], first, strict=True))  # then sizes of errors
    np.testing.assert_array_equal(model.bag_.fold_of, folds)  # though the seed is another: no row changes sides


def test_a_warm_start_refuses_another_target(shop):
    X, y, c = shop
    model = TabularClassifier(**TINY_BAG, warm_start=True).fit(X, c)
    with pytest.raises(DataError, match="'free'"):
        model.fit(X, np.where(np.arange(300) == 7, "free", c))
    model = TabularRegressor(**TINY_BAG, warm_start=True).fit(X, y)
    with pytest.raises(DataError, match="one column as before"):
        model.fit(X, np.column_stack([y, y]))


@pytest.mark.parametrize("seed", range(3))
def test_a_warm_start_makes_no_network_worse(shop, seed):
    X, _, c = shop
    model = TabularClassifier(**{**TINY_BAG, "random_state": seed, "max_epochs": 15}, warm_start=True).fit(X, c)
    right = np.searchsorted(model.classes_, c)
    losses = []
    for _ in range(3):
        likely = model.bag_.out_of_fold[0, np.arange(len(c)), right]
        folds = model.bag_.fold_of
        losses.append([-np.log(likely[folds == fold]).mean() for fold in range(folds.max() + 1)])
        model.fit(X, c)
    assert (np.diff(losses, axis=0) < 1e-5).all()
    assert losses[-1] != losses[0]


def test_a_warm_start_completes_what_had_no_time(shop):
    X, y, _ = shop
    model = TabularRegressor(**TINY_BAG, warm_start=True, time_limit=1e-3).fit(X, y)
    assert len(model.bag_.networks) == 1
    model.set_params(time_limit=None).fit(X, y)
    assert len(model.bag_.networks) == 5


def test_training_ends_where_more_epochs_do_not_pay(monkeypatch):
    """Noise is learned by heart soon: the last cycle of the learning rate is left out, and the networks still count."""
    random = np.random.default_rng(0)
    monkeypatch.setattr(members, "SMALL_TABLE", 0)
    X = random.normal(size=(600, 4))
    noise = TabularRegressor(random_state=0, max_epochs=52, n_threads=1).fit(X, random.normal(size=600))
    networks = [each for each in noise.bag_.networks if each.network.hidden]
    assert len(networks) == 5
    ended = [each for each in networks if each.epochs < 52]
    assert len(ended) >= 3
    for each in ended:
        assert each.epochs == milestones(52)[-1]
        assert each.best_epoch <= milestones(52)[0]
    wave = TabularRegressor(preset="fast", random_state=0, max_epochs=52, n_threads=1).fit(X, np.sin(2 * X[:, 0]))
    assert wave.bag_.networks[0].epochs == 52


def test_rows_of_no_weight_have_no_say():
    """Neither their cells nor their targets: not in the table's units, not in the bins of an embedding."""
    random = np.random.default_rng(1)
    X, weight = random.normal(size=(200, 3)), np.repeat([1.0, 0.0], 100)
    y = X[:, 0] + np.abs(X[:, 1])
    elsewhere = np.where(weight[:, np.newaxis] > 0, X, 100 * X + 7)
    settings = {"preset": "fast", "max_epochs": 3, "random_state": 0, "n_threads": 1}
    models = [TabularRegressor(**settings).fit(each, y, sample_weight=weight) for each in (X, elsewhere)]
    np.testing.assert_array_equal(models[0].predict(X[:100]), models[1].predict(X[:100]))


def test_a_line_counts_in_larger_tables_where_it_is_better_than_networks():
    """Networks must learn that each of 100 inputs counts for itself; a line begins with that."""
    random = np.random.default_rng(0)
    X = random.normal(size=(4000, 100))
    y = X @ random.normal(size=100) / 10 + 2 * random.normal(size=4000)
    settings = {"preset": "fast", "random_state": 0, "max_epochs": 8, "n_threads": 1}
    model = TabularRegressor(**settings).fit(X[:2500], y[:2500])
    lines = [each for each in model.bag_.networks if not each.network.hidden]
    assert [model.bag_.recipe_of(each) for each in lines] == [LINEAR_OF_MANY_ROWS]
    alone = TabularRegressor(members=[PRESETS["fast"].numbers[0][0]], **settings).fit(X[:2500], y[:2500])
    beside_noise = [np.mean((each.predict(X[2500:]) - y[2500:]) ** 2) - 2**2 for each in (model, alone)]
    assert beside_noise[0] < 0.8 * beside_noise[1]

    bent = TabularRegressor(**settings).fit(X[:2500, :3], np.abs(X[:2500, 0]))
    assert all(each.network.hidden for each in bent.bag_.networks)
    again = model.set_params(warm_start=True).fit(X[:2500], y[:2500])
    assert again.bag_.recipes == model.bag_.recipes


def test_no_network_has_more_epochs_than_asked_for():
    """A regression's recipes take 1.3 times the epochs that are planned, the third of the preset 'best' just these."""
    X = np.random.default_rng(0).normal(size=(100, 2))
    members = [*(kind[0] for kind in PRESETS["best"].numbers), LINEAR]
    y = np.abs(X[:, 0]) + np.sin(3 * X[:, 1])
    model = TabularRegressor(members=members, random_state=0, max_epochs=13, n_threads=1, n_folds=2).fit(X, y)
    planned = {1.3: 13, 1.0: 10}
    assert all(each.planned == planned[model.bag_.recipe_of(each).epochs] for each in model.bag_.networks)
    assert model.n_iter_ <= 13
    again = model.set_params(warm_start=True, max_epochs=26).fit(X, y)
    assert all(each.epochs == 2 * planned[again.bag_.recipe_of(each).epochs] for each in again.bag_.networks)


def test_a_line_counts_in_small_tables_where_it_proves_good():
    """Ridge regression errs by little more than the noise here; networks by more, as they bend where nothing does."""
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 10))
    y = X @ random.normal(size=10) / np.sqrt(10) + 0.4 * random.normal(size=600)
    settings = {"random_state": 1, "max_epochs": 120, "n_threads": 1}
    model = TabularRegressor(**settings).fit(X[:100], y[:100])
    lines = [each for each in model.bag_.networks if not each.network.hidden]
    assert len(lines) == 5
    assert {model.bag_.recipe_of(each) for each in lines} == {LINEAR}
    assert model.bag_.weights[lines[0].member] > 0.5
    alone = TabularRegressor(members=[kind[0] for kind in PRESETS["default"].numbers], **settings).fit(X[:100], y[:100])
    beside_noise = [np.mean((each.predict(X[100:]) - y[100:]) ** 2) - 0.4**2 for each in (model, alone)]
    assert beside_noise[0] < 0.8 * beside_noise[1]

    bent = TabularRegressor(max_epochs=30, random_state=0, n_threads=1).fit(X[:100], np.abs(X[:100, 0]))
    assert all(each.network.hidden for each in bent.bag_.networks)  # what counts nothing is not kept
    assert bent.bag_.weights.all()


@pytest.mark.parametrize("is_class", [False, True])
def test_a_few_of_many_columns_are_found_in_a_small_table(is_class):
    """Five of 400 columns tell the target of 200 rows, of which dense networks learn next to nothing."""
    random = np.random.default_rng(0)
    X = random.normal(size=(1200, 400))
    straight = 1.5 * X[:, :5] @ [1, -1, 1, -1, 1]
    y = straight + (random.logistic(size=1200) if is_class else random.normal(size=1200))
    kind = TabularClassifier if is_class else TabularRegressor
    y = (y > 0).astype(int) if is_class else y
    settings = {"preset": "fast", "random_state": 0, "n_threads": 1}
    model = kind(**settings).fit(X[:200], y[:200])
    sparse = [each for each in model.bag_.networks if model.bag_.recipe_of(each).sparsity]
    assert model.bag_.weights[[each.member for each in sparse[:1]]] > 0
    weights = np.abs(np.mean([Parameters(each.network, each.parameters).weights[0] for each in sparse], axis=0)).max(
        axis=1
    )
    assert set(np.argsort(-weights)[:5]) == set(range(5))
    dense = kind(**settings, members=[kind_[0] for kind_ in PRESETS["fast"].numbers]).fit(X[:200], y[:200])
    errors = [
        log_loss(y[200:], each.predict_proba(X[200:])) if is_class else np.mean((each.predict(X[200:]) - y[200:]) ** 2)
        for each in (model, dense)
    ]
    assert errors[0] < 0.75 * errors[1]


def test_going_on_keeps_the_folds_where_a_table_becomes_large(monkeypatch):
    monkeypatch.setattr(members, "SMALL_TABLE", 60)
    X = np.random.default_rng(0).normal(size=(70, 2))
    model = TabularRegressor(preset="fast", max_epochs=2, random_state=0, n_threads=1, warm_start=True)
    before = model.fit(X[:60], X[:60, 0]).bag_.networks
    assert {each.fold for each in before} == {0, 1, 2}
    after = model.fit(X, X[:, 0]).bag_.networks
    assert [(each.member, each.fold) for each in after] == [(each.member, each.fold) for each in before]
    assert {each.fold for each in model.set_params(warm_start=False).fit(X, X[:, 0]).bag_.networks} == {0}


def test_networks_that_share_weights_may_be_members():
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 3))
    y = X[:, 0] * X[:, 1] > 0
    member = Member(hidden=(32, 32), ensemble=4)
    model = TabularClassifier(random_state=0, members=[member], n_folds=3, max_epochs=60, n_threads=1).fit(X, y)
    assert [each.network.ensemble for each in model.bag_.networks] == [Ensemble(4)] * 3
    assert model.score(X, y) > 0.9
    again = TabularClassifier.from_state(*model.to_state())
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


# --- precision --------------------------------------------------------------------------------------------------------


def test_products_may_be_of_bfloat16_numbers(shop, tmp_path):
    X, number, _ = shop
    settings = {"members": [Member(hidden=(32, 32))], "max_epochs": 30, "random_state": 0}
    full = TabularRegressor(**settings).fit(X, number)
    rounding = TabularRegressor(**settings, dtype="bfloat16").fit(X, number)
    assert {each.network.products for each in full.bag_.networks} == {"full"}
    assert {each.network.products for each in rounding.bag_.networks} == {"bfloat16"}
    apart = np.abs(rounding.predict(X) - full.predict(X)).mean() / np.std(number)
    assert 1e-5 < apart < 0.05  # rounding tells, and little
    assert rounding.oof_score_ > 1.1 * full.oof_score_  # scores are negative
    save(rounding, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "model.safetensors").predict(X), rounding.predict(X))
    step = trace(rounding, X[:5], number[:5])
    assert any("bfloat16" in note for note in step.notes)
    rounding.partial_fit(X, number)
    assert {each.network.products for each in rounding.bag_.networks} == {"bfloat16"}


@pytest.mark.parametrize("wrong", ["bfloat", "float64", None, 16])
def test_another_precision_is_refused(shop, wrong):
    X, number, _ = shop
    with pytest.raises(DataError, match="'dtype' of TabularRegressor must be one of float32, bfloat16; got"):
        TabularRegressor(dtype=wrong).fit(X, number)
