"""`save` and `load`: one safetensors file with arrays, and a JSON header that says what they are.

The file holds numbers and text, never code: what is in a hostile one can be wrong, but it cannot run. Everything is
checked on the way in: the container (by the safetensors library), a checksum, the header's size and shape, the kind of
model, every description, every array's shape and type, and that weights are finite.
"""

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes
from sklearn.utils.validation import check_is_fitted

from pellucid._version import __version__
from pellucid.errors import ModelFileError, what_it_is
from pellucid.estimators.state import HasState
from pellucid.storage.checksum import CHECKSUM, checksum_of, is_as_written
from pellucid.tables.writing import check_writable, replaced_whole

__all__ = ["load", "save"]

FORMAT = "pellucid model"
FORMAT_VERSION = 1
HEADER = "pellucid"
"""Key of the header in the file's metadata."""

LARGEST_HEADER = 64 << 20
"""Bytes of JSON that a header may have: room for a hundred thousand categories."""

DEEPEST_HEADER = 40
"""Levels of lists and objects within each other that a header may have."""

LARGEST = sys.float_info.max

TABLE_SUFFIXES = {".csv", ".tsv", ".tab", ".txt", ".parquet", ".xls", ".xlsx", ".ods", ".feather", ".arrow"}
WRITERS = "Model files are written by `pellucid train` and pellucid.save."

KINDS: Mapping[str, str] = {
    "MLPClassifier": "pellucid.estimators.classifier",
    "MLPRegressor": "pellucid.estimators.regressor",
    "TabularClassifier": "pellucid.estimators.tabular",
    "TabularRegressor": "pellucid.estimators.tabular",
}
"""Models that a file may hold, and the modules they live in. A file names a kind, never a module."""


def save(model: HasState, path: str | Path) -> None:
    """Write a fitted model to a file, whole or not at all.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
    path : str or Path
        By custom ending in ``.safetensors``. A file of this name is replaced at once when the new one is complete.

    Raises
    ------
    TypeError
        If this is no model of Pellucid's.
    NotFittedError
        If it is not trained yet.
    DataError
        If the place cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from pellucid import MLPClassifier, load, save
    >>> model = MLPClassifier((3,), solver="lbfgs", random_state=0).fit([[0.0], [1.0]], ["no", "yes"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, Path(folder, "model.safetensors"))
    ...     load(Path(folder, "model.safetensors")).predict([[0.9]])
    array(['yes'], dtype='<U3')
    """
    kind = type(model).__name__
    if kind not in KINDS or not isinstance(model, HasState):
        raise TypeError(
            f"'model' of pellucid.save must be one of Pellucid's {', '.join(KINDS)}; got {what_it_is(model)} Use "
            "pickle for others."
        )
    check_is_fitted(model)
    path = Path(path)
    check_writable(path)
    state, arrays = model.to_state()
    header = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "kind": kind,
        "written_by": f"pellucid {__version__}",
        "state": state,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = json.dumps(header | {CHECKSUM: checksum_of(header, arrays)}, allow_nan=False)
    content = to_bytes(arrays, {HEADER: text})
    with replaced_whole(path) as temporary:
        temporary.write_bytes(content)


def load(path: str | Path) -> Any:
    """Read a model from a file. No code of the file's runs.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
        As it was saved; what is no data (callbacks, the optimiser's memory) is at its default.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is a folder, damaged, of another kind, from a newer version, or not what it says it is.
    """
    path = Path(path)
    if path.is_dir():
        raise ModelFileError(f"'{path}' is a folder; name a model file in it.")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file '{path}'.")
    try:
        text, arrays = _read(path)
        header = _header(text)
        _compare_checksum(header, arrays)
        kind = header["kind"]
        model_type = getattr(import_module(KINDS[kind]), kind)
        return model_type.from_state(header["state"], arrays)
    except ModelFileError as error:
        raise ModelFileError(f"'{path}' cannot be loaded: {error}") from error
    except MemoryError as error:
        raise ModelFileError(f"'{path}' cannot be loaded: it asks for more memory than there is.") from error


def _read(path: Path) -> tuple[str, dict[str, np.ndarray[Any, Any]]]:
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = file.keys() if HEADER in metadata else ()
            arrays = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, TypeError, KeyError, ValueError, AttributeError) as error:  # some of kinds NumPy lacks
        raise ModelFileError(_why_unreadable(path)) from error
    except OSError as error:
        raise ModelFileError(f"it cannot be read: {error.strerror or 'the disk or the system refused'}.") from error
    if HEADER not in metadata:
        raise ModelFileError("it is a safetensors file, but not one of Pellucid's.")
    return metadata[HEADER], arrays


def _compare_checksum(header: dict[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    if not is_as_written(header, arrays):
        raise ModelFileError("it is damaged: it is not what was written, by its checksum. Copy or save it again.")


def _why_unreadable(path: Path) -> str:
    """Say what a file is that is no whole safetensors file, by its name and its first bytes."""
    if TABLE_SUFFIXES & {suffix.lower() for suffix in path.suffixes}:
        return f"by its name it is a table, not a model file. {WRITERS}"
    if _is_pickle(path):
        return "it looks like a pickle, which could run code: it is not opened."
    return f"it is no whole model file: damaged, cut off or of another kind. Copy or save it again. {WRITERS}"


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(2)
    return start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"


def _header(text: str) -> dict[str, Any]:
    if len(text) > LARGEST_HEADER:
        raise ModelFileError(f"its header has {len(text)} characters; at most {LARGEST_HEADER} are read.")
    try:
        header = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ModelFileError("its header is no JSON: the file is damaged or was not written by Pellucid.") from error
    _check_values(header)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelFileError("its header is not that of a Pellucid model.")
    version = header.get("version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise ModelFileError(
            f"it is of format version {version!r}; this is pellucid {__version__}, which reads version "
            f"{FORMAT_VERSION}. Update pellucid, or save the model again with this one."
        )
    kind = header.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ModelFileError(f"it holds a {kind!r}; known are {', '.join(KINDS)}.")
    if not isinstance(header.get("state"), dict):
        raise ModelFileError("its header has no 'state'.")
    return header


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _check_values(value: Any, depth: int = 0) -> None:
    """Refuse nesting that would exhaust the stack, and numbers that no float holds."""
    if depth > DEEPEST_HEADER:
        raise ModelFileError(f"its header is nested more than {DEEPEST_HEADER} levels deep.")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_values(item, depth + 1)
    elif isinstance(value, float | int) and not abs(value) <= LARGEST:
        raise ModelFileError("its header contains a number that is not finite, or too large for one.")
