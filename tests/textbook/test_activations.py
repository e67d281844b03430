from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from central_differences import numerical_slope
from pellucid.spec import Activation, Elu, Identity, LeakyRelu, Logistic, Relu, Selu
from pellucid.textbook import activations as module
from pellucid.textbook.activations import ACTIVATIONS, activation_rule
from strategies import activations

KINDS = get_args(Activation)
ALL = [kind() for kind in KINDS] + [LeakyRelu(0.3), LeakyRelu(0.0), LeakyRelu(1.0), Elu(0.5), Elu(2.0)]
DTYPES = [np.float32, np.float64]
GRID = np.linspace(-8, 8, 400)  # without 0, where some have a kink

ORACLES: dict[str, Any] = {
    "identity": lambda z: z,
    "logistic": special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
    "softplus": lambda z: np.logaddexp(0, z),
    "gelu": lambda z: z * special.ndtr(z),
    "silu": lambda z: z * special.expit(z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
}


def test_every_kind_is_in_the_table_under_its_name() -> None:
    assert set(ACTIVATIONS) == set(KINDS)
    for kind, (function, derivative) in ACTIVATIONS.items():
        assert function is getattr(module, kind.name)
        assert derivative is getattr(module, f"{kind.name}_derivative")


@pytest.mark.parametrize("kind", KINDS)
def test_values(kind: type[Any]) -> None:
    np.testing.assert_allclose(activation_rule(kind()).function(GRID), ORACLES[kind.name](GRID), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("activation", ALL, ids=repr)
def test_derivative_by_central_differences(activation: Activation) -> None:
    function, derivative = activation_rule(activation)
    np.testing.assert_allclose(derivative(GRID, function(GRID)), numerical_slope(function, GRID), atol=2e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ALL, ids=repr)
def test_nothing_overflows(activation: Activation, dtype: Any) -> None:
    z = np.array([-1e4, -800, -700, -100, -90, -20, -0.0, 0.0, 20, 90, 100, 700, 800, 1e4], dtype=dtype)
    function, derivative = activation_rule(activation)
    a = function(z)
    slope = derivative(z, a)
    assert a.dtype == dtype
    assert slope.dtype in (dtype, bool)
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()
    exact_a = function(z.astype(np.float64))
    exact_slope = derivative(z.astype(np.float64), exact_a)
    np.testing.assert_allclose(a, exact_a, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope.astype(dtype), exact_slope.astype(float), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_limits_on_both_sides(kind: type[Any]) -> None:
    z = np.array([-1e4, 1e4])
    function, derivative = activation_rule(kind())
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(function(z), ORACLES[kind.name](z), rtol=1e-14, atol=1e-290)
    saturated = {"logistic": (0, 0), "tanh": (0, 0), "identity": (1, 1), "leaky_relu": (0.01, 1)}
    low, high = saturated.get(kind.name, (0, 1.0507009873554805 if kind is Selu else 1))
    np.testing.assert_allclose(derivative(z, function(z)).astype(float), [low, high], atol=1e-12)


def test_logistic_is_accurate_far_below_zero() -> None:
    z = np.linspace(-700, 40, 5001)
    np.testing.assert_allclose(module.logistic(z), special.expit(z), rtol=1e-15 * 2)


@pytest.mark.parametrize("activation", ALL, ids=repr)
def test_nan_is_not_hidden(activation: Activation) -> None:
    z = np.array([np.nan, 1.0])
    assert np.isnan(activation_rule(activation).function(z)[0])


@given(
    activations,
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
        elements=st.floats(-1e4, 1e4, width=32),
    ),
    st.data(),
)
def test_shapes_layouts_and_writing_in_place(activation: Activation, z: Any, data: st.DataObject) -> None:
    z = data.draw(st.sampled_from([z, z.T, z[::-1] if z.ndim else z, z[..., ::2] if z.ndim else z]))
    kept = z.copy()
    function, derivative = activation_rule(activation)
    a = function(z)
    assert a.shape == z.shape
    assert a.dtype == z.dtype
    slope = derivative(z, a)
    assert slope.shape == z.shape
    np.testing.assert_array_equal(z, kept)

    out = np.full_like(z, 7)
    assert function(z, out=out) is out
    np.testing.assert_array_equal(out, a)
    alias = z.copy()
    assert function(alias, out=alias) is alias
    np.testing.assert_array_equal(alias, a)


@given(hnp.arrays(">f8", (3, 4), elements=st.floats(-50, 50)))
def test_foreign_byte_order(z: Any) -> None:
    np.testing.assert_array_equal(module.logistic(z), module.logistic(z.astype("<f8")))


@pytest.mark.parametrize("activation", ALL, ids=repr)
def test_derivative_is_a_new_array(activation: Activation) -> None:
    z = np.array([-1.0, 2.0])
    function, derivative = activation_rule(activation)
    a = function(z, out=np.empty_like(z))
    slope = derivative(z, a)
    assert not np.shares_memory(slope, z)
    assert not np.shares_memory(slope, a)


def test_identity_returns_z_itself() -> None:
    z = np.ones(3)
    assert activation_rule(Identity()).function(z) is z


def test_at_zero_the_kinks_take_the_left_derivative() -> None:
    z = np.zeros(1)
    assert activation_rule(Relu()).derivative(z, z).tolist() == [0]
    assert activation_rule(LeakyRelu(0.2)).derivative(z, z).tolist() == [0.2]
    assert activation_rule(Elu(0.5)).derivative(z, z).tolist() == [0.5]


def test_rules_of_equal_activations_are_one() -> None:
    assert activation_rule(LeakyRelu(0.2)) is activation_rule(LeakyRelu(0.2))
    assert activation_rule(Logistic()) is not activation_rule(Relu())
