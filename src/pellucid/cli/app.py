"""The program `pellucid`: its commands, and what all of them share.

A command is one file with one function of its own name; COMMANDS lists them. What takes long to import is imported
inside that function, so that ``pellucid --help`` is quick.
"""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from pellucid import __version__
from pellucid.cli.demo import demo
from pellucid.cli.failures import reported
from pellucid.cli.predict import predict
from pellucid.cli.train import train

__all__ = ["COMMANDS", "app", "main"]

COMMANDS: tuple[Callable[..., None], ...] = (demo, train, predict)

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
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    context.obj = debug


for command in COMMANDS:
    app.command()(reported(command))


def main() -> None:
    """Run the program on the arguments it was called with, and exit with its status.

    0: done. 2: something given to it is wrong; one message on standard error says what. 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter is no reason to fail
    arguments = sys.argv[1:]
    app(sorted(arguments, key=lambda argument: argument != "--debug"))  # --debug may stand anywhere
