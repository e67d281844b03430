import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification
from sklearn.preprocessing import scale

from sklearn_twin import CHECKS_TEXTS_EARLY


@pytest.fixture(scope="session")
def tasks():
    """Small rows of every kind of target: name -> (estimator kind, X, y)."""
    random = np.random.default_rng(0)
    iris, cancer, diabetes = load_iris(), load_breast_cancer(), load_diabetes()
    X_labels, y_labels = make_multilabel_classification(n_samples=150, n_features=6, n_classes=4, random_state=1)
    X_cancer, y_cancer = scale(cancer.data)[:230], cancer.target[:230]
    X_diabetes, y_diabetes = diabetes.data[:220] * 20, scale(diabetes.target)[:220]
    names = np.array(["benign", "malign"] if CHECKS_TEXTS_EARLY else [3, 7])
    counts = random.poisson(np.exp(0.3 * X_diabetes[:, 2]))
    return {
        "binary": ("classifier", X_cancer, names[y_cancer]),
        "multiclass": ("classifier", scale(iris.data), iris.target),
        "multilabel": ("classifier", scale(X_labels), y_labels),
        "regression": ("regressor", X_diabetes, y_diabetes),
        "poisson": ("regressor", X_diabetes, counts.astype(float)),
        "multioutput": ("regressor", X_diabetes, np.column_stack([y_diabetes, y_diabetes**2, X_diabetes[:, 0]])),
    }
