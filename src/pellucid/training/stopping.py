"""When to stop: the patience rule, the memory of the best epoch, and why training ended."""

from dataclasses import dataclass, field
from enum import Enum
from math import inf

from pellucid.spec import Stopping
from pellucid.textbook.arrays import Array

__all__ = ["Best", "Outcome"]


class Outcome(Enum):
    """Why training ended. The value says it in words, with advice where there is any."""

    CONVERGED = "No further improvement: training has converged."
    ALL_EPOCHS = (
        "All epochs are done, and training had not converged yet: more epochs or a larger learning rate may help."
    )
    TIME_LIMIT = "The time limit was reached: a longer one, fewer rows or a smaller network lets training finish."
    INTERRUPTED = "Training was interrupted: the network is what it had learned by then."
    STOPPED = "A callback asked to stop."
    DIVERGED = (
        "Training diverged: the loss is no longer a finite number. Use a smaller learning rate, "
        "scale the inputs (and a regression's targets) to about -1..1, or set clip_norm."
    )


@dataclass
class Best:
    """The best value seen of what is monitored, and for how long nothing better came.

    Attributes
    ----------
    value : float or None
        None before the first epoch.
    stale : int
        Epochs in a row without an improvement by more than the tolerance.
    epoch : int
        Epoch of the best value, from 1, those of earlier parts of the training counted; 0 before the first.
    parameters : array or None
        Copy of the parameters at the best epoch, if they are to be restored.
    """

    value: float | None = None
    stale: int = 0
    epoch: int = 0
    parameters: Array | None = field(default=None, repr=False)

    def observe(self, stopping: Stopping, value: float, epoch: int, parameters: Array) -> None:
        """Take in the monitored value of one epoch.

        The comparisons are scikit-learn's, to the letter: an improvement by exactly the tolerance counts.
        """
        higher_is_better = stopping.monitor == "validation_score"
        best = self.value if self.value is not None else (-inf if higher_is_better else inf)
        if higher_is_better:
            too_little, better = value < best + stopping.tolerance, value > best
        else:
            too_little, better = value > best - stopping.tolerance, value < best
        self.stale = self.stale + 1 if too_little else 0
        if better or (stopping.latest_best and value == best):
            self.value, self.epoch = value, epoch
            if stopping.restore_best:
                self.parameters = parameters.copy()

    def is_exhausted(self, stopping: Stopping) -> bool:
        """Tell whether patience is over."""
        return stopping.patience is not None and self.stale > stopping.patience

    def failed_milestone(self, stopping: Stopping, epoch: int) -> bool:
        """Tell whether this epoch is a milestone, and nothing better came since the one before."""
        if epoch not in stopping.milestones:
            return False
        before = max((each for each in stopping.milestones if each < epoch), default=0)
        return self.stale >= epoch - before
