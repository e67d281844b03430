"""What a frame says of neurons."""

from dataclasses import replace

import numpy as np
import pytest

from pellucid.textbook.parameters import Parameters
from pellucid.workbench.dataset import build
from pellucid.workbench.frames import FrameMaker, Looks, as_bytes, badges, evaluated
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


def test_maps_of_outputs_reach_as_far_as_they_can() -> None:
    settings = read_settings({})
    shown = Run(settings, build(settings)).shown()
    content, buffers = FrameMaker().frame(shown, Looks(((0, 1), (2, 0)), 8, 8), settings.inputs.view)
    assert content["ranges"][1] == 1
    assert content["ranges"][0] < 1
    np.testing.assert_allclose(buffers["maps"][1], buffers["output"], atol=1)  # both are odds, from 0 to 255
    assert as_bytes([np.array([-3.0, 0, 1, 3])], 2, [2.0])[1].ravel().tolist() == [0, 128, 191, 255]
