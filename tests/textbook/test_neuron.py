import math

import numpy as np
import pytest

from pellucid.spec import Logistic, Relu
from pellucid.textbook.neuron import neuron


def test_one_row_gives_one_number() -> None:
    assert neuron([1.0, -2.0, 0.5], [0.2, 0.4, -0.6], 0.1, Logistic()) == pytest.approx(1 / (1 + math.exp(0.8)))
    assert np.ndim(neuron([1, 2], [3, 4], 5, Relu())) == 0


def test_many_rows_give_one_number_each() -> None:
    assert neuron([[1, 2], [-3, -4]], [1, 1], -1, Relu()).tolist() == [2, 0]
