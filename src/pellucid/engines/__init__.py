"""How a described network is trained and run: the engines, and the choice among them."""

from functools import cache

from pellucid.engines.protocol import Engine
from pellucid.engines.textbook import TextbookEngine
from pellucid.errors import SpecError, did_you_mean

__all__ = ["ENGINES", "Engine", "TextbookEngine", "get_engine"]

ENGINES = {"textbook": TextbookEngine}


@cache
def get_engine(name: str = "auto") -> Engine:
    """Return the engine of this name; 'auto' is the fastest one that is installed.

    Raises
    ------
    SpecError
        If there is no such engine.

    Examples
    --------
    >>> get_engine("textbook").name
    'textbook'
    """
    if name == "auto":
        name = "textbook"
    if name not in ENGINES:
        raise SpecError(f"there is no engine {name!r}.{did_you_mean(name, ['auto', *ENGINES])}")
    return ENGINES[name]()
