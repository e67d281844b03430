import numpy as np
import pytest

from pellucid.errors import PellucidError
from pellucid.estimators.tabular import TabularClassifier
from pellucid.plotting import LossSpread


def test_mean_and_band_of_networks_of_different_length():
    display = LossSpread([[4.0, 2.0], [6.0, 4.0, 1.0]], [[1.0, 2.0], [3.0, np.inf, np.nan]]).plot()
    assert display.lines_["loss"].get_xydata().tolist() == [[1, 5], [2, 3], [3, 1]]
    assert display.lines_["validation_loss"].get_xydata().tolist() == [[1, 2], [2, 2]]
    band = display.ax_.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 6)
    assert "2 networks" in display.ax_.get_title()
    display.figure_.canvas.draw()


def test_a_logarithmic_axis_where_losses_are_positive_and_span_much():
    falling, flat = [[3.0, 0.5, 0.1]], [[0.7, 0.6, 0.5]]
    assert LossSpread(falling, falling).plot().ax_.get_yscale() == "log"
    assert LossSpread(flat, flat).plot().ax_.get_yscale() == "linear"
    assert LossSpread([[3.0, 0.5, -0.1]], falling).plot().ax_.get_yscale() == "linear"
    assert LossSpread(falling, falling).plot(log_scale=False).ax_.get_yscale() == "linear"
    assert LossSpread(flat, [[], []]).plot(log_scale=True).ax_.get_yscale() == "log"


def test_one_network_has_no_band():
    display = LossSpread([[1.0]], [[2.0]]).plot()
    assert len(display.ax_.collections) == 0
    assert display.ax_.get_title() == "Loss per epoch"


def test_from_an_estimator(moons, moons_model):
    model = TabularClassifier(n_folds=2, max_epochs=3, random_state=0).fit(*moons)
    display = LossSpread.from_estimator(model, loss_name="log loss (nats)")
    expected = np.mean([each.loss for each in model.bag_.networks], axis=0)
    assert np.allclose(display.lines_["loss"].get_ydata(), expected)
    assert display.ax_.get_ylabel() == "log loss (nats)"
    best = [(each.best_epoch, each.validation_loss[each.best_epoch - 1]) for each in model.bag_.networks]
    assert np.allclose(display.best_.get_xydata(), best)
    with pytest.raises(PellucidError, match="For one network use LossCurve"):
        LossSpread.from_estimator(moons_model)


def test_bad_input():
    with pytest.raises(PellucidError, match="at least one epoch"):
        LossSpread([[]], [[]])
