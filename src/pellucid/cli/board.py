"""A board for the terminal: what a search has found so far, how long it goes on."""

import sys
import time
from types import TracebackType
from typing import Any, Self

from pellucid.cli.console import Fitted, printable
from pellucid.tables.frames import counted
from pellucid.tuning import Search
from pellucid.tuning.words import score_told, setting_text, used_settings

__all__ = ["Board"]

BEST_SHOWN = 8


class Board:
    """Shows the best trials, drawn anew while the search goes on; where there is no terminal, a line a trial.

    Parameters
    ----------
    title : str
    seconds : float or None
        How long the search may take.
    trials : int or None
        How many trials there will be.
    quiet : bool
        Show nothing.
    """

    def __init__(self, title: str, seconds: float | None, trials: int | None, *, quiet: bool = False) -> None:
        self.title, self.seconds, self.trials, self.quiet = printable(title), seconds, trials, quiet
        self.found: Search | None = None
        self.began = time.monotonic()
        self._live: Any = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        if console.is_terminal and not self.quiet:
            self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, found: Search) -> None:
        """Take in a search after another trial."""
        self.found = found
        if self._live is None and not self.quiet:
            last = found.frame.iloc[-1]
            name, sign = score_told(found.score_name)
            reached = f", joined {sign * joined:.4f}" if (joined := _joined(found)) is not None else ""
            result = last["reason"]
            if last["state"] != "FAIL":
                result = f"{name} {sign * last['score']:.4f} after {counted(round(last['n_iter']), 'epoch')}"
            sys.stderr.write(
                printable(
                    f"trial {last['trial']}: {result}; best {sign * found.best_score_:.4f}{reached}. {self._left()}"
                )
                + "\n"
            )

    def _left(self) -> str:
        """Return how long it goes on, in words."""
        spent = time.monotonic() - self.began
        if self.seconds is not None:
            return f"{_clock(max(0.0, self.seconds - spent))} left"
        return f"{_clock(spent)} so far"

    def _draw(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        done = 0 if self.found is None else len(self.found.frame)
        share = 0.0
        if self.seconds is not None:
            share = min(1.0, (time.monotonic() - self.began) / self.seconds)
        if self.trials is not None:
            share = max(share, min(1.0, done / self.trials))
        of = "" if self.trials is None else f" of {self.trials}"
        joined = None if self.found is None else _joined(self.found)
        name, sign = ("score", 1) if self.found is None else score_told(self.found.score_name)
        reached = "" if joined is None else f"    joined {sign * joined:.4f}"
        head = Text(
            f"{self.title}    {done}{of} trials{reached}    {self._left()}    Ctrl-C ends, nothing is lost",
            style="bold",
        )
        if self.found is None or not done:
            return Group(head, ProgressBar(total=1.0, completed=share, width=60))
        whole = self.found.frame[self.found.frame["state"] == "COMPLETE"]
        best = whole.sort_values("score", ascending=False).head(BEST_SHOWN)
        names = list(self.found.space.distributions)
        differing = [name for name in names if best[name].astype(str).nunique() > 1]
        rows = [
            (
                str(row["trial"]),
                f"{sign * row['score']:.4f}",
                f"{row['seconds']:.1f}",
                f"{row['n_iter']:.0f}",
                ", ".join(
                    f"{setting} {setting_text(setting, value)}"
                    for setting, value in used_settings({each: row[each] for each in names}).items()
                    if setting in differing or not differing
                ),
            )
            for _, row in best.iterrows()
        ]
        what = "settings that differ" if differing else "settings"
        table = Fitted(("trial", name, "seconds", "epochs trained", what), rows)
        return Group(head, ProgressBar(total=1.0, completed=share, width=60), Text(), table)


def _joined(found: Search) -> float | None:
    """Return the score of the trials that are joined; None while the best one alone is better."""
    joined = found.combination_
    return joined.score if joined is not None and joined.is_joined else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
