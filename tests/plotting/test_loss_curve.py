from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import pellucid
from pellucid.errors import PellucidError
from pellucid.plotting import LossCurve
from pellucid.plotting.loss_curve import EpochCurves
from pellucid.spec import Lbfgs


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("curves", "best"),
    [
        (EpochCurves([3.0, 1.0, 2.0]), 2),
        (EpochCurves([3.0, 1.0, 2.0], validation_loss=[3.0, 2.0, 1.0]), 3),
        (EpochCurves([3.0, 1.0, 2.0], validation_loss=[3.0, 2.0, 1.0], validation_score=[0.9, 0.9, 0.1]), 1),
        (EpochCurves([np.nan, 1.0]), 2),
        (EpochCurves([2.0, 1.0], validation_score=[np.nan, np.nan]), 1),
    ],
)
def test_best_epoch(curves, best):
    assert curves.best_epoch == best


def test_what_is_drawn_is_what_the_estimator_kept(stopped_model):
    display = LossCurve.from_estimator(stopped_model)
    loss = display.lines_["MLPClassifier", "loss"]
    score = display.lines_["MLPClassifier", "validation_score"]
    assert loss.get_ydata().tolist() == stopped_model.loss_curve_
    assert loss.get_xdata().tolist() == list(range(1, stopped_model.n_iter_ + 1))
    assert score.get_ydata().tolist() == stopped_model.validation_scores_
    assert score.axes is display.score_ax_
    assert display.ax_.get_xlabel() == "epoch"
    assert display.ax_.get_ylabel() == "log loss (nats)"
    assert display.score_ax_.get_ylabel() == "validation accuracy"
    assert display.ax_.get_title() == "Training of MLPClassifier"


def test_best_epoch_is_marked(stopped_model):
    display = LossCurve.from_estimator(stopped_model)
    best = int(np.argmax(stopped_model.validation_scores_)) + 1
    dot = display.best_["MLPClassifier"]
    assert dot.get_xdata() == [best]
    assert dot.get_ydata() == [stopped_model.best_validation_score_]
    assert legend_of(display) == ["training loss", "validation accuracy (right)", f"best epoch: {best}"]


def fake(**attributes):
    model = MLPClassifier(random_state=0)
    model.__dict__.update({"loss_curve_": [3.0, 2.0, 1.0], "validation_scores_": None} | attributes)
    return model


def test_validation_loss_is_drawn_where_there_is_one():
    display = LossCurve.from_estimator(fake(validation_loss_curve_=[3.0, 1.5, 2.0]))
    assert display.lines_["MLPClassifier", "validation_loss"].get_ydata().tolist() == [3.0, 1.5, 2.0]
    assert display.best_["MLPClassifier"].get_xdata() == [2]
    assert display.score_ax_ is None


def test_no_validation():
    display = LossCurve.from_estimator(fake(validation_loss_curve_=None))
    assert list(display.lines_) == [("MLPClassifier", "loss")]
    assert legend_of(display) == ["training loss", "best epoch: 3"]


@pytest.mark.parametrize(
    ("scoring", "label"),
    [("f1_macro", "validation f1 macro"), (len, "validation score"), (None, "validation accuracy")],
)
def test_the_score_has_its_name(scoring, label):
    display = LossCurve.from_estimator(fake(validation_scores_=[0.1, 0.2, 0.3], scoring=scoring))
    assert display.score_ax_.get_ylabel() == label


def test_scores_that_are_only_the_loss_again_are_left_out():
    model = fake(validation_loss_curve_=[3.0, 1.0, 2.0], validation_scores_=[-3.0, -1.0, -2.0], scoring="loss")
    display = LossCurve.from_estimator(model)
    assert display.score_ax_ is None
    assert display.best_["MLPClassifier"].get_xdata() == [2]


@pytest.mark.parametrize(
    ("loss", "label"),
    [
        ("squared_error", "half squared error (units of the target²)"),
        (SimpleNamespace(name="poisson"), "Poisson loss"),
        ("other", "loss"),
    ],
)
def test_the_loss_has_its_name(loss, label):
    assert LossCurve.from_estimator(fake(loss=loss)).ax_.get_ylabel() == label


def test_log_scale_has_plain_numbers():
    display = LossCurve.from_estimator(fake(loss_curve_=[2.0, 0.3, 0.1]), log_scale=True)
    display.figure_.draw_without_rendering()
    assert display.ax_.get_yscale() == "log"
    assert {"0.1", "0.2", "0.5", "1", "2"} <= {label.get_text() for label in display.ax_.get_yticklabels()}


