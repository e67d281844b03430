"""The report of a training: a page to open in a browser, and its pictures as files.

The page carries its pictures inside, so that it can be sent around by itself. Names and values come from a stranger's
table: they are escaped for HTML, and for Matplotlib, where dollar signs would begin a formula.
"""

import base64
import io
import os
import re
import warnings
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from pellucid.cli.console import printable
from pellucid.cli.evaluation import COVERAGES, Evaluation, TabularModel, foretold
from pellucid.cli.glossary import words_of
from pellucid.cli.members import MEMBER_TITLES, SCORING_UNITS, about_importances, importance_rows, member_rows
from pellucid.errors import DataError, DataWarning
from pellucid.estimators.tabular import TabularClassifier, TabularRegressor
from pellucid.tables.cells import read_numbers
from pellucid.tables.frames import counted
from pellucid.tables.writing import replaced_whole, unwritable
from pellucid.training.stopping import Outcome

__all__ = [
    "as_png",
    "check_own_folder",
    "check_own_page",
    "html_page",
    "html_picture",
    "html_table",
    "write_report",
    "write_whole",
]

_MOST_CLASSES = 30
_MOST_POINTS = 1000
_LONGEST_LINE = 30
"""Letters of a cell that stand in one line."""
PAGE = "index.html"
PICTURES = (
    "importances.png",
    "actual-against-predicted.png",
    "intervals.png",
    "calibration.png",
    "confusion-matrix.png",
    "decision-boundary.png",
    "loss-curves.png",
)
"""All that a report may have."""

GENERATOR = '<meta name="generator" content="Pellucid">'
"""By which a page is known to be ours, within so many bytes of its beginning."""
HEAD_BYTES = 1000
BEFORE_THE_TAG = tuple(
    f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}'
    for title in ("Pellucid: ", "Tuning on ")
)
"""How our pages began before they had it."""
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #ddd; white-space: nowrap; }
td.long { white-space: normal; min-width: 16rem; }
.wide { overflow-x: auto; }
p { overflow-wrap: anywhere; }
img { max-width: 100%; }
"""


def write_report(
    folder: Path, source: str, model: TabularModel, evaluation: Evaluation, remarks: Sequence[str] = ()
) -> Path:
    """Write index.html and the pictures into a folder, which is made if need be; those of a report before are removed.

    Parameters
    ----------
    folder : Path
    source : str
        Name of the table.
    model : TabularModel
        Trained.
    evaluation : Evaluation
    remarks : sequence of str
        What should not go unsaid of the result.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    DataError
        If there is a page of somebody else's, or something cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(f"'{folder}'", error) from error
    page = folder / PAGE
    check_own_page(page)
    pictures = _pictures(model, evaluation)
    for name in PICTURES if page.exists() else ():
        if name not in pictures:  # of the report before
            (folder / name).unlink(missing_ok=True)
    for name, (_, picture) in pictures.items():
        write_whole(folder / name, picture)
    write_whole(page, _page(source, model, evaluation, list(pictures.values()), remarks).encode("utf-8", "replace"))
    return page


def check_own_folder(folder: Path) -> None:
    """Raise DataError if a report cannot be written to a folder, before any work is done.

    Parameters
    ----------
    folder : Path
        Made later, if need be.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"'{folder}' must be a folder for the report; it is a file.")
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not existing.is_dir():
        raise DataError(f"'{folder}' cannot be written: '{existing}' is a file. Name another folder.")
    if not os.access(existing, os.W_OK):
        raise DataError(f"'{folder}' cannot be written: '{existing}' does not allow it.")
    check_own_page(folder / PAGE)


def check_own_page(page: Path) -> None:
    """Raise DataError if there is a page that Pellucid did not write: it is not replaced.

    Parameters
    ----------
    page : Path
    """
    if not page.is_file():
        return
    with page.open("rb") as file:
        head = file.read(HEAD_BYTES).decode("utf-8", "replace")
    is_own = GENERATOR in head or head.startswith(BEFORE_THE_TAG)
    if not is_own:
        raise DataError(
            f"'{page}' would be replaced by a report, and is a page that Pellucid did not write. Name another folder, "
            "or move the page."
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; it appears whole under its name, or not at all."""
    with replaced_whole(path) as temporary:
        temporary.write_bytes(content)


# --- pictures ---------------------------------------------------------------------------------------------------------


