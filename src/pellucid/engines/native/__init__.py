"""The native engine: the textbook's mathematics in C++, compiled once per instruction set.

A whole training is one call into the core: epochs, shuffling, steps, validation and stopping run there, without the
global interpreter lock. The core works on the caller's arrays in place; the files here check them, describe networks
and trainings to the core, and turn what comes back into runs.

Two settings come from the environment: ``PELLUCID_ISA`` names the instruction set ('baseline', 'avx2', 'avx512'
or 'avx512bf16'), ``PELLUCID_NUM_THREADS`` the number of threads.
"""

from pellucid.engines.native.core import default_threads, instruction_set, possible_instruction_sets, unavailable
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.peak import Bandwidth, fma_peak, memory_bandwidth

__all__ = [
    "Bandwidth",
    "NativeEngine",
    "default_threads",
    "fma_peak",
    "instruction_set",
    "memory_bandwidth",
    "possible_instruction_sets",
    "unavailable",
]
