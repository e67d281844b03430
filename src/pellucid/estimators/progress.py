"""A progress bar for terminals and notebooks: epoch, loss, validation score, time left."""

import sys
from typing import Any

from pellucid.training.jobs import Epoch

__all__ = ["ProgressBar"]

LEAST_SECONDS_BETWEEN_UPDATES = 0.05


class ProgressBar:
    """Shows a fit while it runs. ``progress=True`` of an estimator makes one.

    Writes to standard error, so that output can still be piped; where that is no terminal and no notebook, a line
    about every tenth of the epochs.

    Parameters
    ----------
    description : str
        What stands before the bar; the estimator's class name by default.
    lines : bool
        Whether to write lines where there is no terminal.
    unit : str
        What is counted.
    """

    def __init__(self, description: str | None = None, *, lines: bool = True, unit: str = "epoch") -> None:
        self.description = description
        self.lines = lines
        self.unit = unit
        self._bar: Any = None
        self._task: Any = None
        self._shown_at = 0.0
        self._done = 0

    def on_fit_begin(self, estimator: Any) -> None:
        """Show an empty bar."""
        from rich.console import Console  # noqa: PLC0415 - only who wants progress pays for it
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

        console = Console(stderr=True)
        self._is_live = console.is_terminal or console.is_jupyter
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(self.unit + " {task.completed}/{task.total}"),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not self._is_live,
            redirect_stdout=sys.stdout.isatty(),  # piped output must not end in the bar
        )
        description = self.description or type(estimator).__name__
        self._task = self._bar.add_task(description, total=None, figures="")
        self._bar.start()
        self._shown_at = 0.0
        self._done = 0

    def on_epoch_end(self, estimator: Any, epoch: Epoch) -> None:
        """Move the bar."""
        self.advance(estimator, epoch.epoch, epoch.epochs, epoch.seconds, _figures(epoch))

    def advance(self, estimator: Any, done: int, total: int, seconds: float, figures: str = "") -> None:
        """Show that so many of all units are done, after so many seconds."""
        self._done = done
        if not self._is_live:
            if self.lines and (done % max(1, total // 10) == 0 or done == 1):
                left = seconds / done * (total - done)
                name = self.description or type(estimator).__name__
                shown = f"  {figures}" if figures else ""
                sys.stderr.write(f"{name}: {self.unit} {done}/{total}{shown}  at most {left:.0f} s left\n")
            return
        if seconds - self._shown_at < LEAST_SECONDS_BETWEEN_UPDATES and done < total:
            return
        self._shown_at = seconds
        self._bar.update(self._task, completed=done, total=total, figures=figures)

    def on_fit_end(self, estimator: Any) -> None:
        """Leave the last state standing."""
        if self._bar is not None:
            if self._is_live and self._done:
                self._bar.update(self._task, completed=self._done, total=self._done)
            self._bar.stop()


def _figures(epoch: Epoch) -> str:
    figures = f"loss {epoch.loss:.4f}"
    if epoch.validation_score is not None:
        figures += f"  validation {epoch.validation_score:.4f}"
    return figures
