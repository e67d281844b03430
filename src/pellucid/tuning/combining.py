"""The models of a search whose networks are joined: those that together predict best out of fold."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pellucid.estimators.tabular.base import BaseTabular
from pellucid.estimators.tabular.combining import LearnedRows, combined

__all__ = ["Combination", "Combiner"]


@dataclass(frozen=True)
class Combination:
    """Trials whose networks are joined.

    Parameters
    ----------
    trials : tuple of int
        Their numbers, as people read them: from 1 on.
    score : float
        Out of fold, all together.
    """

    trials: tuple[int, ...]
    score: float

    @property
    def is_joined(self) -> bool:
        """Whether there is more than one trial."""
        return len(self.trials) > 1

    def as_data(self) -> dict[str, Any]:
        """Return it as a study holds it, with Optuna's numbers, from 0 on."""
        return {"numbers": [trial - 1 for trial in self.trials], "score": self.score}

    @classmethod
    def of(cls, data: Any) -> "Combination | None":
        """Read what a study holds; None where it holds none."""
        return None if data is None else cls(tuple(number + 1 for number in data["numbers"]), float(data["score"]))

    def __str__(self) -> str:
        *others, last = map(str, self.trials)
        return f"trials {', '.join(others)} and {last}" if others else f"trial {last}"


@dataclass
class Combiner:
    """Keeps as many models as may count, those that do and then the best others, and joins each new one with them.

    Parameters
    ----------
    X, y, sample_weight
        What all models are fitted to.
    most : int
        Models that may be joined.
    """

    X: Any
    y: Any
    sample_weight: Any
    most: int
    models: dict[int, BaseTabular] = field(default_factory=dict)
    rows: LearnedRows | None = None

    def add(self, trial: int, model: BaseTabular) -> tuple[Combination, BaseTabular]:
        """Take a trial's model; return which trials count now, and the model that they make."""
        models = {**self.models, trial: model}
        combination, whole = self.joined(models)
        others = sorted(
            set(models) - set(combination.trials), key=lambda each: float(models[each].oof_score_), reverse=True
        )
        self.models = {each: models[each] for each in [*combination.trials, *others][: self.most]}
        return combination, whole

    def joined(self, models: Mapping[int, BaseTabular]) -> tuple[Combination, BaseTabular]:
        """Join trials' models, in the order of their numbers: the same trials make the same model, bit for bit."""
        trials = sorted(models)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the table, as in each trial
            if self.rows is None:
                self.rows = LearnedRows.of(models[trials[0]], self.X, self.y, self.sample_weight)
            whole, used = combined([models[trial] for trial in trials], self.rows, most=self.most)
        return Combination(tuple(trials[place] for place in used), float(whole.oof_score_)), whole
