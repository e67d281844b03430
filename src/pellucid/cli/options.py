"""Options that several commands have."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from pellucid.cli.failures import check
from pellucid.errors import PellucidError, did_you_mean

__all__ = [
    "ENCODING",
    "EXCLUDE",
    "GROUPS",
    "MISSING",
    "TIME_COLUMN",
    "check_learning",
    "check_name",
    "check_splitting",
    "parse_duration",
    "parse_settings",
    "parse_widths",
    "piped",
    "results_beside",
]

TASKS = ("auto", "classification", "regression")

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
WORDS: dict[str, Any] = {"true": True, "false": False, "none": None}


MISSING = typer.Option(
    help="What cells say that mean missing, such as -999,unknown; of one column COLUMN=VALUE. With commas between, or "
    "the option again; values with commas in quotation marks.",
    show_default="empty cells, NA and the like",
)
EXCLUDE = typer.Option(
    help="Columns to leave out, with commas between, or the option again; names with commas in quotation marks.",
    show_default="none",
)
GROUPS = typer.Option(
    help="Column of groups (customers, patients): their rows stay together, and it is not learned from. Rows with an "
    "empty cell are groups of their own.",
    show_default="none",
)
TIME_COLUMN = typer.Option(
    help="Column of dates or numbers: the future is predicted from the past.", show_default="none"
)


def _known_encoding(name: str) -> str:
    """Return the name of an encoding, checked before a table is read."""
    from pellucid.tables.reading import is_encoding

    if name != "utf-8":
        check("--encoding", "the name of an encoding, such as utf-8, cp1252 or utf-16", repr(name), is_encoding(name))
    return name


ENCODING = typer.Option(
    help="Of a table that is text, such as cp1252 (Windows), latin-1 or utf-16.", callback=_known_encoding
)


def piped(table: Path | None) -> Path | None:
    """Return the file that a table's name means: of - the standard input.

    Examples
    --------
    >>> str(piped(Path("-")))
    '/dev/stdin'
    """
    return Path("/dev/stdin") if table == Path("-") else table


def results_beside(table: Path, ending: str) -> Path:
    """Return the name of a folder beside the table; of one that comes through a pipe, in the folder worked in.

    Examples
    --------
    >>> results_beside(Path("data", "sales.csv"), "-tuning").as_posix()
    'data/sales-tuning'
    >>> results_beside(Path("/dev/stdin"), "-tuning").as_posix()
    'stdin-tuning'
    """
    name = f"{table.stem}{ending}"
    return Path(name) if table.is_relative_to("/dev") else table.with_name(name)


def check_name(option: str, value: str, known: Iterable[str]) -> None:
    """Raise PellucidError unless an option's value is one of its names."""
    names = tuple(known)
    if value not in names:
        raise PellucidError(f"'{option}' must be one of its known names; got {value!r}.{did_you_mean(value, names)}")


def check_learning(task: str, scoring: str | None, test_share: float, seed: int, threads: int | None) -> None:
    """Check what `train` and `tune` both take, before a table is read."""
    from pellucid.estimators.tabular import TabularClassifier, TabularRegressor

    scorings = {"classification": TabularClassifier.SCORINGS, "regression": TabularRegressor.SCORINGS}
    check_name("--task", task, TASKS)
    if scoring is not None:
        check_name("--scoring", scoring, scorings.get(task, (*TabularClassifier.SCORINGS, *TabularRegressor.SCORINGS)))
    check("--seed", "between 0 and 4294967295", seed, 0 <= seed < 2**32)
    check("--threads", "at least 1", threads, threads is None or threads >= 1)
    check("--test-share", "at least 0 and less than 1", test_share, 0 <= test_share < 1)


def check_splitting(groups: str | None, time_column: str | None, target: str) -> None:
    """Check how `train` and `tune` split rows, before a table is read."""
    if groups is not None and time_column is not None:
        raise PellucidError("'--groups' and '--time-column' were both given; only one can say how rows are split.")
    for option, column in (("--groups", groups), ("--time-column", time_column)):
        check(option, "another column than '--target'", repr(column), column != target)


def parse_duration(text: str) -> float:
    """Read a duration; without a unit it is in seconds.

    Examples
    --------
    >>> parse_duration("90"), parse_duration("10m"), parse_duration("1.5h")
    (90.0, 600.0, 5400.0)
    """
    given = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([smh]?)", text.strip().lower())
    seconds = 0.0 if given is None else float(given[1]) * UNITS[given[2]]
    check("--time", "a duration greater than 0, such as 90s, 10m or 2h", repr(text), 0 < seconds < float("inf"))
    return seconds


def parse_settings(given: Sequence[str]) -> dict[str, list[Any]]:
    """Read settings with their values, such as ``learning_rate_init=0.01,0.1``.

    64-32 are the widths of two hidden layers, none is no hidden layer.

    Examples
    --------
    >>> parse_settings(["hidden_layer_sizes=none,64-32", "dropout=0,0.2", "activation=relu"])
    {'hidden_layer_sizes': [(), (64, 32)], 'dropout': [0, 0.2], 'activation': ['relu']}
    """
    settings: dict[str, list[Any]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        parts = [part.strip() for part in values.split(",")]
        is_new = name.strip() not in settings
        check(
            "--sweep", "NAME=VALUE,VALUE, each name once", repr(text), bool(equals and name and all(parts) and is_new)
        )
        is_widths = name.strip() in WIDTHS
        read = [_read_widths(part, values) if is_widths else _read_value(part) for part in parts]
        settings[name.strip()] = read
    return settings


WIDTHS = ("hidden_layer_sizes", "hidden")


def _read_widths(text: str, values: str) -> tuple[int, ...]:
    widths = [] if text.lower() == "none" else [width.strip() for width in text.split("-")]
    rule = "widths with hyphens between layers and commas between settings, such as 8,128-64,none"
    check("--sweep", rule, repr(values), _are_widths(widths))
    return tuple(map(int, widths))


def _read_value(text: str) -> Any:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parse_widths(hidden: str) -> tuple[int, ...]:
    """Read the widths of hidden layers; an empty text is no hidden layer.

    Examples
    --------
    >>> parse_widths("128, 64")
    (128, 64)
    """
    parts = [part.strip() for part in hidden.split(",")] if hidden.strip() else []
    check("--hidden", "widths of at least 1 with commas between them, such as 128,64", repr(hidden), _are_widths(parts))
    return tuple(int(part) for part in parts)


def _are_widths(parts: Iterable[str]) -> bool:
    return all(part.isascii() and part.isdigit() and 0 < int(part) <= 1_000_000 for part in parts)
