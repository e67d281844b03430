"""What ``pellucid tune`` does, step by step."""

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from pellucid.cli.board import Board
from pellucid.cli.console import print_table, printable
from pellucid.cli.evaluation import Evaluation, evaluate
from pellucid.cli.failures import check_spared
from pellucid.cli.interrupts import interrupted_status
from pellucid.cli.preparing import options_named, prepare
from pellucid.cli.remarks import remarks
from pellucid.cli.report import PAGE as REPORT_PAGE
from pellucid.cli.report import (
    as_png,
    check_own_page,
    html_page,
    html_picture,
    html_table,
    write_report,
    write_whole,
)
from pellucid.cli.training import column_of, deal, goal_of, untrained, without_group
from pellucid.errors import DataError, PellucidError
from pellucid.plotting import SettingScores
from pellucid.storage import save
from pellucid.tables.missing import MissingValues
from pellucid.tables.writing import check_writable, write_table
from pellucid.tuning import Search, search
from pellucid.tuning.words import score_told, setting_title, text_of, variance_explained

__all__ = ["run_tuning"]

MODEL, STUDY, TRIALS, PAGE = "model.safetensors", "study.sqlite", "trials.csv", "search.html"
REPORT = "report"
MOST_ROWS = 20


def run_tuning(
    table: Path,
    target: str,
    out: Path,
    *,
    space: Mapping[str, Any] | None,
    seconds: float | None,
    trials: int | None,
    task: str,
    missing: MissingValues,
    exclude: tuple[str, ...],
    parameters: Mapping[str, Any],
    test_share: float,
    group_column: str | None,
    encoding: str,
    quiet: bool,
) -> Evaluation:
    """Read, understand, split, search, score and report.

    Parameters
    ----------
    table : Path
    target : str
    out : Path
        Folder, made if need be: the study, the best model so far, and at the end the trials and the report.
    space : mapping or None
        Settings, all of whose combinations are tried; None: what is worth varying is searched.
    seconds : float or None
        For reading and searching; the scores and the report come after it.
    trials : int or None
    task : {'auto', 'classification', 'regression'}
    missing : MissingValues
        What cells say that means missing, in the target, too.
    exclude : tuple of str
        Columns to leave out.
    parameters : mapping
        Of the estimator; its random_state draws the split, too.
    test_share : float
    group_column : str or None
    encoding : str
        As of `run_training`.
    quiet : bool
    """
    began = time.monotonic()
    places = _places(out, table)
    needed = {"--groups": group_column, "--time-column": parameters["time_column"]}
    prepared = prepare(table, target, task, missing=missing, exclude=exclude, needed=needed, encoding=encoding)
    frame, target = prepared.frame, prepared.columns["--target"]
    group_column, time_column = (prepared.columns.get(option) for option in needed)
    grouping = None if group_column is None else frame.pop(group_column)
    goal = goal_of(frame[target], task, parameters["scoring"])
    dealt = deal(frame, goal, test_share, parameters["random_state"], grouping, time_column)
    schema = prepared.schema(target)
    parameters = {**parameters, "time_column": time_column, "missing_values": prepared.parameter(schema)}
    learned = dealt.learned
    estimator, y = untrained(parameters, goal), column_of(goal, learned)
    fit_params = {"schema": schema} | ({} if dealt.groups is None else {"groups": dealt.groups})
    is_made = _make_folder(out)
    is_dealt = grouping is not None or time_column is not None
    before = [*prepared.remarks, *([f"{dealt.meaning()}{without_group(grouping)}"] if is_dealt else [])]
    if before and not quiet:
        print("\n".join(before), flush=True)
    saved: list[Any] = [None]

    def keep(found: Search) -> None:
        if found.best_estimator_ is not None and found.best_estimator_ is not saved[0]:
            save(found.best_estimator_, places[MODEL])
            saved[0] = found.best_estimator_

    seconds = _left_of(seconds, began)
    board = Board(f"{table.name}: {goal.label}", seconds, trials, quiet=quiet)
    with _without_trace(out, is_made=is_made), options_named(), board, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of interrupts and many classes: what follows tells

        def on_trial(found: Search) -> None:
            keep(found)
            board.show(found)

        found = search(
            estimator,
            learned.drop(columns=goal.label),
            y,
            space,
            n_trials=trials,
            time_limit=seconds,
            sampler="tpe" if space is None else "grid",
            fit_params=fit_params,
            seed=parameters["random_state"],
            storage=places[STUDY],
            batch=1,
            refit=False,
            combine=None if space is None else 1,
            on_trial=on_trial,
        )
    texts = _texts(found)
    write_table(texts, places[TRIALS])
    if found.is_interrupted_:
        typer.echo(f"Interrupted. {found}\nThe same command goes on with the trials in {out}.", err=True)
        raise typer.Exit(interrupted_status())
    model = found.best_estimator_
    if model is None:  # the best was another process's: only its settings are known
        model = found.refit()
        save(model, places[MODEL])
    evaluation = evaluate(model, goal, learned, dealt.held_out)
    said = remarks(model, evaluation, has_groups=grouping is not None)
    page = write_report(out / REPORT, table.name, model, evaluation, said)
    _write_page(found, texts, places[PAGE], table.name, is_sweep=space is not None)
    if not quiet:
        _say(found, evaluation, said, time.monotonic() - began)
        for what, place in (("Model", places[MODEL]), ("Report", page), ("Search", places[PAGE])):
            print(f"{what}: {printable(str(place))}")
    return evaluation


