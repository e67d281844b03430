"""Estimators around networks that no parameter describes: set, run, kept in files, trained on, checked, drawn."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from pellucid import MLPClassifier, MLPRegressor, check_gradients, load, save
from pellucid.errors import SpecError
from pellucid.spec import (
    Category,
    Embedding,
    Layer,
    Network,
    Periodic,
    PiecewiseLinear,
    Tanh,
    parameter_count,
)
from pellucid.textbook.network import predict
from pellucid.textbook.parameters import Parameters
from pellucid.tracing.gradients import parameter_name
from pellucid.tracing.preparing import Names

EDGES = ((-1.0, 0.0, 1.0), (-0.5, 0.5))
EMBEDDINGS = {
    "periodic": Embedding(2, Periodic(3, 0.3, 2), 1, (Category(3, 2), Category(2, 1))),
    "piecewise linear": Embedding(2, PiecewiseLinear(EDGES, 2), 1, (Category(3, 2), Category(2, 1))),
    "none": None,
}


def network(name="periodic", outputs=1, output="identity"):
    hidden = (Layer(4, Tanh(), layer_norm=True, parametric=True), Layer(3, Tanh(), layer_norm=True, parametric=True))
    described = EMBEDDINGS[name]
    return Network(5, hidden, outputs, output, embedding=described, input_scale=True, parametrization="ntk")


def rows(count=30):
    random = np.random.default_rng(1)
    X = np.column_stack([random.normal(size=(count, 3)), random.integers(-1, 4, (count, 2))])
    return X, X[:, 0] + (X[:, 3] == 1)


def model(described, kind=MLPRegressor, **keywords):
    settings = {"activation": "tanh", "layer_norm": True, "engine": "textbook", "random_state": 0, "max_iter": 3}
    vector = np.random.default_rng(0).normal(size=parameter_count(described)) * 0.7
    made = kind(hidden_layer_sizes=(4, 3), **(settings | keywords))
    return made.set_network(described, vector, **({"classes": [0, 1]} if kind is MLPClassifier else {}))


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_copies_pickles_and_files_predict_alike(name, tmp_path):
    described, (X, _) = network(name), rows()
    made = model(described)
    expected = predict(described, made._parameters, X).ravel()
    save(made, tmp_path / "model.safetensors")
    copies = [made, copy.deepcopy(made), pickle.loads(pickle.dumps(made)), load(tmp_path / "model.safetensors")]
    for each in copies:
        np.testing.assert_array_equal(each.predict(X), expected)
        assert each.network_ == described


def test_weights_that_a_user_sets_are_used_beside_all_else():
    described, (X, _) = network(), rows()
    made = model(described)
    made.coefs_[-1] = made.coefs_[-1] * 2
    vector = Parameters(described, made._parameters.vector.copy())
    vector.weights[-1][...] *= 2
    np.testing.assert_array_equal(made.predict(X), predict(described, vector, X).ravel())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made)).predict(X), made.predict(X))


@pytest.mark.parametrize("name", EMBEDDINGS)
@pytest.mark.parametrize("warm", [False, True])
def test_training_goes_on_with_all_pieces(name, warm):
    described, (X, y) = network(name), rows()
    made = model(described, warm_start=warm, learning_rate_init=0.01)
    before = made._parameters.vector.copy()
    if warm:
        with pytest.warns(ConvergenceWarning):
            made.fit(X, y)
    else:
        made.partial_fit(X, y)
    assert made.network_.embedding == described.embedding
    assert made.network_.parametrization == "ntk"
    assert [layer.parametric for layer in made.network_.hidden] == [True, True]
    changed = made._parameters.vector != before
    assert changed[-made._rest.size :].mean() > 0.5


def test_a_new_fit_begins_with_what_its_parameters_say():
    X, y = rows()
    made = model(network())
    with pytest.warns(ConvergenceWarning):
        made.fit(X, y)
    assert made.network_.embedding is None
    assert made._rest.size == 0
    assert made.predict(X).shape == y.shape


def test_layers_of_other_widths_are_refused():
    X, y = rows()
    made = model(network()).set_params(hidden_layer_sizes=(4, 4))
    with pytest.raises(SpecError, match="'hidden_layer_sizes' of MLPRegressor must stay as it was"):
        made.partial_fit(X, y)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("name", EMBEDDINGS)
def test_derivatives_are_checked(name, dropout):
    X, y = rows()
    described = network(name)
    check = check_gradients(model(described, alpha=0.1, dropout=dropout), X, y)
    assert check.passed, str(check)
    assert check.total == parameter_count(described)
    binary = model(network(name, output="logistic"), MLPClassifier)
    assert check_gradients(binary, X, (y > 0).astype(int)).passed


def test_every_parameter_has_a_name_of_its_own():
    names = Names(("age", "height", "seen", "town", "kind"), ("y",))
    for name in EMBEDDINGS:
        described = network(name)
        found = [parameter_name(described, index, names) for index in range(parameter_count(described))]
        assert len(set(found)) == len(found)
    described = network("periodic")
    found = [parameter_name(described, index, names) for index in range(parameter_count(described))]
    for name in (
        "weight from kind [1] to neuron 4 of hidden layer 1",
        "scale of age [1]",
        "slope of neuron 3 of hidden layer 2",
        "frequency 3 of height",
        "phase 1 of age",
        "embedding weight 3, 2 of height",
        "embedding bias 2 of age",
        "number 2 of the vector of level 0 of town",
        "number 1 of the vector of level 1 of kind",
    ):
        assert name in found
    assert "scale of height" in [
        parameter_name(network("none"), index, names) for index in range(parameter_count(network("none")))
    ]


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_the_network_is_drawn(name):
    plotting = pytest.importorskip("pellucid.plotting")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    made = model(network(name))
    diagram = plotting.NetworkDiagram.from_estimator(made)
    assert diagram.widths == made.network_.widths
    plotting.WeightHistogram.from_estimator(made)
    pyplot.close("all")
