import matplotlib.pyplot as plt
import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.plotting import WeightHistogram


def counts(ax):
    return sum(bar.get_height() for bar in ax.patches)


def test_one_histogram_for_each_layer(moons_model):
    display = WeightHistogram.from_estimator(moons_model)
    assert [counts(ax) for ax in display.axes_] == [20, 50, 5]
    first = moons_model.coefs_[0]
    title = f"hidden layer 1\n20 weights\nmean {first.mean():.2g}, std {first.std():.2g}".replace("-", "−")
    assert display.axes_[0].get_title() == title
    assert display.axes_[0].get_xlabel() == "value of a weight"
    assert display.axes_[0].get_ylabel() == "weights per bar"


def test_bars_are_numpys_histogram():
    values = np.random.default_rng(0).normal(size=(10, 20))
    (ax,) = WeightHistogram([values]).plot(bins=7).axes_
    expected, edges = np.histogram(values, bins=7)
    assert [bar.get_height() for bar in ax.patches] == expected.tolist()
    assert [bar.get_x() for bar in ax.patches] == pytest.approx(edges[:-1])


def test_biases_have_rows_of_their_own(moons_model):
    display = WeightHistogram.from_estimator(moons_model, biases=True)
    assert [counts(ax) for ax in display.axes_] == [20, 50, 5, 10, 5, 1]
    assert display.axes_[3].get_xlabel() == "value of a bias"
    assert "1 bias\n" in display.axes_[5].get_title()
    rows = [ax.get_subplotspec().rowspan.start for ax in display.axes_]
    assert rows == [1, 1, 1, 2, 2, 2]


def test_shared_and_own_axes():
    weights = [[[1.0, -1.0]], [[30.0], [20.0]]]
    shared = WeightHistogram(weights).plot(bins=4)
    assert shared.axes_[0].get_xlim() == shared.axes_[1].get_xlim()
    own = WeightHistogram(weights).plot(bins=4, shared_x=False)
    assert own.axes_[0].get_xlim()[1] < 2
    assert own.axes_[1].get_xlim()[1] > 30


def test_zero_line(moons_model):
    for ax in WeightHistogram.from_estimator(moons_model).axes_:
        assert [line.get_xdata() for line in ax.lines] == [[0, 0]]


def test_many_layers_take_several_rows():
    display = WeightHistogram([np.ones((2, 2))] * 6).plot()
    places = [(ax.get_subplotspec().rowspan.start, ax.get_subplotspec().colspan.start) for ax in display.axes_]
    assert places == [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1)]


@pytest.mark.parametrize("from_grid", [True, False])
def test_given_axes_lend_their_place(moons_model, from_grid):
    figure = plt.figure()
    ax = figure.add_subplot(1, 2, 2) if from_grid else figure.add_axes((0.5, 0.1, 0.4, 0.8))
    display = WeightHistogram.from_estimator(moons_model, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert all(panel.get_position().x0 >= 0.49 for panel in display.axes_)


def test_given_axes_in_a_part_of_a_figure(moons_model):
    part = plt.figure().subfigures(1, 2)[0]
    display = WeightHistogram.from_estimator(moons_model, ax=part.subplots())
    assert all(panel.figure is part for panel in display.axes_)
    assert display.figure_ is part.figure


def test_no_layers():
    with pytest.raises(DataError, match="'weights' of WeightHistogram must have at least one layer"):
        WeightHistogram([])
