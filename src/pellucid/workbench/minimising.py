"""L-BFGS, some iterations at a time: its memory lies within SciPy's minimiser, which waits in a thread of its own."""

import weakref
from collections.abc import Callable
from dataclasses import replace
from threading import Semaphore, Thread

from pellucid.engines import Engine
from pellucid.training.jobs import Epoch, History, Job, Run, Watch
from pellucid.training.stopping import Outcome
from pellucid.workbench.moments import copied

__all__ = ["Minimising"]


class Minimising:
    """A minimiser under way, on a copy of the job that it begins from.

    Where the run goes elsewhere it is thrown away; from the same job another one makes the same iterations.

    Parameters
    ----------
    engine : Engine
    job : Job
        With ``Lbfgs`` as its optimiser.
    """

    def __init__(self, engine: Engine, job: Job) -> None:
        epochs = job.training.epochs - job.state.epochs
        self._job = replace(job, parameters=job.parameters.copy(), state=copied(job.state), epochs=epochs)
        self._turns = _Turns()
        self._thread = Thread(target=_minimise, args=(self._turns, engine, self._job), daemon=True)
        self._thread.start()
        weakref.finalize(self, self._turns.end)

    def advance(self, job: Job, until: Callable[[Epoch], bool] | None = None) -> Run:
        """Let the job have so many iterations more as its `epochs` says; `until` is asked after each."""
        self._turns.take(job.epochs_to_run, until)
        mine, history = self._job, self._turns.history
        job.parameters[...] = mine.parameters
        job.state.epochs, job.state.best = mine.state.epochs, replace(mine.state.best)
        if job.state.optimizer is not None:
            job.state.optimizer.step += len(history.loss)
        done = self._turns.done
        if done is None:
            return Run(job.parameters, job.state, history, Outcome.ALL_EPOCHS)
        return replace(done, parameters=job.parameters, state=job.state, history=history)


class _Turns:
    """Who works: the minimiser's thread or the run's, never both."""

    def __init__(self) -> None:
        self.history = History()
        self.done: Run | None = None
        self.error: BaseException | None = None
        self._left, self._until = 0, None  # type: tuple[int, Callable[[Epoch], bool] | None]
        self._is_over = False
        self._go, self._rest = Semaphore(0), Semaphore(0)

    def take(self, iterations: int, until: Callable[[Epoch], bool] | None) -> None:
        """Let the minimiser make so many iterations, and wait for them."""
        self.history = History()
        if self.done is not None:
            return
        self._left, self._until = iterations, until
        self._go.release()
        self._rest.acquire()
        if self.error is not None:
            raise self.error

    def begin(self) -> bool:
        """Wait for the first turn; false: there is none."""
        self._go.acquire()
        return not self._is_over

    def tell(self, epoch: Epoch) -> bool:
        """Hear of an iteration, in the minimiser's thread; true ends it."""
        history = self.history
        history.loss.append(epoch.loss)
        history.learning_rate.append(epoch.learning_rate)
        if epoch.validation_loss is not None and epoch.validation_score is not None:
            history.validation_loss.append(epoch.validation_loss)
            history.validation_score.append(epoch.validation_score)
        self._left -= 1
        if (self._until is not None and self._until(epoch)) or self._left < 1:
            self._rest.release()
            self._go.acquire()
        return self._is_over

    def finish(self, done: Run | None, error: BaseException | None = None) -> None:
        """Hear that the minimiser has come to its end."""
        self.done, self.error = done, error
        self._rest.release()

    def end(self) -> None:
        """Let the minimiser's thread end."""
        self._is_over = True
        self._go.release()


def _minimise(turns: _Turns, engine: Engine, job: Job) -> None:
    if not turns.begin():
        return
    try:
        (done,) = engine.train([job], Watch(turns.tell))
    except BaseException as error:  # it is raised where the run waits
        turns.finish(None, error)
    else:
        turns.finish(done)
