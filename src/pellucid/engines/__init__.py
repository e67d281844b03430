"""How a described network is trained and run: the engines, and the choice among them."""

import warnings
from functools import cache

from pellucid.engines.native import NativeEngine, unavailable
from pellucid.engines.protocol import Engine
from pellucid.engines.textbook import TextbookEngine
from pellucid.errors import SpecError, TrainingWarning, did_you_mean

__all__ = ["ENGINES", "Engine", "NativeEngine", "TextbookEngine", "get_engine"]

ENGINES = {"native": NativeEngine, "textbook": TextbookEngine}


@cache
def get_engine(name: str = "auto", threads: int | None = None) -> Engine:
    """Return the engine of this name; 'auto' is the native one where it is built, else the textbook's.

    Parameters
    ----------
    name : {'auto', 'native', 'textbook'}
    threads : int or None
        Threads of the native engine; None: every processor that this process may use.

    Raises
    ------
    SpecError
        If there is no such engine, or it is not built here.

    Warns
    -----
    TrainingWarning
        Once, if 'auto' finds that the native engine is not built.

    Examples
    --------
    >>> get_engine("textbook").name
    'textbook'
    """
    if name not in ("auto", *ENGINES):
        raise SpecError(f"there is no engine {name!r}.{did_you_mean(name, ['auto', *ENGINES])}")
    missing = unavailable()
    if name == "auto" and missing:
        warnings.warn(f"Training runs on the slower textbook engine: {missing}", TrainingWarning, stacklevel=3)
    if name == "textbook" or (name == "auto" and missing):
        return TextbookEngine()
    return NativeEngine(threads=threads)
