import numpy as np
import pytest

from pellucid import MLPClassifier, MLPRegressor, check_gradients, spec
from pellucid.engines import TextbookEngine
from pellucid.errors import DataError

SMOOTH = ["identity", "logistic", "tanh", "elu", "softplus", "gelu", "silu", "mish"]


@pytest.fixture
def rows():
    random = np.random.default_rng(2)
    return random.normal(size=(10, 3)), np.arange(10) % 3


@pytest.mark.parametrize("activation", SMOOTH)
def test_smooth_networks_pass(rows, activation):
    X, y = rows
    model = MLPClassifier((4, 3), activation=activation, dropout=0.2, layer_norm=True, alpha=0.1, random_state=0)
    check = check_gradients(model, X, y, sample_weight=np.linspace(0.1, 1, 10))
    assert check.passed
    assert check.max_error < 1e-6
    assert check.kinks == ()
    assert len(check.indices) == check.total == 4 * 4 + 5 * 3 + 4 * 3 + 14
    assert not hasattr(model, "coefs_")


@pytest.mark.parametrize("loss", ["squared_error", spec.Huber(0.5), "poisson"], ids=str)
def test_losses_of_regression(rows, loss):
    X, y = rows
    assert check_gradients(MLPRegressor(loss, (4,), activation="tanh", random_state=0), X, y).passed


def test_a_float32_model_is_checked_in_float64(rows):
    X, y = rows
    model = MLPClassifier((4,), activation="tanh", dtype="float32", random_state=0)
    with pytest.warns(UserWarning, match="converge"):
        model.set_params(max_iter=1).fit(X, y)
    before = [weights.copy() for weights in model.coefs_]
    check = check_gradients(model, X, y)
    assert check.passed
    assert check.analytic.dtype == np.float64
    assert all(np.array_equal(a, b) and b.dtype == np.float32 for a, b in zip(before, model.coefs_, strict=True))


class WrongEngine(TextbookEngine):
    """Its derivative of the fifth parameter is a little off."""

    def loss_and_gradients(self, *arguments, **options):
        step = super().loss_and_gradients(*arguments, **options)
        step.gradients.vector[4] *= 1.001
        return step


class CountingEngine(TextbookEngine):
    """Counts the backward passes."""

    passes = 0

    def loss_and_gradients(self, *arguments, **options):
        self.passes += 1
        return super().loss_and_gradients(*arguments, **options)


@pytest.mark.parametrize(("dropout", "passes"), [(0.0, 1), (0.2, 2 + 2 * 31)])
def test_losses_are_evaluated_without_a_backward_pass_where_there_are_no_masks(rows, monkeypatch, dropout, passes):
    X, y = rows
    engine = CountingEngine()
    monkeypatch.setattr("pellucid.tracing.preparing.get_engine", lambda name: engine)
    check = check_gradients(MLPClassifier((4,), activation="tanh", dropout=dropout, random_state=0), X, y)
    assert check.passed
    assert (check.total, engine.passes) == (31, passes)


def test_a_wrong_derivative_is_found_and_named(rows, monkeypatch):
    X, y = rows
    monkeypatch.setattr("pellucid.tracing.preparing.get_engine", lambda name: WrongEngine())
    check = check_gradients(MLPClassifier((4,), activation="tanh", random_state=0), X, y)
    assert not check.passed
    assert check.worst == "weight from x₂ to neuron 1 of hidden layer 1"
    assert check.max_error == pytest.approx(0.001, rel=0.01)
    assert "Gradients DISAGREE" in str(check)
    assert check.worst in str(check)
    assert check.kinks == ()


def test_kinks_are_told_apart_from_errors():
    X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 2.0])
    model = MLPRegressor(hidden_layer_sizes=(2,), activation="relu", max_iter=1, random_state=0)
    with pytest.warns(UserWarning, match="converge"):
        model.fit(X, y)
    model.coefs_[0][:] = [[0.5, 0.3], [0.0, 0.2]]  # the first row's z₁ is 0·0.5 + 1·0 + 0 = 0
    model.intercepts_[0][:] = 0
    check = check_gradients(model, X, y)
    assert check.passed
    assert check.kinks == ("weight from x₂ to neuron 1 of hidden layer 1", "bias of neuron 1 of hidden layer 1")
    assert "has a kink at 2 of them" in str(check)


