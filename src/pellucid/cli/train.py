"""``pellucid train``: a table in, a model file and a report out."""

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.failures import check, check_spared
from pellucid.cli.options import (
    ENCODING,
    EXCLUDE,
    GROUPS,
    MISSING,
    TIME_COLUMN,
    check_learning,
    check_name,
    check_splitting,
    piped,
)

__all__ = ["train"]


def train(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV or Parquet, - for the standard input; columns are understood by themselves.",
            show_default=False,
            callback=piped,
        ),
    ],
    *,
    target: Annotated[str, typer.Option(help="Column to be predicted.", show_default=False)],
    task: Annotated[str, typer.Option(help="auto, classification or regression.")] = "auto",
    missing: Annotated[list[str] | None, MISSING] = None,
    exclude: Annotated[list[str] | None, EXCLUDE] = None,
    encoding: Annotated[str, ENCODING] = "utf-8",
    preset: Annotated[
        str,
        typer.Option(
            help="fast: one network; default: one for each of five folds; best: several recipes. Small tables: more."
        ),
    ] = "default",
    scoring: Annotated[
        str | None,
        typer.Option(
            help="log_loss, accuracy or roc_auc; for numbers rmse, mae or poisson.",
            show_default="log_loss or rmse",
        ),
    ] = None,
    groups: Annotated[str | None, GROUPS] = None,
    time_column: Annotated[str | None, TIME_COLUMN] = None,
    time: Annotated[float | None, typer.Option(help="Seconds for training.", show_default="none")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Most passes of a network over the rows.", show_default="by the number of rows")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the splits, the initial weights and the order of the rows.")] = 0,
    threads: Annotated[int | None, typer.Option(help="Processors to use.", show_default="all")] = None,
    test_share: Annotated[
        float,
        typer.Option(
            help="Share of the rows held out for the score, and not learned from; 0: none, all are for a final model."
        ),
    ] = 0.2,
    model: Annotated[Path, typer.Option(help="Model file to write.")] = Path("model.safetensors"),
    report: Annotated[
        Path | None, typer.Option(help="Folder for the report.", show_default="beside the model: NAME-report")
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    no_importances: Annotated[
        bool, typer.Option("--no-importances", help="Do not find out how much each column counts.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Train networks to predict one column of a table from the others.

    Says what it understood of each column, leaves out rows without a target, holds out 20% of the rows (--test-share),
    trains on the others, and prints the score on the rows held out beside that of a trivial baseline. The report shows
    how much each column counts, how far the probabilities or intervals can be trusted, and how training went. Ctrl-C,
    SIGTERM and SIGHUP end training early; the best networks so far, and the report, are written all the same.
    """
    from pellucid.estimators.tabular import PRESETS

    check_name("--preset", preset, PRESETS)
    check_learning(task, scoring, test_share, seed, threads)
    check("--time", "greater than 0 seconds", time, time is None or 0 < time < float("inf"))
    check("--epochs", "at least 1", epochs, epochs is None or epochs >= 1)
    check_splitting(groups, time_column, target)
    check_spared("--model", model, {"table": table})

    from pellucid.cli.training import Places, run_training
    from pellucid.tables.missing import MissingValues, split_list

    declared = MissingValues.written(missing)
    folder = None if no_report else report or model.with_name(f"{model.stem}-report")
    parameters = {
        "preset": preset,
        "scoring": scoring,
        "time_column": time_column,
        "time_limit": time,
        "max_epochs": epochs,
        "random_state": seed,
        "n_threads": threads,
        "progress": not quiet,
    }
    run_training(
        parameters,
        target,
        Places(table, model, folder),
        task=task,
        missing=declared,
        exclude=split_list(exclude),
        test_share=test_share,
        group_column=groups,
        encoding=encoding,
        importances=not no_importances,
        quiet=quiet,
    )
