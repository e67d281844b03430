"""Sweeps: the trainings of every combination, told as a table, in pictures and in words."""

import sys
import time
from copy import copy
from math import ceil

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.datasets import load_diabetes, make_moons, make_regression
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid import MLPClassifier, MLPRegressor, TabularClassifier
from pellucid.errors import DataError, PellucidError, SpecError, TrainingWarning
from pellucid.training import Outcome
from pellucid.training.jobs import History, State
from pellucid.tuning import measuring, rounds, sweep, words
from pellucid.tuning.failures import grouped_reasons
from pellucid.tuning.problem import Problem
from pellucid.tuning.rounds import run_evenly
from pellucid.tuning.sweep import Sweep
from pellucid.tuning.trials import Paused, Result, Trial
from pellucid.tuning.words import findings, text_of, variance_explained

mpl.use("agg")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = make_moons(90, noise=0.2, random_state=0)
SETTINGS = {"hidden_layer_sizes": [(1,), (8,)], "learning_rate_init": [1e-4, 0.03]}


@pytest.fixture(scope="module")
def moons():
    return sweep(MLPClassifier(max_iter=30), X, Y, SETTINGS, cv=3, seeds=2)


def test_every_combination_fold_and_seed_is_that_of_its_own_fit(moons):
    frame = moons.frame
    assert len(frame) == 2 * 2 * 3 * 2
    assert not frame.duplicated(["setting", "fold", "seed"]).any()
    splits = list(StratifiedKFold(3).split(X, Y))
    for row in frame.sample(4, random_state=0).itertuples():
        train, test = splits[row.fold]
        model = MLPClassifier(
            row.hidden_layer_sizes, learning_rate_init=row.learning_rate_init, max_iter=30, random_state=row.seed
        ).fit(X[train], Y[train])
        assert row.score == model.score(X[test], Y[test])
        assert row.train_score == model.score(X[train], Y[train])
        assert (row.epochs, row.outcome) == (model.n_iter_, model.outcome_.name)


def test_the_best_comes_first(moons):
    assert moons.best_params_ == {"hidden_layer_sizes": (8,), "learning_rate_init": 0.03}
    assert moons.summary["score"].is_monotonic_decreasing
    assert moons.best_score_ == moons.summary["score"].iloc[0]
    assert moons.best_estimator().learning_rate_init == 0.03
    assert moons.summary["trainings"].tolist() == [6] * 4


def test_words_of_a_sweep(moons):
    said = str(moons)
    assert "Best: hidden_layer_sizes = 8, learning_rate_init = 0.03, with accuracy 0." in said
    assert "hidden_layer_sizes mattered most" in said
    assert "chance" in said
    assert "<li>" in moons._repr_html_()


def test_pictures_and_files(moons, tmp_path):
    written = moons.save(tmp_path / "sweep")
    assert {path.name for path in written} == {
        "trainings.csv",
        "settings.csv",
        "findings.txt",
        "settings.png",
        "heat-map.png",
        "losses.png",
        "boundaries.png",
    }
    assert all(path.stat().st_size > 0 for path in written)
    assert len(pd.read_csv(tmp_path / "sweep" / "trainings.csv")) == 24
    heat = moons.plot_heat_map("learning_rate_init", "hidden_layer_sizes")
    means = moons.frame.groupby(["learning_rate_init", "hidden_layer_sizes"])["score"].mean().to_numpy()
    assert heat.scores.ravel() == pytest.approx(means)
    assert len(moons.plot_losses().ax_.lines) == 4
    wall = moons.plot_boundaries(grid_resolution=8)
    assert [ax.get_title() for ax in wall.axes_[-1:]] == [f"{moons.best_score_:.3f}"]


def test_a_training_that_diverged_hides_no_other_of_its_setting(moons, monkeypatch):
    usual = max(line.get_ydata().max() for line in moons.plot_losses().ax_.lines)
    key = next(key for key, curve in moons._curves.items() if len(curve))
    monkeypatch.setitem(moons._curves, key, [1e30] * len(moons._curves[key]))
    assert max(line.get_ydata().max() for line in moons.plot_losses().ax_.lines) < 2 * usual


