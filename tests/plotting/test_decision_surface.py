import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.neural_network import MLPClassifier

from pellucid.errors import DataError
from pellucid.plotting.decision_surface import surface_of, two_columns


def test_binary_surface_is_the_probability_of_the_second_class(moons, moons_model):
    surface = surface_of(moons_model, moons[0], 7, None)
    assert surface.kind == "binary"
    point = [[surface.x1[5], surface.x2[2]]]  # rows go with x2, columns with x1
    assert surface.response[2, 5] == pytest.approx(moons_model.predict_proba(point)[0, 1])


def test_multiclass_surface_has_one_probability_for_each_class(iris):
    X, y = iris[0].iloc[:, :2], iris[1]
    model = MLPClassifier((), solver="lbfgs", alpha=0.1, max_iter=500, random_state=0).fit(X, y)
    surface = surface_of(model, X.to_numpy(), 5, None)
    assert surface.kind == "multiclass"
    assert surface.response.shape == (5, 5, 3)
    assert surface.response.sum(axis=-1) == pytest.approx(np.ones((5, 5)))


def test_regression_surface_is_the_predicted_value(plane, plane_model):
    surface = surface_of(plane_model, plane[0], 4, 0.0)
    assert surface.kind == "regression"
    assert surface.classes is None
    expected = surface.x1[None, :] + 2 * surface.x2[:, None]
    assert surface.response == pytest.approx(expected, abs=0.01)


def test_a_classifier_without_probabilities_is_sure(moons):
    surface = surface_of(RidgeClassifier().fit(*moons), moons[0], 6, None)
    assert set(surface.response.ravel()) == {0.0, 1.0}


@pytest.mark.parametrize(("eps", "low", "high"), [(0.0, 0.0, 10.0), (2.5, -2.5, 12.5), (None, -0.8, 10.8)])
def test_eps_is_the_margin_in_units_of_the_inputs(eps, low, high):
    points = np.array([[0.0, 5.0], [10.0, 5.0]])
    model = LinearRegression().fit(points, [0.0, 1.0])
    surface = surface_of(model, points, 3, eps)
    assert (surface.x1[0], surface.x1[-1]) == pytest.approx((low, high))


@pytest.mark.parametrize("eps", [None, 0.0])
def test_a_constant_input_still_has_width(eps):
    points = np.array([[0.0, 5.0], [10.0, 5.0]])
    surface = surface_of(LinearRegression().fit(points, [0.0, 1.0]), points, 3, eps)
    assert surface.x2.tolist() == [4.5, 5.0, 5.5]


def test_four_inputs_are_too_many(iris_model):
    with pytest.raises(DataError, match="exactly 2 inputs; MLPClassifier has 4"):
        surface_of(iris_model, np.zeros((3, 2)), 5, None)


def test_two_targets_are_too_many(plane):
    X, y = plane
    model = LinearRegression().fit(X, np.column_stack([y, y]))
    with pytest.raises(DataError, match="shows one target; LinearRegression predicts 2"):
        surface_of(model, X, 5, None)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1.0, 2.0, 3.0]], r"exactly 2 columns .* got shape \(1, 3\)"),
        ([1.0, 2.0], r"got shape \(2,\)"),
        (np.empty((0, 2)), "at least one row"),
        ([["a", "b"]], "must hold numbers only"),
        ([[1.0, np.nan]], "finite numbers only"),
    ],
)
def test_two_columns_refuses(X, message):
    with pytest.raises(DataError, match=f"'X' of DecisionBoundary.*{message}"):
        two_columns(X)
