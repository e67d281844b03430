"""What describes a run, complete and exact: data, inputs, network, training, and when it stops.

It is the same object in the page's URL, on the wire, in a session file and here. Nothing of it is trusted: reading
checks every field.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from pellucid.errors import PellucidError, SpecError
from pellucid.spec import (
    WEIGHTS_ONLY,
    Activation,
    Adam,
    Constant,
    Ensemble,
    Factors,
    Initializer,
    Layer,
    Loss,
    Optimizer,
    Schedule,
    ScikitLearn,
    Tanh,
    from_json,
    to_json,
)
from pellucid.spec.checks import check_choice, check_flag, check_integer, check_kind, check_number, shown
from pellucid.workbench.limits import (
    MOST_ADDED,
    MOST_BATCH,
    MOST_COLUMNS,
    MOST_EPOCHS,
    MOST_FEATURES,
    MOST_GIVEN_WIDTH,
    MOST_LAYERS,
    MOST_LEVELS,
    MOST_MEMBERS,
    MOST_POINTS,
    MOST_REMOVED,
    MOST_WIDTH,
    TEXT,
)

__all__ = [
    "Data",
    "Descent",
    "Inputs",
    "Net",
    "NetLayer",
    "Settings",
    "Stop",
    "Table",
    "View",
    "at_path",
    "differences",
    "learns_on",
    "path_of",
    "read_settings",
    "write_settings",
]

SEEDS = 2**32
FILLS = ("median", "mean", "zero", "none", "frequent", "level", "drop")


def _check_text(owner: object, name: str) -> None:
    value = getattr(owner, name)
    if not isinstance(value, str) or len(value) > TEXT:
        raise SpecError(
            f"'{name}' of {type(owner).__name__} must be a text of at most {TEXT} letters; got {shown(value)}."
        )


def _check_seed(owner: Any) -> None:
    check_integer(owner, "seed", low=0)
    _check_most(owner, "seed", SEEDS - 1)


def _check_most(owner: object, name: str, most: int) -> None:
    value = getattr(owner, name)
    if value > most:
        raise SpecError(f"'{name}' of {type(owner).__name__} must be at most {most}; got {shown(value)}.")


@dataclass(frozen=True)
class Table:
    """An own table, by the name under which the server keeps it, and what its columns are.

    Parameters
    ----------
    id : str
    name : str
        The file's, without its folder, in printable letters.
    target : str
        The column to be predicted; empty: the last one.
    roles : tuple of (column, 'input' or 'ignore')
        Of the columns that are not what they were found to be.
    kinds : tuple of (column, 'number' or 'category')
        Likewise.
    fills : tuple of (column, how)
        What stands for missing cells: 'median', 'mean' or 'zero' of a number; 'none', 'frequent' (the most frequent
        one) or 'level' (one of their own) of a category; 'drop': their rows are left out.
    levels : tuple of (column, level, level, …)
        Levels of a category that become inputs; all others are one, called other. Without: the most frequent.
    task : {'auto', 'classification', 'regression'}
    missing : tuple of str
        What cells say that mean that there is nothing, such as '-999' or 'age=-1', in one column.
    """

    id: str
    name: str = "table"
    target: str = ""
    roles: tuple[tuple[str, ...], ...] = ()
    kinds: tuple[tuple[str, ...], ...] = ()
    fills: tuple[tuple[str, ...], ...] = ()
    levels: tuple[tuple[str, ...], ...] = ()
    task: str = "auto"
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice(self, "task", ("auto", "classification", "regression"))
        for name in ("id", "name", "target"):
            _check_text(self, name)
        if not self.name.isprintable() or {"/", "\\"} & set(self.name):
            raise SpecError(
                "'name' of Table must be a file's name without its folder, in printable letters; "
                f"got {shown(self.name)}."
            )
        for name in ("roles", "kinds", "fills", "levels", "missing"):
            entries = getattr(self, name)
            entries = [entries] if name == "missing" else entries
            if len(entries) > MOST_COLUMNS or any(len(text) > TEXT for entry in entries for text in entry):
                raise SpecError(
                    f"'{name}' of Table must speak of at most {MOST_COLUMNS} columns, in texts of {TEXT} letters."
                )
        for entry in self.levels:
            if not 2 <= len(entry) <= MOST_LEVELS + 1 or len(set(entry[1:])) < len(entry) - 1:
                raise SpecError(
                    f"'levels' of Table must name 1 to {MOST_LEVELS} different levels a column; got {shown(entry)}."
                )
        for name, choices in (("roles", ("input", "ignore")), ("kinds", ("number", "category")), ("fills", FILLS)):
            for pair in getattr(self, name):
                if len(pair) != 2 or pair[1] not in choices:
                    raise SpecError(f"'{name}' of Table must name one of {choices} for each column; got {shown(pair)}.")


@dataclass(frozen=True)
class Data:
    """Which rows.

    Parameters
    ----------
    source : str
        One of the catalog's.
    size : int
        Rows that a generated source makes.
    noise : float
        In [0, 1].
    seed : int
        Of the rows and of what is held out.
    train_share : float
        In [0.05, 0.95]: the part of the rows that trains.
    scale : bool
        Standardise each input by the training rows' mean and deviation, and a regression's target by all rows'.
    added : tuple of (x1, x2, y)
        Points that were put in; y is a class number or the value.
    removed : tuple of int
        Rows that were taken out; those added count on from the source's.
    table : Table or None
    """

    source: str = "moons"
    size: int = 300
    noise: float = 0.15
    seed: int = 0
    train_share: float = 0.7
    scale: bool = True
    added: tuple[tuple[float, ...], ...] = ()
    removed: tuple[int, ...] = ()
    table: Table | None = None

    def __post_init__(self) -> None:
        _check_text(self, "source")
        check_integer(self, "size", low=10)
        _check_most(self, "size", MOST_POINTS)
        check_number(self, "noise", low=0, high=1)
        _check_seed(self)
        check_number(self, "train_share", low=0.05, high=0.95)
        check_flag(self, "scale")
        if len(self.added) > MOST_ADDED or len(self.removed) > MOST_REMOVED:
            raise SpecError(
                f"'added' and 'removed' of Data must be at most {MOST_ADDED} points and {MOST_REMOVED} rows; "
                f"got {len(self.added)} and {len(self.removed)}."
            )
        for point in self.added:
            if len(point) != 3 or not all(abs(value) < 1e6 for value in point):
                raise SpecError(f"'added' of Data must be points (x1, x2, y) within ±1e6; got {shown(point)}.")
        if any(row < 0 for row in self.removed):
            raise SpecError("'removed' of Data must be row numbers, at least 0.")

    def source_only(self) -> "Data":
        """Return these rows without what was added and removed by hand."""
        return replace(self, added=(), removed=())


@dataclass(frozen=True)
class View:
    """The two axes of the maps.

    Parameters
    ----------
    mode : {'columns', 'components'}
        Two columns, all others at their median; or the first two principal components.
    x, y : int or None
        The columns, or the components. None: the columns that tell most of the target, or the first components.
    """

    mode: str = "columns"
    x: int | None = None
    y: int | None = None

    def __post_init__(self) -> None:
        check_choice(self, "mode", ("columns", "components"))
        check_integer(self, "x", low=0, optional=True)
        check_integer(self, "y", low=0, optional=True)


@dataclass(frozen=True)
class Inputs:
    """What the network sees of a row: formulas of its columns; None: the columns themselves."""

    features: tuple[str, ...] | None = None
    view: View = field(default_factory=View)

    def __post_init__(self) -> None:
        check_kind(self, "view", (View,))
        if self.features is not None and not 1 <= len(self.features) <= MOST_FEATURES:
            raise SpecError(f"'features' of Inputs must be 1 to {MOST_FEATURES} formulas; got {len(self.features)}.")


@dataclass(frozen=True)
class NetLayer:
    """A hidden layer, as in ``pellucid.spec.Layer``; only an estimator's network is parametric, or wider than 64."""

    width: int = 4
    activation: Activation = field(default_factory=Tanh)
    dropout: float = 0.0
    normalization: bool = False
    parametric: bool = False

    def __post_init__(self) -> None:
        check_integer(self, "width", low=1)
        _check_most(self, "width", MOST_GIVEN_WIDTH)
        self.layer()

    def layer(self) -> Layer:
        """Return it in the language of ``pellucid.spec``."""
        return Layer(self.width, self.activation, self.dropout, self.normalization, self.parametric)


