import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from pellucid import TabularClassifier, TabularRegressor
from pellucid.errors import DataError
from pellucid.estimators.tabular import Member

SMALL = Member(hidden=(32,))


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    size = random.normal(size=300)
    frame = pd.DataFrame(
        {
            "noise": random.normal(size=300),
            "size": size,
            "colour": random.choice(["red", "blue", "green"], 300).astype(object),
            "same": 1.0,
            "size again": size,
        }
    )
    frame.loc[::10, "noise"] = np.nan  # two inputs of one column
    return frame


@pytest.fixture(scope="module")
def y(frame):
    return 3 * frame["size"] + 2 * (frame["colour"] == "red")


@pytest.fixture(scope="module")
def regression(frame, y):
    return TabularRegressor(members=[SMALL], n_folds=3, max_epochs=40, random_state=0).fit(frame, y)


def test_informative_columns_rank_first(regression, frame, y):
    noise, size, colour, same, again = regression.compute_importances(frame, y).feature_importances_
    assert size > colour > 5 * abs(noise)
    assert (same, again) == (0, 0)
    deviations = regression.feature_importances_std_
    assert (deviations[:3] > 0).all()
    assert (deviations[3:] == 0).all()


def test_the_unit_is_the_scoring_s(regression, frame, y):
    """Shuffled, the size is as far off as two draws of it are: the error is that of 3 · (a − b)."""
    size = regression.compute_importances(frame, y).feature_importances_[1]
    expected = np.hypot(3 * np.sqrt(2) * frame["size"].std(), regression.oof_score_) + regression.oof_score_
    assert size == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("scoring", ["log_loss", "accuracy", "roc_auc"])
def test_classes(frame, y, scoring):
    model = TabularClassifier(
        members=[SMALL, Member((16,), activation="relu")], n_folds=2, max_epochs=30, scoring=scoring, random_state=0
    )
    model.fit(frame, y > 0).compute_importances(frame, y > 0)
    noise, size, *_ = model.feature_importances_
    assert size > 0.2 > 4 * abs(noise)


def test_several_targets_and_weights(frame, y):
    weight = np.random.default_rng(1).random(300)
    targets = np.column_stack([y, -y])
    model = TabularRegressor(members=[SMALL], n_folds=2, max_epochs=20, random_state=0)
    model.fit(frame, targets, sample_weight=weight).compute_importances(frame, targets, weight)
    assert model.feature_importances_.argmax() == 1
    with pytest.raises(DataError, match="with its weights"):
        model.compute_importances(frame, targets)


def test_only_rows_that_a_network_did_not_see(frame):
    """Of a target of pure noise that was learned by heart, nothing is left out of fold."""
    noise = np.random.default_rng(2).normal(size=300)
    model = TabularRegressor(members=[Member((64,), dropout=0)], n_folds=3, max_epochs=100, random_state=0)
    model.fit(frame, noise).compute_importances(frame, noise)
    seen = np.sqrt(np.mean((model.predict(frame) - noise) ** 2))
    assert seen < -model.oof_score_
    assert (abs(model.feature_importances_) < 0.1).all()


def test_seeded(frame, y, regression):
    first = regression.compute_importances(frame, y, repeats=2).feature_importances_
    assert np.array_equal(first, regression.compute_importances(frame, y, repeats=2).feature_importances_)


def test_fewer_rows(frame, y, regression):
    fewer = regression.compute_importances(frame, y, max_rows=100).feature_importances_
    assert fewer.argmax() == 1
    assert not np.array_equal(fewer, regression.compute_importances(frame, y).feature_importances_)


def test_progress(frame, y, regression, capsys):
    regression.compute_importances(frame, y, repeats=1, progress=True)
    err = capsys.readouterr().err
    assert "Importances: column 3/3  ended after 0 s" in err
    assert err.count("\n") == 2


def test_interrupted(frame, y, monkeypatch):
    model = TabularRegressor(preset="fast", max_epochs=2, random_state=0).fit(frame, y)
    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return -0.0 - model.oof_score_

    with monkeypatch.context() as patch:
        patch.setattr("pellucid.estimators.tabular.importances._Judge.loss", interrupt)
        with pytest.raises(KeyboardInterrupt):
            model.compute_importances(frame, y)
    assert not hasattr(model, "feature_importances_")
    assert model.compute_importances(frame, y, repeats=1).feature_importances_.shape == (5,)


def test_a_new_fit_forgets_them(frame, y):
    model = TabularRegressor(preset="fast", max_epochs=2, random_state=0).fit(frame, y).compute_importances(frame, y)
    assert not hasattr(model.fit(frame, y), "feature_importances_")
    model.compute_importances(frame, y).partial_fit(frame, y)
    assert not hasattr(model, "feature_importances_")
    with pytest.raises(DataError, match="nor after partial_fit"):
        model.compute_importances(frame, y)


def test_bad_input(frame, y, regression):
    before = vars(regression).copy()
    with pytest.raises(NotFittedError):
        TabularRegressor().compute_importances(frame, y)
    with pytest.raises(DataError, match="of 300 rows; it has 20"):
        regression.compute_importances(frame[:20], y[:20])
    with pytest.raises(DataError, match="the table that was learned from"):
        regression.compute_importances(frame, -y)
    with pytest.raises(DataError, match="'repeats' of compute_importances must be a whole number of at least 1; got 0"):
        regression.compute_importances(frame, y, repeats=0)
    with pytest.raises(DataError, match="'max_rows'"):
        regression.compute_importances(frame, y, max_rows=1)
    assert vars(regression) == before
    with pytest.raises(AttributeError, match="after `compute_importances`"):
        clone(regression).feature_importances_  # noqa: B018
