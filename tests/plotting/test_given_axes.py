"""Pictures within axes that the user made: readable whatever their figure's layout and colours."""

from itertools import combinations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from sklearn.neural_network import MLPClassifier

from pellucid.errors import PellucidError
from pellucid.plotting import DecisionBoundary, LossCurve, NetworkDiagram, WeightHistogram
from sklearn_twin import CHECKS_TEXTS_EARLY


def draw_boundary(model, X, y, ax):
    return DecisionBoundary.from_estimator(model, X, y, ax=ax)


DISPLAYS = [
    draw_boundary,
    lambda model, X, y, ax: LossCurve.from_estimator(model, ax=ax),
    lambda model, X, y, ax: NetworkDiagram.from_estimator(model, ax=ax),
    lambda model, X, y, ax: WeightHistogram.from_estimator(model, ax=ax),
]
NAMES = ["boundary", "curve", "diagram", "histogram"]


@pytest.fixture(scope="module")
def fitted(iris):
    X, species = iris
    X = X.iloc[:, 2:]
    species = species if CHECKS_TEXTS_EARLY else pd.factorize(species)[0]
    return MLPClassifier((8, 4), early_stopping=True, max_iter=300, random_state=0).fit(X, species), X, species


def texts_within(figure, *parts):
    """All texts that are seen, but the empty ones and those of the other parts."""
    figure.canvas.draw()
    others = {text for part in parts for text in part.findobj(Text)}
    ticks = {
        text
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in axis.get_major_ticks() + axis.get_minor_ticks()
        for text in tick.findobj(Text)
        if not ax.axison or not axis.get_view_interval()[0] <= tick.get_loc() <= axis.get_view_interval()[1]
    }
    names = {axis.label for ax in figure.axes if not ax.axison for axis in (ax.xaxis, ax.yaxis)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in others | ticks | names
    ]


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("draw", DISPLAYS, ids=NAMES)
def test_without_a_layout_nothing_covers_anything(fitted, draw, tight):
    figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 10))
    display = draw(*fitted, above)
    below.set_title("the next picture")
    if tight:
        figure.tight_layout()
    assert display.ax_ is above
    boxes = {text: text.get_window_extent() for text in texts_within(figure, below)}
    page, next_picture = figure.bbox, below.get_tightbbox()
    for box in boxes.values():
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert box.y0 >= next_picture.y1
    touching = [
        (a.get_text(), b.get_text())
        for (a, one), (b, other) in combinations(boxes.items(), 2)
        if one.padded(-1).overlaps(other.padded(-1))
    ]
    assert not touching


def brightness(color):
    return sum(to_rgb(color)) / 3


@pytest.mark.parametrize("draw", DISPLAYS, ids=NAMES)
def test_text_is_readable_on_a_dark_ground(fitted, draw):
    with plt.style.context("dark_background"):
        figure, ax = plt.subplots(layout="constrained")
    draw(*fitted, ax)
    assert {text.get_text() for text in texts_within(figure) if brightness(text.get_color()) < 0.7} == set()


def test_lines_are_seen_on_a_dark_ground(fitted):
    with plt.style.context("dark_background"):
        _, axes = plt.subplots(1, 2)
    zero = WeightHistogram.from_estimator(fitted[0], ax=axes[0]).axes_[0].lines[0]
    assert brightness(zero.get_color()) > 0.7
    assert brightness(draw_boundary(*fitted, axes[1]).ax_.get_facecolor()) == 1  # on which its line is dark


@pytest.mark.parametrize("draw", DISPLAYS, ids=NAMES)
def test_something_that_is_no_axes(fitted, draw):
    with pytest.raises(PellucidError, match=r"'ax' .* must be matplotlib axes or None; got ndarray\..*axes\[0\]"):
        draw(*fitted, plt.subplots(1, 2)[1])
