"""Model files, as the commands need them."""

from pathlib import Path

from pellucid.errors import PellucidError
from pellucid.estimators.table_model import TableModel
from pellucid.storage import load

__all__ = ["load_table_model"]


def load_table_model(path: Path) -> TableModel:
    """Load a model that was trained on a table.

    Raises
    ------
    PellucidError
        If the file cannot be read, or holds another kind of model.
    """
    model = load(path)
    if not isinstance(model, TableModel):
        raise PellucidError(
            f"'{path}' must hold a model of a table, as `pellucid train` writes it; it holds {type(model).__name__}. "
            "Use it in Python: pellucid.load."
        )
    return model
