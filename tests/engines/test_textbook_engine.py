"""The textbook engine: golden numbers, populations, stopping, interrupts."""

import signal

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

from pellucid.engines import ENGINES, get_engine
from pellucid.engines import textbook as textbook_engine
from pellucid.errors import SpecError
from pellucid.spec import (
    Adam,
    Adaptive,
    GradientDescent,
    Layer,
    Lbfgs,
    Logistic,
    LogLoss,
    Network,
    Normal,
    OneCycle,
    Relu,
    Step,
    Stopping,
    Tanh,
    Training,
)
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.network import Batch
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Job, State, Watch
from pellucid.training.stopping import Outcome
from pellucid.training.streams import Streams, streams, weights_stream

NETWORK = Network(2, (Layer(6, Tanh()), Layer(4, Relu())), 1, "logistic")


@pytest.fixture
def engine():
    return get_engine("textbook")


@pytest.fixture(scope="module")
def moons():
    X, y = make_moons(300, noise=0.2, random_state=0)
    return Batch(X, y[:, np.newaxis].astype(float))


def job(data, training, network=NETWORK, seed=0, **keywords):
    return Job(
        network,
        training,
        data,
        initial_parameters(network, weights_stream(seed), np.float64),
        streams(seed),
        **keywords,
    )


def test_the_textbook_example(engine):
    """The chapter's ten losses and its accuracy."""
    X, y = make_moons(1000, noise=0.2, random_state=42)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=42)
    network = Network(2, (Layer(10, Logistic()), Layer(5, Logistic())), 1, "logistic", Normal(1.0))
    training = Training(
        LogLoss(),
        GradientDescent(),
        learning_rate=0.01,
        epochs=1000,
        shuffle=False,
        reduction="sum",
        stopping=Stopping(patience=None),
    )
    random = np.random.RandomState(42)
    parameters = initial_parameters(network, random, np.float64)
    data = Batch(X_train, y_train[:, np.newaxis].astype(float))
    (run,) = engine.train([Job(network, training, data, parameters, Streams(random, 0))], Watch())
    shown = [f"{loss:.4f}" for loss in run.history.loss[::100]]
    golden = ["0.7422", "0.2968", "0.2715", "0.1847", "0.1221", "0.1006", "0.0938", "0.1417", "0.0788", "0.0848"]
    assert shown == golden
    z = engine.forward(network, Parameters(network, run.parameters), X_test)
    assert f"{np.mean((z.ravel() > 0) == y_test):.2f}" == "0.95"


def test_a_population_is_its_jobs_one_by_one(engine, moons):
    training = Training(LogLoss(), learning_rate=0.01, batch_size=32, epochs=4)
    dropped = Network(2, (Layer(6, Tanh(), dropout=0.3),), 1, "logistic")
    together = engine.train([job(moons, training, seed=s, network=n) for s, n in ((1, NETWORK), (2, dropped))], Watch())
    for run, (seed, network) in zip(together, ((1, NETWORK), (2, dropped)), strict=True):
        (alone,) = engine.train([job(moons, training, seed=seed, network=network)], Watch())
        np.testing.assert_array_equal(run.parameters, alone.parameters)
        assert run.history == alone.history


def test_going_on_is_not_stopping(engine, moons):
    """Two halves of a training, the second from the first's state, are the whole, bit for bit."""
    network = Network(2, (Layer(6, Tanh(), dropout=0.3, layer_norm=True),), 1, "logistic")
    training = Training(LogLoss(), Adam(), 0.01, Step(every=3, factor=0.5), batch_size=32, epochs=10, shuffle=False)
    (whole,) = engine.train([job(moons, training, network)], Watch())
    first = job(moons, training, network, epochs=4)
    (half,) = engine.train([first], Watch())
    rest = Job(network, training, moons, half.parameters, first.streams, state=half.state, epochs=6)
    (other,) = engine.train([rest], Watch())
    np.testing.assert_array_equal(other.parameters, whole.parameters)
    assert half.history.loss + other.history.loss == whole.history.loss


@pytest.mark.parametrize("name", ["textbook", "native"])
def test_many_short_calls_that_keep_the_order_are_the_whole(name, moons):
    """The order is kept, so that no shuffle is drawn twice; with or without it the bits are the same."""
    one = get_engine(name)
    training = Training(LogLoss(), Adam(), 0.01, batch_size=32, epochs=9)
    (whole,) = one.train([job(moons, training)], Watch())
    parts = job(moons, training, keeps_order=True)
    for epochs in (1, 2, 3, 0, 3):
        parts.epochs = epochs
        (run,) = one.train([parts], Watch())
        assert run.state.shuffling.shuffles == 0
    np.testing.assert_array_equal(run.parameters, whole.parameters)
    replayed = whole.state.shuffling.replayed(moons.rows)
    np.testing.assert_array_equal(run.state.shuffling.start, replayed.indices)
    kept, known = (each.get_state() for each in (parts.streams.shuffling, replayed.random))
    assert (kept[1] == known[1]).all()
    assert kept[2] == known[2]


