"""Fit our estimator and scikit-learn's on the same rows, and compare what came of it.

float64 throughout. 1e-9 relative leaves room for sums in another order (1e-16) and their growth over 20 epochs of
training (observed: up to 1e-12).
"""

import warnings

import numpy as np
import sklearn
import sklearn.neural_network as theirs
from sklearn.exceptions import ConvergenceWarning

import pellucid as ours

RELATIVE = 1e-9
THEIRS = {"classifier": theirs.MLPClassifier, "regressor": theirs.MLPRegressor}
CHECKS_TEXTS_EARLY = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 9)
"""Whether scikit-learn's early stopping takes classes that are texts."""
OURS = {"classifier": ours.MLPClassifier, "regressor": ours.MLPRegressor}


def pair(kind, **parameters):
    """Return our estimator and theirs with the same parameters."""
    parameters = {"random_state": 0, "max_iter": 20, "hidden_layer_sizes": (7, 5)} | parameters
    return OURS[kind](**parameters), THEIRS[kind](**parameters)


def fit_quietly(model, *arguments, **keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*arguments, **keywords)


def assert_same_network(mine, reference, *, relative=RELATIVE):
    assert mine.n_iter_ == reference.n_iter_
    assert mine.t_ == reference.t_
    assert mine.out_activation_ == reference.out_activation_
    assert mine.n_layers_ == reference.n_layers_
    assert mine.n_outputs_ == reference.n_outputs_
    for own, other in zip(mine.coefs_ + mine.intercepts_, reference.coefs_ + reference.intercepts_, strict=True):
        np.testing.assert_allclose(own, other, rtol=relative, atol=relative)


def assert_same_curves(mine, reference, *, relative=RELATIVE):
    assert len(mine.loss_curve_) == len(reference.loss_curve_)
    np.testing.assert_allclose(mine.loss_curve_, reference.loss_curve_, rtol=relative)
    np.testing.assert_allclose(mine.loss_, reference.loss_, rtol=relative)
    if reference.validation_scores_ is None:
        assert mine.validation_scores_ is None
        np.testing.assert_allclose(mine.best_loss_, reference.best_loss_, rtol=relative)
    else:
        np.testing.assert_allclose(mine.validation_scores_, reference.validation_scores_, rtol=relative, atol=1e-12)
        np.testing.assert_allclose(mine.best_validation_score_, reference.best_validation_score_, rtol=relative)
        assert mine.best_loss_ is None