@pytest.mark.parametrize("activation", ["tanh", "elu", "gelu"])
def test_a_smooth_loss_has_curvature_and_no_kinks(rows, activation):
    """Of central differences, the error grows with the square of the step."""
    X, y = rows
    model = MLPClassifier((4,), activation=activation, random_state=0)
    checks = [check_gradients(model, X, y, epsilon=epsilon) for epsilon in (1e-6, 1e-2, 1e-1)]
    assert [check.passed for check in checks] == [True, False, False]
    assert [check.kinks for check in checks] == [(), (), ()]
    assert checks[2].max_error > 10 * checks[1].max_error
    assert "curvature" not in str(checks[0])
    assert str(checks[2]).endswith("epsilon = 0.1: the curvature of the loss within the step counts as an error.")


@pytest.mark.parametrize("options", [{"loss": "absolute_error"}, {"l1": 0.1}, {"activation": "leaky_relu"}], ids=str)
def test_what_bends_may_have_kinks(rows, options):
    X, y = rows
    model = MLPRegressor(hidden_layer_sizes=(4,), random_state=0, **{"activation": "tanh", **options})
    assert check_gradients(model, X, y, epsilon=0.3).kinks


@pytest.mark.parametrize("epsilon", [1e-12, 1e-15])
def test_a_step_of_which_only_rounding_is_left_tells_so(rows, epsilon):
    X, y = rows
    check = check_gradients(MLPClassifier((4,), activation="tanh", random_state=0), X, y, epsilon=epsilon)
    assert not check.passed
    assert np.isfinite(check.max_error)
    assert str(check).endswith("the rounding of the loss counts as an error.")


@pytest.mark.parametrize("epsilon", [0, 1e-16, 1.0, "small", float("nan"), None])
def test_steps_that_cannot_be(rows, epsilon):
    X, y = rows
    with pytest.raises(
        DataError, match=r"'epsilon' of check_gradients must be a number from 1e-15 to less than 1; got"
    ):
        check_gradients(MLPClassifier((4,), random_state=0), X, y, epsilon=epsilon)


def test_a_network_of_zeros_has_no_relative_error(rows):
    model = MLPRegressor(hidden_layer_sizes=(4,), activation="tanh", initializer="zeros", random_state=0)
    check = check_gradients(model, rows[0], np.zeros(10))
    assert check.passed
    assert check.max_error == 0


def test_samples_are_drawn_by_a_seed(rows):
    X, y = rows
    model = MLPClassifier((6,), activation="tanh", random_state=0)
    first, again, other = (check_gradients(model, X, y, max_weights=5, random_state=s) for s in (1, 1, 2))
    assert len(first.indices) == 5
    assert np.array_equal(first.indices, again.indices)
    assert not np.array_equal(first.indices, other.indices)
    assert str(first).startswith("Gradients agree with central differences: 5 of 45 weights and biases compared.")


def test_scales_do_not_matter(rows):
    X, y = rows
    for scale in (1e-4, 1e4):
        model = MLPRegressor(hidden_layer_sizes=(4,), activation="tanh", random_state=0)
        assert check_gradients(model, X, y * scale).passed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_weights": 0}, "'max_weights' of check_gradients must be at least 1 or None; got 0"),
    ],
)
def test_bad_options(rows, options, message):
    with pytest.raises(DataError, match=message):
        check_gradients(MLPClassifier(), *rows, **options)


def test_targets_and_a_finite_loss_are_needed(rows):
    X, y = rows
    with pytest.raises(DataError, match="without targets there is no loss"):
        check_gradients(MLPClassifier(), X, None)
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(DataError, match="must be finite"):
        check_gradients(MLPRegressor(activation="identity", random_state=0), X * 1e200, y)
