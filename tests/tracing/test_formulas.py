"""Every formula that is shown is true: its numbers, worked out, give the engine's result."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from pellucid import MLPClassifier, MLPRegressor, spec, trace
from pellucid.textbook.activations import activation_rule
from pellucid.tracing.backward_formulas import delta_formulas, gradient_formulas
from pellucid.tracing.column_formulas import (
    basis_formula,
    embedded_formula,
    embedded_gradient_formulas,
    wave_gradient_formulas,
)
from pellucid.tracing.forward_formulas import forward_formulas
from pellucid.tracing.functions import derivative_text, function_text
from pellucid.tracing.input_formulas import feature_delta_formulas, scale_formula, scale_gradient_formula
from pellucid.tracing.loss_formulas import batch_formulas, row_formulas
from pellucid.tracing.notation import factor, number
from pellucid.tracing.preparing import prepare
from pellucid.tracing.steps import trace_step
from pellucid.tracing.update_formulas import update_formulas

WORDS = {
    "exp": math.exp,
    "ln": lambda x: math.log(x) if x > 0 else 0.0,  # 0 · ln 0 counts as 0
    "tanh": math.tanh,
    "max": max,
    "min": min,
    "sign": lambda x: float(np.sign(x)),
    "abs": abs,
    "sqrt": math.sqrt,
    "cos": math.cos,
    "sin": math.sin,
    "σ": lambda z: 1 / (1 + math.exp(-z)),
    "Φ": lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2))),
    "φ": lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
}


def value(text):
    """Work out a formula that is written with numbers."""
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text).replace("2π", str(2 * math.pi))
    for symbol, python in {"·": "*", "−": "-", "²": "**2", "½": "0.5", "√": "sqrt", "^": "**"}.items():
        text = text.replace(symbol, python)
    return eval(text.replace("[", "(").replace("]", ")"), {"__builtins__": {}}, WORDS)  # noqa: S307


def check(formula):
    expected = value(formula.result)
    if formula.numbers:
        assert value(formula.numbers) == pytest.approx(expected, rel=1e-9, abs=1e-12), str(formula)


ACTIVATIONS = [
    spec.Identity(),
    spec.Logistic(),
    spec.Tanh(),
    spec.Relu(),
    spec.LeakyRelu(0.2),
    spec.Elu(0.7),
    spec.Selu(),
    spec.Softplus(),
    spec.Gelu(),
    spec.Silu(),
    spec.Mish(),
]
OPTIMIZERS = [
    spec.GradientDescent(),
    spec.Momentum(0.8),
    spec.Nesterov(0.8),
    spec.Adagrad(),
    spec.RMSprop(),
    spec.Adam(),
    spec.AdamW(weight_decay=0.3),
]
LOSSES = [
    "squared_error",
    "absolute_error",
    spec.Huber(0.3),
    spec.Quantile(0.8),
    "poisson",
]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda each: each.name)
@given(z=st.floats(-8, 8))
@settings(max_examples=30, deadline=None)
def test_activations_are_written_as_they_are_computed(activation, z):
    rule, at = activation_rule(activation), np.array([z])
    a = rule.function(at)
    slope = float(rule.derivative(at, a)[0])
    a = float(a[0])
    assert value(function_text(activation, number(z, 17), 17)) == pytest.approx(a, rel=1e-9, abs=1e-12)
    text = derivative_text(activation, number(z, 17), number(a, 17), 17)
    assert value(text) == pytest.approx(slope, rel=1e-9, abs=1e-12)


def every_formula(step):
    """Yield all formulas of a step, with all their digits."""
    for row in range(len(step.rows)):
        yield from row_formulas(step, row, 17)
    yield from batch_formulas(step, 17)
    for layer in step.layers:
        for j in range(layer.neurons):
            for row in range(len(step.rows)):
                yield from forward_formulas(layer, row, j, 17)
                yield from delta_formulas(step, layer, row, j, 17)
            yield from gradient_formulas(step, layer, j, list(range(layer.weights.shape[0])), 17)
            for i in range(layer.weights.shape[0]):
                yield from update_formulas(step, "weights", layer.index, (i, j), "w", 17)
            yield from update_formulas(step, "bias", layer.index, (j,), "b", 17)
            if layer.gain is not None:
                yield from update_formulas(step, "gain", layer.index, (j,), "gain", 17)
            if layer.parametric is not None:
                yield from update_formulas(step, "slope", layer.index, (j,), "α", 17)
    if step.inputs is not None:
        yield from every_formula_of_the_inputs(step, step.inputs)


def every_formula_of_the_inputs(step, inputs):
    for j in range(inputs.width):
        for row in range(len(step.rows)):
            yield scale_formula(inputs, row, j, 17)
            yield from feature_delta_formulas(step, inputs, row, j, 17)
        yield scale_gradient_formula(step, inputs, j, 17)
        yield from update_formulas(step, "scale", 0, (j,), "scale", 17)
    for column in inputs.parts:
        bases = range(0 if column.basis is None else column.basis.shape[1])
        for row in range(len(step.rows)):
            yield from (basis_formula(column, row, k, 17) for k in bases)
            yield from (embedded_formula(inputs, column, row, j, 17) for j in column.features)
            for j in column.features:
                yield from embedded_gradient_formulas(step, column, row, j, list(bases), 17)
            for k in bases:
                yield from wave_gradient_formulas(step, column, row, k, 17)
        for role, index, symbol in column.learned:
            yield from update_formulas(step, role, index, (0,) * getattr(step.before, role)[index].ndim, symbol, 17)


def check_all(model, X, y, **options):
    formulas = list(every_formula(trace(model, X, y, **options)))
    assert len(formulas) > 50
    for formula in formulas:
        check(formula)


def rows(seed=0, n=9, features=8):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, features)), random


@pytest.mark.parametrize("solver", OPTIMIZERS, ids=lambda each: each.name)
def test_optimisers(solver):
    X, random = rows()
    y = random.integers(2, size=9)
    model = MLPClassifier((3,), solver=solver, batch_size=3, max_iter=2, tol=0, random_state=0, alpha=0.1, l1=0.02)
    check_all(model, X, y)
    with pytest.warns(ConvergenceWarning):  # two epochs are few
        model.fit(X, y)
    check_all(model, X[:3], y[:3])


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("outputs", [1, 2, 8])
def test_losses_of_regression(loss, outputs):
    X, random = rows()
    y = random.integers(4, size=(9, outputs)).astype(float)
    weight = random.uniform(0.5, 2, size=9)
    check_all(MLPRegressor(loss, (4,), activation="tanh", random_state=1), X, y.squeeze(), sample_weight=weight)


@pytest.mark.parametrize("classes", [2, 3, 8])
@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
def test_losses_of_classification(classes, loss):
    X, _ = rows()
    model = MLPClassifier((4, 3), activation="gelu", loss=loss, random_state=1)
    check_all(model, X, np.arange(9) % classes)


def test_everything_at_once():
    X, _ = rows()
    model = MLPClassifier(
        (7, 8), activation="silu", dropout=0.4, layer_norm=True, label_smoothing=0.2, clip_norm=0.01, random_state=3
    )
    check_all(model, X, np.arange(9) % 8)


def peculiar(**changes):
    """Return a network with a scale of its inputs, parametric activations and 'ntk'."""
    hidden = (spec.Layer(7, spec.Silu(), 0.4, True, parametric=True), spec.Layer(3, spec.Relu(), 0.4, True))
    return spec.Network(8, hidden, 3, "softmax", input_scale=True, parametrization="ntk", **changes)


@pytest.mark.parametrize("solver", [spec.Adam(), spec.AdamW(weight_decay=0.3)], ids=lambda each: each.name)
def test_scales_slopes_and_ntk(solver):
    X, random = rows()
    network = peculiar()
    model = MLPClassifier(
        (7, 3), ["silu", "relu"], dropout=0.4, layer_norm=True, solver=solver, alpha=0.1, l1=0.02, random_state=0
    )
    model.set_network(network, random.normal(size=spec.parameter_count(network)), classes=[0, 1, 2])
    check_all(model, X, np.arange(9) % 3, sample_weight=random.uniform(0.5, 2, size=9))


EDGES = tuple(tuple(np.sort(np.random.default_rng(column).normal(size=5)).tolist()) for column in range(6))


@pytest.mark.parametrize("numbers", [None, spec.Periodic(8, 0.3, 2), spec.PiecewiseLinear(EDGES, 3)], ids=str)
def test_embeddings(numbers):
    X, random = rows()
    X[:, 7] = random.integers(-1, 4, 9)  # codes of three levels, and none
    network = peculiar(embedding=spec.Embedding(6, numbers, 1, (spec.Category(3, 2),)))
    model = MLPClassifier((7, 3), ["silu", "relu"], dropout=0.4, layer_norm=True, alpha=0.1, random_state=0)
    model.set_network(network, random.normal(size=spec.parameter_count(network)), classes=[0, 1, 2])
    check_all(model, X, np.arange(9) % 3, sample_weight=random.uniform(0.5, 2, size=9))


def test_groups_of_parameters_have_rates_and_decays_of_their_own():
    X, random = rows()
    network = peculiar()
    model = MLPClassifier((7, 3), ["silu", "relu"], solver=spec.AdamW(weight_decay=0.3), dropout=0.4, layer_norm=True)
    model.set_network(network, random.normal(size=spec.parameter_count(network)), classes=[0, 1, 2])
    setup = prepare(model, X, np.arange(9) % 3)
    rates, decays = spec.Factors(bias=0.1, scale=6, slope=0.5), spec.Factors(bias=0, scale=6, norm=0)
    job = dataclasses.replace(setup.job, training=dataclasses.replace(setup.job.training, rates=rates, decays=decays))
    step = trace_step(dataclasses.replace(setup, job=job))
    formulas = list(every_formula(step))
    for formula in formulas:
        check(formula)
    assert any(formula.left == "η′" for formula in formulas)
    assert any("λ′" in formula.symbols for formula in formulas)


def test_labels():
    X, random = rows()
    check_all(MLPClassifier((4,), random_state=1, label_smoothing=0.1), X, random.integers(2, size=(9, 8)))


def test_numbers_are_rounded_and_signed_as_in_print():
    assert number(float("nan")) == "nan"
    assert number(float("-inf")) == "−inf"
    assert number(-0.0) == "0"
    assert number(123456.0) == "1.235e5"
    assert factor(-1e-7) == "(−1e−7)"