def test_a_picture_that_cannot_be_drawn_takes_no_other_along(moons, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(type(moons), "plot_heat_map", refuse)
    with pytest.warns(TrainingWarning, match=r"'heat-map.png' cannot be drawn and is left out: OverflowError: cannot"):
        written = moons.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)
    assert {"settings.png", "losses.png", "boundaries.png"} <= {path.name for path in written}


def test_a_pipeline_and_names_without_the_step():
    inputs, y = make_regression(60, 3, random_state=0)
    model = make_pipeline(StandardScaler(), MLPRegressor(max_iter=5))
    result = sweep(model, inputs, y / y.std(), {"alpha": [0.0, 1.0], "mlpregressor__activation": ["tanh"]}, cv=2)
    assert result.settings == ["mlpregressor__alpha", "mlpregressor__activation"]
    assert result.score_name == "R²"
    assert "Best: alpha = " in str(result) or "Best: " in str(result)
    with pytest.raises(PellucidError, match="two settings"):
        result.plot_heat_map()
    with pytest.raises(DataError, match="exactly two columns"):
        result.plot_boundaries()


def test_learning_rates_that_diverge_are_named():
    inputs, y = make_regression(60, 3, random_state=0)
    settings = {"learning_rate_init": [1e-3, 1e300], "hidden_layer_sizes": [(2,), (4,)]}
    with pytest.warns(FitFailedWarning, match="4 of 8 trials failed"):
        result = sweep(MLPRegressor(solver="sgd", max_iter=3), inputs, y, settings, cv=2)
    assert "With learning_rate_init = 1e+300, 4 of 4 trainings diverged." in result.findings()
    assert result.frame["reason"].str.contains("DivergedError").sum() == 4
    result.plot_settings()
    result.plot_losses()


def test_settings_that_failed_on_a_fold_come_last_with_their_reasons():
    inputs, y = load_diabetes(return_X_y=True)
    settings = {"learning_rate_init": [0.004, 1e-6], "activation": ["relu"]}
    with pytest.warns(FitFailedWarning, match="3 of 10 trials failed"):
        found = sweep(MLPRegressor(solver="sgd", max_iter=12), StandardScaler().fit_transform(inputs), y, settings)
    survivors = found.frame.groupby("setting")["score"].mean()
    assert survivors[0] > survivors[1]
    assert found.best_params_ == {"learning_rate_init": 1e-6, "activation": "relu"}
    assert found.summary.index.tolist() == [1, 0]
    assert found.summary["score"].isna().tolist() == [False, True]
    assert found.summary["trainings"].tolist() == [5, 2]
    said = found.findings()
    assert said[0].startswith("Best: learning_rate_init = 1e-06, with")
    assert "Settings of which a training failed come last." in said


def test_what_failed_is_named_with_its_reason():
    settings = {"activation": ["relu", "reluu"], "alpha": [-1, 1, 2]}
    with pytest.warns(FitFailedWarning, match="8 of 12 trials failed"):
        said = sweep(MLPClassifier((2,), max_iter=2), X, Y, settings, cv=2).findings()
    assert any(
        each.startswith("2 of 12 trainings failed: those with activation = relu, alpha = -1. The") for each in said
    )
    assert any(
        each.startswith("6 of 12 trainings failed: those with activation = reluu. The reason: I") for each in said
    )
    assert any(each.endswith("Did you mean 'relu' or 'gelu' or 'selu'?") for each in said)
    assert said.count("Settings of which a training failed come last.") == 1
    frame = pd.DataFrame({"a": list("uvwxyz"), "setting": range(6), "score": [np.nan] * 5 + [1.0], "parameters": 1})
    frame = frame.assign(outcome="", reason=["MemoryError"] * 5 + [""])
    said = findings(frame, ["a"], {"a": "width"}, "accuracy")
    told = "those with width = u; width = v; width = w; 2 more settings"
    assert f"5 of 6 trainings failed: {told}. The reason: MemoryError" in said
    said = findings(frame.assign(reason=""), ["a"], {"a": "width"}, "accuracy")
    assert f"5 of 6 trainings failed: {told}. The reason: their score is not a number" in said


