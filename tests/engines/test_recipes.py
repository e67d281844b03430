"""What a recipe may ask of an engine beyond plain training: embeddings, groups of parameters, schedules, averaging.

The oracle is a loop that is written out below, one block of parameters at a time.
"""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import make_moons

from pellucid.engines import get_engine
from pellucid.errors import SpecError
from pellucid.spec import (
    WEIGHTS_ONLY,
    Adagrad,
    Adam,
    AdamW,
    Category,
    Constant,
    Cosine,
    Embedding,
    Factors,
    FlatCosine,
    FromData,
    GradientDescent,
    Layer,
    Lbfgs,
    LogCosine,
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
    Stopping,
    Tanh,
    Training,
    parameter_layout,
)
from pellucid.textbook.dropout import dropout_mask
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.network import Batch, step
from pellucid.textbook.optimizers import copy_state
from pellucid.textbook.parameters import Parameters
from pellucid.textbook.schedules import learning_rate_at
from pellucid.training.jobs import Job, Watch
from pellucid.training.stopping import Outcome
from pellucid.training.streams import streams, weights_stream

NAMES = ["textbook", "native"]
"""Engines that are tested here."""

PERIODIC = Embedding(2, Periodic(4, 0.3, 2), 1, (Category(4, 3), Category(2, 1)))
PIECEWISE = Embedding(2, PiecewiseLinear(((-1.0, 0.0, 1.0), (-0.5, 0.5)), 3), 1, (Category(4, 3), Category(2, 1)))

HIDDEN = (Layer(7, Mish(), dropout=0.3, parametric=True), Layer(5, Selu(), layer_norm=True, parametric=True))
NETWORK = Network(5, HIDDEN, 3, "softmax", FromData(), PERIODIC, input_scale=True, parametrization="ntk")

RATES = Factors(bias=0.1, norm=0.5, scale=6.0, slope=0.2, numbers=0.3, categories=2.0)
DECAYS = Factors(weights=1.0, bias=0.0, norm=0.5, scale=3.0, slope=0.1, numbers=0.2, categories=0.4)


@pytest.fixture(params=NAMES)
def engine(request):
    return get_engine(request.param)


def rows(count=70, seed=0, outputs=3):
    random = np.random.default_rng(seed)
    codes = [random.integers(-1, levels + 1, count) for levels in (4, 2)]
    X = np.column_stack([random.normal(size=(count, 3)), *codes])
    y = (np.digitize(X[:, 0] + X[:, 3], [0.0, 2.0]) + X[:, 4]).astype(int) % outputs
    return Batch(X, np.eye(outputs)[y], random.uniform(0.2, 2, count))


def job(network, training, data, seed=0, **keywords):
    start = initial_parameters(network, weights_stream(seed), training.dtype, data.inputs)
    return Job(network, training, data, start, streams(seed), **keywords)


def run(engine, *jobs, watch=None):
    return engine.train(jobs, watch or Watch())


def share(schedule, done, steps):
    """Factor of a schedule that follows the share of all steps done."""
    where = {"epoch": 0, "rows_seen": 0, "reductions": 0}
    return learning_rate_at(schedule, 1.0, step=done, steps=steps, **where)


