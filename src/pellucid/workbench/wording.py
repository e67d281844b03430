"""Errors in the page's words: its labels instead of the names that fields and classes have in the code."""

import re
from functools import cache
from typing import Any, get_args

from pellucid import spec
from pellucid.errors import PellucidError
from pellucid.workbench.catalog import WORDS, catalog, label_of

__all__ = ["in_words", "words_of"]

PLACES = {
    "Data": "data",
    "Table": "data.table",
    "Inputs": "inputs",
    "View": "inputs.view",
    "Net": "network",
    "Network": "network",
    "NetLayer": "network.layers[]",
    "Layer": "network.layers[]",
    "Descent": "training",
    "Training": "training",
    "Stop": "stop",
    "Stopping": "stop",
}
"""Where a description's fields stand among the settings."""
CHOICES = {
    kind.__name__: kind.name
    for union in (spec.Activation, spec.Initializer, spec.Loss, spec.Optimizer, spec.Schedule)
    for kind in get_args(union)
}
OF_A_CLASS = re.compile(r"^'(\w+)' of ([A-Z]\w*)")
OF_A_PATH = re.compile(r"^(?:data|inputs|network|training|stop)(?:\.\w+|\[\d+\])+")
OF_A_MESSAGE = re.compile(r"^'(\w+)'(?= must )")
PLAIN = (
    (" (or None)", ", or empty"),
    ("an integer of", "a whole number of"),
    ("of type int;", "a whole number;"),
    ("of type float;", "a number;"),
    ("of type str;", "a text;"),
    ("of type bool;", "on or off;"),
    ("True or False;", "on or off;"),
    ("got None.", "got nothing."),
)


def words_of(error: BaseException) -> str:
    """Say what went wrong as the page tells it."""
    if isinstance(error, PellucidError):
        return in_words(str(error))
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; ask for less."
    return f"The message could not be understood ({type(error).__name__})."


def in_words(message: str) -> str:
    """Say what a setting must be with the page's label of it, and its default where it has one.

    Examples
    --------
    >>> in_words("'batch_size' of Descent must be an integer of at least 1 (or None); got 0.")
    'Batch size must be a whole number of at least 1, or empty; got 0. The default is 10.'
    >>> in_words("'beta_1' of Adam must be a finite number, less than 1; got 2.")
    'Beta 1 of Adam must be a finite number, less than 1; got 2.'
    >>> in_words("network.layers[1].width must be of type int; got 2.5 (float).")
    'Neurons of layer 2 must be a whole number; got 2.5. The default is 4.'
    >>> in_words("There is no wall.")
    'There is no wall.'
    """
    for pattern, named in ((OF_A_CLASS, _of_a_class), (OF_A_PATH, _of_a_path), (OF_A_MESSAGE, _of_a_message)):
        if found := pattern.match(message):
            subject, path = named(found)
            said = message[found.end() :]
            for ours, plain in PLAIN:
                said = said.replace(ours, plain)
            said = re.sub(r" \((?:int|float|str|bool|list|dict|NoneType)\)\.$", ".", said)
            return subject[:1].upper() + subject[1:] + said + _default(path)
    return message


def _of_a_class(found: "re.Match[str]") -> tuple[str, str]:
    name, kind = found.groups()
    if kind in CHOICES:
        return f"{_spaced(name)} of {WORDS.get(CHOICES[kind], (CHOICES[kind],))[0]}", ""
    path = f"{PLACES.get(kind, kind)}.{name}"
    return _label(path), path


def _of_a_path(found: "re.Match[str]") -> tuple[str, str]:
    path = re.sub(r"\[\d+\]", "[]", found[0])
    layer = re.match(r"network\.layers\[(\d+)\]", found[0])
    return _label(path) + (f" of layer {int(layer[1]) + 1}" if layer else ""), path


def _of_a_message(found: "re.Match[str]") -> tuple[str, str]:
    return _spaced(found[1]), ""


def _label(path: str) -> str:
    """Return a setting's label; of a choice's parameter its name, after the choice."""
    label = label_of(path)
    above, _, name = path.rpartition(".")
    if label != path or not above:
        return label
    owner = label_of(above)
    return _spaced(name) if owner == above else f"{owner}: {_spaced(name)}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


@cache
def _defaults() -> dict[str, Any]:
    return {each["path"]: each["default"] for each in catalog()["fields"] if each["kind"] in ("number", "integer")}


def _default(path: str) -> str:
    default = _defaults().get(path)
    return "" if default is None else f" The default is {default}."