def test_numbers_of_a_summary_are_numbers(moons):
    assert moons.summary.query("learning_rate_init < 0.01")["hidden_layer_sizes"].tolist() == ["8", "1"]


def test_pictures_have_numbers_by_their_size():
    settings = {"learning_rate_init": [0.1, 0.001, 0.01], "alpha": [1, 0]}
    found = sweep(MLPClassifier((2,), max_iter=2), X, Y, settings, cv=2)
    heat = found.plot_heat_map("alpha", "learning_rate_init")
    assert (heat.rows, heat.columns) == (["0", "1"], ["0.001", "0.01", "0.1"])
    wall = found.plot_boundaries(grid_resolution=4)
    assert [ax.get_xlabel() for ax in wall.axes_[-3:]] == [f"learning_rate_init {each}" for each in heat.columns]
    places = {(row["alpha"], row["learning_rate_init"]): row["score"] for _, row in found.summary.iterrows()}
    assert wall.axes_[0].get_title() == f"{places[0, 0.001]:.3f}"


def test_a_wall_shows_the_best_and_says_how_many(monkeypatch):
    monkeypatch.setattr(sys.modules[Sweep.__module__], "MOST_PICTURES", 2)
    found = sweep(MLPClassifier((4,), max_iter=9), X, Y, SETTINGS, cv=2, scoring="neg_log_loss")
    wall = found.plot_boundaries(grid_resolution=4)
    assert wall.title.endswith("the mean log loss of its setting; the best 2 of 4 settings")
    shown = sorted(float(ax.get_title().rpartition(": ")[2]) for ax in wall.axes_)
    assert shown == pytest.approx(sorted(-found.summary["score"])[:2], abs=1e-3)


def test_chance_may_matter_most():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": list("xxyy") * 10, "setting": [0, 0, 1, 1] * 10, "score": random.normal(size=40)})
    frame["parameters"], frame["train_score"], frame["outcome"] = 5, 1.0, "CONVERGED"
    assert "Chance mattered most" in "\n".join(findings(frame, ["a"], {"a": "alpha"}, "accuracy"))


def test_settings_that_matter_only_together_are_told_so():
    rows = [(a, b, float(a == b) + 0.1 * fold) for a in "xy" for b in "xy" for fold in range(3)]
    frame = pd.DataFrame(rows, columns=["a", "b", "score"])
    frame["setting"] = (frame["a"] + frame["b"]).factorize()[0]
    frame["parameters"], frame["train_score"], frame["outcome"] = 5, 1.0, "CONVERGED"
    said = "\n".join(findings(frame, ["a", "b"], {"a": "alpha", "b": "solver"}, "accuracy"))
    assert (
        "Settings acting together mattered most: they explain 97% of the variance of the scores; by themselves " in said
    )
    assert said.partition("by themselves ")[2].count(" 0%, ") == 2
    assert "0%, folds and seeds, that is chance, 3%." in said


def test_a_random_state_that_is_swept_is_chance():
    settings = {"random_state": [0, 1, 2], "hidden_layer_sizes": [(1,), (8,)]}
    found = sweep(MLPClassifier(max_iter=20, learning_rate_init=0.03), X, Y, settings, cv=2)
    assert list(found.variance_explained()) == ["hidden_layer_sizes", "settings together", "folds and seeds"]
    assert sum(found.variance_explained().values()) == pytest.approx(1)
    assert "random_state" not in found.findings()[1]
    assert "that is chance" in found.findings()[1] or "Chance mattered most" in found.findings()[1]
    assert found.plot_heat_map().scores.shape == (2, 3)
    alone = sweep(MLPClassifier(max_iter=5), X, Y, {"random_state": [0, 1]}, cv=2)
    assert alone.variance_explained()["folds and seeds"] == 1
    assert "mattered" not in str(alone)


def test_trainings_that_ended_early_keep_their_last_loss_in_the_picture(moons):
    found = copy(moons)
    found._curves = {(0, 0, 0): [3.0, 1.0], (0, 0, 1): [4.0, 3.0, 3.0, 3.0], (0, 0, 2): [3.0, 2.0, 1.0]}
    assert found.plot_losses().curves[0].tolist() == [3, 2, 1, 1]


