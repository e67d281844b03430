"""Signals that ask a command to end: Ctrl-C, and those by which Docker, systemd, Kubernetes and Slurm stop a job."""

import functools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

import typer

__all__ = ["interrupted_status", "interruptible", "noticed_interrupts"]

ASKING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
TOGETHER = 0.5
"""Seconds: signals so near to each other are one, sent to the process and to its group."""

_noticed: list[int] = []
"""The signal that came, once one has."""


@contextmanager
def noticed_interrupts() -> Iterator[list[int]]:
    """Let the first of these signals raise KeyboardInterrupt, as Ctrl-C ever did, and note it; a second ends at once.

    One that is ignored, as nohup lets the end of a terminal be, stays so.
    """
    _noticed.clear()
    noticed_at = 0.0

    def notice(number: int, frame: FrameType | None) -> None:
        nonlocal noticed_at
        if not _noticed:
            noticed_at = monotonic()
            _noticed.append(number)
            if number != signal.SIGINT:
                _tell(number)
            signal.default_int_handler(number, frame)
        if monotonic() - noticed_at > TOGETHER:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    before = {number: signal.getsignal(number) for number in ASKING}
    before = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, notice)
    try:
        yield _noticed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(number: int) -> None:
    """Say which signal came, past what is being written; where the terminal is gone, nothing is written to it any more.

    What was going on goes on to the end, though nobody reads of it.
    """
    try:
        os.write(2, f"Interrupted by {signal.Signals(number).name}; a second one ends at once.\n".encode())
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)


def interrupted_status() -> int:
    """Return the status of a command that was interrupted: 128 and the signal's number, 130 after Ctrl-C."""
    return 128 + (_noticed[0] if _noticed else signal.SIGINT)


def interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that such a signal ends it with a word and its own status."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(interrupted_status()) from None

    return run