@dataclass(frozen=True)
class Net:
    """The network and its seed, as in ``pellucid.spec.Network``.

    What the page does not offer (``input_scale``, ``parametrization``, ``ensemble``) is an estimator's.
    """

    layers: tuple[NetLayer, ...] = (NetLayer(4), NetLayer(2))
    initializer: Initializer = field(default_factory=ScikitLearn)
    seed: int = 0
    input_scale: bool = False
    parametrization: str = "standard"
    ensemble: Ensemble | None = None

    def __post_init__(self) -> None:
        if self.ensemble is not None:
            check_kind(self, "ensemble", (Ensemble,))
            _check_most(self.ensemble, "members", MOST_MEMBERS)
        check_flag(self, "input_scale")
        check_choice(self, "parametrization", ("standard", "ntk"))
        if len(self.layers) > MOST_LAYERS:
            raise SpecError(f"'layers' of Net must be at most {MOST_LAYERS}; got {len(self.layers)}.")
        check_kind(self, "initializer", get_args(Initializer))
        _check_seed(self)

    def without_dropout(self) -> "Net":
        """Return the network as it is without dropout, which may change while it is trained."""
        return replace(self, layers=tuple(replace(layer, dropout=0.0) for layer in self.layers))


@dataclass(frozen=True)
class Descent:
    """How the network learns; fields as in ``pellucid.spec.Training``. Without a loss, the task's own.

    What the page does not offer (``rates``, ``decays``) is an estimator's.
    """

    loss: Loss | None = None
    optimizer: Optimizer = field(default_factory=Adam)
    learning_rate: float = 0.03
    schedule: Schedule = field(default_factory=Constant)
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float | None = None
    batch_size: int | None = 10
    shuffle: bool = True
    rates: Factors = field(default_factory=Factors)
    decays: Factors = WEIGHTS_ONLY

    def __post_init__(self) -> None:
        check_kind(self, "rates", (Factors,))
        check_kind(self, "decays", (Factors,))
        check_number(self, "learning_rate", low=0, high=1e6, low_open=True)
        check_number(self, "l1", low=0, high=1e6)
        check_number(self, "l2", low=0, high=1e6)
        if self.clip_norm is not None:
            check_number(self, "clip_norm", low=0, low_open=True)
        check_integer(self, "batch_size", low=1, optional=True)
        if self.batch_size is not None:
            _check_most(self, "batch_size", MOST_BATCH)
        check_flag(self, "shuffle")


