"""PopulationSearchCV is GridSearchCV, only faster; halving continues networks; what goes wrong is told."""

import re

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import GridSearchCV, GroupKFold, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pellucid import MLPClassifier, MLPRegressor, TabularClassifier
from pellucid.errors import PellucidError, SpecError, TrainingWarning
from pellucid.training import Outcome
from pellucid.tuning import PopulationSearchCV, rounds

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = make_classification(90, 5, n_informative=3, n_classes=3, n_clusters_per_class=1, random_state=0)
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, len(X))
SIZES = {"hidden_layer_sizes": [(2,), (6,)], "learning_rate_init": [0.003, 0.03]}


def classifier(**settings):
    return MLPClassifier(**{"max_iter": 8, "random_state": 0, **settings})


def same_results(mine, theirs):
    assert set(theirs.cv_results_) <= set(mine.cv_results_)
    for name, values in theirs.cv_results_.items():
        if "time" not in name and name.startswith(("split", "mean", "std", "rank")):
            np.testing.assert_array_equal(mine.cv_results_[name], values, err_msg=name)
    assert mine.best_params_ == theirs.best_params_
    assert mine.best_score_ == theirs.best_score_
    assert mine.best_index_ == theirs.best_index_
    assert mine.n_splits_ == theirs.n_splits_


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"return_train_score": True},
        {"scoring": "accuracy"},
        {"scoring": "neg_log_loss"},
        {"scoring": ["accuracy", "f1_macro"], "refit": "f1_macro"},
        {"scoring": lambda estimator, X, y: {"a": estimator.score(X, y), "b": 1.0}, "refit": "a"},
    ],
)
def test_same_as_grid_search(settings):
    mine = PopulationSearchCV(classifier(), SIZES, cv=3, **settings).fit(X, Y)
    theirs = GridSearchCV(classifier(), SIZES, cv=3, **settings).fit(X, Y)
    same_results(mine, theirs)
    assert (mine.predict_proba(X) == theirs.predict_proba(X)).all()
    assert mine.score(X, Y) == theirs.score(X, Y)


def test_same_as_grid_search_on_numbers():
    inputs, y = make_regression(80, 4, noise=1.0, random_state=1)
    for scoring in (None, "r2", make_scorer(r2_score, multioutput="variance_weighted")):
        mine, theirs = (
            kind(
                MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=30, random_state=0),
                {"alpha": [0.1, 10.0]},
                scoring=scoring,
            )
            for kind in (PopulationSearchCV, GridSearchCV)
        )
        same_results(mine.fit(inputs, y / y.std()), theirs.fit(inputs, y / y.std()))


@pytest.mark.parametrize("settings", [{"early_stopping": True}, {"class_weight": "balanced"}, {"dropout": 0.3}])
def test_same_with_what_goes_beyond(settings):
    mine, theirs = (kind(classifier(**settings), SIZES, cv=2) for kind in (PopulationSearchCV, GridSearchCV))
    same_results(mine.fit(X, Y), theirs.fit(X, Y))


@pytest.mark.filterwarnings("ignore:Training diverged")
@pytest.mark.parametrize("settings", [{"early_stopping": True}, {"restore_best": True}])
def test_same_where_the_best_network_of_a_training_that_diverges_is_kept(settings):
    model = MLPClassifier((4,), solver="sgd", alpha=1.0, batch_size=20, max_iter=10, random_state=0, **settings)
    mine, theirs = (
        kind(model, {"learning_rate_init": [0.01, 1e5, 1e8]}, cv=2) for kind in (PopulationSearchCV, GridSearchCV)
    )
    same_results(mine.fit(X, Y), theirs.fit(X, Y))
    assert np.isfinite(mine.cv_results_["mean_test_score"]).all()


def test_same_in_a_pipeline_whose_other_steps_vary_too():
    pipeline = Pipeline([("scale", StandardScaler()), ("net", classifier())])
    grid = [
        {"scale": [StandardScaler(), MinMaxScaler(), "passthrough"], "net__alpha": [0.0, 1.0]},
        {"scale__with_mean": [False], "net": [classifier(activation="tanh"), LogisticRegression()]},
    ]
    mine, theirs = (kind(pipeline, grid, cv=3, scoring="roc_auc_ovr") for kind in (PopulationSearchCV, GridSearchCV))
    same_results(mine.fit(X, Y), theirs.fit(X, Y))
    assert (mine.best_estimator_.predict(X) == theirs.best_estimator_.predict(X)).all()


