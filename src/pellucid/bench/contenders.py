"""Who trains: the engines, scikit-learn and PyTorch. Each draws an order of the rows every epoch, and gathers them.

All do the same work in the same number type: Adam, an L2 penalty of 10⁻⁴, the same rows a step, one logistic output
where there are two classes. Under 'bfloat16' products round their operands, by PyTorch's autocast in its case;
scikit-learn has no such products.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from warnings import catch_warnings, filterwarnings, simplefilter

import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.bench.cases import Case, number_type
from pellucid.engines import Engine, NativeEngine, TextbookEngine
from pellucid.engines.native import unavailable
from pellucid.spec import Adam, Layer, LogLoss, Network, Relu, Stopping, Training, parameter_count
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Watch
from pellucid.training.stopping import Outcome
from pellucid.training.streams import streams

__all__ = ["CONTENDERS", "L2", "Run", "contenders_here", "engine", "native", "scikit_learn", "textbook", "torch"]

L2 = 1e-4

Run = Callable[[int], None]
"""Trains a network for so many epochs. Ctrl-C raises KeyboardInterrupt, though a training would keep what it has."""


def native(case: Case, dtype: str, threads: int) -> Run:
    """Train by the native engine, a whole training in one call."""
    return engine(NativeEngine(threads), case, dtype)


def textbook(case: Case, dtype: str, threads: int) -> Run:
    """Train by the textbook engine, a loop in NumPy."""
    run = engine(TextbookEngine(), case, dtype)

    def limited(epochs: int) -> None:
        with threadpool_limits(threads):
            run(epochs)

    return limited


def engine(engine: Engine, case: Case, dtype: str) -> Run:
    """Train by one of Pellucid's engines, at the level of jobs."""
    X, y = case.rows(dtype)
    hidden = tuple(Layer(width, Relu()) for width in case.widths[1:-1])
    output, products = "logistic" if case.outputs == 1 else "softmax", "bfloat16" if dtype == "bfloat16" else "full"
    network = Network(case.widths[0], hidden, case.outputs, output, products=products)
    targets = (y[:, np.newaxis] if case.outputs == 1 else np.eye(case.outputs)[y]).astype(X.dtype)
    start = np.random.default_rng(1).normal(scale=0.05, size=parameter_count(network)).astype(X.dtype)

    def run(epochs: int) -> None:
        training = Training(
            LogLoss(),
            Adam(),
            batch_size=case.batch,
            epochs=epochs,
            l2=L2,
            dtype=number_type(dtype),
            stopping=Stopping(patience=None),
        )
        job = Job(network, training, Batch(X, targets), start.copy(), streams(0))
        if engine.train([job], Watch())[0].outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt

    return run


def scikit_learn(case: Case, dtype: str, threads: int) -> Run:
    """Train by scikit-learn's fit."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - slow to import
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    X, y = case.rows(dtype)

    def run(epochs: int) -> None:
        model = MLPClassifier(
            case.widths[1:-1],
            alpha=L2,
            batch_size=case.batch,
            max_iter=epochs,
            n_iter_no_change=epochs + 1,
            random_state=0,
        )
        with threadpool_limits(threads), catch_warnings():
            simplefilter("ignore", ConvergenceWarning)
            filterwarnings("error", "Training interrupted")
            try:
                model.fit(X, y)
            except UserWarning as warning:
                raise KeyboardInterrupt from warning

    return run


def torch(case: Case, dtype: str, threads: int) -> Run:
    """Train by PyTorch's eager loop on the processor, with the fused Adam."""
    torch: Any = import_module("torch")
    torch.set_num_threads(threads)
    functional, number = torch.nn.functional, getattr(torch, number_type(dtype))
    X, y = map(torch.from_numpy, case.rows(dtype))
    layers: list[Any] = []
    for inputs, outputs in case.layers:
        layers += [torch.nn.Linear(inputs, outputs, dtype=number), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), weight_decay=L2, fused=True)
    loss = functional.cross_entropy
    if case.outputs == 1:
        y, loss = y[:, None].to(number), functional.binary_cross_entropy_with_logits

    def run(epochs: int) -> None:
        for _ in range(epochs):
            for rows in torch.randperm(len(X)).split(case.batch):
                optimizer.zero_grad(set_to_none=True)
                with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
                    z = model(X[rows])
                loss(z.to(number), y[rows]).backward()
                optimizer.step()

    return run


CONTENDERS: dict[str, Callable[[Case, str, int], Run]] = {
    "native": native,
    "textbook": textbook,
    "scikit-learn": scikit_learn,
    "torch": torch,
}
"""By name; each takes a case, a dtype and a number of threads."""


def contenders_here(dtype: str = "float32") -> list[str]:
    """Names of those that can run here with this number type, in the order of CONTENDERS.

    Examples
    --------
    >>> "textbook" in contenders_here()
    True
    """
    absent = {
        "native": unavailable() is not None,
        "torch": find_spec("torch") is None,
        "scikit-learn": dtype == "bfloat16",
    }
    return [name for name in CONTENDERS if not absent.get(name, False)]
