"""A sweep on a real Dask cluster of two worker processes, one of which is killed while it runs."""

import os
import signal
import threading
import time

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris

from pellucid import MLPClassifier, tuning

distributed = pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")

SETTINGS = {"hidden_layer_sizes": [(8,), (16,), (32, 16)], "learning_rate_init": [0.001, 0.003, 0.01, 0.03]}


def swept(**keywords):
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier(max_iter=150, n_iter_no_change=150, random_state=0)
    return tuning.sweep(model, X, y, SETTINGS, cv=4, seeds=4, **keywords)


def test_a_killed_worker_changes_nothing():
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