def test_too_much_capacity_is_told():
    frame = pd.DataFrame(
        {
            "a": ["1", "2", "3"] * 4,
            "setting": [0, 1, 2] * 4,
            "parameters": [10, 100, 1000] * 4,
            "score": np.tile([0.7, 0.9, 0.8], 4) + np.repeat([0.0, 0.001, 0.002, 0.003], 3),
            "train_score": [0.7, 0.92, 1.0] * 4,
            "outcome": "CONVERGED",
        }
    )
    said = "\n".join(findings(frame, ["a"], {"a": "width"}, "accuracy"))
    assert "Too much capacity: from 1,000 parameters on the score is 0.1000 below its best, at 100" in said
    losses = "\n".join(findings(frame, ["a"], {"a": "width"}, "negative log loss"))
    assert "from 1,000 parameters on the log loss is 0.1000 above its best, at 100" in losses
    assert "with log loss -0.9015 ± 0.0006 (mean and standard error), lower is better." in losses
    frame["score"] = np.tile([0.7, 0.9, 0.9005], 4)
    assert "Too much" not in "\n".join(findings(frame, ["a"], {"a": "width"}, "accuracy"))


def test_variance_is_that_of_an_analysis_of_variance():
    rows = [(a, b, 2.0 * a + b + a * b) for a in (0, 1) for b in (0, 1, 2) for _ in range(2)]
    frame = pd.DataFrame(rows, columns=["a", "b", "score"])
    shares = variance_explained(frame, ["a", "b"])
    total = frame["score"].var(ddof=0)
    a, b = (frame.groupby(each)["score"].mean().to_numpy().var() for each in ("a", "b"))
    assert shares == pytest.approx(
        {"a": a / total, "b": b / total, "settings together": 1 - (a + b) / total, "folds and seeds": 0.0}
    )
    assert not any(variance_explained(frame.assign(score=1.0), ["a"]).values())


def test_shares_of_variance_are_shares_of_a_whole_where_trials_are_missing():
    rows = [
        (a, b, c, a + 0.5 * b + 0.3 * a * b + 0.1 * fold)
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1, 2)
        for fold in (0, 1)
    ]
    frame = pd.DataFrame(rows, columns=["a", "b", "c", "score"])
    part = frame[(frame["a"] == frame["b"]) | (frame["c"] == 0)]
    shares = variance_explained(part, ["a", "b", "c"])
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= 0
    assert list(shares)[:2] == ["a", "b"]
    alone = part.groupby("a")["score"].transform("mean").var(ddof=0) / part["score"].var(ddof=0)
    assert shares["a"] < alone  # part of that is b's
    confounded = variance_explained(frame[frame["a"] == frame["b"]], ["a", "b"])
    assert confounded["a"] == pytest.approx(confounded["b"])
    assert sum(confounded.values()) == pytest.approx(1)
    assert variance_explained(frame, [])["folds and seeds"] == 1


def test_shares_of_variance_of_many_settings_are_those_over_drawn_orders(monkeypatch):
    random = np.random.default_rng(0)
    names = [f"s{number}" for number in range(9)]
    frame = pd.DataFrame({name: random.integers(0, 3, 100).astype(str) for name in names})
    frame["score"] = random.normal(size=100) + (frame["s0"] == "1") + 0.5 * (frame["s1"] == "2")
    drawn = variance_explained(frame, names)
    assert drawn == variance_explained(frame, names)
    assert sum(drawn.values()) == pytest.approx(1)
    monkeypatch.setattr(words, "MOST_EXACT", 9)
    exact = variance_explained(frame, names)
    assert drawn != exact
    assert drawn == pytest.approx(exact, abs=0.005)


def test_shares_of_variance_of_many_settings_take_few_fits(monkeypatch):
    fits, fit = [], np.linalg.lstsq
    monkeypatch.setattr(np.linalg, "lstsq", lambda *given, **named: fits.append(given) or fit(*given, **named))
    grids = [{f"s{number}": [0, 1] for number in range(16)}]
    random = np.random.default_rng(0)
    frame = pd.DataFrame({name: random.integers(0, 2, 60).astype(str) for name in grids[0]})
    variance_explained(frame.assign(score=random.normal(size=60)), list(grids[0]))
    assert len(fits) < 5000


