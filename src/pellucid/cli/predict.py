"""``pellucid predict``: a model and a table in, a table out."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["predict"]


def predict(
    model: Annotated[Path, typer.Argument(help="Model file that `pellucid train` wrote.", show_default=False)],
    table: Annotated[
        Path, typer.Argument(help="CSV, TSV or Parquet, with the columns learned from.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Table to write: .csv, .tsv or .parquet.", show_default=False)],
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
) -> None:
    """Predict the target for the rows of a table.

    Writes the table with a column 'prediction' and, with --proba, a column 'probability of CLASS' for each class.
    """
    from pellucid.cli.models import load_table_model
    from pellucid.tables import read_table, write_table
    from pellucid.tables.frames import counted
    from pellucid.tables.writing import TABLE_ENDINGS, check_writable

    check_writable(out, TABLE_ENDINGS)
    predictor = load_table_model(model)
    frame = read_table(table)
    added = {"prediction": predictor.predict(frame)}
    if proba:
        probabilities = predictor.predict_proba(frame)
        added |= {
            f"probability of {label}": column for label, column in zip(predictor.classes_, probabilities.T, strict=True)
        }
    write_table(frame.drop(columns=list(added), errors="ignore").assign(**added), out)
    typer.echo(f"{counted(len(frame), 'prediction')} of {predictor.target_.label!r} written to {out}")
