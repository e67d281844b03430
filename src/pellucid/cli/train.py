"""``pellucid train``: a table in, a model file and a report out."""

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.failures import check
from pellucid.cli.options import parse_widths

__all__ = ["train"]


def train(
    table: Annotated[
        Path, typer.Argument(help="CSV, TSV or Parquet; columns are understood by themselves.", show_default=False)
    ],
    *,
    target: Annotated[str, typer.Option(help="Column to be predicted.", show_default=False)],
    task: Annotated[str, typer.Option(help="auto, classification or regression.")] = "auto",
    hidden: Annotated[str, typer.Option(help="Neurons of each hidden layer.")] = "128,64",
    activation: Annotated[str, typer.Option(help="Of the hidden layers: relu, tanh, logistic, gelu …")] = "relu",
    learning_rate: Annotated[float, typer.Option(help="Step size, greater than 0.")] = 0.001,
    epochs: Annotated[
        int, typer.Option(help="Most passes over the rows; training stops when it no longer helps.")
    ] = 100,
    batch_size: Annotated[int | None, typer.Option(help="Rows a step.", show_default="by the number of rows")] = None,
    dropout: Annotated[float, typer.Option(help="Share of neurons silenced in training, from 0 to below 1.")] = 0.0,
    alpha: Annotated[float, typer.Option(help="L2 penalty on the weights, at least 0.")] = 0.0001,
    test_share: Annotated[float, typer.Option(help="Share of the rows held out for the score.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Of the splits, the initial weights and the order of the rows.")] = 0,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for training.", show_default="none")] = None,
    model: Annotated[Path, typer.Option(help="Model file to write.")] = Path("model.safetensors"),
    report: Annotated[
        Path | None, typer.Option(help="Folder for the report.", show_default="beside the model: NAME-report")
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Train a network to predict one column of a table from the others.

    Says what it understood of each column, sets rows aside, trains, and prints the score on the rows set aside beside
    that of a trivial baseline. Ctrl-C ends training early and keeps the best network so far.
    """
    layers = parse_widths(hidden)
    check("--learning-rate", "a number greater than 0", learning_rate, 0 < learning_rate < float("inf"))
    check("--epochs", "at least 1", epochs, epochs >= 1)
    check("--batch-size", "at least 1", batch_size, batch_size is None or batch_size >= 1)
    check("--dropout", "at least 0 and less than 1", dropout, 0 <= dropout < 1)
    check("--alpha", "a number of at least 0", alpha, 0 <= alpha < float("inf"))
    check("--test-share", "greater than 0 and less than 1", test_share, 0 < test_share < 1)
    check("--seed", "between 0 and 4294967295", seed, 0 <= seed < 2**32)
    check("--time-limit", "greater than 0 seconds", time_limit, time_limit is None or time_limit > 0)

    from pellucid.cli.training import Places, run_training
    from pellucid.estimators.table_model import TableModel

    folder = None if no_report else report or model.with_name(f"{model.stem}-report")
    network = TableModel(
        task,
        hidden_layer_sizes=layers,
        activation=activation,
        learning_rate_init=learning_rate,
        max_iter=epochs,
        batch_size=batch_size or "auto",
        dropout=dropout,
        alpha=alpha,
        random_state=seed,
        time_limit=time_limit,
        progress=not quiet,
    )
    run_training(network, target, Places(table, model, folder), test_share=test_share, seed=seed, quiet=quiet)
