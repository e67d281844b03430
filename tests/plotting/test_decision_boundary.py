from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid.errors import DataError, PellucidError
from pellucid.plotting import DecisionBoundary
from pellucid.plotting.style import class_colors

LOW, HIGH = (mpl.colormaps["coolwarm"](end) for end in (0.0, 1.0))


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_two_classes(moons, moons_model):
    X, y = moons
    display = DecisionBoundary.from_estimator(moons_model, X, y, grid_resolution=20)
    grid = np.column_stack([each.ravel() for each in np.meshgrid(display.surface.x1, display.surface.x2)])
    shown = display.surface_.get_array().ravel().tolist()
    assert shown == pytest.approx(moons_model.predict_proba(grid)[:, 1].tolist())
    assert display.surface_.get_clim() == (0, 1)
    assert display.surface_.get_cmap().name == "coolwarm"
    assert display.ax_.get_title() == "Decision boundary of MLPClassifier"
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("x1", "x2")
    assert display.colorbar_.ax.get_ylabel() == "predicted probability of 1"
    assert legend_of(display) == ["0", "1"]


def test_points_have_the_colour_of_their_class(moons, moons_model):
    X, y = moons
    display = DecisionBoundary.from_estimator(moons_model, X, y, grid_resolution=10)
    assert display.points_.get_offsets().data.tolist() == X.tolist()
    assert np.array_equal(display.points_.get_facecolors(), np.where(y[:, None] == 1, HIGH, LOW))
    assert display.points_.get_edgecolors()[0].tolist() == list(to_rgba("white"))


def test_test_points_have_another_marker_and_a_dark_edge(moons, moons_model):
    X, y = moons
    display = DecisionBoundary.from_estimator(
        moons_model, X[:100], y[:100], X_test=X[100:], y_test=y[100:], grid_resolution=10
    )
    assert display.test_points_.get_offsets().data.tolist() == X[100:].tolist()
    assert display.test_points_.get_edgecolors()[0].tolist() == list(to_rgba("0.15"))
    assert not np.array_equal(display.test_points_.get_paths()[0].vertices, display.points_.get_paths()[0].vertices)
    assert legend_of(display) == ["0", "1", "training", "test"]
    assert display.surface.x1[0] < X[:, 0].min()
    assert display.surface.x1[-1] > X[:, 0].max()


def test_several_classes_are_regions(iris):
    X, y = iris[0].iloc[:, 2:], iris[1]
    model = make_pipeline(StandardScaler(), MLPClassifier((), solver="lbfgs", max_iter=500, random_state=0)).fit(X, y)
    display = DecisionBoundary.from_estimator(model, X, y, grid_resolution=15)
    grid = np.column_stack([each.ravel() for each in np.meshgrid(display.surface.x1, display.surface.x2)])
    regions = model.classes_[display.surface_.get_array().ravel()]
    assert regions.tolist() == model.predict(pd.DataFrame(grid, columns=X.columns)).tolist()
    assert display.points_.get_facecolors()[-1, :3].tolist() == list(class_colors(3)[2])
    assert display.colorbar_ is None
    assert legend_of(display) == ["setosa", "versicolor", "virginica"]
    assert display.ax_.get_xlabel() == "petal length (cm)"


def test_regression_has_one_scale_for_predicted_and_actual(plane, plane_model):
    X, y = plane
    display = DecisionBoundary.from_estimator(plane_model, X, y, grid_resolution=10, eps=0.0)
    assert display.points_.get_array().tolist() == y.tolist()
    assert display.points_.norm is display.surface_.norm
    assert display.colorbar_.ax.get_ylabel() == "predicted value"
    assert display.ax_.get_title() == "Prediction of MLPRegressor"
    assert display.ax_.get_xlim() == pytest.approx((X[:, 0].min(), X[:, 0].max()))


def test_points_of_a_regression_are_told_and_have_a_light_and_a_dark_edge(plane, plane_model):
    X, y = plane
    display = DecisionBoundary.from_estimator(plane_model, X, y, X_test=X, y_test=y, grid_resolution=5)
    assert display.ax_.get_legend().get_title().get_text() == "filled with the actual value"
    for points, halo in ((display.points_, "0.15"), (display.test_points_, "white")):
        (effect,) = points.get_path_effects()
        assert effect._gc["foreground"] == halo
        assert effect._gc["linewidth"] > points.get_linewidths()[0]
    assert legend_of(DecisionBoundary.from_estimator(plane_model, X, y, grid_resolution=5)) == [
        "filled with the actual value"
    ]
    assert DecisionBoundary.from_estimator(plane_model, X, grid_resolution=5).ax_.get_legend() is None


def test_given_axes_and_names_are_used(moons, moons_model):
    figure, ax = plt.subplots()
    display = DecisionBoundary.from_estimator(
        moons_model, moons[0], grid_resolution=5, feature_names=["width ($)", "height ($)"], ax=ax
    )
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_xlabel() == r"width (\$)"
    assert ax.get_legend() is None


def test_plot_again_elsewhere(moons, moons_model):
    display = DecisionBoundary.from_estimator(moons_model, moons[0], grid_resolution=5)
    _, ax = plt.subplots()
    assert display.plot(ax=ax) is display
    assert display.ax_ is ax


def test_the_legend_covers_no_data(moons, moons_model):
    X, y = moons
    display = DecisionBoundary.from_estimator(moons_model, X, y, X_test=X, y_test=y, grid_resolution=5)
    display.figure_.draw_without_rendering()
    legend, axes = (each.get_window_extent() for each in (display.ax_.get_legend(), display.ax_))
    names = display.ax_.xaxis.get_tightbbox()
    assert 0 <= legend.y0 < legend.y1 < names.y0 < axes.y0


def test_unfitted():
    with pytest.raises(NotFittedError):
        DecisionBoundary.from_estimator(MLPClassifier(), [[0.0, 1.0]])


def test_unknown_class(moons, moons_model):
    X, y = moons
    with pytest.raises(DataError, match=r"'y_test' .* classes seen in fit, \[0, 1\]; got .*7"):
        DecisionBoundary.from_estimator(moons_model, X, y, X_test=X[:1], y_test=[7], grid_resolution=5)


def test_text_as_values_of_a_regression(plane, plane_model):
    with pytest.raises(DataError, match="'y' of DecisionBoundary must hold finite numbers"):
        DecisionBoundary.from_estimator(plane_model, plane[0], ["a"] * len(plane[0]), grid_resolution=5)


def test_y_of_another_length(moons, moons_model):
    with pytest.raises(DataError, match="one value for each of the 120 rows of 'X'"):
        DecisionBoundary.from_estimator(moons_model, moons[0], [0, 1])


@pytest.mark.parametrize("option", [{"grid_resolution": 1}, {"grid_resolution": 2.5}, {"eps": -1.0}, {"eps": np.nan}])
def test_options_out_of_range(moons, moons_model, option):
    (name,) = option
    with pytest.raises(PellucidError, match=f"'{name}' of DecisionBoundary must be"):
        DecisionBoundary.from_estimator(moons_model, moons[0], **option)


def test_numbers_along_the_axis_do_not_touch(moons_model, moons):
    display = DecisionBoundary.from_estimator(moons_model, moons[0] * 1e6 + 1e9, moons[1])
    display.figure_.canvas.draw()
    boxes = [label.get_window_extent() for label in display.ax_.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_sparse_table(moons_model, moons):
    with pytest.raises(DataError, match=r"'X' of DecisionBoundary must be a dense table; .* X\.toarray\(\)"):
        DecisionBoundary.from_estimator(moons_model, csr_array(moons[0]), moons[1])
