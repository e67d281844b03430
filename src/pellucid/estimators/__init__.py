"""scikit-learn's interface: estimators that train described networks."""

from pellucid.estimators.callbacks import Callback
from pellucid.estimators.classifier import MLPClassifier
from pellucid.estimators.progress import ProgressBar
from pellucid.estimators.regressor import MLPRegressor

__all__ = ["Callback", "MLPClassifier", "MLPRegressor", "ProgressBar"]