def _pictures(model: TabularModel, evaluation: Evaluation) -> dict[str, tuple[str, bytes]]:
    """Return title and PNG of each picture by file name."""
    mpl.use("Agg")
    target, drawings = evaluation.target, {}
    if hasattr(model, "feature_importances_"):
        drawings["importances.png"] = ("How much each column counts", _importances(model))
    if not len(evaluation.actual):
        pass  # nothing was predicted by networks that did not see it
    elif evaluation.probabilities is None:
        drawings["actual-against-predicted.png"] = ("Actual against predicted", _prediction_error(evaluation))
        if evaluation.covered is not None:
            drawings["intervals.png"] = ("Whether intervals can be trusted", _coverage(evaluation))
    else:
        drawings["calibration.png"] = ("Whether probabilities can be trusted", _calibration(model, evaluation))
        if len(target.labels) <= _MOST_CLASSES:
            drawings["confusion-matrix.png"] = ("Confusion matrix", _confusion_matrix(model, evaluation))
    columns = model.schema_.used
    if (
        len(evaluation.actual)
        and model.n_features_in_ == len(columns) == 2
        and all(column.kind == "number" and not column.unit for column in columns)
    ):
        drawings["decision-boundary.png"] = ("Decision boundary", _decision_boundary(model, evaluation))
    drawings["loss-curves.png"] = ("Loss per epoch", _loss_curves(model))
    lacking: set[str] = set()
    pictures = {name: (drawings[name][0], as_png(drawings[name][1], lacking)) for name in PICTURES if name in drawings}
    _tell_of(lacking)
    return pictures


def _importances(model: TabularModel) -> Any:
    from pellucid.plotting import ImportanceBars

    names = [_plain(name) for name in model._columns]
    unit = SCORING_UNITS[model._scoring()]
    return ImportanceBars(names, model.feature_importances_, model.feature_importances_std_, unit=unit).plot()


def _loss_curves(model: TabularModel) -> Any:
    from pellucid.plotting import LossSpread

    unit = "log loss (nats)"
    if isinstance(model, TabularRegressor):
        unit = {"rmse": "½ squared error (target standardised)", "mae": "absolute error (target standardised)"}.get(
            model._scoring(), "Poisson loss"
        )
    return LossSpread.from_estimator(model, loss_name=unit)


def _calibration(model: TabularModel, evaluation: Evaluation) -> Any:
    from pellucid.plotting import ReliabilityCurve
    from pellucid.plotting.style import shortened

    names = model.classes_.tolist()
    place = {label: index for index, label in enumerate(names)}
    codes = np.array([place.get(label, -1) for label in evaluation.actual.tolist()])
    probability, happened = foretold(codes, np.asarray(evaluation.probabilities))
    what = f"class {shortened(names)[1]}" if len(names) == 2 else "the predicted class"
    return ReliabilityCurve.from_predictions(
        probability,
        happened,
        xlabel=f"probability of {what}",
        ylabel=f"share of the {evaluation.judged_name} that are of this class",
    )


def _coverage(evaluation: Evaluation) -> Any:
    from pellucid.plotting import ReliabilityCurve

    return ReliabilityCurve(
        COVERAGES,
        np.asarray(evaluation.covered),
        rows=len(evaluation.held_out),
        title="Intervals",
        label="this model's intervals",
        xlabel="share that an interval is to hold",
        ylabel=f"share of the {evaluation.judged_name} that it holds",
    ).plot()


def _confusion_matrix(model: TabularModel, evaluation: Evaluation) -> Any:
    from pellucid.plotting import ConfusionMatrix

    known = model.classes_.tolist()
    labels = [*known, *sorted({*evaluation.actual.tolist()} - {*known}, key=str)]
    place = {label: i for i, label in enumerate(labels)}
    actual, predicted = (
        [place[label] for label in each.tolist()] for each in (evaluation.actual, evaluation.predicted)
    )
    names = [_plain(str(label)) for label in labels]
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


def _decision_boundary(model: TabularModel, evaluation: Evaluation) -> Any:
    from pellucid.plotting import DecisionBoundary

    names = [column.label for column in model.schema_.used]
    shown = evaluation.judged[names].apply(lambda series: read_numbers(series)[0])
    finite = np.flatnonzero(np.isfinite(shown.to_numpy()).all(axis=1))[:_MOST_POINTS]
    return DecisionBoundary.from_estimator(
        model, shown.iloc[finite], evaluation.actual[finite], feature_names=[_plain(n) for n in names]
    )


def _plain(text: str) -> str:
    """Return a text that Matplotlib can show."""
    return printable(text).replace("\\", "/")


