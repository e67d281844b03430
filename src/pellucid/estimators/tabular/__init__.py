"""Estimators for raw tables: small networks, each trained on other rows and judged by the rows it did not see."""

from pellucid.estimators.tabular.classifier import TabularClassifier
from pellucid.estimators.tabular.members import PRESETS, Member
from pellucid.estimators.tabular.regressor import TabularRegressor

__all__ = ["PRESETS", "Member", "TabularClassifier", "TabularRegressor"]
