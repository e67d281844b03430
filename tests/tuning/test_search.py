"""Searches: trials on disk outlive their processes; what goes wrong is told."""

import os
import pickle
import re
import signal
import sqlite3
import subprocess
import sys
import time
import types
from contextlib import closing
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_moons, make_regression
from sklearn.metrics import accuracy_score, f1_score, make_scorer
from sklearn.model_selection import KFold, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from pellucid.errors import PellucidError, SpecError, TrainingWarning
from pellucid.tuning import PopulationSearchCV, search, sweep
from pellucid.tuning.contests import CrossValidation, OutOfFold, Scored
from pellucid.tuning.spaces import default_space, read_space
from pellucid.tuning.study import put_back, worker

optuna = pytest.importorskip("optuna", reason="the extra 'tune' is not installed")
mpl.use("agg")
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
X, Y = make_moons(60, noise=0.2, random_state=0)
SPACE = {"hidden_layer_sizes": [(2,), (8,)], "learning_rate_init": (1e-4, 0.1, "log")}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def look(**given):
    estimator = given.pop("estimator", MLPClassifier(max_iter=12))
    has_own_folds = isinstance(estimator, TabularClassifier | TabularRegressor)
    options = {"n_trials": 4, "cv": None if has_own_folds else 2, "batch": 4, "refit": False, **given}
    return search(estimator, X, options.pop("y", Y), options.pop("space", SPACE), **options)


def test_scores_are_those_of_cross_validation():
    found = look(pruning=False, refit=True)
    assert found.is_complete_
    best = MLPClassifier(max_iter=12, random_state=0, **found.best_params_)
    assert found.best_score_ == pytest.approx(cross_val_score(best, X, Y, cv=2).mean())
    assert (found.best_estimator_.predict_proba(X) == best.fit(X, Y).predict_proba(X)).all()
    assert found.frame["state"].tolist() == ["COMPLETE"] * 4
    assert found.frame["learning_rate_init"].between(1e-4, 0.1).all()
    assert "Best: hidden_layer_sizes = " in str(found)
    assert len(found.plot().axes_) == 3


def test_rows_of_a_group_stay_together_and_no_fold_is_told():
    groups = np.arange(60) % 6
    found = look(fit_params={"groups": groups}, pruning=False, refit=True)
    folds = list(StratifiedGroupKFold(2).split(X, Y, groups))
    best = MLPClassifier(max_iter=12, random_state=0, **found.best_params_)
    assert found.best_score_ == pytest.approx(cross_val_score(best, X, Y, cv=folds).mean())
    with pytest.raises(SpecError, match="'cv' of search must give one fold at least; got none"):
        look(cv=[])


def test_pruned_trials_keep_the_better_half():
    found = look(estimator=MLPClassifier(max_iter=40), n_trials=12, sampler="random", batch=6, seed=1)
    states = found.frame["state"].value_counts()
    assert states["PRUNED"] >= 4
    assert states["COMPLETE"] >= 1
    assert (found.frame.loc[found.frame["state"] == "PRUNED", "n_iter"] < 40).all()


def test_folds_that_converge_at_different_rungs_are_told_once_and_whole():
    rows, targets = make_regression(150, 5, noise=20, random_state=0)
    targets = targets / 100
    space = {
        "hidden_layer_sizes": [(8,), (32,), (64, 64)],
        "learning_rate_init": (1e-3, 0.1, "log"),
        "batch_size": [16, 64],
    }
    fixed = {"max_iter": 120, "random_state": 0, "n_iter_no_change": 4}
    network = make_pipeline(StandardScaler(), MLPRegressor(**fixed))
    complete = 0
    for seed in range(5):
        found = search(network, rows, targets, space, n_trials=12, cv=5, seed=seed, refit=False, study_name=str(seed))
        assert found.is_complete_
        for _, row in found.frame[found.frame["state"] == "COMPLETE"].iterrows():
            own = {name: row[f"mlpregressor__{name}"] for name in space} | {
                "batch_size": int(row["mlpregressor__batch_size"])
            }
            scores = cross_val_score(make_pipeline(StandardScaler(), MLPRegressor(**fixed, **own)), rows, targets, cv=5)
            assert row["score"] == pytest.approx(scores.mean(), abs=1e-9)
            complete += 1
    assert complete > 5


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_going_on_draws_what_one_call_would_have(sampler):
    space = {"alpha": (1e-6, 1.0, "log"), "learning_rate_init": (1e-4, 0.1, "log")}
    common = {"space": space, "sampler": sampler, "pruning": False, "batch": 4}
    for trials in (4, 8, 16):
        parts = look(**common, n_trials=trials, study_name="parts")
    whole = look(**common, n_trials=16, study_name="whole")
    drawn = parts.frame[list(space)].to_numpy(float)
    assert len(np.unique(drawn, axis=0)) == 16
    np.testing.assert_array_equal(drawn, whole.frame[list(space)].to_numpy(float))


