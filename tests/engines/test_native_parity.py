"""The native engine against its plain twin: every formula, in every instruction set."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from native_cases import (
    ACTIVATIONS,
    ISAS,
    LOSSES,
    assert_same_run,
    batch,
    job,
    native,
    needs_native,
    network,
    parameters,
    relative_error,
    train,
)
from pellucid.engines.textbook import TextbookEngine
from pellucid.spec import (
    Adagrad,
    Adam,
    AdamW,
    Adaptive,
    Category,
    Constant,
    Cosine,
    Embedding,
    Exponential,
    GradientDescent,
    InvScaling,
    Layer,
    Lbfgs,
    LogLoss,
    Mish,
    Momentum,
    Nesterov,
    Network,
    OneCycle,
    Periodic,
    PiecewiseLinear,
    RMSprop,
    Selu,
    SquaredError,
    Step,
    Stopping,
    Tanh,
    Training,
    parameter_count,
)
from pellucid.textbook.parameters import Parameters
from pellucid.training.coded import CodedRows
from pellucid.training.stopping import Outcome

OPTIMIZERS = [
    GradientDescent(),
    Momentum(0.8),
    Nesterov(0.9),
    Adagrad(),
    RMSprop(),
    Adam(),
    AdamW(weight_decay=0.1),
]
SCHEDULES = [
    Constant(),
    InvScaling(),
    Adaptive(),
    Step(2, 0.5),
    Exponential(0.9),
    Cosine(0.2, 0.1),
    OneCycle(),
]
SHOWN = ("pre_activation", "activation", "outputs", "mask", "normalised", "inverse_std", "delta")


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda rule: rule.name)
def test_every_activation_with_every_loss(isa, activation):
    for (output, loss), (layer_norm, dropout) in product(LOSSES, [(False, 0.0), (True, 0.3)]):
        net = network(activation=activation, layer_norm=layer_norm, dropout=dropout, output=output)
        training = Training(loss, Adam(), batch_size=32, epochs=1, l1=1e-3, l2=1e-2)
        data = batch(net, weights=True)
        (wanted,), (got,) = (train(engine, job(net, training, data)) for engine in (TextbookEngine(), native(isa)))
        assert_same_run(got, wanted)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda rule: rule.name)
@pytest.mark.parametrize(("layer_norm", "dropout"), [(False, 0.0), (True, 0.0), (False, 0.3), (True, 0.3)])
def test_every_number_of_a_step(isa, activation, layer_norm, dropout):
    net = network(activation=activation, layer_norm=layer_norm, dropout=dropout)
    training = Training(LogLoss(), l1=1e-3, l2=1e-2)
    data, vector = batch(net, rows=1100, weights=True), Parameters(net, parameters(net))
    masks = (3, 4) if dropout else None
    wanted = TextbookEngine().loss_and_gradients(net, training, vector, data, dropout=masks)
    got = native(isa).loss_and_gradients(net, training, vector, data, dropout=masks)
    for ours, theirs in zip(got.layers, wanted.layers, strict=True):
        for name in SHOWN:
            mine, reference = getattr(ours, name), getattr(theirs, name)
            assert (mine is None) == (reference is None), name
            if mine is not None:
                assert relative_error(mine, reference) < 1e-11, name
    assert got.loss == pytest.approx(wanted.loss, rel=1e-12)
    assert got.penalty == pytest.approx(wanted.penalty, rel=1e-12)
    assert relative_error(got.gradients.vector, wanted.gradients.vector) < 1e-11


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda rule: rule.name)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda rule: rule.name)
def test_every_optimizer_with_every_schedule(isa, optimizer, schedule):
    stopping = Stopping("validation_loss", patience=1, restore_best=True)
    net = network()
    for clip_norm, reduction in [(0.3, "mean"), (None, "sum")]:
        rate = 0.01 if reduction == "mean" else 1e-4
        training = Training(
            LogLoss(),
            optimizer,
            learning_rate=rate,
            schedule=schedule,
            batch_size=32,
            epochs=6,
            l2=1e-2,
            clip_norm=clip_norm,
            reduction=reduction,
            stopping=stopping,
        )
        data, validation = batch(net), batch(net, 50, seed=2, weights=True)
        wanted, got = (
            train(engine, job(net, training, data, validation=validation, score="accuracy"))[0]
            for engine in (TextbookEngine(), native(isa))
        )
        assert_same_run(got, wanted)
        for ours, theirs in zip(got.state.optimizer.arrays, wanted.state.optimizer.arrays, strict=True):
            assert relative_error(ours, theirs) < 1e-10


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda rule: rule.name)
def test_float32_is_as_near_as_float32_can_be(isa, activation):
    net = network(activation=activation)
    data = batch(net, dtype="float32")
    exact = batch(net)
    training = Training(LogLoss(), batch_size=32, epochs=2, dtype="float32")
    (got,) = train(native(isa), job(net, training, data))
    twin = Training(LogLoss(), batch_size=32, epochs=2)
    (wanted,) = train(TextbookEngine(), job(net, twin, exact))
    assert got.parameters.dtype == np.float32
    assert relative_error(got.parameters, wanted.parameters) < 1e-4


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_sums_stay_as_in_the_textbook(isa, dtype):
    sums = np.array([-1e4, -800.0, -90.0, -30.0, -1e-9, 0.0, 1e-9, 30.0, 90.0, 800.0, 1e4], dtype)[:, np.newaxis]
    for activation in ACTIVATIONS:
        net = Network(1, (Layer(1, activation),), 1)
        vector = Parameters(net, np.array([1.0, 1.0, 0.0, 0.0], dtype))
        wanted = TextbookEngine().forward(net, vector, sums)
        got = native(isa).forward(net, vector, sums)
        scale = np.maximum(np.abs(wanted), 1.0)
        assert np.all(np.abs(got - wanted) <= 4 * np.finfo(dtype).eps * scale), activation.name


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("score", ["accuracy", "r2", lambda prediction: float(prediction[:, 0].mean())])
@pytest.mark.parametrize("output", ["softmax", "logistic"])
def test_scores(isa, score, output):
    net = network(output=output)
    training = Training(LogLoss(), epochs=3, stopping=Stopping("validation_score"))
    validation = batch(net, 1500, seed=3, weights=True)
    wanted, got = (
        train(engine, job(net, training, batch(net), validation=validation, score=score))[0]
        for engine in (TextbookEngine(), native(isa))
    )
    assert_same_run(got, wanted)


def thinned(net, rows, share, seed=0):
    """A dense batch of which so many numbers are not 0, and the same in compressed rows; its first row is empty."""
    dense = batch(net, rows, seed=seed, weights=True)
    dense.inputs[np.random.default_rng(seed).random(dense.inputs.shape) > share] = 0
    dense.inputs[0] = 0
    return dense, replace(dense, inputs=csr_matrix(dense.inputs))


@pytest.mark.parametrize("isa", ISAS)
def test_sparse_rows(isa):
    """Where many numbers are there, whole panels are made of them: the same bits."""
    net = network((30, 7, 3))
    dense, sparse = thinned(net, 101, 0.3)
    training = Training(LogLoss(), batch_size=32, epochs=3)
    (wanted,), (got,) = train(native(isa), job(net, training, dense)), train(native(isa), job(net, training, sparse))
    assert np.array_equal(got.parameters, wanted.parameters)
    vector = Parameters(net, parameters(net))
    assert np.array_equal(
        native(isa).forward(net, vector, sparse.inputs), native(isa).forward(net, vector, dense.inputs)
    )


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("widths", [(50, 1), (301, 5, 3), (40, 16, 2), (60, 70, 9, 2), (33, 200, 3)])
@pytest.mark.parametrize("rows", [1, 37, 1500])
def test_thin_rows_are_multiplied_as_they_are(isa, widths, rows):
    """Sums go through the numbers that are there only: float64 differs from that of whole panels by rounding."""
    net = network(widths, Tanh(), dropout=0.2)
    dense, sparse = thinned(net, rows, 0.1, seed=rows)
    vector = Parameters(net, parameters(net))
    z = native(isa).forward(net, vector, sparse.inputs)
    assert relative_error(z, TextbookEngine().forward(net, vector, dense.inputs)) < 1e-12
    training = Training(LogLoss(), batch_size=None, epochs=3, l2=0.1)
    wanted = native(isa).loss_and_gradients(net, training, vector, dense)
    got = native(isa).loss_and_gradients(net, training, vector, sparse)
    assert got.loss == pytest.approx(wanted.loss, rel=1e-13)
    assert relative_error(got.gradients.vector, wanted.gradients.vector) < 1e-12
    for validation in (None, sparse, dense):
        (run,) = train(native(isa), job(net, training, sparse, validation=validation))
        (of_dense,) = train(native(isa), job(net, training, dense, validation=validation))
        assert_same_run(run, of_dense)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_thin_rows_by_any_number_of_threads(dtype):
    net = network((2000, 150, 40, 3))
    _, sparse = thinned(net, 2100, 0.03)
    training = Training(LogLoss(), batch_size=1300, epochs=2, dtype=dtype)
    runs = [train(native(threads=threads), job(net, training, sparse))[0].parameters for threads in (1, 2, 3, 8)]
    for other in runs[1:]:
        assert np.array_equal(other, runs[0])


def test_thin_rows_of_any_form():
    """Columns in any order, some stored twice, in 64 bits; a network that scales its inputs."""
    net = replace(network((40, 9, 3)), input_scale=True, parametrization="ntk")
    dense, sparse = thinned(net, 90, 0.1)
    training = Training(LogLoss(), batch_size=32, epochs=3)
    (wanted,) = train(native(), job(net, training, dense))
    csr = sparse.inputs
    order = np.concatenate([np.arange(a, b)[::-1] for a, b in pairwise(csr.indptr)])
    parts = np.repeat(csr.data[order] / 2, 2), np.repeat(csr.indices[order], 2).astype(np.int64), 2 * csr.indptr
    twice = csr_matrix(csr.shape)
    twice.data, twice.indices, twice.indptr = parts[0], parts[1], parts[2].astype(np.int64)
    assert not twice.has_canonical_format
    (got,) = train(native(), job(net, training, replace(sparse, inputs=twice)))
    assert_same_run(got, wanted)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("rows", [1, 2, 31, 300, 2500])
@pytest.mark.parametrize("widths", [(1, 1), (3, 5, 2), (40, 130, 70, 11)])
def test_a_row_alone_is_the_same_row_in_a_crowd(isa, rows, widths):
    net = network(widths, Tanh(), output="identity")
    vector = Parameters(net, parameters(net))
    inputs = batch(net, rows).inputs
    z = native(isa).forward(net, vector, inputs)
    assert relative_error(z, TextbookEngine().forward(net, vector, inputs)) < 1e-12
    for row in {0, rows // 2, rows - 1}:
        assert np.array_equal(native(isa).forward(net, vector, inputs[row : row + 1])[0], z[row])


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("numbers", [None, Periodic(4, 0.3, 2), PiecewiseLinear(((-1.0, 0.0, 1.0), (-0.5, 0.5)), 3)])
def test_few_rows_are_the_same_rows_in_a_crowd(isa, layer_norm, dtype, numbers):
    """With all that may happen on the way: embeddings, scales, parametric activations, and one that needs panels."""
    embedding = None if numbers is None else Embedding(2, numbers, 1, (Category(4, 3), Category(2, 1)))
    hidden = (Layer(37, Mish(), parametric=True), Layer(21, Selu(), layer_norm=layer_norm, parametric=True), Layer(9))
    net = Network(5, hidden, 3, "softmax", embedding=embedding, input_scale=True, parametrization="ntk")
    random = np.random.default_rng(0)
    vector = Parameters(net, random.normal(size=parameter_count(net)).astype(dtype))
    codes = [random.integers(-1, levels + 1, 70) for levels in (4, 2)]
    inputs = np.column_stack([random.normal(size=(70, 3)), *codes]).astype(dtype)
    z = native(isa).forward(net, vector, inputs)
    wanted = TextbookEngine().forward(net, vector, inputs)
    assert relative_error(z, wanted) < (1e-12 if dtype == "float64" else 1e-4)
    for count in (1, 2, 3, 4, 5):
        assert np.array_equal(native(isa).forward(net, vector, inputs[:count]), z[:count])
    coded = CodedRows.of(lambda: [inputs[-2:]], (2, 5), dtype)
    assert np.array_equal(native(isa).forward(net, vector, coded), z[-2:])


@needs_native
@pytest.mark.parametrize("engine", ["textbook", "native"])
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize(("output", "loss"), LOSSES, ids=str)
def test_gradients_are_differences_of_the_loss(engine, output, loss, layer_norm):
    net = network((3, 4, 2), Tanh(), layer_norm=layer_norm, output=output)
    runs = TextbookEngine() if engine == "textbook" else native()
    training, data = Training(loss, l2=0.1), batch(net, 9, weights=True)
    vector = parameters(net)
    gradient = runs.loss_and_gradients(net, training, Parameters(net, vector), data).gradients.vector
    for index in range(vector.size):
        losses = []
        for step in (1e-6, -1e-6):
            moved = vector.copy()
            moved[index] += step
            losses.append(runs.loss_and_gradients(net, training, Parameters(net, moved), data).loss)
        assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(gradient[index], abs=1e-6)


@needs_native
def test_lbfgs():
    net = network((4, 6, 1), Tanh(), output="identity")
    training = Training(SquaredError(), Lbfgs(), epochs=30, l2=1e-3)
    wanted, got = (train(engine, job(net, training, batch(net)))[0] for engine in (TextbookEngine(), native()))
    assert got.outcome is wanted.outcome
    assert got.history.loss[-1] == pytest.approx(wanted.history.loss[-1], rel=1e-6)


@needs_native
def test_divergence_is_reported():
    net = network((4, 6, 1), output="identity")
    training = Training(SquaredError(), GradientDescent(), learning_rate=1e9, epochs=50)
    (run,) = train(native(), job(net, training, batch(net)))
    assert run.outcome is Outcome.DIVERGED
    assert run.state.epochs < 50
