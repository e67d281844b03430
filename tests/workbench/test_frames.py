"""What a frame says of neurons."""

from dataclasses import replace

import pytest

from pellucid.textbook.parameters import Parameters
from pellucid.workbench.dataset import build
from pellucid.workbench.frames import badges, evaluated
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
