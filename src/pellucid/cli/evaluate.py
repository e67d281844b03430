"""``pellucid evaluate``: a model and a table with the target in; how good the model is on these rows out."""

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.failures import check_spared
from pellucid.cli.options import ENCODING, piped

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[Path, typer.Argument(help="Model file.", show_default=False)],
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV or Parquet, - for the standard input, with the columns learned from, and the target.",
            show_default=False,
            callback=piped,
        ),
    ],
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="Column with the target; several in the order learned from, with commas between, or the option "
            "again; names with commas in quotation marks.",
            show_default="the model's own",
        ),
    ] = None,
    encoding: Annotated[str, ENCODING] = "utf-8",
    report: Annotated[Path | None, typer.Option(help="Folder for a report.", show_default="none")] = None,
    json: Annotated[
        Path | None, typer.Option(help="File for the scores, to be read by programs.", show_default="none")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Score a model on rows that it has not seen, such as those of the last month.

    Prints the scores that `pellucid train` prints for rows held out, beside the model's own score out of fold, as far
    as its file has it, and that of a trivial baseline: these rows' classes' shares, or their mean. Other columns may be
    there, in any order. Rows without a target are left out; rows of classes that the model does not know count as
    wrong.
    """
    from pellucid.cli.evaluating import run_evaluation
    from pellucid.tables.missing import split_list
    from pellucid.tables.writing import check_writable

    if json is not None:
        check_writable(json, (".json",))
        check_spared("--json", json, {"table": table, "model": model})
    run_evaluation(model, table, split_list(target), encoding=encoding, report=report, figures=json, quiet=quiet)