def test_every_combination_and_then_no_more():
    space = {"hidden_layer_sizes": [(2,), (8,)], "layer_norm": [False, True]}
    first = look(space=space, sampler="grid", n_trials=None, pruning=False, batch=3)
    assert len(first.frame.drop_duplicates(["hidden_layer_sizes", "layer_norm"])) == 4
    again = look(space=space, sampler="grid", n_trials=None, pruning=False)
    assert len(again.frame) == 4
    with pytest.raises(SpecError, match="lists only for the sampler 'grid'"):
        look(sampler="grid", study_name="other")


def test_the_same_call_goes_on():
    assert len(look().frame) == 4
    found = look(n_trials=6)
    assert found.frame["trial"].tolist() == [1, 2, 3, 4, 5, 6]
    differs = r"is of another search\. What differs: "
    with pytest.raises(PellucidError, match=f"{differs}space of alpha, hidden_layer_sizes, learning_rate_init. Repeat"):
        look(space={"alpha": (0.1, 1.0)})
    with pytest.raises(PellucidError, match=f"{differs}target. Repeat"):
        look(y=1 - Y)
    with pytest.raises(PellucidError, match=rf"{differs}alpha = 0.0001 \(now 0.5\); max_iter = 12 \(now 9\). Repeat"):
        look(estimator=MLPClassifier(max_iter=9, alpha=0.5))
    turned = {**SPACE, "hidden_layer_sizes": SPACE["hidden_layer_sizes"][::-1]}
    assert len(look(space=turned, n_trials=7).frame) == 7
    assert len(look(space={"alpha": (0.1, 1.0)}, study_name="other").frame) == 4


def score(estimator, X, y):
    return estimator.score(X, y)


class Score:
    def __call__(self, estimator, X, y):
        return estimator.score(X, y)


@pytest.mark.parametrize("kind", [lambda: score, Score, lambda: make_scorer(accuracy_score), lambda: partial(score)])
def test_a_search_goes_on_with_a_scoring_of_one_s_own(kind, monkeypatch):
    look(scoring=kind())
    anew = types.FunctionType(score.__code__, globals(), "score")  # as it lies in the memory of another process
    anew.__module__, anew.__qualname__ = score.__module__, score.__qualname__
    monkeypatch.setitem(globals(), "score", anew)
    assert len(look(scoring=kind(), n_trials=6).frame) == 6
    with pytest.raises(PellucidError, match=r"What differs: scoring = .* \(now make_scorer\(f1_score, .*\)"):
        look(scoring=make_scorer(f1_score))


def test_a_search_does_not_go_on_with_other_folds():
    look(cv=KFold(2))
    assert len(look(cv=list(KFold(2).split(X, Y)), n_trials=6).frame) == 6
    with pytest.raises(PellucidError, match=r"What differs: rows of the folds of cv \(a splitter that"):
        look(cv=KFold(3), n_trials=6)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mlpclassifier__alfa", "Did you mean 'mlpclassifier__alpha'?"),
        ("mlpclasifier__alpha", "Did you mean 'mlpclassifier__alpha'?"),
        ("hidden_layer_size", "Did you mean 'mlpclassifier__hidden_layer_sizes'?"),
        ("standardscaler__with_meen", "Did you mean 'standardscaler__with_mean'?"),
        ("mlpclassifier__zzz", "Its get_params() has all names."),
    ],
)
def test_names_that_a_pipeline_does_not_have_are_refused_before_anything_is_stored_or_trained(name, told):
    model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=4))
    message = re.escape(f"Pipeline has no parameter {name!r}. {told}")
    with pytest.raises(SpecError, match=message):
        look(estimator=model, space={name: [0.1]})
    assert not Path("pellucid-study.sqlite").exists()
    with pytest.raises(SpecError, match=message):
        sweep(model, X, Y, {name: [0.1]}, cv=2)
    with pytest.raises(SpecError, match=message):
        PopulationSearchCV(model, {name: [0.1]}, cv=2).fit(X, Y)


def test_parts_of_a_pipeline_vary_with_their_parameters():
    model = Pipeline([("scale", "passthrough"), ("net", MLPClassifier(max_iter=4))])
    space = {"scale": [StandardScaler()], "scale__with_mean": [False], "net__alpha": [0.1]}
    assert look(estimator=model, space=space, n_trials=1).best_params_["scale__with_mean"] is False


@pytest.mark.parametrize(
    ("estimator", "name", "kind"),
    [
        (MLPClassifier(max_iter=4), "alpha", float),
        (make_pipeline(StandardScaler(), MLPClassifier(max_iter=4)), "alpha", float),
        (TabularClassifier(n_folds=2, max_epochs=2), "weight_decay", float),
        (TabularClassifier(n_folds=2, max_epochs=2), "bins", int),
        (MLPClassifier(), "max_iter", int),
    ],
)
def test_a_range_of_whole_numbers_has_others_where_the_estimators_own_value_is_a_float(estimator, name, kind):
    found = look(estimator=estimator, space={name: (2, 40)}, n_trials=3, sampler="random")
    drawn = [next(iter(trial.params.values())) for trial in found.study.trials]
    assert all(isinstance(value, kind) for value in drawn)
    assert any(value != round(value) for value in drawn) == (kind is float)


