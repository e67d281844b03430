"""Optuna's samplers, seeded by a trial's number: who goes on with a study, or works on it beside others, draws anew."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

__all__ = ["SeededByNumber", "tpe", "uniform"]


def tpe(seed: int) -> BaseSampler:
    """Return a tree-structured Parzen estimator of all parameters together, which knows of trials under way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two of its options are called experimental
        return TPESampler(seed=seed, multivariate=True, constant_liar=True)


def uniform(seed: int) -> BaseSampler:
    """Return a sampler that draws at random."""
    return RandomSampler(seed=seed)


class SeededByNumber(BaseSampler):
    """A sampler made anew for each trial, with a seed of its own.

    What a trial draws then depends on the seed, on its number and on the trials before it; not on how many of them this
    process asked for. So a study that is taken up again goes on as if it had not been interrupted.

    Parameters
    ----------
    make : callable
        Makes a sampler from a seed.
    seed : int
        At least 0.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self.make, self.seed = make, seed
        self.number, self.sampler = -1, make(seed)

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if self.number != trial.number:
            seed = int(np.random.SeedSequence((self.seed, trial.number)).generate_state(1)[0])
            self.number, self.sampler = trial.number, self.make(seed)
        return self.sampler

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Begin a trial."""
        self._of(trial).before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return what is drawn together."""
        return self._of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw parameters together."""
        return self._of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw one parameter."""
        return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """End a trial."""
        self._of(trial).after_trial(study, trial, state, values)
