"""What the machine can do at most: figures that make sense, whatever they are."""

import math

import pytest

from native_cases import needs_native
from pellucid.engines.native import fma_peak, memory_bandwidth, possible_instruction_sets
from pellucid.engines.native import peak as peaks
from pellucid.errors import SpecError

pytestmark = needs_native


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("isa", possible_instruction_sets())
def test_peak(isa, dtype):
    assert 0 < fma_peak(dtype, seconds=0.001, isa=isa) < math.inf


def test_bandwidth():
    bandwidth = memory_bandwidth(threads=2, seconds=0.01, size=2**22)
    assert all(math.isfinite(speed) and speed > 0 for speed in bandwidth)


def test_threads_are_added(monkeypatch):
    class Core:
        kernel_set = staticmethod(lambda name: name)
        fma_peak = staticmethod(lambda kernels, dtype, seconds: 10.0)
        memory_bandwidth = staticmethod(lambda kernels, values, seconds: (1.0, float(len(values))))

    monkeypatch.setattr(peaks, "core", Core)
    assert fma_peak(threads=3) == 30.0
    assert memory_bandwidth(threads=4, size=32000) == (4.0, 4000.0)


def test_the_memory_outgrows_the_last_cache():
    assert peaks.last_cache_bytes() >= 2**15


@pytest.mark.parametrize(("call", "message"), [(fma_peak, "dtype"), (memory_bandwidth, "384")])
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call("float16") if call is fma_peak else call(size=800)


def test_without_the_core(monkeypatch):
    monkeypatch.setattr(peaks, "unavailable", lambda: "the native engine is not built.")
    with pytest.raises(SpecError, match="not built"):
        fma_peak()
