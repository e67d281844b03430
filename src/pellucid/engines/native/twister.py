"""NumPy's Mersenne Twisters, read and written by the core: NumPy's own attributes take fifty times as long."""

from functools import lru_cache
from typing import Any

import numpy as np

from pellucid.engines.native.core import core
from pellucid.textbook.arrays import Array

__all__ = ["WORDS", "is_twister", "lies_as_known", "read_twister", "twister_state", "write_twister"]

WORDS = 624


def is_twister(random: np.random.RandomState) -> bool:
    """Tell whether a stream draws from a Mersenne Twister, as all do that are made from a seed."""
    return isinstance(random._bit_generator, np.random.MT19937)


def read_twister(random: np.random.RandomState) -> tuple[Array, int]:
    """Return a copy of the stream's key, of shape (624,), and its position in it, from 0 to 624."""
    if lies_as_known():
        key = np.empty(WORDS, np.uint32)
        return key, core.read_twister(random._bit_generator.capsule, key)
    state = random._bit_generator.state["state"]
    return np.array(state["key"], np.uint32), int(state["pos"])


def write_twister(random: np.random.RandomState, key: Array, position: int) -> None:
    """Let the stream go on from this key and position."""
    if lies_as_known():
        core.write_twister(random._bit_generator.capsule, key, position)
    else:
        random._bit_generator.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}


def twister_state(key: Array, position: int) -> dict[str, Any]:
    """Return the state as `RandomState.set_state` takes it; the key is copied."""
    return {
        "bit_generator": "MT19937",
        "state": {"key": key.copy(), "pos": position},
        "has_gauss": 0,
        "gauss": 0.0,
    }


@lru_cache(maxsize=1)
def lies_as_known() -> bool:
    """Tell whether this NumPy keeps a twister in memory as the core expects: 624 words, then the position."""
    known = np.random.MT19937(2026)
    known.random_raw(1000)
    state, key = known.state["state"], np.empty(WORDS, np.uint32)
    return core.read_twister(known.capsule, key) == state["pos"] and np.array_equal(key, state["key"])
