"""A sweep on real clusters of two worker processes, one of which is killed while it runs: Dask, and Ray as an extra."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris

from pellucid import MLPClassifier, tuning

pytestmark = pytest.mark.filterwarnings("ignore")

SETTINGS = {"hidden_layer_sizes": [(8,), (16,), (32, 16)], "learning_rate_init": [0.001, 0.003, 0.01, 0.03]}


def swept(**keywords):
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier(max_iter=150, n_iter_no_change=150, random_state=0)
    return tuning.sweep(model, X, y, SETTINGS, cv=4, seeds=4, **keywords)


def test_a_backend_that_returns_lists_only_changes_nothing():
    expected = swept()
    with joblib.parallel_config(backend="multiprocessing", n_jobs=2):
        found = swept()
    np.testing.assert_array_equal(found.frame["score"], expected.frame["score"])


def test_a_killed_worker_of_dask_changes_nothing():
    distributed = pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    expected = swept()
    killed = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = list(client.run(os.getpid).values())
        assert len(workers) == 2

        def kill_one():
            while not any(client.processing().values()):
                time.sleep(0.01)
            time.sleep(0.2)
            os.kill(workers[0], signal.SIGKILL)
            killed.append(workers[0])

        thread = threading.Thread(target=kill_one, daemon=True)
        with joblib.parallel_config(backend="dask"):
            thread.start()
            found = swept()
        thread.join(10)
    assert killed == [workers[0]]
    np.testing.assert_array_equal(found.frame["score"], expected.frame["score"])
    assert found.best_params_ == expected.best_params_


def ray_workers():
    """Processes that are at a call of joblib's, by the names that Ray gives them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if place.read_bytes().startswith(b"ray::PoolActor.run_batch"):
                found.append(int(place.parent.name))
    return found


def test_a_killed_worker_of_ray_changes_nothing():
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    from ray.util.joblib import register_ray

    expected = swept()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        register_ray()
        killed = []

        def kill_one():
            while not (working := ray_workers()):
                time.sleep(0.05)
            time.sleep(0.3)
            os.kill(working[0], signal.SIGKILL)
            killed.append(working[0])

        thread = threading.Thread(target=kill_one, daemon=True)
        with joblib.parallel_config(backend="ray"):
            thread.start()
            found = swept()
        thread.join(10)
    finally:
        ray.shutdown()
    assert killed
    np.testing.assert_array_equal(found.frame["score"], expected.frame["score"])
