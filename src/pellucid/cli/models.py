"""Model files, as the commands need them."""

from pathlib import Path

from pellucid.cli.evaluation import TabularModel
from pellucid.errors import PellucidError
from pellucid.estimators.tabular import TabularClassifier, TabularRegressor
from pellucid.storage import load

__all__ = ["load_table_model", "target_name"]


def load_table_model(path: Path) -> TabularModel:
    """Load a model that was trained on a table.

    Raises
    ------
    PellucidError
        If the file cannot be read, or holds another kind of model.
    """
    model = load(path)
    if not isinstance(model, TabularClassifier | TabularRegressor):
        raise PellucidError(
            f"'{path}' must hold a model of a table, as `pellucid train` writes it; it holds {type(model).__name__}. "
            "Use it in Python: pellucid.load."
        )
    return model


def target_name(model: TabularModel) -> str:
    """Return the name of what a model predicts, in quotes, or words where it has none."""
    return "the target" if model.target_name_ is None else repr(model.target_name_)
