"""Networks that are trained a second time, for a number of epochs that the first time told."""

from dataclasses import replace

from pellucid.estimators.tabular.bag import Trained
from pellucid.estimators.tabular.bagging import Problem, make_job
from pellucid.estimators.tabular.members import Member
from pellucid.spec import Stopping
from pellucid.textbook.arrays import Array
from pellucid.training.jobs import Job, Run

__all__ = ["job_again", "trained_again"]


def job_again(
    problem: Problem,
    recipe: Member,
    rows: tuple[Array, Array],
    each: Trained,
    *,
    epochs: int,
    planned: int,
    seed: int,
) -> Job:
    """Describe a network's training from another start, which runs so many epochs of those planned, and keeps the last.

    Parameters
    ----------
    problem : Problem
    recipe : Member
        Of the network.
    rows : pair of arrays of int
        To train on, and to validate on; the latter may be none.
    each : Trained
        The network as it was trained first.
    epochs, planned : int
        To be run; and over which the learning rate is planned.
    seed : int
    """
    job = make_job(problem, recipe, rows, 1, seed, each.network)
    monitor = "validation_loss" if len(rows[1]) else "loss"
    job.training = replace(job.training, epochs=planned, stopping=Stopping(monitor, patience=None))
    job.epochs = epochs
    return job


def trained_again(each: Trained, job: Job, run: Run) -> Trained:
    """Return the network as its second training left it, after all of the job's epochs."""
    return replace(
        each,
        parameters=run.parameters,
        epochs=job.epochs_to_run,
        best_epoch=job.epochs_to_run,
        loss=run.history.loss,
        validation_loss=run.history.validation_loss,
    )
