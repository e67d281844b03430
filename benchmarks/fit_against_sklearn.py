"""Time of the same fit: the textbook engine and the native engine against scikit-learn, and of importing each.

    python benchmarks/fit_against_sklearn.py [--repeats 7]

Peers take turns in one process on one thread; the figure is the ratio of medians (ours / theirs: below 1 is faster).
"""

import argparse
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import sklearn.neural_network as theirs
from sklearn.datasets import load_digits, make_classification, make_moons
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

import pellucid as ours

random = np.random.default_rng(0)
DIGITS = load_digits(return_X_y=True)
WIDE = make_classification(5000, 20, n_informative=10, random_state=0)
CASES = {
    "moons 2-10-5-1, 848 epochs": (make_moons(700, noise=0.2, random_state=42), {"hidden_layer_sizes": (10, 5)}, 848),
    "digits 64-100-10": (DIGITS, {"hidden_layer_sizes": (100,)}, 30),
    "digits 64-100-10, early stopping": (DIGITS, {"hidden_layer_sizes": (100,), "early_stopping": True}, 30),
    "digits 64-100-10, SGD": (DIGITS, {"hidden_layer_sizes": (100,), "solver": "sgd"}, 30),
    "20-256-256-256-1, tanh": (WIDE, {"hidden_layer_sizes": (256, 256, 256), "activation": "tanh"}, 3),
    "20-256-256-256-1, relu, float32": (
        (WIDE[0].astype(np.float32), WIDE[1]),
        {"hidden_layer_sizes": (256, 256, 256)},
        3,
    ),
    "digits 64-100-10, L-BFGS": (DIGITS, {"hidden_layer_sizes": (100,), "solver": "lbfgs"}, 40),
}


def seconds(model, X, y):
    """Time one fit."""
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    return time.perf_counter() - began


def compare_fits(repeats):
    """Print a line for each case."""
    print(f"{'fit':36}{'scikit-learn':>14}{'textbook':>12}{'ratio':>8}{'native':>12}{'ratio':>8}")
    for name, ((X, y), own, epochs) in CASES.items():
        parameters = own | {"max_iter": epochs, "random_state": 42, "n_iter_no_change": 10**6}
        models = [
            theirs.MLPClassifier(**parameters),
            *(ours.MLPClassifier(**parameters, engine=engine, n_threads=1) for engine in ("textbook", "native")),
        ]
        turns = [[seconds(model, X, y) for model in models] for _ in range(repeats)]
        reference, textbook, native = (statistics.median(times) for times in zip(*turns, strict=True))
        print(
            f"{name:36}{reference:12.3f} s{textbook:10.3f} s{textbook / reference:8.2f}"
            f"{native:10.3f} s{native / reference:8.3f}"
        )


def compare_imports(repeats):
    """Print the time of importing each in a fresh interpreter."""
    programs = {"sklearn.neural_network": "import sklearn.neural_network", "pellucid": "import pellucid"}
    programs["pellucid.MLPClassifier"] = "from pellucid import MLPClassifier"
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, program in programs.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own programs
            times[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print()
    for name, median in medians.items():
        print(f"import {name:29}{median:10.3f} s{median / medians['sklearn.neural_network']:20.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    with threadpool_limits(1):
        compare_fits(arguments.repeats)
    compare_imports(arguments.repeats)
