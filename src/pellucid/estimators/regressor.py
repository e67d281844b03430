"""`MLPRegressor`: scikit-learn's, and more."""

from collections.abc import Sequence
from typing import Any, Literal, Self, get_args

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid import spec
from pellucid.errors import DataError
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.fitted import DTYPES, told_of_cells
from pellucid.estimators.parameters import LOSSES_OF_REGRESSION, is_stochastic
from pellucid.estimators.state import mlp_from_state, mlp_to_state
from pellucid.estimators.targets import one_column_as_rows, refuse_dates, refuse_missing, refuse_texts
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.textbook.outputs import output_activation

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, BaseMLP):
    """A multi-layer perceptron that predicts numbers.

    The parameters up to ``max_fun``, their order and defaults are scikit-learn's, and in float64 the same
    ``random_state`` gives the same network. Those after it go beyond; their defaults change nothing.

    Parameters
    ----------
    loss : str or Loss, default='squared_error'
        'squared_error' (half of it), 'absolute_error', 'huber', 'quantile' (the median by default), 'poisson' (half
        the deviance; predictions are exponentials, y >= 0), or a description such as
        ``pellucid.spec.Quantile(level=0.9)``. Summed over the outputs, averaged over the rows.
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
        What early stopping watches: R² by default, 'loss', or any scikit-learn scorer. Without
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
        'identity', or 'exp' with the Poisson loss.
    network_ : pellucid.spec.Network
        Description of the network.
    outcome_ : pellucid.training.stopping.Outcome
        Why training ended.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid import MLPRegressor
    >>> X = np.linspace(-2, 2, 100).reshape(-1, 1)
    >>> model = MLPRegressor(hidden_layer_sizes=(10,), activation="tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, np.sin(X).ravel()).score(X, np.sin(X).ravel()) > 0.99
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions(set(LOSSES_OF_REGRESSION)), *(set(get_args(spec.Loss)) - {spec.LogLoss})],
    }
    _default_score = "r2"
    row_parameters = ("dtype", "loss")

    def __init__(
        self,
        loss: Any = "squared_error",
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
        self.loss = loss
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
        """Train on rows and their targets.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        y : array of shape (rows,) or (rows, outputs)
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
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on rows, going on from what was learned before.

        The weights are trained in place: where they diverge, nothing is left, and the estimator is not fitted any more.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        y : array of shape (rows,) or (rows, outputs)
        sample_weight : array of shape (rows,) or None

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def _validate_input(self, X: Any, y: Any, *, incremental: bool, reset: bool) -> tuple[Any, Any]:
        with told_of_cells(self, X):
            X, y = validate_data(
                self, X, y, accept_sparse="csr", multi_output=True, y_numeric=True, dtype=DTYPES, reset=reset
            )
        y = one_column_as_rows(y)
        return X, y

    def _refuse_targets(self, y: Any, subject: str) -> None:
        refuse_missing(y, subject)
        refuse_dates(y, subject)
        refuse_texts(y, subject)

    def _encode(self, y: Any, dtype: Any, *, name: str = "y") -> Array:
        targets = np.asarray(y, dtype=dtype)
        if not np.isfinite(targets).all():
            raise DataError(f"{name!r} of MLPRegressor must be finite; it has infinity. Remove those rows.")
        if self._output() == "exp" and targets.size and targets.min() < 0:
            raise DataError(
                f"{name!r} of MLPRegressor must be at least 0 with loss='poisson', which models counts and rates; "
                f"the least value is {targets.min():g}."
            )
        return targets.reshape(len(targets), -1)

    def _tolerance(self, data: Batch, *, validates: bool) -> float:
        """Return tol for the loss that is the sum over the outputs; scikit-learn compares it with their mean."""
        is_mean_there = isinstance(self._loss_description(), spec.SquaredError) and not validates
        return float(self.tol) * (data.targets.shape[1] if is_mean_there and not self._is_lbfgs else 1)

    def _output(self) -> str:
        return "exp" if self.loss == "poisson" or isinstance(self.loss, spec.Poisson) else "identity"

    def _loss_description(self) -> Any:
        return LOSSES_OF_REGRESSION[self.loss]() if isinstance(self.loss, str) else self.loss

    # --- predict --------------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> Array:
        """Predict the target of each row.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)

        Returns
        -------
        array of shape (rows,) or (rows, outputs)
        """
        check_is_fitted(self, "coefs_")
        network, z = self._forward(X)
        predicted = output_activation(network.output, z)
        return predicted.ravel() if network.outputs == 1 else predicted

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
