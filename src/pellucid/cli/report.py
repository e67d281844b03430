"""The report of a training: a page to open in a browser, and its pictures as files.

The page carries its pictures inside, so that it can be sent around by itself. Names and values come from a stranger's
table: they are escaped for HTML, and for Matplotlib, where dollar signs would begin a formula.
"""

import base64
import io
import warnings
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from pellucid.cli.console import printable
from pellucid.cli.evaluation import Evaluation
from pellucid.estimators.table_model import TableModel
from pellucid.tables.cells import read_numbers
from pellucid.tables.frames import counted
from pellucid.tables.writing import replaced_whole

__all__ = ["write_report"]

_MOST_CLASSES = 30
_MOST_POINTS = 1000
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
img { max-width: 100%; }
"""


def write_report(folder: Path, source: str, model: TableModel, evaluation: Evaluation) -> Path:
    """Write index.html and the pictures into a folder, which is made if need be.

    Parameters
    ----------
    folder : Path
    source : str
        Name of the table.
    model : TableModel
        Trained.
    evaluation : Evaluation

    Returns
    -------
    Path
        The page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = _pictures(model, evaluation)
    for name, (_, picture) in pictures.items():
        _write(folder / name, picture)
    page = folder / "index.html"
    _write(page, _page(source, model, evaluation, list(pictures.values())).encode("utf-8", "replace"))
    return page


def _write(path: Path, content: bytes) -> None:
    with replaced_whole(path) as temporary:
        temporary.write_bytes(content)


# --- pictures ---------------------------------------------------------------------------------------------------------


def _pictures(model: TableModel, evaluation: Evaluation) -> dict[str, tuple[str, bytes]]:
    """Return title and PNG of each picture by file name."""
    mpl.use("Agg")
    drawings = {}
    if model.estimator_.loss_curve_:  # empty if interrupted in the first epoch
        drawings["loss-curve.png"] = ("Loss per epoch", _loss_curve(model))
    if model.target_.task == "regression":
        drawings["predicted-versus-true.png"] = ("Predicted versus true", _prediction_error(evaluation))
    elif len(model.target_.labels) <= _MOST_CLASSES:
        drawings["confusion-matrix.png"] = ("Confusion matrix", _confusion_matrix(model, evaluation))
    columns = model.schema_.used
    if len(columns) == 2 and all(column.kind == "number" for column in columns):
        drawings["decision-boundary.png"] = ("Decision boundary", _decision_boundary(model, evaluation))
    return {name: (title, _as_png(display)) for name, (title, display) in drawings.items()}


def _loss_curve(model: TableModel) -> Any:
    from pellucid.plotting import LossCurve
    from pellucid.plotting.loss_curve import EpochCurves

    network = model.estimator_
    unit = "log loss (nats)" if model.target_.task == "classification" else "½ squared error (target standardised)"
    curves = EpochCurves(network.loss_curve_, network.validation_loss_curve_, loss_name=unit)
    return LossCurve({"network": curves}).plot()


def _confusion_matrix(model: TableModel, evaluation: Evaluation) -> Any:
    from pellucid.plotting import ConfusionMatrix

    target = model.target_
    place = {label: i for i, label in enumerate(target.labels)}
    actual, predicted = (
        [place[label] for label in each.tolist()] for each in (evaluation.actual, evaluation.predicted)
    )
    names = [_plain(str(label)) for label in target.labels]
    return ConfusionMatrix.from_predictions(actual, predicted, labels=range(len(names)), display_labels=names)


def _prediction_error(evaluation: Evaluation) -> Any:
    from pellucid.plotting import PredictionError

    return PredictionError.from_predictions(
        evaluation.actual,
        evaluation.predicted,
        kind="actual_vs_predicted",
        subsample=_subsample(evaluation),
        random_state=0,
    )


def _subsample(evaluation: Evaluation) -> int:
    return min(_MOST_POINTS, len(evaluation.actual))


def _decision_boundary(model: TableModel, evaluation: Evaluation) -> Any:
    from pellucid.plotting import DecisionBoundary

    names = [column.label for column in model.schema_.used]
    shown = evaluation.held_out[names].apply(lambda series: read_numbers(series)[0])
    finite = np.flatnonzero(np.isfinite(shown.to_numpy()).all(axis=1))[:_MOST_POINTS]
    return DecisionBoundary.from_estimator(
        model, shown.iloc[finite], evaluation.actual[finite], feature_names=[_plain(name) for name in names]
    )


def _plain(text: str) -> str:
    """Return a short text that Matplotlib shows as it is."""
    short = text if len(text) <= 30 else text[:29] + "…"
    return printable(short).replace("\\", "/").replace("$", r"\$")


def _as_png(display: Any) -> bytes:
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # letters that the font lacks, slow legends: a picture all the same
        display.figure_.savefig(buffer, format="png", dpi=120)
    plt.close(display.figure_)
    return buffer.getvalue()


# --- page -------------------------------------------------------------------------------------------------------------


def _page(source: str, model: TableModel, evaluation: Evaluation, pictures: Sequence[tuple[str, bytes]]) -> str:
    target, network = model.target_, model.estimator_
    widths = " → ".join(str(width) for width in network.network_.widths)
    parts = [
        f"<h1>{_text(target.label)} of {_text(source)}</h1>",
        f"<p>Target: {_text(target.meaning())}. Network: {widths}. {counted(network.n_iter_, 'epoch')}. "
        f"{_text(network.outcome_.value)}</p>",
        "<h2>Score on rows held out</h2>",
        _table(("", "network", "baseline"), evaluation.rows()),
        f"<p>Baseline: {_text(evaluation.baseline_name)}. {counted(len(evaluation.learned), 'row')} learned from, "
        f"{len(evaluation.held_out)} held out.</p>",
        *(_figure(title, picture) for title, picture in pictures),
        "<h2>Columns</h2>",
        _table(("column", "missing", "understood as"), model.schema_.describe()),
    ]
    title = f"Pellucid: {_text(target.label)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _text(text: str) -> str:
    return escape(printable(text))


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_text(title)}</th>" for title in titles)
    body = "\n".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


def _figure(title: str, picture: bytes) -> str:
    data = base64.b64encode(picture).decode()
    return f'<h2>{_text(title)}</h2>\n<img alt="{_text(title)}" src="data:image/png;base64,{data}">'
