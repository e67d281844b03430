from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pellucid.textbook.clipping import clip_by_norm, euclidean_norm


@given(
    hnp.arrays(st.sampled_from([np.float32, np.float64]), st.integers(1, 20), elements=st.floats(-1e6, 1e6, width=32)),
    st.floats(1e-3, 1e3),
)
def test_norm_is_limited_and_direction_kept(gradient: Any, max_norm: float) -> None:
    before = gradient.copy()
    norm = clip_by_norm(gradient, max_norm)
    assert norm == pytest.approx(float(np.linalg.norm(before.astype(np.float64))), rel=1e-5, abs=1e-30)
    if norm <= max_norm:
        np.testing.assert_array_equal(gradient, before)
    else:
        assert euclidean_norm(gradient) == pytest.approx(max_norm, rel=1e-5)
        np.testing.assert_allclose(gradient * (norm / max_norm), before, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_squares_may_be_too_large_for_the_dtype(dtype: Any) -> None:
    large = float(np.finfo(dtype).max) / 8
    gradient = np.array([3 * large / 4, large], dtype=dtype)
    assert clip_by_norm(gradient, 1.0) == pytest.approx(1.25 * large, rel=1e-6)
    np.testing.assert_allclose(gradient, [0.6, 0.8], rtol=1e-5)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_a_diverged_gradient_is_left_alone(bad: float) -> None:
    gradient = np.array([1.0, bad])
    assert not np.isfinite(clip_by_norm(gradient, 0.1))
    np.testing.assert_array_equal(gradient, [1.0, bad])
