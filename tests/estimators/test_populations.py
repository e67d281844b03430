"""Fits in parts: rows taken once, jobs trained together, runs adopted; the result is that of `fit`, bit for bit."""

import numpy as np
import pytest

from pellucid import MLPClassifier, MLPRegressor
from pellucid.engines import get_engine
from pellucid.errors import DivergedError
from pellucid.training import Outcome, Watch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def trained(models, rows, held_out=None, engine="auto"):
    jobs = [model.prepare(rows, held_out) for model in models]
    runs = get_engine(engine).train(jobs, Watch())
    return [model.adopt(job, run) for model, job, run in zip(models, jobs, runs, strict=True)]


def same(model, other):
    assert model.loss_curve_ == other.loss_curve_
    assert model.n_iter_ == other.n_iter_
    assert model.outcome_ is other.outcome_
    for mine, theirs in zip([*model.coefs_, *model.intercepts_], [*other.coefs_, *other.intercepts_], strict=True):
        assert (mine == theirs).all()


@pytest.mark.parametrize("engine", ["native", "textbook"])
@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": True}, {"dropout": 0.2}, {"shuffle": False}, {"solver": "lbfgs"}]
)
def test_classifiers_that_share_rows_are_those_of_fit(engine, settings):
    def model(width):
        return MLPClassifier((width,), max_iter=8, random_state=1, batch_size=16, engine=engine, **settings)

    rows = model(2).take_rows(X, Y)
    models = trained([model(width) for width in (2, 5)], rows, engine=engine)
    for width, each in zip((2, 5), models, strict=True):
        if settings.get("solver") == "lbfgs":
            assert (each.predict_proba(X) == model(width).fit(X, Y).predict_proba(X)).all()
        else:
            same(each, model(width).fit(X, Y))


def test_regressors_with_given_validation_rows():
    def model(alpha):
        return MLPRegressor(hidden_layer_sizes=(4,), alpha=alpha, max_iter=5, random_state=0, early_stopping=True)

    first = model(1e-4)
    rows = first.take_rows(X[:40], X[:40, 0])
    held_out = first.take_held_out(rows, X[40:], X[40:, 0])
    models = trained([model(1e-4), model(1.0)], rows, held_out)
    for alpha, each in zip((1e-4, 1.0), models, strict=True):
        whole = model(alpha).fit(X[:40], X[:40, 0], X_val=X[40:], y_val=X[40:, 0])
        same(each, whole)
        assert each.validation_scores_ == whole.validation_scores_


def test_a_training_in_parts_is_one_training():
    whole = MLPClassifier((4,), max_iter=9, random_state=3).fit(X, Y)
    model = MLPClassifier((4,), max_iter=9, random_state=3)
    job = model.prepare(model.take_rows(X, Y))
    job.epochs = 4
    (first,) = get_engine().train([job], Watch())
    job.epochs = 5
    (second,) = get_engine().train([job], Watch())
    same(model.adopt(job, second.joined(first.history)), whole)


def test_class_weights_of_rows():
    balanced = MLPClassifier((4,), max_iter=3, random_state=0, class_weight={0: 1, 1: 5})
    (model,) = trained([balanced], MLPClassifier(class_weight={0: 1, 1: 5}).take_rows(X, Y))
    same(model, MLPClassifier((4,), max_iter=3, random_state=0, class_weight={0: 1, 1: 5}).fit(X, Y))
    assert "class_weight" in MLPClassifier.row_parameters


def test_names_of_columns_go_with_the_rows():
    import pandas as pd

    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    rows = MLPClassifier().take_rows(frame, Y)
    (model,) = trained([MLPClassifier((2,), max_iter=2, random_state=0)], rows)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    assert model.predict(frame).shape == (60,)


def test_a_diverged_run_is_refused():
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", learning_rate_init=1e300, max_iter=5, random_state=0)
    job = model.prepare(model.take_rows(X, X[:, 0]))
    (run,) = get_engine().train([job], Watch())
    assert run.outcome is Outcome.DIVERGED
    with pytest.raises(DivergedError, match="smaller learning rate"):
        model.adopt(job, run)
