from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from central_differences import numerical_gradient
from pellucid.textbook.layer_norm import EPSILON, layer_norm_backward, layer_norm_forward

RANDOM = np.random.default_rng(0)
Z, GAIN, SHIFT, D_OUT = (
    RANDOM.normal(2, 3, (5, 4)),
    RANDOM.normal(1, 1, 4),
    RANDOM.normal(size=4),
    RANDOM.normal(size=(5, 4)),
)


def test_forward_against_the_definition() -> None:
    out, normalised, inverse_std = layer_norm_forward(Z, GAIN, SHIFT)
    mean, variance = Z.mean(axis=1, keepdims=True), Z.var(axis=1, keepdims=True)
    np.testing.assert_allclose(inverse_std, 1 / np.sqrt(variance + EPSILON), rtol=1e-14)
    np.testing.assert_allclose(normalised, (Z - mean) / np.sqrt(variance + EPSILON), rtol=1e-13)
    np.testing.assert_allclose(out, GAIN * normalised + SHIFT, rtol=1e-14)


def test_backward_by_central_differences() -> None:
    def total(z: Any, gain: Any, shift: Any) -> float:
        return float((layer_norm_forward(z, gain, shift)[0] * D_OUT).sum())

    _, normalised, inverse_std = layer_norm_forward(Z, GAIN, SHIFT)
    kept = D_OUT.copy()
    d_z, d_gain, d_shift = layer_norm_backward(D_OUT, GAIN, normalised, inverse_std)
    np.testing.assert_allclose(d_z, numerical_gradient(lambda z: total(z, GAIN, SHIFT), Z), atol=1e-8)
    np.testing.assert_allclose(d_gain, numerical_gradient(lambda gain: total(Z, gain, SHIFT), GAIN), atol=1e-8)
    np.testing.assert_allclose(d_shift, numerical_gradient(lambda shift: total(Z, GAIN, shift), SHIFT), atol=1e-8)
    np.testing.assert_array_equal(D_OUT, kept)


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(-1e4, 1e4, width=32),
    )
)
def test_finite_and_of_one_dtype(z: Any) -> None:
    kept = z.copy()
    gain, shift = np.ones(z.shape[1], dtype=z.dtype), np.zeros(z.shape[1], dtype=z.dtype)
    out, normalised, inverse_std = layer_norm_forward(z, gain, shift)
    for array in (out, normalised, inverse_std, *layer_norm_backward(out, gain, normalised, inverse_std)):
        assert array.dtype == z.dtype
        assert np.isfinite(array).all()
    assert inverse_std.shape == (z.shape[0], 1)
    np.testing.assert_array_equal(z, kept)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_equal_sums_becomes_the_shift(dtype: Any) -> None:
    z = np.full((2, 3), 7.0, dtype=dtype)
    out, _, _ = layer_norm_forward(z, np.ones(3, dtype=dtype), np.arange(3, dtype=dtype))
    assert out.tolist() == [[0, 1, 2], [0, 1, 2]]
