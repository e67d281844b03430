"""Grid search on breast cancer: 96 settings on 5 folds, 100 epochs each, beside scikit-learn's; and what a search adds.

Each figure is a ratio of medians over turns; within a turn the contenders follow each other, so that a machine that is
busy with something else is busy for all of them.

    python benchmarks/tuning/speed.py [--turns 3] [--dtype float32] [--skip-sklearn]

The table is in float64, and both libraries train in the numbers that they are given.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from statistics import median

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier as SklearnMLP
from sklearn.preprocessing import scale

from pellucid import MLPClassifier
from pellucid.engines import get_engine
from pellucid.training import Watch
from pellucid.tuning import PopulationSearchCV

GRID = {
    "hidden_layer_sizes": [(8,), (32,), (64,)],
    "activation": ["relu", "tanh"],
    "alpha": [1e-5, 1e-4, 1e-2, 1.0],
    "learning_rate_init": [1e-3, 3e-3, 1e-2, 3e-2],
}
TRAINING = {"max_iter": 100, "n_iter_no_change": 1000, "random_state": 0}


def seconds(call: Callable[[], object]) -> tuple[float, object]:
    """Time one call."""
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result


def bare(X: np.ndarray, y: np.ndarray, settings: list[dict[str, object]], training: dict[str, object]) -> float:
    """Seconds that the engine alone needs for the jobs of a search: prepared before, scored by nobody."""
    jobs = []
    for train, _ in StratifiedKFold(5).split(X, y):
        rows = MLPClassifier().take_rows(X[train], y[train])
        jobs += [MLPClassifier(**training, **setting).prepare(rows) for setting in settings]
    return seconds(lambda: get_engine().train(jobs, Watch()))[0]


def told(name: str, values: list[float], of: list[float] | None = None) -> None:
    """Print a contender's median, and how many times it goes into another's."""
    ratio = "" if of is None else f"{median(of) / median(values):8.1f} x"
    print(f"{name:58s}{median(values):10.3f} s {ratio}", flush=True)


def overhead(X: np.ndarray, y: np.ndarray, turns: int) -> None:
    """Compare a search with the bare engine, for jobs of about 10 ms on one core."""
    settings = [{"alpha": alpha} for alpha in np.geomspace(1e-6, 1, 100)]
    probe = {"hidden_layer_sizes": (32,), "n_iter_no_change": 10**6, "random_state": 0}
    alone = bare(X, y, settings, {**probe, "max_iter": 100}) * len(os.sched_getaffinity(0)) / (5 * len(settings))
    training = {**probe, "max_iter": max(1, round(100 * 0.010 / alone))}
    searched, engine = [], []
    for _ in range(turns):
        engine.append(bare(X, y, settings, training))
        search = PopulationSearchCV(MLPClassifier(**training), {"alpha": [s["alpha"] for s in settings]}, refit=False)
        searched.append(seconds(lambda search=search: search.fit(X, y))[0])
    added = [a / b - 1 for a, b in zip(searched, engine, strict=True)]
    each = median(engine) * len(os.sched_getaffinity(0)) / (5 * len(settings))
    print(f"\nOverhead over the bare engine, {5 * len(settings)} jobs of {1000 * each:.1f} ms each on one core:")
    told("bare engine", engine)
    told("PopulationSearchCV", searched)
    print(f"overhead: {median(added):.1%} (each turn: {', '.join(f'{a:.1%}' for a in added)})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    parser.add_argument("--skip-sklearn", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    X, y = load_breast_cancer(return_X_y=True)
    X = scale(X).astype(options.dtype)
    print(f"{options.dtype}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start")
    theirs, whole, halved, results = [], [], [], {}
    for _ in range(options.turns):
        if not options.skip_sklearn:
            search = GridSearchCV(SklearnMLP(**TRAINING), GRID, cv=5, n_jobs=-1, refit=False)
            spent, results["sklearn"] = seconds(lambda search=search: search.fit(X, y))
            theirs.append(spent)
        for name, times, given in (("whole", whole, {}), ("halved", halved, {"halving": 3})):
            search = PopulationSearchCV(MLPClassifier(**TRAINING), GRID, cv=5, refit=False, **given)
            spent, results[name] = seconds(lambda search=search: search.fit(X, y))
            times.append(spent)
    print(f"\n96 settings on 5 folds, {TRAINING['max_iter']} epochs, medians of {options.turns} turns:")
    if theirs:
        told("GridSearchCV of scikit-learn's MLPClassifier, n_jobs=-1", theirs)
    told("PopulationSearchCV of Pellucid's", whole, theirs or None)
    told("the same with halving=3", halved, theirs or None)
    if theirs:
        mine, other = (results[name].cv_results_["mean_test_score"] for name in ("whole", "sklearn"))
        print(
            f"scores that are scikit-learn's exactly: {np.mean(mine == other):.0%}; "
            f"largest difference {np.abs(mine - other).max():.4f}"
        )
    best, short = results["whole"], results["halved"]
    error = best.cv_results_["std_test_score"][best.best_index_] / np.sqrt(5)
    gap = best.best_score_ - short.best_score_
    print(
        f"best score {best.best_score_:.4f} ± {error:.4f}; with halving {short.best_score_:.4f}, "
        f"{gap / error:+.2f} standard errors below"
    )
    overhead(X, y, max(3, options.turns))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
