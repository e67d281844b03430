"""What every engine shares: jobs and runs, random streams, stopping, scores, the end of an epoch."""

from pellucid.training.jobs import Epoch, History, Job, Run, State, Watch
from pellucid.training.stopping import Best, Outcome
from pellucid.training.streams import Streams, streams

__all__ = ["Best", "Epoch", "History", "Job", "Outcome", "Run", "State", "Streams", "Watch", "streams"]
