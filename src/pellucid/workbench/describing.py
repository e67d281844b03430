"""What the page is told of a dataset and a run."""

from typing import Any

import numpy as np

from pellucid.errors import DataError
from pellucid.spec import Network, parameter_layout, to_json
from pellucid.textbook.arrays import Array
from pellucid.tracing.columns import feature_names as named_features
from pellucid.workbench.dataset import Dataset
from pellucid.workbench.run import Run
from pellucid.workbench.settings import Settings, View
from pellucid.workbench.trainer import Trainer

__all__ = [
    "class_names",
    "describe_dataset",
    "describe_run",
    "feature_names",
    "output_names",
    "parameter_index",
    "parameter_of",
    "points",
]


def describe_dataset(dataset: Dataset, settings: Settings) -> dict[str, Any]:
    """Return the state `dataset`."""
    rows, view = dataset.rows, settings.inputs.view
    plane = dataset.plane(view)
    regression = dataset.task == "regression"
    mode = view.mode if rows.columns.shape[1] > 2 else "columns"
    return {
        "task": "binary" if dataset.task == "multilabel" else dataset.task,  # drawn is the first label, there or not
        "labels": list(rows.labels),
        "outputs": output_names(dataset) if regression else list(class_names(dataset)),
        "classes": list(class_names(dataset)),
        "columns": [
            {
                "name": name,
                "kind": _kind(dataset, index),
                "low": float(rows.columns[:, index].min()),
                "high": float(rows.columns[:, index].max()),
            }
            for index, name in enumerate(rows.names)
        ],
        "features": list(feature_names(dataset)),
        "rows": len(rows.y),
        "train": len(dataset.train),
        "validation": len(dataset.validation),
        "shown": len(dataset.shown),
        "axes": {
            axis: {
                "name": plane.names[i],
                "low": float(plane.low[i]),
                "high": float(plane.high[i]),
                "column": plane.columns[i],
                "kind": _kind(dataset, plane.columns[i]) if mode == "columns" else "number",
            }
            for i, axis in enumerate("xy")
        }
        | {"mode": mode, "columns": list(rows.names)},
        "baseline": dataset.baseline,
        "score": dataset.score,
        "target": {
            "name": output_names(dataset)[0] if regression else "y",
            "low": float(dataset.targets[:, 0].min()) if regression else 0.0,
            "high": float(dataset.targets[:, 0].max()) if regression else float(max(len(class_names(dataset)) - 1, 1)),
            "mean": dataset.mean,
            "scale": dataset.scale,
        },
        "editable": dataset.is_editable,
        "embedded": _embedded(dataset),
        "notes": [*rows.notes, *_shared(settings)],
        "table": _table(rows.described, settings),
    }


def _kind(dataset: Dataset, column: int) -> str:
    if column in dataset.levels:
        return "category"
    return "date" if dataset.rows.names[column] in dataset.rows.days else "number"


def _shared(settings: Settings) -> list[str]:
    """Say what is drawn of members that share weights."""
    ensemble = settings.network.ensemble
    if ensemble is None:
        return []
    return [f"Member 1 of {ensemble.members} that share weights is drawn; what the network says is the mean of all."]


def _embedded(dataset: Dataset) -> dict[str, Any] | None:
    """Say how many features each input becomes, and how they are called; None where inputs stay as they are."""
    embedding = dataset.embedding
    if embedding is None:
        return None
    return {
        "counts": list(embedding.features_of_columns),
        "names": list(named_features(embedding, feature_names(dataset))),
    }


def _table(described: tuple[dict[str, Any], ...], settings: Settings) -> dict[str, Any] | None:
    table = settings.data.table
    if settings.data.source != "table" or table is None:
        return None
    targets = [each["name"] for each in described]
    return {"id": table.id, "name": table.name, "columns": list(described), "targets": targets}


def feature_names(dataset: Dataset) -> tuple[str, ...]:
    """Name what the network sees: columns by their names, formulas as they are."""
    named = {f"x{index + 1}": name for index, name in enumerate(dataset.rows.names)}
    return tuple(named.get(text, text) for text in dataset.features)


