"""`TabularClassifier`: classes and probabilities from raw tables."""

import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.metrics import roc_auc_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from pellucid.errors import DataError, DataWarning, did_you_mean
from pellucid.estimators.reports import warn
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.estimators.tabular.calibration import (
    SMALLEST,
    find_shifts,
    find_temperature,
    is_off_level,
    with_temperature,
)
from pellucid.estimators.tabular.members import Member, Preset, is_small
from pellucid.estimators.tabular.target_rows import of_one_type, target_array
from pellucid.estimators.targets import one_column_as_rows
from pellucid.estimators.weights import within_single
from pellucid.spec import LogLoss
from pellucid.tables.frames import row_list
from pellucid.tables.number_levels import scores_of_classes
from pellucid.tables.schema import shortened
from pellucid.textbook.arrays import Array

__all__ = ["TabularClassifier"]


class TabularClassifier(ClassifierMixin, BaseTabular):
    """A bag of multi-layer perceptrons that classifies the rows of a table, as the table is.

    Numbers are scaled robustly and embedded, categories become vectors, dates their parts, missing cells marks of
    their own. The networks of a cross-validation's folds are trained together; each row is validation once, so the
    score, the networks' weights and the calibration of the probabilities come from rows that a network did not see.

    Parameters
    ----------
    preset : {'fast', 'default', 'best'}, default='default'
        'fast': one network, with a fifth of the rows set aside. 'default': five, one for each fold. 'best': several
        recipes on every fold, weighted on out-of-fold predictions. Up to 2,000 rows 'fast' has three folds, 'default'
        two recipes on every fold, and all of them linear networks, weighted likewise; these count in tables of up to
        100,000 rows, too, where they are better than the others.
    scoring : {'log_loss', 'accuracy', 'roc_auc'} or None, default=None
        What epochs and recipes are chosen by; None: 'log_loss'.
    n_folds : int >= 1 or None, default=None
        Each row is validation once; with 1, a fifth of the rows is set aside. At most the number of rows; fewer where
        there are fewer groups or different times. None: the preset's. `partial_fit` uses folds in its first call only.
    members : list of Member or None, default=None
        Own recipes instead of the preset's.
    max_epochs : int >= 1 or None, default=None
        Most epochs of a network; None: as many as suit the number of rows. Of several recipes, one that takes fewer
        than the others keeps its share.
    time_limit : float > 0 or None, default=None
        Seconds for the whole fit: epochs, and if need be networks, are planned to fit, by the speed of the machine at
        that time, so that the same seed need not give the same networks. One epoch of one network is trained in any
        case.
    class_weight : dict, 'balanced' or None, default=None
    time_column : label or None, default=None
        Column of dates or numbers (of an array its place, from 0): each fold is trained on what was before and
        validated on what came next. Then as many networks are trained on all rows, for as many epochs as were best, and
        these predict; later rows as if they came with the latest, unless networks proved clearly better without.
    missing_values : str, number, list of such, dict or None, default=None
        What cells of X say that mean that a value is missing, such as ``[-999, "unknown"]``; a dict maps columns (of an
        array their places, from 0) to such. A number means every cell that says it (-999, -999.0), a text the cells
        that say exactly this. Kept with the model: `predict` takes them for missing, too. Empty cells, NaN and words
        such as NA are missing anyway.
    random_state : int, RandomState or None, default=None
    warm_start : bool, default=False
        Go on from the networks of the last fit, with the encoder as it is; the same rows stay in the same folds.
    n_threads : int >= 1 or None, default=None
        None: all processors.
    engine : {'auto', 'native', 'textbook'}, default='auto'
    dtype : {'float32', 'bfloat16'}, default='float32'
        Precision of the layers' products. With 'bfloat16' they round their operands to eight significant bits, and a
        fit takes about two thirds of the time where the processor has AVX512_BF16; all else stays float32.
    callbacks : list or None, default=None
        Functions f(estimator, epoch), or objects with methods of `Callback`. The epochs of all networks are counted
        through; a true answer ends all. Ctrl-C, likewise, keeps what was trained, if that is a network at least.
    progress : bool, default=False
        Show a bar with the time left.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    schema_ : Schema
        What the columns were found to mean.
    bag_ : Bag
        The networks, the recipes' weights, and what each predicted out of fold.
    temperature_ : float
        By which the probabilities are made less (> 1) or more (< 1) certain.
    shifts_ : array of shape (n_classes,)
        Added to the logarithms of each class's probabilities, divided by the temperature. 0, but where epochs were
        chosen by the accuracy or the area under the ROC curve, to which the level of probabilities says nothing, and
        no `class_weight` moves it.
    oof_score_ : float
        The score of the out-of-fold predictions: an estimate of the score on new rows. Higher is better; of
        'log_loss' it is the negative.
    oof_proba_ : array of shape (rows, n_classes)
        Calibrated out-of-fold probabilities; NaN for rows without any.
    target_name_ : str or None
        Name of y, if it has one.
    feature_importances_, feature_importances_std_ : array of shape (n_features_in_,)
        Only after `compute_importances`.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only if X has column names, all of them text.
    outcome_ : Outcome
        Why training ended.
    n_iter_ : int
        Most epochs of a network.

    Examples
    --------
    >>> import pandas as pd
    >>> from pellucid import TabularClassifier
    >>> table = pd.DataFrame({"colour": ["red", "blue", None, "red"] * 25, "size": [1.0, 2.0, 2.5, None] * 25})
    >>> y = ["yes", "no", "no", "yes"] * 25
    >>> model = TabularClassifier(preset="fast", random_state=0, max_epochs=40).fit(table, y)
    >>> model.predict(pd.DataFrame({"colour": ["red", "blue"], "size": [1.0, 2.0]})).tolist()
    ['yes', 'no']
    """

    SCORINGS: ClassVar[tuple[str, ...]] = ("log_loss", "accuracy", "roc_auc")

    classes_: Array
    shifts_: Array
    _is_multilabel: bool

    def __init__(
        self,
        *,
        preset: str = "default",
        scoring: str | None = None,
        n_folds: int | None = None,
        members: Sequence[Member] | None = None,
        max_epochs: int | None = None,
        time_limit: float | None = None,
        class_weight: Any = None,
        time_column: Hashable | None = None,
        missing_values: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        n_threads: int | None = None,
        engine: str = "auto",
        dtype: str = "float32",
        callbacks: Sequence[Any] | None = None,
        progress: bool = False,
    ) -> None:
        self.preset = preset
        self.scoring = scoring
        self.n_folds = n_folds
        self.members = members
        self.max_epochs = max_epochs
        self.time_limit = time_limit
        self.class_weight = class_weight
        self.time_column = time_column
        self.missing_values = missing_values
        self.random_state = random_state
        self.warm_start = warm_start
        self.n_threads = n_threads
        self.engine = engine
        self.dtype = dtype
        self.callbacks = callbacks
        self.progress = progress

    def _take_target(
        self, y: Any, weight: Array | None, classes: Any, is_continued: bool
    ) -> tuple[Array, Array | None]:
        y = of_one_type(target_array(y))
        kind = _kind_of_target(y)
        if is_continued and (kind == "multilabel-indicator") != self._is_multilabel:
            raise DataError("The target must stay of the kind it was: marks of 0 and 1, or one class a row.")
        self._is_multilabel = kind == "multilabel-indicator"
        if self._is_multilabel:
            return self._take_marks(y, is_continued), None
        if kind == "unknown":
            _refuse_objects(y)
        if kind == "multiclass-multioutput":
            _refuse_several(y)
        if kind not in ("binary", "multiclass") and not is_continued:
            raise DataError(
                f"Unknown label type: {kind}. Maybe you are trying to fit a classifier, which expects discrete classes "
                "on a regression target with continuous values. Use TabularRegressor for numbers."
            )
        y = column_or_1d(one_column_as_rows(y))
        if classes is not None:
            self._take_classes(np.unique(of_one_type(np.asarray(classes))), is_continued)
        elif not is_continued:
            self._take_classes(np.unique(y), is_continued)
        codes: Array = pd.Index(self.classes_).get_indexer(pd.Index(y)).astype(np.int64)
        if (codes < 0).any():
            raise DataError(
                f"The target must be one of the {len(self.classes_)} classes known from before; it is not in "
                f"{row_list(codes < 0)}: {y[codes < 0].tolist()[0]!r}. Name all in 'classes' of the first call, or fit "
                "anew."
            )
        return codes, codes

    def _scores(self, Y: Array) -> Array:
        return Y.astype(np.float64) if self._is_multilabel else scores_of_classes(Y)

    def _take_marks(self, y: Array, is_continued: bool) -> Array:
        marks: Array = np.asarray(y).astype(np.int64)
        if is_continued and marks.shape[1] != len(self.classes_):
            raise DataError(f"The target must have {len(self.classes_)} columns as before; it has {marks.shape[1]}.")
        self.classes_ = np.arange(marks.shape[1])
        return marks

    def _take_classes(self, classes: Array, is_continued: bool) -> None:
        if is_continued:
            if not np.array_equal(classes, self.classes_):
                raise DataError(
                    f"`classes` is not the same as on last call to partial_fit, was: {self.classes_.tolist()}; got "
                    f"{classes.tolist()}. Leave it out, or fit anew."
                )
            return
        if len(classes) < 2:
            raise DataError(
                f"The target of a classification must have at least two classes; every row has "
                f"{classes.tolist()[0]!r} (1 class). Choose another target, or rows of other classes, too."
            )
        self.classes_ = classes

    def _targets(self, Y: Array) -> Array:
        if self._is_multilabel:
            return Y.astype(np.float32)
        one_hot = np.zeros((len(Y), len(self.classes_)), dtype=np.float32)
        one_hot[np.arange(len(Y)), Y] = 1
        return one_hot

    def _objective(self, Y: Array, weight: Array | None) -> tuple[Any, ...]:
        output = "logistic" if self._is_multilabel else "softmax"
        score = None
        if self._chooses_by_score(len(Y)):
            loss = self._scoring_loss

            def score(predictions: Array, rows: Array) -> float:
                of_rows = None if weight is None else weight[rows]
                unfinished = not self._is_multilabel and is_off_level(predictions, Y[rows], of_rows)
                return -loss(predictions, Y[rows], of_rows) - unfinished  # any other is better

        return output, LogLoss(), score

    def _chooses_by_score(self, rows: int) -> bool:
        """Tell whether the scoring chooses epochs, not the log loss: ranks of a few rows differ by chance."""
        return self._scoring() != "log_loss" and not is_small(rows)

    def _scoring_loss(self, probabilities: Array, Y: Array, weight: Array | None) -> float:
        """Return what is to be low: the log loss, 1 - accuracy, or 1 - the area under the ROC curve."""
        scoring = self._scoring()
        if self._is_multilabel:
            if scoring == "accuracy":
                return float(np.average(((probabilities > 0.5) != Y).any(axis=1), weights=weight))
            if scoring == "roc_auc":
                return 1 - _auc(Y, probabilities, weight)
            likely = np.where(Y == 1, probabilities, 1 - probabilities)
            return -float(np.average(np.log(np.maximum(likely, SMALLEST)).sum(axis=1), weights=weight))
        if scoring == "accuracy":
            return float(np.average(probabilities.argmax(axis=1) != Y, weights=weight))
        if scoring == "roc_auc":
            return 1 - _auc(np.eye(len(self.classes_))[Y], probabilities, weight)
        return -float(np.average(np.log(np.maximum(probabilities[np.arange(len(Y)), Y], SMALLEST)), weights=weight))

    def _weights(self, Y: Array, weight: Array | None) -> Array | None:
        if self.class_weight is None:
            return weight
        given = Y if self._is_multilabel else self.classes_[Y]
        rule = "be a dict from classes to weights, 'balanced' or None"
        if isinstance(self.class_weight, str) and self.class_weight != "balanced":
            raise self._wrong("class_weight", rule, did_you_mean(self.class_weight, ("balanced",)))
        try:
            factor: Array = compute_sample_weight(self.class_weight, given)
        except (ValueError, TypeError) as error:
            raise self._wrong("class_weight", f"{rule} ({error})") from error
        if not (np.isfinite(factor).all() and (factor >= 0).all()):
            raise self._wrong("class_weight", "hold finite weights of at least 0")
        factor = within_single(factor)
        return factor if weight is None else factor * weight

    def _loss_of(self, Y: Array, rows: Array, weight: Array | None) -> Callable[[Array], float]:
        weight = None if weight is None else weight[rows]
        return lambda probabilities: self._scoring_loss(probabilities, Y[rows], weight)

    def _calibrate(
        self,
        blended: Array,
        Y: Array,
        rows: Array,
        weight: Array | None,
        looked_at: Array | None,
        moved: Array | float = 0.0,
    ) -> None:
        weight = None if weight is None else weight[rows]
        if looked_at is not None and not self._is_multilabel:
            self._warn_of_rare_classes(Y, rows)
        self.temperature_ = 1.0
        if looked_at is not None:  # a few later rows may lack a class
            self.shifts_ = np.zeros(len(self.classes_))
        if not self._is_multilabel and len(rows):
            self.temperature_ = find_temperature(blended, Y[rows], weight) ** self._share_of_temperature()
            if looked_at is not None and self.class_weight is None and self._chooses_by_score(len(Y)):
                self._shift(blended, Y[rows], weight)
        probabilities = self._calibrated(blended)
        self.oof_proba_ = np.full((len(Y), len(self.classes_)), np.nan)
        self.oof_proba_[rows] = probabilities
        loss = self._scoring_loss(probabilities, Y[rows], weight) if len(rows) else np.nan
        self.oof_score_ = -loss if self._scoring() == "log_loss" else 1 - loss

    def _shift(self, blended: Array, Y: Array, weight: Array | None) -> None:
        """Shift the classes, too, where that costs nothing of what is scored."""
        temperature, _ = find_shifts(blended, Y, weight)
        temperature, shifts = find_shifts(blended, Y, weight, temperature ** self._share_of_temperature())
        shifted = with_temperature(blended, temperature, shifts)
        if self._scoring_loss(shifted, Y, weight) <= self._scoring_loss(self._calibrated(blended), Y, weight):
            self.temperature_, self.shifts_ = temperature, shifts

    def _warn_of_rare_classes(self, Y: Array, rows: Array) -> None:
        """Say aloud which classes the out-of-fold score and the calibration cannot speak of."""
        count, validated = (np.bincount(Y[which], minlength=len(self.classes_)) for which in (slice(None), rows))
        rare = np.flatnonzero((count > 0) & ((count < 2) | (validated == 0)))
        if len(rare):
            names = shortened([repr(name) for name in self.classes_[rare].tolist()])
            warn(
                f"Too few rows of {'class' if len(rare) == 1 else 'classes'} {names} to learn from some and validate "
                "on others: those probabilities are guesses, and the score does not speak of them. Bring more rows of "
                "each, or put classes together.",
                DataWarning,
            )

    def _share_of_temperature(self) -> float:
        """Return how much of the out-of-fold predictions' temperature to keep: the mean of networks is less certain."""
        return 1.0 if len(self.bag_.networks) == 1 else 0.5

    def _calibrated(self, probabilities: Array) -> Array:
        return (
            probabilities if self._is_multilabel else with_temperature(probabilities, self.temperature_, self.shifts_)
        )

    def _finished(self, raw: Array) -> Array:
        return self._calibrated(raw)

    def _members_of(self, preset: Preset) -> Sequence[Sequence[Member]]:
        return preset.classes

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Learn from more rows, of a table that changes with time.

        The first call learns like `fit`, folds and all, and finds what the columns mean; bring some hundred rows. Every
        later one first predicts the new rows, which no network has seen, then trains every network on all of them: a
        few epochs at a small learning rate that stays; bring some tens of rows each time, as single ones move the
        networks to and fro. The temperature is found anew from the latest 1,000 rows, each predicted before it was
        learned from; so are `oof_score_` and `oof_proba_`. Columns, levels and weights of the recipes stay.

        Parameters
        ----------
        X : table or ParquetTable
            Its numbers must fit in memory.
        y : array or column of shape (rows,), or table of shape (rows, marks)
            Of a ParquetTable the name of the target's column.
        sample_weight : array of shape (rows,) or None
        classes : array of shape (n_classes,) or None
            All classes that will ever come; needed in the first call, unless `fit` came before or the target is
            multilabel.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the table, the target or a parameter cannot be used; the model stays as it was.

        Examples
        --------
        >>> import numpy as np
        >>> from pellucid import TabularClassifier
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> y = (X[:, 0] > 0).astype(int)
        >>> model = TabularClassifier(preset="fast", max_epochs=20, random_state=0)
        >>> model.partial_fit(X[:200], y[:200], classes=[0, 1]).partial_fit(X[200:], y[200:]).predict([[2.0, 0.0]])
        array([1])
        """
        if self.class_weight == "balanced":
            raise DataError(
                "class_weight='balanced' is not supported for partial_fit, which sees some of the rows only. "
                "Give the weights of the classes as a dict."
            )
        if classes is None and not hasattr(self, "bag_") and np.ndim(y) < 2:
            raise DataError("classes must be passed on the first call to partial_fit.")
        return self._or_as_before(self._partial_fit, X, y, sample_weight, classes)

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, or of each mark of a multilabel target, of shape (rows, n_classes).

        Raises
        ------
        DataError
            If a column is missing, or a cell cannot be read as what the column held.
        """
        return self._calibrated(self._raw(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Return logarithms of what `predict_proba` returns, finite as the log loss has them."""
        logarithms: Array = np.log(np.maximum(self.predict_proba(X), SMALLEST))
        return logarithms

    def predict(self, X: Any) -> Array:
        """Return the most probable class of each row; of a multilabel target the marks, of shape (rows, n_classes)."""
        probabilities = self.predict_proba(X)
        if self._is_multilabel:
            return (probabilities > 0.5).astype(np.int64)
        predicted: Array = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on these rows; of a multilabel target, the share of rows whose marks are all right.

        Of a ParquetTable `y` is the name of the target's column.
        """
        return float(super().score(X, of_one_type(np.asarray(self._target_of(X, y))), sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _kind_of_target(y: Array) -> str:
    infinite = np.isinf(y.reshape(len(y), -1)).any(axis=1) if y.dtype.kind == "f" else np.zeros(1)
    if infinite.any():
        raise DataError(f"A class must not be infinity; it is in {row_list(infinite)}. Correct these rows.")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # many classes are many classes
        try:
            return str(type_of_target(y, input_name="y"))
        except TypeError:  # of several types, which have no order
            return "unknown"


def _refuse_objects(y: Array) -> None:
    kinds = sorted({type(value).__name__ for value in y.ravel()})
    rule = "of one type" if len(kinds) > 1 else "text, whole numbers, or true and false"
    raise DataError(
        f"The classes of a target must be {rule}; got {', '.join(kinds)}, such as {y.ravel()[0]!r}. Turn all of them "
        "into text, as y.astype(str) does."
    )


def _refuse_several(y: Array) -> None:
    row, column = np.argwhere(~pd.DataFrame(y).isin([0, 1]).to_numpy())[0].tolist()
    raise DataError(
        f"Several targets of a classification must each be 0 or 1 in every row; the target in column {column + 1} has "
        f"{y[:, column].tolist()[row]!r} in row {row + 1}. Learn each by a classifier of its own, as scikit-learn's "
        "MultiOutputClassifier(TabularClassifier()) does."
    )


def _auc(marks: Array, probabilities: Array, weight: Array | None) -> float:
    """Mean area under the ROC curves of the classes that came and did not come; ½ if there is none."""
    areas = [
        roc_auc_score(marks[:, column], probabilities[:, column], sample_weight=weight)
        for column in range(marks.shape[1])
        if 0 < marks[:, column].sum() < len(marks)
    ]
    return float(np.mean(areas)) if areas else 0.5
