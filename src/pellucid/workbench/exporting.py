"""What can be taken along: a script that trains the same network, a model file, a session file."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import spec
from pellucid.errors import DataError
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.spec import Cosine, FlatCosine, LogCosine, OneCycle
from pellucid.storage import save
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters
from pellucid.workbench.asking import name_in
from pellucid.workbench.dataset import parts_of_added
from pellucid.workbench.history import COLUMNS
from pellucid.workbench.protocol import Message, encode
from pellucid.workbench.run import Run
from pellucid.workbench.session_file import read_session, write_session
from pellucid.workbench.settings import Data, Settings, Table

if TYPE_CHECKING:
    from pellucid.workbench.session import Session

__all__ = ["Exporting", "estimator_of", "parameters_of", "script_of"]

BY_SHARE = (Cosine, OneCycle, FlatCosine, LogCosine)
"""Schedules that follow the share of all epochs done."""
SCRIPT = '''"""A network as Pellucid's workbench trained it: the same rows, the same start, the same weights."""
{note}
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
{scaler_import}
from pellucid import {kind}, spec, trace
from pellucid.tables import {tables}
from pellucid.workbench.formulas import parse
{imports}

# the rows
rows = {rows}
columns, y = rows.columns, rows.y
train, held_out = split_rows(len(y), {share}, seed={seed}{classes})
{edits}X = np.column_stack([parse(text, rows.names)(columns) for text in {features}])
{scaling}
# the network and its training
model = {kind}(
{parameters}
)
warnings.simplefilter("ignore", ConvergenceWarning)  # it ends where the workbench stood
model.fit(X[train], y[train]{validation})

