"""Arrays as the core reads them: where they lie if it can, else copied."""

from typing import Any

import numpy as np

from pellucid.errors import DataError
from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.embeddings import check_dense
from pellucid.textbook.network import Batch
from pellucid.training.coded import CodedRows, decoded

__all__ = ["data_parts", "in_place", "input_parts"]


def input_parts(network: Network, inputs: Any, dtype: Any) -> Any:
    """Rows as they are where the core can read them, else a copy; sparse and coded rows as their parts.

    Where sparse numbers stand is copied in any case: the core checks it once, and the matrix may change meanwhile.
    """
    if isinstance(inputs, CodedRows) and inputs.dtype == dtype:
        return _coded_parts(inputs)
    inputs = decoded(inputs)
    if network.embedding is not None:
        check_dense(inputs)
    if isinstance(inputs, np.ndarray):
        return _rows(inputs, dtype)
    csr = inputs.tocsr()
    index = np.int32 if csr.indices.dtype == np.int32 else np.int64
    return (
        np.ascontiguousarray(csr.data, dtype),
        np.array(csr.indices, index),
        np.array(csr.indptr, np.int64),
        csr.shape[1],
    )


def _coded_parts(rows: CodedRows) -> list[Any]:
    groups: list[tuple[int, int, Array | None, list[int]]] = []
    for kind, coded in enumerate((rows.byte_groups, rows.word_groups)):
        groups += [(kind, place, group.table, group.columns.tolist()) for place, group in enumerate(coded)]
    groups += [(2, place, None, [column]) for place, column in enumerate(rows.plain_columns.tolist())]
    return [rows.bytes, rows.words, rows.plain, groups]


def _rows(array: Array, dtype: Any) -> Array:
    is_ready = array.dtype == dtype and array.dtype.isnative and array.flags.aligned
    has_rows = is_ready and array.ndim == 2 and array.strides[1] == array.itemsize
    if has_rows and array.strides[0] >= 0 and array.strides[0] % array.itemsize == 0:
        return array
    return np.array(array, dtype, order="C")


def data_parts(network: Network, batch: Batch, dtype: Any) -> tuple[Any, Array, Array | None, Array | None]:
    """Split a batch into inputs, targets, weights (or None) and the rows that it consists of (None: all)."""
    if batch.targets.ndim != 2:
        raise DataError(f"targets must have the shape (rows, outputs); got {batch.targets.shape}.")
    weight = None if batch.sample_weight is None else np.ascontiguousarray(batch.sample_weight, np.float64)
    index = None if batch.index is None else _row_numbers(batch.index)
    return input_parts(network, batch.inputs, dtype), _rows(batch.targets, dtype), weight, index


def _row_numbers(index: Array) -> Array:
    """Row numbers in 32 bits: half the memory, for as many rows as any order names."""
    if index.dtype.kind not in "iu":
        raise DataError(f"the rows of a batch must be named by integers; got {index.dtype}.")
    if index.dtype != np.uint32 and len(index) and not 0 <= index.min() <= index.max() < 2**32:
        raise DataError(f"the rows of a batch must be from 0 to 2^32 - 1; got {index.min()} to {index.max()}.")
    return np.ascontiguousarray(index, np.uint32)


def in_place(array: Array, what: str) -> Array:
    """Refuse what cannot be trained where it lies."""
    flags = array.flags
    if array.dtype not in (np.float32, np.float64) or not array.dtype.isnative:
        raise DataError(f"the {what} must be float32 or float64 in native byte order; got {array.dtype.str!r}.")
    if not (flags.c_contiguous and flags.writeable and flags.aligned):
        raise DataError(f"the {what} must be a contiguous, aligned, writeable array; pass a copy.")
    return array
