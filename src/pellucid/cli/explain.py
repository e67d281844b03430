"""`pellucid explain`: one training step of a network, every number with its symbol; of an ensemble, what it uses."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.failures import check, check_spared
from pellucid.cli.options import ENCODING, piped

if TYPE_CHECKING:
    import pandas as pd

    from pellucid.cli.evaluation import TabularModel
    from pellucid.tracing import Trace

__all__ = ["explain"]


def explain(
    model: Annotated[Path, typer.Argument(help="Model file.", show_default=False)],
    table: Annotated[
        Path | None,
        typer.Argument(
            help="CSV, TSV or Parquet with the model's columns, - for the standard input.",
            show_default=False,
            callback=piped,
        ),
    ] = None,
    row: Annotated[int | None, typer.Option(help="Row to explain; the first is 0.", show_default="0")] = None,
    rows: Annotated[
        str | None,
        typer.Option(help="Rows from:to that form one batch, such as 0:8; 0: is all.", show_default="none"),
    ] = None,
    layer: Annotated[
        int | None,
        typer.Option(help="Only this layer; the first hidden one is 1, what is done to inputs 0.", show_default="all"),
    ] = None,
    neuron: Annotated[int | None, typer.Option(help="Only this neuron; the first is 1.", show_default="all")] = None,
    network: Annotated[
        int | None, typer.Option(help="Of a table's model: the network to show; the first is 1.", show_default="none")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Column with the target.", show_default="the model's own, if the table has it")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the explanation as a page, and print nothing of it.", show_default="none")
    ] = None,
    encoding: Annotated[str, ENCODING] = "utf-8",
) -> None:
    """Show what a table's model uses, or one training step of a single network in numbers.

    Of a model that `pellucid train` wrote, an ensemble: its columns and how much each counts, its members and their
    weights; no table is needed. Of one of its networks (--network), or of an MLPClassifier or MLPRegressor: one step on
    rows of a table, forward, loss,
    backward, update, taken on a copy; the model stays as it is. Without the target's column, or a value of it in these
    rows, the forward pass is shown.
    """
    check("--row", "given without '--rows'", row, row is None or rows is None)
    first, last = (row or 0, (row or 0) + 1) if rows is None else _parse_rows(rows)

    from rich.console import Console

    from pellucid.cli.preparing import options_named
    from pellucid.errors import PellucidError
    from pellucid.estimators.tabular import TabularClassifier, TabularRegressor
    from pellucid.storage import load
    from pellucid.tables import read_table
    from pellucid.tables.writing import check_writable, replaced_whole

    if html is not None:
        check_writable(html, (".html", ".htm"))
        check_spared("--html", html, {"table": table, "model": model})
    loaded = load(model)
    if isinstance(loaded, TabularClassifier | TabularRegressor):
        if network is None:
            given = {"row": row, "rows": rows, "layer": layer, "neuron": neuron, "target": target, "html": html}
            _show_ensemble(model, loaded, [f"'--{name}'" for name, value in given.items() if value is not None])
            if table is not None:
                print("\nThe table was not used: name one of the networks to see a step of it, --network 1.")
            return
        count = len(loaded.bag_.networks)
        check("--network", f"from 1 to {count}", network, 1 <= network <= count)
    elif network is not None:
        raise PellucidError(f"'--network' must be left out: '{model}' holds one network, {type(loaded).__name__}.")
    if table is None:
        raise PellucidError(
            f"'{model}' holds {type(loaded).__name__}: to show a step of it, name a table after it, with its inputs."
        )
    with options_named():
        frame = read_table(table, encoding=encoding)
    step = _trace(loaded, frame, first, last, "--row" if rows is None else "--rows", target, (network or 1) - 1)
    places = _places(step, layer, neuron)
    if html is None:
        Console().print(step.render(**places))
    else:
        with replaced_whole(html) as temporary:
            step.save_html(temporary, **places)
        typer.echo(f"The explanation is written to {html}")
    if step.targets is None and target is None:
        typer.echo("It is the forward pass alone: for loss, backward and update name the target's column, --target.")


def _show_ensemble(path: Path, model: "TabularModel", options: list[str]) -> None:
    from pellucid.cli.console import print_table, printable
    from pellucid.cli.members import MEMBER_TITLES, about_importances, importance_rows, member_rows
    from pellucid.cli.models import target_name
    from pellucid.errors import PellucidError
    from pellucid.estimators.tabular.importances import SHARES
    from pellucid.tables.frames import counted

    kind = type(model).__name__
    if options:
        raise PellucidError(
            f"{', '.join(options)} must be given for a single network only; '{path}' holds a {kind}, an ensemble. "
            f"Leave {'it' if len(options) == 1 else 'them'} out to see what it uses, or name a network (--network)."
        )
    is_share, name = model._scoring() in SHARES, model._scoring().replace("_", " ")
    shown = model.oof_score_ if is_share else -model.oof_score_
    score = f"out-of-fold {name}, {'higher' if is_share else 'lower'} is better: {shown:.4f}"
    print(f"{kind} of {printable(target_name(model))}, {counted(len(model.bag_.networks), 'network')}; {score}\n")
    importances = importance_rows(model)
    described = [(*row, importances.get(row[0], "not computed")) for row in model.schema_.describe()]
    if importances:
        order = dict(zip(model._columns, model.feature_importances_, strict=True))
        described.sort(key=lambda row: -order[row[0]])
    print_table(("column", "missing", "understood as", "importance"), described)
    print(f"\n{about_importances(model)}\n")
    print_table(MEMBER_TITLES, member_rows(model))


def _trace(
    loaded: Any, frame: "pd.DataFrame", first: int, last: int | None, option: str, target: str | None, member: int
) -> "Trace":
    from pellucid.tracing import trace

    count = len(frame)
    check(option, f"within the table's rows, 0 to {count - 1}", first, 0 <= first < count)
    last = count if last is None else last
    check(option, f"within the table, which ends before row {count}", f"{first}:{last}", last <= count)
    step = trace(loaded, *_rows(loaded, frame.iloc[first:last], target), member=member)
    return replace(step, rows=tuple(range(first, last)))


def _rows(model: Any, frame: "pd.DataFrame", target: str | None) -> tuple[Any, Any]:
    """Return the rows with their target: the column named, else the model's own, where they have it and it suits."""
    from pellucid.errors import DataError
    from pellucid.tables.schema import column_named, require_columns
    from pellucid.tracing.tables import rows_of_network

    if target is not None:
        named = column_named(frame, target)
        require_columns(frame, [named])
        return rows_of_network(model, frame, named)
    own = getattr(model, "target_name_", None)
    with suppress(DataError):
        return rows_of_network(model, frame, own if own in frame.columns else None)
    return rows_of_network(model, frame, None)


