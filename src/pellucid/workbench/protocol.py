"""Messages: JSON as text, or a JSON header with arrays behind it as binary; see docs/workbench.md."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.errors import DataError
from pellucid.textbook.arrays import Array
from pellucid.workbench.limits import MESSAGE_BYTES, TEXT_BYTES

__all__ = ["Message", "checked_json", "custom", "decode", "encode", "plain", "update"]

DTYPES: dict[str, np.dtype[Any]] = {
    "f4": np.dtype("<f4"),
    "f8": np.dtype("<f8"),
    "i4": np.dtype("<i4"),
    "u1": np.dtype("u1"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
DEEPEST = 30
MOST_BUFFERS = 8


@dataclass(frozen=True)
class Message:
    """What came from a page: a state update, or a custom message with its buffers.

    Attributes
    ----------
    method : {'update', 'custom'}
    content : dict
        The state, or the custom message's content.
    buffers : tuple of bytes
    """

    method: str
    content: dict[str, Any]
    buffers: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def kind(self) -> str:
        """Kind of a custom message; 'settings' of an update."""
        return "settings" if self.method == "update" else str(self.content.get("kind", ""))[:40]


def update(**state: Any) -> str:
    """Return the text of a state update.

    Examples
    --------
    >>> update(wall=None, loss=float("nan"))
    '{"method":"update","state":{"wall":null,"loss":null}}'
    """
    return _dump({"method": "update", "state": state})


def custom(kind: str, **content: Any) -> str:
    """Return a custom message without arrays.

    Examples
    --------
    >>> custom("error", message="No.")
    '{"method":"custom","content":{"kind":"error","message":"No."}}'
    """
    return _dump({"method": "custom", "content": {"kind": kind, **content}})


def encode(content: Mapping[str, Any], buffers: Mapping[str, Array]) -> bytes:
    """Return a binary custom message.

    Examples
    --------
    >>> data = encode({"kind": "points"}, {"x": np.array([1.0, 2.0], "f4")})
    >>> len(data) % 8, decode(data).content["buffers"]
    (0, [{'name': 'x', 'dtype': 'f4', 'shape': [2]}])
    """
    arrays = {name: _ready(array) for name, array in buffers.items()}
    listed = [{"name": name, "dtype": NAMES[array.dtype], "shape": list(array.shape)} for name, array in arrays.items()]
    header = _dump({"method": "custom", "content": {**content, "buffers": listed}}).encode()
    header += b" " * (-(len(header) + 4) % 8)
    pieces: list[Any] = [len(header).to_bytes(4, "little"), header]
    for array in arrays.values():
        pieces += [array.data if array.size else b"", b"\0" * (-array.nbytes % 8)]
    return b"".join(pieces)


def _ready(array: Array) -> Array:
    dtype = np.dtype(array.dtype).newbyteorder("<") if array.dtype.itemsize > 1 else np.dtype(array.dtype)
    if dtype not in NAMES:
        dtype = DTYPES["i4"] if array.dtype.kind in "iub" else DTYPES["f8"]
    return np.ascontiguousarray(array, dtype)


def decode(data: str | bytes) -> Message:
    """Read a message. Nothing of it is trusted.

    Raises
    ------
    DataError
        If it is none: the message says why.
    """
    if isinstance(data, str):
        if len(data) > TEXT_BYTES:
            raise DataError(f"A text message must have at most {TEXT_BYTES} letters; this one has {len(data)}.")
        return _message(data)
    if len(data) > MESSAGE_BYTES:
        raise DataError(f"A message must have at most {MESSAGE_BYTES} bytes; this one has {len(data)}.")
    length = int.from_bytes(data[:4], "little")
    if len(data) < 4 or not 2 <= length <= min(TEXT_BYTES, len(data) - 4):
        raise DataError("A binary message must begin with its header's length, as 32 bits, and its header.")
    try:
        text = data[4 : 4 + length].decode()
    except UnicodeDecodeError:
        raise DataError("A message's header must be UTF-8.") from None
    return _message(text, data[4 + length :])


def _message(text: str, rest: bytes | None = None) -> Message:
    value = checked_json(text)
    method = value.get("method") if isinstance(value, dict) else None
    content = value.get({"update": "state", "custom": "content"}.get(method, "")) if isinstance(method, str) else None
    if not isinstance(method, str) or not isinstance(content, dict):
        raise DataError("A message must be {method: 'update', state: {…}} or {method: 'custom', content: {kind: …}}.")
    return Message(method, content, () if rest is None else _buffers(content.get("buffers", []), rest))


def checked_json(text: str) -> Any:
    """Read JSON that is not trusted: not nested deeply, all numbers finite, all texts Unicode.

    Raises
    ------
    DataError
        If it is not so.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DataError("A message must be JSON.") from None
    _check_values(value, 0)
    return value


def _buffers(listed: Any, rest: bytes) -> tuple[bytes, ...]:
    if not isinstance(listed, list) or len(listed) > MOST_BUFFERS:
        raise DataError(f"'buffers' of a message must be a list of at most {MOST_BUFFERS}.")
    found, place = [], 0
    for each in listed:
        size = _size(each)
        if size is None or place + size > len(rest):
            raise DataError("Each of a message's buffers must have a name, a dtype and a shape, and lie within it.")
        found.append(rest[place : place + size])
        place += size + -size % 8
    return tuple(found)


def _size(listed: Any) -> int | None:
    if not isinstance(listed, dict) or listed.get("dtype") not in DTYPES or not isinstance(listed.get("shape"), list):
        return None
    shape = listed["shape"]
    if len(shape) > 4 or not all(type(length) is int and 0 <= length <= MESSAGE_BYTES for length in shape):
        return None
    return math.prod(shape) * DTYPES[listed["dtype"]].itemsize


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _check_values(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise DataError(f"A message must be nested at most {DEEPEST} levels deep.")
    if isinstance(value, dict | list):
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            _check_values(item, depth + 1)
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:  # '\\ud800' is JSON, and no answer could hold it
            raise DataError("A message's texts must be Unicode, without halves of surrogate pairs.") from None
    elif isinstance(value, float) and not math.isfinite(value):
        raise DataError("A message's numbers must be finite.")
    elif type(value) is int and abs(value) > 2**53:
        raise DataError("A message's whole numbers must lie within ±2^53.")


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: NaN and infinity as None, arrays as lists.

    Examples
    --------
    >>> plain({"a": np.array([1.0, np.nan]), "b": (np.int64(2),)})
    {'a': [1.0, None], 'b': [2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _dump(value: Any) -> str:
    try:
        return _compact(value)
    except (TypeError, ValueError):  # NaN, infinity, NumPy's numbers
        return _compact(plain(value))


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
