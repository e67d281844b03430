"""Ensembles that share weights: the members written out, gradients by central differences, the mean of predictions."""

from dataclasses import replace

import numpy as np
import pytest

from central_differences import numerical_gradient
from pellucid import spec
from pellucid.errors import SpecError
from pellucid.spec import Category, Embedding, Ensemble, Layer, LogLoss, Network, Periodic, SquaredError
from pellucid.textbook.activations import tanh
from pellucid.textbook.dropout import dropout_mask
from pellucid.textbook.ensembles import combine_members, member_parameters
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.network import Batch, forward, predict, step
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters

KINDS = [Ensemble(3, adapters, start) for adapters in ("all", "first") for start in ("signs", "normal")]
HIDDEN = (Layer(6, spec.Tanh()), Layer(4, spec.Tanh()))


def drawn(network, seed=0, inputs=None):
    """Parameters near their start, no two alike."""
    vector = initial_parameters(network, np.random.RandomState(seed), "float64", inputs)
    return Parameters(network, vector + np.random.default_rng(seed).normal(0, 0.2, vector.shape))


@pytest.mark.parametrize("ensemble", KINDS, ids=str)
def test_a_member_is_batch_ensemble_written_out(ensemble):
    """((x ∘ r) W) ∘ s + b, layer by layer, as in the paper."""
    network = Network(5, HIDDEN, 2, ensemble=ensemble)
    theta, x = drawn(network), np.random.default_rng(1).normal(size=(7, 5))
    predictions = []
    for m in range(3):
        h = x
        for layer in range(3):
            r, s, b = theta.input_adapters[layer], theta.output_adapters[layer], theta.bias[layer]
            w = theta.weights[layer] if layer < 2 else theta.weights[layer][m]
            z = (h if r is None else h * r[m]) @ w * (1 if s is None else s[m]) + (b[m] if b.ndim == 2 else b)
            h = tanh(z) if layer < 2 else z
        predictions.append(h)
        own = member_parameters(network, theta, m)
        np.testing.assert_allclose(forward(network.member, own, x)[-1].pre_activation, h, rtol=1e-13)
    np.testing.assert_allclose(predict(network, theta, x), np.mean(predictions, axis=0), rtol=1e-12)
    assert not np.allclose(predictions[0], predictions[1])


@pytest.mark.parametrize("output", spec.OUTPUTS)
def test_the_prediction_is_the_mean_of_the_members_predictions(output):
    z = np.random.default_rng(0).normal(0, 3, size=(4, 6, 3))
    mean = np.mean([output_activation(output, each) for each in z], axis=0)
    np.testing.assert_allclose(output_activation(output, combine_members(output, list(z))), mean, rtol=1e-12)


@pytest.mark.parametrize("output", ["softmax", "logistic", "tanh"])
def test_probabilities_too_small_for_numbers_are_averaged(output):
    z = [np.array([[-2000.0, 0.0]]), np.array([[-2000.0, 1.0]])]
    combined = combine_members(output, z)
    assert np.isfinite(combined).all()
    assert combined[0, 0] == pytest.approx(-2000, rel=0.001)


def test_a_name_that_is_none():
    with pytest.raises(SpecError, match=r"got 'softmaks'\. Did you mean 'softmax'\?"):
        combine_members("softmaks", [np.zeros((1, 1))] * 2)


EMBEDDING = Embedding(2, Periodic(3, 0.5, 2), 1, (Category(3, 2), Category(2, 3)))
PIECES = {
    "plain": {},
    "normalised": {"hidden": (Layer(5, spec.Tanh(), layer_norm=True), Layer(4, spec.Gelu()))},
    "linear": {"hidden": ()},
    "all": {
        "hidden": (Layer(5, spec.Mish(), parametric=True), Layer(4, spec.Tanh(), layer_norm=True)),
        "embedding": EMBEDDING,
        "input_scale": True,
        "parametrization": "ntk",
    },
}


@pytest.mark.parametrize("ensemble", KINDS[::2], ids=str)
@pytest.mark.parametrize("name", PIECES)
def test_the_gradient_is_that_of_central_differences(name, ensemble):
    """Float64, steps of 1e-6, penalties and row weights included."""
    network = replace(Network(5, HIDDEN, 3, "softmax", ensemble=ensemble), **PIECES[name])
    random = np.random.default_rng(0)
    X = np.column_stack([random.normal(size=(8, 3)), random.integers(-1, 3, 8), random.integers(0, 2, 8)])
    batch = Batch(X, np.eye(3)[random.integers(0, 3, 8)], random.uniform(0.2, 2, 8))
    theta = drawn(network).vector

    def loss(vector):
        gradients = Parameters.empty(network, "float64")
        return step(network, LogLoss(0.1), Parameters(network, vector), batch, gradients, l1=0.01, l2=0.1).loss

    gradients = Parameters.empty(network, "float64")
    step(network, LogLoss(0.1), Parameters(network, theta), batch, gradients, l1=0.01, l2=0.1)
    np.testing.assert_allclose(gradients.vector, numerical_gradient(loss, theta), rtol=1e-5, atol=1e-7)


