"""A progress bar for terminals and notebooks: epoch, loss, validation score, time left."""

import sys
from time import perf_counter
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin

from pellucid.training.jobs import Epoch

__all__ = ["ProgressBar"]

LEAST_SECONDS_BETWEEN_UPDATES = 0.05
LEAST_SECONDS_BETWEEN_LINES = 1.0


class ProgressBar:
    """Shows a fit while it runs. ``progress=True`` of an estimator makes one.

    Writes to standard error, so that output can still be piped; where that is no terminal and no notebook, a line
    about every tenth of the epochs, at most one a second, and one at the end. Of an ensemble, the epochs of all its
    networks are counted through; as networks may end early, there may be fewer than planned. With a time limit, no more
    time is promised than is left of it.

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
        self._start()

    def _start(self) -> None:
        self._shown_at, self._line_at = 0.0, float("-inf")
        self._done, self._total, self._seconds, self._figures = 0, 0, 0.0, ""
        self._whose, self._began = "", perf_counter()

    def on_fit_begin(self, estimator: Any) -> None:
        """Show an empty bar."""
        self._start()
        self._whose = " of all networks together" if hasattr(estimator, "members") else ""
        self._name = self.description or type(estimator).__name__
        self._limit = getattr(estimator, "time_limit", None)
        from rich.console import Console  # noqa: PLC0415 - only who wants progress pays for it
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        console = Console(stderr=True)
        self._is_live = console.is_terminal or console.is_jupyter
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[counted]}"),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not self._is_live,
            redirect_stdout=sys.stdout.isatty(),  # piped output must not end in the bar
        )
        self._task = self._bar.add_task(self._name, total=None, counted="", figures="", left="")
        self._bar.start()

    def on_epoch_end(self, estimator: Any, epoch: Epoch) -> None:
        """Move the bar."""
        seconds = max(epoch.seconds, perf_counter() - self._began)  # an ensemble trains in several goes
        self.advance(estimator, epoch.epoch, epoch.epochs, seconds, _figures(estimator, epoch))

    def advance(self, estimator: Any, done: int, total: int, seconds: float, figures: str = "") -> None:
        """Show that so many of all units are done, after so many seconds."""
        self._done, self._total, self._seconds, self._figures = done, total, seconds, figures
        if not self._is_live:
            is_due = done == 1 or (done % max(1, total // 10) == 0 and done < total)
            if self.lines and is_due and seconds - self._line_at >= LEAST_SECONDS_BETWEEN_LINES:
                self._line_at = seconds
                self._write(total, self._left())
            return
        if seconds - self._shown_at < LEAST_SECONDS_BETWEEN_UPDATES and done < total:
            return
        self._shown_at = seconds
        self._bar.update(
            self._task, completed=done, total=total, counted=self._counted(total), figures=figures, left=self._left()
        )

    def on_fit_end(self, estimator: Any) -> None:
        """Leave the last state standing: all that was done, which is all there was to do."""
        if self._bar is None:
            return
        if self._done:
            fewer = self._total - self._done
            ended = f"({fewer} fewer than planned)" if fewer > 0 else ""
            if self._is_live:
                counted = self._counted(self._done)
                self._bar.update(self._task, completed=self._done, total=self._done, counted=counted, left=ended)
            elif self.lines:
                self._write(self._done, f"ended after {self._seconds:.0f} s {ended}".rstrip())
        self._bar.stop()

    def _write(self, total: int, state: str) -> None:
        shown = f"  {self._figures}" if self._figures else ""
        sys.stderr.write(f"{self._name}: {self._counted(total)}{shown}  {state}\n")

    def _counted(self, total: int) -> str:
        return f"{self.unit} {self._done}/{total}{self._whose}"

    def _left(self) -> str:
        """Return how long it takes at most: at the pace so far, and within the time limit."""
        left = self._seconds / self._done * (self._total - self._done)
        if self._limit is not None:
            left = min(left, max(0.0, self._limit - self._seconds))
        return f"at most {left:.0f} s left" if left >= 1 else "less than 1 s left"


def _figures(estimator: Any, epoch: Epoch) -> str:
    figures = f"loss {epoch.loss:z.4f}"
    if epoch.validation_score is None:
        return figures
    name, value = _validation(estimator, epoch)
    return f"{figures}  validation {name} {value:z.4f}"


def _validation(estimator: Any, epoch: Epoch) -> tuple[str, float]:
    """Return what the validation rows are judged by: a score's name, or the loss, which is to be low."""
    score = float(epoch.validation_score or 0.0)
    scoring = getattr(estimator, "scoring", None)
    if hasattr(estimator, "members"):  # an ensemble monitors its loss, or a share less 1
        shares = {"accuracy": "accuracy", "roc_auc": "area under the ROC curve"}
        return (shares[scoring], 1 + score) if scoring in shares else ("loss", -score)
    if scoring == "loss":
        return "loss", -score
    if isinstance(scoring, str):
        return scoring.replace("_", " "), score
    if scoring is not None or not isinstance(estimator, ClassifierMixin | RegressorMixin):
        return "score", score
    return ("accuracy" if isinstance(estimator, ClassifierMixin) else "R²"), score
