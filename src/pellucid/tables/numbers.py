"""Numbers with gaps to standardised inputs and marks of what was missing."""

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import StandardScaler

from pellucid.errors import ModelFileError
from pellucid.tables.cells import BoolArray, FloatArray
from pellucid.tables.state import Arrays, finite_array, flag_array

__all__ = ["ARRAYS", "NumberEncoder"]

LARGEST = 1e6
"""Most standard deviations from the mean that an input has. Rows learned from never have as many: at most √rows."""

ARRAYS = {"medians", "means", "scales", "marked"}


class NumberEncoder:
    """Median for what is missing, (x - mean) / scale, and a mark of 1 where a cell was missing.

    A column is marked if cells of it were missing when it was learned.

    Examples
    --------
    >>> X = np.array([[1.0], [np.nan], [3.0]])
    >>> NumberEncoder().fit(X, np.array([True])).transform(X).round(2).tolist()
    [[-1.22, 0.0], [0.0, 1.0], [1.22, 0.0]]
    """

    def fit(self, X: FloatArray, markable: BoolArray) -> "NumberEncoder":
        """Learn from X (rows, columns), NaN where a cell is missing; only markable columns get marks."""
        self.marked = np.isnan(X).any(axis=0) & markable
        if X.shape[1]:
            self._imputer = SimpleImputer(strategy="median", keep_empty_features=True).fit(X)
            self._scaler = StandardScaler().fit(self._imputer.transform(X))
        if self.marked.any():
            self._indicator = MissingIndicator(features="all").fit(X[:, self.marked])
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """Return (rows, columns + marked columns)."""
        if not X.shape[1]:
            return X
        standardised: FloatArray = self._scaler.transform(self._imputer.transform(X)).clip(-LARGEST, LARGEST)
        if not self.marked.any():
            return standardised
        return np.hstack([standardised, self._indicator.transform(X[:, self.marked])])

    def to_arrays(self) -> dict[str, NDArray[np.float64] | NDArray[np.uint8]]:
        """Return what was learned."""
        nothing = np.empty(0)
        there = len(self.marked) > 0
        return {
            "medians": self._imputer.statistics_ if there else nothing,
            "means": self._scaler.mean_ if there else nothing,
            "scales": self._scaler.scale_ if there else nothing,
            "marked": self.marked.astype(np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, markable: BoolArray) -> "NumberEncoder":
        """Build the transformers anew, so that they give the same to the last bit.

        The imputer and the indicator learn from one row, the medians; the scaler's documented attributes are set.
        """
        columns = len(markable)
        medians = finite_array(arrays, "medians", columns)
        means = finite_array(arrays, "means", columns)
        scales = finite_array(arrays, "scales", columns, positive=True)
        marked = flag_array(arrays, "marked", columns)
        if (marked & ~markable).any():
            raise ModelFileError("The array 'marked' of the model marks a column that cannot be marked.")
        encoder = cls().fit(medians.reshape(1, columns), markable)
        encoder.marked = marked
        if columns:
            encoder._scaler.mean_, encoder._scaler.scale_, encoder._scaler.var_ = means, scales, scales**2
        if marked.any():
            encoder._indicator = MissingIndicator(features="all").fit(medians[np.newaxis, marked])
        return encoder
