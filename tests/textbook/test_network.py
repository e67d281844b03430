"""The whole network: the chain rule against central differences, and against arithmetic done by hand."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from central_differences import numerical_gradient
from pellucid import spec
from pellucid.errors import PellucidError, SpecError
from pellucid.spec import Category, Embedding, Layer, LogLoss, Network, Periodic, PiecewiseLinear, SquaredError
from pellucid.textbook.activations import gelu
from pellucid.textbook.dropout import dropout_mask
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.losses import loss_problem
from pellucid.textbook.network import Batch, forward, output_sums, predict, step
from pellucid.textbook.parameters import Parameters
from strategies import embedded_networks, networks, rows_for
from strategies import losses as any_loss

SMOOTH = [kind() for kind in get_args(spec.Activation)]


def targets_for(network, loss, random, rows):
    if isinstance(loss, LogLoss):
        if network.output == "softmax":
            return np.eye(network.outputs)[random.integers(0, network.outputs, rows)]
        return random.integers(0, 2, (rows, network.outputs)).astype(float)
    if isinstance(loss, spec.Poisson):
        return random.poisson(2.0, (rows, network.outputs)).astype(float)
    return random.normal(size=(rows, network.outputs)) * 3


def compare(network, loss, *, seed=0, rows=6, weighted=False, l1=0.0, l2=0.0, masks=(), tolerance=1e-6, X=None):
    """Compare the gradient with central differences of the reported loss; float64, steps of 1e-6."""
    random = np.random.default_rng(seed)
    X = rows_for(network, rows, seed) if X is None else X
    vector = initial_parameters(network, np.random.RandomState(seed), np.float64, X)
    vector = vector + random.normal(0, 0.1, vector.shape)
    weight = random.uniform(0.2, 3, rows) if weighted else None
    batch = Batch(X, targets_for(network, loss, random, rows), weight)

    def value(theta):
        gradients = Parameters.empty(network, np.float64)
        return step(network, loss, Parameters(network, theta), batch, gradients, l1=l1, l2=l2, masks=masks).loss

    gradients = Parameters.empty(network, np.float64)
    step(network, loss, Parameters(network, vector), batch, gradients, l1=l1, l2=l2, masks=masks)
    expected = numerical_gradient(value, vector)
    np.testing.assert_allclose(gradients.vector, expected, rtol=tolerance * 10, atol=tolerance)


PAIRS = [
    (loss, output)
    for loss in [kind() for kind in get_args(spec.Loss)] + [LogLoss(0.2), spec.Huber(0.5), spec.Quantile(0.8)]
    for output in spec.OUTPUTS
    if loss_problem(loss, output) is None
]


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("activation", SMOOTH, ids=lambda a: a.name)
def test_every_activation(activation, layer_norm):
    hidden = (Layer(5, activation, layer_norm=layer_norm), Layer(4, activation, layer_norm=layer_norm))
    compare(Network(3, hidden, 2, "softmax"), LogLoss(), l1=0.01, l2=0.1, weighted=True)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("loss", "output"), PAIRS, ids=str)
def test_every_loss_with_every_output(loss, output, weighted):
    compare(Network(3, (Layer(4, spec.Tanh()),), 3, output), loss, weighted=weighted)


def test_dropout_masks():
    network = Network(3, (Layer(6, spec.Tanh(), 0.5), Layer(5, spec.Gelu())), 1)
    mask = dropout_mask(0.5, (6, 6), key=1, step=0, layer=0, dtype=np.float64)
    compare(network, SquaredError(), masks=[mask, None])


@settings(max_examples=60)
@given(network=networks(5, 3), loss=any_loss, seed=st.integers(0, 10**6), rows=st.integers(1, 5), data=st.data())
def test_random_networks(network, loss, seed, rows, data):
    """Any network; kinks (relu, absolute error) are avoided by asking for agreement at half of two step sizes."""
    if loss_problem(loss, network.output) is not None or network.output == "exp":
        return
    rough = {"relu", "leaky_relu", "elu", "selu"} & {layer.activation.name for layer in network.hidden}
    if rough or loss.name in ("absolute_error", "huber", "quantile"):
        return
    if max([0.0, *(getattr(layer.activation, "alpha", 0) for layer in network.hidden)]) > 10:
        return
    narrow_norm = any(layer.layer_norm and layer.width < 3 for layer in network.hidden)
    if narrow_norm or getattr(network.initializer, "std", 0) > 2 or getattr(network.initializer, "bound", 0) > 2:
        return  # saturated or singular: differences of 1e-6 say nothing there
    compare(network, loss, seed=seed, rows=rows, l2=data.draw(st.sampled_from([0.0, 0.3])), tolerance=2e-5)


def test_by_hand():
    """Two rows, one hidden neuron, all numbers worked out on paper."""
    network = Network(1, (Layer(1, spec.Relu()),), 1)
    parameters = Parameters(network, np.array([2.0, 3.0, 1.0, 0.5]))  # w0, w1, b0, b1
    batch = Batch(np.array([[1.0], [-1.0]]), np.array([[10.0], [1.0]]))
    gradients = Parameters.empty(network, np.float64)
    done = step(network, SquaredError(), parameters, batch, gradients)
    # predictions 9.5 and 0.5; residuals -0.5 and -0.5; loss mean of ½·0.25
    assert done.loss == 0.125
    assert done.layers[0].pre_activation.ravel().tolist() == [3.0, -1.0]
    assert done.layers[1].delta.ravel().tolist() == [-0.5, -0.5]
    # means over two rows: w1: (-0.5·3 + -0.5·0)/2; b1: -0.5; w0: (-0.5·3·1)/2; b0: (-0.5·3)/2
    assert gradients.vector.tolist() == [-0.75, -0.75, -0.75, -0.5]


def test_sum_and_mean_differ_by_the_number_of_rows():
    network = Network(2, (Layer(3, spec.Tanh()),), 1, "logistic")
    parameters = Parameters(network, initial_parameters(network, np.random.RandomState(0), np.float64))
    batch = Batch(np.random.default_rng(0).normal(size=(8, 2)), np.ones((8, 1)))
    mean, total = (Parameters.empty(network, np.float64) for _ in range(2))
    by_mean = step(network, LogLoss(), parameters, batch, mean)
    by_sum = step(network, LogLoss(), parameters, batch, total, reduction="sum")
    np.testing.assert_allclose(total.vector, 8 * mean.vector, rtol=1e-12)
    assert by_mean.loss == by_sum.loss


def test_sparse_rows_are_dense_rows():
    random = np.random.default_rng(1)
    X = np.where(random.random((7, 5)) < 0.6, 0, random.normal(size=(7, 5)))
    network = Network(5, (Layer(4), Layer(3)), 2)
    parameters = Parameters(network, initial_parameters(network, np.random.RandomState(0), np.float64))
    found = []
    for rows in (X, sparse.csr_matrix(X), sparse.csr_array(X)):
        gradients = Parameters.empty(network, np.float64)
        step(network, SquaredError(), parameters, Batch(rows, np.ones((7, 2))), gradients)
        found.append(gradients.vector)
        np.testing.assert_allclose(predict(network, parameters, rows), predict(network, parameters, X), rtol=1e-12)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)
    np.testing.assert_array_equal(found[2], found[1])


@given(network=embedded_networks(), rows=st.integers(1, 5), single=st.booleans())
def test_prediction_is_the_forward_pass(network, rows, single):
    network = network.member
    dtype = np.float32 if single else np.float64
    X = rows_for(network, rows).astype(dtype)
    parameters = Parameters(network, initial_parameters(network, np.random.RandomState(0), dtype, X))
    with np.errstate(over="ignore", invalid="ignore"):
        passes = forward(network, parameters, X)
        z = output_sums(network, parameters, X)
        predicted = predict(network, parameters, X)
    assert z.dtype == passes[-1].activation.dtype == dtype
    assert passes[0].inputs.shape == (rows, network.features)
    np.testing.assert_array_equal(passes[-1].pre_activation, z)
    np.testing.assert_array_equal(passes[-1].activation, predicted)


@pytest.mark.parametrize(
    ("loss", "inputs", "told"),
    [
        (LogLoss(), np.ones((2, 3)), r"inputs of this network must have the shape \(rows, 2\); got \(2, 3\)"),
        (LogLoss(), np.ones(2), r"shape \(rows, 2\); got \(2,\)"),
        (spec.Poisson(), np.ones((2, 2)), "Poisson loss needs an output of 'exp'; got 'logistic'"),
    ],
)
def test_what_does_not_go_together_is_told(loss, inputs, told):
    network = Network(2, (Layer(3),), 1, "logistic")
    parameters = Parameters(network, initial_parameters(network, 0, np.float64))
    gradients = Parameters.empty(network, np.float64)
    with pytest.raises(PellucidError, match=told):
        step(network, loss, parameters, Batch(inputs, np.ones((2, 1))), gradients)


PIECES = {
    "periodic": {"embedding": Embedding(numbers=3, number_embedding=Periodic(4, 0.3, 2), passed=2)},
    "piecewise linear": {"embedding": Embedding(3, PiecewiseLinear(((-1.0, 1.0), (-0.5, 0.2, 0.9), (0.0, 3.0)), 2), 2)},
    "categories": {"embedding": Embedding(passed=2, categories=(Category(3, 2), Category(4, 3), Category(1, 1)))},
    "numbers as they are": {"embedding": Embedding(numbers=3, passed=1, categories=(Category(2, 1),))},
    "input scale": {"input_scale": True},
    "ntk": {"parametrization": "ntk"},
    "parametric": {"parametric": True},
    "all": {
        "embedding": Embedding(2, Periodic(3, 0.5, 2), 1, (Category(3, 2), Category(2, 3))),
        "input_scale": True,
        "parametrization": "ntk",
        "parametric": True,
    },
}


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("name", PIECES)
def test_every_piece(name, layer_norm):
    pieces = {"embedding": None, "parametric": False} | PIECES[name]
    layer = {"layer_norm": layer_norm, "parametric": pieces.pop("parametric")}
    inputs = 5 if pieces["embedding"] is None else pieces["embedding"].inputs
    network = Network(inputs, (Layer(5, spec.Mish(), **layer), Layer(4, spec.Selu(), **layer)), 2, "softmax", **pieces)
    compare(network, LogLoss(), l1=0.01, l2=0.1, weighted=True, rows=12)


def test_a_piece_of_a_linear_model():
    """Without a hidden layer the embedding and the scale meet the output layer itself."""
    embedding = Embedding(2, PiecewiseLinear(((-1.0, 0.0, 1.0), (-1.0, 1.0)), 2), 1, (Category(3, 2),))
    compare(Network(4, (), 2, embedding=embedding, input_scale=True), SquaredError(), rows=9)


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda a: a.name)
def test_every_parametric_activation_with_dropout(activation):
    network = Network(3, (Layer(6, activation, 0.5, parametric=True), Layer(5, activation, parametric=True)), 2)
    mask = dropout_mask(0.5, (6, 6), key=1, step=0, layer=0, dtype=np.float64)
    compare(network, SquaredError(), masks=[mask, None])


@settings(max_examples=100)
@given(network=embedded_networks(5, 2), seed=st.integers(0, 10**6), rows=st.integers(1, 6), weighted=st.booleans())
def test_random_networks_with_all_pieces(network, seed, rows, weighted):
    """Any shape of any piece; activations and starts are smooth and moderate, so that differences say something."""
    hidden = tuple(
        replace(layer, activation=spec.Tanh(), dropout=0, layer_norm=layer.layer_norm and layer.width > 2)
        for layer in network.hidden
    )
    network = replace(network, hidden=hidden, output="identity", initializer=spec.Normal(0.5))
    compare(network, SquaredError(), seed=seed, rows=rows, weighted=weighted, l2=0.1)


def test_a_parametric_activation_goes_from_a_line_to_the_curve():
    random = np.random.default_rng(0)
    X = random.normal(size=(5, 3))
    curved = Network(3, (Layer(4, spec.Gelu(), parametric=True),), 2)
    parameters = Parameters(curved, random.normal(size=spec.parameter_count(curved)))
    for slope, plain in ((0.0, spec.Identity()), (1.0, spec.Gelu())):
        parameters.slope[0][...] = slope
        network = Network(3, (Layer(4, plain),), 2)
        theirs = Parameters.from_arrays(network, parameters.weights, parameters.bias)
        np.testing.assert_allclose(predict(curved, parameters, X), predict(network, theirs, X), rtol=1e-13)
    parameters.slope[0][...] = [0.0, 1.0, 0.5, 2.0]
    done = forward(curved, parameters, X)[0]
    z = done.pre_activation
    expected = z + (gelu(z) - z) * [0.0, 1.0, 0.5, 2.0]
    np.testing.assert_allclose(done.activation, expected, rtol=1e-13)


def test_ntk_divides_the_weights():
    random = np.random.default_rng(1)
    hidden = (Layer(9, spec.Tanh()), Layer(4, spec.Tanh()))
    ntk, standard = Network(5, hidden, 3, parametrization="ntk"), Network(5, hidden, 3)
    parameters = Parameters(ntk, random.normal(size=spec.parameter_count(ntk)))
    divided = [weights / np.sqrt(len(weights)) for weights in parameters.weights]
    theirs = Parameters.from_arrays(standard, divided, parameters.bias)
    X = random.normal(size=(6, 5))
    np.testing.assert_allclose(predict(ntk, parameters, X), predict(standard, theirs, X), rtol=1e-13)


def test_a_scale_multiplies_the_features_dense_or_sparse():
    random = np.random.default_rng(2)
    X = np.where(random.random((7, 5)) < 0.6, 0, random.normal(size=(7, 5)))
    network, plain = Network(5, (Layer(4, spec.Tanh()),), 2, input_scale=True), Network(5, (Layer(4, spec.Tanh()),), 2)
    parameters = Parameters(network, random.normal(size=spec.parameter_count(network)))
    theirs = Parameters.from_arrays(plain, parameters.weights, parameters.bias)
    expected = predict(plain, theirs, X * parameters.scale)
    found = []
    for rows in (X, sparse.csr_matrix(X), sparse.csr_array(X)):
        np.testing.assert_allclose(predict(network, parameters, rows), expected, rtol=1e-12)
        gradients = Parameters.empty(network, np.float64)
        step(network, SquaredError(), parameters, Batch(rows, np.ones((7, 2))), gradients)
        found.append(gradients.vector)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-12, atol=1e-15)


def test_penalties_see_the_raw_weights():
    network = Network(4, (Layer(3, parametric=True),), 1, input_scale=True, parametrization="ntk")
    parameters = Parameters(network, np.random.default_rng(0).normal(size=spec.parameter_count(network)))
    batch = Batch(np.ones((2, 4)), np.ones((2, 1)))
    plain, penalised = (Parameters.empty(network, np.float64) for _ in range(2))
    step(network, SquaredError(), parameters, batch, plain)
    done = step(network, SquaredError(), parameters, batch, penalised, l2=3.0)
    weights = np.concatenate([each.ravel() for each in parameters.weights])
    assert done.penalty == pytest.approx(0.5 * 3.0 * (weights @ weights) / 2)
    difference = penalised.vector - plain.vector
    np.testing.assert_allclose(difference[: weights.size], 1.5 * weights, rtol=1e-12)
    assert not difference[weights.size :].any()


def test_parameters_are_views_of_one_vector():
    network = Network(2, (Layer(3, layer_norm=True), Layer(2)), 1)
    parameters = Parameters(network, np.zeros(spec.parameter_count(network)))
    parameters.weights[0][...] = 1
    parameters.gain[0][...] = 2
    assert parameters.vector.sum() == 6 + 6
    assert parameters.all_weights.size == 6 + 6 + 2
    assert parameters.gain[1] is None
    again = Parameters.from_arrays(network, parameters.weights, parameters.bias, parameters.gain, parameters.shift)
    np.testing.assert_array_equal(again.vector, parameters.vector)
    assert parameters.rest.size == 0
    with pytest.raises(SpecError, match=r"a vector of 26 numbers; got an array of shape \(3,\)"):
        Parameters(network, np.zeros(3))
    with pytest.raises(SpecError, match=r"gain of layer 0 must have shape \(3,\); got None"):
        Parameters.from_arrays(network, parameters.weights, parameters.bias)


@given(embedded_networks())
def test_parameters_come_apart_and_together_again(network):
    """Every view is the layout's piece, and the pieces make the vector."""
    parameters = Parameters(network, np.arange(float(spec.parameter_count(network))))
    layers = (parameters.weights, parameters.bias, parameters.gain, parameters.shift)
    again = Parameters.from_arrays(network, *layers, parameters.rest)
    np.testing.assert_array_equal(again.vector, parameters.vector)
    for block in spec.parameter_layout(network):
        found = getattr(parameters, block.role)
        if block.role == "scale":
            pieces = [found]
        elif block.role in ("frequencies", "phases", "number_bias") or (
            block.role == "number_weights" and len(block.shape) == 3
        ):
            pieces = found
        else:
            pieces = [found[block.layer]]
        flat = np.concatenate([piece.ravel() for piece in pieces])
        np.testing.assert_array_equal(flat, np.arange(block.start, block.stop))
        assert all(np.shares_memory(piece, parameters.vector) for piece in pieces)