def test_a_sweep_knows_its_shares_of_variance(moons, monkeypatch):
    shares = moons.variance_explained()
    monkeypatch.setattr(sys.modules[type(moons).__module__], "variance_explained", None)
    moons.variance_explained().clear()
    assert moons.variance_explained() == shares
    assert str(moons) == "\n".join(moons.findings())


def test_values_as_people_write_them():
    assert [text_of(each) for each in ((), (3,), [0.1, 0.2], 1e-05, True)] == ["none", "3", "0.1-0.2", "1e-05", "True"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"settings": {"hiden_layer_sizes": [(2,)]}}, r"no parameter 'hiden_layer_sizes'. Did you mean 'hidden_layer"),
        ({"settings": {}}, "must map names of parameters"),
        ({"settings": {"alpha": []}}, "no value to be tried"),
        ({"seeds": 0}, "'seeds' of sweep must be"),
        ({"seeds": [-1]}, "'seeds' of sweep must be"),
        ({"time_limit": 0}, "'time_limit' of sweep must be greater than 0"),
        ({"settings": ["alpha"]}, "must map names of parameters"),
        ({"cv": []}, "'cv' of sweep must give one fold at least; got none. A generator can be used once only"),
        ({"fit_params": {"sample_weight": [1.0] * 12}}, "one value for each of the 90 rows of X; got 12"),
        ({"fit_params": {"groups": [1] * 12}}, "'groups' of sweep must have one value for each of the 90 rows"),
    ],
)
def test_what_cannot_be_swept(given, message):
    with pytest.raises(SpecError, match=message):
        sweep(MLPClassifier(), X, Y, **{"settings": {"alpha": [1]}, **given})


def test_estimators_that_are_no_networks():
    with pytest.raises(
        PellucidError, match=r"must be Pellucid's MLPClassifier, MLPRegressor or a pipeline.* got Pellucid's TabularC"
    ):
        sweep(TabularClassifier(), X, Y, {"preset": ["fast"]})
    with pytest.raises(PellucidError, match=r"not its class: give MLPClassifier\(\) instead of MLPClassifier"):
        sweep(MLPClassifier, X, Y, {"alpha": [1]})


@pytest.mark.parametrize("cv", [3, GroupKFold(3)])
def test_rows_of_a_group_stay_together(cv, monkeypatch):
    seen, find = [], measuring.folds_of
    monkeypatch.setattr(measuring, "folds_of", lambda *given, **named: seen.append(find(*given, **named)) or seen[-1])
    groups = np.arange(90) % 6
    for model, y in ((MLPClassifier(max_iter=2), Y), (MLPRegressor(max_iter=2), X[:, 0])):
        found = sweep(model, X, y, {"alpha": [1]}, cv=cv, fit_params={"groups": groups})
        assert found.frame["score"].notna().all()
    for folds in seen:
        assert len(folds) == 3
        assert not any(set(groups[train]) & set(groups[test]) for train, test in folds)


def test_several_grids_have_combinations_of_their_own():
    grids = [{"alpha": [1, 2]}, {"activation": ["tanh"], "alpha": [0.1]}]
    found = sweep(MLPClassifier((2,), max_iter=2), X, Y, grids, cv=2)
    first = found.frame[found.frame["fold"] == 0]
    assert first[["alpha", "activation"]].values.tolist() == [[1, "relu"], [2, "relu"], [0.1, "tanh"]]


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("auc", "'scoring' of sweep must be a scoring of scikit-learn; got 'auc'. Did you mean 'roc_auc'?"),
        ("acuracy", "Did you mean 'accuracy'"),
        ("Log Loss", "Did you mean 'neg_log_loss'?"),
        ("nonsense", " Usual: 'accuracy', 'balanced_accuracy', "),
        ("jaccard_mikro", "Did you mean 'jaccard_micro'"),
        (["accuracy"], "'scoring' of sweep must be a name, a scorer or None; got ['accuracy']."),
    ],
)
def test_an_unknown_scoring(scoring, message):
    with pytest.raises(SpecError) as refused:
        sweep(MLPClassifier(), X, Y, {"alpha": [1]}, scoring=scoring)
    assert message in str(refused.value)


