"""One training step against scikit-learn and PyTorch: forward, backward, Adam; one thread each, turn by turn.

    python benchmarks/native/steps.py [--dtype float32] [--rounds 7] [--threads 1] [--only 0 1]

Prints the median microseconds of a step and the ratios of the medians. Peers that are not installed are left out.
Every contender shuffles or walks the same rows in batches of the same size. Pinned to as many processors as threads.
"""

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.engines.native import NativeEngine
from pellucid.spec import Adam, Layer, LogLoss, Network, Relu, Stopping, Training, parameter_count
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Watch
from pellucid.training.streams import streams

NETWORKS = [
    ((2, 10, 5, 2), 200),
    ((64, 100, 10), 200),
    ((20, 256, 256, 256, 2), 256),
    ((784, 256, 128, 10), 200),
    ((784, 1024, 1024, 10), 1024),
]
BATCHES = 4

Run = Callable[[int], int]
"""Trains about so many steps; returns how many it did."""


def data(widths: tuple[int, ...], batch: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Make normal inputs and random classes."""
    random = np.random.default_rng(0)
    X = random.normal(size=(batch * BATCHES, widths[0])).astype(dtype)
    y = random.integers(widths[-1], size=len(X))
    y[: widths[-1]] = np.arange(widths[-1])
    return X, y


def native(widths: tuple[int, ...], batch: int, dtype: str, threads: int) -> Run:
    """Pellucid, a whole training in one call."""
    X, y = data(widths, batch, dtype)
    # as scikit-learn: two classes are one logistic output
    outputs = 1 if widths[-1] == 2 else widths[-1]
    network = Network(
        widths[0], tuple(Layer(w, Relu()) for w in widths[1:-1]), outputs, "logistic" if outputs == 1 else "softmax"
    )
    targets = (y[:, np.newaxis] if outputs == 1 else np.eye(outputs)[y]).astype(dtype)
    parameters = np.random.default_rng(1).normal(scale=0.05, size=parameter_count(network)).astype(dtype)
    engine = NativeEngine(threads)

    def run(steps: int) -> int:
        epochs = -(-steps // BATCHES)
        training = Training(
            LogLoss(), Adam(), batch_size=batch, epochs=epochs, l2=1e-4, dtype=dtype, stopping=Stopping(patience=None)
        )
        engine.train([Job(network, training, Batch(X, targets), parameters.copy(), streams(0))], Watch())
        return epochs * BATCHES

    return run


def sklearn(widths: tuple[int, ...], batch: int, dtype: str, threads: int) -> Run:
    """scikit-learn's fit."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - a peer may be missing

    X, y = data(widths, batch, dtype)

    def run(steps: int) -> int:
        epochs = -(-steps // BATCHES)
        model = MLPClassifier(
            widths[1:-1], batch_size=batch, max_iter=epochs, n_iter_no_change=epochs + 1, random_state=0
        )
        with threadpool_limits(threads), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        return epochs * BATCHES

    return run


def torch(widths: tuple[int, ...], batch: int, dtype: str, threads: int) -> Run:
    """PyTorch's eager loop with the fused Adam, over batches that are cut already."""
    import torch  # noqa: PLC0415 - a peer may be missing

    torch.set_num_threads(threads)
    X, y = data(widths, batch, dtype)
    layers: list[torch.nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [torch.nn.Linear(inputs, outputs, dtype=getattr(torch, dtype)), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    batches = list(zip(torch.from_numpy(X).split(batch), torch.from_numpy(y).split(batch), strict=True))

    def run(steps: int) -> int:
        for step in range(steps):
            inputs, targets = batches[step % BATCHES]
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        return steps

    return run


CONTENDERS = {"native": native, "sklearn": sklearn, "torch": torch}


def contest(runs: dict[str, Run], rounds: int, seconds: float) -> dict[str, float]:
    """Median microseconds a step of each contender, measured turn by turn."""
    steps = {}
    for name, run in runs.items():
        run(8)
        began = time.perf_counter()
        done = run(8)
        steps[name] = max(8, int(seconds / ((time.perf_counter() - began) / done)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            done = run(steps[name])
            times[name].append((time.perf_counter() - began) / done * 1e6)
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    """Run the contest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.1, help="of one turn, at least")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the networks, from 0")
    parser.add_argument("--contenders", nargs="*", default=list(CONTENDERS))
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-arguments.threads :])
    for index, (widths, batch) in enumerate(NETWORKS):
        if arguments.only and index not in arguments.only:
            continue
        runs = {}
        for name in arguments.contenders:
            try:
                runs[name] = CONTENDERS[name](widths, batch, arguments.dtype, arguments.threads)
            except ImportError:
                continue
        medians = contest(runs, arguments.rounds, arguments.seconds)
        work = 6 * batch * sum(a * b for a, b in pairwise(widths))
        line = f"{'-'.join(map(str, widths)):24} {arguments.dtype} x{arguments.threads}"
        for name, median in medians.items():
            line += f"  {name} {median:9.1f} us"
            if name != "native" and "native" in medians:
                line += f" ({median / medians['native']:5.2f}x)"
        print(line + f"  {work / medians['native'] / 1e3:6.1f} GFLOP/s" if "native" in medians else line, flush=True)


if __name__ == "__main__":
    main()
