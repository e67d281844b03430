"""`pellucid demo`: the textbook example end to end, in plain words."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.failures import check
from pellucid.cli.options import parse_widths

if TYPE_CHECKING:
    from pellucid.spec import Network
    from pellucid.training.jobs import Job

__all__ = ["demo"]

EPOCHS_BETWEEN_LINES = 100
NO_BETTER = 0.99
"""Share of a constant's loss from which on a network has learned next to nothing."""


def demo(
    hidden: Annotated[str, typer.Option(help="Neurons of each hidden layer, with commas between.")] = "10,5",
    activation: Annotated[
        str | None, typer.Option(help="Of the hidden layers of both networks. [logistic by hand, relu after]")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of both networks. [0.01 by hand, 0.001 after]")] = None,
    epochs: Annotated[int, typer.Option(help="Most passes over the training rows.")] = 1000,
    noise: Annotated[float, typer.Option(help="Spread of the points around the moons.")] = 0.2,
    samples: Annotated[int, typer.Option(help="Points in all; 30% of them are kept for the test.")] = 1000,
    seed: Annotated[int, typer.Option(help="Draws the points, the split and the first weights.")] = 42,
    optimizer: Annotated[str, typer.Option(help="Of the network by hand, such as momentum or adam.")] = (
        "gradient_descent"
    ),
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("pellucid-demo"),
) -> None:
    """Learn the two moons, by hand and with MLPClassifier, and see every stage."""
    from sklearn.datasets import make_moons
    from sklearn.model_selection import train_test_split

    check("--samples", "at least 10, so that both halves hold both moons", samples, samples >= 10)
    check("--noise", "a number of at least 0", noise, 0 <= noise < float("inf"))
    check("--seed", f"between 0 and {2**32 - 1}", seed, 0 <= seed < 2**32)
    check("--epochs", "at least 1", epochs, epochs >= 1)
    is_rate = learning_rate is None or 0 < learning_rate < float("inf")
    check("--learning-rate", "a number greater than 0", learning_rate, is_rate)
    widths = parse_widths(hidden)
    _check_names(activation, optimizer)
    _make_folder(out)

    X, y = make_moons(samples, noise=noise, random_state=seed)
    halves = train_test_split(X, y, test_size=0.3, random_state=seed)
    _say_data(halves, noise)
    by_hand, job = _learn_by_hand(
        halves, widths, activation or "logistic", learning_rate or 0.01, epochs, optimizer, seed
    )
    ours = _learn_with_estimator(halves, widths, activation or "relu", learning_rate or 0.001, epochs, seed, job)
    _draw(halves, {"By hand": by_hand, "MLPClassifier": ours}, out)


def _check_names(activation: str | None, optimizer: str) -> None:
    """Refuse names that are not known before anything is said."""
    from pellucid.estimators.parameters import ACTIVATIONS, named

    if activation is not None:
        named(ACTIVATIONS, activation, "--activation")
    named(_optimizers(), optimizer, "--optimizer")


def _make_folder(out: Path) -> None:
    """Make the folder for the pictures before any work is done."""
    from pellucid.errors import DataError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the folder '{out}' cannot be made: {error.strerror or error}. Name another one.") from error


def _title(text: str) -> None:
    from rich.console import Console

    Console().print(f"\n[bold]{text}[/bold]")


def _say_data(halves: list[Any], noise: float) -> None:
    X_train, X_test, y_train, _ = halves
    _title("Data")
    print(f"{len(X_train) + len(X_test)} points on two moons, noise {noise:g}. Each has two inputs and a class.")
    print(f"{len(X_train)} are for training ({int(y_train.sum())} of class 1), {len(X_test)} are kept for the test.")


def _learn_by_hand(
    halves: list[Any],
    widths: tuple[int, ...],
    activation: str,
    learning_rate: float,
    epochs: int,
    optimizer: str,
    seed: int,
) -> tuple[Any, "Job"]:
    """Describe the network, show its first step in numbers, train it, and return it as an estimator, with its job."""
    import numpy as np

    from pellucid.engines import get_engine
    from pellucid.estimators import MLPClassifier
    from pellucid.estimators.parameters import ACTIVATIONS, named
    from pellucid.spec import Layer, LogLoss, Network, Normal, Stopping, Training
    from pellucid.textbook.initializers import initial_parameters
    from pellucid.textbook.network import Batch
    from pellucid.training.jobs import Job, Watch
    from pellucid.training.streams import Streams

    X_train, X_test, y_train, y_test = halves
    network = Network(
        inputs=2,
        hidden=tuple(Layer(width, named(ACTIVATIONS, activation, "--activation")) for width in widths),
        outputs=1,
        output="logistic",
        initializer=Normal(std=1.0),
    )
    training = Training(
        loss=LogLoss(),
        optimizer=named(_optimizers(), optimizer, "--optimizer"),
        learning_rate=learning_rate,
        epochs=epochs,
        shuffle=False,
        reduction="sum",
        stopping=Stopping(patience=None),
    )
    random = np.random.RandomState(seed)
    parameters = initial_parameters(network, random, np.float64)
    data = Batch(X_train, y_train[:, np.newaxis].astype(np.float64))
    job = Job(network, training, data, parameters, Streams(random, 0))
    _say_network(network)
    _say_first_step(job)

    with _Progress(epochs) as progress:
        (run,) = get_engine().train([job], Watch(on_epoch=progress))
    model = MLPClassifier(widths, activation).set_network(network, run.parameters, classes=[0, 1])
    model.loss_curve_ = run.history.loss
    _say_end(run.outcome)
    print(f"Accuracy: {model.score(X_test, y_test):.2f}")
    remark = _remark("The network by hand", model, job)
    if remark:
        print(remark)
    return model, job


def _remark(name: str, model: Any, job: "Job") -> str:
    """Say so where a network does no better than the shares of the classes, by the rule that makes a fit warn."""
    from pellucid.estimators.constants import useless

    def forward(inputs: Any) -> Any:
        log = model.predict_log_proba(inputs)
        return log[:, 1:] - log[:, :1]

    found = useless(name, job, model.loss_curve_, forward, margin=NO_BETTER)
    if found is None:
        return ""
    ways = ", more --epochs or fewer --hidden" if job.network.hidden else " or more --epochs"
    return f"{found.finding} Try another --learning-rate{ways}."


def _optimizers() -> dict[str, Any]:
    from typing import get_args

    from pellucid.spec import Lbfgs, Optimizer

    return {kind.name: kind for kind in get_args(Optimizer) if kind is not Lbfgs}


class _Progress:
    """Prints every hundredth epoch's loss and the last one's, under a bar that tells the time left."""

    def __init__(self, epochs: int) -> None:
        from pellucid.estimators.progress import ProgressBar

        self.epochs = epochs
        self.bar = ProgressBar("By hand", lines=False)

    def __enter__(self) -> "_Progress":
        self.bar.on_fit_begin(None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.on_fit_end(None)

    def __call__(self, epoch: Any) -> bool:
        if (epoch.epoch - 1) % EPOCHS_BETWEEN_LINES == 0 or epoch.epoch == self.epochs:
            print(f"Epoch {epoch.epoch}, Loss: {epoch.loss:.4f}", flush=True)
        self.bar.on_epoch_end(None, epoch)
        return False


def _say_network(network: "Network") -> None:
    from textwrap import fill

    from pellucid.spec import parameter_count

    widths = [layer.width for layer in network.hidden]
    activation = network.hidden[0].activation.name if widths else ""
    _title("Network")
    described = f"{'-'.join(map(str, network.widths))}: 2 inputs, {_in_words(widths, activation)}, 1 output "
    described += "(logistic: the probability of class 1). Every neuron sees all of the layer before it."
    print(fill(described, 100))
    print(f"{parameter_count(network)} weights and biases; the weights are drawn at random, the biases begin at 0.")


def _in_words(widths: Sequence[int], activation: str) -> str:
    """Return what hidden layers there are."""
    from pellucid.tables.frames import counted

    if len(widths) <= 1:
        return f"a hidden layer of {counted(widths[0], 'neuron')} ({activation})" if widths else "no hidden layer"
    return f"hidden layers of {', '.join(map(str, widths[:-1]))} and {widths[-1]} neurons ({activation})"


def _say_first_step(job: "Job") -> None:
    """Tell the first step of the training in numbers: the engine's own."""
    from pellucid.engines import get_engine
    from pellucid.textbook.parameters import Parameters
    from pellucid.training.jobs import State, Watch

    network, training, data = job.network, job.training, job.data
    theta = Parameters(network, job.parameters)
    step = get_engine().loss_and_gradients(network, training, theta, data)
    once = replace(job, training=replace(training, epochs=1), parameters=job.parameters.copy(), state=State())
    (run,) = get_engine().train([once], Watch())
    first, last = step.layers[0], step.layers[-1]
    (x1, x2), w, b = data.inputs[0], theta.weights[0][:, 0], theta.bias[0][0]
    z, a = first.pre_activation[0, 0], first.activation[0, 0]
    _title("Forward")
    print("The first point goes through the first neuron: weighted sum, then activation.")
    in_numbers = f"{x1:.3f}·{_factor(w[0])} + {x2:.3f}·{_factor(w[1])} + {b:g}"
    print(f"  z = x1·w1 + x2·w2 + b = {in_numbers} = {z:.2f},   g(z) = {a:.2f}")
    others = "So on through all layers; the last neuron" if network.hidden else "It is the only one, and"
    print(f"{others} answers {last.activation[0, 0]:.2f}.")
    _title("Loss")
    print(f"The point's class is {data.targets[0, 0]:.0f}. How far off the answers are is the cross-entropy,")
    print(f"  -(y·log a + (1-y)·log(1-a)),   over all points {step.loss:.4f} on average.")
    _title("Backward")
    print("The chain rule gives the loss's derivative for every weight, from the last layer to the first.")
    old, gradient = float(w[0]), float(step.gradients.weights[0][0, 0])
    print(f"  For the first weight: ∂L/∂w1 = {gradient:.6g}, of the sum over all points, by which the network learns;")
    print("  the loss is told as their average, which does not grow with their number.")
    _title("Update")
    rate, new = training.learning_rate, float(Parameters(network, run.parameters).weights[0][0, 0])
    name = training.optimizer.name.replace("_", " ")
    print(f"Every weight takes a step against its derivative ({name}, rate {rate:g}):")
    if name == "gradient descent":
        print(f"  w1 = {old:.6g} - {rate:g}·{_factor(gradient, '.6g')} = {new:.4g}")
    else:
        print(f"  w1 = {old:.6g} becomes {new:.6g}; how, for each optimiser, pellucid.trace tells.")
    print(f"Forward, loss, backward, update: one epoch, of {training.epochs} at most.\n", flush=True)


def _factor(value: float, digits: str = ".3f") -> str:
    """Return a number as it stands behind a sign of multiplication."""
    return f"({value:{digits}})" if value < 0 else f"{value:{digits}}"


def _say_end(outcome: Any) -> None:
    from pellucid.errors import DivergedError
    from pellucid.training.stopping import Outcome

    if outcome is Outcome.DIVERGED:
        raise DivergedError(outcome.value)
    if outcome is Outcome.INTERRUPTED:
        print(outcome.value)
    _title("Result")
    print("Share of the test points whose class the network tells right:")


def _learn_with_estimator(
    halves: list[Any],
    widths: tuple[int, ...],
    activation: str,
    learning_rate: float,
    epochs: int,
    seed: int,
    by_hand: "Job",
) -> Any:
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from pellucid.estimators import MLPClassifier
    from pellucid.tables.frames import counted

    X_train, X_test, y_train, y_test = halves
    _title("The same with MLPClassifier")
    rows = "batches of 200 rows" if len(X_train) > 200 else f"all {len(X_train)} rows at once"
    print(f"{_in_words(widths, activation).capitalize()}, Adam, {rows}.")
    model = MLPClassifier(
        widths, activation, learning_rate_init=learning_rate, max_iter=epochs, random_state=seed, progress=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said in words below
        model.fit(X_train, y_train)
    remark = _remark("MLPClassifier", model, by_hand)  # which learned from the same rows, by the same loss
    print(f"{counted(model.n_iter_, 'epoch')}. {remark or model.outcome_.value}")
    print(f"Accuracy: {model.score(X_test, y_test):.2f}")
    return model


def _draw(halves: list[Any], models: dict[str, Any], out: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    from pellucid.plotting import DecisionBoundary, LossCurve
    from pellucid.plotting.style import whitegrid

    X_train, X_test, y_train, y_test = halves
    with whitegrid():
        figure, axes = plt.subplots(1, 2, figsize=(14, 6), sharex=True, sharey=True, layout="constrained")
        for ax, (name, model) in zip(axes, models.items(), strict=True):
            DecisionBoundary.from_estimator(model, X_train, y_train, X_test=X_test, y_test=y_test, ax=ax)
            ax.set_title(f"{name}: test accuracy {model.score(X_test, y_test):.2f}")
        figure.savefig(out / "decision-boundaries.png", dpi=120)
        curve = LossCurve.from_estimators(models)
        curve.figure_.savefig(out / "loss-curves.png", dpi=120)
    plt.close("all")
    _title("Pictures")
    print(f"{out / 'decision-boundaries.png'}   what each network answers everywhere, and the points")
    print(f"{out / 'loss-curves.png'}   how the loss fell")
