"""scikit-learn's own checks of the estimators for tables."""

import warnings

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from pellucid import TabularClassifier, TabularRegressor

SMALL = {"preset": "fast", "max_epochs": 20, "n_threads": 1}

NOT_REPEATED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "A row of weight 2 is one row in a fold and a batch, two rows of weight 1 are two: other random batches. That "
        "a row of weight 0 is no row at all holds to the bit, see test_training.py."
    )
}


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(
    [TabularClassifier(**SMALL), TabularRegressor(**SMALL)], expected_failed_checks=lambda estimator: NOT_REPEATED
)
def test_sklearn_check(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)
