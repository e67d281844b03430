"""What a frame says of neurons."""

from dataclasses import replace

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.textbook.parameters import Parameters
from pellucid.workbench.dataset import build
from pellucid.workbench.frames import FrameMaker, Looks, as_bytes, badges, evaluated, looks_from
from pellucid.workbench.history import COLUMNS
from pellucid.workbench.run import Run
from pellucid.workbench.settings import read_settings


@pytest.mark.parametrize(("factor", "dead"), [(None, [[0, 1]]), (1.0, [[0, 1]]), (0.5, [])])
def test_a_neuron_is_dead_where_its_slope_is_zero(factor: float | None, dead: list[list[int]]) -> None:
    layer = {"width": 3, "activation": {"name": "relu"}, "parametric": factor is not None}
    settings = read_settings({"network": {"layers": [layer]}})
    run = Run(settings, build(settings))
    parameters = Parameters(run.job.network, run.parameters.copy())
    parameters.bias[0][...] = [100, -100, 100]
    if factor is not None:
        assert parameters.slope[0] is not None
        parameters.slope[0][...] = factor
    shown = replace(run.shown(), parameters=parameters.vector)
    found = badges(shown, evaluated(run.engine, shown, parameters))
    assert found == {"dead": dead, "saturated": []}


def test_a_frame_of_an_epoch_has_its_loss_though_training_was_further_when_the_one_before_was_made() -> None:
    settings = read_settings({})
    run, frames = Run(settings, build(settings)), FrameMaker()
    run.advance(1)
    earlier = run.shown()
    run.advance(2)
    frames.frame(earlier, Looks(), settings.inputs.view)
    _, buffers = frames.frame(run.shown(), Looks(), settings.inputs.view)
    last = dict(zip(COLUMNS, buffers["history"][-1], strict=True))
    assert last["epoch"] == 3
    assert np.isfinite(last["train"])


def test_a_frame_of_a_network_that_diverged_warns_of_nothing() -> None:
    settings = read_settings({})
    run = Run(settings, build(settings))
    run.parameters[:] = 1e200
    FrameMaker().frame(run.shown(), Looks(), settings.inputs.view)


def test_maps_of_outputs_reach_as_far_as_they_can() -> None:
    settings = read_settings({})
    shown = Run(settings, build(settings)).shown()
    content, buffers = FrameMaker().frame(shown, Looks(((0, 1), (2, 0)), 8, 8), settings.inputs.view)
    assert content["ranges"][1] == 1
    assert content["ranges"][0] < 1
    np.testing.assert_allclose(buffers["maps"][1], buffers["output"], atol=1)  # both are odds, from 0 to 255
    assert as_bytes([np.array([-3.0, 0, 1, 3])], 2, [2.0])[1].ravel().tolist() == [0, 128, 191, 255]


def test_another_run_on_the_same_rows_has_the_inputs_maps_again() -> None:
    settings = read_settings({})
    dataset, frames, looks = build(settings), FrameMaker(), Looks(((-1, 0), (0, 1)), 8, 8)
    first, second = Run(settings, dataset), Run(settings, dataset)
    assert frames.frame(first.shown(), looks, settings.inputs.view)[0]["maps"] == [[-1, 0], [0, 1]]
    assert frames.frame(first.shown(), looks, settings.inputs.view)[0]["maps"] == [[0, 1]]
    assert frames.frame(second.shown(), looks, settings.inputs.view)[0]["maps"] == [[-1, 0], [0, 1]]


def test_one_map_is_asked_for_large() -> None:
    settings = read_settings({})
    shown = Run(settings, build(settings)).shown()
    content, buffers = FrameMaker().frame(shown, looks_from({"maps": [[0, 1]], "large": [0, 1]}), settings.inputs.view)
    assert content["large"]["neuron"] == [0, 1]
    assert content["large"]["range"] == pytest.approx(content["ranges"][0], rel=0.1)
    assert buffers["large"].shape == (60, 60)
    content, buffers = FrameMaker().frame(shown, looks_from({"large": [7, 0]}), settings.inputs.view)
    assert "large" not in content  # no such neuron
    with pytest.raises(DataError, match="'large' of a view must be a neuron"):
        looks_from({"large": [1]})


def test_a_frame_tells_loss_and_score_of_its_moment_though_its_row_was_thinned_out() -> None:
    settings = read_settings({})
    run = Run(settings, build(settings))
    run.advance(20_000)
    run.seek((5_001, 2))
    assert not run.curves.at(5_001)
    content, _ = FrameMaker().frame(run.shown(), Looks(), settings.inputs.view)
    assert content["batch"] == 2
    assert content["train"] < 0.1
    assert content["validation_score"] > 0.9
    run.seek((5_001, 0))
    content, buffers = FrameMaker().frame(run.shown(), Looks(), settings.inputs.view)
    rows = buffers["history"]
    assert rows[rows[:, 0] == 5_001, 1].tolist() == [content["train"]]
    assert rows[-1, 0] == 20_000
