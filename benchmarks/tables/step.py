"""One training step of RealMLP-TD's network (256 rows) by Pellucid and by pytabkit, turn by turn.

    pip install pytabkit
    python benchmarks/tables/step.py [--rounds 5] [--threads 1] [--columns 28] [--dtype bfloat16]

Each trains on the same made-up rows for few epochs and for many; the difference, over the steps between, is what a step
takes: forward, loss, backward, the optimiser, and its share of drawing an order and of the validation rows' pass after
each epoch. Pellucid's network is the recipe's: four features a number (PBLD), a scale of the inputs, three layers of
256 with parametric SELU, dropout and label smoothing, NTK parametrisation, rates and decays by group.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from statistics import median
from time import perf_counter
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.bench import pinned
from pellucid.engines import NativeEngine
from pellucid.estimators.tabular.base import PRODUCTS
from pellucid.estimators.tabular.members import Member, describe_network, describe_training
from pellucid.spec import LogLoss, parameter_count
from pellucid.tables.inputs import Inputs
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Watch
from pellucid.training.streams import streams, weights_stream

ROWS, HELD_OUT, BATCH = 8192, 2048, 256
FEW, MANY = 2, 8
STEPS = (MANY - FEW) * ROWS // BATCH
Run = Callable[[int], Any]


def rows(columns: int) -> tuple[Any, Any]:
    """Return numbers, and two classes that follow from a product of two of them."""
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS + HELD_OUT, columns)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] + random.normal(size=len(X)) > 0).astype(int)


def pellucid(X: Any, y: Any, threads: int, products: str) -> Run:
    """Train by the native engine, a whole training in one call."""
    member = Member(numbers="periodic", label_smoothing=0.1)
    names = tuple(f"x{place}" for place in range(X.shape[1]))
    network = describe_network(member, Inputs(names, names, numeric=len(names), passed=0, levels=()), X, 2, "softmax")
    network = replace(network, products=products)
    targets = np.eye(2, dtype=np.float32)[y]
    parameters = initial_parameters(network, weights_stream(0), "float32", X[:ROWS])
    layers = [f"{layer.width}" for layer in network.hidden]
    print(f"{X.shape[1]} columns, {network.embedding.features} features, layers of {', '.join(layers)}, ", end="")
    print(f"{parameter_count(network):,} parameters")
    engine = NativeEngine(threads)

    def run(epochs: int) -> None:
        training = describe_training(member, LogLoss(), ROWS, epochs, "validation_loss")
        data, held_out = Batch(X[:ROWS], targets[:ROWS]), Batch(X[ROWS:], targets[ROWS:])
        engine.train([Job(network, training, data, parameters.copy(), streams(0), held_out)], Watch())

    return run


def pytabkit(X: Any, y: Any, threads: int, _: str) -> Run:
    """Train by pytabkit's RealMLP-TD, which draws its own fifth of the rows to hold out."""
    import_module("torch").set_num_threads(threads)
    models = import_module("pytabkit")

    def run(epochs: int) -> None:
        model = models.RealMLP_TD_Classifier(
            n_epochs=epochs, device="cpu", random_state=0, n_cv=1, n_refit=0, n_threads=threads, verbosity=0
        )
        with threadpool_limits(threads), catch_warnings():
            simplefilter("ignore")
            model.fit(X, y)

    return run


def seconds_a_step(run: Run) -> float:
    """Return what a step takes."""
    taken = []
    for epochs in (FEW, MANY):
        began = perf_counter()
        run(epochs)
        taken.append(perf_counter() - began)
    return (taken[1] - taken[0]) / STEPS


def main() -> None:
    """Run the contest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--columns", type=int, default=28)
    parser.add_argument("--dtype", choices=PRODUCTS, default="float32", help="of Pellucid's products")
    arguments = parser.parse_args()
    X, y = rows(arguments.columns)
    with pinned(arguments.threads):
        setting = (X, y, arguments.threads, PRODUCTS[arguments.dtype])
        runs = {each.__name__: each(*setting) for each in (pellucid, pytabkit)}
        for run in runs.values():
            run(1)
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(arguments.rounds):
            for name, run in runs.items():
                taken[name].append(seconds_a_step(run))
    medians = {name: median(each) for name, each in taken.items()}
    for name, each in medians.items():
        print(f"{name:9} {1e3 * each:6.2f} ms a step, {each / medians['pellucid']:5.2f} times Pellucid's")


if __name__ == "__main__":
    main()
