import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPRegressor

from pellucid.errors import DataError, PellucidError
from pellucid.plotting import PredictionError


def test_residuals(plane, plane_model):
    X, y = plane
    display = PredictionError.from_estimator(plane_model, X, y)
    predicted = plane_model.predict(X)
    assert display.scatter_.get_offsets().data == pytest.approx(np.column_stack([predicted, y - predicted]))
    assert display.ax_.get_title() == "Residuals: MLPRegressor"
    assert display.ax_.get_xlabel() == "predicted value"
    assert display.ax_.get_ylabel() == "residual (actual − predicted)"
    assert list(display.line_.get_ydata()) == [0, 0]


def test_actual_against_predicted(plane, plane_model):
    X, y = plane
    display = PredictionError.from_estimator(plane_model, X, y, kind="actual_vs_predicted")
    assert display.scatter_.get_offsets().data == pytest.approx(np.column_stack([plane_model.predict(X), y]))
    assert list(display.line_.get_xdata()) == list(display.line_.get_ydata())
    assert display.ax_.get_ylabel() == "actual value"
    assert display.ax_.get_aspect() == 1
    box = display.ax_.get_legend().get_window_extent()
    assert box.y1 < display.ax_.get_window_extent().y0  # it hides no point
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["perfect prediction", "rows"]


def test_subsample_is_seeded():
    y = np.arange(50.0)
    first, second = (PredictionError.from_predictions(y, y + 1, subsample=10, random_state=3) for _ in range(2))
    assert len(first.y_true) == 10
    assert first.y_true.tolist() == second.y_true.tolist()


def test_given_axes_and_point_options():
    figure, ax = plt.subplots()
    display = PredictionError.from_predictions([1.0, 2.0], [1.0, 3.0], ax=ax, scatter_kwargs={"s": 7})
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.scatter_.get_sizes().tolist() == [7]


def test_unknown_kind():
    with pytest.raises(PellucidError, match=r"'kind' of PredictionError .* Did you mean 'actual_vs_predicted' or"):
        PredictionError.from_predictions([1.0], [1.0], kind="actual_vs_predict")


@pytest.mark.parametrize("predicted", [[1.0], [[1.0, 2.0], [1.0, 2.0]]])
def test_shapes_that_do_not_fit(predicted):
    with pytest.raises(DataError, match=r"one column each, of the same length; got shapes \(2,\) and"):
        PredictionError.from_predictions([1.0, 2.0], predicted)


def test_a_classifier(moons, moons_model):
    with pytest.raises(PellucidError, match=r"must be a regressor; got MLPClassifier\. For a classifier use Confusion"):
        PredictionError.from_estimator(moons_model, *moons)


def test_unfitted(plane):
    with pytest.raises(NotFittedError):
        PredictionError.from_estimator(MLPRegressor(), *plane)
