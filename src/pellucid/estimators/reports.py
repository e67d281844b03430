"""What a fit says to its user: verbose lines in scikit-learn's words, warnings, errors."""

import inspect
import os
import warnings
from pathlib import Path

import joblib
import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning

from pellucid.errors import DivergedError, TrainingWarning
from pellucid.estimators.constants import Useless
from pellucid.spec import Adaptive, Lbfgs, Training
from pellucid.training.jobs import Epoch, Run
from pellucid.training.stopping import Outcome

__all__ = ["ENDED_BY_ITSELF", "VerbosePrinter", "refuse_diverged", "report_outcome", "warn"]


ENDED_BY_ITSELF = (Outcome.CONVERGED, Outcome.ALL_EPOCHS)
INNER = tuple(
    f"{folder}{os.sep}"
    for folder in (Path(__file__).parents[1], Path(str(sklearn.__file__)).parent, Path(str(joblib.__file__)).parent)
)


def warn(message: str | Warning, category: type[Warning] = TrainingWarning) -> None:
    """Warn at the line that asked for the fit: the nearest outside Pellucid, scikit-learn and joblib."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_code.co_filename.startswith(INNER):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


class VerbosePrinter:
    """Prints what scikit-learn prints with ``verbose=True``.

    Parameters
    ----------
    training : Training
    """

    def __init__(self, training: Training) -> None:
        self.training = training
        self.learning_rate: float | None = None

    def on_epoch(self, epoch: Epoch) -> None:
        """Print the epoch's loss and, with early stopping, its score."""
        is_adaptive = isinstance(self.training.schedule, Adaptive)
        if is_adaptive and self.learning_rate not in (None, epoch.learning_rate):
            print(f"{_stagnation(self.training)} Setting learning rate to {epoch.learning_rate:f}")  # noqa: T201
        self.learning_rate = epoch.learning_rate
        print(f"Iteration {epoch.epoch}, loss = {epoch.loss:.8f}")  # noqa: T201
        if self.training.stopping.monitor != "loss" and epoch.validation_score is not None:
            print(f"Validation score: {epoch.validation_score:f}")  # noqa: T201

    def on_end(self, outcome: Outcome) -> None:
        """Print why training stopped."""
        if outcome is Outcome.CONVERGED and not isinstance(self.training.optimizer, Lbfgs):
            too_small = " Learning rate too small." if isinstance(self.training.schedule, Adaptive) else ""
            print(f"{_stagnation(self.training)}{too_small} Stopping.")  # noqa: T201


def _stagnation(training: Training) -> str:
    stopping = training.stopping
    what = "Training loss" if stopping.monitor == "loss" else "Validation score"
    return f"{what} did not improve more than tol={stopping.tolerance:f} for {stopping.patience} consecutive epochs."


def refuse_diverged(run: Run, training: Training) -> None:
    """Raise DivergedError if no usable network is left."""
    is_lost = run.outcome is Outcome.DIVERGED and not _is_restored(run, training)
    if is_lost or not np.isfinite(run.parameters).all():
        raise DivergedError(
            "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
            f"preprocessed. {Outcome.DIVERGED.value}"
        )


def _is_restored(run: Run, training: Training) -> bool:
    return training.stopping.restore_best and run.state.best.parameters is not None


def report_outcome(run: Run, training: Training, useless: Useless | None, *, incremental: bool) -> None:
    """Warn about how training ended, where the user should know, and if the network is of no use."""
    outcome, is_restored = run.outcome, _is_restored(run, training)
    if outcome is Outcome.ALL_EPOCHS and not incremental:
        told = [_not_converged(run, training)]
        if useless is not None and useless.scale:
            told += [useless.finding, useless.scale]
        warn(" ".join(told), ConvergenceWarning)
    elif outcome is Outcome.CONVERGED and useless is not None:
        warn(f"{useless.finding} {useless.scale or useless.pace}", ConvergenceWarning)
    elif outcome is Outcome.INTERRUPTED:
        kept = "The best network so far is kept." if is_restored else "The network is kept as it was then."
        warn(f"Training interrupted by user. {kept}")
    elif outcome is Outcome.DIVERGED:
        warn(f"{outcome.value} The best network before that is kept.")
    elif outcome is Outcome.TIME_LIMIT:
        warn(outcome.value)


def _not_converged(run: Run, training: Training) -> str:
    """Begin as scikit-learn does, for who filters its warnings; go on alike for all solvers."""
    name, value, who = "max_iter", training.epochs, "Stochastic Optimizer"
    if isinstance(training.optimizer, Lbfgs):
        iterations = len(run.history.learning_rate)
        who = f"lbfgs failed to converge after {iterations} iteration(s)"
        if iterations < training.epochs and "EVALUATIONS" in run.message:
            name, value = "max_fun", training.optimizer.max_fun
        elif iterations < training.epochs:
            remedy = "Scale the inputs, or take another solver."
            if not iterations:  # from the end of an earlier fit, rounding alone is left to gain
                remedy = "No smaller loss was found: after an earlier fit that is fine, else scale the inputs."
            return f"{who}: {run.message.lower().strip(' :.')}. {remedy}"
    what = {"max_iter": "iterations", "max_fun": "evaluations of the loss"}[name]
    return (
        f"{who}: Maximum {what} ({value}) reached and the optimization hasn't converged yet. "
        f"Increase {name}, or scale the inputs."
    )
