"""Coded rows in the engines: the same numbers, bit for bit, as the rows that they stand for."""

from dataclasses import replace

import numpy as np
import pytest

from native_cases import ISAS, batch, job, native, needs_native, network, parameters, relative_error, train
from pellucid.engines.native.arrays import input_parts
from pellucid.engines.textbook import TextbookEngine
from pellucid.spec import (
    AdamW,
    Category,
    Embedding,
    FromData,
    Layer,
    LogLoss,
    Network,
    Periodic,
    Selu,
    Stopping,
    Training,
)
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters
from pellucid.training.coded import CodedRows

pytestmark = needs_native

EMBEDDED = Network(
    6,
    (Layer(20, Selu(), 0.1, parametric=True), Layer(7)),
    3,
    "softmax",
    FromData(),
    Embedding(2, Periodic(4, 1.0, 3), 3, (Category(5, 2),)),
    input_scale=True,
    parametrization="ntk",
)


def data(net, dtype, rows=601):
    """Two numbers, one of them of many values, three flags and a code."""
    random = np.random.default_rng(0)
    columns = [random.normal(size=rows), random.integers(0, 60, rows) / 7, *random.integers(0, 2, (3, rows))]
    X = np.column_stack([*columns, random.integers(-1, 5, rows)]).astype(dtype)
    dense = replace(batch(net, rows, weights=True, dtype=dtype), inputs=X)
    return dense, replace(dense, inputs=coded(X))


def coded(X):
    return CodedRows.of(lambda: [X[:100], X[100:]], X.shape, X.dtype)


NETWORKS = [EMBEDDED, network((6, 9, 3), dropout=0.1)]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("net", NETWORKS, ids=["embedded", "plain"])
def test_the_same_network(net, dtype, isa):
    dense, kept = data(net, dtype)
    rows, held_out = np.arange(0, 600, 2), np.arange(1, 600, 2)
    training = Training(
        LogLoss(),
        AdamW(),
        batch_size=70,
        epochs=3,
        dtype=dtype,
        stopping=Stopping("validation_loss", restore_best=True),
    )
    runs = [
        train(native(isa), job(net, training, replace(each, index=rows), validation=replace(each, index=held_out)))[0]
        for each in (dense, kept)
    ]
    np.testing.assert_array_equal(runs[0].parameters, runs[1].parameters)
    assert runs[0].history == runs[1].history


@pytest.mark.parametrize("net", NETWORKS, ids=["embedded", "plain"])
@pytest.mark.parametrize("engine", [TextbookEngine(), native()], ids=lambda engine: engine.name)
def test_the_same_passes(engine, net):
    dense, kept = data(net, "float64")
    vector, training = Parameters(net, parameters(net)), Training(LogLoss())
    np.testing.assert_array_equal(engine.forward(net, vector, kept.inputs), engine.forward(net, vector, dense.inputs))
    got, wanted = (engine.loss_and_gradients(net, training, vector, each) for each in (kept, dense))
    np.testing.assert_array_equal(got.gradients.vector, wanted.gradients.vector)
    np.testing.assert_array_equal(got.layers[0].inputs, wanted.layers[0].inputs)


def test_the_textbook_is_the_twin():
    _, kept = data(EMBEDDED, "float64")
    training = Training(LogLoss(), AdamW(), batch_size=64, epochs=2)
    for rows in (None, np.arange(300)):
        runs = [
            train(engine, job(EMBEDDED, training, replace(kept, index=rows)))[0]
            for engine in (native(), TextbookEngine())
        ]
        assert relative_error(runs[0].parameters, runs[1].parameters) < 1e-10


def test_rows_of_another_type_are_converted():
    dense, kept = data(EMBEDDED, "float32")
    vector = Parameters(EMBEDDED, parameters(EMBEDDED))
    np.testing.assert_array_equal(
        native().forward(EMBEDDED, vector, kept.inputs), native().forward(EMBEDDED, vector, dense.inputs)
    )


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda parts: parts[3].pop(), "every column"),
        (lambda parts: parts[3].append(parts[3][0]), "each column once"),
        (lambda parts: parts[0].fill(255), "rows of their table"),
        (lambda parts: parts.__setitem__(0, parts[0][:-1]), "shape"),
        (lambda parts: parts.__setitem__(0, parts[0].astype(np.int8)), "uint8"),
        (lambda parts: parts[3].__setitem__(0, (3, *parts[3][0][1:])), "kind 0, 1 or 2"),
        (lambda parts: parts[3].__setitem__(0, (0, 9, *parts[3][0][2:])), "must have cells"),
        (lambda parts: parts[3].__setitem__(-1, (2, 9, None, parts[3][-1][3])), "one column"),
        (lambda parts: parts.append(None), "bytes, words, plain, groups"),
    ],
)
def test_damaged_parts_are_refused(break_it, message):
    from pellucid.engines.native.core import core
    from pellucid.engines.native.descriptions import core_network

    _, kept = data(EMBEDDED, "float64")
    parts = input_parts(EMBEDDED, kept.inputs, np.dtype("float64"))
    break_it(parts)
    z = np.empty((601, 3))
    with pytest.raises((ValueError, TypeError), match=message):
        core.forward(core_network(EMBEDDED), parameters(EMBEDDED), parts, z, core.kernel_set("baseline"), 1, False)


def test_row_numbers_that_no_order_can_hold():
    dense, _ = data(EMBEDDED, "float64")
    training = Training(LogLoss(), epochs=1)
    for rows in ([-1, 0], [0, 2**32]):
        with pytest.raises(ValueError, match="from 0 to"):
            train(native(), job(EMBEDDED, training, Batch(dense.inputs, dense.targets, None, np.array(rows))))