loss = trace(model.set_params(dropout=0.0), X[train], y[train]).loss_rows.mean()
print(f"epochs {{model.n_iter_}}, training loss {{loss:.6f}}")
print(f"{score} of the rows that trained {{model.score(X[train], y[train]):.4f}}")
{score_held_out}'''


class Exporting:
    """What a page takes along, and brings back."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.handlers = {"export": self._on_export, "load_session": self._on_load}

    async def _on_export(self, message: Message) -> None:
        what, session = name_in(message.content, "what", ("script", "model", "session")), self.session
        if what == "script":
            text = await session.command(lambda: script_of(session.run))
            await self._send("pellucid_workbench.py", "text/x-python", text.encode())
        elif what == "model":
            model = await session.command(lambda: estimator_of(session.run))
            data = await asyncio.to_thread(_model_file, model)
            await self._send("model.safetensors", "application/octet-stream", data)
        else:
            data = await session.command(lambda: write_session(session.run, session.tables))
            await self._send("workbench.pellucid", "application/octet-stream", data)

    async def _send(self, name: str, type_: str, data: bytes) -> None:
        content = {"kind": "file", "name": name, "type": type_}
        await self.session.send(encode(content, {"data": np.frombuffer(data, np.uint8)}))

    async def _on_load(self, message: Message) -> None:
        if len(message.buffers) != 1:
            raise DataError("'load_session' must come with the file as its one buffer.")
        session = self.session
        run = await asyncio.to_thread(read_session, message.buffers[0], session.tables)
        await session.open_run(run, run.epoch + run.ahead)


def _model_file(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        save(model, path)
        return path.read_bytes()


def parameters_of(run: Run) -> dict[str, Any]:
    """Return the parameters of the estimator that trains as the run does.

    Raises
    ------
    DataError
        If none does.
    """
    settings, training = run.settings, run.job.training
    layers = settings.network.layers
    normalised = {layer.normalization for layer in layers}
    if len(normalised) > 1:
        raise DataError("The estimators normalise all layers or none; set layer normalisation alike in every layer.")
    return {
        "hidden_layer_sizes": tuple(layer.width for layer in layers),
        "activation": [layer.activation for layer in layers] if layers else "relu",
        "solver": training.optimizer,
        "learning_rate": training.schedule,
        "learning_rate_init": training.learning_rate,
        "alpha": training.l2,
        "l1": training.l1,
        "clip_norm": training.clip_norm,
        "batch_size": training.batch_size,
        "shuffle": training.shuffle,
        "loss": training.loss,
        "dropout": [layer.dropout for layer in layers] if layers else 0.0,
        "layer_norm": True in normalised,
        "initializer": settings.network.initializer,
        "tol": settings.stop.tolerance,
        "n_iter_no_change": np.inf if settings.stop.patience is None else settings.stop.patience,
        "max_iter": _epochs(run),
        "random_state": settings.network.seed,
    }


def _epochs(run: Run) -> int:
    return run.job.training.epochs if isinstance(run.job.training.schedule, BY_SHARE) else max(run.epoch, 1)


def estimator_of(run: Run) -> Any:
    """Return the run's network as a fitted estimator; it sees inputs as the network does."""
    data = run.dataset
    kind: Any = MLPRegressor if data.task == "regression" else MLPClassifier
    classes: Any = None
    if data.task == "multilabel":
        classes = np.eye(len(data.rows.labels), dtype=np.int64)  # marks, as the estimator sees them
    elif data.task != "regression":
        names = list(data.rows.classes)
        classes = np.array(names) if names == sorted(names) else np.arange(len(names))
    network, vector = run.job.network, run.parameters.copy()
    if network.output == "softmax" and network.outputs == 2:
        network, vector = _with_one_output(network, vector)
    model = kind(**parameters_of(run)).set_network(network, vector, classes=classes)
    model.n_iter_, model.t_ = run.epoch, run.job.state.rows_seen
    losses = run.curves.until(run.epoch)[1:, COLUMNS.index("batches")]
    if len(losses) == run.epoch > 0:  # of a very long run not every epoch is kept
        model.loss_curve_, model.loss_ = losses.tolist(), float(losses[-1])
    return model


def _with_one_output(network: spec.Network, vector: Array) -> tuple[spec.Network, Array]:
    """Return the network with one output that says of two classes the same: the logistic function of z₂ - z₁."""
    parameters = Parameters(network, vector)
    one = replace(network, outputs=1, output="logistic")
    weights = [*parameters.weights[:-1], parameters.weights[-1][..., [1]] - parameters.weights[-1][..., [0]]]
    bias = [*parameters.bias[:-1], parameters.bias[-1][..., [1]] - parameters.bias[-1][..., [0]]]
    made = Parameters.from_arrays(one, weights, bias, parameters.gain, parameters.shift, parameters.rest)
    return one, made.vector


def script_of(run: Run) -> str:
    """Return a script that makes the same rows and trains the same network.

    Raises
    ------
    DataError
        If there is nothing to train, or no script can make it.
    """
    settings, data = run.settings, run.dataset
    if settings.data.source == "given":
        raise DataError("These rows came from Python; the script that has them is where the network comes from.")
    parts = _unscripted_parts(run.job.network)
    if parts:
        raise DataError(f"No script can make a network with {parts}; the model file has it.")
    if run.epoch < 1:
        raise DataError("Nothing is trained yet; the script repeats a training of one epoch or more.")
    regression = data.task == "regression"
    score = "R²" if regression else "accuracy"
    has_held_out = len(data.validation) > 0
    tables, imports, rows = _source(settings, run)
    parameters = {name: _source_of(value) for name, value in parameters_of(run).items()}
    if isinstance(run.job.training.schedule, BY_SHARE):
        parameters["callbacks"] = f"[lambda model, epoch: epoch.epoch >= {run.epoch}]"
    return SCRIPT.format(
        note=_note(run),
        kind="MLPRegressor" if regression else "MLPClassifier",
        scaler_import="from sklearn.preprocessing import StandardScaler\n" if settings.data.scale else "",
        tables=tables,
        imports=imports,
        rows=rows,
        edits=_edits(settings.data),
        features=list(data.features),
        share=f"1 - {settings.data.train_share!r}",
        seed=settings.data.seed,
        classes="" if regression else ", classes=y",
        scaling=_scaling(run),
        parameters="\n".join(f"    {name}={value}," for name, value in parameters.items()),
        validation=", X_val=X[held_out], y_val=y[held_out]" if has_held_out else "",
        score=score,
        score_held_out=f'print(f"{score} of the others {{model.score(X[held_out], y[held_out]):.4f}}")\n'
        if has_held_out
        else "",
    )


def _unscripted_parts(network: spec.Network) -> str:
    """Name what of a network no parameter of an estimator describes; empty if they describe it all."""
    parts = {
        "an embedding": network.embedding is not None,
        "a scale of the inputs": network.input_scale,
        "parametric activations": any(layer.parametric for layer in network.hidden),
        "the 'ntk' parametrization": network.parametrization != "standard",
        "members that share weights": network.ensemble is not None,
    }
    return " and ".join(part for part, is_there in parts.items() if is_there)


def _note(run: Run) -> str:
    """Write what is to be known beside the script, as comments: a name between quotation marks could end them."""
    table, lines = run.settings.data.table, []
    if table is not None:
        lines.append(f"It reads {table.name!r}: save the table under this name where you run it.")
    if run.changes:
        lines += [
            f"The run was changed {len(run.changes)} times while it went on. This script trains under the last",
            "settings from the start, so that its weights differ; the session file has the run as it was.",
        ]
    return "".join(f"# {line}\n" for line in lines)


def _source(settings: Settings, run: Run) -> tuple[str, str, str]:
    data, table = settings.data, settings.data.table
    if data.source == "table" and isinstance(table, Table):
        described = replace(table, id="", name="table")
        imports = "from pellucid.workbench.own_table import table_rows\nfrom pellucid.workbench.settings import Table"
        train = f"{data.train_share!r}, {data.seed!r}"
        file = repr(table.name)
        if table.missing:
            imports += "\nfrom pellucid.tables.missing import MissingValues"
            file += f", missing_values=MissingValues.written({table.missing!r})"
        return "read_table, split_rows", imports, f"table_rows(read_table({file}), {described!r}, {train})"
    made = f"make({data.source!r}, size={data.size}, noise={data.noise!r}, seed={data.seed})"
    return "split_rows", "from pellucid.workbench.sources import make", made


def _edits(data: Data) -> str:
    """Write what was added and removed by hand."""
    if not (data.added or data.removed):
        return ""
    lines = ["", "# points added and removed by hand", "known = train"]
    if data.added:
        kept, held_out = (part.tolist() for part in parts_of_added(data.size, len(data.added), data.train_share))
        lines += [
            f"added = np.array({[list(point) for point in data.added]})",
            "columns, y = np.vstack([columns, added[:, :2]]), np.concatenate([y, added[:, 2].astype(y.dtype)])",
            f"train, held_out = np.append(train, {kept}), np.append(held_out, {held_out}).astype(int)",
        ]
    if data.removed:
        lines.append(f"train, held_out = (rows[~np.isin(rows, {list(data.removed)})] for rows in (train, held_out))")
    return "".join(f"{line}\n" for line in [*lines, ""])


def _scaling(run: Run) -> str:
    known = "known" if run.settings.data.added or run.settings.data.removed else "train"
    lines = []
    if run.settings.data.scale:
        lines.append(f"X = np.ascontiguousarray(StandardScaler().fit(X[{known}]).transform(X))")
    if (run.dataset.mean, run.dataset.scale) != (0.0, 1.0):
        lines.append(f"y = (y - y[{known}].mean()) / y[{known}].std()")
    return "".join(f"{line}\n" for line in lines)


def _source_of(value: Any) -> str:
    """Write a parameter as Python source.

    Examples
    --------
    >>> _source_of([spec.Tanh(), spec.Relu()]), _source_of(np.inf), _source_of((4, 2))
    ('[spec.Tanh(), spec.Relu()]', 'np.inf', '(4, 2)')
    """
    if isinstance(value, list):
        return f"[{', '.join(_source_of(each) for each in value)}]"
    if hasattr(spec, type(value).__name__):
        return f"spec.{value!r}"
    return "np.inf" if value == np.inf else repr(value)
