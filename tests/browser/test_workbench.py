"""The workbench in real Chromium; skipped where Node, Chromium, the page or its packages are missing.

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

import pellucid
from pellucid import load, trace
from pellucid.tracing.notation import number

HERE = Path(__file__).parent
FRONTEND = HERE.parents[1] / "frontend"
PAGE = Path(pellucid.__file__).parent / "workbench" / "static" / "page.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
LIMIT = 480


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


@contextmanager
def server(log: Path) -> Iterator[str]:
    """Run the workbench's server; give the page's address."""
    command = [sys.executable, "-c", "from pellucid.cli import main; main()", "workbench", "--no-open", "--port", "0"]
    with (
        log.open("w") as output,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, log.read_text()
            yield found.group()
        finally:
            process.terminate()


@pytest.mark.skipif(missing() is not None, reason=missing() or "there")
def test_the_workbench_in_chromium(tmp_path: Path) -> None:
    """Use the page, then compare what it showed and exported with the library: one test, as the page is used once."""
    done = used(tmp_path)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]
    shown, traced = the_step(tmp_path)
    check_forward_loss_and_backward(shown, traced)
    check_the_rows_shares(shown, traced)
    check_the_update(shown, traced)
    check_the_exported_script(tmp_path)
    check_the_exported_model(tmp_path)


def used(out: Path) -> subprocess.CompletedProcess[str]:
    """Run workbench.test.mjs on a server of its own; what it saw and exported lies in a folder afterwards."""
    with server(out / "log") as address:
        return use_the_page(address, out)


def use_the_page(address: str, out: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"WORKBENCH_URL": address, "WORKBENCH_OUT": str(out), "WORKBENCH_CHROMIUM": CHROMIUM}
    command = ["node", "--test", "--test-reporter=spec", str(HERE / "workbench.test.mjs")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)


def the_step(out: Path) -> tuple[dict[str, Any], Any]:
    """Return what the page showed of a step, and the same step traced."""
    shown = json.loads((out / "step.json").read_text())
    script = runpy.run_path(str(out / "one.py"))
    rows = shown["rows"]
    return shown, trace(script["model"], script["X"][rows], script["y"][rows])


def check_forward_loss_and_backward(shown: dict[str, Any], traced: Any) -> None:
    """Every number of the three stages is the trace's."""
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


def check_the_rows_shares(shown: dict[str, Any], traced: Any) -> None:
    """What the rows add, adds up to the gradient."""
    layer, neuron = shown["neuron"]
    assert len(shown["backward"]["shares"]) == len(shown["rows"])
    np.testing.assert_allclose(sum(shown["backward"]["shares"]), traced.layers[layer].d_weights[0, neuron], rtol=1e-9)


def check_the_update(shown: dict[str, Any], traced: Any) -> None:
    """The update begins at the weights and gradients of the trace."""
    layer, neuron = shown["neuron"]
    each = traced.layers[layer]
    old = [each.bias[neuron], *each.weights[:, neuron]]
    gradient = [each.d_bias[neuron], *each.d_weights[:, neuron]]
    table = np.array(shown["update"]["table"])
    np.testing.assert_allclose(table[:, 0], old, rtol=1e-9)
    np.testing.assert_allclose(table[:, 1], gradient, rtol=1e-8, atol=1e-15)
    assert (table[:, 3] != table[:, 0]).any()


def check_the_exported_script(out: Path) -> None:
    """The script ends where the page stood."""
    shown = json.loads((out / "twenty.json").read_text())
    script = out / "twenty.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    ran = runpy.run_path(str(script))
    held_out = ran["held_out"]
    assert shown["score"] == f"{100 * ran['model'].score(ran['X'][held_out], ran['y'][held_out]):.1f} %"
    train = ran["train"]
    loss = log_loss(ran["y"][train], ran["model"].predict_proba(ran["X"][train]))
    assert float(shown["loss"]) == pytest.approx(loss, rel=5e-3)


def check_the_exported_model(out: Path) -> None:
    """The model file holds the weights that the script trains."""
    model = load(out / "one.safetensors")
    script = runpy.run_path(str(out / "one.py"))
    for ours, theirs in zip(model.coefs_, script["model"].coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
