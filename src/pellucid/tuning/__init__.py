"""Sweeps and searches: hundreds of networks at once, from one core to a cluster."""

from pellucid.tuning.curves import Growth, capacity_curve, learning_curve
from pellucid.tuning.learning_rate import LearningRates, find_learning_rate
from pellucid.tuning.search import Search, search
from pellucid.tuning.search_cv import PopulationSearchCV
from pellucid.tuning.sweep import Sweep, sweep

__all__ = [
    "Growth",
    "LearningRates",
    "PopulationSearchCV",
    "Search",
    "Sweep",
    "capacity_curve",
    "find_learning_rate",
    "learning_curve",
    "search",
    "sweep",
]
