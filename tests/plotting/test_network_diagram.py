from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid.errors import DataError, PellucidError
from pellucid.plotting import NetworkDiagram


def texts_of(display):
    return [text.get_text() for text in display.ax_.texts]


def drawn(display):
    return [len(layer.get_paths()) for layer in display.neurons_]


def test_every_neuron_and_every_link(moons_model):
    display = NetworkDiagram.from_estimator(moons_model)
    assert drawn(display) == [2, 10, 5, 1]
    assert [len(links.get_segments()) for links in display.links_] == [20, 50, 5]
    assert display.ax_.get_title() == "MLPClassifier: 2 → 10 → 5 → 1"
    assert texts_of(display) == [
        "x1",
        "x2",
        "P(y = 1)",
        "inputs\n2 values",
        "hidden layer 1\n10 neurons\ntanh",
        "hidden layer 2\n5 neurons\ntanh",
        "output\n1 neuron\nlogistic",
    ]


def test_links_carry_the_weights_strong_ones_on_top(moons_model):
    display = NetworkDiagram.from_estimator(moons_model)
    for links, weights in zip(display.links_, moons_model.coefs_, strict=True):
        sizes = np.abs(links.get_array())
        assert sorted(links.get_array()) == sorted(weights.ravel())
        assert (np.diff(sizes) >= 0).all()
        assert (np.diff(links.get_linewidths()) >= 0).all()


def test_a_link_joins_its_two_neurons():
    display = NetworkDiagram([[[1.0, -3.0], [2.0, 4.0]]], [[0.0, 0.0]]).plot()
    (links,) = display.links_
    ends = {float(w): segment.tolist() for w, segment in zip(links.get_array(), links.get_segments(), strict=True)}
    assert ends[-3.0] == [[0.0, 0.5], [3.0, -0.5]]  # from the first input to the second output
    assert ends[2.0] == [[0.0, -0.5], [3.0, 0.5]]


def test_colour_is_symmetric_around_zero_for_weights_and_biases():
    display = NetworkDiagram([[[1.0, -3.0]]], [[0.5, 4.0]]).plot()
    (links,) = display.links_
    assert links.get_clim() == (-4, 4)
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (-4, 4)
    fill = display.neurons_[1].get_facecolor()
    assert fill.tolist() == mpl.colormaps["coolwarm"]([(0.5 + 4) / 8, 1.0]).tolist()
    assert display.neurons_[0].get_facecolor().tolist() == [[1.0, 1.0, 1.0, 1.0]]
    assert display.colorbar_.ax.get_xlabel() == "weight (link) or bias (fill of a neuron)"


def test_names_of_columns_and_classes(iris_model):
    display = NetworkDiagram.from_estimator(iris_model)
    assert drawn(display) == [4, 8, 3]
    assert texts_of(display)[:4] == [
        f"{part} {side} (cm)" for part in ("sepal", "petal") for side in ("length", "width")
    ]
    assert texts_of(display)[4:7] == ["setosa", "versicolor", "virginica"]


def test_a_pipeline_s_inputs_have_the_names_of_its_columns(iris):
    X, y = iris
    network = MLPClassifier((2,), solver="lbfgs", alpha=1.0, max_iter=1000, random_state=0)
    display = NetworkDiagram.from_estimator(make_pipeline(StandardScaler(), network).fit(X, y))
    assert display.feature_names == tuple(X.columns)


def test_given_names_are_shown_as_they_are(moons_model):
    display = NetworkDiagram.from_estimator(
        moons_model, feature_names=["price in $ or $", "a" * 40], output_names=["out"]
    )
    assert texts_of(display)[:3] == [r"price in \$ or \$", "a" * 21 + "…", "out"]


@pytest.mark.parametrize("kind", [np.array, pd.Index])
def test_names_may_be_arrays(kind):
    display = NetworkDiagram(
        [[[1.0], [2.0]]],
        [[0.0]],
        feature_names=kind(["u", "v"]),
        output_names=kind(["w"]),
        activations=kind(["identity"]),
    ).plot()
    assert texts_of(display)[:3] == ["u", "v", "w"]


def test_a_deep_network_is_no_wider_than_a_page():
    widths = (2, *[8] * 10, 1)
    display = NetworkDiagram([np.ones(shape) for shape in pairwise(widths)], [np.ones(n) for n in widths[1:]]).plot()
    assert display.figure_.get_figwidth() < 14
    display.figure_.draw_without_rendering()
    captions = [text.get_window_extent() for text in display.ax_.texts if "neuron" in text.get_text()]
    assert len(captions) == 11
    assert all(left.x1 < right.x0 for left, right in pairwise(captions))


