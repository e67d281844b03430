from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from pellucid.errors import DataError, PellucidError
from pellucid.plotting.fitted import (
    activation_names,
    layers_of,
    name_of,
    names_into_network,
    names_of_inputs,
    names_of_outputs,
    network_of,
)
from pellucid.spec import LeakyRelu


def test_network_of_a_pipeline_and_of_a_search(moons):
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((2,), solver="lbfgs", alpha=1.0, random_state=0))
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [1.0]}, cv=2).fit(*moons)
    assert network_of(search) is search.best_estimator_[-1]
    assert name_of(search) == "MLPClassifier"
    assert network_of(pipeline) is pipeline[-1]


def test_layers_of_gives_the_fitted_arrays(moons_model):
    weights, biases = layers_of(moons_model, "Display")
    assert [each.shape for each in weights] == [(2, 10), (10, 5), (5, 1)]
    assert all((got == own).all() for got, own in zip(biases, moons_model.intercepts_, strict=True))


def test_layers_of_an_unfitted_network():
    with pytest.raises(NotFittedError, match="MLPClassifier"):
        layers_of(MLPClassifier(), "Display")


def test_layers_of_something_else(plane):
    with pytest.raises(PellucidError, match=r"'estimator' of Display must be a multi-layer .* got LinearRegression\."):
        layers_of(LinearRegression().fit(*plane), "Display")


def test_names_of_inputs(iris_model, moons_model):
    assert names_of_inputs(iris_model, 4, None, "Display")[0] == "sepal length (cm)"
    assert names_of_inputs(moons_model, 2, None, "Display") == ("x1", "x2")
    assert names_of_inputs(iris_model, 4, [1, 2, 3, 4], "Display") == ("1", "2", "3", "4")


def test_names_into_a_pipeline_s_network_are_those_that_its_steps_hand_on(iris):
    X, y = iris
    network = MLPClassifier((2,), solver="lbfgs", alpha=1.0, max_iter=1000, random_state=0)
    scaled = make_pipeline(StandardScaler(), network).fit(X, y)
    assert names_into_network(scaled, 4, None, "Display") == tuple(X.columns)
    assert names_into_network(scaled, 4, [1, 2, 3, 4], "Display") == ("1", "2", "3", "4")
    search = GridSearchCV(scaled, {"mlpclassifier__alpha": [1.0]}, cv=2).fit(X, y)
    assert names_into_network(search, 4, None, "Display") == tuple(X.columns)
    assert names_into_network(make_pipeline(network).fit(X, y), 4, None, "Display") == tuple(X.columns)
    components = make_pipeline(StandardScaler(), PCA(2), network).fit(X, y)
    assert names_into_network(components, 2, None, "Display") == ("pca0", "pca1")
    unnamed = make_pipeline(FunctionTransformer(np.asarray), network).fit(X, y)
    assert names_into_network(unnamed, 4, None, "Display") == ("x1", "x2", "x3", "x4")
    of_arrays = make_pipeline(StandardScaler(), network).fit(X.to_numpy(), y)
    assert names_into_network(of_arrays, 4, None, "Display") == ("x1", "x2", "x3", "x4")


@pytest.mark.parametrize("names", [["a"], "ab", ["a", "b", "c"]])
def test_wrong_number_of_names(moons_model, names):
    with pytest.raises(DataError, match="'feature_names' of Display must have 2 names, one for each; got"):
        names_of_inputs(moons_model, 2, names, "Display")


@pytest.mark.parametrize(
    ("network", "count", "names"),
    [
        (SimpleNamespace(classes_=["no", "yes"]), 1, ("P(y = yes)",)),
        (SimpleNamespace(classes_=["a", "b", "c"]), 3, ("a", "b", "c")),
        (SimpleNamespace(), 1, ("prediction",)),
        (SimpleNamespace(), 2, ("y1", "y2")),
    ],
)
def test_names_of_outputs(network, count, names):
    assert names_of_outputs(network, count, None, "Display") == names


@pytest.mark.parametrize(
    ("activation", "names"),
    [
        ("relu", ("relu", "relu", "softmax")),
        (LeakyRelu(0.1), ("leaky_relu", "leaky_relu", "softmax")),
        (["tanh", LeakyRelu(0.1)], ("tanh", "leaky_relu", "softmax")),
    ],
)
def test_activation_names(activation, names):
    assert activation_names(SimpleNamespace(activation=activation, out_activation_="softmax"), 2) == names
