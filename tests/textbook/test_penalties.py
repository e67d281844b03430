import numpy as np
import pytest

from central_differences import numerical_gradient
from pellucid.textbook.penalties import penalty, penalty_gradient

WEIGHTS = np.random.default_rng(0).normal(size=20)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.7), (0.3, 0.7)])
def test_value_and_gradient(l1: float, l2: float) -> None:
    expected = sum(l1 * abs(w) + 0.5 * l2 * w * w for w in WEIGHTS.tolist())
    assert penalty(WEIGHTS, l1, l2) == pytest.approx(expected, rel=1e-14, abs=0)
    numerical = numerical_gradient(lambda w: penalty(w, l1, l2), WEIGHTS)
    np.testing.assert_allclose(penalty_gradient(WEIGHTS, l1, l2), numerical, atol=1e-8)


def test_dtype_and_weights_are_kept() -> None:
    weights = WEIGHTS.astype(np.float32)
    kept = weights.copy()
    assert penalty_gradient(weights, 0.1, 0.2).dtype == np.float32
    assert type(penalty(weights, 0.1, 0.2)) is float
    np.testing.assert_array_equal(weights, kept)
