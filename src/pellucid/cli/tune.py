"""``pellucid tune``: a table in; the settings that suit it, a report and the best model out."""

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.failures import check
from pellucid.cli.options import (
    ENCODING,
    EXCLUDE,
    GROUPS,
    MISSING,
    TIME_COLUMN,
    check_learning,
    check_splitting,
    parse_duration,
    parse_settings,
    piped,
    results_beside,
)

__all__ = ["tune"]


def tune(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV or Parquet, - for the standard input; columns are understood by themselves.",
            show_default=False,
            callback=piped,
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="With --sweep: what to vary, such as hidden_layer_sizes=8,32,64-64 learning_rate_init=0.01,0.1.",
            show_default=False,
        ),
    ] = None,
    *,
    target: Annotated[str, typer.Option(help="Column to be predicted.", show_default=False)],
    sweep: Annotated[bool, typer.Option("--sweep", help="Try every combination of the settings named.")] = False,
    time: Annotated[
        str | None,
        typer.Option(
            help="How long to search, such as 90s, 10m or 2h: no trial begins that would not end in time. The report "
            "takes some seconds more.",
            show_default="10m, with --sweep or --trials none",
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(help="Most settings to try.", show_default="none")] = None,
    task: Annotated[str, typer.Option(help="auto, classification or regression.")] = "auto",
    missing: Annotated[list[str] | None, MISSING] = None,
    exclude: Annotated[list[str] | None, EXCLUDE] = None,
    encoding: Annotated[str, ENCODING] = "utf-8",
    scoring: Annotated[
        str | None,
        typer.Option(
            help="log_loss, accuracy or roc_auc; for numbers rmse, mae or poisson.", show_default="log_loss or rmse"
        ),
    ] = None,
    groups: Annotated[str | None, GROUPS] = None,
    time_column: Annotated[str | None, TIME_COLUMN] = None,
    folds: Annotated[int, typer.Option(help="Networks of each trial, each scored on rows that it did not see.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the splits, the search, the initial weights and orders.")] = 0,
    threads: Annotated[int | None, typer.Option(help="Processors to use.", show_default="all")] = None,
    test_share: Annotated[
        float,
        typer.Option(
            help="Share of the rows held out for the score, and not learned from; 0: none, a final model of all rows."
        ),
    ] = 0.2,
    out: Annotated[
        Path | None, typer.Option(help="Folder for all results.", show_default="beside the table: NAME-tuning")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Search the settings of networks for a table, or try every combination of those named.

    Each trial trains networks on all folds and scores them on the rows that they did not see. A board shows the best so
    far. Everything finished is on disk at once: whatever ends the command (Ctrl-C, SIGTERM), the same command goes on
    with it. At the end there are the best model, its report, and what the search found.
    """
    from pellucid.errors import PellucidError

    check("--trials", "at least 1", trials, trials is None or trials >= 1)
    check("--folds", "at least 2", folds, folds >= 2)
    check_learning(task, scoring, test_share, seed, threads)
    check_splitting(groups, time_column, target)
    seconds = None if time is None else parse_duration(time)
    if bool(settings) != sweep:
        raise PellucidError(
            "'--sweep' and settings such as hidden_layer_sizes=8,32 go together; only one of the two was given."
        )
    space = parse_settings(settings or []) or None
    if seconds is None and trials is None and space is None:
        seconds = 600.0

    from pellucid.cli.tuning import run_tuning
    from pellucid.tables.missing import MissingValues, split_list
    from pellucid.tuning.study import require_optuna

    require_optuna()  # before any work is done

    run_tuning(
        table,
        target,
        out or results_beside(table, "-tuning"),
        space=space,
        seconds=seconds,
        trials=trials,
        task=task,
        missing=MissingValues.written(missing),
        exclude=split_list(exclude),
        parameters={
            "scoring": scoring,
            "time_column": time_column,
            "n_folds": folds,
            "random_state": seed,
            "n_threads": threads,
        },
        test_share=test_share,
        group_column=groups,
        encoding=encoding,
        quiet=quiet,
    )
