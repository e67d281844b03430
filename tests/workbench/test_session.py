"""A page's whole conversation with the server."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from pellucid.workbench.history import COLUMNS
from pellucid.workbench.limits import MOST_EVENTS, MOST_UNDO
from workbench.client import Page, served


@pytest.fixture
def page() -> Iterator[Page]:
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        yield page


def changed(page: Page, revision: int, **sections: Any) -> dict[str, Any]:
    settings = json.loads(json.dumps(page.state["settings"]))
    for name, values in sections.items():
        settings[name] |= values
    page.update(settings, revision)
    return page.until(lambda state: state["revision"] == revision)


def test_everything_is_told_at_once(page: Page) -> None:
    assert set(page.state) == {
        "catalog", "settings", "revision", "dataset", "run", "runs", "wall", "problems",
    }  # fmt: skip
    content, points = page.wait("points")
    assert {each["name"] for each in content["buffers"]} == {"x", "y", "target", "part", "row"}
    assert points["part"].sum() == page.state["dataset"]["validation"]
    content, buffers = page.wait("frame")
    assert content["reset"]
    assert buffers["history"].shape == (1, len(COLUMNS))
    assert np.isfinite(buffers["history"][0, [1, 2, 3, 4, 5]]).all()
    sizes = [int(np.prod(block["shape"])) for block in page.state["run"]["layout"]]
    assert sum(sizes) == len(buffers["parameters"])


def test_frames_have_what_is_on_the_screen(page: Page) -> None:
    page.send(
        "view",
        maps=[[-1, 0], [0, 3], [1, 1], [2, 0], [9, 9]],
        resolution=20,
        output_resolution=30,
        charts=["confusion", "histograms"],
        links="gradients",
    )
    while True:
        content, buffers = page.wait("frame")
        if content["maps"]:
            break
    assert content["maps"] == [[-1, 0], [0, 3], [1, 1], [2, 0]]
    assert buffers["maps"].shape == (4, 20, 20)
    assert buffers["output"].shape == (30, 30)
    first = buffers["maps"][0].astype(float)
    assert (np.diff(first, axis=1) >= 0).all()  # the first input rises from left to right
    assert (np.diff(first, axis=0) == 0).all()
    assert len(buffers["gradients"]) == len(buffers["parameters"])
    assert buffers["confusion_train"].sum() == page.state["dataset"]["train"]
    assert buffers["histogram_weights"].sum(axis=1).tolist() == [8, 8, 2]


def test_training_goes_on_while_nobody_looks_and_frames_wait_for_the_page(page: Page) -> None:
    page.is_drawing = False
    page.send("speed", epochs_per_second=None)
    page.send("play")
    frames = 0
    page.until(lambda state: state["run"]["playing"])
    for _ in range(20):
        with suppress(TimeoutError):
            frames += page.hear(0.1)[0]["kind"] == "frame"
    assert frames <= 3
    page.send("ack")
    page.is_drawing = True
    content, buffers = page.wait("frame")
    assert content["epoch"] > 100
    assert len(buffers["history"]) > 50


def test_speed_holds(page: Page) -> None:
    page.send("speed", epochs_per_second=20)
    page.send("play")
    page.until(lambda state: state["run"]["rate"] > 0)
    assert 10 < page.state["run"]["rate"] < 30
    page.send("pause")
    assert not page.until(lambda state: not state["run"]["playing"])["run"]["playing"]


@pytest.mark.parametrize(("name", "value"), [("epoch", 12), ("loss", 0.5), ("validation_loss", 0.5), ("score", 0.8)])
def test_it_runs_until_a_condition_holds(page: Page, name: str, value: float) -> None:
    page.send("speed", epochs_per_second=None)
    page.send("run_until", condition={"name": name, "value": value})
    page.until(lambda state: state["run"]["epoch"] > 0 and not state["run"]["playing"], 20)
    assert page.state["run"]["epoch"] > 0
    if name == "epoch":
        assert page.state["run"]["epoch"] == 12
        page.send("run_until", condition={"name": name, "value": value})
        content, _ = page.wait("error")
        assert "at epoch 12 already" in content["message"]


def test_a_run_that_diverged_says_what_helps_whenever_it_is_to_go_on(page: Page) -> None:
    training = {"optimizer": {"name": "gradient_descent"}, "learning_rate": 10}
    layers = [{"width": 8, "activation": {"name": "relu"}}] * 2
    page.update({"data": {"source": "plane"}, "training": training, "network": {"layers": layers}})
    page.until(lambda state: state["revision"] == 1)
    page.send("play")
    run = page.until(lambda state: state["run"]["diverged"])["run"]
    assert not run["playing"]
    assert "Reset the run, or go back by the slider, then choose a smaller learning rate" in run["ended"]
    for kind, more in (("play", {}), ("step", {}), ("run_until", {"condition": {"name": "loss", "value": 0.1}})):
        page.send(kind, **more)
        assert page.wait("error")[0]["message"] == run["ended"]
    page.send("reset")
    page.until(lambda state: not state["run"]["diverged"])


def test_the_curves_of_a_few_epochs_are_whole(page: Page) -> None:
    page.send("step", unit="epoch", count=10)
    _, buffers = page.wait("frame", epoch=10)
    assert np.isfinite(buffers["history"][:, 1:6]).all()  # losses and scores after each epoch


def test_a_live_change_is_marked_and_others_begin_anew(page: Page) -> None:
    page.send("step", unit="epoch", count=7)
    page.wait("frame", epoch=7)
    state = changed(page, 1, training={"learning_rate": 0.2})
    assert state["run"]["epoch"] == 7
    assert [(mark["epoch"], mark["path"], mark["to"]) for mark in state["run"]["marks"]] == [
        (7, "training.learning_rate", 0.2)
    ]
    state = changed(page, 2, network={"layers": [{"width": 3}]})
    assert state["run"]["epoch"] == 0
    assert state["run"]["widths"] == [2, 3, 1]
    assert state["run"]["marks"] == []


def test_a_network_learns_on_among_points_added_and_removed(page: Page) -> None:
    page.send("step", unit="epoch", count=7)
    page.wait("frame", epoch=7)
    count = page.state["dataset"]["rows"]
    state = changed(page, 1, data={"added": [[0.5, 1, 1], [1, 1, 0]]})
    assert (state["run"]["epoch"], state["dataset"]["rows"]) == (7, count + 2)
    page.send("step", unit="epoch", count=3)
    page.wait("frame", epoch=10)
    state = changed(page, 2, data={"added": [[0.5, 1, 1], [1, 1, 0]], "removed": [4]})
    assert (state["run"]["epoch"], state["dataset"]["rows"]) == (10, count + 1)
    assert [(mark["epoch"], mark["label"], mark["from"], mark["to"]) for mark in state["run"]["marks"]] == [
        (7, "Points added", 0, 2),
        (10, "Points removed", 0, 1),
    ]
    page.send("seek", epoch=3)
    page.until(lambda state: (state["run"]["epoch"], state["dataset"]["rows"]) == (3, count))
    assert page.state["settings"]["data"]["added"] == []
    page.send("seek", epoch=10)
    page.until(lambda state: (state["run"]["epoch"], state["dataset"]["rows"]) == (10, count + 1))


def test_a_known_table_keeps_its_rows(page: Page) -> None:
    changed(page, 1, data={"source": "iris"})
    state = changed(page, 2, data={"removed": [3]})
    assert "generated data only" in state["problems"][0]["message"]
    page.send("step", unit="epoch", count=2)
    page.until(lambda state: state["run"]["epoch"] == 2)
    page.send("seek", epoch=1)
    page.until(lambda state: state["run"]["epoch"] == 1)


def test_a_bad_setting_says_why_and_the_run_goes_on(page: Page) -> None:
    state = changed(page, 1, training={"learning_rate": -1})
    assert state["problems"][0]["path"] == "training.learning_rate"
    assert "greater than 0" in state["problems"][0]["message"]
    page.send("step", unit="epoch", count=1)
    page.wait("frame", epoch=1)
    changed(page, 2, inputs={"features": ["log(x1)"]})
    assert "finite" in page.state["problems"][0]["message"]
    changed(page, 3, training={"learning_rate": 0.1})
    assert page.state["problems"] == []


def test_a_loss_that_does_not_suit_is_replaced(page: Page) -> None:
    state = changed(page, 1, data={"source": "waves"}, training={"loss": {"name": "log_loss", "label_smoothing": 0.0}})
    assert state["settings"]["training"]["loss"] == {"name": "squared_error"}
    assert state["dataset"]["task"] == "regression"


def test_the_same_settings_make_the_same_network_in_another_tab() -> None:
    with served() as workbench, Page(workbench, "tab-number-1") as one, Page(workbench, "tab-number-2") as other:
        ends = []
        for page in (one, other):
            page.until(lambda state: "run" in state)
            changed(page, 1, data={"source": "rings"}, network={"seed": 9})
            page.send("step", unit="epoch", count=20)
            ends.append(page.wait("frame", epoch=20)[1]["parameters"])
        assert (ends[0] == ends[1]).all()


def test_weights_are_edited_frozen_and_undone(page: Page) -> None:
    before = page.wait("frame")[1]["parameters"]
    page.send("edit", parameter=[0, "weights", 1, 2], value=1.5)
    page.until(lambda state: state["run"]["can_undo"])
    page.send("step", unit="epoch", count=1)
    assert page.wait("frame", epoch=1)[1]["parameters"][6] != 1.5
    page.send("seek", epoch=0)
    assert page.wait("frame", epoch=0)[1]["parameters"][6] == 1.5
    page.send("freeze", parameter=[0, "weights", 1, 2], frozen=True)
    page.until(lambda state: state["run"]["frozen"] == [[0, "weights", 1, 2]])
    page.send("step", unit="epoch", count=3)
    after = page.wait("frame", epoch=3)[1]["parameters"]
    assert after[6] == 1.5
    assert (after != before).sum() == len(after)
    page.send("undo")
    page.until(lambda state: state["run"]["frozen"] == [])
    page.send("redo")
    page.until(lambda state: state["run"]["frozen"] != [])
    page.send("edit", parameter=[0, "nonsense", 1], value=0)
    assert "[layer, 'weights', i, j]" in page.wait("error")[0]["message"]


def test_the_scrubber_goes_back_and_on(page: Page) -> None:
    page.send("step", unit="epoch", count=30)
    end = page.wait("frame", epoch=30)[1]["parameters"]
    page.send("step", unit="batch", count=4)
    within = page.wait("frame", epoch=30, batch=4)[1]["parameters"]
    page.send("seek", epoch=11)
    content, buffers = page.wait("frame", epoch=11)
    assert content["reset"]
    assert buffers["history"][-1, 0] == 30  # the curves stay until it goes on from here
    page.send("seek", epoch=30, batch=4)
    assert (page.wait("frame", batch=4)[1]["parameters"] == within).all()
    page.send("seek", moment={"epoch": 29})
    page.wait("frame", epoch=29)
    page.send("step", unit="epoch", count=1)
    assert (page.wait("frame", epoch=30)[1]["parameters"] == end).all()


def test_runs_are_kept_side_by_side(page: Page) -> None:
    page.send("step", unit="epoch", count=10)
    page.wait("frame", epoch=10)
    page.send("keep", name="first")
    page.until(lambda state: len(state["runs"]) == 1)
    changed(page, 1, network={"seed": 4})
    page.send("step", unit="epoch", count=5)
    page.wait("frame", epoch=5)
    page.send("keep", name="second")
    runs = page.until(lambda state: len(state["runs"]) == 2)["runs"]
    assert [each["name"] for each in runs] == ["first", "second"]
    assert [(each["path"], each["value"]) for each in runs[1]["differences"]] == [("network.seed", 4)]
    page.send("kept_history", id=runs[0]["id"])
    assert page.wait("kept_history")[1]["history"][-1, 0] == 10
    page.send("kept_map", id=runs[0]["id"], epoch=3)
    content, buffers = page.wait("kept_map")
    assert content["epoch"] == 3
    assert buffers["output"].shape == (60, 60)
    page.send("forget", id=runs[0]["id"])
    page.until(lambda state: len(state["runs"]) == 1)


def test_many_classes_and_many_columns(page: Page) -> None:
    state = changed(page, 1, data={"source": "iris"}, inputs={"view": {"mode": "components", "x": 0, "y": 1}})
    assert state["dataset"]["task"] == "multiclass"
    assert state["dataset"]["axes"]["x"]["name"] == "component 1"
    while True:
        content, buffers = page.wait("frame")
        if content["output"]["kind"] == "classes":
            break
    assert buffers["output"].shape == (2, 100, 100)
    assert set(np.unique(buffers["output"][0])) <= {0, 1, 2}


def test_the_settings_go_back_with_the_moment(page: Page) -> None:
    def wait_for(epoch: int, rate: float, marks: int) -> None:
        def holds(state: dict[str, Any]) -> bool:
            run = state["run"]
            told = state["settings"]["training"]["learning_rate"]
            return (run["epoch"], told, len(run["marks"])) == (epoch, rate, marks)

        page.until(holds)

    page.send("step", unit="epoch", count=5)
    page.wait("frame", epoch=5)
    changed(page, 1, training={"learning_rate": 0.2})
    page.send("step", unit="epoch", count=5)
    wait_for(10, 0.2, 1)
    page.send("seek", epoch=3)
    wait_for(3, 0.03, 1)
    page.send("seek", epoch=9)
    wait_for(9, 0.2, 1)
    page.send("seek", epoch=3)
    page.send("step", unit="epoch", count=1)
    wait_for(4, 0.03, 0)


def test_nothing_grows_without_end() -> None:
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("speed", epochs_per_second=None)
        page.send("play")
        session = workbench.sessions["test-session"]
        for turn in range(1, 451):
            page.send("edit", parameter=[0, "bias", turn % 4], value=turn / 450)
            if turn % 10 == 0:
                page.update(page.state["settings"] | {"stop": {"epochs": 2**30 + turn}}, turn)
                page.until(lambda state, turn=turn: state["revision"] == turn)
        page.send("wall", settings={"network.seed": [1, 2]}, epochs=2)
        page.until(lambda state: state["wall"] and not state["wall"]["running"], 60)
        assert len(session.editing.undos) <= MOST_UNDO
        assert len(session.editing.marks) <= MOST_UNDO
        assert len(session.run.changes) <= MOST_EVENTS
        assert len(session.run.moments) <= 400
        assert len(session.run.curves) <= 4096
        assert len(session.commands) <= 32
        assert len(session.frames._planes) <= 2


def test_no_frame_of_a_run_comes_after_another_was_told() -> None:
    """A frame that takes long is under way when the page resets: it is dropped, and the new run's comes whole."""
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.wait("frame")
        (session,) = workbench.sessions.values()
        make = session.frames.frame

        def slowly(*given: Any, **told: Any) -> Any:
            made = make(*given, **told)
            time.sleep(0.1)
            return made

        session.frames.frame = slowly  # type: ignore[method-assign]
        page.send("view", maps=[[-1, 0], [0, 0]], resolution=20)
        page.send("play")
        for _ in range(3):
            page.wait("frame")
            told = page.state["run"]["id"]
            page.send("reset")
            page.until(lambda state, told=told: state["run"]["id"] > told)
            content, buffers = page.wait("frame")
            assert content["reset"]
            assert [-1, 0] in content["maps"]
            assert buffers["history"][0, 0] == 0
