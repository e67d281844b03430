"""A sweep on Dask workers of one process and one thread each: two of them beside one.

Each figure is a ratio of medians over turns. How far two processes of this machine get beside one, without any
scheduler, is measured in the same run: each pinned to a processor, training the same networks.

    python benchmarks/tuning/cluster.py [--turns 3] [--epochs 1000]

The fewer epochs, the more the start weighs: Dask sends work to the worker that has the data first, and others take
their part after about half a second.
"""

import argparse
import multiprocessing
import os
import time
import warnings
from statistics import median

import joblib
from distributed import Client, LocalCluster
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

from pellucid import MLPClassifier, tuning

SETTINGS = {"hidden_layer_sizes": [(32,), (64,)], "alpha": [1e-5, 1e-4, 1e-3, 1e-2], "batch_size": [64, 200]}
FOLDS, SEEDS = 5, 4


def swept(epochs: int, **keywords: object) -> float:
    """Seconds of a sweep: 320 networks."""
    X, y = load_breast_cancer(return_X_y=True)
    model = MLPClassifier(max_iter=epochs, n_iter_no_change=epochs, random_state=0)
    began = time.perf_counter()
    tuning.sweep(model, scale(X), y, SETTINGS, cv=FOLDS, seeds=SEEDS, **keywords)  # type: ignore[arg-type]
    return time.perf_counter() - began


def on_dask(workers: int, epochs: int) -> float:
    """Seconds of the sweep on so many workers, which stand ready."""
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(workers)
        for place, worker in enumerate(client.scheduler_info(n_workers=-1)["workers"]):
            client.run(os.sched_setaffinity, 0, {sorted(os.sched_getaffinity(0))[place]}, workers=[worker])
        with joblib.parallel_config(backend="dask"):
            swept(1)  # imports
            return swept(epochs)


def pinned(place: int, epochs: int, ready: object, times: object) -> None:
    """Train half the networks on one processor, at the same time as others."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[place]})
    X, y = load_breast_cancer(return_X_y=True)
    X = scale(X)
    models = [MLPClassifier((64,), max_iter=epochs, n_iter_no_change=epochs, n_threads=1, random_state=0)] * 60
    models[0].fit(X, y)
    ready.wait()  # type: ignore[attr-defined]
    began = time.perf_counter()
    for model in models:
        model.fit(X, y)
    times.put(time.perf_counter() - began)  # type: ignore[attr-defined]


def processes(count: int, epochs: int) -> float:
    """Seconds that so many pinned processes take, each for the same work."""
    context = multiprocessing.get_context("spawn")
    ready, times = context.Barrier(count), context.Queue()
    running = [context.Process(target=pinned, args=(place, epochs, ready, times)) for place in range(count)]
    for each in running:
        each.start()
    spent = [times.get() for _ in running]
    for each in running:
        each.join()
    return max(spent)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    one, two, alone, together = [], [], [], []
    for _ in range(options.turns):
        one.append(on_dask(1, options.epochs))
        two.append(on_dask(2, options.epochs))
        alone.append(processes(1, options.epochs))
        together.append(processes(2, options.epochs))
    print(f"{len(os.sched_getaffinity(0))} processors, medians of {options.turns} turns")
    print(f"two pinned processes do {2 * median(alone) / median(together):.2f} times the work of one")
    print(
        f"Dask: one worker {median(one):.2f} s, two {median(two):.2f} s: {median(one) / median(two):.2f} times as fast"
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
