"""Descriptions to JSON and back, exactly: ``from_json(Network, to_json(network)) == network``.

A description that is one of several kinds (an activation, a loss …) carries its kind under ``"name"``. Reading checks
every field: unknown ones, missing ones, wrong types and forbidden values are a SpecError that says where.
"""

import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pellucid.errors import SpecError
from pellucid.spec.checks import shown, suggestion

__all__ = ["from_json", "to_json"]

T = TypeVar("T")


def to_json(description: Any) -> Any:
    """Turn a description into dicts, lists, numbers and strings that JSON can hold.

    Examples
    --------
    >>> from pellucid.spec import Layer, LeakyRelu, to_json
    >>> to_json(Layer(3, LeakyRelu(0.2)))["activation"]
    {'name': 'leaky_relu', 'slope': 0.2}
    """
    if is_dataclass(description) and not isinstance(description, type):
        named = {"name": description.name} if hasattr(description, "name") else {}
        return named | {f.name: to_json(getattr(description, f.name)) for f in fields(description)}
    if isinstance(description, tuple):
        return [to_json(item) for item in description]
    return description


def from_json(kind: type[T], value: Any, where: str = "") -> T:
    """Build the description of this kind from what `to_json` gave.

    Parameters
    ----------
    kind : type
        A description class such as Network or Training.
    value : object
        Decoded JSON; not trusted.
    where : str
        Name used in error messages; the class's name by default.

    Raises
    ------
    SpecError
        If anything in it is unknown, missing, of the wrong type or out of range.
    """
    return cast(T, _decode(kind, value, where or kind.__name__))


def _decode(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise SpecError(f"{where} must be a list; got {shown(value)}.")
        return tuple(_decode(get_args(kind)[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if is_dataclass(kind):
        return _decode_dataclass(kind, value, where)
    return _decode_scalar(kind, value, where)


def _decode_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if type(None) in kinds:
        if value is None:
            return None
        kinds = tuple(each for each in kinds if each is not type(None))
    if len(kinds) == 1:
        return _decode(kinds[0], value, where)
    by_name = {kind.name: kind for kind in kinds}
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in by_name:
        raise SpecError(f"{where} must have a known 'name'; got {shown(name)}.{suggestion(name, by_name)}")
    return _decode(by_name[name], value, where)


def _decode_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise SpecError(f"{where} must be an object with named fields; got {shown(value)}.")
    hints = _hints(kind)
    known = {f.name: f for f in fields(kind)}
    given = dict(value)
    if "name" in hints and "name" not in known and given.pop("name", kind.name) != kind.name:
        raise SpecError(f"{where} must have the name {kind.name!r}; got {shown(value['name'])}.")
    for key in given:
        if key not in known:
            raise SpecError(f"{where} has an unknown field {shown(key)}.{suggestion(key, known)}")
    for name, f in known.items():
        if name not in given and f.default is MISSING and f.default_factory is MISSING:
            raise SpecError(f"{where} lacks the field {name!r}.")
    return kind(**{key: _decode(hints[key], item, f"{where}.{key}") for key, item in given.items()})


_hints = cache(get_type_hints)


def _decode_scalar(kind: Any, value: Any, where: str) -> Any:
    if type(value) is kind or (kind is float and type(value) is int):  # the description's own check makes it a float
        return value
    raise SpecError(f"{where} must be of type {kind.__name__}; got {shown(value)} ({type(value).__name__}).")
