"""The program `pellucid`: its commands, and what all of them share.

A command is one file with one function of its own name; COMMANDS lists them. What takes long to import is imported
inside that function, so that ``pellucid --help`` is quick.
"""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from pellucid import __version__
from pellucid.cli.bench import bench
from pellucid.cli.console import printable
from pellucid.cli.demo import demo
from pellucid.cli.evaluate import evaluate
from pellucid.cli.explain import explain
from pellucid.cli.failures import (
    BAD_INPUT,
    message_of,
    named_output,
    told_warnings,
)
from pellucid.cli.interrupts import interrupted_status, interruptible, noticed_interrupts
from pellucid.cli.predict import predict
from pellucid.cli.train import train
from pellucid.cli.tune import tune
from pellucid.cli.workbench import workbench

__all__ = ["COMMANDS", "app", "main"]

COMMANDS: tuple[Callable[..., None], ...] = (demo, train, predict, evaluate, explain, tune, bench, workbench)

app = typer.Typer(
    name="pellucid",
    help="Multi-layer perceptrons that you can see through.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pellucid {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the program itself; main looks at --debug."""


for command in COMMANDS:
    app.command()(interruptible(command))


def main() -> None:
    """Run the program on the arguments it was called with, and exit with its status.

    0: done. 2: something given to it is wrong; one message on standard error says what. 130: interrupted
    by Ctrl-C; 143: by SIGTERM, 129: by SIGHUP.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter is no reason to fail
    arguments = sorted(sys.argv[1:], key=lambda argument: argument != "--debug")  # it may stand anywhere
    with noticed_interrupts() as interrupts, told_warnings():
        try:
            with named_output():
                app(arguments)
        except Exception as error:
            message = message_of(error)
            if "--debug" in arguments or (message is None and not interrupts):
                raise
            if message is None:  # a library being imported made another error of Ctrl-C
                typer.echo("Interrupted.", err=True)
                sys.exit(interrupted_status())
            typer.echo(f"Error: {printable(message)}", err=True)
            sys.exit(BAD_INPUT)
