"""The workbench in real Chromium; skipped where Node, Chromium or the page's packages are missing.

The page is used as a person would by workbench.test.mjs; here the numbers it showed are compared with `trace`, and the
scripts it exported are run.
"""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import load, trace
from pellucid.tracing.notation import number

HERE = Path(__file__).parent
FRONTEND = HERE.parents[1] / "frontend"
PAGE = Path(pellucid.__file__).parent / "workbench" / "static" / "page.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
LIMIT = 240


def missing() -> str | None:
    """Say what the tests lack, or None."""
    if shutil.which("node") is None:
        return "Node is not installed."
    if not CHROMIUM:
        return "Chromium is not installed."
    if not (FRONTEND / "node_modules" / "playwright-core").is_dir():
        return "The page's packages are not installed: run 'npm ci --ignore-scripts' in frontend/."
    if not PAGE.exists():
        return "The page is not built: run 'npm run build' in frontend/."
    return None


pytestmark = [
    pytest.mark.skipif(missing() is not None, reason=missing() or "there"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the server for as long as the tests last."""
    command = [sys.executable, "-c", "from pellucid.cli import main; main()", "workbench", "--no-open", "--port", "0"]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as output, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found, log.read_text()
            yield found.group()
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def used(address: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Use the page; return where its exports lie, and how it went."""
    out = tmp_path_factory.mktemp("workbench")
    environment = os.environ | {"WORKBENCH_URL": address, "WORKBENCH_OUT": str(out), "WORKBENCH_CHROMIUM": CHROMIUM}
    command = ["node", "--test", "--test-reporter=spec", str(HERE / "workbench.test.mjs")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    return out, done


@pytest.fixture(scope="module")
def step(used: tuple[Path, Any]) -> tuple[dict[str, Any], Any]:
    """Return what the page showed of a step, and the same step traced."""
    out, _ = used
    shown = json.loads((out / "step.json").read_text())
    script = runpy.run_path(str(out / "one.py"))
    rows = shown["rows"]
    return shown, trace(script["model"], script["X"][rows], script["y"][rows])


def test_the_page_does_what_a_person_wants(used: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = used
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]


def test_forward_loss_and_backward_are_the_trace(step: tuple[dict[str, Any], Any]) -> None:
    shown, traced = step
    layer, neuron = shown["neuron"]
    for index, each in enumerate(traced.layers):
        np.testing.assert_allclose(shown["forward"]["columns"][index], each.outputs[0], rtol=1e-9)
        np.testing.assert_allclose(shown["backward"]["columns"][index], each.delta[0], rtol=1e-8, atol=1e-15)
    assert shown["loss"]["shown"] == number(traced.loss)
    forward = dict(shown["forward"]["formulas"])
    assert forward["z₁"] == number(traced.layers[layer].pre_activation[0, neuron])
    assert forward["a₁"] == number(traced.layers[layer].activation[0, neuron])
    assert dict(shown["loss"]["formulas"])["L"] == number(traced.loss)
    backward = dict(shown["backward"]["formulas"])
    assert backward["δ₁"] == number(traced.layers[layer].delta[0, neuron])
    assert backward["∂L/∂w₁₁"] == number(traced.layers[layer].d_weights[0, neuron])


def test_the_rows_shares_add_up_to_the_gradient(step: tuple[dict[str, Any], Any]) -> None:
    shown, traced = step
    layer, neuron = shown["neuron"]
    assert len(shown["backward"]["shares"]) == len(shown["rows"])
    np.testing.assert_allclose(sum(shown["backward"]["shares"]), traced.layers[layer].d_weights[0, neuron], rtol=1e-9)


def test_the_update_begins_at_the_weights_and_gradients_of_the_trace(step: tuple[dict[str, Any], Any]) -> None:
    shown, traced = step
    layer, neuron = shown["neuron"]
    each = traced.layers[layer]
    old = [each.bias[neuron], *each.weights[:, neuron]]
    gradient = [each.d_bias[neuron], *each.d_weights[:, neuron]]
    table = np.array(shown["update"]["table"])
    np.testing.assert_allclose(table[:, 0], old, rtol=1e-9)
    np.testing.assert_allclose(table[:, 1], gradient, rtol=1e-8, atol=1e-15)
    assert (table[:, 3] != table[:, 0]).any()


def test_the_exported_script_ends_where_the_page_stood(used: tuple[Path, Any]) -> None:
    out, _ = used
    shown = json.loads((out / "twenty.json").read_text())
    script = out / "twenty.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    ran = runpy.run_path(str(script))
    held_out = ran["held_out"]
    assert shown["score"] == f"{100 * ran['model'].score(ran['X'][held_out], ran['y'][held_out]):.1f} %"
    from sklearn.metrics import log_loss

    train = ran["train"]
    loss = log_loss(ran["y"][train], ran["model"].predict_proba(ran["X"][train]))
    assert float(shown["loss"]) == pytest.approx(loss, rel=5e-3)


def test_the_exported_model_is_loaded(used: tuple[Path, Any]) -> None:
    out, _ = used
    model = load(out / "one.safetensors")
    script = runpy.run_path(str(out / "one.py"))
    for ours, theirs in zip(model.coefs_, script["model"].coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