def by_hand(made):
    """Train as the descriptions say, in so many words: AdamW, or gradient descent, no early end, rows in order.

    Returns the mean loss of every epoch, the parameters and their running mean.
    """
    network, training, data = made.network, made.training, made.data
    theta, size = made.parameters.copy(), training.batch_size
    mean, m, s = theta.copy(), np.zeros_like(theta), np.zeros_like(theta)
    starts = [start for start in range(0, data.rows, size) if not training.drop_last or start + size <= data.rows]
    steps, done, losses = training.epochs * len(starts), 0, []
    for _ in range(training.epochs):
        total = visited = 0
        for start in starts:
            part = slice(start, min(start + size, data.rows))
            weight = None if data.sample_weight is None else data.sample_weight[part]
            batch = Batch(data.inputs[part], data.targets[part], weight)
            masks = []
            for index, layer in enumerate(network.hidden):
                rate = layer.dropout * share(training.dropout_schedule, done, steps)
                where = {"key": made.streams.dropout_key, "step": done, "layer": index, "dtype": theta.dtype}
                masks.append(dropout_mask(rate, (batch.rows, layer.width), **where) if layer.dropout else None)
            gradients = Parameters.empty(network, theta.dtype)
            found = step(network, training.loss, Parameters(network, theta), batch, gradients, masks=masks)
            total, visited = total + found.loss * batch.rows, visited + batch.rows
            eta = training.learning_rate * share(training.schedule, done, steps)
            decay = share(training.decay_schedule, done, steps)
            done += 1
            for block in parameter_layout(network):
                piece = slice(block.start, block.stop)
                own, g = eta * training.rates.of(block.role), gradients.vector[piece]
                if isinstance(training.optimizer, GradientDescent):
                    theta[piece] -= own * g
                    continue
                a = training.optimizer
                theta[piece] *= 1 - own * training.decays.of(block.role) * decay * a.weight_decay
                m[piece] = a.beta_1 * m[piece] + (1 - a.beta_1) * g
                s[piece] = a.beta_2 * s[piece] + (1 - a.beta_2) * g**2
                corrected = math.sqrt(1 - a.beta_2**done) / (1 - a.beta_1**done)
                theta[piece] -= own * corrected * m[piece] / (np.sqrt(s[piece]) + a.epsilon)
            kept = min(training.average, (1 + done) / (10 + done))
            mean = kept * mean + (1 - kept) * theta
        losses.append(total / visited)
    return losses, theta, mean


PLAIN = Training(
    LogLoss(0.1),
    AdamW(0.5, 0.9, 0.95),
    learning_rate=0.05,
    batch_size=16,
    epochs=4,
    shuffle=False,
    stopping=Stopping(patience=None),
)

RECIPES = {
    "plain": PLAIN,
    "rates": replace(PLAIN, rates=RATES),
    "decays": replace(PLAIN, decays=DECAYS),
    "rates and decays": replace(PLAIN, rates=RATES, decays=DECAYS),
    "rates without decay": replace(PLAIN, optimizer=GradientDescent(), rates=RATES),
    "weights only": replace(PLAIN, decays=WEIGHTS_ONLY, rates=replace(RATES, weights=0.0)),
    "log cosine": replace(PLAIN, schedule=LogCosine(2)),
    "flat cosine": replace(PLAIN, schedule=FlatCosine()),
    "dropout fades": replace(PLAIN, dropout_schedule=FlatCosine()),
    "dropout rises": replace(PLAIN, dropout_schedule=OneCycle()),
    "decay fades": replace(PLAIN, decay_schedule=Cosine(0.3, 0.1), decays=DECAYS),
    "drop last": replace(PLAIN, drop_last=True, schedule=FlatCosine(), dropout_schedule=LogCosine(3)),
    "average": replace(PLAIN, average=0.8),
    "all": replace(
        PLAIN,
        schedule=LogCosine(4),
        rates=RATES,
        decays=DECAYS,
        dropout_schedule=FlatCosine(),
        decay_schedule=FlatCosine(),
        drop_last=True,
        average=0.95,
    ),
}


@pytest.mark.parametrize("embedding", [PERIODIC, PIECEWISE], ids=["periodic", "piecewise linear"])
@pytest.mark.parametrize("name", RECIPES)
def test_whole_trainings_are_the_loop_written_out(engine, name, embedding):
    made = job(replace(NETWORK, embedding=embedding), RECIPES[name], rows())
    losses, theta, mean = by_hand(made)
    (found,) = run(engine, made)
    np.testing.assert_allclose(found.history.loss, losses, rtol=1e-10)
    is_averaged = RECIPES[name].average > 0
    np.testing.assert_allclose(found.parameters, mean if is_averaged else theta, rtol=1e-9, atol=1e-11)
    if is_averaged:
        np.testing.assert_allclose(found.state.current, theta, rtol=1e-9, atol=1e-11)
        np.testing.assert_array_equal(found.state.average, found.parameters)
    else:
        assert found.state.average is None
        assert found.state.current is None


