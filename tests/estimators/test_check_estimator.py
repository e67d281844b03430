"""scikit-learn's own checks of an estimator, none exempted."""

import warnings

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from pellucid import MLPClassifier, MLPRegressor


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)])
def test_sklearn_check(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)
