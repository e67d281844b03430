from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.textbook.dropout import dropout_mask, dropout_seed, dropout_words

WORD = 2**64 - 1


def mix(x: int) -> int:
    """The recipe's mix, number by number in Python's integers."""
    x &= WORD
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & WORD
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & WORD
    return x ^ x >> 31


def plain_mask(rate: float, rows: int, width: int, key: int, step: int, layer: int) -> list[list[float]]:
    seed = mix(mix(mix(key) + step) + layer)
    words = [mix(seed + (i + 1) * 0x9E3779B97F4A7C15) for i in range(rows * width)]
    values = [0.0 if word < int(rate * 2**64) else 1 / (1 - rate) for word in words]
    return [values[row * width : (row + 1) * width] for row in range(rows)]


@given(
    st.floats(0, 0.999),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, WORD),
    st.integers(0, 2**40),
    st.integers(0, 50),
)
def test_the_recipe(rate: float, rows: int, width: int, key: int, step: int, layer: int) -> None:
    mask = dropout_mask(rate, (rows, width), key=key, step=step, layer=layer, dtype=np.float64)
    assert mask.tolist() == plain_mask(rate, rows, width, key, step, layer)
    single = dropout_mask(rate, (rows, width), key=key, step=step, layer=layer, dtype="float32")
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, mask.astype(np.float32))


def test_golden_values() -> None:
    """SplitMix64's published first outputs for seed 1234567, and this recipe's own for one mask."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert dropout_words(1234567, 4).tolist() == published
    assert dropout_seed(key=42, step=7, layer=1) == 0x86C5A28A152BC43F
    mask = dropout_mask(0.25, (3, 5), key=42, step=7, layer=1, dtype=np.float64)
    assert (mask > 0).astype(int).tolist() == [[1, 1, 0, 1, 1], [0, 1, 0, 1, 1], [1, 0, 1, 1, 0]]


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_rate(rate: float) -> None:
    mask = dropout_mask(rate, (1000, 200), key=3, step=0, layer=0, dtype=np.float64)
    error = np.sqrt(rate * (1 - rate) / mask.size)
    assert abs((mask == 0).mean() - rate) <= 4 * error
    assert set(np.unique(mask).tolist()) <= {0.0, 1 / (1 - rate)}
    assert abs(mask.mean() - 1) <= 4 * error / (1 - rate)


def test_words_are_spread_evenly() -> None:
    """Chi-square over 256 cells, for the high byte and the low byte: mean 255, standard deviation √510."""
    words = dropout_words(dropout_seed(1, 2, 3), 1 << 16)
    for byte in (words >> np.uint64(56), words & np.uint64(255)):
        counts = np.bincount(byte.astype(np.int64), minlength=256)
        chi_square = float(((counts - 256.0) ** 2 / 256.0).sum())
        assert abs(chi_square - 255) < 4 * np.sqrt(510)


def test_masks_of_other_keys_steps_and_layers_are_independent() -> None:
    size = 1 << 14
    settings = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (2**63, 0, 0), (0, 1000, 0), (5, 5, 5)]
    masks = [
        dropout_mask(0.5, (size, 1), key=key, step=step, layer=layer, dtype=np.float64)[:, 0] - 1
        for key, step, layer in settings
    ]
    for first, second in combinations(masks, 2):
        assert abs(float(first @ second)) < 4.5 * np.sqrt(size)


def test_neighbouring_elements_are_independent() -> None:
    mask = dropout_mask(0.5, (200, 100), key=9, step=9, layer=0, dtype=np.float64) - 1
    for first, second in ((mask[1:], mask[:-1]), (mask[:, 1:], mask[:, :-1])):
        assert abs(float((first * second).sum())) < 4.5 * np.sqrt(first.size)


@pytest.mark.parametrize("key", [0, 2**64 - 1, 2**64 + 5, -3])
def test_any_key_counts_by_its_low_64_bits(key: int) -> None:
    def draw(key: int) -> Any:
        return dropout_mask(0.5, (4, 4), key=key, step=1, layer=0, dtype=np.float64)

    np.testing.assert_array_equal(draw(key), draw(key % 2**64))
