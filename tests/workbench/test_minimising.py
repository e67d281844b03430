"""L-BFGS in the workbench: iterations in parts are those of one call; any of them can be gone back to."""

import gc
import threading
import time
from typing import Any

import numpy as np
import pytest

from pellucid import MLPClassifier
from pellucid.errors import DataError
from pellucid.tracing import trace_step
from pellucid.workbench.dataset import build
from pellucid.workbench.explaining import explanation, formulas, setup_of
from pellucid.workbench.run import Change, Run
from pellucid.workbench.settings import read_settings

LBFGS = {"training": {"optimizer": {"name": "lbfgs"}, "batch_size": 10}, "stop": {"tolerance": 1e-8}}


def begun(**settings: Any) -> Run:
    read = read_settings({"data": {"size": 60}} | LBFGS | settings)
    return Run(read, build(read))


def test_parts_are_the_whole_of_the_estimator_with_the_same_seed() -> None:
    run = begun(network={"seed": 5, "layers": [{"width": 6}]})
    for epochs in (1, 4, 7):
        run.advance(epochs)
    data = run.dataset
    model = MLPClassifier((6,), "tanh", solver="lbfgs", alpha=0.0, max_iter=12, tol=1e-8, random_state=5)
    with pytest.warns(Warning, match="converge"):
        model.fit(data.inputs[data.train], data.rows.y[data.train])
    assert run.position == (12, 0)
    assert (run.parameters == model._parameters.vector).all()
    assert len(run.curves.since(0)) == 12


def test_any_iteration_can_be_gone_back_to() -> None:
    run = begun()
    seen = {}
    for _ in range(5):
        run.advance(4)
        seen[run.epoch] = run.parameters.copy()
    run.change(Change((0, 0), "edit", 3, 0.5))
    run.advance(6)
    end = run.parameters.copy()
    for epoch in (8, 16, 4):
        run.seek((epoch, 0))
        assert (run.parameters == seen[epoch]).all()
    run.seek((26, 0))
    assert (run.parameters == end).all()


def test_it_ends_by_itself_and_says_why() -> None:
    run = begun(stop={"tolerance": 1e-3})
    run.advance(5000)
    assert run.ended is not None
    assert "converged" in run.ended
    few = begun(training={"optimizer": {"name": "lbfgs", "max_fun": 5}})
    few.advance(5000)
    assert few.ended is not None
    assert "EVALUATIONS EXCEEDS" in few.ended


def test_it_stops_where_it_is_told() -> None:
    run = begun()
    run.advance(1000, lambda epoch: epoch.epoch >= 6)
    assert run.position == (6, 0)
    run.advance_batches(1)
    assert run.position == (7, 0)


def test_frozen_weights_and_lbfgs_do_not_go_together() -> None:
    run = begun()
    with pytest.raises(DataError, match="cannot hold frozen ones"):
        run.change(Change((0, 0), "freeze", 2, True))
    other = begun(training={})
    other.change(Change((0, 0), "freeze", 2, True))
    with pytest.raises(DataError, match="cannot hold frozen ones"):
        other.change(Change((0, 0), "settings", settings=run.settings))
    other.change(Change((0, 0), "freeze", 2, False))
    other.advance(3)
    other.change(Change((0, 0), "settings", settings=run.settings))
    other.advance(3)
    assert other.position == (6, 0)


def test_a_step_is_shown_up_to_its_gradient() -> None:
    run = begun()
    run.advance(2)
    setup, rows = setup_of(run, None)
    trace = trace_step(setup)
    content, buffers = explanation(trace, rows)
    assert content["terms"] == []
    assert content["learning_rate"] is None
    assert "L-BFGS searches along a line" in content["notes"][0]
    assert "d_weights.0" in buffers
    assert "new_weights.0" not in buffers
    assert formulas(trace, 0, 0, None, 0)["update"] == []


def test_threads_of_runs_that_are_gone_end() -> None:
    before = threading.active_count()
    for _ in range(5):
        run = begun()
        run.advance(1)
        run.seek((0, 0))
    del run
    gc.collect()
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_an_error_within_is_raised_where_the_run_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun()
    monkeypatch.setattr(type(run.engine), "train", lambda *_: (_ for _ in ()).throw(np.linalg.LinAlgError("no")))
    with pytest.raises(np.linalg.LinAlgError):
        run.advance(1)
