"""The native engine and memory: nothing is kept that is not needed, and what does not fit is a clear error."""

import gc
import os
import pickle
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from native_cases import batch, job, native, needs_native, network, parameters, train
from pellucid.engines.native.core import core
from pellucid.engines.native.descriptions import core_network
from pellucid.engines.textbook import TextbookEngine
from pellucid.errors import DataError
from pellucid.spec import Adam, LogLoss, Stopping, Training
from pellucid.spec import Step as StepDecay
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Watch

pytestmark = needs_native

IS_SANITIZED = "san.so" in os.environ.get("LD_PRELOAD", "")
without_sanitizers = pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer ends the process where memory runs out")


def run_python(code):
    paths = [path for path in sys.path if path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_no_references_grow():
    net, data = network(dropout=0.1), batch(network(), weights=True)
    sparse = Batch(csr_matrix(data.inputs), data.targets, data.sample_weight, np.arange(0, 101, 2))
    training = Training(LogLoss(), Adam(), batch_size=32, epochs=2, stopping=Stopping(restore_best=True), average=0.9)

    def listen(epoch):
        if epoch.job == 2:
            raise LookupError
        return False

    def score(prediction):
        return float(prediction.mean())

    def everything():
        watch = Watch(listen)
        made = [job(net, training, each, validation=data, score=score, seed=2) for each in (data, sparse)]
        train(native(threads=2), *made, watch=watch)
        with suppress(LookupError):
            train(native(threads=2), *made, made[0], watch=watch)
        with suppress(ValueError):
            train(native(), job(net, training, batch(network((5, 3)))))
        vector = Parameters(net, parameters(net))
        native().forward(net, vector, data.inputs)
        native().loss_and_gradients(net, training, vector, data, dropout=(1, 2))

    def count():
        gc.collect()
        held = [listen, score, data.inputs, data.targets, data.sample_weight, sparse.inputs.data, sparse.index]
        return [sys.getrefcount(each) for each in held], sys.getallocatedblocks()

    def growth(rounds=20):
        references, blocks = count()
        for _ in range(rounds):
            everything()
        references_after, blocks_after = count()
        assert references_after == references
        return (blocks_after - blocks) / rounds

    # The interpreter's own stores fill and settle; a leaking call grows in every window, by a job's parts each round.
    assert min(growth() for _ in range(8)) < 2


def test_nothing_is_left_when_the_interpreter_ends():
    done = run_python(
        "import ctypes\n"
        "from native_cases import batch, job, native, network, train\n"
        "from pellucid.engines import get_engine\n"
        "from pellucid.engines.native import descriptions\n"
        "from pellucid.spec import LogLoss, Training\n"
        "train(get_engine('native'), job(network(), Training(LogLoss(), epochs=2), batch(network())))\n"
        "for kept in (descriptions.core_network, descriptions.core_training, get_engine):\n"
        "    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))  # as something else in the process may do\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_engine_is_its_settings():
    assert vars(pickle.loads(pickle.dumps(native("baseline", 3)))) == {"threads": 3, "isa": "baseline"}


SHORT_OF_MEMORY = """
import resource
import numpy as np
from native_cases import batch, job, native, network, parameters, train
from pellucid.spec import LogLoss, SquaredError, Training
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters

wide, small = network((1, 200_000, 1), output="identity"), network()
engine, data, rows = native(threads={threads}), batch(wide, 1500), batch(small)
training = Training(SquaredError(), epochs=1)
made = [job(wide, training, data, seed=seed) for seed in range(2)]
vector = Parameters(wide, made[0].parameters)
many = Batch(np.broadcast_to(rows.inputs[:1], (10**9, 4)), np.broadcast_to(rows.targets[:1], (10**9, 3)))
before = made[0].parameters.copy()
train(engine, *[job(small, Training(LogLoss(), epochs=1), rows) for _ in range(4)])  # threads need memory, too

address_space = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (address_space + 200_000_000, resource.RLIM_INFINITY))
calls = {{
    "workspace": lambda: train(engine, *made),
    "predictions": lambda: native(threads=8).forward(wide, vector, data.inputs),
    "gradients": lambda: engine.loss_and_gradients(wide, training, vector, data),
    "row order": lambda: train(engine, job(small, Training(LogLoss(), epochs=1), many)),
    "result": lambda: engine.forward(small, Parameters(small, parameters(small)), many.inputs),
}}
for name, call in calls.items():
    try:
        call()
    except MemoryError as error:
        assert "memory" in str(error).lower() or "allocate" in str(error), error
    else:
        raise AssertionError(name)
assert np.array_equal(made[0].parameters, before)
(run,) = train(engine, job(small, Training(LogLoss(), epochs=2), rows))
assert len(run.history.loss) == 2
"""


@without_sanitizers
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("threads", [1, 2])
def test_out_of_memory_is_a_memory_error(threads):
    done = run_python(SHORT_OF_MEMORY.format(threads=threads))
    assert done.returncode == 0, done.stderr


def test_sizes_beyond_all_memory():
    with pytest.raises(MemoryError):
        core.Network(2**53, [(2**53, "relu", 0.0, 0.0, False, False, 1.0)], "identity", None, False, None, False)
    net = network()
    rows = np.broadcast_to(batch(net).inputs[:1], (1 << 57, 4))
    with pytest.raises((MemoryError, ValueError), match=r"allocate|too big"):
        native().forward(net, Parameters(net, parameters(net)), rows)


def endless(rows):
    data = batch(network())
    return Batch(np.broadcast_to(data.inputs[:1], (rows, 4)), np.broadcast_to(data.targets[:1], (rows, 3)))


@pytest.mark.parametrize(
    ("training", "data", "message"),
    [
        (Training(LogLoss(), epochs=1), endless(1 << 32), r"fewer than 2\^32 rows"),
        (Training(LogLoss(), epochs=10**30), batch(network()), r"at most 2\^53"),
        (Training(LogLoss(), epochs=1 << 20, shuffle=False), endless(1 << 40), r"at most 2\^53"),
    ],
)
def test_more_than_can_be_counted(training, data, message):
    with pytest.raises(ValueError, match=message):
        train(native(), job(network(), training, data))


def test_integers_beyond_the_cores():
    huge = 10**30
    training = Training(
        LogLoss(), batch_size=huge, epochs=2, schedule=StepDecay(huge, 0.5), stopping=Stopping(patience=huge)
    )
    net = network()
    (wanted,), (got,) = (train(each, job(net, training, batch(net))) for each in (TextbookEngine(), native()))
    np.testing.assert_allclose(got.parameters, wanted.parameters, rtol=1e-10)


def test_jobs_that_train_the_same_numbers_take_turns():
    def runs(engine):
        net, data = network(), batch(network())
        training = Training(LogLoss(), batch_size=8, epochs=4)
        jobs = [job(net, training, data, seed=seed) for seed in range(4)]
        for each in jobs[1:]:
            each.parameters = jobs[0].parameters
        return train(engine, *jobs)

    wanted = runs(native(threads=1))
    for got, one in zip(runs(native(threads=4)), wanted, strict=True):
        assert got.history == one.history
        np.testing.assert_array_equal(got.parameters, one.parameters)


def core_call(**changes):
    """A call of the core itself, one argument replaced."""
    net = network()
    arguments = {
        "network": core_network(net),
        "parameters": parameters(net),
        "inputs": batch(net).inputs,
        "z": np.empty((101, 3)),
        "kernels": native()._kernels,
        "threads": 1,
        "watches_signals": False,
    }
    return core.forward(**{**arguments, **changes})


X = batch(network()).inputs
MISALIGNED = np.frombuffer(b"x" + X.tobytes(), dtype=np.uint8)[1:].view(X.dtype).reshape(X.shape)
READ_ONLY = np.empty((101, 3))
READ_ONLY.setflags(write=False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"threads": 0}, "'threads' must be from 1"),
        ({"threads": 2**40}, "'threads' must be from 1"),
        ({"inputs": X.astype(">f8")}, "'inputs' must be an array of float64 in native byte order"),
        ({"inputs": MISALIGNED}, "'inputs' must be aligned"),
        ({"inputs": X[:, ::-1]}, "must be contiguous"),
        ({"inputs": X[::-1]}, "must be contiguous"),
        ({"inputs": X[:, :0]}, "'inputs' must have 4 columns; got 0"),
        ({"inputs": X[:0], "z": np.empty((0, 3))}, "at least one row"),
        ({"inputs": X.ravel()}, "2 dimensions"),
        ({"inputs": X.astype("f4")}, "float64"),
        ({"inputs": None}, "incompatible"),
        ({"inputs": (X.ravel(),)}, r"sparse 'inputs' must be"),
        ({"parameters": parameters(network())[:-1]}, "must be contiguous and have"),
        ({"z": np.empty((101, 2))}, r"shape \(101, 3\)"),
        ({"z": READ_ONLY}, "'z' must be a writeable array"),
        ({"z": np.empty((101, 6))[:, ::2]}, "C-contiguous"),
    ],
)
def test_the_core_checks_what_it_is_given(changes, error):
    with pytest.raises((ValueError, TypeError), match=error):
        core_call(**changes)


def test_no_job_is_no_job():
    with pytest.raises(TypeError):
        core.train([None], native()._kernels, 1, False, None, None, None)


def test_sparse_rows_of_another_width_are_an_error():
    net = network()
    data = batch(net)
    for width in (3, 5):
        inputs = csr_matrix(data.inputs)
        inputs[:, 3] = 0
        inputs.eliminate_zeros()
        inputs.resize(101, width)
        with pytest.raises(ValueError, match=f"must have 4 columns; got {width}"):
            train(native(), job(net, Training(LogLoss(), epochs=1), Batch(inputs, data.targets)))


def test_rows_are_named_by_integers():
    data = batch(network())
    named = Batch(data.inputs, data.targets, None, np.ones(101, bool))
    with pytest.raises(DataError, match="named by integers"):
        train(native(), job(network(), Training(LogLoss(), epochs=1), named))
