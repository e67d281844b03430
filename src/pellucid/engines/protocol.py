"""What an engine is: it trains described networks, runs them, and shows a step."""

from collections.abc import Sequence
from typing import Any, Protocol

from pellucid.spec import Network, Training
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch, Step
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Job, Run, Watch

__all__ = ["Engine"]


class Engine(Protocol):
    """Trains and runs networks. Engines agree to rounding; each gives the same result on every run."""

    name: str

    def unsupported(self, network: Network, training: Training) -> str | None:
        """Return None if the engine can do this, else the reason in one sentence."""
        ...

    def train(self, jobs: Sequence[Job], watch: Watch) -> list[Run]:
        """Train a population of networks, each in place; one job is the common case.

        An interrupt (Ctrl-C) ends the population: its runs have the outcome INTERRUPTED and the best network so far.
        """
        ...

    def forward(self, network: Network, parameters: Parameters, inputs: Any) -> Array:
        """Weighted sums of the output layer, before the output activation, of shape (rows, outputs)."""
        ...

    def loss_and_gradients(
        self,
        network: Network,
        training: Training,
        parameters: Parameters,
        batch: Batch,
        *,
        dropout: tuple[int, int] | None = None,
    ) -> Step:
        """One forward and backward pass, with all that happened in it.

        `dropout` is (key, step) of the masks that training would draw; None: no dropout.
        """
        ...
