"""A raw table in, a trained network: columns understood and encoded, the task found, rows set aside for stopping."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import DataError, ModelFileError, PellucidError
from pellucid.estimators.classifier import MLPClassifier
from pellucid.estimators.regressor import MLPRegressor
from pellucid.spec.checks import shown
from pellucid.tables import Schema, TableEncoder, Target, infer_schema, split_rows, to_pandas
from pellucid.tables.schema import require_columns
from pellucid.tables.state import only_these, prefixed, without_prefix

__all__ = ["TableModel"]

_LEAST_ROWS = 10
_SHARED = (  # parameters that the network has, too
    "hidden_layer_sizes",
    "activation",
    "alpha",
    "learning_rate_init",
    "max_iter",
    "n_iter_no_change",
    "tol",
    "dropout",
    "random_state",
    "time_limit",
    "dtype",
)
_OWN = ("task", "batch_size", "class_weight", "validation_fraction")


class TableModel(BaseEstimator):
    """A multi-layer perceptron for tables as they are: text, categories, dates and missing cells among them.

    Numbers are standardised, categories become inputs of 0 and 1 (`pellucid.tables.TableEncoder`); a regression's
    target is standardised, too, and predictions come back in its own units. Training stops when the loss on rows set
    aside no longer falls, and keeps the best epoch.

    Parameters
    ----------
    task : {'auto', 'classification', 'regression'}, default='auto'
        'auto' looks at the target.
    hidden_layer_sizes : int or sequence of int, default=(128, 64)
    activation : str, default='relu'
    alpha : float >= 0, default=0.0001
        L2 penalty.
    batch_size : int or 'auto', default='auto'
        'auto' is a fiftieth of the rows, between 8 and 256.
    learning_rate_init : float > 0, default=0.001
    max_iter : int >= 1, default=100
        Most epochs.
    n_iter_no_change : int >= 1 or inf, default=10
    tol : float >= 0, default=0.0001
    dropout : float in [0, 1), default=0
    class_weight : 'balanced' or None, default=None
        'balanced' lets rare classes count as much as frequent ones.
    validation_fraction : float in (0, 1), default=0.15
        Share of the rows set aside for stopping.
    random_state : int, RandomState or None, default=None
        Draws the rows set aside, the initial weights and the order of the rows.
    time_limit : float > 0 or None, default=None
        Seconds.
    callbacks : list or None, default=None
    progress : bool, default=False
    dtype : {'float32', 'float64'} or None, default='float32'
        Precision of the network; None: float64.

    Attributes
    ----------
    schema_ : Schema
    encoder_ : TableEncoder
    target_ : Target
    estimator_ : MLPClassifier or MLPRegressor
        The network, on encoded inputs and targets.
    classes_ : array
        A classification's classes as they stand in the table.
    feature_names_in_ : array of str
        Names of the columns learned from.
    n_features_in_ : int
        Their number.

    Examples
    --------
    >>> import pandas as pd
    >>> from pellucid.estimators.table_model import TableModel
    >>> frame = pd.DataFrame({"colour": ["red", "blue", None, "red"] * 10, "price": [3.0, 1.0, 2.0, 3.0] * 10})
    >>> model = TableModel(random_state=0, learning_rate_init=0.01).fit(frame, "price")
    >>> model.predict(pd.DataFrame({"colour": ["red", "blue"]})).round().tolist()
    [3.0, 1.0]
    """

    def __init__(
        self,
        task: str = "auto",
        *,
        hidden_layer_sizes: int | Sequence[int] = (128, 64),
        activation: Any = "relu",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 100,
        n_iter_no_change: float = 10,
        tol: float = 1e-4,
        dropout: float = 0.0,
        class_weight: Literal["balanced"] | None = None,
        validation_fraction: float = 0.15,
        random_state: Any = None,
        time_limit: float | None = None,
        callbacks: Sequence[Any] | None = None,
        progress: bool = False,
        dtype: Literal["float32", "float64"] | None = "float32",
    ) -> None:
        self.task = task
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.dropout = dropout
        self.class_weight = class_weight
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.time_limit = time_limit
        self.callbacks = callbacks
        self.progress = progress
        self.dtype = dtype

    def fit(self, table: Any, target: str, *, schema: Schema | None = None) -> Self:
        """Learn to predict one column of a table from the others.

        Parameters
        ----------
        table : pandas, polars or Arrow table
        target : str
            Name of the column to be predicted.
        schema : Schema, optional
            What the columns mean, if it is known already; else it is inferred from this table.

        Raises
        ------
        DataError
            If the table cannot be learned from; the message names column, rows and remedy.
        """
        frame = to_pandas(table)
        require_columns(frame, [target])
        if len(frame) < _LEAST_ROWS:
            raise DataError(f"A table to learn from must have at least {_LEAST_ROWS} rows; it has {len(frame)}.")
        self._check_own()
        self.target_ = Target.of(frame[target], self.task)
        self.schema_ = infer_schema(frame, target) if schema is None else schema
        y = self.target_.encode(frame[target])
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        rows, held_out = split_rows(len(frame), self.validation_fraction, seed, y if self._is_classification else None)
        self.encoder_ = TableEncoder(self.schema_).fit(frame.iloc[rows])
        X, X_val = self.encoder_.transform(frame.iloc[rows]), self.encoder_.transform(frame.iloc[held_out])
        self.estimator_ = self._network(len(rows)).fit(X, y[rows], X_val=X_val, y_val=y[held_out])
        return self

    def _check_own(self) -> None:
        """Raise DataError if a parameter that the network does not check breaks its rule."""
        share: Any = self.validation_fraction
        size: Any = self.batch_size
        weight = self.class_weight
        rules = {
            "batch_size": (_is(size, "auto") or (_is_whole(size) and size >= 1), "be 'auto' or a whole number from 1"),
            "class_weight": (weight is None or _is(weight, "balanced"), "be 'balanced' or None"),
            "validation_fraction": (isinstance(share, float | np.floating) and 0 < share < 1, "lie between 0 and 1"),
        }
        for name, (is_kept, rule) in rules.items():
            if not is_kept:
                raise DataError(f"{name!r} of TableModel must {rule}; got {shown(getattr(self, name))}.")

    def _network(self, rows: int) -> Any:
        parameters = {name: getattr(self, name) for name in (*_SHARED, "callbacks", "progress")}
        batch_size = min(max(rows // 50, 8), 256) if self.batch_size == "auto" else self.batch_size
        parameters |= {
            "batch_size": min(batch_size, rows),
            "early_stopping": True,
            "validation_fraction": self.validation_fraction,
            "scoring": "loss",
        }
        if self._is_classification:
            return MLPClassifier(**parameters, class_weight=self.class_weight)
        return MLPRegressor(**parameters)

    @property
    def _is_classification(self) -> bool:
        return self.target_.task == "classification"

    @property
    def classes_(self) -> NDArray[Any]:
        """A classification's classes as they stand in the table."""
        if not self.__sklearn_is_fitted__() or not self._is_classification:
            raise AttributeError("Only a fitted classification has classes.")
        return self.target_.classes

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns learned from."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError("Only a fitted model knows its columns.")
        return np.array([column.label for column in self.schema_.used], dtype=object)

    @property
    def n_features_in_(self) -> int:
        """Number of columns learned from."""
        return len(self.feature_names_in_)

    def predict(self, table: Any) -> NDArray[Any]:
        """Return the class, or the value in the target's units, of each row.

        Parameters
        ----------
        table : pandas, polars or Arrow table
            With the columns learned from, in any order.

        Raises
        ------
        DataError
            If a column is missing, or a cell cannot be read as what the column held.
        """
        check_is_fitted(self)
        return self.target_.decode(self.estimator_.predict(self.encoder_.transform(table)))

    def predict_proba(self, table: Any) -> NDArray[np.float64]:
        """Return the probability of each class (rows, classes), in the order of `classes_`.

        Raises
        ------
        PellucidError
            If the task is a regression.
        """
        check_is_fitted(self)
        if not self._is_classification:
            raise PellucidError(
                f"Probabilities exist for classes only; the target {self.target_.label!r} is a number. Use predict."
            )
        probabilities: NDArray[Any] = self.estimator_.predict_proba(self.encoder_.transform(table))
        return probabilities.astype(np.float64)

    def score(self, table: Any) -> float:
        """Return the accuracy, or R² of a regression, on a table that has the target column, too."""
        frame = to_pandas(table)
        require_columns(frame, [self.target_.label])
        actual = self.target_.decode(self.target_.encode(frame[self.target_.label]))
        predicted = self.predict(frame)
        return float(accuracy_score(actual, predicted) if self._is_classification else r2_score(actual, predicted))

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return all that was learned, and the parameters: a header that JSON can hold, and plain arrays.

        Left out is what cannot be data, or belongs to one training: callbacks, progress, random generators.

        Raises
        ------
        DataError
            If a parameter was changed to what it must not be.
        """
        check_is_fitted(self)
        self._check_own()
        table, table_arrays = self.encoder_.to_state()
        network, network_arrays = self.estimator_.to_state()
        own = {name: _plain(getattr(self, name)) for name in _OWN}
        own["task"] = "auto" if _is(self.task, "auto") else self.target_.task  # of what was learned
        header = {"table": table, "target": self.target_.to_state(), "network": network, "parameters": own}
        return header, prefixed("table", table_arrays) | prefixed("network", network_arrays)

    @classmethod
    def from_state(cls, header: Any, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the model from what `to_state` gave; it predicts the same to the last bit.

        Raises
        ------
        ModelFileError
            If it is not what `to_state` gives.
        """
        if not isinstance(header, Mapping):
            raise ModelFileError("The header of a table's model must be an object with named fields.")
        only_these(header, {"table", "target", "network", "parameters"}, "fields")
        parts = {part: without_prefix(part, arrays) for part in ("table", "network")}
        if sum(map(len, parts.values())) != len(arrays):
            raise ModelFileError("The arrays of a table's model must be named table.… or network.…; some are not.")
        target = Target.from_state(header["target"])
        encoder = TableEncoder.from_state(header["table"], parts["table"])
        kind: Any = MLPClassifier if target.task == "classification" else MLPRegressor
        estimator = kind.from_state(header["network"], parts["network"])
        _check_fit(encoder, target, estimator)
        own = _own_parameters(header["parameters"], target.task)
        model = cls(**own, **{name: getattr(estimator, name) for name in _SHARED})
        try:
            model._check_own()
        except DataError as error:
            raise ModelFileError(f"The model's parameters are damaged: {error}") from None
        model.target_, model.encoder_, model.schema_, model.estimator_ = target, encoder, encoder.schema, estimator
        return model

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.__sklearn_is_fitted__():
            tags.estimator_type = "classifier" if self._is_classification else "regressor"
        return tags


