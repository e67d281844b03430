"""Which classes are taken for which: scikit-learn's confusion matrix, readable with up to 30 classes."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import DataError, PellucidError, did_you_mean
from pellucid.plotting.fitted import name_of
from pellucid.plotting.style import DARK, LIGHT, SHARES, axes_for, bar_options, shortened, whitegrid

__all__ = ["ConfusionMatrix"]

LETTER = 0.11
"""Width of a letter beside a tick, in inches."""

MEANINGS = {
    None: "rows",
    "true": "share of the actual class",
    "pred": "share of the predicted class",
    "all": "share of all rows",
}


class ConfusionMatrix(ConfusionMatrixDisplay):
    """Confusion matrix, actual classes down, predicted classes across.

    Parameters
    ----------
    confusion_matrix : array of shape (classes, classes)
        Counts of rows, or shares in [0, 1].
    display_labels : array-like of shape (classes,) or None
        Names of the classes; None: 0, 1, and so on.
    normalize : {'true', 'pred', 'all'} or None
        What the numbers are shares of; None: they are counts.
    title : str

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    im_ : AxesImage
    text_ : array of Text, shape (classes, classes), or None
        The numbers; empty where a count is 0 and there are more than 12 classes.

    Examples
    --------
    >>> from pellucid.plotting import ConfusionMatrix
    >>> display = ConfusionMatrix.from_predictions(["cat", "cat", "dog"], ["cat", "dog", "dog"])
    >>> display.confusion_matrix.tolist()
    [[1, 1], [0, 1]]
    """

    def __init__(
        self,
        confusion_matrix: ArrayLike,
        *,
        display_labels: ArrayLike | None = None,
        normalize: str | None = None,
        title: str = "Confusion matrix",
    ) -> None:
        super().__init__(np.asarray(confusion_matrix), display_labels=display_labels)
        self.normalize = normalize
        self.title = title

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: ArrayLike, *, ax: Axes | None = None, **options: Any) -> Self:
        """Draw what a fitted classifier predicts for X against the true y.

        Parameters
        ----------
        estimator : classifier
        X : array or data frame of shape (rows, inputs)
        y : array-like of shape (rows,)
        ax : Axes or None
            Where to draw; None: a new figure.
        **options
            As of `from_predictions`.

        Raises
        ------
        PellucidError
            If the estimator is not a classifier.
        """
        if not is_classifier(estimator):
            raise PellucidError(
                f"'estimator' of ConfusionMatrix must be a classifier; got {name_of(estimator)}. "
                f"For a regressor use PredictionError."
            )
        check_is_fitted(estimator)
        options.setdefault("title", f"Confusion matrix of {name_of(estimator)}")
        return cls.from_predictions(y, estimator.predict(X), ax=ax, **options)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        normalize: str | None = None,
        display_labels: Sequence[object] | None = None,
        title: str = "Confusion matrix",
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Draw predicted against true classes.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (rows,)
        labels : array-like of shape (classes,) or None
            Classes to show, in this order; None: all that occur, sorted.
        sample_weight : array-like of shape (rows,) or None
        normalize : {'true', 'pred', 'all'} or None
            Show shares of each true class, of each predicted class or of all rows; None: counts of rows.
        display_labels : sequence of length classes, or None
            Names to show instead of the labels.
        title : str
        ax : Axes or None
            Where to draw; None: a new figure.
        **options
            As of `plot`.

        Raises
        ------
        PellucidError
            If `normalize` is none of the above.
        DataError
            If `display_labels` does not have one name for each class.
        """
        if normalize not in MEANINGS:
            known = [meaning for meaning in MEANINGS if meaning]
            raise PellucidError(
                f"'normalize' of ConfusionMatrix must be None or one of its known names; got {normalize!r}."
                f"{did_you_mean(str(normalize), known)}"
            )
        matrix = confusion_matrix(y_true, y_pred, labels=labels, sample_weight=sample_weight, normalize=normalize)
        shown = display_labels if display_labels is not None else labels
        names = np.asarray(unique_labels(y_true, y_pred) if shown is None else shown)
        if len(names) != len(matrix):
            raise DataError(
                f"'display_labels' of ConfusionMatrix must have {len(matrix)} names, one for each class; "
                f"got {len(names)}."
            )
        return cls(matrix, display_labels=names, normalize=normalize, title=title).plot(ax=ax, **options)

    def plot(self, ax: Axes | None = None, *, cmap: str = SHARES, colorbar: bool = True, **options: Any) -> Self:
        """Draw the matrix.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure, larger for more classes.
        cmap : str
            Name of the colormap.
        colorbar : bool
        **options
            As of scikit-learn's ``ConfusionMatrixDisplay.plot``: include_values, xticks_rotation, values_format,
            im_kw, text_kw.
        """
        count = len(self.confusion_matrix)
        names = shortened(range(count) if self.display_labels is None else self.display_labels)
        side = min(max(4.2, 0.36 * count + 1.6), 12.4)
        longest = LETTER * max(map(len, names))
        upright = longest > 0.7 * side / count
        options.setdefault("values_format", self._format())
        options.setdefault("xticks_rotation", "vertical" if upright else "horizontal")
        size = (options.get("text_kw") or {}).get("fontsize")
        with whitegrid(ax):
            width, height = side + longest + (1.0 if colorbar else 0.0), side + (longest if upright else 0.0)
            figure, ax = axes_for(ax, size=(width, height))
            super().plot(ax=ax, cmap=cmap, colorbar=False, **options)
            ax.grid(visible=False)
            for axis in (ax.xaxis, ax.yaxis):
                axis.set_ticklabels(names)
            ax.set(title=self.title, xlabel="predicted class", ylabel="actual class")
            self.im_.set_clim(0, 1 if self.normalize else max(1, self.confusion_matrix.max()))
            if colorbar:
                figure.colorbar(self.im_, ax=ax, label=MEANINGS[self.normalize], shrink=0.8, **bar_options(ax))
            self._style_numbers(size)
        return self

    def _format(self) -> str | None:
        if self.confusion_matrix.dtype.kind != "f":
            return "d"
        return ".2f" if self.normalize else ".4g"

    def _style_numbers(self, size: float | None) -> None:
        """White on dark, dark on light, as large as a cell allows; beyond 12 classes, no zeros."""
        if self.text_ is None:
            return
        crowded = len(self.confusion_matrix) > 12
        for text, value in zip(self.text_.flat, self.confusion_matrix.flat, strict=True):
            text.set_color(LIGHT if self.im_.norm(value) > 0.55 else DARK)
            if crowded:
                text.set_text("" if float(value) == 0 else text.get_text().removeprefix("0"))
        longest = max(len(text.get_text()) for text in self.text_.flat)
        for text in self.text_.flat:
            text.set_fontsize(size or self._fitting_size(longest))

    def _fitting_size(self, letters: int) -> float:
        """Points: the letters, each 0.65 of its size wide, fill at most 0.8 of a cell."""
        box = self.ax_.get_window_extent()
        cell = min(box.width, box.height) / self.ax_.figure.dpi * 72 / len(self.confusion_matrix)
        return float(np.clip(0.8 * cell / (0.65 * max(letters, 1)), 3.0, 12.0))
