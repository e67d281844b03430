"""The workbench: a page in the browser where a network learns before your eyes.

`pellucid workbench` serves it; `show` opens a fitted estimator in it, and `LiveView` streams a running `fit` into it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.workbench.live import LiveView
    from pellucid.workbench.opening import Served, show

__all__ = ["LiveView", "Served", "show"]


def __getattr__(name: str) -> Any:
    """Import the server when it is asked for: the rows' sources alone need none of it."""
    if name not in __all__:
        raise AttributeError(f"module 'pellucid.workbench' has no attribute {name!r}")
    from pellucid.workbench import live, opening  # noqa: PLC0415 - see above

    return getattr(live if name == "LiveView" else opening, name)
