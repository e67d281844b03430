"""Rows that an estimator has checked: those to learn from, and those held out to validate its network with."""

from abc import ABCMeta, abstractmethod
from inspect import signature
from math import inf
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_feature_names, check_array

from pellucid.errors import DataError, SpecError
from pellucid.estimators.fitted import DTYPES, FittedNetwork, as_dtype, told_of_cells
from pellucid.estimators.weights import checked_weights
from pellucid.spec import Lbfgs
from pellucid.spec.checks import shown
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Score

__all__ = ["HeldOut", "Rows", "ValidatesRows"]


class Rows(NamedTuple):
    """Training rows that an estimator has checked and turned into numbers; fits that differ elsewhere can share them.

    Attributes
    ----------
    data : Batch
    y : array
        As validated: what early stopping splits.
    learned : dict
        The fitted attributes that the rows alone determine, such as ``classes_``.
    """

    data: Batch
    y: Any
    learned: dict[str, Any]


class HeldOut(NamedTuple):
    """Validation rows: for the engine, and as a scikit-learn scorer wants them."""

    batch: Batch
    X: Any
    y: Any


class ValidatesRows(FittedNetwork, metaclass=ABCMeta):
    """Has rows held out: split off for early stopping, or given; and says how they are scored."""

    _default_score: str
    _random_state: np.random.RandomState

    @abstractmethod
    def _refuse_targets(self, y: Any, subject: str) -> None:
        """Raise DataError for targets as given that nothing can be learned from."""

    @abstractmethod
    def _encode(self, y: Any, dtype: Any, *, name: str = "y") -> Array:
        """Return the targets as numbers, of shape (rows, outputs)."""

    def _weigh(self, y: Any, sample_weight: Array | None, *, incremental: bool) -> Array | None:
        """Return the rows' weights; a classifier adds its class weights."""
        return sample_weight

    def _stratification(self, targets: Array) -> Array | None:
        """Return what a validation split keeps in balance, if anything."""
        return None

    def take_held_out(self, rows: Rows, X_val: Any, y_val: Any, sample_weight_val: Any = None) -> HeldOut | None:
        """Check validation rows and turn them into numbers like the training rows; None if there are none."""
        fit = f"{type(self).__name__}.fit"
        if (X_val is None) != (y_val is None):
            raise DataError(f"'X_val' and 'y_val' of {fit} go together; only one was given.")
        if X_val is None and sample_weight_val is not None:
            raise DataError(f"'sample_weight_val' of {fit} goes with 'X_val' and 'y_val', which were not given.")
        if X_val is None:
            return None
        self.__dict__.update(rows.learned)
        held_out = self._given_validation(rows.data, X_val, y_val, sample_weight_val)
        if held_out.batch.rows < 2 and self._validates(held_out) and (self.scoring or self._default_score) == "r2":
            raise DataError(
                f"'X_val' of {fit} must have at least 2 rows: R² of one is not defined. Take scoring='loss'."
            )
        return held_out

    @property
    def has_one_class(self) -> bool:
        """Whether all training rows are of one class, which is then predicted whatever the network says."""
        return len(getattr(self, "classes_", "01")) == 1

    def _validates(self, held_out: HeldOut | None) -> bool:
        """Tell whether the best epoch is the best on validation rows: so early stopping wants it, or who gave them."""
        is_given = held_out is not None
        return (bool(self.restore_best) and is_given) or (self.early_stopping and (is_given or not self._is_lbfgs))

    @property
    def _is_lbfgs(self) -> bool:
        return self.solver == "lbfgs" or isinstance(self.solver, Lbfgs)

    def _split_off(self, data: Batch, y: Any) -> tuple[Batch, HeldOut]:
        """Return the training rows, and validation rows split off for early stopping."""
        arrays = [data.inputs, data.targets, y]
        if data.sample_weight is not None:
            arrays.append(data.sample_weight)
        halves = train_test_split(
            *arrays,
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=self._stratification(data.targets),
        )
        X_train, targets_train, _, *weight_train = halves[::2]
        X_held, targets_held, y_held, *weight_held = halves[1::2]
        if X_held.shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        for part, weight in (("held out", weight_held), ("left to learn from", weight_train)):
            if weight and weight[0].sum() <= 0:
                raise DataError(
                    f"'sample_weight' of {type(self).__name__}.fit must have a sum greater than 0 in both parts of a "
                    f"training with early stopping; in the rows {part} it has not. Take another random_state or "
                    "validation_fraction, or give X_val and y_val."
                )
        held_out = HeldOut(Batch(X_held, targets_held, *weight_held), X_held, y_held)
        return Batch(X_train, targets_train, *weight_train), held_out

    def _given_validation(self, data: Batch, X_val: Any, y_val: Any, sample_weight: Any) -> HeldOut:
        fit = f"{type(self).__name__}.fit"
        _check_feature_names(self, X_val, reset=False)
        with told_of_cells(self, X_val, "X_val"):
            X_val = check_array(X_val, accept_sparse="csr", dtype=DTYPES, input_name="X_val", estimator=self)
        if X_val.shape[1] != data.inputs.shape[1]:
            raise DataError(
                f"'X_val' of {fit} must have the {data.inputs.shape[1]} columns that X has; got {X_val.shape[1]}."
            )
        self._refuse_targets(y_val, f"'y_val' of {fit}")
        y_val = np.asarray(y_val.todense() if issparse(y_val) else y_val)  # type: ignore[attr-defined]
        if y_val.shape[:1] != X_val.shape[:1]:
            raise DataError(
                f"'y_val' of {fit} must have one target for each of the {X_val.shape[0]} rows "
                f"of X_val; got the shape {y_val.shape}."
            )
        targets = self._encode(y_val, data.inputs.dtype, name="y_val")
        if targets.shape[1] != data.targets.shape[1]:
            raise DataError(
                f"'y_val' of {fit} must have {data.targets.shape[1]} outputs as y has; got {targets.shape[1]}."
            )
        X_val = as_dtype(X_val, data.inputs.dtype)
        if sample_weight is not None:
            sample_weight = checked_weights(sample_weight, X_val, name="sample_weight_val")
        sample_weight = as_dtype(self._weigh(y_val, sample_weight, incremental=False), data.inputs.dtype)
        return HeldOut(Batch(X_val, targets, sample_weight), X_val, y_val)

    def _score_of(self, held_out: HeldOut | None, *, is_watched: bool) -> str | Score:
        """Return how validation rows are scored: by a name that engines know, or by a scikit-learn scorer."""
        if held_out is None or self.scoring is None:
            return _always_right if self.has_one_class else self._default_score
        if self.scoring == "loss":
            return "loss"
        scorer = check_scoring(self, self.scoring)
        view = self._live_view()
        weight = held_out.batch.sample_weight
        takes_weight = {"sample_weight", "kwargs"} & set(signature(scorer).parameters)
        weights: dict[str, Any] = {"sample_weight": weight} if takes_weight and weight is not None else {}
        subject = f"'scoring' of {type(self).__name__}"
        most_without = min(self.max_iter, self.n_iter_no_change) if is_watched else inf
        scores: list[float] = []

        def score(prediction: Any) -> float:
            try:
                value = scorer(view, held_out.X, held_out.y, **weights)
            except ValueError as error:
                several = len(getattr(self, "classes_", ())) > 2
                hint = " Of several classes, 'roc_auc_ovr' or 'neg_log_loss' can." if several else ""
                raise SpecError(
                    f"{subject} must suit the target; {self.scoring!r} cannot score the "
                    f"validation rows: {str(error).rstrip('.')}.{hint}"
                ) from error
            if np.ndim(value) or not isinstance(np.asarray(value).item(), Real):
                raise SpecError(
                    f"{subject} must give a number, larger where the network is better; {self.scoring!r} gave "
                    f"{shown(value)}."
                )
            scores.append(float(value))
            if len(scores) >= most_without and np.isnan(scores).all():
                raise SpecError(
                    f"{subject} must give a number for the validation rows, as it tells which epoch is the best; "
                    f"{self.scoring!r} gave NaN in each of {len(scores)} epochs. Take another score, or validation "
                    "rows for which it is defined: of every class, for example."
                )
            return scores[-1]

        return score


def _always_right(prediction: Array) -> float:
    return 1.0 if np.isfinite(prediction).all() else float("nan")
