"""Names of tables are as long as they like; pictures stay pictures."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from pellucid.plotting import ConfusionMatrix, DecisionBoundary, LossCurve, ReliabilityCurve
from pellucid.plotting.loss_curve import EpochCurves
from pellucid.plotting.style import shortened

LONG = "a rather long class name, such as a diagnosis with details, number {}"


def share_of_figure(display):
    """The axes' part of the figure, and whether all that is drawn is within it."""
    display.figure_.canvas.draw()
    ax, figure = display.ax_.get_window_extent(), display.figure_.bbox
    drawn = display.figure_.get_tightbbox()
    width, height = display.figure_.get_size_inches()
    is_whole = drawn.x0 > -0.05 and drawn.y0 > -0.05 and drawn.x1 < width + 0.05 and drawn.y1 < height + 0.05
    return min(ax.width / figure.width, ax.height / figure.height), is_whole


@pytest.mark.parametrize("classes", [3, 12])
def test_of_classes(classes):
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 2))
    y = np.array([LONG.format(index) for index in range(classes)])[np.arange(120) % classes]
    model = MLPClassifier((), solver="lbfgs", alpha=1, max_iter=1000, random_state=0).fit(X, y)
    for picture in (
        DecisionBoundary.from_estimator(model, X, y, grid_resolution=20),
        ConfusionMatrix.from_estimator(model, X, y),
        ConfusionMatrix.from_predictions(y, y),
        ReliabilityCurve.from_estimator(model, X, y),
    ):
        share, is_whole = share_of_figure(picture)
        assert share > 0.4
        assert is_whole


def test_of_trainings():
    curves = {LONG.format(index): EpochCurves(np.linspace(1, 0.5, 20), np.linspace(1, 0.6, 20)) for index in range(9)}
    share, is_whole = share_of_figure(LossCurve(curves).plot())
    assert share > 0.4
    assert is_whole


def test_different_names_stay_different():
    names = shortened([LONG.format(index) for index in range(12)])
    assert len(set(names)) == 12
    assert max(map(len, names)) <= 22
    assert shortened(["two\nlines", SimpleNamespace]) == ["two lines", "<class 'types.SimpleN…"]