def test_own_scorers_see_the_whole_pipeline():
    def scoring(estimator, X, y):
        assert isinstance(estimator, Pipeline)
        return estimator.score(X, y)

    pipeline = make_pipeline(StandardScaler(), classifier())
    grid = {"mlpclassifier__alpha": [0.0, 1.0]}
    mine, theirs = (kind(pipeline, grid, cv=2, scoring=scoring) for kind in (PopulationSearchCV, GridSearchCV))
    same_results(mine.fit(X, Y), theirs.fit(X, Y))


def test_weights_and_groups():
    groups = np.arange(len(X)) % 7
    mine, theirs = (kind(classifier(), SIZES, cv=GroupKFold(3)) for kind in (PopulationSearchCV, GridSearchCV))
    same_results(
        mine.fit(X, Y, sample_weight=WEIGHT, groups=groups), theirs.fit(X, Y, sample_weight=WEIGHT, groups=groups)
    )


@pytest.mark.parametrize("scoring", [None, "f1_macro", ["accuracy", "neg_log_loss"]])
@pytest.mark.parametrize(("model", "name"), [(classifier(), "alpha"), (LogisticRegression(), "C")])
def test_rows_learned_from_are_scored_by_their_own_weights(model, name, scoring):
    given = {"sample_weight": WEIGHT, "groups": np.arange(len(X)) % 7}
    options = {"cv": GroupKFold(3), "return_train_score": True, "scoring": scoring}
    options["refit"] = "accuracy" if isinstance(scoring, list) else True
    mine, theirs = (kind(model, {name: [0.01, 1.0]}, **options) for kind in (PopulationSearchCV, GridSearchCV))
    same_results(mine.fit(X, Y, **given), theirs.fit(X, Y, **given))


def test_an_error_of_one_of_several_scorers_is_told():
    def bad(y, prediction):
        raise RuntimeError("no such score")

    scoring = {"a": "accuracy", "b": make_scorer(bad)}
    with pytest.raises(PellucidError, match="RuntimeError: no such score"):
        PopulationSearchCV(classifier(), {"alpha": [1.0]}, scoring=scoring, refit="a", cv=2).fit(X, Y)


def test_weights_by_the_name_of_a_step():
    pipeline = make_pipeline(StandardScaler(), classifier())
    mine, theirs = (
        kind(pipeline, {"mlpclassifier__alpha": [0.0, 1.0]}, cv=2) for kind in (PopulationSearchCV, GridSearchCV)
    )
    given = {"mlpclassifier__sample_weight": WEIGHT}
    same_results(mine.fit(X, Y, **given), theirs.fit(X, Y, **given))


def test_metadata_routing():
    with config_context(enable_metadata_routing=True):
        net = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        for estimator in (net, make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net)):
            grid = {"alpha" if estimator is net else "mlpclassifier__alpha": [0.0, 1.0]}
            theirs = GridSearchCV(estimator, grid, cv=2, return_train_score=True).fit(X, Y, sample_weight=WEIGHT)
            for n_jobs in (None, 2):
                mine = PopulationSearchCV(estimator, grid, cv=2, n_jobs=n_jobs, return_train_score=True)
                same_results(mine.fit(X, Y, sample_weight=WEIGHT), theirs)


def test_settings_drawn_from_distributions():
    settings = {"alpha": loguniform(1e-5, 1), "hidden_layer_sizes": [(2,), (3,)]}
    mine = PopulationSearchCV(classifier(), settings, n_iter=4, random_state=3, cv=2).fit(X, Y)
    same_results(mine, RandomizedSearchCV(classifier(), settings, n_iter=4, random_state=3, cv=2).fit(X, Y))


def test_estimators_of_another_kind_are_fitted_by_themselves():
    mine, theirs = (
        kind(LogisticRegression(), {"C": [0.01, 1.0]}, cv=3, return_train_score=True)
        for kind in (PopulationSearchCV, GridSearchCV)
    )
    same_results(mine.fit(X, Y), theirs.fit(X, Y))
    search = PopulationSearchCV(
        TabularClassifier(preset="fast", max_epochs=2, random_state=0), {"preset": ["fast"]}, cv=2, refit=False
    ).fit(X, Y)
    assert search.cv_results_["mean_epochs"] == [2]


def test_listeners_of_an_estimator_are_heard():
    heard = []
    model = classifier(callbacks=[lambda estimator, epoch: heard.append(epoch.epoch)], max_iter=3)
    PopulationSearchCV(model, {"alpha": [0.1]}, cv=2, refit=False).fit(X, Y)
    assert heard == [1, 2, 3] * 2


