"""Targets of a step: whether they are such as the model learned, told before it is prepared."""

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import is_classifier

from pellucid.errors import DataError, near
from pellucid.estimators.base import BaseMLP
from pellucid.spec.checks import shown
from pellucid.tables.frames import counted
from pellucid.tables.schema import shortened

__all__ = ["check_targets"]


def check_targets(model: Any, y: Any, caller: str, classes: Any = None) -> None:
    """Raise DataError unless targets are one a row, of as many columns and of the classes that the model knows.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
    y : array
    caller : str
        Whose argument they are.
    classes : array or None
        All classes, for a classifier that is not fitted.

    Examples
    --------
    >>> from pellucid import MLPClassifier
    >>> check_targets(MLPClassifier(), [0, 5], "trace", classes=[0, 1])
    Traceback (most recent call last):
    pellucid.errors.DataError: 'y' of trace must hold classes that the model knows; 5 is none. Known: 0, 1.
    """
    subject = f"'y' of {caller}"
    if isinstance(y, str | bytes) or np.ndim(y) == 0:
        raise DataError(
            f"{subject} must be an array or list with one value for each row; got {shown(y)}. Of one row it is a list "
            "of one value."
        )
    if not isinstance(model, BaseMLP):
        return
    model._refuse_targets(y, subject)
    if issparse(y):
        return
    outputs: int | None = model.coefs_[-1].shape[1] if hasattr(model, "coefs_") else None
    columns = np.shape(y)[1] if np.ndim(y) == 2 else 1
    binarizer = getattr(model, "_label_binarizer", None)
    if not is_classifier(model) or (binarizer is not None and binarizer.y_type_.startswith("multilabel")):
        if outputs is not None and columns != outputs:
            raise DataError(f"{subject} must have {counted(outputs, 'column')}, as in the fit; it has {columns}.")
        return
    known = classes if outputs is None else model.classes_
    if outputs is not None and classes is not None and set(np.ravel(classes).tolist()) != set(known.tolist()):
        raise DataError(
            f"'classes' of {caller} must be those of the fitted model, {shortened(map(repr, known.tolist()))}; got "
            f"{shown(classes)}. Leave them out."
        )
    if known is not None:
        if columns != 1:
            raise DataError(f"{subject} must have one column, of classes, as in the fit; it has {columns}.")
        _check_classes(np.ravel(y).tolist(), np.ravel(known).tolist(), subject)


def _check_classes(given: list[Any], known: list[Any], subject: str) -> None:
    unknown = [each for each in dict.fromkeys(given) if each not in set(known)]
    if unknown:
        told, many = shortened(map(repr, unknown)), "is none" if len(unknown) == 1 else "are none"
        slip = near(str(unknown[0]), [each for each in known if isinstance(each, str)])
        raise DataError(
            f"{subject} must hold classes that the model knows; {told} {many}. "
            f"Known: {shortened(map(repr, known))}.{slip}"
        )
