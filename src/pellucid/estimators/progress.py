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
    """

    def __init__(self, description: str | None = None, *, lines: bool = True) -> None:
        self.description = description
        self.lines = lines
        self._bar: Any = None
        self._task: Any = None
        self._shown_at = 0.0

    def on_fit_begin(self, estimator: Any) -> None:
        """Show an empty bar."""
        from rich.console import Console  # noqa: PLC0415 - only who wants progress pays for it
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

        console = Console(stderr=True)
        self._is_live = console.is_terminal or console.is_jupyter
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("epoch {task.completed}/{task.total}"),
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

    def on_epoch_end(self, estimator: Any, epoch: Epoch) -> None:
        """Move the bar."""
        is_last = epoch.epoch == epoch.epochs
        if not self._is_live:
            if self.lines and (epoch.epoch % max(1, epoch.epochs // 10) == 0 or epoch.epoch == 1):
                self._print_line(estimator, epoch)
            return
        if epoch.seconds - self._shown_at < LEAST_SECONDS_BETWEEN_UPDATES and not is_last:
            return
        self._shown_at = epoch.seconds
        self._bar.update(self._task, completed=epoch.epoch, total=epoch.epochs, figures=_figures(epoch))

    def on_fit_end(self, estimator: Any) -> None:
        """Leave the last state standing."""
        if self._bar is not None:
            n_iter = getattr(estimator, "n_iter_", None)
            if self._is_live and n_iter:
                self._bar.update(self._task, completed=n_iter, total=n_iter)
            self._bar.stop()

    def _print_line(self, estimator: Any, epoch: Epoch) -> None:
        left = epoch.seconds / epoch.epoch * (epoch.epochs - epoch.epoch)
        name = self.description or type(estimator).__name__
        sys.stderr.write(f"{name}: epoch {epoch.epoch}/{epoch.epochs}  {_figures(epoch)}  at most {left:.0f} s left\n")


def _figures(epoch: Epoch) -> str:
    figures = f"loss {epoch.loss:.4f}"
    if epoch.validation_score is not None:
        figures += f"  validation {epoch.validation_score:.4f}"
    return figures
