"""Pellucid: multi-layer perceptrons that you can see through.

>>> from sklearn.datasets import make_moons
>>> from pellucid import MLPClassifier
>>> X, y = make_moons(200, noise=0.1, random_state=0)
>>> MLPClassifier((10,), solver="lbfgs", random_state=0).fit(X, y).score(X, y)
1.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid._version import __version__

if TYPE_CHECKING:
    from pellucid import plotting, spec, textbook, tuning, workbench
    from pellucid.estimators import MLPClassifier, MLPRegressor
    from pellucid.estimators.tabular import TabularClassifier, TabularRegressor
    from pellucid.storage import load, save
    from pellucid.tracing import check_gradients, trace

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "TabularClassifier",
    "TabularRegressor",
    "__version__",
    "check_gradients",
    "load",
    "plotting",
    "save",
    "spec",
    "textbook",
    "trace",
    "tuning",
    "workbench",
]

_HOMES = {
    "MLPClassifier": "pellucid.estimators",
    "MLPRegressor": "pellucid.estimators",
    "TabularClassifier": "pellucid.estimators.tabular",
    "TabularRegressor": "pellucid.estimators.tabular",
    "check_gradients": "pellucid.tracing",
    "load": "pellucid.storage",
    "save": "pellucid.storage",
    "trace": "pellucid.tracing",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: ``import pellucid`` alone is quick."""
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in __all__:
        value = import_module(f"pellucid.{name}")
    else:
        raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
