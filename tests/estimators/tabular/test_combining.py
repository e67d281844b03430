"""Models of one table are joined: its rows are read once, and what they were taken for must agree."""

import numpy as np
import pandas as pd
import pytest

from pellucid import TabularClassifier, TabularRegressor
from pellucid.errors import DataError
from pellucid.estimators.tabular import Member
from pellucid.estimators.tabular.combining import LearnedRows, combined
from pellucid.estimators.tabular.held_time import HeldTime
from pellucid.tables import TabularEncoder, infer_schema
from pellucid.tuning.combining import Combiner

MEMBERS = [Member(hidden=(4,)), Member(hidden=(8, 8)), Member(hidden=(16,), numbers="periodic")]


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"size": random.normal(size=200), "colour": random.choice(["red", "blue", "green"], 200)})
    return X, X["size"] + (X["colour"] == "red") + random.normal(0, 0.3, 200)


def fitted(kind, X, y, member, seed=0, **given):
    return kind(members=[member], n_folds=3, max_epochs=15, random_state=seed).fit(X, y, **given)


@pytest.mark.parametrize("kind", [TabularRegressor, TabularClassifier])
def test_trials_of_a_table_are_joined_and_it_is_read_once(table, kind, monkeypatch):
    X, y = table
    y = y if kind is TabularRegressor else y > 0
    weight = np.linspace(0.5, 1.5, len(X))
    models = [fitted(kind, X, y, member, sample_weight=weight) for member in MEMBERS]
    read = []
    transform = TabularEncoder.transform
    monkeypatch.setattr(
        TabularEncoder, "transform", lambda self, *given, **more: read.append(1) or transform(self, *given, **more)
    )
    combiner = Combiner(X, y, weight, 2)
    for number, model in enumerate(models):
        joined, whole = combiner.add(number, model)
    assert len(read) == 1
    assert len(whole.bag_.weights) == len(joined.trials) <= 2
    assert whole.oof_score_ == joined.score >= max(model.oof_score_ for model in models)
    used = [models[number] for number in joined.trials]
    again, _ = combined(used, LearnedRows.of(used[-1], X, y, weight), most=2)
    assert again.oof_score_ == joined.score
    mean = sum(share * model._raw(X) for share, model in zip(whole.bag_.weights, used, strict=True))
    assert whole._raw(X) == pytest.approx(mean, rel=1e-6)  # float32 networks, summed in another order


def test_where_joining_is_no_better_the_best_is_alone_and_the_others_wait(table, monkeypatch):
    X, y = table
    models = [fitted(TabularRegressor, X, y, member) for member in MEMBERS]
    worse, best, third = sorted(models, key=lambda model: model.oof_score_)
    equal = lambda members, loss: np.full(len(members), 1 / len(members))  # noqa: E731
    with monkeypatch.context() as patched:
        patched.setattr("pellucid.estimators.tabular.base.greedy_weights", equal)
        patched.setattr(best, "oof_score_", -1e-6)
        whole, used = combined([worse, best], LearnedRows.of(best, X, y))
        assert (used, whole.oof_score_, len(whole.bag_.weights)) == ([1], -1e-6, 1)
        combiner = Combiner(X, y, None, 3)
        combiner.add(0, worse)
        joined, whole = combiner.add(1, best)
        assert (joined.trials, joined.is_joined, whole.members) == ((1,), False, best.members)
    joined, _ = combiner.add(2, third)
    assert set(combiner.models) == {0, 1, 2}  # what did not count may with another
    assert joined.score >= third.oof_score_


def test_what_cannot_be_joined(table):
    X, y = table
    one, other = fitted(TabularRegressor, X, y, MEMBERS[0]), fitted(TabularRegressor, X, y, MEMBERS[1], seed=1)
    rows = LearnedRows.of(one, X, y)
    with pytest.raises(DataError, match="must have the same folds: fit them to the same rows, with one seed"):
        combined([one, other], rows)
    schema = infer_schema(X[["size"]])
    with pytest.raises(DataError, match="must read their columns alike: fit them by one schema, or by none"):
        combined([one, fitted(TabularRegressor, X, y, MEMBERS[1], schema=schema)], rows)


def test_only_models_that_hold_the_time_alike_are_joined():
    X = np.random.default_rng(0).normal(size=(120, 2))
    members = [Member(hidden=(8,)), Member(hidden=(16,)), Member(hidden=(8, 8))]
    models = [
        TabularRegressor(members=[each], max_epochs=6, random_state=0, n_threads=1).fit(X, np.abs(X[:, 0]))
        for each in members
    ]
    rows = LearnedRows.of(models[0], X, np.abs(X[:, 0]))
    best = int(np.argmax([model.oof_score_ for model in models]))
    models[best]._held_time = HeldTime(np.array([0]), np.ones(1))
    assert combined(models, rows)[1] == [best]
    models[best]._centre = models[best]._centre + 1
    with pytest.raises(DataError, match="see the target alike"):
        combined(models, rows)