def test_several(stopped_model):
    display = LossCurve.from_estimators({"a": stopped_model, "b": fake()})
    assert display.lines_["a", "loss"].get_color() == display.lines_["a", "validation_score"].get_color()
    assert display.lines_["a", "loss"].get_color() != display.lines_["b", "loss"].get_color()
    assert display.lines_["b", "loss"].get_ydata().tolist() == [3.0, 2.0, 1.0]
    best = int(np.argmax(stopped_model.validation_scores_)) + 1
    assert legend_of(display) == [
        f"a, best epoch: {best}",
        "b, best epoch: 3",
        "training loss",
        "validation accuracy (right)",
        "best epoch",
    ]


def test_several_with_different_losses():
    display = LossCurve.from_estimators({"a": fake(), "b": fake(loss="squared_error")})
    assert display.ax_.get_ylabel() == "loss"


def test_one_epoch_is_visible():
    display = LossCurve({"run": EpochCurves([1.0])}).plot()
    assert display.lines_["run", "loss"].get_marker() == "."


def test_given_axes():
    figure, ax = plt.subplots()
    display = LossCurve.from_estimator(fake(), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure


def test_lbfgs_has_no_epochs(moons_model):
    with pytest.raises(PellucidError, match=r"solver='lbfgs' keeps none: .* Fit with solver='adam' or 'sgd'\."):
        LossCurve.from_estimator(moons_model)


def test_lbfgs_as_a_description_has_no_epochs_either():
    with pytest.raises(PellucidError, match="solver='lbfgs' keeps none"):
        LossCurve.from_estimator(fake(loss_curve_=None, coefs_=[], solver=Lbfgs()))


def test_our_own_estimator(moons):
    model = pellucid.MLPClassifier((4,), early_stopping=True, learning_rate_init=0.1, max_iter=500, random_state=0)
    display = LossCurve.from_estimator(model.fit(*moons))
    drawn = {quantity: line.get_ydata().tolist() for (_, quantity), line in display.lines_.items()}
    assert drawn == {
        "loss": model.loss_curve_,
        "validation_loss": model.validation_loss_curve_,
        "validation_score": model.validation_scores_,
    }


def test_something_without_a_curve(moons):
    with pytest.raises(PellucidError, match="with a loss_curve_; got LogisticRegression"):
        LossCurve.from_estimator(LogisticRegression().fit(*moons))


def test_unfitted():
    with pytest.raises(NotFittedError):
        LossCurve.from_estimator(MLPClassifier())


def test_none_at_all():
    with pytest.raises(PellucidError, match="at least one training"):
        LossCurve.from_estimators({})
    with pytest.raises(PellucidError, match="at least one epoch of each training; 'a' has none"):
        LossCurve({"a": EpochCurves([])})


def test_estimators_without_names():
    with pytest.raises(PellucidError, match=r"'estimators' of LossCurve must be a dict .*; got list"):
        LossCurve.from_estimators([fake()])


@pytest.mark.parametrize(
    ("attributes", "label"),
    [
        ({"alpha": 3.0}, "training loss, with penalty"),
        ({"alpha": 0.0, "l1": 0.1}, "training loss, with penalty"),
        ({"alpha": 0.0}, "training loss"),
        ({"alpha": 3.0, "validation_loss_curve_": None}, "training loss"),  # nothing beside it
    ],
)
def test_a_penalty_is_told_beside_a_loss_without_it(attributes, label):
    display = LossCurve.from_estimator(fake(**({"validation_loss_curve_": [3.0, 1.5, 2.0]} | attributes)))
    assert legend_of(display)[0] == label


def test_one_epoch_is_a_whole_one_and_large_losses_are_written_in_full():
    one = LossCurve({"run": EpochCurves([0.5])}).plot()
    one.figure_.canvas.draw()
    assert all(tick % 1 == 0 for tick in one.ax_.get_xticks())
    large = LossCurve({"run": EpochCurves(5.202e11 + np.linspace(1e6, 0, 20))}).plot()
    large.figure_.canvas.draw()
    assert "+" not in large.ax_.yaxis.get_offset_text().get_text()


@pytest.mark.parametrize(
    ("losses", "scale"),
    [(np.geomspace(1e17, 1, 20), "log"), (np.geomspace(1, 0.1, 20), "linear"), ([1e6, 1.0, -0.1], "linear")],
)
def test_the_scale_follows_the_range(losses, scale):
    display = LossCurve({"run": EpochCurves(losses)}).plot()
    display.figure_.canvas.draw()
    low, high = display.ax_.get_ylim()
    assert display.ax_.get_yscale() == scale
    assert 3 <= sum(low <= tick <= high for tick in display.ax_.get_yticks()) <= 12
    assert LossCurve({"run": EpochCurves(losses)}).plot(log_scale=False).ax_.get_yscale() == "linear"
