"""`trace`: one training step, every number of it."""

from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.spec import Lbfgs, LogLoss, Loss, Network, Training
from pellucid.textbook.arrays import Array
from pellucid.textbook.clipping import clip_by_norm
from pellucid.textbook.ensembles import member_parameters
from pellucid.textbook.losses import loss_rows
from pellucid.textbook.optimizers import STATE_SYMBOLS, OptimizerState, copy_state, initial_state
from pellucid.textbook.parameters import Parameters
from pellucid.tracing.columns import feature_names
from pellucid.tracing.explanation import explain
from pellucid.tracing.html import page, to_html
from pellucid.tracing.inputs import InputsTrace, trace_inputs
from pellucid.tracing.layers import LayerTrace, trace_layers
from pellucid.tracing.preparing import Setup, prepare
from pellucid.tracing.records import check_index, frame, records
from pellucid.tracing.sharing import SharingTrace, member_gradients, member_passes, trace_sharing
from pellucid.tracing.terminal import render
from pellucid.training.jobs import Watch
from pellucid.training.stopping import Outcome

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Trace", "Update", "trace", "trace_step"]


@dataclass(frozen=True, eq=False)
class Update:
    """What the optimiser did.

    Attributes
    ----------
    learning_rate : float
        η.
    step : int
        t: number of this step of the optimiser, from 1.
    gradient_norm : float or None
        ‖g‖ before clipping; None where gradients are not clipped.
    gradient : Parameters
        g as the optimiser saw it: clipped, if it was too long.
    terms : dict of str to pair of Parameters
        What the optimiser remembers of each parameter, by its symbol, before and after the step.
    """

    learning_rate: float
    step: int
    gradient_norm: float | None
    gradient: Parameters
    terms: dict[str, tuple[Parameters, Parameters]]

    def states(self, symbol: str, before: Parameters, after: Parameters) -> dict[str, Parameters]:
        """Return what is known of all parameters, by how it is written for one whose symbol this is."""
        states = {symbol: before, "grad": self.gradient}
        for name, (old, new) in self.terms.items():
            states |= {name: old, f"{name}_new": new}
        return states | {f"{symbol}_new": after}


@dataclass(frozen=True, eq=False)
class Trace:
    """One training step, every number of it; in a notebook it shows itself.

    Layers, neurons, inputs and rows count from 0 in arrays, records and arguments, as everywhere in Python; what is
    shown, counts layers, neurons and inputs from 1, as in formulas.

    Attributes
    ----------
    network : Network
    training : Training
    layers : tuple of LayerTrace
        The last is the output layer.
    sharing : SharingTrace or None
        Of an ensemble whose members share weights: what ties the traced member to the others. Its layers are those of
        the plain network that it is; `before`, `gradients` and `after` are the whole ensemble's.
    inputs : InputsTrace or None
        What is done to the inputs before the first layer; None: nothing.
    columns : array of shape (rows, inputs)
        The inputs, as they came.
    input_names : tuple of str
    rows : tuple of int
        Numbers of the rows.
    targets : array of shape (rows, outputs) or None
        As the network sees them: classes as 0 and 1.
    sample_weight : array of shape (rows,) or None
        κ of each row: its weight, times that of its class.
    loss_rows : array of shape (rows,) or None
        ℓ of each row.
    loss, penalty : float or None
        L, the mean of ℓ plus the penalties; and the penalties' part of it.
    before, gradients, after : Parameters or None
        Everything that is learned, before and after, and ∂L/∂ of it.
    update : Update or None
        None for L-BFGS and without targets.
    notes : tuple of str
        What a reader must know about this step.
    """

    network: Network
    training: Training
    layers: tuple[LayerTrace, ...]
    sharing: SharingTrace | None
    inputs: InputsTrace | None
    columns: Array = field(repr=False)
    input_names: tuple[str, ...]
    rows: tuple[int, ...]
    targets: Array | None
    sample_weight: Array | None
    loss_rows: Array | None
    loss: float | None
    penalty: float | None
    before: Parameters = field(repr=False)
    gradients: Parameters | None = field(repr=False)
    after: Parameters | None = field(repr=False)
    update: Update | None
    notes: tuple[str, ...]

    @property
    def part(self) -> int:
        """Of members that share weights the traced one, else 0."""
        return 0 if self.sharing is None else self.sharing.part

    @property
    def own_gradients(self) -> Parameters | None:
        """∂L/∂ of all that the traced network learns; of a member that shares weights, of its own loss."""
        return self.gradients if self.sharing is None else self.sharing.gradients

    @property
    def prediction(self) -> Array:
        """What the output layer gives for each row, of shape (rows, outputs)."""
        return self.layers[-1].activation

    def __repr__(self) -> str:
        widths = " → ".join(str(width) for width in self.network.widths)
        loss = "forward pass only" if self.loss is None else f"loss {self.loss:.4g}"
        return f"<Trace of {len(self.rows)} row{'s'[: len(self.rows) != 1]} through {widths}: {loss}>"

    def records(
        self, *, row: int | None = None, layer: int | None = None, neuron: int | None = None
    ) -> list[dict[str, Any]]:
        """Return every number as a record with its symbol.

        Parameters
        ----------
        row, layer, neuron : int or None
            Only this one, counted from 0 among those traced; of the sums over rows (∂L/∂w, updates) `row` leaves
            nothing out. The layer −1 is what is done to the inputs before the first one; its neurons are the features.

        Returns
        -------
        list of dict
            Keys: stage ('forward', 'loss', 'backward', 'update'), layer, neuron, input, row, of, symbol, value. A
            number that has no layer, neuron, input or row has None there. In the update, `of` is the parameter: 'w',
            'b', 'gain' and 'shift' of layer normalisation, 'α' of a parametric activation, 'scale' of the features, and
            of an embedding 'V', 'c', 'ω', 'φ', 'E': there `neuron` is the feature and `input` the base of V, the level
            of E; a basis, ω and φ have the column as `input` and the base as `neuron`.
            '∂L/∂w (row)' is what one row adds to '∂L/∂w'.

        Raises
        ------
        DataError
            If they would be more than 500,000, or there is no such row, layer or neuron.
        """
        return records(self, row=row, layer=layer, neuron=neuron)

    def to_frame(
        self, *, row: int | None = None, layer: int | None = None, neuron: int | None = None
    ) -> "pd.DataFrame":
        """Return `records` as a data frame."""
        return frame(self.records(row=row, layer=layer, neuron=neuron))

    def to_html(self, *, row: int = 0, layer: int | None = None, neuron: int | None = None) -> str:
        """Return a page's section that shows the step: forward → loss → backward → update.

        Parameters
        ----------
        row : int
            The row whose formulas are shown; the numbers of the others stand in tables.
        layer, neuron : int or None
            Only this one; None: all, of a wide layer the first twelve neurons.

        Returns
        -------
        str
            HTML with its style; it loads nothing.
        """
        return to_html(explain(self, row=row, layer=layer, neuron=neuron))

    def save_html(self, path: str | Path, *, row: int = 0, layer: int | None = None, neuron: int | None = None) -> None:
        """Write what `to_html` gives as a page of its own."""
        Path(path).write_text(page(self.to_html(row=row, layer=layer, neuron=neuron)), encoding="utf-8")

    def render(self, *, row: int = 0, layer: int | None = None, neuron: int | None = None) -> Any:
        """Return the step as something that ``rich.print`` shows in a terminal; parameters as for `to_html`."""
        return render(explain(self, row=row, layer=layer, neuron=neuron))

    def _repr_html_(self) -> str:
        return self.to_html()