@dataclass(frozen=True)
class Stop:
    """When training ends by itself.

    Parameters
    ----------
    epochs : int
        Also the length that schedules count with.
    patience : int or None
        Epochs in a row without an improvement of the training loss by more than the tolerance; None: no end of it.
    tolerance : float
    """

    epochs: int = 100_000
    patience: int | None = None
    tolerance: float = 1e-4

    def __post_init__(self) -> None:
        check_integer(self, "epochs", low=1)
        _check_most(self, "epochs", MOST_EPOCHS)
        check_integer(self, "patience", low=1, optional=True)
        check_number(self, "tolerance", low=0)


@dataclass(frozen=True)
class Settings:
    """Everything that describes a run.

    Examples
    --------
    >>> settings = read_settings({"network": {"layers": [{"width": 3}]}})
    >>> settings.network.layers[0].width, settings.data.source
    (3, 'moons')
    >>> read_settings(write_settings(settings)) == settings
    True
    """

    version: int = 1
    data: Data = field(default_factory=Data)
    inputs: Inputs = field(default_factory=Inputs)
    network: Net = field(default_factory=Net)
    training: Descent = field(default_factory=Descent)
    stop: Stop = field(default_factory=Stop)

    def __post_init__(self) -> None:
        if self.data.source == "given":
            return
        for layer in self.network.layers:
            _check_most(layer, "width", MOST_WIDTH)


