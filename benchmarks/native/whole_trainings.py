"""Whole trainings, predictions and their memory against their peers, turn by turn, medians.

    python benchmarks/native/whole_trainings.py [example population predict row sparse threads memory] [--rounds 5]

example      the textbook's 1000 full-batch epochs of 700 × 2, 2-10-5-1, against a loop in NumPy; one thread
population   64 networks of the moons, 2-10-5-1, as one population against scikit-learn one after another and in joblib;
             400 epochs, where the example has 848
predict      one row, and a million × 20, through the estimators; one thread
row          one row of a table of numbers, and of one with categories, by bags of five networks; one thread
sparse       fits and predictions of sparse rows, as counts of words give them; one thread
threads      two threads against one on the three larger networks, beside two multiply-add loops in two processes
memory       peak resident memory of a training above its data, against what the parameters need
"""

import argparse
import multiprocessing
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy_loop import train as numpy_loop
from scipy.sparse import random as random_rows
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_moons
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from pellucid import MLPClassifier, TabularClassifier
from pellucid.bench import CASES, CONTENDERS, median_seconds, pinned, usable_processors
from pellucid.engines import NativeEngine, TextbookEngine
from pellucid.engines.native import fma_peak, memory_bandwidth
from pellucid.spec import Adam, GradientDescent, Layer, Logistic, LogLoss, Network, Relu, Stopping, Training
from pellucid.spec import parameter_count as count_of
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Watch
from pellucid.training.streams import streams


def report(title: str, medians: dict[str, float]) -> None:
    """Print the medians, and each as a multiple of the first."""
    first = next(iter(medians.values()))
    parts = [f"{name} {seconds * 1e3:.4g} ms ({seconds / first:.1f}x)" for name, seconds in medians.items()]
    print(f"{title}: " + "  ".join(parts), flush=True)


def moons(rows: int, dtype: str) -> Batch:
    """Two half moons."""
    X, y = make_moons(rows, noise=0.2, random_state=42)
    return Batch(X.astype(dtype), y[:, np.newaxis].astype(dtype))


def job(data: Batch, training: Training, activation: Logistic | Relu, seed: int = 0) -> Job:
    """Make a 2-10-5-1 network to train."""
    network = Network(2, (Layer(10, activation), Layer(5, activation)), 1, "logistic")
    start = np.random.default_rng(seed).normal(scale=0.5, size=count_of(network)).astype(training.dtype)
    return Job(network, training, data, start, streams(seed))


def quiet(fit: Callable[[], object]) -> None:
    """Fit without a word about epochs."""
    with catch_warnings():
        simplefilter("ignore")
        fit()


def example(rounds: int) -> None:
    """Run the textbook's full-batch example, by gradient descent on the sum as the chapter does, and by Adam."""
    for dtype in ("float64", "float32"):
        example_in(dtype, rounds)


def example_in(dtype: str, rounds: int) -> None:
    """Run it in one number type; the loop as well."""
    data = moons(700, dtype)
    common = {"epochs": 1000, "shuffle": False, "stopping": Stopping(patience=None), "dtype": dtype}
    descent = Training(LogLoss(), GradientDescent(), learning_rate=0.01, reduction="sum", **common)
    adam = Training(LogLoss(), Adam(), **common)

    def by(engine: NativeEngine | TextbookEngine, training: Training) -> Callable[[], object]:
        return lambda: engine.train([job(data, training, Logistic())], Watch())

    with pinned(1), threadpool_limits(1):
        medians = median_seconds(
            {
                "native": by(NativeEngine(1), descent),
                "native, Adam": by(NativeEngine(1), adam),
                "NumPy loop": lambda: numpy_loop(data.inputs, data.targets, (2, 10, 5, 1), 1000),
                "textbook engine": by(TextbookEngine(), descent),
                "textbook engine, Adam": by(TextbookEngine(), adam),
            },
            rounds,
        )
    report(f"1000 epochs of 700 x 2, 2-10-5-1, {dtype}", medians)


def population(rounds: int) -> None:
    """Train many networks at once on all processors."""
    for dtype in ("float64", "float32"):
        population_in(dtype, rounds)