def _places(out: Path, table: Path) -> dict[str, Path]:
    """Return where results are written, once they replace neither the table nor somebody else's page."""
    places = {name: out / name for name in (MODEL, STUDY, TRIALS, PAGE)}
    for place in places.values():
        check_spared("--out", place, {"table": table})
    for page in (places[PAGE], out / REPORT / REPORT_PAGE):
        check_own_page(page)
    return places


def _left_of(seconds: float | None, began: float) -> float | None:
    return None if seconds is None else max(seconds - (time.monotonic() - began), 1e-3)


@contextmanager
def _without_trace(folder: Path, *, is_made: bool) -> Iterator[None]:
    """Leave no folder that was made for what is then refused."""
    try:
        yield
    except PellucidError:
        with suppress(OSError):  # something is in it
            if is_made:
                folder.rmdir()
        raise


def _make_folder(out: Path) -> bool:
    """Make the folder before any work is done; return whether there was none."""
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the folder '{out}' cannot be made: {error.strerror or error}. Name another one.") from error
    check_writable(out / MODEL, (".safetensors",))
    return is_new


def _texts(found: Search) -> pd.DataFrame:
    """Return the trials with their settings as texts."""
    frame = found.frame.copy()
    for name in found.space.distributions:
        frame[name] = [text_of(value) for value in found.frame[name]]
    return frame


def _say(found: Search, evaluation: Evaluation, said: list[str], seconds: float) -> None:
    print(f"\n{printable(str(found))} It took {seconds:.0f} s.\n")
    print_table(("score", *evaluation.titles()), evaluation.rows())
    print(f"\nBaseline: {printable(evaluation.baseline_name)}.\n")
    if not evaluation.is_held_out:
        print(f"{evaluation.account()}\n")
    if said:
        print("\n\n".join(printable(each) for each in said) + "\n")


# --- the page ---------------------------------------------------------------------------------------------------------


def _write_page(found: Search, texts: pd.DataFrame, path: Path, source: str, *, is_sweep: bool) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    names = list(found.space.distributions)
    varied = [name for name in names if texts[name].nunique() > 1]
    known = texts[texts["score"].notna()]
    parts = [str(found)]
    if is_sweep and varied and len(known) > 1:
        shares = variance_explained(known, varied)
        told = ", ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[: len(varied) + 1])
        parts.append(f"Variance of the scores explained: {told}.")
        values = {name: known[name].tolist() for name in varied}
        display: Any = SettingScores(values, known["score"], score_name=found.score_name)
        picture = as_png(display.plot())
    else:
        picture = as_png(found.plot())
    name, sign = score_told(found.score_name)
    title = f"{name} (lower is better)" if sign < 0 else name
    best = texts.sort_values("score", ascending=False, kind="stable").head(MOST_ROWS)
    rows = [
        [
            str(row["trial"]),
            row["state"].lower(),
            f"{sign * row['score']:.5g}",
            f"{row['n_iter']:.0f}",
            *(str(row[name]) for name in names),
            row["reason"],
        ]
        for _, row in best.iterrows()
    ]
    table = html_table(("trial", "state", title, "epochs trained", *map(setting_title, names), "reason"), rows)
    page = html_page(f"Tuning on {source}", parts, [html_picture("Scores of all trials", picture), table])
    write_whole(path, page.encode("utf-8", "replace"))