def _is(value: Any, word: str) -> bool:
    return isinstance(value, str) and value == word


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """Return a number of any library as Python's own."""
    if isinstance(value, Real):
        return int(value) if isinstance(value, Integral) else float(value)
    return value


def _own_parameters(parameters: Any, task: str) -> dict[str, Any]:
    if not isinstance(parameters, Mapping):
        raise ModelFileError("The parameters of a table's model must be an object with named fields.")
    only_these(parameters, set(_OWN), "parameters")
    if parameters["task"] not in ("auto", task):
        raise ModelFileError(f"The model's task must be 'auto' or {task!r}; got {shown(parameters['task'])}.")
    return dict(parameters)


def _check_fit(encoder: TableEncoder, target: Target, estimator: Any) -> None:
    """Raise ModelFileError unless the network takes what the table gives, and gives what the target takes."""
    inputs = len(encoder.feature_names_out)
    if estimator.n_features_in_ != inputs:
        raise ModelFileError(
            f"The model's table gives {inputs} inputs, but its network takes {estimator.n_features_in_}."
        )
    if target.task == "classification":
        if not np.array_equal(estimator.classes_, np.arange(len(target.labels))):
            raise ModelFileError("The classes of the model's network and of its target differ.")
    elif estimator.n_outputs_ != 1:
        raise ModelFileError(f"The network of a regression must have one output; it has {estimator.n_outputs_}.")
