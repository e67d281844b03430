"""The wall: many networks at once, each the same as alone."""

import numpy as np
import pytest

from pellucid.errors import PellucidError
from pellucid.workbench.dataset import build
from pellucid.workbench.run import Run
from pellucid.workbench.settings import Settings
from pellucid.workbench.wall import combinations
from workbench.client import Page, served


def test_each_combination_once() -> None:
    asked = {
        "network.activation": [{"name": "relu"}, {"name": "tanh"}],
        "network.layers": [[{"width": 2}], [{"width": 8}] * 2],
        "training.learning_rate": [0.1, 1],
    }
    found = combinations(Settings(), asked)
    assert [values for _, values in found][:3] == [("relu", "2", "0.1"), ("relu", "2", "1"), ("relu", "8 · 8", "0.1")]
    assert [layer.activation.name for layer in found[2][0].network.layers] == ["relu", "relu"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"training.learning_rate": []},
        {"training.nonsense": [1]},
        {"nonsense": [1]},
        {"network.layers[].nonsense": [1]},
        {"training.learning_rate": [-1]},
        {"training.learning_rate": list(range(1, 202))},
        {f"training.{name}": [1] for name in ("l1", "l2", "learning_rate", "batch_size")},
    ],
)
def test_what_cannot_be_combined_is_refused(asked: dict[str, list[object]]) -> None:
    with pytest.raises(PellucidError):
        combinations(Settings(), asked)


def test_networks_train_together_and_one_is_opened() -> None:
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("wall", settings={"training.learning_rate": [0.001, 0.03, 1e5], "data.noise": [0.0, 0.3]}, epochs=40)
        page.until(lambda state: state["wall"] and not state["wall"]["running"], 30)
        wall = page.state["wall"]
        assert wall["epoch"] == 40
        assert len(wall["cells"]) == 6
        page.send("wall_open", cell=3)
        content, buffers = page.wait("frame", epoch=40)
        settings = page.state["settings"]  # told before the frame
        assert settings["training"]["learning_rate"] == 0.03
        assert settings["data"]["noise"] == 0.3
    from pellucid.workbench.settings import read_settings

    read = read_settings(settings)
    run = Run(read, build(read))
    run.advance(40)
    np.testing.assert_array_equal(buffers["parameters"], run.parameters.astype("f4"))
    assert content["train"] < 0.7


def test_pictures_come_while_it_trains_and_it_can_be_stopped() -> None:
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("wall", settings={"network.seed": list(range(20))}, epochs=1_000_000)
        content, buffers = page.wait("wall_frame")
        assert content["epoch"] == 0
        assert buffers["maps"].shape == (20, 24, 24)
        assert buffers["loss"].shape == (20, 2)
        page.wait("wall_frame")
        page.send("wall_stop")
        page.until(lambda state: not state["wall"]["running"])
