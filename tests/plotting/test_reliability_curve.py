import numpy as np
import pytest
from scipy.stats import binom

from pellucid.errors import DataError, PellucidError
from pellucid.plotting import ReliabilityCurve


def test_points_are_frequencies():
    display = ReliabilityCurve.from_predictions([0.1, 0.3, 0.9, 0.7], [0, 1, 1, 1], bins=2)
    assert np.allclose(display.line_.get_xydata(), [[0.2, 0.5], [0.8, 1.0]])
    assert display.counts.tolist() == [2, 2]
    assert "error 0.250" in display.ax_.get_title()
    display.figure_.canvas.draw()


@pytest.mark.parametrize("rows", [None, 64])
def test_a_figure_of_its_own_is_as_high_as_what_is_drawn(rows):
    display = ReliabilityCurve([0.1, 0.9], [0.2, 0.8], rows=rows).plot()
    display.figure_.draw_without_rendering()
    drawn, figure = display.figure_.get_tightbbox(), display.figure_.get_size_inches()[1]
    assert 0 <= figure - drawn.y1 < 0.25
    assert 0 <= drawn.y0 < 0.25


def test_a_certain_probability_is_in_the_last_bin():
    display = ReliabilityCurve.from_predictions([1.0, 0.0], [1, 0], bins=10)
    assert display.line_.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert "error 0.000" in display.ax_.get_title()


def test_two_classes_the_second_s_probability(moons, moons_model):
    display = ReliabilityCurve.from_estimator(moons_model, *moons, bins=5)
    expected = ReliabilityCurve.from_predictions(moons_model.predict_proba(moons[0])[:, 1], moons[1] == 1, bins=5)
    assert np.array_equal(display.line_.get_xydata(), expected.line_.get_xydata())


def test_more_classes_the_predicted_one_s(iris, iris_model):
    display = ReliabilityCurve.from_estimator(iris_model, *iris)
    assert display.foretold.min() > 1 / 3
    right = np.average(display.happened, weights=display.counts)
    assert right == pytest.approx(iris_model.score(*iris))


def test_a_band_of_what_chance_does_with_so_many_rows():
    display = ReliabilityCurve([0.5, 0.9], [0.4, 0.95], rows=64, label="intervals").plot()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["perfect", "90% by chance (64 rows)", "intervals"]
    corners = display.band_.get_paths()[0].vertices
    at_half = corners[np.isclose(corners[:, 0], 0.5), 1]
    low, high = binom.ppf([0.05, 0.95], 64, 0.5) / 64
    assert (at_half.min(), at_half.max()) == pytest.approx((low, high))
    assert ReliabilityCurve([0.5], [0.5]).plot().band_ is None
    with pytest.raises(DataError, match="'rows' of ReliabilityCurve must be at least 1"):
        ReliabilityCurve([0.5], [0.5], rows=0)


def test_bad_input(plane, plane_model):
    with pytest.raises(PellucidError, match="must be a classifier with predict_proba; got MLPRegressor"):
        ReliabilityCurve.from_estimator(plane_model, *plane)
    with pytest.raises(DataError, match="one column each"):
        ReliabilityCurve.from_predictions([0.5], [True, False])
    with pytest.raises(DataError, match="not empty"):
        ReliabilityCurve([], [])


def test_the_legend_covers_no_data():
    display = ReliabilityCurve([0.9, 1.0], [0.05, 0.1], [900, 100]).plot()
    display.figure_.draw_without_rendering()
    legend, names = display.ax_.get_legend().get_window_extent(), display.ax_.xaxis.get_tightbbox()
    assert 0 <= legend.y0 < legend.y1 < names.y0


def test_errors_of_shares_end_at_nothing_and_all():
    random = np.random.default_rng(0)
    probability = np.repeat([0.05, 0.95], 8)
    display = ReliabilityCurve.from_predictions(probability, probability > random.random(16), bins=10)
    ends = np.concatenate(display.ax_.collections[0].get_segments())[:, 1]
    assert ends.min() >= 0
    assert ends.max() <= 1


def test_the_axes_say_which_class(moons, moons_model, iris, iris_model):
    axes = ReliabilityCurve.from_estimator(moons_model, *moons).ax_
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("probability of class 1", "share of rows that are of class 1")
    assert ReliabilityCurve.from_estimator(iris_model, *iris).ax_.get_xlabel() == "probability of the predicted class"