def test_validation_is_recorded_and_watched(engine, moons):
    stopping = Stopping("validation_loss", tolerance=0.0, patience=3, restore_best=True)
    training = Training(LogLoss(), learning_rate=0.3, batch_size=10, epochs=200, stopping=stopping)
    held_out = Batch(moons.inputs[::3], moons.targets[::3])
    (run,) = engine.train([job(moons, training, validation=held_out, score="accuracy")], Watch())
    assert run.outcome is Outcome.CONVERGED
    assert len(run.history.validation_loss) == len(run.history.loss) < 200
    assert run.state.best.value == min(run.history.validation_loss)
    z = engine.forward(NETWORK, Parameters(NETWORK, run.parameters), held_out.inputs)
    right = (output_activation("logistic", z) > 0.5) == (held_out.targets > 0.5)
    assert right.mean() == run.history.validation_score[run.state.best.epoch - 1]


def test_adaptive_rates_fall_and_then_training_ends(engine, moons):
    schedule = Adaptive(factor=10, minimum=1e-3)
    training = Training(LogLoss(), GradientDescent(), 0.1, schedule, epochs=500, stopping=Stopping(tolerance=1.0))
    (run,) = engine.train([job(moons, training)], Watch())
    assert run.outcome is Outcome.CONVERGED
    assert sorted(set(run.history.learning_rate), reverse=True) == pytest.approx([0.1, 0.01, 0.001])


def test_schedules_by_step_move_within_an_epoch(engine, moons):
    seen = []
    training = Training(LogLoss(), Adam(), 0.1, OneCycle(), batch_size=100, epochs=2)
    doing = job(moons, training)
    seen = [doing.learning_rate(batch) for batch in range(6)]
    assert len(set(seen)) == 6
    (run,) = engine.train([doing], Watch())
    assert run.history.learning_rate == [seen[0], seen[3]]


def test_time_limit_and_listeners(engine, moons):
    training = Training(LogLoss(), epochs=10**6, stopping=Stopping(patience=None))
    (run,) = engine.train([job(moons, training)], Watch(time_limit=0.05))
    assert run.outcome is Outcome.TIME_LIMIT
    told = []
    (run,) = engine.train([job(moons, training)], Watch(on_epoch=lambda epoch: told.append(epoch) or len(told) == 3))
    assert run.outcome is Outcome.STOPPED
    assert [epoch.epoch for epoch in told] == [1, 2, 3]
    assert [epoch.loss for epoch in told] == run.history.loss


def test_interrupt_restores_the_best(engine, moons):
    def interrupt(epoch):
        if epoch.epoch == 6:
            signal.raise_signal(signal.SIGINT)
        return False

    training = Training(
        LogLoss(), GradientDescent(), 3.0, epochs=50, batch_size=5, stopping=Stopping(patience=None, restore_best=True)
    )
    (run,) = engine.train([job(moons, training)], Watch(on_epoch=interrupt))
    assert run.outcome is Outcome.INTERRUPTED
    np.testing.assert_array_equal(run.parameters, run.state.best.parameters)


def test_divergence_is_found(engine, moons):
    training = Training(LogLoss(), GradientDescent(), 1e300, epochs=50)
    (run,) = engine.train([job(moons, training)], Watch())
    assert run.outcome is Outcome.DIVERGED
    assert len(run.history.loss) < 50


def test_lbfgs_restores_and_reports(engine, moons):
    training = Training(LogLoss(), Lbfgs(), l2=0.1, epochs=30, stopping=Stopping(tolerance=1e-4))
    (run,) = engine.train([job(moons, training)], Watch())
    assert run.history.loss[-1] < run.history.loss[0]
    assert run.outcome is Outcome.ALL_EPOCHS
    assert run.message
    limited = Training(LogLoss(), Lbfgs(max_fun=1), epochs=30)
    (run,) = engine.train([job(moons, limited)], Watch())
    assert len(run.history.loss) >= 1


def test_prediction_in_blocks_is_prediction(engine, moons, monkeypatch):
    parameters = Parameters(NETWORK, initial_parameters(NETWORK, np.random.RandomState(0), np.float64))
    whole = engine.forward(NETWORK, parameters, moons.inputs)
    monkeypatch.setattr(textbook_engine, "BLOCK_OF_VALUES", 6 * 7)
    np.testing.assert_allclose(engine.forward(NETWORK, parameters, moons.inputs), whole, rtol=1e-13)


def test_impossible_pairs_have_a_reason(engine):
    assert engine.unsupported(NETWORK, Training(LogLoss())) is None
    assert "log-loss needs" in engine.unsupported(Network(2, (), 1), Training(LogLoss()))


def test_engines_by_name():
    for name in ENGINES:
        assert get_engine(name).name == name
    with pytest.raises(SpecError, match="Did you mean 'textbook'"):
        get_engine("textbok")


def test_a_new_state_is_fresh():
    assert State().best is not State().best
