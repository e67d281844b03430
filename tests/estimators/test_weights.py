"""Weights of rows: some may be 0 or less, but something must be left to learn from."""

from functools import partial

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as Sklearn

from pellucid import MLPClassifier, MLPRegressor
from pellucid.errors import DataError, SpecError
from sklearn_twin import fit_quietly


@pytest.fixture
def iris(tasks):
    return tasks["multiclass"][1:]


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("incremental", [False, True])
def test_weights_that_leave_nothing_to_learn_from(iris, kind, incremental):
    X, y = iris
    model = kind(max_iter=2)
    learn = (lambda **weight: model.partial_fit(X, y, **weight)) if incremental else partial(model.fit, X, y)
    if incremental and kind is MLPClassifier:
        model.partial_fit(X, y, classes=[0, 1, 2])
    elif incremental:
        model.partial_fit(X, y)
    for weight, told in (
        (np.zeros(len(X)), "the weights of all 150 rows are zero. Give rows"),
        (np.full(len(X), -1.0), "it is -150, as 150 of 150 are negative. Give rows"),
        (np.where(y == 2, -1.0, 0.0), "it is -50, as 50 of 150 are negative. Give rows"),
    ):
        with pytest.raises(DataError, match=f"'sample_weight' must have a sum greater than 0; {told}"):
            learn(sample_weight=weight)
    with pytest.raises(DataError, match="'sample_weight' must have a value in every row; it is missing in row 150"):
        learn(sample_weight=[1.0] * 149 + [None])
    if not incremental:
        with pytest.raises(DataError, match="'sample_weight_val' must have a sum greater than 0"):
            learn(X_val=X, y_val=y, sample_weight_val=np.zeros(len(X)))


def test_class_weights_that_leave_nothing_to_learn_from(iris):
    X, y = iris
    nothing = MLPClassifier(class_weight={0: 0, 1: 0, 2: 0}, max_iter=2)
    with pytest.raises(DataError, match="'class_weight' must have a sum greater than 0; the weights of all 150 rows"):
        nothing.fit(X, y)
    nothing.partial_fit(X[:20], y[:20], classes=[0, 1, 2])  # other rows may count


def test_a_few_negative_weights_are_scikit_learn_s(iris):
    X, y = iris
    weight = np.where(np.arange(len(X)) % 10, 1.0, -0.5)
    options = {"max_iter": 5, "random_state": 0, "batch_size": 150}
    mine, theirs = (fit_quietly(kind(**options), X, y, sample_weight=weight) for kind in (MLPClassifier, Sklearn))
    np.testing.assert_allclose(mine.loss_curve_, theirs.loss_curve_, rtol=1e-9)


def test_a_class_weight_that_is_no_number(iris):
    X, y = iris
    with pytest.raises(SpecError, match=r"'class_weight' of MLPClassifier must give each class .*; class 0 has nan"):
        MLPClassifier(class_weight={0: np.nan, 1: 1, 2: 1}, max_iter=2).fit(X, y)
