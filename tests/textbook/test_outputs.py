from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from central_differences import numerical_gradient
from pellucid.errors import SpecError
from pellucid.spec import OUTPUTS
from pellucid.textbook.outputs import log_logistic, log_probabilities, output_activation, output_backward

ORACLES: dict[str, Any] = {
    "identity": lambda z: z,
    "logistic": special.expit,
    "softmax": lambda z: special.softmax(z, axis=1),
    "exp": np.exp,
    "tanh": np.tanh,
}
Z = np.random.default_rng(0).normal(0, 3, (6, 4))


@pytest.mark.parametrize("name", OUTPUTS)
def test_values(name: str) -> None:
    np.testing.assert_allclose(output_activation(name, Z), ORACLES[name](Z), rtol=1e-14)


@pytest.mark.parametrize("name", OUTPUTS)
def test_backward_by_central_differences(name: str) -> None:
    d_a = np.random.default_rng(1).normal(size=Z.shape)
    numerical = numerical_gradient(lambda z: float((output_activation(name, z) * d_a).sum()), Z)
    kept = d_a.copy()
    a = output_activation(name, Z)
    np.testing.assert_allclose(output_backward(name, Z, a, d_a), numerical, rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal(d_a, kept)


@pytest.mark.parametrize("name", OUTPUTS)
@given(z=hnp.arrays(st.sampled_from([np.float32, np.float64]), (3, 4), elements=st.floats(-1e4, 1e4, width=32)))
def test_dtype_layout_and_writing_in_place(name: str, z: Any) -> None:
    for view in (z, z.T, z[:, ::2]):
        a = output_activation(name, view)
        assert a.dtype == z.dtype
        assert output_backward(name, view, a, np.ones_like(a)).dtype == z.dtype if name != "exp" else True
        alias = view.copy()
        assert output_activation(name, alias, out=alias) is alias
        np.testing.assert_array_equal(alias, a)
        assert not np.isnan(a).any()


@given(z=hnp.arrays(st.sampled_from([np.float32, np.float64]), (5, 3), elements=st.floats(-1e4, 1e4, width=32)))
def test_softmax_rows_sum_to_one_and_logarithms_stay_finite(z: Any) -> None:
    np.testing.assert_allclose(output_activation("softmax", z).sum(axis=1), 1, rtol=1e-6)
    for name in ("softmax", "logistic"):
        log_p = log_probabilities(name, z)
        assert np.isfinite(log_p).all()
        assert log_p.dtype == z.dtype
        np.testing.assert_allclose(np.exp(log_p), output_activation(name, z), rtol=2e-3, atol=1e-30)


def test_log_probabilities_against_scipy() -> None:
    np.testing.assert_allclose(log_probabilities("softmax", Z), special.log_softmax(Z, axis=1), rtol=1e-13)
    np.testing.assert_allclose(log_logistic(Z), special.log_expit(Z), rtol=1e-13)
    assert log_probabilities("logistic", np.array([[-1e4, 1e4]])).tolist() == [[-1e4, 0]]


def test_exponential_becomes_infinite_without_a_warning() -> None:
    assert output_activation("exp", np.array([[1e4, -1e4]])).tolist() == [[np.inf, 0]]


def test_unknown_names_are_errors() -> None:
    z = np.zeros((1, 1))
    with pytest.raises(SpecError, match=r"got 'softmx'\. Did you mean 'softmax'"):
        output_activation("softmx", z)
    with pytest.raises(SpecError, match="got 'sin'"):
        output_backward("sin", z, z, z)
    with pytest.raises(SpecError, match="'logistic' or 'softmax' output; got 'exp'"):
        log_probabilities("exp", z)
