"""Plain arrays skip scikit-learn's validation where it would change nothing; what is wrong with them is still told."""

import numpy as np
import pytest
from sklearn.datasets import make_classification

from pellucid import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classifier(classes, *, labels=False, n_threads=None):
    X, y = make_classification(60, 6, n_informative=4, n_classes=classes, random_state=0)
    y = np.array([f"class {label}" for label in y]) if not labels else np.stack([y == 0, y == 1], axis=1).astype(int)
    return MLPClassifier((4,), max_iter=3, random_state=0, n_threads=n_threads).fit(X, y), X


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("classes", "labels"), [(2, False), (3, False), (2, True)])
@pytest.mark.parametrize("n_threads", [None, 1])
def test_same_predictions_as_through_validation(classes, labels, dtype, n_threads, monkeypatch):
    model, X = classifier(classes, labels=labels, n_threads=n_threads)
    X = X.astype(dtype)
    predictions, probabilities = model.predict(X), model.predict_proba(X)
    assert model._takes_as_it_is(X)
    monkeypatch.setattr(type(model), "_takes_as_it_is", lambda self, X: False)
    validated = model.predict(X)
    np.testing.assert_array_equal(predictions, validated)
    np.testing.assert_array_equal(probabilities, model.predict_proba(X))
    wanted = model._label_binarizer.inverse_transform(
        probabilities[:, 1] if classes == 2 and not labels else probabilities
    )
    np.testing.assert_array_equal(predictions, wanted)
    assert predictions.dtype == wanted.dtype


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X * np.nan, "NaN"),
        (lambda X: np.where(X[0, 0] == X, np.inf, X), "infinity"),
        (lambda X: X[:, :4], "4 features"),
        (lambda X: X[:0], "0 sample"),
        (lambda X: X[0], "1D array"),
    ],
)
def test_what_is_wrong_is_told(spoil, message):
    model, X = classifier(2)
    with pytest.raises(ValueError, match=message):
        model.predict(spoil(X))


def test_huge_numbers_whose_sum_overflows_are_no_error():
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, random_state=0).fit(
        np.eye(4, dtype=np.float32), np.arange(4.0)
    )
    X = np.full((2, 4), 2e38, np.float32)
    assert not model._takes_as_it_is(X)
    assert model.predict(X).shape == (2,)
