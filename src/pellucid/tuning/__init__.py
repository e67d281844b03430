"""Sweeps and searches: hundreds of networks at once, from one core to a cluster."""

from pellucid.tuning.search_cv import PopulationSearchCV

__all__ = ["PopulationSearchCV"]
