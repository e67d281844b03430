"""What the simplest prediction scores: who does no better has learned nothing."""

import warnings
from math import nan
from typing import NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor

from pellucid.tuning.problem import Problem

__all__ = ["Trivial"]


class Trivial(NamedTuple):
    """The score of a prediction that knows nothing of X.

    Attributes
    ----------
    score : float
        Mean over the folds; NaN: not known.
    is_of_classes : bool
        Whether it tells how frequent the classes are; else the mean of y.
    """

    score: float = nan
    is_of_classes: bool = False

    @classmethod
    def of(cls, problem: Problem) -> "Trivial":
        """Score it on a problem's folds, by its scorer; one that wants a network leaves it unknown."""
        is_of_classes = is_classifier(problem.estimator)
        dummy = DummyClassifier(strategy="prior") if is_of_classes else DummyRegressor()
        scores = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of scores of few rows, as in each training
                for split in range(len(problem.splits)):
                    fold = problem.plain_fold(split)
                    weights = [value for name, value in fold.fit_params.items() if name.endswith("sample_weight")]
                    dummy.fit(fold.X, fold.y, *weights[:1])
                    scores.append(float(problem.scorer(dummy, fold.X_test, fold.y_test)))
        except Exception:  # whatever a scorer of one's own raises
            return cls(nan, is_of_classes)
        return cls(float(np.mean(scores)), is_of_classes)