def test_what_was_found_is_shown_in_short_and_can_be_pickled():
    for sampler in ("tpe", "random"):
        found = look(sampler=sampler, study_name=sampler, scoring="neg_log_loss", refit=True)
        assert re.fullmatch(r"<Search: 4 trials, best log loss \d\.\d{4}>", repr(found))
        again = pickle.loads(pickle.dumps(found))
        assert (str(again), repr(again)) == (str(found), repr(found))
        assert (again.best_estimator_.predict(X) == found.best_estimator_.predict(X)).all()
        again.refresh()
        pd.testing.assert_frame_equal(again.frame, found.frame)


def begin_elsewhere(study, **attributes):
    """Ask for a trial like another process."""
    trial = study.ask(read_space(SPACE).distributions)
    for name, value in attributes.items():
        trial.set_user_attr(name, value)
    return trial


def test_trials_of_silent_processes_are_tried_again_and_of_others_left(monkeypatch):
    study = look().study
    lost = begin_elsewhere(study)  # killed before it could say whose it is
    alive = begin_elsewhere(study, worker="there:1:1", alive=time.time() + 1e9)
    silent = begin_elsewhere(study, worker="there:2:2", alive=time.time())
    here = begin_elsewhere(study, worker=worker())
    found = look(n_trials=10)
    assert (len(found.frame), found.is_complete_) == (6, False)
    assert str(found).endswith("under way elsewhere.")
    assert "6 of 10 trials, " in str(found)
    monkeypatch.setattr("pellucid.tuning.study.SILENCE_SECONDS", -1)
    assert len(look(n_trials=10).frame) == 8
    states = {trial.number: trial.state.name for trial in study.trials}
    assert [states[each.number] for each in (lost, silent, alive, here)] == ["FAIL", "FAIL", "RUNNING", "RUNNING"]
    again = {trial.user_attrs["again"]: trial for trial in study.trials if "again" in trial.user_attrs}
    assert {number: trial.params for number, trial in again.items()} == {
        each.number: each.params for each in (lost, silent)
    }
    for trial in (alive, here):
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    found = look(n_trials=10)
    assert (len(found.frame), found.is_complete_) == (10, True)


def test_a_search_gives_signs_of_life_while_it_trains(monkeypatch):
    monkeypatch.setattr("pellucid.tuning.study.PULSE_SECONDS", 0.01)
    whole = CrossValidation.score

    def slow(self, settings, goes_on, deadline):
        time.sleep(0.3)
        yield from whole(self, settings, goes_on, deadline)

    monkeypatch.setattr(CrossValidation, "score", slow)
    trials = look(pruning=False).study.trials
    assert all((each.datetime_complete - each.datetime_start).total_seconds() > 0.3 for each in trials)
    assert all(each.user_attrs["alive"] > each.datetime_start.timestamp() + 0.15 for each in trials)


@pytest.mark.parametrize("pruning", [False, True])
def test_a_result_of_a_trial_that_another_process_took_for_lost_is_left(monkeypatch, pruning):
    whole = CrossValidation.score
    taken = []

    def taken_away(self, settings, goes_on, deadline):
        if not taken:
            study = optuna.load_study(study_name="pellucid", storage="sqlite:///pellucid-study.sqlite")
            taken.extend(each for each in study.trials if each.state.name == "RUNNING" and each.number == 1)
            put_back(study, taken[0], read_space(SPACE))
        yield from whole(self, settings, goes_on, deadline)

    monkeypatch.setattr(CrossValidation, "score", taken_away)
    found = look(pruning=pruning)
    assert (len(found.frame), found.is_complete_) == (4, True)
    assert found.frame["trial"].tolist() == [1, 3, 4, 5]
    assert found.study.trials[4].params == taken[0].params


def test_a_default_space_for_networks_and_pipelines():
    model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=4))
    found = look(estimator=model, space=None, n_trials=2)
    assert "mlpclassifier__hidden_layer_sizes" in found.best_params_
    found = look(estimator=model, space={"alpha": [0.1]}, n_trials=1, study_name="short")
    assert found.best_params_ == {"mlpclassifier__alpha": 0.1}


def test_tabular_estimators_are_scored_out_of_fold():
    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": np.where(X[:, 0] > 0, "x", "y")})
    model = TabularClassifier(n_folds=2, max_epochs=3)
    found = search(model, table, Y, n_trials=2, storage="tabular.sqlite", combine=1)
    assert found.best_score_ == found.best_estimator_.oof_score_
    assert found.best_estimator_.members[0].hidden == found.best_params_["hidden"]
    space = {"hidden_layer_sizes": [(4,), (8,)], "learning_rate_init": [0.1]}
    inputs, y = make_regression(60, 2, random_state=0)
    found = search(
        TabularRegressor(n_folds=2, max_epochs=2), inputs, y, space, sampler="grid", storage="numbers.sqlite"
    )
    assert {each.hidden for each in found.best_estimator().members} <= {(4,), (8,)}
    assert found.best_estimator_.predict(inputs).shape == (60,)
    with pytest.raises(SpecError, match=r"networks; 'hidde' is none\. Did you mean 'hidden'"):
        search(model, table, Y, {"hidde": [1]}, storage="wrong.sqlite")
    with pytest.raises(SpecError, match="'scoring' of search must be None"):
        search(model, table, Y, scoring="accuracy", storage="wrong.sqlite")