def trace(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    member: int = 0,
    part: int = 0,
) -> Trace:
    """Take one training step on a copy of a model and keep every number of it.

    The rows are one batch, in their order. The step is the one that ``model.partial_fit(X, y)`` would take, with the
    optimiser's memory as it is; for a model that is not fitted, the first one from its initial weights. Only what is
    drawn or decided over a whole training is left out: the order of the rows, validation, early stopping. The engine
    computes all numbers; nothing is computed again by other means.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor; TabularClassifier or TabularRegressor, fitted
        It stays as it is.
    X : array, sparse matrix or table of shape (rows, features)
        A raw table for a tabular model.
    y : array or None
        Targets; None: the forward pass only, without dropout, as in prediction.
    sample_weight : array of shape (rows,) or None
    classes : array or None
        All classes, for a classifier that is not fitted and rows that lack some.
    member : int
        Which of the networks of a tabular model, from 0.
    part : int
        Of a network whose members share weights (TabM), the member to trace, from 0.

    Returns
    -------
    Trace

    Raises
    ------
    PellucidError
        If the model is of another kind or the rows do not suit it.

    Examples
    --------
    >>> from pellucid import MLPClassifier, trace
    >>> model = MLPClassifier((2,), activation="tanh", solver="sgd", learning_rate_init=0.5, random_state=0)
    >>> step = trace(model, [[0.0, 1.0], [1.0, 1.0]], [1, 0])
    >>> step
    <Trace of 2 rows through 2 → 2 → 1: loss 1.195>
    >>> first = step.layers[0]
    >>> (first.products.sum(axis=1) + first.bias - first.pre_activation).round(12).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    >>> sorted(step.to_frame().stage.unique())
    ['backward', 'forward', 'loss', 'update']
    """
    setup = prepare(model, X, y, sample_weight, classes, member=member)
    ensemble = setup.job.network.ensemble
    members = 1 if ensemble is None else ensemble.members
    check_index("part", part, 0, members, "the members that share weights")
    return trace_step(replace(setup, part=part))


