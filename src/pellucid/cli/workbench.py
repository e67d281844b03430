"""``pellucid workbench``: see a network learn, in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.failures import check
from pellucid.cli.options import EXCLUDE, MISSING

__all__ = ["workbench"]


def workbench(
    table: Annotated[Path | None, typer.Argument(help="CSV, TSV or Parquet to learn from.", show_default=False)] = None,
    *,
    target: Annotated[str | None, typer.Option(help="Column to be predicted.", show_default="the last one")] = None,
    missing: Annotated[list[str] | None, MISSING] = None,
    exclude: Annotated[list[str] | None, EXCLUDE] = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
) -> None:
    """Open the workbench: a page in the browser where a network learns before your eyes.

    Prints the page's whole address, token included. Only this machine can open it. Ctrl-C ends it.
    """
    check("--port", "between 0 and 65535", port, 0 <= port <= 65535)
    for option, given in (("--target", target), ("--missing", missing), ("--exclude", exclude)):
        check(option, "given with a table, whose columns it is about", given, table is not None or not given)

    from pellucid.tables.missing import split_list
    from pellucid.workbench.opening import sessions_of_table
    from pellucid.workbench.server import serve

    lists = {"missing": tuple(missing or ()), "exclude": split_list(exclude)}
    make_session = None if table is None else sessions_of_table(table, target, **lists)
    serve(port, open_page=not no_open, make_session=make_session, say=typer.echo)
