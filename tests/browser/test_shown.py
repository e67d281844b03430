"""A network of a tabular estimator in real Chromium; skipped where the page's test is."""

import os
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from browser.test_workbench import CHROMIUM, LIMIT, missing
from pellucid import TabularClassifier
from pellucid.estimators.tabular import Member
from pellucid.workbench import show

HERE = Path(__file__).parent


@pytest.mark.skipif(missing() is not None, reason=missing() or "there")
def test_a_tabular_classifier_in_chromium() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.normal(40, 10, 160),
            "fare": random.exponential(30, 160),
            "city": random.choice([f"c{i}" for i in range(12)], 160),
            "sex": random.choice(["m", "f"], 160),
        }
    )
    frame.loc[::7, "fare"] = None
    y = np.where((frame.age > 40) ^ (frame.sex == "m"), "yes", "no")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TabularClassifier(members=[Member(hidden=(70, 5), bins=6)], n_folds=2, max_epochs=6, random_state=0)
        model.fit(frame, y)
    with show(model, frame, y, open_page=False, wait=False) as served:
        environment = os.environ | {"WORKBENCH_URL": served.url, "WORKBENCH_CHROMIUM": CHROMIUM}
        command = ["node", "--test", "--test-reporter=spec", str(HERE / "shown.test.mjs")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]