def test_captions_without_room_are_left_out(moons_model):
    _, ax = plt.subplots(figsize=(2.2, 1.6))
    display = NetworkDiagram.from_estimator(moons_model, ax=ax)
    assert not any(text.get_visible() for text in display.ax_.texts if "neuron" in text.get_text())


def test_wide_layers_are_drawn_in_part_and_say_so():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(64, 100)), rng.normal(size=(100, 10))]
    display = NetworkDiagram(weights, [np.zeros(100), np.zeros(10)], activations=["relu", "softmax"]).plot()
    assert drawn(display) == [15, 15, 10]
    shown = [*range(8), *range(93, 100)]
    assert sorted(display.links_[1].get_array()) == sorted(weights[1][shown].ravel())
    assert texts_of(display).count("⋮") == 2
    assert "hidden layer\n100 neurons,\n15 drawn\nrelu" in texts_of(display)
    assert "inputs\n64 values,\n15 drawn" in texts_of(display)
    assert "x64" in texts_of(display)
    assert "x30" not in texts_of(display)


def test_max_neurons(moons_model):
    assert drawn(NetworkDiagram.from_estimator(moons_model, max_neurons=4)) == [2, 3, 3, 1]


@pytest.mark.parametrize("most", [2, 4.0, True])
def test_max_neurons_out_of_range(moons_model, most):
    with pytest.raises(PellucidError, match="'max_neurons' of NetworkDiagram must be an integer of at least 3; got"):
        NetworkDiagram.from_estimator(moons_model, max_neurons=most)


def test_no_hidden_layers(plane_model):
    display = NetworkDiagram.from_estimator(plane_model)
    assert drawn(display) == [2, 1]
    assert texts_of(display) == ["x1", "x2", "prediction", "inputs\n2 values", "output\n1 neuron\nidentity"]


def test_all_weights_zero():
    display = NetworkDiagram([[[0.0]]], [[0.0]]).plot()
    assert display.links_[0].get_clim() == (-1, 1)
    assert display.links_[0].get_linewidths().tolist() == pytest.approx([0.3])


@pytest.mark.parametrize("widths", [(2, 1), (2, 1, 1), (4, 8, 3), (64, 100, 10), (64, 12, 10, 8, 6, 4, 10)])
def test_nothing_is_clipped_in_a_figure_of_its_own(widths):
    weights = [np.ones(shape) for shape in pairwise(widths)]
    names = [f"a rather long name {index}" for index in range(widths[0])]
    activations = ["leaky_relu"] * len(weights)
    biases = [np.ones(width) for width in widths[1:]]
    display = NetworkDiagram(weights, biases, feature_names=names, activations=activations).plot()
    display.figure_.draw_without_rendering()
    page = display.figure_.bbox
    for text in [*display.ax_.texts, display.ax_.title]:
        box = text.get_window_extent()
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1


def test_given_axes(moons_model):
    figure, ax = plt.subplots()
    display = NetworkDiagram.from_estimator(moons_model, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([], [], "one weight matrix and one bias vector for each layer; got 0 and 0"),
        ([[[1.0]]], [[1.0], [1.0]], "got 1 and 2"),
        ([[[1.0]]], [[1.0, 2.0]], r"'weights\[0\]' of NetworkDiagram must have shape .* = \(1, 2\); got \(1, 1\)"),
        ([[[1.0, 1.0]], [[1.0]]], [[1.0, 1.0], [1.0]], r"'weights\[1\]' .* = \(2, 1\); got \(1, 1\)"),
    ],
)
def test_shapes_that_do_not_fit(weights, biases, message):
    with pytest.raises(DataError, match=message):
        NetworkDiagram(weights, biases)


def test_wrong_number_of_activations():
    with pytest.raises(DataError, match="'activations' of NetworkDiagram must have 1 names"):
        NetworkDiagram([[[1.0]]], [[1.0]], activations=["relu", "tanh"])


def test_something_else(moons):
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(PellucidError, match="'estimator' of NetworkDiagram must be a multi-layer perceptron"):
        NetworkDiagram.from_estimator(LogisticRegression().fit(*moons))


def test_several_binary_labels_have_a_name_each(moons):
    X, y = moons
    model = MLPClassifier((2,), solver="lbfgs", alpha=1.0, max_iter=500, random_state=0).fit(
        X, np.column_stack([y, 1 - y])
    )
    assert texts_of(NetworkDiagram.from_estimator(model))[2:4] == ["0", "1"]


def test_widths_have_one_scale_in_all_layers():
    display = NetworkDiagram([[[0.01]], [[5.0]]], [[0.0], [0.0]]).plot()
    (narrow,), (wide,) = (links.get_linewidth() for links in display.links_)
    assert (wide - 0.3) / (narrow - 0.3) == pytest.approx(500)
