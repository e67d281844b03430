"""What arrays the native engine takes, and how it refuses the others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from native_cases import batch, job, native, needs_native, network, parameters, relative_error, train
from pellucid.engines.textbook import TextbookEngine
from pellucid.errors import DataError, PellucidError
from pellucid.spec import GradientDescent, LogLoss, SquaredError, Stopping, Training
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Watch

pytestmark = needs_native

WIDTHS = st.sampled_from([1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 32, 37, 64, 89])
ROWS = st.sampled_from([1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 65, 101, 127])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=ROWS, widths=st.lists(WIDTHS, min_size=2, max_size=5), dtype=st.sampled_from(["float32", "float64"]))
def test_every_shape(rows, widths, dtype):
    net = network(tuple(widths), output="identity")
    training = Training(SquaredError(), dtype=dtype)
    vector = Parameters(net, parameters(net, dtype=dtype) / max(widths) ** 0.5)
    data = batch(net, rows, dtype=dtype, weights=True)
    wanted = TextbookEngine().loss_and_gradients(net, training, vector, data)
    got = native().loss_and_gradients(net, training, vector, data)
    tolerance = 1e-11 if dtype == "float64" else 2e-4
    assert relative_error(got.gradients.vector, wanted.gradients.vector) < tolerance
    z = native().forward(net, vector, data.inputs)
    assert relative_error(z, wanted.layers[-1].pre_activation) < tolerance


def disguises(array):
    """The same numbers, lying otherwise in memory."""
    read_only = array.copy()
    read_only.setflags(write=False)
    misaligned = np.frombuffer(b"x" + array.tobytes(), dtype=np.uint8)[1:].view(array.dtype).reshape(array.shape)
    wide = np.zeros((len(array) * 2, array.shape[1] + 3), array.dtype)
    wide[::2, 1:-2] = array
    return {
        "fortran": np.asfortranarray(array),
        "every second row": wide[::2, 1:-2],
        "backwards": array[::-1].copy()[::-1],
        "mirrored": np.ascontiguousarray(array[:, ::-1])[:, ::-1],
        "other byte order": array.astype(array.dtype.newbyteorder()),
        "read-only": read_only,
        "misaligned": misaligned,
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layout(dtype):
    net = network()
    data, training = batch(net, dtype=dtype), Training(LogLoss(), batch_size=32, epochs=2, dtype=dtype)
    (wanted,) = train(native(), job(net, training, data))
    vector = Parameters(net, parameters(net, dtype=dtype))
    z = native().forward(net, vector, data.inputs)
    inputs, targets = disguises(data.inputs), disguises(data.targets)
    for name in inputs:
        (got,) = train(native(), job(net, training, Batch(inputs[name], targets[name])))
        assert np.array_equal(got.parameters, wanted.parameters), name
        assert np.array_equal(native().forward(net, vector, inputs[name]), z), name


def test_other_number_types_are_converted():
    net = network()
    data, training = batch(net), Training(LogLoss(), epochs=2)
    (wanted,) = train(native(), job(net, training, data))
    (got,) = train(native(), job(net, training, Batch(data.inputs, data.targets.astype(bool))))
    assert np.array_equal(got.parameters, wanted.parameters)


def test_no_rows_no_predictions():
    net = network()
    z = native().forward(net, Parameters(net, parameters(net)), np.empty((0, net.inputs)))
    assert z.shape == (0, net.outputs)


def test_an_untouched_input_is_not_copied():
    net = network()
    data = batch(net, dtype="float32")
    before = data.inputs.copy()
    train(native(), job(net, Training(LogLoss(), epochs=2, dtype="float32"), data))
    assert np.array_equal(data.inputs, before)


def broken(**changes):
    net = network()
    made = job(net, Training(LogLoss(), GradientDescent(), epochs=1), batch(net))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


GOOD = parameters(network())


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (
            broken(parameters=GOOD[:-1].copy()),
            ValueError,
            "'parameters' must be contiguous and have 93 numbers; got 92",
        ),
        (broken(parameters=np.repeat(GOOD, 2)[::2]), DataError, "contiguous, aligned, writeable"),
        (broken(parameters=GOOD.astype(">f8")), DataError, "native byte order"),
        (broken(parameters=GOOD.astype("f2")), DataError, "float32 or float64"),
        (broken(data=batch(network((5, 3)))), ValueError, "'inputs' must have 4 columns; got 5"),
        (broken(data=batch(network((4, 2)))), ValueError, "'targets' must have 3 columns; got 2"),
        (broken(data=Batch(np.empty((0, 4)), np.empty((0, 3)))), ValueError, "at least one row; got none"),
        (broken(data=Batch(np.ones((5, 4)), np.ones((4, 3)))), ValueError, "as many rows"),
        (broken(data=Batch(np.ones((5, 4)), np.ones(5))), DataError, "shape \\(rows, outputs\\)"),
        (broken(data=Batch(np.ones((5, 4)), np.ones((5, 3)), np.ones(4))), ValueError, "'sample_weight' must be"),
        (
            broken(training=Training(LogLoss(), stopping=Stopping("validation_loss"))),
            ValueError,
            "needs validation rows; got none",
        ),
    ],
)
def test_misuse_is_an_error(made, error, message):
    with pytest.raises(error, match=message):
        train(native(), made)


def test_damaged_sparse_rows_are_an_error():
    net = network((30, 3))
    data = batch(net)
    for damage in ("column", "start"):
        inputs = csr_matrix(data.inputs)
        if damage == "column":
            inputs.indices[5] = 30
        else:
            inputs.indptr[3] = inputs.indptr[4] + 1
        with pytest.raises(ValueError, match="sound CSR matrix"):
            train(native(), job(net, Training(LogLoss(), epochs=1), Batch(inputs, data.targets)))


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_a_sparse_matrix_that_changes_during_a_call_is_read_where_its_numbers_stood(index):
    net = network((30, 3))
    data = batch(net)
    inputs = csr_matrix(data.inputs)
    inputs.indices, inputs.indptr = inputs.indices.astype(index), inputs.indptr.astype(np.int64)

    def spoil(epoch):
        inputs.indices[:], inputs.indptr[1:-1] = 10**8, 10**8

    sparse = job(net, Training(LogLoss(), epochs=3), Batch(inputs, data.targets))
    dense = job(net, Training(LogLoss(), epochs=3), data)
    (got,) = native().train([sparse], Watch(on_epoch=spoil))
    (wanted,) = native().train([dense], Watch())
    assert relative_error(got.parameters, wanted.parameters) < 1e-11


def test_more_memory_than_there_is():
    net = network((4, 1 << 30, 3))
    vector = np.lib.stride_tricks.as_strided(np.zeros(1), (8 * (1 << 30) + 3,), (0,))
    with pytest.raises((MemoryError, PellucidError, ValueError)):
        native().forward(net, Parameters(net, vector), np.ones((2, 4)))