def test_a_long_reason_ends_with_what_was_got():
    with pytest.raises(
        PellucidError, match=r"All 2 trials failed: 2 times InvalidParameterError: .*Got 'reluu' instead"
    ):
        sweep(MLPClassifier(), X, Y, {"activation": ["reluu"]}, cv=2)
    result = Result(Trial(0, {}, 0), reason="Error: " + "x" * 1000 + ". Got 'y' instead.")
    told = grouped_reasons([result])
    assert told.endswith("xxx. Got 'y' instead.")
    assert len(told) == len("1 time ") + 300


def test_all_trainings_failed_with_their_reasons():
    with pytest.raises(PellucidError, match=r"All 3 trials failed: 3 times InvalidParameterError"):
        sweep(MLPClassifier(), X, Y, {"alpha": [-1]}, cv=3)


def test_an_interrupt_keeps_what_is_finished(monkeypatch):
    run = rounds.run_all

    def interrupted(*given, **named):
        for count, results in enumerate(run(*given, **named)):
            if count:
                for result in results:
                    result.outcome = Outcome.INTERRUPTED
            yield results

    monkeypatch.setattr(rounds, "run_all", interrupted)
    with pytest.warns(TrainingWarning, match=r"8 of 40 trainings of sweep are finished"):
        result = sweep(MLPClassifier(max_iter=2), X, Y, {"alpha": np.geomspace(1e-5, 1, 20)}, cv=2)
    assert len(result.frame) == 8
    assert "Best" in str(result)


@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_after_a_time_limit_nothing_is_sent_to_workers(backend):
    model = MLPClassifier(max_iter=3, random_state=0)
    with parallel_config(backend=backend, n_jobs=2), pytest.warns(TrainingWarning):
        result = sweep(model, X, Y, {"alpha": np.geomspace(1e-5, 1, 200)}, cv=2, time_limit=1e-9)
    assert 1 <= len(result.frame) < 400


def test_a_time_limit_that_is_over_at_once():
    with pytest.warns(TrainingWarning, match="had no turn.* The time limit ended .* after 1 epoch"):
        result = sweep(MLPClassifier(), X, Y, {"alpha": np.geomspace(1e-5, 1, 20)}, cv=2, time_limit=1e-9)
    assert 0 < len(result.frame) < 40


def test_trainings_share_a_time_limit_evenly(capsys):
    inputs = np.random.default_rng(0).normal(size=(3000, 20))
    model = MLPClassifier((64, 64), max_iter=4000, n_iter_no_change=4000)
    with pytest.warns(TrainingWarning, match="The time limit ended 4 of 4 trainings after"):
        found = sweep(model, inputs, inputs[:, 0] > 0, {"alpha": [1.0, 1e-3]}, cv=2, time_limit=1, progress=True)
    told = capsys.readouterr().err
    assert "sweep: training 4/4" in told
    assert "fewer" not in told
    assert found.frame["epochs"].nunique() == 1
    assert 1 < found.frame["epochs"][0] < 4000
    assert (found.frame["outcome"] == "TIME_LIMIT").all()
    assert found.findings()[-1].startswith("The time limit ended 4 of 4 trainings after")


def test_a_time_limit_that_is_enough_changes_nothing(moons):
    for settings in (SETTINGS, {"alpha": [0.1, 1.0], "solver": ["lbfgs", "sgd"], "max_iter": [1, 7, 30]}):
        model, given = MLPClassifier(max_iter=30), {"cv": 3, "seeds": 2}
        limited = sweep(model, X, Y, settings, time_limit=600, **given).frame.drop(columns="seconds")
        pd.testing.assert_frame_equal(limited, sweep(model, X, Y, settings, **given).frame.drop(columns="seconds"))