def population_in(dtype: str, rounds: int, epochs: int = 400, networks: int = 64) -> None:
    """Train them on rows of one number type, in which scikit-learn trains as well."""
    data, threads = moons(1000, dtype), usable_processors()
    common = {"batch_size": 200, "epochs": epochs, "l2": 1e-4, "stopping": Stopping(patience=None), "dtype": dtype}
    training = Training(LogLoss(), Adam(), **common)

    def native() -> None:
        NativeEngine(threads).train([job(data, training, Relu(), seed) for seed in range(networks)], Watch())

    def fit(seed: int) -> None:
        options = {"batch_size": 200, "max_iter": epochs, "n_iter_no_change": epochs + 1, "random_state": seed}
        quiet(lambda: TheirClassifier((10, 5), **options).fit(data.inputs, data.targets[:, 0]))

    contenders = {
        "native": native,
        "scikit-learn": lambda: [fit(seed) for seed in range(networks)],
        "scikit-learn, joblib": lambda: Parallel(threads)(delayed(fit)(seed) for seed in range(networks)),
    }
    Parallel(threads)(delayed(abs)(number) for number in range(threads))  # its workers are started before the clock
    report(f"{networks} networks, {epochs} epochs, {threads} processors, {dtype}", median_seconds(contenders, rounds))


def predict(rounds: int) -> None:
    """Predict through the estimators, which are fitted on the same rows."""
    X = np.random.default_rng(0).normal(size=(1_000_000, 20)).astype("float32")
    some, y = X[:2000], (X[:2000, 0] > 0).astype(int)
    with pinned(1), threadpool_limits(1):
        bandwidth, peak = max(memory_bandwidth()), fma_peak("float32")
        for hidden in ((100,), (10, 5)):
            options = {"hidden_layer_sizes": hidden, "max_iter": 5, "random_state": 0}
            models = {"native": MLPClassifier(**options, n_threads=1), "scikit-learn": TheirClassifier(**options)}
            for model in models.values():
                quiet(lambda model=model: model.fit(some, y))
            for rows, repeats in ((1, 200), (len(X), 1)):
                works = {
                    name: lambda model=model, rows=rows, repeats=repeats: [
                        model.predict(X[:rows]) for _ in range(repeats)
                    ]
                    for name, model in models.items()
                }
                medians = {name: s / repeats for name, s in median_seconds(works, rounds).items()}
                report(f"predict {rows} x 20, hidden {hidden}", medians)
            weights = sum(a * b for a, b in zip((20, *hidden), (*hidden, 1), strict=True))
            bytes_per_second, flops = X.nbytes / medians["native"] / 1e9, 2 * weights * len(X) / medians["native"] / 1e9
            print(
                f"    {bytes_per_second:.2f} GB/s of the rows, memory's bandwidth is {bandwidth:.1f} GB/s; "
                f"{flops:.1f} GFLOP/s, the peak is {peak:.1f}",
                flush=True,
            )


def row(rounds: int) -> None:
    """Predict one row of a table, of numbers and of numbers and categories."""
    random = np.random.default_rng(0)
    numbers = pd.DataFrame(random.normal(size=(3000, 20)), columns=[f"n{place}" for place in range(20)])
    mixed = numbers.iloc[:, :10].copy()
    for levels in (4, 7, 10, 13, 16):
        mixed[f"c{levels}"] = pd.Categorical(random.choice(list("abcdefghijklmnop"[:levels]), len(mixed)))
    row_of("20 numbers", numbers, rounds)
    row_of("10 numbers and 5 categories", mixed, rounds)


def row_of(title: str, table: pd.DataFrame, rounds: int) -> None:
    """Predict a row through the tabular estimator, a pipeline of scikit-learn's and its boosted trees."""
    y = (table["n0"] + table["n1"] * table["n2"] > 0).astype(int)
    categories = list(table.select_dtypes("category"))
    steps = [
        ("numbers", StandardScaler(), [name for name in table if name not in categories]),
        ("categories", OneHotEncoder(handle_unknown="ignore"), categories),
    ]
    models = {
        "TabularClassifier": TabularClassifier(max_epochs=2, random_state=0, n_threads=1),
        "scikit-learn's pipeline with its MLP": make_pipeline(ColumnTransformer(steps), TheirClassifier(max_iter=5)),
        "its HistGradientBoosting": HistGradientBoostingClassifier(random_state=0),
    }
    for model in models.values():
        quiet(partial(model.fit, table, y))
    works = {name: partial(predict_again, model, table.iloc[[7]], 50) for name, model in models.items()}
    with pinned(1), threadpool_limits(1):
        report(f"one row of {title}", {name: s / 50 for name, s in median_seconds(works, rounds).items()})


def predict_again(model: Any, X: pd.DataFrame, times: int) -> None:
    """Predict the same so many times."""
    for _ in range(times):
        model.predict_proba(X)