def test_the_loss_is_the_mean_of_the_members_losses_each_with_masks_of_its_own():
    hidden = (Layer(6, spec.Tanh(), 0.5), Layer(4, spec.Tanh(), 0.2))
    network = Network(5, hidden, 1, "logistic", ensemble=Ensemble(2))
    random = np.random.default_rng(0)
    theta, batch = drawn(network), Batch(random.normal(size=(9, 5)), random.integers(0, 2, (9, 1)).astype(float))
    rates = [layer.dropout for layer in hidden] * 2
    masks = [
        dropout_mask(rate, (9, width), key=3, step=0, layer=i, dtype="float64")
        for i, (rate, width) in enumerate(zip(rates, [6, 4, 6, 4], strict=True))
    ]
    losses = []
    for m in range(2):
        gradients = Parameters.empty(network.member, "float64")
        own = member_parameters(network, theta, m)
        losses.append(step(network.member, LogLoss(), own, batch, gradients, masks=masks[2 * m : 2 * m + 2]).loss)
    gradients = Parameters.empty(network, "float64")
    whole = step(network, LogLoss(), theta, batch, gradients, masks=masks)
    assert whole.loss == pytest.approx(np.mean(losses), rel=1e-14)
    assert len(whole.layers) == 6
    assert not np.array_equal(whole.layers[0].outputs, whole.layers[3].outputs)


def test_one_member_without_adapters_is_the_plain_network():
    """With r and s of 1 nothing is adapted: the plain gradient, and its sums for the adapters."""
    network = Network(5, HIDDEN, 2, ensemble=Ensemble(1))
    plain = drawn(network.member)
    theta = Parameters(network, np.ones(spec.parameter_count(network)))
    for index in range(3):
        theta.weights[index][...], theta.bias[index][...] = plain.weights[index], plain.bias[index]
    batch = Batch(np.random.default_rng(0).normal(size=(9, 5)), np.ones((9, 2)))
    ours, theirs = Parameters.empty(network, "float64"), Parameters.empty(network.member, "float64")
    assert (
        step(network, SquaredError(), theta, batch, ours).loss
        == step(network.member, SquaredError(), plain, batch, theirs).loss
    )
    for index in range(3):
        np.testing.assert_array_equal(ours.weights[index].reshape(theirs.weights[index].shape), theirs.weights[index])
        np.testing.assert_array_equal(ours.bias[index].ravel(), theirs.bias[index])
    expected = (theirs.weights[0] * plain.weights[0]).sum(axis=1)
    np.testing.assert_allclose(ours.input_adapters[0].ravel(), expected, rtol=1e-12)


def test_members_begin_with_adapters_of_the_columns_and_heads_of_their_own():
    network = Network(5, HIDDEN, 3, embedding=EMBEDDING, ensemble=Ensemble(16))
    parameters = Parameters(network, initial_parameters(network, np.random.RandomState(0), "float64"))
    first = parameters.input_adapters[0]
    assert set(first.ravel()) == {-1.0, 1.0}
    columns = np.repeat(np.arange(5), EMBEDDING.features_of_columns)
    for column in range(5):
        of_column = first[:, columns == column]
        assert (of_column == of_column[:, :1]).all()
    assert np.unique(first, axis=0).shape[0] > 8
    assert (parameters.input_adapters[1] == 1).all()
    assert all((each == 1).all() for each in parameters.output_adapters[:2])
    assert parameters.output_adapters[2] is None
    assert np.unique(parameters.weights[2], axis=0).shape[0] == 16
    assert (parameters.bias[0] == parameters.bias[0][0]).all()
    normal = replace(network, ensemble=Ensemble(1000, start="normal"))
    first = Parameters(normal, initial_parameters(normal, np.random.RandomState(0), "float64")).input_adapters[0]
    assert first.std() == pytest.approx(1, abs=0.05)


def test_a_start_from_data_is_the_plain_networks_for_all_members():
    network = Network(5, HIDDEN, 3, initializer=spec.FromData(), ensemble=Ensemble(4))
    X = np.random.default_rng(0).normal(size=(50, 5))
    parameters = Parameters(network, initial_parameters(network, np.random.RandomState(0), "float64", X))
    np.testing.assert_allclose((X @ parameters.weights[0]).std(axis=0), 1, rtol=1e-12)
    assert (parameters.weights[2] == parameters.weights[2][0]).all()
    assert parameters.weights[2].any()


def test_an_ensemble_has_no_single_forward_pass():
    network = Network(2, (), 1, ensemble=Ensemble(2))
    with pytest.raises(SpecError, match="one forward pass a member"):
        forward(network, drawn(network), np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ensemble(0), "'members' of Ensemble must be an integer of at least 1; got 0."),
        (
            lambda: Ensemble(2, "some"),
            "'adapters' of Ensemble must be one of its known names; got 'some'.",
        ),
        (
            lambda: Ensemble(2, start="zeros"),
            "'start' of Ensemble must be one of its known names; got 'zeros'.",
        ),
        (lambda: Network(1, (), 1, ensemble=3), "'ensemble' of Network must be"),
    ],
)
def test_descriptions_that_make_no_sense(make, message):
    with pytest.raises(SpecError) as raised:
        make()
    assert message in str(raised.value)
