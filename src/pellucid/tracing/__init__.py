"""One training step, every number of it; and whether its derivatives are right."""

from pellucid.tracing.gradients import GradientCheck, check_gradients
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.steps import Trace, Update, trace

__all__ = ["GradientCheck", "LayerTrace", "Trace", "Update", "check_gradients", "trace"]
