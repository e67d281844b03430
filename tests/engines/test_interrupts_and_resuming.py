"""What every engine promises of trainings that are cut short: the rest of a population, and going on later."""

import pickle

import numpy as np
import pytest

from native_cases import batch, job, native, needs_native, network, train
from pellucid.engines.protocol import Engine
from pellucid.engines.textbook import TextbookEngine
from pellucid.spec import (
    Adam,
    AdamW,
    Adaptive,
    Cosine,
    Lbfgs,
    LogLoss,
    Momentum,
    OneCycle,
    Step,
    Stopping,
    Training,
)
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Watch
from pellucid.training.stopping import Outcome
from pellucid.training.streams import Streams, streams


@pytest.fixture(params=["textbook", pytest.param("native", marks=needs_native)])
def engine(request) -> Engine:
    return TextbookEngine() if request.param == "textbook" else native()


def test_an_interrupt_ends_the_population(engine):
    net, seen = network(), []
    training = Training(LogLoss(), Adam(), batch_size=32, epochs=3, average=0.9)
    jobs = [job(net, training, batch(net)) for _ in range(3)]
    jobs.append(job(net, Training(LogLoss(), Lbfgs(), epochs=3), batch(net)))
    train(engine, jobs[2])  # to be continued
    before = [each.parameters.copy() for each in jobs]
    current = jobs[2].state.current.copy()

    def on_epoch(epoch):
        seen.append((epoch.job, epoch.epoch))
        if seen[-1] == (1, 2):
            raise KeyboardInterrupt
        return False

    runs = train(engine, *jobs, watch=Watch(on_epoch))
    assert seen == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
    assert [run.outcome for run in runs] == [Outcome.ALL_EPOCHS, *[Outcome.INTERRUPTED] * 3]
    assert [len(run.history.loss) for run in runs] == [3, 2, 0, 0]
    assert not np.array_equal(runs[1].parameters, before[1])
    for run, untouched in zip(runs[2:], before[2:], strict=True):
        np.testing.assert_array_equal(run.parameters, untouched)
    np.testing.assert_array_equal(runs[2].state.current, current)
    assert runs[3].parameters is jobs[3].parameters


PLAN = {"batch_size": 32, "learning_rate": 0.02}
TRAININGS = {
    "momentum": Training(LogLoss(), Momentum(0.8), **PLAN, epochs=7),
    "adam by steps": Training(LogLoss(), Adam(), **PLAN, schedule=Cosine(warmup=0.2), epochs=7),
    "adamw, dropped rows, a running mean": Training(
        LogLoss(),
        AdamW(),
        **PLAN,
        schedule=OneCycle(),
        drop_last=True,
        average=0.9,
        dropout_schedule=Cosine(),
        epochs=7,
    ),
    "as the rows lie": Training(LogLoss(), Adam(), **PLAN, schedule=Step(2, 0.5), shuffle=False, epochs=7),
    "the best epoch": Training(
        LogLoss(),
        Adam(),
        batch_size=16,
        learning_rate=0.3,
        stopping=Stopping("validation_score", patience=3, restore_best=True),
        epochs=30,
    ),
    "adaptive": Training(
        LogLoss(),
        Momentum(0.9),
        batch_size=32,
        learning_rate=0.5,
        schedule=Adaptive(),
        stopping=Stopping(patience=1),
        epochs=25,
    ),
}


def whole_job(training, *, some_rows=False, stream=None):
    net = network(dropout=0.2, layer_norm=True)
    data = batch(net, weights=True, dtype=training.dtype)
    if some_rows:
        data = Batch(data.inputs, data.targets, data.sample_weight, np.arange(3, 90, 2))
    validation = batch(net, 60, seed=1, dtype=training.dtype)
    return job(net, training, data, validation=validation, score="accuracy", stream=stream)


def in_parts(engine, training, parts, **keywords):
    """Train part after part, each in a job of its own that knows only what could have been saved."""
    made, losses = whole_job(training, **keywords), []
    saved = pickle.dumps((made.parameters, made.state))
    for epochs in parts:
        made.parameters, made.state = pickle.loads(saved)
        made.epochs, made.streams = epochs, keywords.get("stream") or streams(0)
        (run,) = train(engine, made)
        saved = pickle.dumps((run.parameters, run.state))
        losses += run.history.loss
        if run.outcome is not Outcome.ALL_EPOCHS:
            break
    return run, losses


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TRAININGS)
def test_parts_of_a_training_are_the_whole(engine, name, dtype):
    training = Training(**{**vars(TRAININGS[name]), "dtype": dtype})
    for some_rows in (False, True):
        (whole,) = train(engine, whole_job(training, some_rows=some_rows))
        for parts in ([3, training.epochs - 3], [1] * training.epochs):
            run, losses = in_parts(engine, training, parts, some_rows=some_rows)
            np.testing.assert_array_equal(run.parameters, whole.parameters)
            assert losses == whole.history.loss
            assert run.outcome is whole.outcome
            assert run.state.epochs == whole.state.epochs
            for part, at_once in zip(vars(run.state.best).values(), vars(whole.state.best).values(), strict=True):
                np.testing.assert_array_equal(part, at_once)


@needs_native
def test_one_engine_goes_on_where_the_other_stopped():
    training = TRAININGS["adam by steps"]
    (wanted,) = train(TextbookEngine(), whole_job(training))
    for first, second in ((native(), TextbookEngine()), (TextbookEngine(), native())):
        made = whole_job(training)
        made.epochs = 3
        (run,) = train(first, made)
        rest = Job(made.network, training, made.data, run.parameters, streams(0), made.validation, state=run.state)
        rest.epochs = 4
        (run,) = train(second, rest)
        np.testing.assert_allclose(run.parameters, wanted.parameters, rtol=1e-9, atol=1e-12)


def test_any_generator_goes_on(engine):
    def stream():
        generator = np.random.RandomState(np.random.PCG64(3))
        return Streams(generator, 1)

    training = TRAININGS["momentum"]
    (whole,) = train(engine, whole_job(training, stream=stream()))
    run, _ = in_parts(engine, training, [2, 5], stream=stream())
    np.testing.assert_array_equal(run.parameters, whole.parameters)


def test_without_the_order_a_training_starts_with_the_rows_as_they_lie(engine):
    training = TRAININGS["momentum"]
    first, second = whole_job(training), whole_job(training)
    train(engine, first)
    train(engine, second)
    second.state.shuffling = None
    (on,), (anew,) = train(engine, first), train(engine, second)
    assert not np.array_equal(on.parameters, anew.parameters)
