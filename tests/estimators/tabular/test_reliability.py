import numpy as np
import pytest

from pellucid.estimators.tabular.calibration import expected_calibration_error, reliability


def test_bins_hold_their_rows():
    random = np.random.default_rng(0)
    probability, happened = random.random(500), random.random(500) < 0.3
    mean, frequency, count = reliability(probability, happened, bins=4)
    for index in range(4):
        rows = (probability >= index / 4) & (probability < (index + 1) / 4)
        assert mean[index] == pytest.approx(probability[rows].mean())
        assert frequency[index] == pytest.approx(happened[rows].mean())
        assert count[index] == rows.sum()


def test_empty_bins_are_left_out_and_both_ends_belong():
    mean, frequency, count = reliability(np.array([0.0, 1.0, 1.0]), np.array([True, True, False]))
    assert (mean.tolist(), frequency.tolist(), count.tolist()) == ([0, 1], [1, 0.5], [1, 2])


@pytest.mark.parametrize(("bias", "low", "high"), [(0.0, 0.0, 0.02), (0.2, 0.18, 0.22)])
def test_the_error_is_the_bias(bias, low, high):
    random = np.random.default_rng(0)
    truth = 0.1 + 0.6 * random.random(20_000)
    assert low < expected_calibration_error(truth + bias, random.random(20_000) < truth) < high
