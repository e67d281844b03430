from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.datasets import load_iris, make_moons
from sklearn.neural_network import MLPClassifier, MLPRegressor

mpl.use("Agg")

import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def moons() -> Any:
    return make_moons(120, noise=0.2, random_state=0)


@pytest.fixture(scope="session")
def moons_model(moons) -> MLPClassifier:
    """2-10-5-1, tanh."""
    return MLPClassifier((10, 5), activation="tanh", solver="lbfgs", alpha=0.1, max_iter=500, random_state=0).fit(
        *moons
    )


@pytest.fixture(scope="session")
def iris() -> Any:
    """Frame with named columns, names of species."""
    data = load_iris(as_frame=True)
    return data.data, data.target_names[data.target]


@pytest.fixture(scope="session")
def iris_model(iris) -> MLPClassifier:
    """4-8-3, relu."""
    return MLPClassifier((8,), solver="lbfgs", alpha=0.1, max_iter=1000, random_state=0).fit(*iris)


@pytest.fixture(scope="session")
def plane() -> Any:
    """Two inputs and a value."""
    X = np.random.default_rng(0).uniform(-2, 2, (80, 2))
    return X, X[:, 0] + 2 * X[:, 1]


@pytest.fixture(scope="session")
def plane_model(plane) -> MLPRegressor:
    """2-1, linear."""
    return MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, max_iter=500, random_state=0).fit(*plane)


@pytest.fixture(scope="session")
def stopped_model(moons) -> MLPClassifier:
    """Adam with early stopping: a loss and a validation score for each epoch."""
    model = MLPClassifier(
        (4,), early_stopping=True, learning_rate_init=0.05, n_iter_no_change=5, max_iter=500, random_state=0
    )
    return model.fit(*moons)