def class_names(dataset: Dataset) -> tuple[str, ...]:
    """Name the classes that points are drawn in: of several labels, whether the first is there."""
    if not dataset.rows.labels:
        return dataset.rows.classes
    first = dataset.rows.labels[0]
    return f"not {first}", first


def output_names(dataset: Dataset) -> list[str]:
    """Name a regression's outputs."""
    return ["y"] if dataset.outputs == 1 else [f"y{index + 1}" for index in range(dataset.outputs)]


def points(dataset: Dataset, view: View) -> dict[str, Array]:
    """Return the buffers of `points`."""
    shown = dataset.shown
    places = dataset.project(dataset.plane(view), view)
    part = np.zeros(len(dataset.numbers), np.uint8)
    part[dataset.validation] = 1
    targets = dataset.targets[:, 0] if dataset.task == "regression" else dataset.rows.y.astype(np.float64)
    return {
        "x": places[:, 0].astype("f4"),
        "y": places[:, 1].astype("f4"),
        "target": targets[shown].astype("f4"),
        "part": part[shown],
        "row": dataset.numbers[shown].astype("i4"),
    }


def describe_run(run: Run, trainer: Trainer) -> dict[str, Any]:
    """Return the state `run`, without what the session adds."""
    network = run.job.network.member  # of members that share weights, the first is drawn
    epoch, batch = run.position
    furthest = run.furthest
    moments = [{"epoch": each.epoch, "batch": 0} for each in list(run.moments) if (each.epoch, 0) <= furthest]
    return {
        "id": run.number,
        "epoch": epoch,
        "batch": batch,
        "batches": run.job.steps_an_epoch,
        "step": run.step,
        "playing": trainer.is_playing,
        "ended": run.ended,
        "diverged": run.has_diverged,
        "widths": [network.inputs, *network.widths[1:]],
        "output": network.output,
        "layers": [
            {
                "width": layer.width,
                "activation": to_json(layer.activation),
                "dropout": layer.dropout,
                "normalization": layer.layer_norm,
            }
            for layer in network.hidden
        ],
        "layout": [
            {"role": block.role, "layer": block.layer, "shape": list(block.shape), "start": block.start}
            for block in parameter_layout(network)
        ],
        "moments": moments,
        "position": {"epoch": epoch, "batch": batch},
        "furthest": {"epoch": furthest[0], "batch": furthest[1]},
        "frozen": [] if run.frozen is None else [parameter_of(network, int(i)) for i in np.flatnonzero(run.frozen)],
        "speed": trainer.speed,
        "rate": trainer.rate,
        "score": run.dataset.score,
    }


def parameter_index(network: Network, parameter: Any) -> int:
    """Return the place in the flat vector of a parameter such as [0, "weights", 1, 2].

    Raises
    ------
    DataError
        If there is none such, or the network's members share it.
    """
    if network.ensemble is not None:
        raise DataError("A weight of a member that shares weights with others is not its own: choose no single one.")
    if isinstance(parameter, list) and len(parameter) >= 3:
        layer, role, *place = parameter
        for block in parameter_layout(network):
            if (block.layer, block.role) != (layer, role) or len(place) != len(block.shape):
                continue
            if all(type(i) is int and 0 <= i < size for i, size in zip(place, block.shape, strict=True)):
                return block.start + int(np.ravel_multi_index(tuple(place), block.shape))
    raise DataError(
        f"A parameter must be [layer, 'weights', i, j] or [layer, 'bias', j] of the network; got {str(parameter)[:80]}."
    )


def parameter_of(network: Network, index: int) -> list[Any]:
    """Return the parameter at a place: the inverse of `parameter_index`."""
    block = next(block for block in parameter_layout(network) if index < block.stop)
    place = np.unravel_index(index - block.start, block.shape)
    return [block.layer, block.role, *(int(i) for i in place)]
