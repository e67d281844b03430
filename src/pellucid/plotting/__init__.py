"""Pictures of networks and of what they predict, with scikit-learn's Display convention.

Each display is made by ``from_estimator`` (or from arrays), draws itself, and draws again with ``plot(ax=...)``;
``ax_`` and ``figure_`` hold the result. Given axes keep their colours and sizes of text; side by side, pictures have
the most room in ``plt.subplots(1, 2, layout="constrained")``. Nothing here chooses a backend or changes matplotlib's
settings for others.
"""

from pellucid.plotting.boundary_wall import BoundaryWall
from pellucid.plotting.confusion_matrix import ConfusionMatrix
from pellucid.plotting.decision_boundary import DecisionBoundary
from pellucid.plotting.growth_curve import GrowthCurve
from pellucid.plotting.importance_bars import ImportanceBars
from pellucid.plotting.loss_curve import LossCurve
from pellucid.plotting.loss_fan import LossFan
from pellucid.plotting.loss_spread import LossSpread
from pellucid.plotting.network_diagram import NetworkDiagram
from pellucid.plotting.prediction_error import PredictionError
from pellucid.plotting.rate_range import RateRange
from pellucid.plotting.reliability_curve import ReliabilityCurve
from pellucid.plotting.roofline import Roofline
from pellucid.plotting.search_history import SearchHistory
from pellucid.plotting.setting_heat_map import SettingHeatMap
from pellucid.plotting.setting_scores import SettingScores
from pellucid.plotting.weight_histogram import WeightHistogram

__all__ = [
    "BoundaryWall",
    "ConfusionMatrix",
    "DecisionBoundary",
    "GrowthCurve",
    "ImportanceBars",
    "LossCurve",
    "LossFan",
    "LossSpread",
    "NetworkDiagram",
    "PredictionError",
    "RateRange",
    "ReliabilityCurve",
    "Roofline",
    "SearchHistory",
    "SettingHeatMap",
    "SettingScores",
    "WeightHistogram",
]