def test_failed_trials_are_noted_and_others_go_on():
    model = MLPRegressor(solver="sgd", max_iter=4)
    space = {"learning_rate_init": [1e-3, 1e300]}
    found = look(estimator=model, y=X[:, 0], space=space, sampler="grid", n_trials=None)
    assert found.best_params_ == {"learning_rate_init": 1e-3}
    assert found.frame.set_index("learning_rate_init")["state"].to_dict() == {1e-3: "COMPLETE", 1e300: "FAIL"}
    assert found.frame["reason"].str.contains("DivergedError").any()
    assert "1 failed" in str(found)
    with pytest.raises(PellucidError, match="All 1 trials failed: 1 time DivergedError"):
        look(estimator=model, y=X[:, 0], space={"learning_rate_init": [1e300]}, n_trials=1, study_name="bad")


def test_a_time_that_is_over_at_once_leaves_a_usable_result():
    found = look(estimator=MLPClassifier(max_iter=100_000), n_trials=8, time_limit=1e-6, pruning=False)
    assert not found.is_complete_
    assert len(found.frame) == 1
    assert 0 <= found.best_score_ <= 1
    going_on = look(estimator=MLPClassifier(max_iter=100_000, n_iter_no_change=1, tol=10), n_trials=3, study_name="x")
    assert len(going_on.frame) == 3


def test_what_ctrl_c_ended_is_tried_again(monkeypatch):
    module = sys.modules["pellucid.tuning.search"]
    tell = module._Run._tell

    def interrupted(self, trial, scored):
        if trial.number == 2:
            raise KeyboardInterrupt
        tell(self, trial, scored)

    with monkeypatch.context() as patch:
        patch.setattr(module._Run, "_tell", interrupted)
        with pytest.warns(TrainingWarning, match="interrupted: . trials are finished and stay"):
            found = look(pruning=False, refit=True)
    assert found.is_interrupted_
    assert found.best_estimator_ is None
    finished = len(found.frame)
    whole = look(pruning=False)
    assert len(whole.frame) == 4
    assert "not finished" not in str(whole)  # under their new numbers they are
    tried = [(t.params["hidden_layer_sizes"], t.params["learning_rate_init"]) for t in whole.study.trials]
    lost = [trial for trial in whole.study.trials if trial.state.name == "FAIL"]
    assert len(lost) == 4 - finished
    assert all(tried.count((t.params["hidden_layer_sizes"], t.params["learning_rate_init"])) == 2 for t in lost)


PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
from sklearn.datasets import make_moons
from pellucid import MLPClassifier
from pellucid.tuning import search
from pellucid.tuning.contests import OutOfFold
X, y = make_moons(60, noise=0.2, random_state=0)
space = {"hidden_layer_sizes": [(2,), (8,)], "learning_rate_init": (1e-4, 0.1, "log")}
found = search(
    MLPClassifier(max_iter=int(sys.argv[2]), n_iter_no_change=10**6), X, y, space, n_trials=int(sys.argv[1]), cv=2,
    batch=2, pruning=False, refit=False, on_trial=lambda found: print("trial", len(found.frame), flush=True),
)
print("done", len(found.frame), flush=True)
"""


def start(trials, epochs):
    environment = {**os.environ, "PELLUCID_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM, str(trials), str(epochs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)


def test_a_killed_process_loses_nothing_that_was_finished():
    process = start(10_000, 300)
    told = [process.stdout.readline() for _ in range(5)]
    process.kill()
    process.wait()
    process.stdout.close()
    finished = int(told[-1].split()[1])
    study = optuna.load_study(study_name="pellucid", storage="sqlite:///pellucid-study.sqlite")
    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    assert len(complete) >= finished == 5
    before = {trial.number + 1: trial.value for trial in complete}
    model = MLPClassifier(max_iter=300, n_iter_no_change=10**6)
    found = look(estimator=model, n_trials=len(complete) + 2, batch=2, pruning=False)
    after = found.frame.set_index("trial")["score"].to_dict()
    assert before.items() <= after.items()
    assert len(found.frame) == len(complete) + 2
    assert not [trial for trial in found.study.trials if trial.state.name == "RUNNING"]


def test_ctrl_c_ends_within_a_second():
    process = start(10_000, 200_000)
    time.sleep(0.1)
    while not os.path.exists("pellucid-study.sqlite"):  # noqa: PTH110
        time.sleep(0.05)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert time.monotonic() - began < 5  # a second on a quiet machine; tests share theirs


def test_two_processes_on_one_study():
    processes = [start(8, 30) for _ in range(2)]
    for process in processes:
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert "done" in told
    study = optuna.load_study(study_name="pellucid", storage="sqlite:///pellucid-study.sqlite")
    states = [trial.state.name for trial in study.trials]
    assert states.count("COMPLETE") == len(states) >= 8
    assert len({trial.user_attrs["worker"] for trial in study.trials}) <= 2


def test_a_damaged_study(tmp_path):
    (tmp_path / "pellucid-study.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(PellucidError, match=r"file is not a database\. To begin anew, name another file"):
        look()


def changed_by(statement):
    with closing(sqlite3.connect("pellucid-study.sqlite")) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE trial_params SET distribution_json = 'x'", "Expecting value"),
        ("UPDATE trial_params SET param_value = -5", "out of range"),
        ("UPDATE trial_params SET param_value = 0.5", "its trial 1 is damaged"),
        ("UPDATE trial_params SET param_value = 1e308", "cannot fit"),
        ("UPDATE trial_user_attributes SET value_json = '[1, 2'", "Expecting"),
        ("UPDATE trial_user_attributes SET value_json = 'null'", "its trial 1 is damaged"),
        ("UPDATE trial_user_attributes SET value_json = '{\"score\": []}'", "its trial 1 is damaged"),
        (
            "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (1, 'combination', '5')",
            "subscriptable",
        ),
        ("UPDATE trial_values SET value = NULL", "AssertionError"),
        ("DELETE FROM trial_values", "its trial 1 is damaged"),
        ("UPDATE trials SET state = 'BOGUS'", "BOGUS"),
        ("DELETE FROM studies", "does not exist"),
        ("UPDATE alembic_version SET version_num = 'v99.0.0.a'", "updating optuna"),
    ],
)
def test_a_study_with_damaged_contents(statement, message):
    look()
    changed_by(statement)
    with pytest.raises(
        PellucidError, match=rf"The study in .* cannot be used: .*{message}.* To begin anew, name another file"
    ):
        look(n_trials=6)


def test_a_study_that_is_minimised_and_another_programs_database():
    look()
    changed_by("UPDATE study_directions SET direction = 'MINIMIZE'")
    with pytest.raises(PellucidError, match="is minimised, and a search maximises its score"):
        look(n_trials=6)
    path = Path("pellucid-study.sqlite")
    path.unlink()
    changed_by("CREATE TABLE bookmarks (page)")
    before = path.read_bytes()
    with pytest.raises(PellucidError, match="another program's database, with the table 'bookmarks'"):
        look()
    assert path.read_bytes() == before
    path.write_bytes(b"")  # is nobody's
    assert len(look().frame) == 4


def test_a_locked_study(monkeypatch):
    look()
    monkeypatch.setattr("pellucid.tuning.study.LOCK_SECONDS", 0.1)
    connection = sqlite3.connect("pellucid-study.sqlite", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(PellucidError, match=r"cannot be used: database is locked\. Another program"):
            look(n_trials=8)
    finally:
        connection.execute("ROLLBACK")
        connection.close()
    assert len(look(n_trials=8).frame) == 8


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"space": {"alhpa": [1]}}, r"no parameter 'alhpa'. Did you mean 'alpha'"),
        ({"space": {}}, "'space' of search must map"),
        ({"space": [1]}, "'space' of search must map"),
        ({"pruning": optuna.pruners.MedianPruner()}, "'pruning' of search must be True or False; got <optuna"),
        ({"space": {"alpha": []}}, "no value for 'alpha'"),
        ({"space": {"alpha": 3}}, "a list of values, \\(low, high\\)"),
        ({"space": {"alpha": (1, 0)}}, "low less than high"),
        ({"space": {"alpha": (0, 1, "log")}}, "both greater than 0"),
        ({"space": {"alpha": (0, 1, "lin")}}, "\\(low, high, 'log'\\)"),
        ({"n_trials": 0}, "'n_trials' of search"),
        ({"batch": 1.5}, "'batch' of search"),
        ({"time_limit": -1}, "'time_limit' of search"),
        ({"sampler": "tpf"}, "'sampler' of search"),
        ({"storage": "nowhere/a.sqlite"}, "folder 'nowhere', which does not exist"),
        ({"storage": 3}, "'storage' of search"),
        ({"storage": "sqlite:///:memory:"}, "or None for memory, where the study ends with its process"),
    ],
)
def test_what_cannot_be_searched(given, message):
    with pytest.raises(SpecError, match=message):
        look(**given)


def test_a_search_in_memory_leaves_no_file(tmp_path):
    found = look(storage=None)
    assert len(found.frame) == len(pickle.loads(pickle.dumps(found)).frame) == 4
    assert len(look(storage=None).frame) == 4
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["mysql://ann:s3cret@127.0.0.1:1/studies", "nothing://ann:s3cret@127.0.0.1:1/studies"])
def test_a_database_that_cannot_be_used_is_told_without_its_password(url):
    with pytest.raises(
        PellucidError, match=r"ann:\*\*\*@127.0.0.1:1/studies' cannot be used: .*\. (Install|See)"
    ) as raised:
        look(storage=url)
    assert "s3cret" not in str(raised.value)


def test_an_estimator_without_a_default_space():
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(SpecError, match="no default for it"):
        look(estimator=LogisticRegression(), space=None)
    found = look(estimator=LogisticRegression(), space={"C": (0.01, 1.0, "log")})
    assert 0.01 <= found.best_params_["C"] <= 1


def test_progress(capsys):
    look(progress=True)
    assert "search: trial 4/4" in capsys.readouterr().err


def test_a_search_begins_with_a_linear_network_too():
    X, y = np.zeros((100_001, 1)), np.arange(100_001) % 2
    space = read_space(default_space(TabularClassifier()))
    for preset, recipes in (("fast", 1), ("default", 4), ("best", 5)):
        model = TabularClassifier(preset=preset)
        assert len(OutOfFold(model, X, y, {}).starts(["hidden"])) == recipes
        starts = OutOfFold(model, X[1:], y[1:], {}).starts(list(space.distributions))
        assert len(starts) == recipes + 1
        assert starts[-1]["hidden"] == ()
        assert space.encode(starts[-1])["hidden"] == "none"
        assert all(set(space.encode(start)) == set(space.distributions) for start in starts)


def test_no_setting_begins_that_would_not_end_in_time(monkeypatch):
    scorer = OutOfFold(TabularClassifier(n_folds=2, max_epochs=2), X, Y, {})
    now = time.monotonic()
    assert not scorer.is_late(None)
    assert not scorer.is_late(now + 100)
    assert scorer.is_late(now)
    scorer.quickest_cut = 300.0  # another one may take half of that
    assert scorer.is_late(now + 100)
    assert not scorer.is_late(now + 200)
    scorer.quickest = 50.0
    assert not scorer.is_late(now + 100)
    settings = [{"dropout": 0.0}, {"dropout": 0.1}]
    assert len(list(scorer.score(settings, None, now + 1000))) == 2
    assert scorer.quickest < 50
    monkeypatch.setattr(scorer, "is_late", lambda deadline: True)
    assert [each.number for each in scorer.score(settings, None, now + 1000)] == [0]  # the first in any case


def test_what_the_time_limit_cut_short_is_said_so():
    told = []
    model = TabularClassifier(n_folds=2, random_state=0)
    space = {"epochs": [1000.0, 2000.0]}
    given = {"sampler": "grid", "batch": 1, "refit": False, "on_trial": lambda found: told.append(len(found.frame))}
    found = search(model, X, Y, space, time_limit=0.3, **given)
    assert told == [1]
    assert re.match(r"Best: epochs = [12]000 × planned, with log loss \d\.\d{4} \(lower is better\)\.", str(found))
    assert re.search(r" The time limit cut it short, after \d+ epochs?\. 1 of 2 combinations\. The time", str(found))


def test_a_trial_that_was_cut_short_is_left_though_another_might_have_had_time(monkeypatch):
    def score(self, settings, goes_on, deadline):
        yield Scored(0, 0.5, is_cut=settings[0]["alpha"] == 1e-3)

    monkeypatch.setattr(CrossValidation, "score", score)
    given = {"space": {"alpha": [1e-4, 1e-3]}, "sampler": "grid", "n_trials": None, "batch": 1}
    found = look(time_limit=100, **given)
    assert (found.is_late_, found.is_complete_) == (True, False)
    assert ". 1 of 2 combinations. The time was over" in str(found)


@pytest.mark.parametrize("sampler", ["grid", "tpe"])
def test_a_trial_that_was_cut_short_counts_until_it_is_tried_again(sampler):
    model = MLPClassifier(max_iter=20_000, n_iter_no_change=10**6, solver="sgd", random_state=0)
    space = {"alpha": [0.1, 1.0, 10.0]} if sampler == "grid" else {"alpha": (0.1, 10.0)}
    given = {"estimator": model, "space": space, "sampler": sampler, "batch": 1, "pruning": False}
    found = look(time_limit=1e-3, n_trials=3, **given)
    assert (len(found.frame), found.is_complete_, found.is_late_) == (1, False, True)
    assert found.frame["n_iter"][0] < 20_000
    assert "The time limit cut it short" in str(found)
    cut, found = found, look(n_trials=3, **given)
    assert (found.frame["trial"].tolist(), found.is_complete_) == ([2, 3, 4], True)
    assert (found.frame["n_iter"] == 20_000).all()
    assert found.frame["alpha"][0] == cut.frame["alpha"][0]
    assert found.frame["alpha"].nunique() == 3
    assert "cut it short" not in str(found)
    assert str(found).endswith(". 3 trials.")


def test_a_trial_that_was_cut_short_is_the_best_as_long_as_no_other_has_a_score():
    model = MLPClassifier(max_iter=20_000, n_iter_no_change=10**6, solver="sgd", random_state=0)
    given = {"estimator": model, "space": {"alpha": (0.1, 10.0)}, "batch": 1, "pruning": False}
    first = look(time_limit=1e-3, n_trials=1, **given)
    again = first.study.ask(first.space.distributions)
    again.set_user_attr("result", {"score": 0.1, "reason": ""})
    first.study.tell(again, state=optuna.trial.TrialState.PRUNED)
    found = look(time_limit=1e-3, n_trials=2, **given)
    assert found.frame["trial"].tolist() == [1, 2]
    assert (found.best_params_, found.best_score_) == (first.best_params_, first.best_score_)
    assert "The time limit cut it short" in str(found)
    assert look(n_trials=2, **given).frame["state"].tolist() == ["PRUNED", "COMPLETE"]


def test_a_time_limit_of_the_estimators_own_cuts_no_trial_short():
    model = TabularClassifier(n_folds=2, random_state=0, time_limit=0.2)
    space = {"epochs": [1000.0, 2000.0]}
    found = look(estimator=model, space=space, sampler="grid", n_trials=None, time_limit=100)
    assert (len(found.frame), found.is_complete_) == (2, True)


@pytest.mark.parametrize(
    ("estimator", "space", "message"),
    [
        (TabularClassifier(), {"alpha": [0.1, -5]}, "it must be a finite number, at least 0. Correct"),
        (TabularClassifier(), {"n_folds": [5, 0]}, "it must be a whole number of at least 1, or None."),
        (TabularClassifier(), {"activation": ["selu", "rellu"]}, "has 'rellu' for 'activation'; it must be one of"),
        (MLPClassifier(), {"learning_rate_init": [0.1, -5]}, "has -5 for 'learning_rate_init'; it must be a float"),
        (MLPClassifier(), {"learning_rate_init": (-5.0, 0.1)}, "has -5.0 for 'learning_rate_init'; it must be a float"),
        (TabularClassifier(), {"dropout": (0.0, 1.5)}, "has 1.5 for 'dropout'; it must be"),
        (make_pipeline(StandardScaler(), MLPClassifier()), {"activation": ["relu", "rellu"]}, "Did you mean 'relu'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_trains(estimator, space, message):
    with pytest.raises(SpecError, match="'space' of search has ") as refused:
        search(estimator, X, Y, space, storage="none.sqlite")
    assert message in str(refused.value)
    assert not Path("none.sqlite").exists()


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (TabularRegressor(), {"y": [np.nan, *X[1:, 0]]}, "NaN|missing"),
        (TabularClassifier(), {"y": Y[1:]}, "59"),
        (TabularClassifier(), {"y": None}, "requires y|y"),
        (TabularClassifier(), {"fit_params": {"groups": [1, 2]}}, "'groups'"),
        (TabularClassifier(), {"fit_params": {"sample_weight": np.zeros(60)}}, "'sample_weight' must have"),
        (TabularClassifier(), {"fit_params": {"group": Y}}, "takes, groups, .*; got 'group'. Did you mean 'groups'"),
        (TabularClassifier(time_column="day"), {}, "'day'"),
        (TabularClassifier(n_folds=100), {}, "'n_folds' of TabularClassifier must"),
        (
            TabularClassifier(),
            {"cv": "nonsense"},
            r"'cv' of search must be None .*'nonsense'\. Set its n_folds or time",
        ),
        (TabularClassifier(), {"scoring": "accuracy"}, "'scoring' of search must be None .* got 'accuracy'"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_error_before_anything_trains(model, given, message):
    with pytest.raises(PellucidError, match=message) as refused:
        look(estimator=model, space={"dropout": [0.0, 0.1]}, **given)
    assert "trials failed" not in str(refused.value)
    assert not Path("pellucid-study.sqlite").exists()


def test_trials_that_were_not_finished_and_settings_without_effect_are_no_riddle():
    space = {"numbers": ["periodic"], "bins": [8, 9], "frequency": [0.5]}
    model = TabularClassifier(n_folds=2, max_epochs=2, random_state=0)
    given = {"estimator": model, "space": space, "sampler": "grid", "n_trials": None, "batch": 1}
    study = look(**{**given, "n_trials": 1}).study
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    assert "1 of 2 combinations, 1 begun but not finished." in str(look(**{**given, "n_trials": 1}))
    found = look(**given)
    assert found.frame["trial"].tolist() == [1, 3]
    assert str(found).startswith("Best: numbers = periodic, frequency = 0.5, with log loss ")
    assert "2 trials, 1 begun but not finished." in str(found)


def test_what_the_time_left_of_a_search_is_said():
    given = {"space": {"alpha": [1e-4, 1e-3, 1e-2]}, "sampler": "grid", "n_trials": None, "batch": 1, "pruning": False}
    found = look(time_limit=1e-3, **given)
    rest = "The time was over before the others: run the same again to go on with them."
    assert (found.is_late_, found.is_complete_) == (True, False)
    assert str(found).endswith(f". 1 of 3 combinations. {rest}")
    assert str(look(**{**given, "n_trials": 2})).endswith(". 2 of 3 combinations.")
    again = look(**given)
    assert (again.is_late_, again.is_complete_) == (False, True)
    assert str(again).endswith(". 3 trials.")
    assert str(look(time_limit=1e-3, n_trials=3, batch=1, study_name="tpe")).endswith(f"1 of 3 trials. {rest}")


def test_the_first_trial_of_a_study_has_the_estimators_own_values():
    space = {**SPACE, "alpha": (1e-6, 1e-2, "log"), "batch_size": ["auto", 8], "momentum": (0.95, 0.99)}
    first = look(space=space).frame.iloc[0]
    assert (first["learning_rate_init"], first["alpha"], first["batch_size"]) == (0.001, 0.0001, "auto")
    assert first["hidden_layer_sizes"] in [(2,), (8,)]  # the space lacks its own (100,), and its momentum
    assert 0.95 <= first["momentum"] <= 0.99
    again = look(space=space, n_trials=6).frame
    assert len(again) == len(again[list(space)].astype(str).drop_duplicates())
    table = pd.DataFrame(X, columns=["a", "b"])
    found = search(TabularRegressor(n_folds=2, max_epochs=2), table, X[:, 0], n_trials=1, storage="own.sqlite")
    own = found.best_params_
    assert (own["hidden"], own["activation"], own["learning_rate"]) == ((256, 256, 256), "mish", 0.2)


def test_trials_of_a_table_are_joined_as_their_out_of_fold_predictions_say():
    table, y = pd.DataFrame(X, columns=["a", "b"]), np.sin(3 * X[:, 0]) + X[:, 1] ** 2
    model = TabularRegressor(n_folds=3, max_epochs=6)
    found = search(model, table, y, n_trials=6, combine=3, storage="joined.sqlite")
    numbers = found.combination_.trials
    assert 1 < len(numbers) <= 3
    assert found.best_estimator_.oof_score_ == found.combination_.score >= found.best_score_
    assert len(found.best_estimator_.bag_.networks) == 3 * len(numbers)
    assert found.best_estimator_.bag_.weights.sum() == pytest.approx(1)
    hidden = found.frame.set_index("trial")["hidden"]
    assert [each.hidden for each in found.best_estimator_.members] == hidden[list(numbers)].tolist()
    assert found.best_estimator_.time_limit is None
    assert f"the networks of {found.combination_} reach" in str(found)
    assert [each.number + 1 for each in found.study.trials] == found.frame["trial"].tolist()
    assert found.study.user_attrs["combination"]["numbers"] == [trial - 1 for trial in numbers]  # Optuna's
    members = found.best_estimator().members
    assert set(members) == set(found.best_estimator_.members)
    again = search(model, table, y, n_trials=6, combine=3, storage="joined.sqlite")
    assert again.combination_ == found.combination_
    assert again.best_estimator_.oof_score_ == found.combination_.score
    assert (again.best_estimator_.predict(table) == found.best_estimator_.predict(table)).all()
    assert [each.hidden for each in again.best_estimator_.members] == hidden[list(numbers)].tolist()
    again.refresh()
    assert again.best_estimator_ is not None
    alone = search(model, table, y, n_trials=6, combine=1, storage="joined.sqlite")
    assert alone.combination_ is None
    assert len(alone.best_estimator_.members) == 1


def test_where_joining_is_worse_than_the_best_trial_that_one_is_alone():
    table, y = pd.DataFrame(X, columns=["a", "b"]), X[:, 0] ** 2
    given = {"space": {"dropout": [0.0, 0.1]}, "sampler": "grid", "storage": "joined.sqlite"}
    model = TabularRegressor(n_folds=2, max_epochs=3)
    found = search(model, table, y, **given)
    found.study.set_user_attr("combination", {"numbers": [0, 1], "score": found.best_score_ - 0.01})
    again = search(model, table, y, **given)
    best = again.frame.loc[again.frame["score"].idxmax()]
    assert again.combination_.score == again.best_score_ == again.best_estimator_.oof_score_
    assert [each.dropout for each in again.best_estimator_.members] == [best["dropout"]]
    assert "Joined" not in str(again)


def test_ctrl_c_while_joined_trials_are_fitted_again_leaves_them(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    table, y = pd.DataFrame(X, columns=["a", "b"]), np.sin(3 * X[:, 0]) + X[:, 1] ** 2
    model = TabularRegressor(n_folds=3, max_epochs=6)
    search(model, table, y, n_trials=3, storage="joined.sqlite")
    monkeypatch.setattr(TabularRegressor, "fit", interrupted)
    with pytest.warns(TrainingWarning, match="Search interrupted: 3 trials are finished"):
        found = search(model, table, y, n_trials=3, storage="joined.sqlite")
    assert found.is_interrupted_
    assert found.best_estimator_ is None


@pytest.mark.parametrize("combine", [0, True, 2.5])
def test_how_many_are_joined_is_checked(combine):
    with pytest.raises(SpecError, match="'combine' of search must be an integer of at least 1"):
        look(combine=combine)
    with pytest.raises(SpecError, match="'combine' of search is for tabular estimators; got 3 for MLPClassifier"):
        look(combine=3)
