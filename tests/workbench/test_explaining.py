"""What is shown of a step is what `trace` says of it, and what training does."""

import warnings

import numpy as np
import pytest

from pellucid import MLPClassifier, trace
from pellucid.tracing import trace_step
from pellucid.workbench.dataset import build
from pellucid.workbench.explaining import explanation, formulas, setup_of
from pellucid.workbench.exporting import parameters_of
from pellucid.workbench.run import Run
from pellucid.workbench.settings import read_settings
from workbench.client import Page, served


def trained(**settings: object) -> Run:
    read = read_settings({"data": {"size": 50}} | settings)
    run = Run(read, build(read))
    run.advance(6)
    return run


@pytest.mark.parametrize("optimizer", ["adam", "nesterov", "rmsprop", "adamw", "gradient_descent", "adagrad"])
def test_it_is_what_trace_shows_of_the_estimator(optimizer: str) -> None:
    run = trained(training={"optimizer": {"name": optimizer}, "l2": 0.1, "clip_norm": 0.5})
    model = MLPClassifier(**parameters_of(run))
    data = run.dataset
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(data.inputs[data.train], data.rows.y[data.train])
    rows = data.train[run.next_rows()]
    expected = trace(model, data.inputs[rows], data.rows.y[rows])
    setup, numbers = setup_of(run, None)
    content, shown = explanation(trace_step(setup), numbers)
    assert numbers == rows.tolist()
    assert content["loss"] == expected.loss
    assert content["learning_rate"] == expected.update.learning_rate  # type: ignore[union-attr]
    for layer in expected.layers:
        for name, array in {
            "z": layer.pre_activation,
            "a": layer.activation,
            "derivative": layer.derivative,
            "delta": layer.delta,
            "d_weights": layer.d_weights,
            "new_weights": layer.weights_after,
            "new_bias": layer.bias_after,
            "row_d_weights": layer.contributions,
        }.items():
            np.testing.assert_array_equal(shown[f"{name}.{layer.index}"], array)


def test_the_shown_step_is_the_one_that_training_takes() -> None:
    run = trained(network={"layers": [{"width": 5, "dropout": 0.4}, {"width": 3}]})
    run.advance_batches(2)
    setup, _ = setup_of(run, None)
    _, shown = explanation(trace_step(setup), list(range(10)))
    run.advance_batches(1)
    flat = [shown[f"new_weights.{layer}"].ravel() for layer in range(3)]
    flat += [shown[f"new_bias.{layer}"] for layer in range(3)]
    np.testing.assert_array_equal(np.concatenate(flat), run.parameters)
    rows = shown["row_d_weights.0"]
    np.testing.assert_allclose(rows.sum(axis=0), shown["d_weights.0"], rtol=1e-9, atol=1e-15)


def test_asking_changes_nothing() -> None:
    run, other = trained(), trained()
    setup, rows = setup_of(run, [3, 9])
    trace_step(setup)
    assert rows == [3, 9]
    run.advance(3)
    other.advance(3)
    assert (run.parameters == other.parameters).all()


def test_formulas_have_all_four_stages() -> None:
    setup, _ = setup_of(trained(), None)
    step = trace_step(setup)
    written = formulas(step, 1, 1, 2, 0)
    assert list(written) == ["forward", "loss", "backward", "update"]
    assert all(written.values())
    lines = [line for stage in written.values() for line in stage]
    assert all(set(line) == {"left", "symbols", "numbers", "result"} for line in lines)
    assert any("w₃₂" in line["left"] for line in written["update"])


def test_frozen_weights_are_shown_as_they_stay() -> None:
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("freeze", parameter=[0, "weights", 0, 0], frozen=True)
        page.until(lambda state: state["run"]["frozen"])
        page.send("explain", rows="batch")
        content, shown = page.wait("explanation")
        assert shown["new_weights.0"][0, 0] == shown["weights.0"][0, 0]
        assert (shown["new_weights.0"] != shown["weights.0"]).sum() == 7
        assert any("Frozen" in note for note in content["notes"])


def test_gradients_are_checked_for_any_weight_and_all() -> None:
    with served() as workbench, Page(workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("check_gradient", parameters="all")
        content, _ = page.wait("gradient_check")
        assert content["passed"]
        assert content["count"] == content["total"] == 25
        errors = [entry["error"] for entry in content["entries"]]
        assert errors == sorted(errors, reverse=True)
        page.send("check_gradient", parameters=[[2, "bias", 0]])
        content, _ = page.wait("gradient_check")
        assert [entry["parameter"] for entry in content["entries"]] == [[2, "bias", 0]]
        page.send("formulas", layer=0, neuron=0, input=None, row=0)
        assert "explain" in page.wait("error")[0]["message"]
        page.send("explain", rows=[10**6])
        assert "not there" in page.wait("error")[0]["message"]
