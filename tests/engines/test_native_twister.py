"""The core's way to NumPy's Mersenne Twisters, against NumPy's own."""

import numpy as np
import pytest

from native_cases import needs_native
from pellucid.engines.native import core as module
from pellucid.engines.native import twister

pytestmark = needs_native


@pytest.fixture(params=["in memory", "by attributes"])
def way(request, monkeypatch):
    if request.param == "by attributes":
        monkeypatch.setattr(twister, "lies_as_known", lambda: False)
    return request.param


def test_this_numpy_is_known():
    assert twister.lies_as_known()


@pytest.mark.parametrize("drawn", [0, 1, 623, 624, 625, 5000])
def test_a_twister_is_read_as_numpy_does(way, drawn):
    random = np.random.RandomState(5)
    random.bytes(4 * drawn)
    key, position = twister.read_twister(random)
    _, known_key, known_position, *_ = random.get_state()
    np.testing.assert_array_equal(key, known_key)
    assert position == known_position
    key[...] = 0  # it is a copy
    np.testing.assert_array_equal(random.get_state()[1], known_key)


def test_a_twister_goes_on_as_written(way):
    source, random = np.random.RandomState(5), np.random.RandomState(6)
    source.bytes(4 * 700)
    random.standard_normal()  # keeps a second one
    second = np.random.RandomState(6).standard_normal(2)[1]
    twister.write_twister(random, *twister.read_twister(source))
    assert random.standard_normal() == second
    np.testing.assert_array_equal(random.permutation(900), source.permutation(900))


def test_the_state_is_numpys(way):
    source, random = np.random.RandomState(5), np.random.RandomState(6)
    key, position = twister.read_twister(source)
    state = twister.twister_state(key, position)
    key[...] = 0
    random.set_state(state)
    np.testing.assert_array_equal(random.permutation(900), source.permutation(900))


def test_only_twisters_are_twisters():
    assert twister.is_twister(np.random.RandomState(1))
    assert not twister.is_twister(np.random.RandomState(np.random.PCG64(1)))


def test_the_core_refuses_what_is_no_twister():
    key = np.zeros(twister.WORDS, np.uint32)
    capsule = np.random.MT19937(1).capsule
    with pytest.raises(ValueError, match="from 0 to 624"):
        module.core.write_twister(capsule, key, 625)
    with pytest.raises(ValueError, match="key"):
        module.core.read_twister(capsule, key[:-1])
    with pytest.raises((ValueError, TypeError)):
        module.core.read_twister(object(), key)
