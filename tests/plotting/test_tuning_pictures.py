"""Pictures of sweeps: what is drawn is what was given; what cannot be drawn is refused."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pellucid.errors import DataError
from pellucid.plotting import (
    BoundaryWall,
    GrowthCurve,
    LossFan,
    RateRange,
    SearchHistory,
    SettingHeatMap,
    SettingScores,
)

mpl.use("agg")


def test_setting_scores_show_mean_and_best():
    settings = {"alpha": ["1", "1", "2", "2"], "width": ["a", "b", "a", "b"]}
    display = SettingScores(settings, [0.1, 0.3, 0.5, np.nan]).plot()
    mean, best = (line.get_ydata() for line in display.axes_[0].lines[:2])
    assert mean.tolist() == pytest.approx([0.2, 0.5])
    assert np.asarray(best).tolist() == pytest.approx([0.3, 0.5])


def test_setting_scores_leave_out_what_would_flatten_the_rest():
    scores = [*np.linspace(0.9, 1, 60), -1000.0]
    display = SettingScores({"a": ["1"] * 61}, scores).plot()
    assert display.axes_[0].get_ylim()[0] > 0
    assert display.figure_.get_supxlabel() == "1 score below the pictures"


@pytest.mark.parametrize(
    ("combinations", "best"),
    [([0, 1], "best combination"), ([0, 0], "best combination ± spread over folds and seeds")],
)
def test_the_legend_has_what_is_drawn(combinations, best):
    display = SettingScores({"a": ["1", "1"]}, [0.1, 0.2], combinations).plot()
    (legend,) = display.figure_.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a training", "mean of all trainings", best]


def test_a_negative_loss_is_told_as_a_loss():
    for display in (
        SettingScores({"a": ["1", "2"]}, [-0.25, -0.5], score_name="negative log loss").plot(),
        SearchHistory([-0.25, -0.5], [False] * 2, {}, score_name="negative log loss").plot(),
    ):
        display.figure_.canvas.draw()
        assert display.axes_[0].get_ylabel() == "log loss (lower is better)"
        labels = [label.get_text() for label in display.axes_[0].get_yticklabels()]
        assert "0.4" in labels
        assert not any("-" in label or "−" in label for label in labels)


@pytest.mark.parametrize(
    ("curves", "beyond"),
    [
        ([np.geomspace(1e4, 1e3, 30), np.geomspace(1e4, 1e96, 30), [1e4, 2e4, np.inf]], 2),
        ([np.geomspace(1e4, 1e307, 30)], 1),
        ([np.linspace(-1, -5, 30), [-1, 1e50]], 1),
        ([[1.0, 0.01], [20.0, 1.0]], 0),
    ],
)
def test_losses_that_explode_leave_the_picture(curves, beyond):
    display = LossFan(curves, -np.arange(len(curves))).plot()
    display.figure_.canvas.draw()
    low, high = display.ax_.get_ylim()
    first = min(abs(curve[0]) for curve in curves)
    assert high < 200 * first
    assert low <= np.min(curves[0])
    told = f"{beyond} of {len(curves)} lines leave{'s' * (beyond == 1)} the picture at its top"
    assert display.ax_.get_xlabel() == (f"epoch\n{told}" if beyond else "epoch")


def test_one_training_that_explodes_leaves_the_range_readable():
    display = RateRange([0.1, 0.2, 0.3], [[5.0, 5.1, 5.0], [1.0, 1.0, 1.0], [2.0, 2.0, 1e241]], start=6.0).plot()
    display.figure_.canvas.draw()
    assert display.ax_.get_ylim()[1] == pytest.approx(9.0)


def test_colours_of_a_negative_loss_are_told_as_the_loss():
    fan = LossFan([[1.0, 0.5], [1.0, 0.7]], [-0.25, -0.5], score_name="negative log loss").plot()
    heat = SettingHeatMap(["1"], ["1", "2"], [[-0.25, -0.5]], score_name="negative log loss").plot()
    assert [text.get_text() for text in heat.ax_.texts] == ["0.250", "0.500"]
    for display in (fan, heat):
        display.figure_.canvas.draw()
        bar = display.figure_.axes[-1]
        assert " ".join(bar.get_ylabel().split()) == "log loss (lower is better)"
        assert not any(label.get_text()[:1] in "-−" for label in bar.get_yticklabels() if label.get_text())


def test_figures_and_labels_of_a_heat_map_have_room():
    scores = [[-2243535.56, -123456.789, 0.5], [np.nan, -3.5e41, -1000.0]]
    display = SettingHeatMap(["a", "b"], ["1", "2", "3"], scores, "row", "column", score_name="R²", note="best " * 9)
    figure = display.plot().figure_
    figure.canvas.draw()
    texts = display.ax_.texts
    assert [text.get_text() for text in texts] == ["-2.24e+06", "-1.23e+05", "0.500", "-3.5e+41", "-1e+03"]
    cell = display.ax_.get_window_extent().width / 3
    assert max(text.get_window_extent().width for text in texts) < cell
    label = figure.axes[-1].yaxis.label.get_window_extent()
    assert label.y0 >= 0
    assert label.y1 <= figure.bbox.height


@pytest.mark.parametrize("values", [np.arange(60), np.geomspace(1e-6, 100, 40)])
def test_many_values_of_a_setting_have_labels_with_room(values):
    texts = [f"{value:.6g}" for value in values]
    display = SettingScores({"a": texts, "b": texts, "c": texts}, np.sin(values)).plot()
    display.figure_.canvas.draw()
    labels = display.axes_[1].get_xticklabels()
    assert labels[0].get_text() == texts[0]
    rights = [label.get_window_extent().x1 for label in labels]
    assert min(np.diff(rights)) > labels[0].get_fontsize()


def test_numbers_of_a_setting_are_drawn_by_their_size():
    display = SettingScores({"rate": ["0.1", "0.001", "1e-05", "auto"], "a": ["x", "b", "x", "a"]}, [1, 2, 3, 4]).plot()
    rate, other = ([label.get_text() for label in ax.get_xticklabels()] for ax in display.axes_)
    assert rate == ["1e-05", "0.001", "0.1", "auto"]
    assert other == ["x", "b", "a"]
    assert display.axes_[0].lines[0].get_ydata().tolist() == [3, 2, 1, 4]


def test_a_combination_with_a_failed_training_is_not_the_best():
    display = SettingScores({"a": ["1"] * 4}, [0.9, np.nan, 0.5, 0.6], [0, 0, 1, 1]).plot()
    assert np.asarray(display.axes_[0].lines[1].get_ydata()).tolist() == pytest.approx([0.55])


def test_settings_with_formulas_in_their_names():
    display = SettingScores({"$a": ["$x", "y$" * 20]}, [0.1, 0.2]).plot()
    display.figure_.canvas.draw()


def test_points_of_one_level_stand_above_it_and_logarithms_have_plain_ticks():
    values = {"hidden": ["64"] * 4, "rate": [0.005, 0.3, 0.04, 0.04]}
    display = SearchHistory([0.1, 0.2, 0.3, 0.4], [False] * 4, values, logs=["rate"], numbers=[1, 2, 5, 6]).plot()
    display.figure_.canvas.draw()
    history, hidden, rate = display.axes_
    assert history.collections[0].get_offsets()[:, 0].tolist() == [1, 2, 5, 6]
    assert hidden.get_xlim() == (-0.5, 0.5)
    assert np.ptp(hidden.collections[0].get_offsets()[:, 0]) < 0.3
    labels = [label.get_text() for label in rate.get_xticklabels()]
    assert {"0.01", "0.02", "0.05", "0.1"} <= set(labels)
    assert not any(label.get_text() for label in rate.get_xticklabels(minor=True))
    assert history.get_legend() is None  # it stands beside the points, and hides none


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_the_title_of_a_wall_fits_it(columns):
    X = np.random.default_rng(0).normal(size=(20, 2))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    title = "Networks of the first fold and seed; above each the mean accuracy of its setting"
    wall = BoundaryWall([model] * 4, X, X[:, 0] > 0, list("abcd"), columns=columns, title=title)
    figure = wall.plot(grid_resolution=5).figure_
    figure.canvas.draw()
    told = figure._suptitle.get_window_extent()
    assert 0 <= told.x0 < told.x1 <= figure.bbox.width
    assert told.y0 >= max(ax.title.get_window_extent().y1 for ax in figure.axes)


def test_heat_map_frames_the_best_and_survives_missing_scores():
    display = SettingHeatMap(["1", "2"], ["a", "b"], [[np.nan, 0.5], [0.7, -5]], "r", "c").plot()
    (frame,) = display.ax_.patches
    assert frame.get_xy() == (0.0, 1.0)
    SettingHeatMap(["1"], ["a"], [[np.nan]]).plot()


def test_heat_map_tells_the_good_apart_beside_many_that_are_hopeless():
    scores = [[0.90, 0.80, 0.85], [0.70, -1e6, -4e5], [-3e6, -2e6, -1e5]]
    mesh = SettingHeatMap(["1", "2", "3"], ["a", "b", "c"], scores).plot().ax_.collections[0]
    low, high = mesh.get_clim()
    assert (low, high) == (pytest.approx(0.5), 0.9)


def test_loss_fan_leaves_out_what_explodes():
    display = LossFan([[1.0, 0.5], [1.0, 1e30], [float("nan"), float("inf")]], [0.9, 0.1, float("nan")]).plot()
    assert display.ax_.lines[-1].get_color() == "tab:red"
    assert display.ax_.lines[-1].get_ydata().tolist() == [1.0, 0.5]


def test_wall_has_empty_places():
    X = np.random.default_rng(0).normal(size=(20, 2))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    display = BoundaryWall([model, None, model], X, X[:, 0] > 0, ["a", "b", "$c"], columns=2).plot(grid_resolution=5)
    assert [ax.get_title() for ax in display.axes_] == ["a", "", r"\$c"]


def test_growth_and_rates():
    growth = GrowthCurve([4], [[1.0]], [[0.5]], marked=4, mark="best").plot()
    assert growth.ax_.get_xscale() == "linear"
    rates = RateRange([0.1, 1.0], [[np.inf], [np.inf]], start=1.0).plot()
    assert rates.ax_.patches


@pytest.mark.parametrize(
    "make",
    [
        lambda: SettingScores({}, []),
        lambda: SettingScores({"a": ["1"]}, [1.0, 2.0]),
        lambda: SettingHeatMap([], [], []),
        lambda: LossFan([], []),
        lambda: LossFan([[1.0]], []),
        lambda: BoundaryWall([], [[0.0, 1.0]], [0], []),
        lambda: GrowthCurve([], [], []),
        lambda: GrowthCurve([1], [[1.0]], []),
        lambda: RateRange([], []),
    ],
)
def test_what_cannot_be_drawn(make):
    with pytest.raises(DataError):
        make()
