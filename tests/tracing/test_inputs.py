"""Before the first layer, and in it: scales, slopes and the NTK parametrisation, number by number."""

import numpy as np
import pytest

from pellucid import MLPClassifier, MLPRegressor, check_gradients, trace
from pellucid.engines import get_engine
from pellucid.errors import DataError
from pellucid.spec import Layer, Network, Relu, Silu, Tanh, parameter_count
from pellucid.textbook.network import Batch

NETWORK = Network(
    3,
    (Layer(5, Silu(), 0.3, layer_norm=True, parametric=True), Layer(4, Tanh(), 0.3, layer_norm=True, parametric=True)),
    1,
    "logistic",
    input_scale=True,
    parametrization="ntk",
)


def model(network: Network = NETWORK, **keywords: object) -> MLPClassifier:
    """Return a classifier whose parameters are no defaults."""
    vector = np.random.default_rng(0).normal(size=parameter_count(network))
    hidden = [layer.width for layer in network.hidden]
    settings = {
        "activation": [layer.activation for layer in network.hidden],
        "dropout": network.hidden[0].dropout,
        "layer_norm": network.hidden[0].layer_norm,
        "alpha": 0.1,
        "random_state": 0,
    }
    return MLPClassifier(hidden, **(settings | keywords)).set_network(network, vector, classes=[0, 1])


def rows(count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    X = random.normal(size=(count, 3))
    return X, (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("engine", ["textbook", "native"])
def test_what_rows_add_sums_to_the_engine_s_gradients(engine: str) -> None:
    X, y = rows()
    weight = np.linspace(0.5, 2, 12)
    step = trace(model(engine=engine), X, y, sample_weight=weight)
    assert step.inputs is not None
    assert step.gradients is not None
    np.testing.assert_allclose(step.inputs.unscaled * step.inputs.scale, step.layers[0].inputs, rtol=1e-12)
    np.testing.assert_allclose(step.inputs.scale_contributions.sum(axis=0), step.gradients.scale, rtol=1e-9)
    for layer in step.layers:
        assert layer.factor == pytest.approx(1 / np.sqrt(layer.inputs.shape[1]))
        summed = layer.products.sum(axis=1) + layer.bias
        np.testing.assert_allclose(summed, layer.weighted_sum, rtol=1e-11, atol=1e-13)
        penalty = 0.1 * layer.weights / weight.sum()
        shares = layer.contributions.sum(axis=0) + penalty
        np.testing.assert_allclose(shares, layer.d_weights, rtol=1e-8, atol=1e-13)
        if layer.parametric is None:
            continue
        bent = layer.pre_activation + layer.parametric.slope * (layer.parametric.function - layer.pre_activation)
        np.testing.assert_allclose(bent, layer.activation, rtol=1e-12, atol=1e-14)
        bend = layer.parametric.function - layer.pre_activation
        shares = (bend * layer.parametric.d_activation).sum(axis=0) * layer.row_share
        np.testing.assert_allclose(shares, layer.parametric.d_slope, rtol=1e-8, atol=1e-13)
    assert check_gradients(model(engine=engine), X, y, sample_weight=weight).passed


def test_the_step_is_that_of_partial_fit() -> None:
    X, y = rows()
    made = model(shuffle=False)
    step = trace(made, X, y)
    made.partial_fit(X, y)
    assert step.after is not None
    assert step.inputs is not None
    np.testing.assert_array_equal(step.after.vector, made._parameters.vector)
    np.testing.assert_array_equal(step.inputs.scale_after, made._parameters.scale)
    np.testing.assert_array_equal(step.layers[0].parametric.slope_after, made._parameters.slope[0])
    assert step.loss == pytest.approx(made.loss_, rel=1e-15)


def test_the_numbers_are_those_of_the_engine() -> None:
    X, y = rows()
    step = trace(model(), X, y)
    data = Batch(X, y[:, np.newaxis].astype(float))
    again = get_engine().loss_and_gradients(step.network, step.training, step.before, data)
    assert step.inputs is not None
    np.testing.assert_array_equal(step.inputs.unscaled, again.layers[0].inputs)
    np.testing.assert_array_equal(step.layers[0].pre_activation, again.layers[0].pre_activation)


def test_records_speak_of_the_scale_and_of_slopes() -> None:
    X, y = rows(4)
    step = trace(model(), X, y)
    table = step.to_frame()
    scaled = table[(table.symbol == "f") & (table.row == 2)].set_index("neuron").value
    np.testing.assert_array_equal(scaled, step.layers[0].inputs[2])
    products = table[(table.symbol == "x·w / √inputs") & (table.layer == 1) & (table.neuron == 0) & (table.row == 1)]
    assert products.value.sum() + step.layers[1].bias[0] == pytest.approx(step.layers[1].weighted_sum[1, 0])
    shares = table[table.symbol == "∂L/∂scale (row)"].groupby("neuron").value.sum()
    np.testing.assert_allclose(shares, table[table.symbol == "∂L/∂scale"].value, rtol=1e-10)
    assert set(table[table.stage == "update"].of.dropna()) == {"w", "b", "gain", "shift", "α", "scale"}
    assert set(table[table.symbol == "α_new"].layer) == {0, 1}
    only = step.to_frame(layer=-1, neuron=1)
    assert set(only.layer.dropna()) == {-1, 2}  # the targets are the output layer's
    assert set(only[only.layer == -1].neuron) == {1}
    with pytest.raises(DataError, match="0 to 2"):
        step.records(layer=-1, neuron=3)
    with pytest.raises(DataError, match="'layer' must be one of the network's layers, a whole number from 0 to 1"):
        trace(MLPRegressor(hidden_layer_sizes=(2,)), X, y).records(layer=-1)


def test_the_explanation_shows_them() -> None:
    X, y = rows(4)
    text = trace(model(), X, y).to_html()
    for shown in (
        "Before the first layer: 3 inputs, scaled",
        "x₁·scale₁",
        ") / √(inputs)",
        "h′(z₁)",
        "∂L/∂α₁",
        "parametric",
    ):
        assert shown in text
    only = trace(model(), X, y).to_html(layer=-1, neuron=1)
    assert "scale₂" in only
    assert "scale₁" not in only
    assert "Output layer" not in only


def test_a_network_without_targets_shows_its_forward_pass() -> None:
    X, _ = rows(4)
    step = trace(model(), X)
    assert step.inputs is not None
    assert step.inputs.d_features is None
    assert step.inputs.scale_contributions is None
    assert {record["stage"] for record in step.records()} == {"forward"}
    assert "scale₁" in step.to_html()
    plain = Network(3, (Layer(2, Relu()),), 1, "logistic")
    assert trace(model(plain, layer_norm=False), X).inputs is None