SECTIONS: dict[str, Any] = {"data": Data, "inputs": Inputs, "network": Net, "training": Descent, "stop": Stop}


def read_settings(value: Any) -> Settings:
    """Read settings from decoded JSON; what is left out has its default.

    Raises
    ------
    SpecError
        If anything is unknown, of the wrong type or out of range. It has the attribute `path`: where.
    """
    if not isinstance(value, dict):
        raise at_path("", SpecError(f"settings must be an object with named fields; got {shown(value)}."))
    unknown = set(value) - set(SECTIONS) - {"version"}
    if unknown or value.get("version", 1) != 1:
        what = shown(sorted(map(str, unknown)) or value.get("version"))
        raise at_path("", SpecError(f"settings must be of version 1, with {', '.join(SECTIONS)}; got {what}."))
    sections = {name: _read(name, kind, value[name]) for name, kind in SECTIONS.items() if name in value}
    try:
        return Settings(**sections)
    except SpecError as error:
        raise at_path("network.width", error) from None


def _read(name: str, kind: Any, value: Any) -> Any:
    try:
        return from_json(kind, _pairs_of(value) if name == "data" else value, name)
    except PellucidError as error:
        found = re.search(r"^'(\w+)' of", str(error)) or re.search(rf"^{name}\.(\w+)", str(error))
        raise at_path(f"{name}.{found[1]}" if found else name, error) from None
    except RecursionError:
        raise at_path(name, SpecError(f"{name} is nested too deeply.")) from None


def at_path(path: str, error: PellucidError) -> PellucidError:
    """Note which setting an error speaks of."""
    error.path = path  # type: ignore[attr-defined]
    return error


def path_of(error: Exception) -> str:
    """Return which setting an error speaks of, or an empty text."""
    return str(getattr(error, "path", ""))


def _pairs_of(data: Any) -> Any:
    """Write the objects {column: …} of a table as pairs."""
    table = data.get("table") if isinstance(data, dict) else None
    if not isinstance(table, dict):
        return data
    changed = {
        name: [list(pair) for pair in table[name].items()]
        for name in ("roles", "kinds", "fills")
        if isinstance(table.get(name), dict)
    }
    if isinstance(table.get("levels"), dict):
        changed["levels"] = [
            [column, *levels] if isinstance(levels, list) else levels for column, levels in table["levels"].items()
        ]
    return data | {"table": table | changed}


def write_settings(settings: Settings) -> dict[str, Any]:
    """Write settings as JSON can hold them; `read_settings` reads them back, equal."""
    written: dict[str, Any] = to_json(settings)
    table = written["data"]["table"]
    if table is not None:
        table |= {name: dict(table[name]) for name in ("roles", "kinds", "fills")}
        table["levels"] = {column: levels for column, *levels in table["levels"]}
    return written


def learns_on(before: Settings, after: Settings) -> bool:
    """Tell whether a network can go on under other settings: it is the same, but for dropout and points by hand."""
    return (
        before.network.without_dropout() == after.network.without_dropout()
        and before.data.source_only() == after.data.source_only()
        and before.inputs.features == after.inputs.features
    )


def differences(before: Settings, after: Settings) -> list[tuple[str, Any, Any]]:
    """Return which settings differ: path, before, after.

    Examples
    --------
    >>> other = Settings(training=Descent(learning_rate=0.1))
    >>> differences(Settings(), other)
    [('training.learning_rate', 0.03, 0.1)]
    """
    first, second = write_settings(before), write_settings(after)
    return [
        (f"{section}.{name}", value, second[section][name])
        for section in SECTIONS
        for name, value in first[section].items()
        if value != second[section][name]  # as numbers: a page writes 0.0 as 0
    ]
