"""The whole network: the chain rule against central differences, and against arithmetic done by hand."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from central_differences import numerical_gradient
from pellucid import spec
from pellucid.errors import SpecError
from pellucid.spec import Layer, LogLoss, Network, SquaredError
from pellucid.textbook.dropout import dropout_mask
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.losses import loss_problem
from pellucid.textbook.network import Batch, forward, predict, step
from pellucid.textbook.parameters import Parameters
from strategies import losses as any_loss
from strategies import networks

SMOOTH = [kind() for kind in get_args(spec.Activation)]


def targets_for(network, loss, random, rows):
    if isinstance(loss, LogLoss):
        if network.output == "softmax":
            return np.eye(network.outputs)[random.integers(0, network.outputs, rows)]
        return random.integers(0, 2, (rows, network.outputs)).astype(float)
    if isinstance(loss, spec.Poisson):
        return random.poisson(2.0, (rows, network.outputs)).astype(float)
    return random.normal(size=(rows, network.outputs)) * 3


def compare(network, loss, *, seed=0, rows=6, weighted=False, l1=0.0, l2=0.0, masks=(), tolerance=1e-6):
    """Compare the gradient with central differences of the reported loss; float64, steps of 1e-6."""
    random = np.random.default_rng(seed)
    vector = initial_parameters(network, np.random.RandomState(seed), np.float64)
    vector = vector + random.normal(0, 0.1, vector.shape)
    X = random.normal(size=(rows, network.inputs))
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


@given(network=networks(), rows=st.integers(1, 5), single=st.booleans())
def test_prediction_is_the_forward_pass(network, rows, single):
    dtype = np.float32 if single else np.float64
    parameters = Parameters(network, initial_parameters(network, np.random.RandomState(0), dtype))
    X = np.random.default_rng(0).normal(size=(rows, network.inputs)).astype(dtype)
    with np.errstate(over="ignore"):
        passes = forward(network, parameters, X)
        z = predict(network, parameters, X)
    assert z.dtype == passes[-1].activation.dtype == dtype
    np.testing.assert_array_equal(passes[-1].pre_activation, z)


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
    with pytest.raises(SpecError, match=r"a vector of 26 numbers; got an array of shape \(3,\)"):
        Parameters(network, np.zeros(3))
    with pytest.raises(SpecError, match=r"gain of layer 0 must have shape \(3,\); got None"):
        Parameters.from_arrays(network, parameters.weights, parameters.bias)
