"""Training by L-BFGS: SciPy's minimiser over any engine's loss and gradients."""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from pellucid.engines.protocol import Engine
from pellucid.spec import Lbfgs
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Job, Run
from pellucid.training.monitor import Monitor
from pellucid.training.stopping import Outcome

__all__ = ["train_lbfgs"]


def train_lbfgs(engine: Engine, job: Job, monitor: Monitor) -> Run:
    """Train a job on all its rows at once; an epoch is an iteration of the minimiser.

    Stops when the largest component of the projected gradient is at most the training's tolerance, or the loss no
    longer falls (SciPy's default), or after ``epochs`` iterations or ``max_fun`` evaluations; where validation rows are
    monitored, also when these no longer gain, as with other optimisers.
    """
    optimizer, stopping = job.training.optimizer, job.training.stopping
    assert isinstance(optimizer, Lbfgs)  # noqa: S101 - the caller chose this function for it
    parameters = Parameters(job.network, job.parameters)
    ended: list[Outcome] = []
    accepted = job.parameters.copy()  # the minimiser also tries points that it does not take
    first_loss: list[float] = []

    def objective(vector: Array) -> tuple[float, Array]:
        parameters.vector[...] = vector
        done = engine.loss_and_gradients(job.network, job.training, parameters, job.data)
        if not first_loss:
            first_loss.append(done.loss)
        return done.loss, done.gradients.vector.astype(np.float64)

    def end_iteration(intermediate_result: Any) -> None:
        parameters.vector[...] = accepted[...] = intermediate_result.x
        job.state.epochs += 1
        outcome = monitor.end_epoch(float(intermediate_result.fun), job.training.learning_rate)
        if outcome is None and stopping.monitor != "loss" and job.state.best.is_exhausted(stopping):
            outcome = Outcome.CONVERGED
        if outcome is not None:
            ended.append(outcome)
            raise StopIteration

    try:
        result = minimize(
            objective,
            job.parameters.astype(np.float64),
            method="L-BFGS-B",
            jac=True,
            callback=end_iteration,
            options={
                "maxfun": optimizer.max_fun,
                "maxiter": job.epochs_to_run,
                "gtol": stopping.tolerance,
            },
        )
    except KeyboardInterrupt:
        parameters.vector[...] = accepted
        monitor.history.loss = monitor.history.loss or first_loss
        return monitor.finish(Outcome.INTERRUPTED)
    parameters.vector[...] = result.x
    if not ended and not np.isfinite(result.fun):
        ended.append(Outcome.DIVERGED)
    converged = Outcome.CONVERGED if result.status == 0 else Outcome.ALL_EPOCHS
    if not monitor.history.loss:  # the start is the best there is
        monitor.history.loss.append(float(result.fun))
    return monitor.finish(ended[0] if ended else converged, str(result.message))