@pytest.mark.parametrize(
    "optimizer",
    [GradientDescent(), Momentum(), Nesterov(), Adagrad(), RMSprop(), Adam(), AdamW()],
    ids=lambda o: o.name,
)
def test_a_rate_of_nothing_leaves_its_group_where_it_was_and_no_other(engine, optimizer):
    groups = ["weights", "bias", "norm", "scale", "slope", "numbers", "categories"]
    for group in groups:
        training = replace(PLAIN, optimizer=optimizer, epochs=1, rates=Factors(**{group: 0.0}))
        made = job(NETWORK, training, rows())
        before = made.parameters.copy()
        (found,) = run(engine, made)
        for block in parameter_layout(NETWORK):
            piece = slice(block.start, block.stop)
            stays = training.rates.of(block.role) == 0
            assert np.array_equal(found.parameters[piece], before[piece]) == stays, (group, block.role)


def test_factors_of_one_are_plain_training_bit_for_bit(engine):
    data = rows()
    (wanted,) = run(engine, job(NETWORK, replace(PLAIN, optimizer=Adam()), data))
    same = replace(PLAIN, optimizer=Adam(), decays=DECAYS, decay_schedule=FlatCosine(), dropout_schedule=Constant())
    (found,) = run(engine, job(NETWORK, same, data))
    np.testing.assert_array_equal(found.parameters, wanted.parameters)
    assert found.history == wanted.history


def test_single_precision_learns_alike(engine):
    training = replace(RECIPES["all"], dtype="float32")
    data = rows()
    single = Batch(data.inputs.astype("float32"), data.targets.astype("float32"), data.sample_weight)
    (found,), (wanted,) = run(engine, job(NETWORK, training, single)), run(engine, job(NETWORK, RECIPES["all"], data))
    assert found.parameters.dtype == np.float32
    np.testing.assert_allclose(found.history.loss, wanted.history.loss, rtol=1e-4)


# --- the epoch without its last batch ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("batch_size", "steps"), [(16, 4), (35, 2), (36, 1), (70, 1), (71, 1), (None, 1), (1, 70)])
def test_only_full_batches_are_visited_but_at_least_one(engine, batch_size, steps):
    made = job(NETWORK, replace(PLAIN, drop_last=True, batch_size=batch_size, epochs=2), rows())
    assert made.steps_an_epoch == steps
    (found,) = run(engine, made)
    assert found.state.optimizer.step == 2 * steps


def test_each_epoch_leaves_out_other_rows_where_they_are_shuffled(engine):
    training = replace(PLAIN, drop_last=True, shuffle=True, batch_size=60, epochs=3)
    data = rows()
    (found,) = run(engine, job(NETWORK, training, data))
    (fixed,) = run(engine, job(NETWORK, replace(training, shuffle=False), data))
    assert found.history.loss != fixed.history.loss
    order, random = np.arange(70), streams(0).shuffling
    losses = []
    made = job(NETWORK, training, data)
    for _ in range(3):
        permutation = np.arange(70)
        random.shuffle(permutation)
        order = order[permutation]
        part = Batch(data.inputs[order[:60]], data.targets[order[:60]], data.sample_weight[order[:60]])
        made = replace(made, data=part, training=replace(training, shuffle=False), epochs=1)
        (one,) = run(engine, made)
        losses += one.history.loss
    np.testing.assert_allclose(found.history.loss, losses, rtol=1e-10)


# --- the running mean -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restore_best", [False, True])
def test_the_running_mean_is_validated_told_and_kept(engine, restore_best):
    stopping = Stopping("validation_loss", tolerance=0.0, patience=None, restore_best=restore_best)
    training = replace(PLAIN, average=0.9, epochs=30, learning_rate=0.3, stopping=stopping)
    data, held_out, told = rows(), rows(40, seed=1), []
    made = job(NETWORK, training, data, validation=held_out, score="loss")

    def listen(epoch):
        told.append(epoch.parameters.copy())
        return False

    (found,) = run(engine, made, watch=Watch(on_epoch=listen))
    best = int(np.argmin(found.history.validation_loss))
    kept = best if restore_best else len(told) - 1
    np.testing.assert_array_equal(found.parameters, told[kept])
    for parameters, loss in zip(told, found.history.validation_loss, strict=True):
        gradients = Parameters.empty(NETWORK, "float64")
        shown = step(NETWORK, training.loss, Parameters(NETWORK, parameters), held_out, gradients)
        assert loss == pytest.approx(shown.loss, rel=1e-10)
    np.testing.assert_array_equal(found.state.average, told[-1])
    assert not np.array_equal(found.state.current, told[-1])


