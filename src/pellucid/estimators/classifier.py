"""`MLPClassifier`: scikit-learn's, and more."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import validate_data

from pellucid import spec
from pellucid.errors import DataError, SpecError
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.fitted import DTYPES, told_of_cells
from pellucid.estimators.parameters import is_stochastic
from pellucid.estimators.state import mlp_from_state, mlp_to_state
from pellucid.estimators.targets import one_column_as_rows, refuse_missing, refuse_string_dtype
from pellucid.spec.checks import finite_number, shown
from pellucid.textbook.arrays import Array
from pellucid.textbook.outputs import log_probabilities, output_activation

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, BaseMLP):
    """A multi-layer perceptron that tells classes apart, trained on the log loss.

    The parameters up to ``max_fun``, their order and defaults are scikit-learn's, and in float64 the same
    ``random_state`` gives the same network. Those after it go beyond; their defaults change nothing.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Neurons of each hidden layer; an empty sequence makes a linear model.
    activation : str, Activation or list of them, default='relu'
        'identity', 'logistic', 'tanh', 'relu', 'leaky_relu', 'elu', 'selu', 'softplus', 'gelu', 'silu', 'mish', or a
        description such as ``pellucid.spec.LeakyRelu(0.2)``; a list gives each hidden layer its own.
    solver : {'lbfgs', 'sgd', 'adam', 'adamw', 'adagrad', 'rmsprop'} or Optimizer, default='adam'
        A description such as ``pellucid.spec.AdamW(weight_decay=0.1)`` sets what has no parameter here.
    alpha : float >= 0, default=0.0001
        L2 penalty ½ · alpha · Σ w² on the weights, divided by the batch's rows.
    batch_size : int or 'auto', default='auto'
        Rows a step; 'auto' is min(200, rows). Not used by 'lbfgs'.
    learning_rate : str or Schedule, default='constant'
        'constant', 'invscaling', 'adaptive' (by name these two act with ``solver='sgd'`` only, as in scikit-learn),
        'step', 'exponential', 'cosine', 'flat_cosine', 'log_cosine', 'one_cycle', or a description such as
        ``pellucid.spec.Cosine(warmup=0.1)``.
    learning_rate_init : float > 0, default=0.001
        Step size at the start.
    power_t : float >= 0, default=0.5
        Exponent of 'invscaling'.
    max_iter : int >= 1, default=200
        Most epochs (iterations for 'lbfgs').
    shuffle : bool, default=True
        Visit the rows in a new order each epoch.
    random_state : int, RandomState or None, default=None
        Draws the initial weights, the validation split, the order of the rows and dropout.
    tol : float >= 0, default=1e-4
        Improvement that counts as one.
    verbose : bool, default=False
        Print the loss of each epoch.
    warm_start : bool, default=False
        Let `fit` go on from the weights it finds.
    momentum : float in [0, 1], default=0.9
        Of 'sgd'.
    nesterovs_momentum : bool, default=True
        Of 'sgd'.
    early_stopping : bool, default=False
        Stop when the score on validation rows no longer improves, and restore the best epoch.
    validation_fraction : float in [0, 1), default=0.1
        Share of the rows set aside for that, unless `fit` is given ``X_val, y_val``.
    beta_1, beta_2 : float in [0, 1), default=0.9, 0.999
        Of 'adam' and 'adamw'.
    epsilon : float > 0, default=1e-8
        Of 'adam', 'adamw', 'adagrad' and 'rmsprop'.
    n_iter_no_change : int >= 1 or inf, default=10
        Training stops after more epochs than this in a row without improvement.
    max_fun : int >= 1, default=15000
        Most evaluations of the loss by 'lbfgs'.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, multiplied into the rows' weights.
    label_smoothing : float in [0, 1), default=0
        Targets t become (1 - s) t + s / K.
    loss : {'log_loss', 'squared_error'} or Loss, default='log_loss'
        'squared_error' compares probabilities with zeros and ones (the Brier score), as in many lessons.
    dropout : float in [0, 1) or list of them, default=0
        Share of each hidden layer's activations that is set to 0 in training; a list gives each layer its own.
    layer_norm : bool, default=False
        Normalise each hidden layer's weighted sums; it needs layers of two neurons or more.
    initializer : str or Initializer, default='sklearn'
        'sklearn', 'glorot_uniform', 'glorot_normal', 'he_uniform', 'he_normal', 'lecun_uniform', 'lecun_normal',
        'normal', 'uniform', 'zeros', 'from_data' (weights that suit the training rows), or a description such as
        ``pellucid.spec.Normal(std=0.5)``.
    l1 : float >= 0, default=0
        L1 penalty on the weights, divided by the batch's rows.
    clip_norm : float > 0 or None, default=None
        Longest gradient; a longer one is scaled down.
    scoring : str, callable or None, default=None
        What early stopping watches: accuracy by default, 'loss', or any scikit-learn scorer. Without
        validation rows nothing is scored.
    restore_best : bool or None, default=None
        End with the best epoch's weights; None: with early stopping only, as scikit-learn does. True without early
        stopping: the epoch of the least training loss; with ``X_val, y_val`` in `fit` the best one on those rows, which
        then also tell when training no longer improves.
    time_limit : float > 0 or None, default=None
        Seconds that training may take; the epoch under way is finished first.
    callbacks : list or None, default=None
        Callbacks (``pellucid.estimators.Callback``), functions ``f(estimator, epoch)``, and scikit-learn's callbacks.
    progress : bool, default=False
        Show a progress bar with the time left.
    engine : str, default='auto'
        What trains: 'native' (C++), 'textbook' (NumPy), or 'auto': the native engine where it is built.
    n_threads : int from 1 to 4096 or None, default=None
        Threads of the native engine and of numerical libraries; None: every processor that this process may use.
        Results do not depend on it.
    dtype : {'bfloat16', 'float32', 'float64'} or None, default=None
        Precision; None follows X. With 'bfloat16' weights are float32, but the layers multiply numbers rounded to eight
        significant bits: up to 1.8 times as fast for wide layers, on processors with AVX512_BF16 only.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    coefs_, intercepts_ : lists of arrays, one a layer
        Weights of shape (inputs, outputs) and biases of shape (outputs,).
    loss_, best_loss_ : float
        Of the last epoch, and the smallest (None with early stopping).
    loss_curve_ : list of float
        Training loss an epoch, penalties included. Not with 'lbfgs'.
    validation_loss_curve_, validation_scores_ : lists of float or None
        With early stopping or ``X_val, y_val``.
    best_validation_score_ : float or None
    n_iter_, t_ : int
        Epochs of the last fit, and rows seen by the solver.
    n_layers_, n_outputs_, n_features_in_ : int
    feature_names_in_ : array of str
        If X has column names.
    out_activation_ : str
        'logistic' for two classes and for labels, else 'softmax'.
    network_ : pellucid.spec.Network
        Description of the network.
    outcome_ : pellucid.training.stopping.Outcome
        Why training ended.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> model = MLPClassifier((10, 5), solver="lbfgs", alpha=0.1, random_state=1).fit(X, y)
    >>> model.score(X, y) > 0.9
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseMLP._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "loss": [StrOptions({"log_loss", "squared_error"}), spec.LogLoss, spec.SquaredError],
    }
    _default_score = "accuracy"
    row_parameters = ("dtype", "class_weight")
    classes_: Array
    _label_binarizer: Any

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        label_smoothing: float = 0.0,
        loss: Any = "log_loss",
        dropout: float | Sequence[float] = 0.0,
        layer_norm: bool = False,
        initializer: Any = "sklearn",
        l1: float = 0.0,
        clip_norm: float | None = None,
        scoring: Any = None,
        restore_best: bool | None = None,
        time_limit: float | None = None,
        callbacks: Sequence[Any] | None = None,
        progress: bool = False,
        engine: str = "auto",
        n_threads: int | None = None,
        dtype: Literal["bfloat16", "float32", "float64"] | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.loss = loss
        self.dropout = dropout
        self.layer_norm = layer_norm
        self.initializer = initializer
        self.l1 = l1
        self.clip_norm = clip_norm
        self.scoring = scoring
        self.restore_best = restore_best
        self.time_limit = time_limit
        self.callbacks = callbacks
        self.progress = progress
        self.engine = engine
        self.n_threads = n_threads
        self.dtype = dtype

    # --- fit ------------------------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train on rows and their classes.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        y : array of shape (rows,), or (rows, labels) of zeros and ones
        sample_weight : array of shape (rows,) or None
        X_val, y_val, sample_weight_val : arrays or None
            Validation rows: their loss and score are recorded each epoch, and watched with ``early_stopping=True``.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train for one epoch on rows, going on from what was learned before.

        The weights are trained in place: where they diverge, nothing is left, and the estimator is not fitted any more.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        y : array of shape (rows,), or (rows, labels) of zeros and ones
        sample_weight : array of shape (rows,) or None
        classes : array of shape (n_classes,)
            All classes that will ever come; needed in the first call.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def _learn_classes(self, y: Any, classes: Any) -> None:
        if classes is None:
            if not hasattr(self, "classes_"):
                raise ValueError("classes must be passed on the first call to partial_fit.")
            if not hasattr(self, "_label_binarizer"):  # fitted attributes set by hand
                self._label_binarizer = LabelBinarizer().fit(self.classes_)
            return
        known = unique_labels(classes)
        if hasattr(self, "classes_"):
            if not np.array_equal(self.classes_, known):
                raise ValueError(
                    f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}"
                )
            return
        self.classes_ = known
        is_multilabel = type_of_target(y).startswith("multilabel")
        self._label_binarizer = LabelBinarizer().fit(y if is_multilabel else classes)

    def _validate_input(self, X: Any, y: Any, *, incremental: bool, reset: bool) -> tuple[Any, Any]:
        with told_of_cells(self, X):
            X, y = validate_data(self, X, y, accept_sparse="csr", multi_output=True, dtype=DTYPES, reset=reset)
        y = one_column_as_rows(y)
        check_classification_targets(y)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return X, y
        classes = unique_labels(y)
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}"
            )
        self._refuse_unknown(classes)
        return X, y

    def _set_classes(self, classes: Array) -> None:
        self._label_binarizer = LabelBinarizer().fit(classes)
        self.classes_ = self._label_binarizer.classes_

    def _refuse_targets(self, y: Any, subject: str) -> None:
        refuse_missing(y, subject, "Remove those rows, or give them a class of their own.")
        refuse_string_dtype(y, subject)

    def _refuse_unknown(self, classes: Array, name: str = "y") -> None:
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            if name != "y":
                raise DataError(
                    f"{name!r} of MLPClassifier.fit must have classes that y has, {self.classes_}; it has {classes}."
                )
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _encode(self, y: Any, dtype: Any, *, name: str = "y") -> Array:
        self._refuse_unknown(unique_labels(y), name)
        encoded: Array = np.ascontiguousarray(self._label_binarizer.transform(y), dtype=dtype)
        return encoded

    def _weigh(self, y: Any, sample_weight: Array | None, *, incremental: bool) -> Array | None:
        if self.class_weight is None:
            return sample_weight
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, which sees some of the rows only. "
                "Give the weights as a dict: compute_class_weight('balanced', classes=classes, y=all_y)."
            )
        if isinstance(self.class_weight, Mapping) and np.ndim(y) == 2:
            raise SpecError(
                "'class_weight' of MLPClassifier as a dict is for one class a row; y has several labels a row. "
                "Use 'balanced', or sample_weight."
            )
        if isinstance(self.class_weight, Mapping):
            for label, value in self.class_weight.items():
                number = finite_number(value)
                if number is None or number < 0:
                    raise SpecError(
                        "'class_weight' of MLPClassifier must give each class a number of at least 0; "
                        f"class {label!r} has {shown(value)}."
                    )
        weight: Array = compute_sample_weight(self.class_weight, y)
        return weight if sample_weight is None else weight * sample_weight

    def _stratification(self, targets: Array) -> Array | None:
        return np.take(self.classes_, targets.ravel().astype(int)) if targets.shape[1] == 1 else None

    def _output(self) -> str:
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _loss_description(self) -> Any:
        if self.loss == "log_loss":
            return spec.LogLoss(label_smoothing=float(self.label_smoothing), clipped=True)
        if self.label_smoothing:
            raise SpecError(
                f"'label_smoothing' of MLPClassifier needs loss='log_loss'; got loss={self.loss!r}. "
                "A description has its own: pellucid.spec.LogLoss(label_smoothing=…)."
            )
        return spec.SquaredError() if self.loss == "squared_error" else self.loss

    # --- predict --------------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> Array:
        """Predict the class of each row.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)

        Returns
        -------
        array of shape (rows,), or (rows, labels) of zeros and ones
        """
        network, z = self._forward(X)
        probabilities = output_activation(network.output, z)
        binarizer = self._label_binarizer
        if binarizer.y_type_ == "multiclass":
            return np.take(binarizer.classes_, probabilities.argmax(axis=1))
        if binarizer.y_type_ == "binary" and len(binarizer.classes_) == 2:
            return np.take(binarizer.classes_, probabilities[:, 0] > 0.5)
        predicted: Array = binarizer.inverse_transform(probabilities.ravel() if network.outputs == 1 else probabilities)
        return predicted

    def predict_proba(self, X: Any) -> Array:
        """Predict probabilities.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)

        Returns
        -------
        array of shape (rows, n_classes)
            In the order of ``classes_``; for labels, of each label.
        """
        network, z = self._forward(X)
        probabilities = output_activation(network.output, z)
        if network.outputs == 1:
            return np.hstack([1 - probabilities, probabilities])
        return probabilities

    def predict_log_proba(self, X: Any) -> Array:
        """Predict logarithms of probabilities, finite however small the probability.

        Computed from the weighted sums of the output layer, so nothing is lost to rounding.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)

        Returns
        -------
        array of shape (rows, n_classes)
        """
        network, z = self._forward(X)
        if network.outputs == 1:
            return np.hstack([log_probabilities("logistic", -z), log_probabilities("logistic", z)])
        return log_probabilities(network.output, z)

    # --- as data --------------------------------------------------------------------------------------------------

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the fitted estimator as a header for JSON and arrays of numbers; ``pellucid.save`` writes them."""
        return mlp_to_state(self)

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: dict[str, Array]) -> Self:
        """Build the estimator from what `to_state` gave; ``pellucid.load`` does this.

        Raises
        ------
        ModelFileError
            If anything in it is missing, unknown or damaged.
        """
        return mlp_from_state(cls, header, arrays)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
