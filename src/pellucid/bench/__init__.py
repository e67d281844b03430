"""How fast networks train here: engines and peers on the same work, turn by turn, beside the machine's limits.

`pellucid bench` and the files in ``benchmarks/`` measure with what is here. scikit-learn and PyTorch take part where
they are installed; nothing else of Pellucid needs PyTorch.
"""

from pellucid.bench.cases import CASES, Case
from pellucid.bench.contenders import CONTENDERS, contenders_here
from pellucid.bench.contest import Result, measure, median_seconds
from pellucid.bench.machine import pinned, processor_name, usable_processors

__all__ = [
    "CASES",
    "CONTENDERS",
    "Case",
    "Result",
    "contenders_here",
    "measure",
    "median_seconds",
    "pinned",
    "processor_name",
    "usable_processors",
]
