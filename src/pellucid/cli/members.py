"""What an ensemble is made of, as rows of text."""

from collections.abc import Sequence

from pellucid.cli.evaluation import TabularModel
from pellucid.estimators.tabular.bag import Trained
from pellucid.estimators.tabular.importances import SHARES
from pellucid.spec import parameter_count
from pellucid.tables.figures import with_error

__all__ = ["MEMBER_TITLES", "SCORING_UNITS", "about_importances", "importance_rows", "member_rows"]

SCORING_UNITS = {
    "log_loss": "log loss (nats)",
    "accuracy": "accuracy",
    "roc_auc": "area under the ROC curve",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "poisson": "Poisson deviance",
}

MEMBER_TITLES = ("member", "weight", "networks", "hidden layers", "numbers", "parameters", "best epoch")


def member_rows(model: TabularModel) -> list[tuple[str, ...]]:
    """Return a row for each member: what its networks are, and how much it counts."""
    bag = model.bag_
    return [
        _row(member, float(weight), [each for each in bag.networks if each.member == member])
        for member, weight in enumerate(bag.weights)
    ]


def _row(member: int, weight: float, trained: Sequence[Trained]) -> tuple[str, ...]:
    if not trained:
        return str(member + 1), f"{weight:.2f}", "0", "–", "–", "–", "–"
    network = trained[0].network
    widths = " → ".join(str(layer.width) for layer in network.hidden)
    activations = ", ".join(dict.fromkeys(layer.activation.name for layer in network.hidden))
    embedding = None if network.embedding is None else network.embedding.number_embedding
    numbers = "plain" if embedding is None else embedding.name.replace("_", " ")
    best = [each.best_epoch for each in trained]
    epochs = f"{min(best)}" if min(best) == max(best) else f"{min(best)} to {max(best)}"
    total = sum(parameter_count(each.network) for each in trained)
    return (
        str(member + 1),
        f"{weight:.2f}",
        str(len(trained)),
        f"{widths} {activations}".strip() or "none: linear",
        numbers,
        f"{total:,}",
        f"{epochs} of {max(each.epochs for each in trained)}",
    )


def about_importances(model: TabularModel) -> str:
    """Say what importances are, and their unit."""
    scoring = model._scoring()
    unit = SCORING_UNITS.get(scoring, scoring)
    return (
        f"Importance: by how much the {unit} {'falls' if scoring in SHARES else 'rises'} when the column is shuffled."
    )


def importance_rows(model: TabularModel) -> dict[str, str]:
    """Return each column's importance with its deviation as text; nothing if none were computed."""
    if not hasattr(model, "feature_importances_"):
        return {}
    values = zip(model._columns, model.feature_importances_, model.feature_importances_std_, strict=True)
    return {name: with_error(mean, deviation) if mean or deviation else "0" for name, mean, deviation in values}
