"""Loss surfaces and warped grids."""

from dataclasses import replace

import numpy as np

from pellucid.engines import get_engine
from pellucid.textbook.parameters import Parameters
from pellucid.workbench.dataset import build
from pellucid.workbench.landscape import filter_normalised, path_of, run_directions, surface, warp
from pellucid.workbench.run import Run
from pellucid.workbench.settings import Settings
from pellucid.workbench.sources import make

ENGINE = get_engine("auto", 1)


def trained() -> Run:
    run = Run(Settings(), build(Settings()))
    for _ in range(30):
        run.advance(1)
    return run


def test_a_surface_along_two_weights_has_the_network_s_loss_where_it_stands() -> None:
    run = trained()
    shown, path = run.shown(), path_of(run)
    directions = np.zeros((2, len(shown.parameters)))
    directions[0, 2] = directions[1, 5] = 1
    origin = shown.parameters.copy()
    origin[[2, 5]] = 0
    found = surface(shown, path, origin, directions, 11, 0.5)
    x, y, loss = found.path[-1]
    np.testing.assert_allclose([x, y], shown.parameters[[2, 5]], atol=1e-12)
    expected = ENGINE.loss_and_gradients(
        shown.network, shown.training, Parameters(shown.network, shown.parameters), shown.dataset.training
    ).loss
    np.testing.assert_allclose([loss, found.loss[5, 5]], expected, rtol=1e-9)
    np.testing.assert_allclose(found.x, (x - 0.5, x + 0.5))


def test_directions_follow_the_run_and_are_as_long_as_the_neurons() -> None:
    run = trained()
    shown, path = run.shown(), path_of(run)
    directions = run_directions(shown.network, shown.parameters, path)
    for direction in directions:
        parts, known = (Parameters(shown.network, each) for each in (direction, shown.parameters))
        for part, weights in zip(parts.weights, known.weights, strict=True):
            np.testing.assert_allclose(np.linalg.norm(part, axis=0), np.linalg.norm(weights, axis=0))
    found = surface(shown, path, shown.parameters, directions, 9, None)
    np.testing.assert_allclose(found.path[-1, :2], 0, atol=1e-9)
    assert found.path[0, 2] > found.path[-1, 2]  # downhill
    assert found.x[0] < found.path[:, 0].min()
    assert found.x[1] > found.path[:, 0].max()


def test_a_surface_counts_rows_as_training_does() -> None:
    rows = replace(make("moons"), weight=np.random.default_rng(0).uniform(0, 3, 300))
    run = Run(Settings(), build(Settings(), rows))
    shown = run.shown()
    found = surface(shown, path_of(run), shown.parameters, np.eye(2, len(shown.parameters)), 5, 0.5)
    parameters = Parameters(shown.network, shown.parameters)
    expected = ENGINE.loss_and_gradients(shown.network, shown.training, parameters, shown.dataset.training).loss
    np.testing.assert_allclose(found.loss[2, 2], expected, rtol=1e-9)


def test_a_neuron_without_weights_has_no_direction() -> None:
    run = trained()
    zeros = np.zeros(len(run.parameters))
    assert (filter_normalised(run.job.network, np.ones(len(zeros)), zeros) == 0).all()


def test_the_warped_grid_is_what_the_layer_makes_of_the_plane() -> None:
    run = trained()
    shown = run.shown()
    columns = shown.dataset.plane(run.settings.inputs.view).rows(21)
    found = warp(shown, columns, 0, [1, 3])
    inputs = shown.dataset.seen(columns)
    parameters = Parameters(shown.network, shown.parameters)
    expected = np.tanh(inputs @ parameters.weights[0] + parameters.bias[0])[:, [1, 3]]
    np.testing.assert_allclose(found["grid"].reshape(-1, 2), expected, atol=1e-6)
    assert found["points"].shape == (len(shown.dataset.shown), 3)
