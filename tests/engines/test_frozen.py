"""Parameters that training leaves as they are."""

import numpy as np
import pytest

from pellucid.engines import TextbookEngine
from pellucid.spec import AdamW, GradientDescent, Layer, LogLoss, Momentum, Network, Training, parameter_count
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Watch
from pellucid.training.streams import streams, weights_stream

NETWORK = Network(2, (Layer(4),), 1, "logistic")


def trained(frozen, optimizer):
    rows = np.random.default_rng(0).normal(size=(40, 2))
    data = Batch(rows, (rows[:, :1] > 0).astype(float))
    training = Training(LogLoss(), optimizer, learning_rate=0.1, batch_size=10, epochs=5, clip_norm=0.5)
    job = Job(NETWORK, training, data, initial_parameters(NETWORK, weights_stream(0), "float64"), streams(0))
    before = job.parameters.copy()
    TextbookEngine(frozen).train([job], Watch())
    return before, job.parameters


@pytest.mark.parametrize("optimizer", [GradientDescent(), Momentum(), AdamW(weight_decay=0.5)])
def test_frozen_ones_stay_and_all_others_move(optimizer):
    frozen = np.zeros(parameter_count(NETWORK), bool)
    frozen[[0, 5, 12]] = True
    before, after = trained(frozen, optimizer)
    assert (after[frozen] == before[frozen]).all()
    assert (after[~frozen] != before[~frozen]).all()


def test_nothing_frozen_is_the_plain_training():
    before, after = trained(np.zeros(parameter_count(NETWORK), bool), Momentum())
    _, plain = trained(None, Momentum())
    assert (after == plain).all()
    assert (before != plain).any()


def test_with_all_but_one_frozen_that_one_descends_alone():
    frozen = np.ones(parameter_count(NETWORK), bool)
    frozen[-1] = False
    before, after = trained(frozen, GradientDescent())
    assert (after != before).sum() == 1