def sparse(rounds: int) -> None:
    """Fit and predict rows of which few numbers are there."""
    for rows, columns, density, width in ((5000, 50_000, 0.001, 20), (2000, 5000, 0.01, 100), (5000, 500, 0.1, 100)):
        X = random_rows(rows, columns, density=density, format="csr", random_state=0)
        y = np.random.default_rng(0).integers(2, size=rows)
        title = f"{rows} x {columns}, {density:.1%} of the numbers there, {width} neurons"
        for solver in ("adam", "lbfgs"):
            options = {"hidden_layer_sizes": (width,), "solver": solver, "max_iter": 5, "random_state": 0}
            models = {"native": MLPClassifier(**options, n_threads=1), "scikit-learn": TheirClassifier(**options)}
            fits = {name: partial(quiet, partial(model.fit, X, y)) for name, model in models.items()}
            predictions = {name: partial(model.predict, X) for name, model in models.items()}
            with pinned(1), threadpool_limits(1):
                report(f"fit {title}, {solver}", median_seconds(fits, rounds))
                if solver == "adam":
                    report(f"predict {title}", median_seconds(predictions, rounds))


def pinned_loop(processor: int, barrier: object, seconds: float) -> float:
    """Run a multiply-add loop on one processor, beginning when all have come."""
    os.sched_setaffinity(0, {processor})
    fma_peak("float32", seconds=0.05)
    barrier.wait()
    return fma_peak("float32", seconds=seconds)


def threads(rounds: int) -> None:
    """Train with one thread and with two; beside it, what two processors give to one loop and to two."""
    context = multiprocessing.get_context("spawn")
    processors = sorted(os.sched_getaffinity(0))[-2:]
    if len(processors) < 2:
        print("threads: this process may use one processor only")
        return
    with context.Manager() as manager, context.Pool(2) as pool:
        for case in CASES[2:]:
            runs = {count: CONTENDERS["native"](case, "float32", count) for count in (1, 2)}
            epochs = max(1, round(0.3 * 20e9 / case.flops / case.batches))
            loops: dict[int, list[float]] = {1: [], 2: []}

            def loop(count: int, loops: dict[int, list[float]] = loops) -> None:
                barrier = manager.Barrier(count)
                arguments = [(processor, barrier, 0.3) for processor in processors[:count]]
                loops[count].append(sum(pool.starmap(pinned_loop, arguments, chunksize=1)))

            works: dict[str, Callable[[], object]] = {}
            for count in (1, 2):
                works[f"{count} threads"] = lambda run=runs[count], epochs=epochs: run(epochs)
                works[f"{count} loops"] = lambda count=count, loop=loop: loop(count)
            with pinned(2):
                medians = median_seconds(works, rounds)
            gain = medians["1 threads"] / medians["2 threads"]
            possible = float(np.median(loops[2]) / np.median(loops[1]))
            print(f"{case.name}: two threads {gain:.2f}x one; two multiply-add loops {possible:.2f}x one", flush=True)


def status(field: str) -> int:
    """Bytes of a field of this process's status, such as VmRSS and VmHWM, its peak."""
    return 1024 * int(re.search(rf"^{field}:\s+(\d+)", Path("/proc/self/status").read_text(), re.MULTILINE)[1])


def memory_of_a_fit(hidden: tuple[int, ...], rows: int) -> tuple[int, int, int]:
    """Bytes of the data, bytes that training took at most beside it, and bytes that its parameters alone need."""
    random = np.random.default_rng(0)
    X, y = random.random((rows, 784), dtype=np.float32), np.arange(rows) % 10
    quiet(
        lambda: MLPClassifier((8,), max_iter=1, n_threads=1).fit(X[:500], y[:500])
    )  # what is loaded once is not counted
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    model = MLPClassifier(hidden, max_iter=1, n_threads=1)
    quiet(lambda: model.fit(X, y))
    parameters = sum(array.nbytes for array in (*model.coefs_, *model.intercepts_))
    return X.nbytes, status("VmHWM") - before, (2 + 2) * parameters


def memory(_rounds: int) -> None:
    """Fit in a process of its own, so that nothing but the fit is in its peak."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        data, taken, needed = pool.apply(memory_of_a_fit, ((2048, 2048), 20_000))
    mebibytes = [f"{size / 2**20:.0f} MiB" for size in (data, taken, needed)]
    print(
        "training 784-2048-2048-10 with Adam, float32, beside {} of data: {}; 4 x parameters are {}".format(*mebibytes)
    )


PARTS = {each.__name__: each for each in (example, population, predict, row, sparse, threads, memory)}


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for name in arguments.parts or PARTS:
        PARTS[name](arguments.rounds)


if __name__ == "__main__":
    main()
