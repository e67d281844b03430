"""An epoch in its midst."""

from dataclasses import replace

import numpy as np
from numpy.random import RandomState

from pellucid.engines import Engine
from pellucid.spec import Constant, Stopping
from pellucid.textbook.arrays import Array
from pellucid.training.jobs import Job, State, Watch
from pellucid.training.streams import Shuffling, Streams
from pellucid.workbench.moments import copied

__all__ = ["Within"]


class Within:
    """An epoch in its midst: so many of its batches done, on copies, each as the engine would do it."""

    def __init__(self, job: Job) -> None:
        self.job, self.batch = job, 0
        self.parameters, self.state = job.parameters.copy(), copied(job.state)
        random = RandomState()
        random.set_state(job.streams.shuffling.get_state(legacy=False))
        twin = replace(job, streams=Streams(random, job.streams.dropout_key), state=copied(job.state))
        order = twin.begin_order()
        self.order = order.shuffle() if job.training.shuffle else np.arange(job.data.rows)
        self.random = random.get_state(legacy=False)

    def rows(self, batch: int) -> Array:
        """Return which training rows a batch has, in their order."""
        size = self.job.batch_size
        return np.asarray(self.order[batch * size : (batch + 1) * size])

    def one_batch(self, batch: int) -> Job:
        """Return the given batch as one epoch of one batch."""
        job = self.job
        training = replace(
            job.training,
            batch_size=None,
            shuffle=False,
            learning_rate=job.learning_rate(batch),
            schedule=Constant(),
            stopping=Stopping(patience=None),
            epochs=1,
        )
        state = State(optimizer=self.state.optimizer)
        data = replace(job.data, index=self.rows(batch))
        return Job(job.network, training, data, self.parameters, job.streams, state=state, epochs=1)

    def advance(self, engine: Engine) -> None:
        """Train for one batch."""
        job = self.one_batch(self.batch)
        engine.train([job], Watch())
        self.state.optimizer = job.state.optimizer
        self.batch += 1

    def become(self, job: Job) -> None:
        """Make this the end of the job's epoch."""
        job.parameters[...] = self.parameters
        job.state.optimizer = self.state.optimizer
        job.state.epochs += 1
        job.state.rows_seen += sum(len(self.rows(batch)) for batch in range(self.batch))
        job.streams.shuffling.set_state(self.random)
        if job.training.shuffle:
            job.state.shuffling = Shuffling(self.order, self.random)