def as_png(display: Any, lacking: set[str] | None = None) -> bytes:
    """Return a picture as PNG, and close it; add the letters that no font has, which it shows as boxes."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with warnings.catch_warnings(record=True) as caught:  # slow legends and the like: a picture all the same
        warnings.simplefilter("always", UserWarning)
        display.figure_.savefig(buffer, format="png", dpi=120)
    plt.close(display.figure_)
    if lacking is not None:
        codes = (re.match(r"Glyph (\d+) .* missing from", str(each.message)) for each in caught)
        lacking |= {chr(int(code[1])) for code in codes if code}
    return buffer.getvalue()


def _tell_of(lacking: set[str]) -> None:
    """Warn of letters that no font has."""
    if lacking:
        some = "".join(sorted(lacking)[:10])
        warnings.warn(
            f"Pictures show boxes for {counted(len(lacking), 'letter')} that no font here has, such as {some}. Install "
            "a font that has them, such as Noto Sans CJK for Chinese, Japanese and Korean, and remove "
            f"'{mpl.get_cachedir()}', where Matplotlib keeps its list of fonts.",
            DataWarning,
            stacklevel=2,
        )


# --- page -------------------------------------------------------------------------------------------------------------


def _page(
    source: str,
    model: TabularModel,
    evaluation: Evaluation,
    pictures: Sequence[tuple[str, bytes]],
    remarks: Sequence[str],
) -> str:
    target, importances = evaluation.target, importance_rows(model)
    intervals = evaluation.intervals()
    ended = "" if model.outcome_ is Outcome.ALL_EPOCHS else f" {model.outcome_.value}"
    columns = [(*row, importances.get(row[0], "")) for row in model.schema_.describe()]
    members = member_rows(model)
    named = ["member", *(cell for row in members for cell in row), _temperature(model), *importances.values()]
    parts = [
        f"<h1>{_text(target.label)} of {_text(source)}</h1>",
        f"<p>Target: {_text(target.meaning())}. {counted(len(model.bag_.networks), 'network')}.{_text(ended)}</p>",
        "<h2>Scores</h2>",
        html_table(("", *evaluation.titles()), evaluation.rows()),
        f"<p>{_text(f'{evaluation.account()} Baseline: {evaluation.baseline_name}.{_temperature(model)}')}</p>",
        *([f"<p>{_text(intervals)}</p>"] if intervals else []),
        *(f"<p><strong>{_text(each)}</strong></p>" for each in remarks),
        *(_figure(title, picture) for title, picture in pictures),
        "<h2>Members</h2>",
        html_table(MEMBER_TITLES, members),
        "<h2>Columns</h2>",
        html_table(("column", "missing", "understood as", "importance" if importances else ""), columns),
        *([f"<p>{_text(about_importances(model))}</p>"] if importances else []),
        "<h2>Words</h2>",
        html_table(("word", "meaning"), words_of([*(score.name for score in evaluation.scores), *named])),
    ]
    return _document(f"Pellucid: {_text(target.label)}", parts)


def html_page(title: str, paragraphs: Sequence[str], parts: Sequence[str]) -> str:
    """Return a page of paragraphs of text, which are escaped, and parts in HTML."""
    told = [f"<p>{_text(paragraph)}</p>" for paragraph in paragraphs]
    return _document(_text(title), [f"<h1>{_text(title)}</h1>", *told, *parts])


def _document(title: str, parts: Sequence[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{GENERATOR}<title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _temperature(model: TabularModel) -> str:
    if not isinstance(model, TabularClassifier):
        return ""
    shifts = " and shifts of the classes" if model.shifts_.any() else ""
    return f" Probabilities were calibrated out of fold, with the temperature {model.temperature_:.3f}{shifts}."


def _text(text: str) -> str:
    return escape(printable(text))


def html_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of texts, escaped; one that is wider than the page is scrolled by itself."""
    head = "".join(f"<th>{_text(title)}</th>" for title in titles)
    body = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _cell(cell: str) -> str:
    """Return a cell; a long one may have several lines."""
    long = ' class="long"' if len(cell) > _LONGEST_LINE else ""
    return f"<td{long}>{_text(cell)}</td>"


def html_picture(title: str, picture: bytes) -> str:
    """Return a PNG within the page; its title is for those who cannot see it."""
    data = base64.b64encode(picture).decode()
    return f'<img alt="{_text(title)}" src="data:image/png;base64,{data}">'


def _figure(title: str, picture: bytes) -> str:
    return f"<h2>{_text(title)}</h2>\n{html_picture(title, picture)}"
