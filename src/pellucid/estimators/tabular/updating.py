"""Going on with new rows: every network of a bag learns a little from all of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.engines import Engine
from pellucid.estimators.tabular.bag import Bag, gravest
from pellucid.estimators.tabular.bagging import Problem, Told
from pellucid.estimators.tabular.members import describe_training
from pellucid.spec import Constant, Stopping
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, Watch
from pellucid.training.streams import streams

__all__ = ["UPDATE_EPOCHS", "update_bag", "update_job"]

UPDATE_EPOCHS = 10
UPDATE_RATE, UPDATE_RATE_OF_LINES = 0.05, 0.5
"""Of a member's learning rate, when its networks go on with new rows. Where there are no hidden layers, there are few
weights, and each must go farther for what changed."""


def update_job(bag: Bag, index: int, problem: Problem, seed: int) -> Job:
    """Describe how one network goes on with new rows, at a small learning rate that stays; on a copy of its parameters.

    Parameters
    ----------
    bag : Bag
    index : int
        Of the network.
    problem : Problem
        New rows, in the inputs and targets of those learned from.
    seed : int
    """
    rows = np.arange(len(problem.X)) if problem.weight is None else np.flatnonzero(problem.weight > 0)
    each = bag.networks[index]
    recipe = bag.recipe_of(each)
    usual = describe_training(recipe, problem.loss, len(rows), 1, "loss", inputs=problem.inputs.width)
    training = replace(
        usual,
        learning_rate=usual.learning_rate * (UPDATE_RATE if recipe.hidden else UPDATE_RATE_OF_LINES),
        schedule=Constant(),
        dropout_schedule=Constant(),
        decay_schedule=Constant(),
        epochs=UPDATE_EPOCHS,
        stopping=Stopping("loss", patience=None),
    )
    data = Batch(problem.X, problem.Y, problem.weight, rows)
    return Job(each.network, training, data, each.parameters.copy(), streams(seed))


def update_bag(
    bag: Bag, problem: Problem, *, engine: Engine, seeds: Sequence[int], on_epoch: Told | None = None
) -> Bag:
    """Train every network a little further, on all rows of the problem, at a small learning rate that stays.

    Parameters
    ----------
    bag : Bag
        It stays as it is.
    problem : Problem
        New rows, in the inputs and targets of those learned from.
    engine : Engine
    seeds : sequence of int
        One for each network.
    on_epoch : Told or None

    Returns
    -------
    Bag
        With the weights as they were. A network that diverged is as before.
    """
    jobs = [update_job(bag, index, problem, seed) for index, seed in enumerate(seeds)]
    runs = engine.train(jobs, Watch(on_epoch))
    updated = [
        replace(each, parameters=run.parameters) if np.isfinite(run.parameters).all() else each
        for each, run in zip(bag.networks, runs, strict=True)
    ]
    return replace(bag, networks=updated, outcome=gravest(run.outcome for run in runs), fold_of=None, judges=[])
