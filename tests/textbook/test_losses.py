import re
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import log_loss, mean_pinball_loss, mean_poisson_deviance

from central_differences import numerical_gradient
from pellucid.errors import DataError
from pellucid.spec import OUTPUTS, AbsoluteError, Huber, LogLoss, Loss, Poisson, Quantile, SquaredError
from pellucid.textbook.losses import loss_delta, loss_problem, loss_rows, mean_loss
from pellucid.textbook.outputs import output_activation

LOSSES = [
    SquaredError(),
    AbsoluteError(),
    Huber(),
    Huber(0.3),
    Quantile(),
    Quantile(0.9),
    Poisson(),
    LogLoss(),
    LogLoss(label_smoothing=0.1),
    LogLoss(label_smoothing=0.1, clipped=True),
]
PAIRS = [(loss, output) for loss, output in product(LOSSES, OUTPUTS) if loss_problem(loss, output) is None]
DTYPES = [np.float32, np.float64]


def targets(loss: Loss, output: str, shape: tuple[int, int], seed: int = 0) -> Any:
    random = np.random.default_rng(seed)
    if isinstance(loss, LogLoss) and output == "softmax":
        return np.eye(shape[1])[random.integers(shape[1], size=shape[0])]
    if isinstance(loss, LogLoss):
        return random.integers(0, 2, shape).astype(float)
    if isinstance(loss, Poisson):
        return random.poisson(2.0, shape).astype(float)
    return random.normal(0, 2, shape)


def rows(loss: Loss, output: str, z: Any, y: Any) -> Any:
    return loss_rows(loss, output, z, output_activation(output, z), y)


def test_the_tests_cover_every_loss_and_every_loss_has_an_output() -> None:
    assert {type(loss) for loss in LOSSES} == set(get_args(Loss))
    assert {type(loss) for loss, _ in PAIRS} == set(get_args(Loss))


@pytest.mark.parametrize(("loss", "output"), PAIRS, ids=repr)
@pytest.mark.parametrize("shape", [(7, 3), (5, 1)])
def test_delta_by_central_differences(loss: Loss, output: str, shape: tuple[int, int]) -> None:
    z = np.random.default_rng(1).normal(0, 1.5, shape)
    y = targets(loss, output, shape)
    delta = loss_delta(loss, output, z, output_activation(output, z), y)
    numerical = numerical_gradient(lambda moved: float(rows(loss, output, moved, y).sum()), z)
    np.testing.assert_allclose(delta, numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("loss", "output"), PAIRS, ids=repr)
def test_large_sums_stay_finite(loss: Loss, output: str, dtype: Any) -> None:
    large = 80 if output == "exp" else 1e4  # exp(1e4) is no float
    z = np.array([[-large, large, 0], [large, -large, 0], [0, 0, -large]], dtype=dtype)
    y = targets(loss, output, z.shape).astype(dtype)
    a = output_activation(output, z)
    with np.errstate(over="ignore" if output == "exp" and dtype is np.float32 else "warn"):  # exp(80)² in float32
        values, delta = loss_rows(loss, output, z, a, y), loss_delta(loss, output, z, a, y)
    assert values.shape == (3,)
    assert delta.shape == (3, 3)
    assert values.dtype == delta.dtype == dtype
    assert not np.isnan(values).any()
    if output != "exp":
        assert np.isfinite(values).all()
        assert np.isfinite(delta).all()


