"""What the native engine promises about whole trainings: same results, interrupts, callbacks, threads, forks."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from native_cases import ISAS, assert_same_run, batch, job, native, needs_native, network, train
from pellucid.engines.native import NativeEngine, default_threads, instruction_set
from pellucid.engines.textbook import TextbookEngine
from pellucid.errors import SpecError
from pellucid.spec import Adam, Gelu, GradientDescent, Lbfgs, LogLoss, Momentum, OneCycle, Stopping, Training
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Watch
from pellucid.training.stopping import Outcome
from pellucid.training.streams import Streams, streams

pytestmark = needs_native

LONG = Training(LogLoss(), batch_size=32, epochs=10_000_000, stopping=Stopping(patience=None))


def population(count=5, dtype="float64", epochs=3):
    """Jobs of different sizes, settings and seeds."""
    jobs = []
    for index in range(count):
        net = network((4, 7 + 9 * index, 5, 3), Gelu(), layer_norm=index % 2 == 0, dropout=0.2)
        training = Training(
            LogLoss(), Adam(), batch_size=20 + index, epochs=epochs, l2=1e-3, clip_norm=1.0, dtype=dtype
        )
        data, validation = batch(net, 150, weights=True, dtype=dtype), batch(net, 40, seed=1, dtype=dtype)
        jobs.append(job(net, training, data, validation=validation, score="accuracy", seed=index))
    return jobs


def wide_job(dtype):
    """One whose steps are worth sharing among threads."""
    net = network((40, 130, 70, 3), Gelu(), layer_norm=True, dropout=0.1)
    net = replace(net, hidden=tuple(replace(layer, parametric=True) for layer in net.hidden))
    training = Training(LogLoss(), Adam(), batch_size=1500, epochs=2, l1=1e-4, l2=1e-3, clip_norm=0.5, dtype=dtype)
    validation = batch(net, 700, seed=1, dtype=dtype)
    return job(net, training, batch(net, 3100, dtype=dtype), validation=validation, score="accuracy")


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_do_not_change_a_bit(isa, dtype):
    (wanted,) = train(native(isa), wide_job(dtype))
    for threads in (1, 2, 3, 8):
        (got,) = train(native(isa, threads), wide_job(dtype))
        assert np.array_equal(got.parameters, wanted.parameters)
        assert got.history == wanted.history


@pytest.mark.parametrize("optimizer", [GradientDescent(), Momentum(), Adam()], ids=lambda each: each.name)
@pytest.mark.parametrize("restore_best", [False, True])
def test_a_state_that_nobody_goes_on_from_is_given_up(optimizer, restore_best):
    training = Training(LogLoss(), optimizer, learning_rate=0.5, batch_size=16, epochs=9)
    training = replace(training, stopping=Stopping("validation_loss", patience=None, restore_best=restore_best))
    made = [job(network(), training, batch(network()), validation=batch(network(), 40, seed=1)) for _ in range(2)]
    made[1].goes_on = False
    kept, given_up = train(native(), *made)
    assert 1 < kept.state.best.epoch < 9
    assert np.array_equal(given_up.parameters, kept.parameters)
    assert given_up.history == kept.history
    assert (given_up.state.best.value, given_up.state.best.epoch) == (kept.state.best.value, kept.state.best.epoch)
    assert given_up.state.optimizer is given_up.state.best.parameters is given_up.state.current is None


def test_threads_do_not_change_a_prediction():
    made = wide_job("float64")
    vector = Parameters(made.network, made.parameters)
    wanted = native(threads=1).forward(made.network, vector, made.data.inputs)
    for threads in (2, 3, 8):
        assert np.array_equal(native(threads=threads).forward(made.network, vector, made.data.inputs), wanted)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_a_population_is_its_jobs_one_by_one(threads):
    together = train(native(threads=threads), *population())
    for alone, run in zip(population(), together, strict=True):
        (wanted,) = train(native(), alone)
        assert np.array_equal(run.parameters, wanted.parameters)
        assert run.history == wanted.history


def test_jobs_of_several_kinds_in_one_population():
    net = network()
    jobs = [*population(2), *population(2, "float32"), job(net, Training(LogLoss(), Lbfgs(), epochs=3), batch(net))]
    runs = train(native(threads=2), *jobs)
    assert [run.parameters.dtype.name for run in runs] == ["float64"] * 2 + ["float32"] * 2 + ["float64"]
    assert all(run.parameters is each.parameters for run, each in zip(runs, jobs, strict=True))


def test_jobs_with_one_stream_take_turns():
    def runs(engine):
        net, shared = network(), streams(3)
        return train(
            engine,
            *(job(net, Training(LogLoss(), batch_size=32, epochs=2), batch(net), stream=shared) for _ in range(4)),
        )

    for got, wanted in zip(runs(native(threads=2)), runs(TextbookEngine()), strict=True):
        assert_same_run(got, wanted)


def test_an_order_that_no_twister_draws():
    def run(engine):
        net = network()
        other = np.random.RandomState(np.random.PCG64(3))
        stream = Streams(other, 1)
        return train(engine, job(net, Training(LogLoss(), batch_size=32, epochs=2), batch(net), stream=stream))[0]

    assert_same_run(run(native()), run(TextbookEngine()), 1e-15)


def test_training_goes_on_where_it_stopped():
    net = network(dropout=0.3)
    training = Training(LogLoss(), batch_size=32, epochs=3)
    results = []
    for engine in (TextbookEngine(), native()):
        made = job(net, training, batch(net))
        train(engine, made)
        results.append(train(engine, made)[0])
    assert_same_run(results[1], results[0])
    assert results[1].state.epochs == 6


def test_a_part_of_the_plan():
    net = network()
    training = Training(LogLoss(), schedule=OneCycle(), batch_size=32, epochs=7)
    results = []
    for engine in (TextbookEngine(), native()):
        made = job(net, training, batch(net))
        made.epochs = 2
        seen = []
        results.append(train(engine, made, watch=Watch(lambda epoch, seen=seen: seen.append(epoch.epochs)))[0])
        assert seen == [2, 2]
    assert_same_run(results[1], results[0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("jobs", [1, 4])
def test_callbacks_come_on_the_calling_thread(threads, jobs):
    seen, threads_seen = [], set()

    def on_epoch(epoch):
        seen.append((epoch.job, epoch.epoch, epoch.loss, epoch.validation_score))
        threads_seen.add(threading.get_ident())
        assert np.isfinite(epoch.parameters).all()
        return epoch.epoch == 2

    runs = train(native(threads=threads), *population(jobs, epochs=5), watch=Watch(on_epoch))
    assert threads_seen == {threading.get_ident()}
    for index, run in enumerate(runs):
        assert run.outcome is Outcome.STOPPED
        assert [each[1:] for each in seen if each[0] == index] == [
            (epoch + 1, run.history.loss[epoch], run.history.validation_score[epoch]) for epoch in range(2)
        ]


@pytest.mark.parametrize("jobs", [1, 4])
def test_an_error_in_a_callback_is_raised(jobs):
    def on_epoch(epoch):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        train(native(threads=2), *population(jobs), watch=Watch(on_epoch))


def test_an_error_in_a_score_is_raised():
    net = network()

    def score(prediction):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        train(native(), job(net, LONG, batch(net), validation=batch(net), score=score))


@pytest.mark.parametrize("jobs", [1, 4])
def test_an_interrupt_in_a_callback_ends_the_population(jobs):
    def on_epoch(epoch):
        raise KeyboardInterrupt

    runs = train(native(threads=2), *population(jobs), watch=Watch(on_epoch))
    assert {run.outcome for run in runs} == {Outcome.INTERRUPTED}


def test_an_interrupt_ends_jobs_that_take_turns():
    def on_epoch(epoch):
        raise KeyboardInterrupt

    net, shared = network(), streams(3)
    training = Training(LogLoss(), batch_size=32, epochs=2)
    jobs = [job(net, training, batch(net), stream=shared) for _ in range(3)]
    jobs.append(job(net, Training(LogLoss(), Lbfgs(), epochs=3), batch(net)))
    runs = train(native(threads=2), *jobs, watch=Watch(on_epoch))
    assert {run.outcome for run in runs} == {Outcome.INTERRUPTED}
    assert [len(run.history.loss) for run in runs] == [1, 0, 0, 0]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
@pytest.mark.parametrize("jobs", [1, 3])
def test_ctrl_c_keeps_the_network(jobs):
    net = network()
    made = [job(net, LONG, batch(net)) for _ in range(jobs)]
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    runs = train(native(threads=2), *made)
    timer.join()
    assert {run.outcome for run in runs} == {Outcome.INTERRUPTED}
    assert all(np.isfinite(run.parameters).all() for run in runs)
    assert runs[0].state.epochs == len(runs[0].history.loss) > 0


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_time_limit_ends_every_job(jobs):
    net = network()
    runs = train(native(threads=2), *(job(net, LONG, batch(net)) for _ in range(jobs)), watch=Watch(time_limit=0.05))
    assert {run.outcome for run in runs} == {Outcome.TIME_LIMIT}
    assert all(run.history.loss for run in runs)


def test_training_outside_the_main_thread():
    runs = []
    thread = threading.Thread(target=lambda: runs.extend(train(native(threads=2), wide_job("float64"))))
    thread.start()
    thread.join()
    (wanted,) = train(native(), wide_job("float64"))
    assert np.array_equal(runs[0].parameters, wanted.parameters)


def test_several_trainings_at_once():
    results = {}

    def work(name):
        results[name] = train(native(threads=2), wide_job("float64"))[0].parameters

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(results[0], each) for each in results.values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_trains_with_threads_of_its_own():
    (wanted,) = train(native(threads=3), wide_job("float64"))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # the child must not return into pytest
        status = 1
        try:
            os.write(writing, train(native(threads=3), wide_job("float64"))[0].parameters[:100].tobytes())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    deadline = time.monotonic() + 60
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ended == (child, 0)
    assert os.read(reading, 800) == wanted.parameters[:100].tobytes()
    os.close(reading)


def test_the_instruction_set_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("PELLUCID_ISA", "baseline")
    assert NativeEngine().isa == instruction_set() == "baseline"
    monkeypatch.setenv("PELLUCID_ISA", "sse9")
    with pytest.raises(SpecError, match=r"'PELLUCID_ISA' must be one of .*'baseline'.*'sse9'"):
        NativeEngine()


def test_the_number_of_threads(monkeypatch):
    monkeypatch.setenv("PELLUCID_NUM_THREADS", "3")
    assert default_threads() == 3
    monkeypatch.setenv("PELLUCID_NUM_THREADS", "none")
    with pytest.raises(SpecError, match="'PELLUCID_NUM_THREADS' must be an integer"):
        default_threads()
    monkeypatch.delenv("PELLUCID_NUM_THREADS")
    assert 1 <= default_threads() <= (os.cpu_count() or 1)
    monkeypatch.setenv("LOKY_WORKER", "1")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert default_threads() == 1
    with pytest.raises(SpecError, match="'threads' of NativeEngine must be at least 1"):
        NativeEngine(0)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_threads_follow_the_affinity():
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from pellucid.engines.native import default_threads; print(default_threads())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PELLUCID_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:  # a checkout that is not installed cannot be imported there
        assert done.stdout.strip() == "1"


def test_the_engine_supports_what_makes_sense():
    assert native().unsupported(network(), Training(LogLoss())) is None
    assert "log-loss" in str(native().unsupported(network(output="identity"), Training(LogLoss())))