@pytest.mark.parametrize("restore_best", [False, True])
def test_going_on_is_not_stopping(engine, restore_best):
    """Two calls, the second from the first's state, are one call, bit for bit: θ goes on, not its mean."""
    stopping = Stopping(patience=None, restore_best=restore_best)
    training, data = replace(RECIPES["all"], epochs=6, stopping=stopping), rows()
    (whole,) = run(engine, job(NETWORK, training, data))
    first = job(NETWORK, training, data, epochs=2)
    (half,) = run(engine, first)
    assert not np.array_equal(half.parameters, half.state.current)
    again = Job(NETWORK, training, data, half.parameters, first.streams, state=half.state, epochs=4)
    (other,) = run(engine, again)
    np.testing.assert_array_equal(other.parameters, whole.parameters)
    np.testing.assert_array_equal(other.state.current, whole.state.current)
    assert half.history.loss + other.history.loss == whole.history.loss


def test_a_new_optimizer_begins_a_new_mean(engine):
    training, data = replace(PLAIN, average=0.9, epochs=2), rows()
    made = job(NETWORK, training, data)
    (first,) = run(engine, made)
    fresh = replace(made, parameters=first.parameters.copy(), state=replace(first.state, optimizer=None, epochs=0))
    alone = Job(NETWORK, training, data, first.parameters.copy(), made.streams)
    (one,), (other,) = run(engine, fresh), run(engine, alone)
    np.testing.assert_array_equal(one.parameters, other.parameters)


def test_a_training_that_goes_on_without_a_mean_takes_up_its_parameters(engine):
    made = job(NETWORK, replace(PLAIN, average=0.9, epochs=4), rows(), epochs=2)
    (first,) = run(engine, made)
    plain, current = replace(made.training, average=0.0), first.state.current.copy()
    alone_state = replace(first.state, optimizer=copy_state(first.state.optimizer), average=None, current=None)
    alone = replace(made, training=plain, parameters=current, state=alone_state)
    (one,) = run(engine, replace(made, training=plain))
    (other,) = run(engine, alone)
    np.testing.assert_array_equal(one.parameters, other.parameters)
    assert one.state.average is None