def _parse_rows(rows: str) -> tuple[int, int | None]:
    """Read ``from:to``; the row after the last one may be left out."""
    start, colon, stop = rows.partition(":")
    is_number = all(part.isascii() and part.isdigit() and len(part) < 16 for part in (start or "0", stop or "0"))
    valid = bool(colon) and is_number and (not stop or int(start or 0) < int(stop))
    check("--rows", "two row numbers with a colon between them, the second larger, such as 0:8", repr(rows), valid)
    return int(start or 0), int(stop) if stop else None


def _places(step: "Trace", layer: int | None, neuron: int | None) -> dict[str, Any]:
    """Turn numbers that count from 1, as the explanation shows them, into Python's."""
    count, has_inputs = len(step.layers), step.inputs is not None
    rule = f"from 1, the first hidden layer, to {count}, the output layer" if count > 1 else "1, the only layer"
    least = 0 if has_inputs else 1
    rule += "; or 0, what is done to the inputs" if has_inputs else ""
    check("--layer", rule, layer, layer is None or least <= layer <= count)
    layers = step.layers if layer is None else step.layers[max(layer - 1, 0) : layer]
    widths = [each.neurons for each in layers] or [step.inputs.width if step.inputs is not None else 0]
    check("--neuron", f"from 1 to {max(widths)}", neuron, neuron is None or 1 <= neuron <= max(widths))
    return {
        "layer": None if layer is None else layer - 1,
        "neuron": None if neuron is None else neuron - 1,
    }