@settings(max_examples=300)
@given(
    pair=st.sampled_from(PAIRS),
    data=st.data(),
    dtype=st.sampled_from(DTYPES),
    target=st.sampled_from(["bool", "int64", "float32", "float64"]),
)
def test_targets_of_any_dtype_keep_the_dtype_of_z(
    pair: tuple[Loss, str], data: st.DataObject, dtype: Any, target: str
) -> None:
    loss, output = pair
    shape = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 4)))
    z = data.draw(hnp.arrays(dtype, shape, elements=st.floats(-20, 20, width=32)))
    y = (np.arange(shape[1]) == np.arange(shape[0])[:, None] % shape[1]).astype(target)
    kept = z.copy(), y.copy()
    a = output_activation(output, z)
    values, delta = loss_rows(loss, output, z, a, y), loss_delta(loss, output, z, a, y)
    assert values.dtype == delta.dtype == dtype
    assert values.shape == shape[:1]
    assert delta.shape == shape
    assert (values > -1e-4).all()
    np.testing.assert_array_equal(z, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    np.testing.assert_array_equal(values, loss_rows(loss, output, z.copy("F"), a, np.asfortranarray(y)))


@pytest.mark.parametrize("output", ["logistic", "softmax"])
def test_log_loss_is_scikit_learns(output: str) -> None:
    z = np.random.default_rng(2).normal(0, 3, (50, 1 if output == "logistic" else 4))
    y = targets(LogLoss(), output, z.shape)
    a = output_activation(output, z)
    labels = y[:, 0] if output == "logistic" else y.argmax(axis=1)
    assert mean_loss(loss_rows(LogLoss(), output, z, a, y)) == pytest.approx(log_loss(labels, a), rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["logistic", "softmax"])
def test_a_clipped_log_loss_is_scikit_learns_also_where_probabilities_saturate(output: str, dtype: str) -> None:
    z = np.random.default_rng(2).normal(0, 60, (50, 1 if output == "logistic" else 4)).astype(dtype)
    y = targets(LogLoss(), output, z.shape)
    a = output_activation(output, z)
    labels = y[:, 0] if output == "logistic" else y.argmax(axis=1)
    theirs, rel = log_loss(labels, a), 1e-5 if dtype == "float32" else 1e-12
    assert mean_loss(loss_rows(LogLoss(clipped=True), output, z, a, y)) == pytest.approx(theirs, rel=rel)
    assert mean_loss(loss_rows(LogLoss(), output, z, a, y)) > 1.01 * theirs


def test_poisson_is_half_of_scikit_learns_deviance() -> None:
    z = np.random.default_rng(3).normal(size=(50, 1))
    y = np.random.default_rng(4).poisson(1.5, z.shape)
    assert (y == 0).any()
    a = output_activation("exp", z)
    ours = mean_loss(loss_rows(Poisson(), "exp", z, a, y))
    assert ours == pytest.approx(0.5 * mean_poisson_deviance(y, a), rel=1e-12)


def test_quantile_is_scikit_learns_pinball_loss() -> None:
    z = np.random.default_rng(5).normal(size=(50, 1))
    y = np.random.default_rng(6).normal(size=z.shape)
    ours = mean_loss(loss_rows(Quantile(0.8), "identity", z, z, y))
    assert ours == pytest.approx(mean_pinball_loss(y, z, alpha=0.8), rel=1e-12)


def test_canonical_pairs_collapse_to_prediction_minus_target() -> None:
    z = np.random.default_rng(7).normal(size=(6, 3))
    for loss, output in [
        (SquaredError(), "identity"),
        (LogLoss(), "logistic"),
        (LogLoss(), "softmax"),
        (Poisson(), "exp"),
    ]:
        y, a = targets(loss, output, z.shape), output_activation(output, z)
        np.testing.assert_array_equal(loss_delta(loss, output, z, a, y), a - y)


def test_label_smoothing_by_hand() -> None:
    z = np.array([[2.0, -1.0]])
    p = output_activation("softmax", z)
    expected = -(0.8 + 0.1) * np.log(p[0, 0]) - 0.1 * np.log(p[0, 1])
    assert rows(LogLoss(0.2), "softmax", z, np.array([[1, 0]]))[0] == pytest.approx(expected, rel=1e-14)
    q = output_activation("logistic", z[:, :1])
    expected = -(0.8 + 0.1) * np.log(q[0, 0]) - 0.1 * np.log(1 - q[0, 0])
    assert rows(LogLoss(0.2), "logistic", z[:, :1], np.array([[1]]))[0] == pytest.approx(expected, rel=1e-14)


def test_a_small_log_loss_keeps_its_digits() -> None:
    z = np.array([[40.0]])
    assert rows(LogLoss(), "logistic", z, np.ones((1, 1)))[0] == pytest.approx(np.exp(-40), rel=1e-12)


@pytest.mark.parametrize("output", OUTPUTS)
def test_impossible_pairs_are_named(output: str) -> None:
    for loss in LOSSES:
        problem = loss_problem(loss, output)
        possible = {LogLoss: ("logistic", "softmax"), Poisson: ("exp",)}.get(type(loss), OUTPUTS)
        assert (problem is None) == (output in possible)
        assert problem is None or f"got '{output}'" in problem


def test_targets_of_another_shape_are_an_error() -> None:
    z = np.zeros((3, 1))
    with pytest.raises(DataError, match=r"\(3, 1\); got \(3,\)"):
        loss_rows(SquaredError(), "identity", z, z, np.zeros(3))
    with pytest.raises(DataError, match=r"\(3, 1\); got \(1, 3\)"):
        loss_delta(SquaredError(), "identity", z, z, np.zeros((1, 3)))


def test_mean_loss() -> None:
    values = np.array([1.0, 2.0, 6.0], dtype=np.float32)
    assert mean_loss(values) == 3
    assert mean_loss(values, np.array([1, 1, 0])) == 1.5
    assert mean_loss(values, np.zeros(3)) == 0


@pytest.mark.parametrize(
    ("loss", "given"),
    [(LogLoss, r"the class LogLoss\. Write LogLoss\(\)"), ("log_loss", "'log_loss'"), (None, "None")],
)
def test_what_is_no_loss_is_told(loss: Any, given: str) -> None:
    problem = loss_problem(loss, "logistic")
    assert problem is not None
    assert re.search(given, problem)