def test_an_interrupt_keeps_the_running_mean(engine):
    def interrupt(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt
        return False

    (found,) = run(engine, job(NETWORK, replace(PLAIN, average=0.9), rows()), watch=Watch(on_epoch=interrupt))
    assert found.outcome is Outcome.INTERRUPTED
    np.testing.assert_array_equal(found.parameters, found.state.average)
    assert not np.array_equal(found.parameters, found.state.current)


# --- the rest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("latest", [False, True])
def test_of_equal_scores_the_latest_or_the_first_is_the_best(engine, latest):
    stopping = Stopping("validation_score", tolerance=0.0, patience=None, restore_best=True, latest_best=latest)
    training = replace(PLAIN, epochs=40, stopping=stopping)
    told = []
    made = job(NETWORK, training, rows(), validation=rows(6, seed=1), score="accuracy")
    (found,) = run(engine, made, watch=Watch(on_epoch=lambda epoch: told.append(epoch.parameters.copy())))
    scores = found.history.validation_score
    tops = [index for index, score in enumerate(scores) if score == max(scores)]
    assert len(tops) > 1
    expected = tops[-1] if latest else tops[0]
    assert found.state.best.epoch == expected + 1
    np.testing.assert_array_equal(found.parameters, told[expected])


def test_training_ends_at_a_milestone_that_brought_nothing(engine):
    """The learning rate is so large that losses rise again; all engines end at the same epoch, and so does going on."""
    stopping = Stopping("validation_loss", tolerance=0.0, patience=None, restore_best=True, milestones=(2, 6, 14, 30))
    training = replace(PLAIN, learning_rate=0.15, epochs=40, stopping=stopping)
    data, held_out = rows(), rows(40, seed=1)
    (free,) = run(
        engine, job(NETWORK, replace(training, stopping=replace(stopping, milestones=())), data, validation=held_out)
    )
    losses = free.history.validation_loss
    edges = [0, *stopping.milestones]
    ends = [b for a, b in pairwise(edges) if a and min(losses[a:b]) > min(losses[:a])]
    assert ends, "the example has a milestone that fails"
    made = job(NETWORK, training, data, validation=held_out)
    (found,) = run(engine, made)
    assert found.outcome is Outcome.CONVERGED
    assert found.history.validation_loss == losses[: ends[0]]
    assert found.state.best.epoch == int(np.argmin(losses[: ends[0]])) + 1
    first = job(NETWORK, training, data, validation=held_out, epochs=ends[0] - 1)
    (half,) = run(engine, first)
    start = half.parameters if half.state.current is None else half.state.current
    rest = Job(NETWORK, training, data, start, first.streams, held_out, state=half.state, epochs=20)
    (other,) = run(engine, rest)
    assert len(other.history.loss) == 1
    np.testing.assert_array_equal(other.parameters, found.parameters)


def test_embeddings_learn_what_a_line_cannot(engine):
    """A wave and a table of levels, by a network without a hidden layer."""
    random = np.random.default_rng(0)
    x, code = random.uniform(-1, 1, 400), random.integers(0, 6, 400)
    y = np.sin(5 * x) + np.array([0.0, 3.0, -2.0, 1.0, 5.0, -4.0])[code]
    data = Batch(np.column_stack([x, code]), y[:, np.newaxis])
    edges = tuple(np.linspace(-1, 1, 17))
    for numbers in (Periodic(16, 1.0, 4), PiecewiseLinear((edges,), 4)):
        embedding = Embedding(1, numbers, categories=(Category(6, 4),))
        network = Network(2, (), 1, embedding=embedding)
        training = Training(SquaredError(), Adam(), 0.03, batch_size=50, epochs=150, stopping=Stopping(patience=None))
        (found,) = run(engine, job(network, training, data))
        assert found.history.loss[0] > 1
        assert found.history.loss[-1] < 0.02
    (line,) = run(engine, job(Network(2, (), 1), training, data))
    assert line.history.loss[-1] > 1


def test_lbfgs_trains_all_pieces(engine):
    network = replace(NETWORK, hidden=(Layer(6, Tanh(), parametric=True),))
    training = Training(LogLoss(), Lbfgs(), l2=0.01, epochs=60)
    (found,) = run(engine, job(network, training, rows()))
    assert found.history.loss[-1] < 0.3 * found.history.loss[0]


def test_prediction_in_blocks_is_prediction(engine, monkeypatch):
    made = job(NETWORK, PLAIN, rows(200))
    parameters = Parameters(NETWORK, made.parameters)
    whole = engine.forward(NETWORK, parameters, made.data.inputs)
    monkeypatch.setattr("pellucid.engines.textbook.BLOCK_OF_VALUES", 40)
    np.testing.assert_allclose(engine.forward(NETWORK, parameters, made.data.inputs), whole, rtol=1e-12, atol=1e-13)


def test_sparse_rows_and_an_embedding_do_not_go_together(engine):
    sparse = pytest.importorskip("scipy.sparse")
    made = job(NETWORK, PLAIN, rows())
    made.data.inputs = sparse.csr_matrix(made.data.inputs)
    with pytest.raises(SpecError, match="needs dense inputs"):
        run(engine, made)


def test_one_learning_rate_suits_networks_of_any_width(engine):
    """With this start and NTK; the first loss is that of even odds, since the output layer begins with zeros."""
    X, y = make_moons(200, noise=0.1, random_state=0)
    for width in (8, 32, 128):
        hidden = (Layer(width, Selu()), Layer(width, Selu()))
        network = Network(2, hidden, 2, "softmax", FromData(zero_last=True), parametrization="ntk")
        training = Training(LogLoss(), Adam(0.9, 0.95), 0.04, epochs=40, stopping=Stopping(patience=None))
        (found,) = run(engine, job(network, replace(training, batch_size=50), Batch(X, np.eye(2)[y])))
        (first,) = run(engine, job(network, replace(training, epochs=1), Batch(X, np.eye(2)[y])))
        assert first.history.loss == pytest.approx([math.log(2)])
        assert found.history.loss[-1] < 0.15


def test_jobs_with_running_means_in_one_population(engine):
    data = rows()
    kinds = [RECIPES["all"], PLAIN, RECIPES["average"]]
    together = run(engine, *(job(NETWORK, kind, data, seed) for seed, kind in enumerate(kinds)))
    for seed, (kind, found) in enumerate(zip(kinds, together, strict=True)):
        (alone,) = run(engine, job(NETWORK, kind, data, seed))
        np.testing.assert_array_equal(found.parameters, alone.parameters)
