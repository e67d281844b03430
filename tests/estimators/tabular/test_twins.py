"""The out-of-fold errors of a small table promise no more than new rows keep."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from pellucid import TabularClassifier, TabularRegressor
from pellucid.engines import NativeEngine
from pellucid.estimators.tabular import Member
from pellucid.estimators.tabular.twins import best_for_others
from pellucid.training.stopping import Outcome

PLAIN = Member(hidden=(32, 32), numbers="plain")
SETTINGS = {"members": [PLAIN], "max_epochs": 40, "n_threads": 1}


def lines(rows, seed=0):
    """Return rows of which a line is to be learned, with a noise of 0.5."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 4))
    return X, X @ [1.0, -0.5, 0.3, 0.0] + random.normal(scale=0.5, size=rows)


def test_a_twins_epochs_are_those_that_were_best_for_the_others(monkeypatch):
    runs, train = [], NativeEngine.train

    def spy(self, jobs, watch):
        done = train(self, jobs, watch)
        runs.extend(done)
        return done

    monkeypatch.setattr(NativeEngine, "train", spy)
    model = TabularRegressor(**SETTINGS, random_state=0).fit(*lines(60))
    curves = [np.array(run.history.validation_loss) for run in runs[:5]]
    sizes = np.bincount(model.bag_.fold_of)
    own_best = []
    for each, twin in zip(model.bag_.networks, model.bag_.judges, strict=True):
        assert each.best_epoch == 1 + np.argmin(each.validation_loss)
        others = [fold for fold in range(5) if fold != each.fold]
        expected = best_for_others([curves[fold] for fold in others], sizes[others], planned=40)
        assert twin.epochs == twin.best_epoch == len(twin.validation_loss) == expected
        rows = model.encoder_.transform(lines(60)[0])[model.bag_.fold_of == each.fold]
        known = model.bag_.out_of_fold[each.member, model.bag_.fold_of == each.fold]
        np.testing.assert_array_equal(twin.predict(NativeEngine(1), rows), known)
        own_best.append(each.best_epoch)
    assert own_best != [twin.best_epoch for twin in model.bag_.judges]


def test_the_score_and_the_intervals_keep_what_they_promise():
    X, y = lines(4000, seed=1)
    ratios, covered = [], []
    for seed in range(6):
        some = slice(60 * seed, 60 * seed + 60)
        model = TabularRegressor(**SETTINGS, random_state=seed).fit(X[some], y[some])
        new = slice(1000, 4000)
        ratios.append(-model.oof_score_ / np.sqrt(np.mean((model.predict(X[new]) - y[new]) ** 2)))
        low, high = model.predict_interval(X[new]).T
        covered.append(np.mean((low <= y[new]) & (y[new] <= high)))
    assert np.mean(ratios) > 0.93
    assert np.mean(covered) > 0.83


def test_noise_seems_no_better_than_its_mean():
    random = np.random.default_rng(0)
    model = TabularRegressor(**SETTINGS, random_state=0).fit(random.normal(size=(100, 4)), y := random.normal(size=100))
    assert model.oof_score_ < -0.98 * y.std()


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc"])
def test_probabilities_keep_what_they_promise_whatever_the_scoring(scoring):
    """Among a few rows the best ranks, and hits, may be those of a network that has hardly begun."""
    random = np.random.default_rng(0)

    def rows(count):
        X = random.normal(size=(count, 5))
        return X, (random.random(count) < 1 / (1 + np.exp(3 - 1.5 * X[:, 0]))).astype(int)

    (X, y), (X_new, y_new) = rows(400), rows(8000)
    model = TabularClassifier(preset="fast", scoring=scoring, random_state=0, n_threads=1).fit(X, y)
    new = model.predict_proba(X_new)
    assert new[:, 1].mean() == pytest.approx(y_new.mean(), abs=0.04)
    assert log_loss(y_new, new) == pytest.approx(log_loss(y, model.oof_proba_), abs=0.03)


@pytest.mark.parametrize(("folds", "rows"), [(1, 100), (5, 2100)])
def test_where_no_others_are_or_rows_are_many_a_network_has_no_twin(folds, rows):
    X, y = lines(rows)
    model = TabularRegressor(**SETTINGS | {"max_epochs": 8}, n_folds=folds, random_state=0).fit(X, y)
    assert not model.bag_.judges
    assert model.bag_.other_epochs == 0


def test_where_training_is_ended_in_the_second_turn_the_first_one_counts():
    X, y = lines(80)
    heard = []

    def end(_, epoch):
        heard.append(epoch)
        return len(heard) > 210

    model = TabularClassifier(**SETTINGS, random_state=0, callbacks=[end]).fit(X, y > 0)
    assert len(heard) > 210
    assert model.outcome_ is Outcome.STOPPED
    assert len(model.bag_.networks) == 5
    assert not model.bag_.judges
    assert {len(each.validation_loss) for each in model.bag_.networks} <= {6 * 40 // 7, 40, 18, 19}
    assert np.isfinite(model.predict_proba(X)).all()
