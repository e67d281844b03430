"""How work is counted: against the arrays and the products of a real step."""

import numpy as np
import pytest

from pellucid.bench import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_flops_are_those_of_the_products(case):
    forward = [2 * case.batch * inputs * outputs for inputs, outputs in case.layers]
    backward_weights, backward_inputs = forward, forward[1:]
    assert case.flops == sum(forward) + sum(backward_weights) + sum(backward_inputs)


def test_bytes_by_hand():
    case = Case((3, 4, 5), 7)  # 3·4 + 4 + 4·5 + 5 = 41 parameters
    assert case.parameters == 41
    numbers = 7 * 3 + 7 * 5 + 2 * 41 + 2 * 41 + 2 * 41  # inputs, targets; parameters and two memories, in and out
    assert (case.bytes("float32"), case.bytes("float64")) == (4 * numbers, 8 * numbers)
    assert case.intensity("float32") == pytest.approx(case.flops / (4 * numbers))


def test_two_classes_are_one_output():
    assert Case((3, 4, 2), 10).layers == [(3, 4), (4, 1)]
    assert Case((3, 4, 3), 10).layers == [(3, 4), (4, 3)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows(dtype):
    case = CASES[0]
    X, y = case.rows(dtype)
    assert X.shape == (case.batch * case.batches, 2)
    assert X.dtype == dtype
    assert set(y) == {0, 1}
    np.testing.assert_array_equal(case.rows(dtype)[0], X)