def trace_step(setup: Setup) -> Trace:
    """Take a step that is prepared already, on a copy, and keep every number of it.

    Parameters
    ----------
    setup : Setup
        Its job is one epoch of one batch.
    """
    job, part, has_targets = setup.job, setup.part, setup.has_targets
    network, member = job.network, job.network.member
    before = Parameters(network, job.parameters)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # as in training: the numbers show it
        step = setup.engine.loss_and_gradients(network, job.training, before, job.data, dropout=setup.dropout)
        passes = member_passes(network, step.layers, part)
        last, targets = passes[-1], job.data.targets
        rows = loss_rows(job.training.loss, network.output, last.pre_activation, last.activation, targets)
        gradients = own_gradients = step.gradients if has_targets else None
        if network.ensemble is not None and has_targets:
            own_gradients = member_gradients(network, before, step.layers, job.data, part)
        sharing = trace_sharing(network, step.layers, job.training.loss, job.data, own_gradients, part)
    after, update, notes = None, None, list(setup.notes)
    if has_targets:
        after, update = _update(setup, step.gradients, notes)
    notes += _notes_on_saturation(job.training.loss, last.activation, rows if has_targets else None)
    notes += _notes_on_sharing(sharing)
    total = job.data.total_weight
    names = (feature_names(network.embedding, setup.names.inputs), setup.names.outputs)
    share = 1 / total if total > 0 else 0.0
    columns = np.asarray(job.data.inputs)
    own = member_parameters(network, before, part)
    own_after = None if after is None else member_parameters(network, after, part)
    letter = "w" if sharing is None else "v"
    layers = trace_layers(member, passes, own, own_gradients, own_after, names, share, letter)
    return Trace(
        network=network,
        training=job.training,
        layers=layers,
        sharing=sharing,
        inputs=trace_inputs(
            member, columns, setup.names.inputs, layers[0], own, own_gradients, own_after, setup.names.levels
        ),
        columns=columns,
        input_names=setup.names.inputs,
        rows=tuple(range(job.data.rows)),
        targets=job.data.targets if has_targets else None,
        sample_weight=job.data.sample_weight,
        loss_rows=rows if has_targets else None,
        loss=step.loss if has_targets else None,
        penalty=step.penalty if has_targets else None,
        before=before,
        gradients=gradients,
        after=after,
        update=update,
        notes=tuple(notes),
    )


def _notes_on_saturation(loss: Loss, predictions: Array, losses: Array | None) -> list[str]:
    """Say how a log loss comes about where a probability rounds to 0 or 1 and the formula's logarithm would be -∞."""
    epsilon = float(np.finfo(predictions.dtype).eps)
    if losses is None or not isinstance(loss, LogLoss) or np.minimum(predictions, 1 - predictions).min() >= epsilon:
        return []
    if loss.clipped:
        return [
            f"The loss takes probabilities as no closer to 0 and 1 than ε = {epsilon:.2g}, as in scikit-learn: −ln a "
            f"is at most {-log(epsilon):.2f}. δ takes no notice of that."
        ]
    return ["Where a probability rounds to 0 or 1, its logarithm is computed from z."]


def _notes_on_sharing(sharing: SharingTrace | None) -> list[str]:
    if sharing is None:
        return []
    notes = [
        f"This is member {sharing.part + 1} of {sharing.members} that share weights: a plain network with the weights "
        "v = r·w·s, w of all members, r and s its own."
    ]
    if sharing.gradients is not None:
        notes.append(
            "The backward pass is that of this member's own loss. What is learned in common moves by the mean of all "
            "members' gradients."
        )
    return notes


def _update(setup: Setup, gradients: Parameters, notes: list[str]) -> tuple[Parameters | None, Update | None]:
    """Let the engine train a copy for this one step."""
    job, optimizer = setup.job, setup.job.training.optimizer
    if isinstance(optimizer, Lbfgs):
        notes.append("L-BFGS searches along a line with many evaluations of the loss; it has no single step to show.")
        return None, None
    if setup.is_fitted and job.state.optimizer is None:
        notes.append("The model does not know its optimiser's memory (any more), so the optimiser starts afresh.")
    state = initial_state(optimizer, job.parameters) if job.state.optimizer is None else job.state.optimizer
    twin = replace(job, parameters=job.parameters.copy(), state=replace(job.state, optimizer=copy_state(state)))
    learning_rate = job.learning_rate()
    (run,) = setup.engine.train([twin], Watch())
    if run.outcome is Outcome.DIVERGED:
        notes.append("This step diverges: the loss or a weight is no longer a finite number.")
    assert run.state.optimizer is not None  # noqa: S101 - types
    clipped = Parameters(job.network, gradients.vector.copy())
    clip = job.training.clip_norm
    norm = None if clip is None else clip_by_norm(clipped.vector, clip)
    terms = _terms(setup, state, run.state.optimizer)
    return Parameters(job.network, run.parameters), Update(learning_rate, state.step + 1, norm, clipped, terms)


def _terms(setup: Setup, before: OptimizerState, after: OptimizerState) -> dict[str, tuple[Parameters, Parameters]]:
    network, symbols = setup.job.network, STATE_SYMBOLS[type(setup.job.training.optimizer)]
    return {
        symbol: (Parameters(network, old), Parameters(network, new))
        for symbol, old, new in zip(symbols, before.arrays, after.arrays, strict=True)
    }
