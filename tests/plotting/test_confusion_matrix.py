import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from sklearn.exceptions import NotFittedError
from sklearn.metrics import confusion_matrix
from sklearn.neural_network import MLPClassifier

from pellucid.errors import DataError, PellucidError
from pellucid.plotting import ConfusionMatrix

TRUE, PREDICTED = ["a", "a", "a", "b", "b", "c"], ["a", "a", "b", "b", "a", "c"]


def numbers(display):
    return [[text.get_text() for text in row] for row in display.text_]


def test_from_estimator(iris, iris_model):
    display = ConfusionMatrix.from_estimator(iris_model, *iris)
    assert display.confusion_matrix.tolist() == confusion_matrix(iris[1], iris_model.predict(iris[0])).tolist()
    assert display.ax_.get_title() == "Confusion matrix of MLPClassifier"
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["setosa", "versicolor", "virginica"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("predicted class", "actual class")


def test_counts():
    display = ConfusionMatrix.from_predictions(TRUE, PREDICTED)
    assert numbers(display) == [["2", "1", "0"], ["1", "1", "0"], ["0", "0", "1"]]
    assert display.figure_.axes[1].get_ylabel() == "rows"
    assert display.im_.get_clim() == (0, 2)


@pytest.mark.parametrize(
    ("normalize", "meaning", "first"),
    [
        ("true", "share of the actual class", "0.67"),
        ("pred", "share of the predicted class", "0.67"),
        ("all", "share of all rows", "0.33"),
    ],
)
def test_shares(normalize, meaning, first):
    display = ConfusionMatrix.from_predictions(TRUE, PREDICTED, normalize=normalize)
    assert numbers(display)[0][0] == first
    assert display.figure_.axes[1].get_ylabel() == meaning
    assert display.im_.get_clim() == (0, 1)


def test_numbers_are_light_on_dark_and_dark_on_light():
    display = ConfusionMatrix.from_predictions(["a"] * 9 + ["b"], ["a"] * 9 + ["b"])
    assert [to_rgba(text.get_color()) for text in display.text_[0]] == [to_rgba("white"), to_rgba("0.15")]


def test_labels_and_names():
    display = ConfusionMatrix.from_predictions(TRUE, PREDICTED, labels=["c", "a"], display_labels=["$C$", "A"])
    assert display.confusion_matrix.tolist() == [[1, 0], [0, 2]]
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == [r"\$C\$", "A"]


def test_thirty_classes_fit_their_cells():
    rng = np.random.default_rng(0)
    actual = np.arange(3000) % 30
    predicted = np.where(rng.random(3000) < 0.7, actual, rng.integers(0, 30, 3000))
    names = [f"a long class name {index}" for index in range(30)]
    display = ConfusionMatrix.from_predictions(actual, predicted, display_labels=names)
    display.figure_.draw_without_rendering()
    cell = display.ax_.get_window_extent().width / 30
    assert all(text.get_window_extent().width < cell for text in display.text_.flat if text.get_text())
    assert all(text.get_fontsize() >= 6 for text in display.text_.flat)
    empty = [text.get_text() == "" for text in display.text_.flat]
    assert empty == (display.confusion_matrix.ravel() == 0).tolist()
    labels = [label.get_window_extent() for label in display.ax_.get_xticklabels()]
    assert all(left.x1 <= right.x0 + 1 for left, right in itertools.pairwise(labels))


def test_thirty_classes_in_shares_drop_the_leading_zero():
    actual = np.arange(60) % 30
    predicted = np.where(np.arange(60) < 30, actual, 0)
    display = ConfusionMatrix.from_predictions(actual, predicted, normalize="true")
    assert display.text_[1, 1].get_text() == ".50"
    assert display.text_[0, 0].get_text() == "1.00"


def test_plot_options_reach_scikit_learn():
    display = ConfusionMatrix.from_predictions(TRUE, PREDICTED, include_values=False, colorbar=False)
    assert display.text_ is None
    assert len(display.figure_.axes) == 1
    large = ConfusionMatrix.from_predictions(TRUE, PREDICTED, text_kw={"fontsize": 20}, values_format=".1f")
    assert large.text_[0, 0].get_fontsize() == 20
    assert large.text_[0, 0].get_text() == "2.0"


def test_given_axes_and_a_matrix_alone():
    figure, ax = plt.subplots()
    display = ConfusionMatrix([[1, 2], [3, 4]]).plot(ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert numbers(display) == [["1", "2"], ["3", "4"]]


def test_a_regressor(plane, plane_model):
    with pytest.raises(PellucidError, match=r"must be a classifier; got MLPRegressor\. For a regressor use Prediction"):
        ConfusionMatrix.from_estimator(plane_model, *plane)


def test_unfitted(moons):
    with pytest.raises(NotFittedError):
        ConfusionMatrix.from_estimator(MLPClassifier(), *moons)


def test_unknown_normalisation():
    with pytest.raises(PellucidError, match=r"'normalize' of ConfusionMatrix .* got 'tru'\. Did you mean 'true'\?"):
        ConfusionMatrix.from_predictions(TRUE, PREDICTED, normalize="tru")


def test_wrong_number_of_names():
    with pytest.raises(DataError, match="'display_labels' of ConfusionMatrix must have 3 names"):
        ConfusionMatrix.from_predictions(TRUE, PREDICTED, display_labels=["a", "b"])