class Clocked:
    """Runs a training at a second an epoch; what would end after the deadline is cut, or has no turn.

    Beside its epochs a trial takes `beside` seconds a round; from `interrupt` on all are interrupted, from `slow` on an
    epoch takes two seconds.
    """

    def __init__(self, monkeypatch, *, converges=None, beside=0.0, interrupt=np.inf, slow=np.inf):
        self.now, self.shares, self.converges = 0.0, [], converges or {}
        self.beside, self.interrupt, self.slow = beside, interrupt, slow
        monkeypatch.setattr(rounds.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(rounds, "run_all", self)

    def __call__(self, problem, trials, wanted, *, n_jobs, deadline):
        self.shares.append(trials[0].share)
        for trial in trials:
            had = trial.paused.state.epochs if trial.paused else 0
            most = self.converges.get(trial.number, 100)
            epochs = min(ceil(100 * trial.share), most)
            seconds = (epochs - had) * (2 if self.now >= self.slow else 1)
            self.now += seconds + self.beside
            result = Result(trial, 0.5, epochs=epochs, outcome=Outcome.ALL_EPOCHS, is_part=epochs < most)
            result.fit_seconds, result.epoch_seconds, result.score_seconds = seconds, seconds, self.beside
            if epochs == most < 100:
                result.outcome = Outcome.CONVERGED
            if self.now > self.interrupt:
                result.outcome, result.is_part = Outcome.INTERRUPTED, False
            elif self.now > deadline:
                result.outcome, result.is_part = Outcome.TIME_LIMIT, True
            elif wanted.paused and result.is_part:
                result.paused = Paused(np.zeros(1), State(object(), epochs), History())
            yield [result]


def test_rounds_go_as_far_as_the_time_and_the_last_whole_one_counts(monkeypatch):
    problem = Problem(MLPClassifier(max_iter=100), X, Y, [], None)
    trials = [Trial(number, {}, 0) for number in range(4)]

    def run(clock, seconds):
        clock.shares.clear()
        ran = run_evenly(problem, trials, deadline=clock.now + seconds, take=lambda *_: None)
        assert {result.outcome for result in ran.results.values() if result.is_part} <= {
            Outcome.INTERRUPTED if ran.is_interrupted else Outcome.TIME_LIMIT
        }
        return [ran.results[place].epochs for place in sorted(ran.results)], ran.is_whole

    clock = Clocked(monkeypatch)
    assert run(clock, 1000) == ([100] * 4, True)
    assert clock.shares == pytest.approx([0.01, 0.135, 0.54, 1.0], abs=0.005)
    epochs, is_whole = run(clock, 200)
    assert is_whole
    assert len(set(epochs)) == 1
    assert 40 < epochs[0] <= 50
    assert run(clock, 3) == ([1, 1, 1], False)  # the last had no fair share
    assert run(clock, 0.5) == ([1] * 4, False)
    clock = Clocked(monkeypatch, converges={0: 10, 1: 10, 2: 20})
    assert run(clock, 170) == ([10, 10, 20, 100], True)
    clock = Clocked(monkeypatch, interrupt=200)
    assert run(clock, 1000)[0] == [14] * 4  # 146 seconds of 200 are lost; of one round for all 196 were
    clock = Clocked(monkeypatch, slow=100)
    epochs, is_whole = run(clock, 200)
    assert is_whole
    assert epochs[0] > 30
    assert run(Clocked(monkeypatch), 8000) == ([100] * 4, True)  # 396 seconds are a short round
    clock = Clocked(monkeypatch, beside=50.0)
    assert run(clock, 2000) == ([100] * 4, True)
    assert clock.shares == pytest.approx([0.01, 1.0])  # the first round took 200 seconds for what is no epoch


def test_the_first_round_is_one_epoch_of_the_longest_training(monkeypatch):
    clock = Clocked(monkeypatch)
    trials = [Trial(number, {"mlp__max_iter": epochs}, 0) for number, epochs in enumerate((7, 400))]
    problem = Problem(Pipeline([("mlp", MLPClassifier(max_iter=100))]), X, Y, [], None)
    run_evenly(problem, trials, deadline=1e6, take=lambda *_: None)
    assert clock.shares[0] == 1 / 400


def test_an_interrupt_within_a_time_limit_keeps_what_all_had(monkeypatch):
    run, calls = rounds.run_all, []

    def interrupted(*given, **named):
        calls.append(named)
        for results in run(*given, **named):
            for result in results:
                if len(calls) > 1:
                    result.outcome = Outcome.INTERRUPTED
            yield results

    monkeypatch.setattr(rounds, "run_all", interrupted)
    with pytest.warns(TrainingWarning, match="^Ctrl-C ended 4 of 4 trainings after 1 epoch: with more time"):
        result = sweep(MLPClassifier(max_iter=20), X, Y, {"alpha": [0.1, 1]}, cv=2, time_limit=600)
    assert set(result.frame["outcome"]) == {"INTERRUPTED"}
    assert result.findings()[-1].startswith("Ctrl-C ended 4 of 4 trainings")


def test_whose_time_limit_ended_trainings():
    model, began = MLPClassifier(max_iter=10**6, n_iter_no_change=10**6, time_limit=0.1), time.monotonic()
    with pytest.warns(TrainingWarning, match="The estimator's own time_limit ended 4 of 4 trainings after"):
        result = sweep(model, X, Y, {"alpha": [0.1, 1]}, cv=2, time_limit=600)
    assert result.findings()[-1].startswith("The estimator's own time_limit ended 4 of 4 trainings after")
    with pytest.warns(TrainingWarning, match=r"(1 of 40|2 of 40) trainings of sweep"):
        sweep(model, X, Y, {"alpha": np.geomspace(1e-5, 1, 20)}, cv=2, time_limit=0.1)
    assert time.monotonic() - began < 60


def test_progress(capsys):
    sweep(MLPClassifier(max_iter=2), X, Y, {"alpha": [0.1, 1]}, cv=2, progress=True)
    assert "sweep: training" in capsys.readouterr().err


def test_of_equally_good_settings_the_smallest_is_best():
    frame = pd.DataFrame(
        {
            "setting": [0, 0, 1, 1],
            "hidden_layer_sizes": ["256", "256", "8", "8"],
            "score": [0.9, 0.8, 0.9, 0.8],
            "train_score": 0.9,
            "parameters": [1000, 1000, 30, 30],
            "outcome": "CONVERGED",
        }
    )
    names = {"hidden_layer_sizes": "hidden_layer_sizes"}
    said = findings(frame, ["hidden_layer_sizes"], names, "accuracy")
    assert said[0].startswith("Best: hidden_layer_sizes = 8, with accuracy 0.8500")
    assert "the best has 30 parameters" in said[-1]
    separable = np.column_stack([Y * 2.0 - 1, Y])
    found = sweep(
        MLPClassifier(max_iter=40, learning_rate_init=0.1), separable, Y, {"hidden_layer_sizes": [16, 4]}, cv=3
    )
    assert found.best_params_ == {"hidden_layer_sizes": 4}


def of_networks(estimator, X, y):
    return estimator.coefs_[0].sum()


def test_what_no_setting_learned_is_said():
    rows, targets = make_regression(60, 3, random_state=0)
    found = sweep(MLPRegressor(max_iter=5, solver="sgd"), rows, targets, {"learning_rate_init": [1e-9, 2e-9]}, cv=2)
    assert "No setting does better than the mean of y" in str(found)
    assert "larger max_iter" not in str(found)
    model, y = MLPClassifier(max_iter=2, learning_rate_init=1e-9), np.arange(60) % 4 == 0
    for scoring, guess in ((None, "accuracy is 0.7500"), ("roc_auc", "roc auc is 0.5000"), (of_networks, "")):
        told = sweep(model, 0 * rows, y, {"alpha": [0.0, 0.1]}, cv=3, scoring=scoring).findings()[-1]
        sentence = f"No setting does better than a guess by the frequency of classes, whose {guess}: "
        assert told.startswith(sentence) if guess else "No setting" not in told
    one = pd.DataFrame({"setting": [0, 1], "alpha": ["1", "2"], "score": [-2e70, -3.0], "train_score": 0.0})
    one = one.assign(parameters=5, outcome="CONVERGED")
    text = "\n".join(findings(one, ["alpha"], {"alpha": "alpha"}, "R²"))
    assert "R² -3.0000 (of one training)" in text
    assert "of chance one training tells nothing" in text