def test_the_estimator_as_it_is_and_what_verbose_says(capsys):
    mine, theirs = (kind(classifier(), {}, cv=3, verbose=1).fit(X, Y) for kind in (PopulationSearchCV, GridSearchCV))
    same_results(mine, theirs)
    assert mine.cv_results_["params"] == [{}]
    assert capsys.readouterr().out == 2 * "Fitting 3 folds for each of 1 candidates, totalling 3 fits\n"


def test_processes_change_nothing():
    here = PopulationSearchCV(classifier(), SIZES, cv=3).fit(X, Y)
    same_results(PopulationSearchCV(classifier(), SIZES, cv=3, n_jobs=2).fit(X, Y), here)
    same_results(
        PopulationSearchCV(classifier(), SIZES, cv=3, n_jobs=2, halving=2).fit(X, Y),
        PopulationSearchCV(classifier(), SIZES, cv=3, halving=2).fit(X, Y),
    )


# --- halving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"dropout": 0.3, "solver": "adamw"}])
def test_halving_goes_on_where_networks_are(settings):
    grid = {"hidden_layer_sizes": [(2,), (4,), (8,)], "learning_rate_init": [0.001, 0.01, 0.1]}
    model = classifier(max_iter=40, n_iter_no_change=100, **settings)
    halved = PopulationSearchCV(model, grid, cv=3, halving=3).fit(X, Y)
    whole = GridSearchCV(model, grid, cv=3).fit(X, Y)
    results = halved.cv_results_
    assert sorted(results["rung"]) == [0] * 6 + [1] * 2 + [2]
    last = results["rung"] == 2
    for split in range(3):
        name = f"split{split}_test_score"
        assert (results[name][last] == whole.cv_results_[name][last]).all()  # bit for bit that of an unbroken training
    assert results["mean_epochs"][last] == 40
    assert results["mean_epochs"][results["rung"] == 0].tolist() == [5] * 6
    assert halved.best_index_ == np.flatnonzero(last)
    assert results["rank_test_score"][last] == 1
    assert results["rank_test_score"][results["rung"] == 1].max() <= 3


def test_halving_keeps_the_best_of_each_rung():
    grid = {"learning_rate_init": [1e-6, 0.03, 1e-7, 0.01]}
    search = PopulationSearchCV(classifier(max_iter=30), grid, cv=2, halving=2).fit(X, Y)
    assert search.cv_results_["rung"].tolist()[0] == search.cv_results_["rung"].tolist()[2] == 0


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_trial_that_diverges_is_noted_and_others_go_on():
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", max_iter=5, random_state=0)
    grid = {"learning_rate_init": [1e-3, 1e300]}
    with pytest.warns(FitFailedWarning, match=r"2 of 4 trials failed.*2 times DivergedError"):
        search = PopulationSearchCV(model, grid, cv=2).fit(X, X[:, 0])
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True]
    assert search.best_params_ == {"learning_rate_init": 1e-3}


def test_a_trial_that_needs_too_much_memory_is_noted_and_others_go_on():
    grid = {"hidden_layer_sizes": [(4,), (3_000_000, 3_000_000)]}
    with pytest.warns(FitFailedWarning, match="MemoryError: training 9,0.* parameters takes .* GiB"):
        search = PopulationSearchCV(classifier(), grid, cv=2).fit(X, Y)
    assert search.best_params_ == {"hidden_layer_sizes": (4,)}


def test_memory_that_runs_out_in_a_population_is_laid_at_one_trial(monkeypatch):
    from pellucid.engines import NativeEngine

    train = NativeEngine.train

    def scarce(self, jobs, watch):
        if any(job.network.hidden[0].width == 6 for job in jobs):
            raise MemoryError("no room")
        return train(self, jobs, watch)

    whole = PopulationSearchCV(classifier(), SIZES, cv=2, refit=False).fit(X, Y)
    monkeypatch.setattr(NativeEngine, "train", scarce)
    with pytest.warns(FitFailedWarning, match="4 times MemoryError: no room"):
        search = PopulationSearchCV(classifier(), SIZES, cv=2, refit=False).fit(X, Y)
    kept = ~np.isnan(search.cv_results_["mean_test_score"])
    assert kept.tolist() == [True, True, False, False]
    assert (search.cv_results_["mean_test_score"] == whole.cv_results_["mean_test_score"])[kept].all()


def test_all_trials_failed():
    grid = {"activation": ["rellu"], "alpha": [0.1, -1]}
    with pytest.raises(PellucidError, match=r"All 4 trials failed: .*InvalidParameterError.*activation"):
        PopulationSearchCV(classifier(), grid, cv=2).fit(X, Y)


def failing_score(estimator, X, y):
    raise ZeroDivisionError("no such score")


