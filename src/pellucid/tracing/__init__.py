"""One training step, every number of it; and whether its derivatives are right."""

from pellucid.tracing.columns import ColumnTrace
from pellucid.tracing.gradients import GradientCheck, check_gradients, check_step
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.parametric import ParametricTrace
from pellucid.tracing.sharing import SharingTrace
from pellucid.tracing.steps import Trace, Update, trace, trace_step

__all__ = [
    "ColumnTrace",
    "GradientCheck",
    "InputsTrace",
    "LayerTrace",
    "ParametricTrace",
    "SharingTrace",
    "Trace",
    "Update",
    "check_gradients",
    "check_step",
    "trace",
    "trace_step",
]
