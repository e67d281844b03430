"""How sessions begin that are opened with rows: a table from the command line."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pellucid.errors import DataError, did_you_mean
from pellucid.workbench.limits import UPLOAD_BYTES
from pellucid.workbench.own_table import Tables
from pellucid.workbench.session import Session
from pellucid.workbench.settings import Data, Settings

__all__ = ["sessions_of_table"]


def sessions_of_table(path: Path, target: str | None = None) -> Callable[[str], Session]:
    """Return what makes sessions that begin with a table.

    Parameters
    ----------
    path : Path
    target : str or None
        The column to be predicted; None: the last one.

    Raises
    ------
    DataError
        If the table cannot be used.
    """
    tables = Tables()
    try:
        with path.open("rb") as file:
            data = file.read(UPLOAD_BYTES + 1)
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror}.") from None
    table = tables.add(path.name, data)
    if target is not None:
        known = [str(name) for name in tables.get(table.id).frame.columns]
        if target not in known:
            raise DataError(f"'--target' must be a column of the table; got {target!r}.{did_you_mean(target, known)}")
        table = replace(table, target=target)
    settings = Settings(data=Data(source="table", table=table))
    return lambda name: Session(name, settings, tables)
