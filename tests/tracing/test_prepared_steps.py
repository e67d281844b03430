"""Steps that are prepared already, as the workbench prepares them."""

import numpy as np

from pellucid import MLPClassifier, check_gradients, trace
from pellucid.tracing import check_step, trace_step
from pellucid.tracing.preparing import prepare

X = np.random.default_rng(0).normal(size=(12, 2))
Y = (X[:, 0] > 0).astype(int)
MODEL = MLPClassifier((3,), activation="tanh", random_state=0)


def test_a_prepared_step_is_traced_as_trace_does():
    step, again = trace(MODEL, X, Y), trace_step(prepare(MODEL, X, Y))
    assert step.loss == again.loss
    assert (step.after.vector == again.after.vector).all()


def test_single_derivatives_are_checked():
    every = check_gradients(MODEL, X, Y)
    some = check_step(prepare(MODEL, X, Y, dtype="float64"), np.array([2, 7]))
    assert some.indices.tolist() == [2, 7]
    assert some.analytic.tolist() == every.analytic[[2, 7]].tolist()
    assert some.passed