class Refusing(LogisticRegression):
    """An estimator of another kind, which is fitted alone."""

    def fit(self, X, y):
        raise LookupError("not today")


@pytest.mark.parametrize(
    ("estimator", "grid", "options"),
    [
        (classifier(), {"alpha": [0.1, -1]}, {}),
        (classifier(), {"alpha": [0.1, -1]}, {"n_jobs": 2}),
        (classifier(), {"alpha": [0.1, 1]}, {"scoring": failing_score}),
        (Refusing(), {"C": [1, 2]}, {}),
        (classifier(solver="sgd", learning_rate_init=1e30), {"alpha": [0.1, 1]}, {}),
    ],
)
def test_errors_are_raised_as_they_are_where_that_is_asked_for(estimator, grid, options):
    searches = [PopulationSearchCV(estimator, grid, cv=2, error_score="raise", **options)]
    searches.append(GridSearchCV(estimator, grid, cv=2, error_score="raise", **options))
    raised = []
    for search in searches:
        with pytest.raises(Exception) as caught:
            search.fit(X, Y)
        raised.append(caught.value)
    ours, theirs = raised
    assert type(ours) is type(theirs)
    assert str(ours) == str(theirs)
    assert re.match(r"In split [01] of the setting {", ours.__notes__[0])  # of two workers, either may be first


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"alhpa": [0.1]}, r"MLPClassifier has no parameter 'alhpa'. Did you mean 'alpha'\?"),
        ([], "must map names of parameters"),
        ({"alpha": []}, "no value to be tried for 'alpha'"),
        ({"alpha": 0.1}, "must have a list of values for 'alpha'"),
        ({"activation": "relu"}, "must have a list of values for 'activation'"),
        ({"alpha": loguniform(1e-5, 1)}, "by 'n_iter'"),
        ({3: [1]}, "names of parameters as keys"),
    ],
)
def test_settings_that_cannot_be_tried(grid, message):
    with pytest.raises(SpecError, match=message):
        PopulationSearchCV(classifier(), grid, cv=2).fit(X, Y)


def test_folds_and_weights_that_are_none():
    with pytest.raises(SpecError, match="'cv' of PopulationSearchCV must give one fold at least; got none"):
        PopulationSearchCV(classifier(), {"alpha": [1]}, cv=[]).fit(X, Y)
    with pytest.raises(SpecError, match="'sample_weight' of PopulationSearchCV must have one value for each"):
        PopulationSearchCV(classifier(), {"alpha": [1]}).fit(X, Y, sample_weight=[1.0])
    for name in ("sample_weight", "groups"):
        with pytest.raises(SpecError, match=f"'{name}' of PopulationSearchCV must have one value for each .* got 1.0"):
            PopulationSearchCV(classifier(), {"alpha": [1]}).fit(X, Y, **{name: 1.0})


@pytest.mark.parametrize("limits", [{}, {"time_limit": 60}, {"time_limit": 60, "halving": 2}])
@pytest.mark.parametrize("max_iter", ["x", 0, 2.5])
def test_a_time_limit_changes_no_error(max_iter, limits):
    with pytest.raises(PellucidError, match=f"max_iter.*{max_iter}"):
        PopulationSearchCV(classifier(max_iter=max_iter), {"alpha": [1.0, 0.1]}, cv=2, **limits).fit(X, Y)


def test_a_time_limit_before_the_first_setting(monkeypatch):
    search = PopulationSearchCV(classifier(max_iter=50), {"alpha": np.geomspace(1e-5, 1, 40)}, cv=2, time_limit=1e-9)
    with pytest.warns(TrainingWarning, match=r"time limit was reached: \d+ of 40 settings"):
        search.fit(X, Y)
    assert not search.is_complete_
    assert not hasattr(search, "best_estimator_")
    assert "alpha" in search.best_params_


def test_settings_share_a_time_limit_evenly():
    inputs = np.random.default_rng(0).normal(size=(3000, 20))
    model = classifier(hidden_layer_sizes=(64, 64), max_iter=4000, n_iter_no_change=4000)
    search = PopulationSearchCV(model, {"alpha": [1.0, 1e-3]}, cv=2, time_limit=1, refit=False)
    with pytest.warns(TrainingWarning, match="The time limit ended 4 of 4 trainings after") as told:
        search.fit(inputs, inputs[:, 0] > 0)
    assert len(set(search.cv_results_["mean_epochs"])) == 1
    assert 1 < search.cv_results_["mean_epochs"][0] < 4000
    assert search.is_complete_
    assert told[0].filename == __file__


