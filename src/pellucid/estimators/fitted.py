"""A trained network as fitted attributes: views of one flat vector that a user may read, set and pickle."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from math import isfinite
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.engines import get_engine
from pellucid.errors import SpecError
from pellucid.estimators.thread_limits import forward_limit
from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters

__all__ = ["CURVES", "DTYPES", "FittedNetwork", "as_dtype", "told_of_cells"]

DTYPES = (np.float64, np.float32)
"""Kinds of numbers that rows may have; anything else becomes the first."""


CURVES = ("loss_curve_", "validation_loss_curve_", "validation_scores_")
"""Fitted attributes with a number for each epoch."""


class FittedNetwork(BaseEstimator):
    """Keeps the trained parameters and runs the network.

    Attributes
    ----------
    network_ : Network
    coefs_ : list of arrays of shape (inputs, outputs), one a layer
    intercepts_ : list of arrays of shape (outputs,), one a layer
    norm_gains_, norm_shifts_ : lists of arrays or None
        Only with layer normalisation.
    """

    network_: Network
    coefs_: list[Array]
    intercepts_: list[Array]
    _parameters: Parameters
    _rest: Array

    def _set_parameters(self, network: Network, vector: Array) -> None:
        """Make the fitted attributes views of one flat vector, which an engine trains in place."""
        self.network_ = network
        self._parameters = Parameters(network, vector)
        self.coefs_ = list(self._parameters.weights)
        self.intercepts_ = list(self._parameters.bias)
        self._rest = self._parameters.rest
        if any(layer.layer_norm for layer in network.hidden):
            self.norm_gains_ = list(self._parameters.gain)
            self.norm_shifts_ = list(self._parameters.shift)

    def _forget(self) -> None:
        """Be as before the first fit: nothing fitted, and nothing that is as long as the parameters."""
        for name in [name for name in vars(self) if name.endswith("_") and name[0] != "_"]:
            delattr(self, name)
        for name in ("_parameters", "_rest", "_state"):
            self.__dict__.pop(name, None)

    def set_network(self, network: Network, vector: Array, *, classes: Any = None) -> Self:
        """Take over a network that was trained elsewhere, by an engine or by hand.

        Parameters
        ----------
        network : Network
        vector : array of shape (parameter_count(network),)
            Its parameters, in the order of ``pellucid.spec.parameter_layout``. Used, not copied.
        classes : array of shape (n_classes,) or None
            For a classifier: what the outputs stand for.

        Returns
        -------
        self

        Examples
        --------
        >>> import numpy as np
        >>> from pellucid import MLPRegressor
        >>> from pellucid.spec import Network
        >>> line = MLPRegressor().set_network(Network(1, (), 1), np.array([2.0, 1.0]))  # y = 2 x + 1
        >>> line.predict([[3.0]])
        array([7.])
        """
        self._set_parameters(network, vector)
        self.n_features_in_ = network.inputs
        self.n_outputs_ = network.outputs
        self.n_layers_ = len(network.widths)
        self.out_activation_ = network.output
        if classes is not None:
            self._set_classes(np.asarray(classes))
        return self

    def _set_classes(self, classes: Array) -> None:
        raise SpecError(f"'classes' are for a classifier; {type(self).__name__} is none.")

    def _current_parameters(self, network: Network) -> Parameters:
        """Return the parameters as the fitted attributes have them now: a user may have set them."""
        own = self.__dict__.get("_parameters")
        if own is not None and _same(self.coefs_, own.weights) and _same(self.intercepts_, own.bias):
            return own
        gains, shifts = getattr(self, "norm_gains_", ()), getattr(self, "norm_shifts_", ())
        rest = self.__dict__.get("_rest")
        return Parameters.from_arrays(network, self.coefs_, self.intercepts_, gains, shifts, rest)

    def _network(self) -> Network:
        """Return the network that the fitted attributes describe."""
        raise NotImplementedError

    def _forward(self, X: Any) -> tuple[Network, Array]:
        """Return the network, and the weighted sums of its output layer for each row."""
        if not self._takes_as_it_is(X):
            check_is_fitted(self, "coefs_")
            with told_of_cells(self, X):
                X = validate_data(self, X, accept_sparse="csr", dtype=DTYPES, reset=False)
        network = self.__dict__.get("network_") or self._network()
        parameters = self._current_parameters(network)
        return network, self._run(network, parameters, as_dtype(X, parameters.vector.dtype))

    def _run(self, network: Network, parameters: Parameters, inputs: Any) -> Array:
        """Return the weighted sums of the output layer for rows of the parameters' dtype."""
        engine = get_engine(self.engine, self.n_threads)
        with forward_limit(engine, self.n_threads):
            return engine.forward(network, parameters, inputs)

    def _takes_as_it_is(self, X: Any) -> bool:
        """Tell whether X is a plain array that scikit-learn's validation, 100 µs a call, would return unchanged."""
        fitted = self.__dict__
        if type(X) is not np.ndarray or X.ndim != 2 or X.dtype not in DTYPES:
            return False
        if "coefs_" not in fitted or "feature_names_in_" in fitted or X.shape[1] != fitted.get("n_features_in_"):
            return False
        with np.errstate(over="ignore", invalid="ignore"):
            return len(X) > 0 and isfinite(X.sum())  # a sum that overflows is left to scikit-learn

    def _fitted_attributes(self) -> dict[str, Any]:
        """Fitted attributes as they are now, for a copy that can predict."""
        fitted = {name: value for name, value in vars(self).items() if name.endswith("_") and name[0] != "_"}
        copies: dict[str, Any] = {name: [array.copy() for array in fitted[name]] for name in ("coefs_", "intercepts_")}
        copies |= {name: list(fitted[name]) for name in CURVES if fitted.get(name) is not None}
        return fitted | copies | {"_rest": self._rest.copy()}

    def _live_view(self) -> Any:
        """Return an estimator that shares everything with this one but the feature names."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__)
        view.__dict__.pop("feature_names_in_", None)
        return view

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_parameters", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "network_" in self.__dict__:
            self._set_parameters(self.network_, self._current_parameters(self.network_).vector)
        if "_state" in self.__dict__:  # joblib may map its arrays read-only
            self.__dict__["_state"] = deepcopy(self.__dict__["_state"])


@contextmanager
def told_of_cells(estimator: Any, X: Any, name: str = "X") -> Iterator[None]:
    """Let what scikit-learn and NumPy say of cells that are no numbers name Pellucid's estimators that take them."""
    try:
        yield
    except (TypeError, ValueError) as error:
        told = str(error)
        needs = f"and {type(estimator).__name__} needs a number in each cell. Take "
        tabular = f"pellucid.{'TabularClassifier' if is_classifier(estimator) else 'TabularRegressor'}"
        if f"Input {name} contains NaN" in told:
            dense = f" (of {name}.toarray())" if issparse(X) else ""
            raise ValueError(
                f"Input {name} contains NaN, {needs}{tabular}{dense}, which learns from missing ones, too, or fill "
                "them (sklearn.impute.SimpleImputer)."
            ) from None
        if TEXT in told:
            text = told.removeprefix(TEXT).removeprefix("np.str_(").rstrip(")")
            raise ValueError(
                f"Input {name} contains text, {text}, {needs}{tabular}, which learns from tables with text as they "
                "are, or encode it (sklearn.preprocessing.OneHotEncoder)."
            ) from None
        if re.search(DATE, told):
            raise TypeError(
                f"Input {name} contains dates or durations beside numbers, {needs}{tabular}, which learns from dates "
                "as they are, or make numbers of them: (date - date.min()) / np.timedelta64(1, 'D')."
            ) from None
        raise


TEXT = "could not convert string to float: "
DATE = r"'numpy\.dtypes\.(DateTime|TimeDelta)64|not '(Timestamp|Timedelta|datetime\.\w+)'$"


def as_dtype(array: Any, dtype: Any) -> Any:
    """Return the array (or None) as this dtype, uncopied if it is so already."""
    return None if array is None else array.astype(dtype, copy=False)


def _same(arrays: list[Array], others: list[Array]) -> bool:
    return len(arrays) == len(others) and all(a is b for a, b in zip(arrays, others, strict=True))
