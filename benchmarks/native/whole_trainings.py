"""Whole trainings and predictions against their peers, turn by turn, medians.

    python benchmarks/native/whole_trainings.py [--rounds 5] [--threads 2]

The textbook example (1000 full-batch epochs of 700 × 2, 2-10-5-1) against the textbook engine, a loop in NumPy; 64
networks of the moons as one population against scikit-learn one after the other, and under joblib; predictions of one
row and of a million.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

from pellucid.engines.native import NativeEngine
from pellucid.engines.textbook import TextbookEngine
from pellucid.spec import Adam, Layer, Logistic, LogLoss, Network, Relu, Stopping, Training, parameter_count
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Job, Watch
from pellucid.training.streams import streams


def turn_by_turn(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            began = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in times.items()}


def report(title: str, medians: dict[str, float]) -> None:
    """Print the medians, and each as a multiple of the first."""
    first = next(iter(medians.values()))
    parts = [f"{name} {seconds * 1e3:.4g} ms ({seconds / first:.1f}x)" for name, seconds in medians.items()]
    print(f"{title}: " + "  ".join(parts), flush=True)


def moons(rows: int) -> Batch:
    """Two half moons."""
    X, y = make_moons(rows, noise=0.2, random_state=42)
    return Batch(X, y[:, np.newaxis].astype(float))


def job(data: Batch, training: Training, activation: Logistic | Relu, seed: int = 0) -> Job:
    """Make a 2-10-5-1 network to train."""
    network = Network(2, (Layer(10, activation), Layer(5, activation)), 1, "logistic")
    start = np.random.default_rng(seed).normal(scale=0.5, size=parameter_count(network))
    return Job(network, training, data, start, streams(seed))


def example(rounds: int) -> None:
    """Run the textbook's full-batch example."""
    training = Training(LogLoss(), Adam(), epochs=1000, shuffle=False, stopping=Stopping(patience=None))
    contenders = {}
    for name, engine in (("native", NativeEngine(1)), ("numpy loop", TextbookEngine())):
        contenders[name] = lambda engine=engine: engine.train([job(moons(700), training, Logistic())], Watch())
    report("1000 epochs of 700 x 2, 2-10-5-1", turn_by_turn(contenders, rounds))


def population(rounds: int, threads: int, epochs: int = 50, networks: int = 64) -> None:
    """Train many networks at once."""
    data = moons(1000)
    training = Training(LogLoss(), Adam(), batch_size=200, epochs=epochs, stopping=Stopping(patience=None))

    def native() -> None:
        NativeEngine(threads).train([job(data, training, Relu(), seed) for seed in range(networks)], Watch())

    def fit(seed: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = MLPClassifier((10, 5), max_iter=epochs, n_iter_no_change=epochs + 1, random_state=seed)
            model.fit(data.inputs, data.targets[:, 0])

    contenders = {
        "native": native,
        "scikit-learn": lambda: [fit(seed) for seed in range(networks)],
        "scikit-learn, joblib": lambda: Parallel(threads)(delayed(fit)(seed) for seed in range(networks)),
    }
    report(f"{networks} networks, {threads} threads", turn_by_turn(contenders, rounds))


def prediction(rounds: int, rows: int, repeats: int) -> None:
    """Predict by the engines and by scikit-learn."""
    random = np.random.default_rng(0)
    network = Network(20, (Layer(100, Relu()),), 1, "logistic")
    vector = Parameters(network, random.normal(scale=0.1, size=parameter_count(network)).astype("float32"))
    X = random.normal(size=(rows, 20)).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((100,), max_iter=1).fit(X[:1000].repeat(2, axis=0), np.arange(2 * len(X[:1000])) % 2)
    engine = NativeEngine(1)
    contenders = {
        "native": lambda: [engine.forward(network, vector, X) for _ in range(repeats)],
        "textbook": lambda: [TextbookEngine().forward(network, vector, X) for _ in range(repeats)],
        "scikit-learn": lambda: [model.predict(X) for _ in range(repeats)],
    }
    report(f"{repeats} predictions of {rows} rows", turn_by_turn(contenders, rounds))


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    example(arguments.rounds)
    population(arguments.rounds, arguments.threads)
    prediction(arguments.rounds, 1, 1000)
    prediction(arguments.rounds, 1_000_000, 1)


if __name__ == "__main__":
    main()