def test_a_rung_that_the_time_ends_does_not_count(monkeypatch):
    grid = {"learning_rate_init": [0.001, 0.01, 0.03, 0.1]}
    whole = PopulationSearchCV(classifier(max_iter=30), grid, cv=2, halving=2, refit=False).fit(X, Y)
    run = rounds.run_all

    def late(problem, trials, wanted, **named):
        for results in run(problem, trials, wanted, **named):
            for result in results:
                if result.trial.share == 1:
                    result.outcome, result.is_part = Outcome.TIME_LIMIT, True
            yield results

    monkeypatch.setattr(rounds, "run_all", late)
    search = PopulationSearchCV(classifier(max_iter=30), grid, cv=2, halving=2, time_limit=1000)
    monkeypatch.setattr(rounds, "is_over", lambda deadline: True)
    with pytest.warns(TrainingWarning, match="the scores are those of the rung before"):
        search.fit(X, Y)
    assert search.cv_results_["rung"].max() == whole.cv_results_["rung"].max() - 1
    assert len(set(search.cv_results_["mean_epochs"][search.cv_results_["rung"] == 1])) == 1
    assert not hasattr(search, "best_estimator_")


@pytest.mark.parametrize("halving", [None, 2])
def test_a_first_rung_that_the_time_ends_is_not_said_to_have_one_before(halving, monkeypatch):
    run = rounds.run_all

    def late(problem, trials, wanted, **named):
        for results in run(problem, trials, wanted, **named):
            for result in results:
                result.outcome, result.is_part = Outcome.TIME_LIMIT, True
            yield results

    monkeypatch.setattr(rounds, "run_all", late)
    monkeypatch.setattr(rounds, "is_over", lambda deadline: True)
    grid = {"learning_rate_init": [0.001, 0.01, 0.03, 0.1]}
    search = PopulationSearchCV(classifier(max_iter=30), grid, cv=2, halving=halving, time_limit=1000)
    message = "limit was reached: not all networks had the same share of their epochs. The time limit ended 8 of 8"
    with pytest.warns(TrainingWarning, match=message):
        search.fit(X, Y)
    assert not search.is_complete_


def test_an_interrupt_within_a_time_limit_keeps_what_all_had(monkeypatch):
    run, calls = rounds.run_all, []

    def interrupted(problem, trials, wanted, **named):
        calls.append(named)
        for results in run(problem, trials, wanted, **named):
            for result in results:
                if len(calls) > 1:
                    result.outcome = Outcome.INTERRUPTED
            yield results

    monkeypatch.setattr(rounds, "run_all", interrupted)
    search = PopulationSearchCV(classifier(max_iter=30), {"alpha": [1.0, 0.1]}, cv=2, time_limit=1000)
    with pytest.warns(TrainingWarning, match=r"2 of 2 settings have scores.* Ctrl-C ended 4 of 4 .* after 1 epoch"):
        search.fit(X, Y)
    assert not search.is_complete_
    assert not hasattr(search, "best_estimator_")


def test_warnings_are_of_the_user_s_line():
    with pytest.warns(ConvergenceWarning) as told:
        PopulationSearchCV(classifier(max_iter=2), {"alpha": [0.1]}, cv=2).fit(X, Y)
    assert [each.filename for each in told] == [__file__]


def test_interrupts_keep_what_is_finished(monkeypatch):
    run = rounds.run_all

    def interrupted(problem, trials, *rest, **named):
        for count, results in enumerate(run(problem, trials, *rest, **named)):
            if count:
                for result in results:
                    result.outcome = Outcome.INTERRUPTED
            yield results

    monkeypatch.setattr(rounds, "run_all", interrupted)
    grid = {"alpha": np.geomspace(1e-5, 1, 20)}
    with pytest.warns(TrainingWarning, match=r"interrupted: 4 of 20 settings have scores"):
        search = PopulationSearchCV(classifier(), grid, cv=2).fit(X, Y)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_params_ == {"alpha": 1e-5} or search.best_params_["alpha"] < 1
    assert not search.is_complete_


def test_progress_tells_time_left_and_the_best_so_far(capsys):
    PopulationSearchCV(classifier(), {"alpha": [0.1] * 40}, cv=2, progress=True, refit=False).fit(X, Y)
    told = capsys.readouterr().err
    assert "PopulationSearchCV: fit" in told
    assert "best 0." in told
    assert "s left" in told


def test_one_class_only_scores_as_it_predicts():
    one = np.zeros(len(X))
    grid = {"alpha": [0.1, 1]}
    mine = PopulationSearchCV(classifier(max_iter=2), grid, cv=2).fit(X, one)
    theirs = GridSearchCV(classifier(max_iter=2), grid, cv=2).fit(X, one)
    same_results(mine, theirs)
