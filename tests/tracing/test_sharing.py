"""Members that share weights: each is traced as the plain network that it is, and all together are the ensemble."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pellucid import TabularClassifier, trace
from pellucid.engines import get_engine
from pellucid.errors import DataError
from pellucid.estimators.tabular import Member
from pellucid.spec import (
    Embedding,
    Ensemble,
    Layer,
    LogLoss,
    Network,
    Periodic,
    Silu,
    Stopping,
    Tanh,
    Training,
    parameter_count,
)
from pellucid.textbook.ensembles import add_member_gradients, member_parameters
from pellucid.textbook.network import Batch, forward
from pellucid.textbook.parameters import Parameters
from pellucid.tracing import Trace
from pellucid.tracing.loss_formulas import batch_formulas
from pellucid.tracing.preparing import Names, Setup
from pellucid.tracing.sharing_formulas import shared_gradient_formulas, shared_weight_formula
from pellucid.tracing.steps import trace_step
from pellucid.training.jobs import Job
from pellucid.training.streams import streams
from tracing.test_formulas import check


def step_of(adapters: str, part: int, engine: str = "textbook", **training: float) -> Trace:
    random = np.random.default_rng(0)
    network = Network(
        3,
        (Layer(4, Silu(), 0.3, layer_norm=True, parametric=True), Layer(5, Tanh(), 0.3)),
        2,
        "softmax",
        embedding=Embedding(2, Periodic(3, 0.3, 2), 1),
        input_scale=True,
        parametrization="ntk",
        ensemble=Ensemble(3, adapters),
    )
    vector = random.normal(size=parameter_count(network))
    data = Batch(random.normal(size=(10, 3)), np.eye(2)[random.integers(0, 2, 10)], random.uniform(0.5, 2, 10))
    described = Training(LogLoss(), stopping=Stopping(patience=None), shuffle=False, **training)
    job = Job(network, described, data, vector, streams(1), epochs=1)
    names = Names(("age", "height", "seen"), ("no", "yes"))
    return trace_step(Setup(job, get_engine(engine), names, is_fitted=False, has_targets=True, notes=[], part=part))


@pytest.mark.parametrize("engine", ["textbook", "native"])
@pytest.mark.parametrize("adapters", ["all", "first"])
def test_the_members_gradients_are_together_the_engine_s(adapters: str, engine: str) -> None:
    steps = [step_of(adapters, part, engine, l2=0.1) for part in range(3)]
    whole = steps[0]
    together = Parameters.empty(whole.network, np.float64)
    together.vector[...] = 0
    for step in steps:
        own = Parameters(step.network.member, step.own_gradients.vector / 3)
        add_member_gradients(step.network, step.before, step.part, own, together)
        np.testing.assert_array_equal(step.gradients.vector, whole.gradients.vector)
        np.testing.assert_allclose(step.layers[0].contributions.sum(axis=0), step.layers[0].d_weights, rtol=1e-9)
        np.testing.assert_allclose(step.inputs.scale_contributions.sum(axis=0), step.inputs.d_scale, rtol=1e-9)
        summed = step.layers[1].products.sum(axis=1) + step.layers[1].bias
        np.testing.assert_allclose(summed, step.layers[1].weighted_sum, rtol=1e-11, atol=1e-13)
        ours = member_parameters(step.network, step.after, step.part)
        np.testing.assert_array_equal(step.layers[1].weights_after, ours.weights[1])
    together.all_weights += 0.1 * whole.before.all_weights / whole.sample_weight.sum()
    np.testing.assert_allclose(together.vector, whole.gradients.vector, rtol=1e-8, atol=1e-13)
    losses = whole.sharing.losses
    assert whole.loss == pytest.approx(losses.mean() + whole.penalty, rel=1e-12)
    for step in steps:
        weight = step.sample_weight
        assert losses[step.part] == pytest.approx(step.loss_rows @ weight / weight.sum(), rel=1e-12)


def test_a_member_s_layers_are_those_of_its_plain_network() -> None:
    step = dataclasses.replace(step_of("all", 2))
    own = member_parameters(step.network, step.before, 2)
    masks = [layer.mask for layer in step.layers[:-1]]
    for layer, done in zip(step.layers, forward(step.network.member, own, step.columns, masks), strict=True):
        np.testing.assert_allclose(layer.pre_activation, done.pre_activation, rtol=1e-12)


@pytest.mark.parametrize("adapters", ["all", "first"])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_formulas_of_sharing(adapters: str, l2: float) -> None:
    step = step_of(adapters, 1, l2=l2, l1=0.3 * l2)
    for layer in step.layers:
        for i in range(layer.weights.shape[0]):
            for j in range(layer.neurons):
                check(shared_weight_formula(step, layer, i, j, 17))
                for formula in shared_gradient_formulas(step, layer, i, j, 17):
                    check(formula)
    for formula in batch_formulas(step, 17):
        check(formula)


def test_records_and_explanation() -> None:
    step = step_of("all", 1)
    table = step.to_frame()
    assert {"∂L/∂v", "∂L/∂w", "∂L/∂r", "∂L/∂s", "r_new", "s_new", "L of member"} <= set(table.symbol)
    rows = table[(table.symbol == "∂L/∂r") & (table.layer == 1)]
    np.testing.assert_array_equal(rows.value, step.gradients.input_adapters[1][1])
    own = table[(table.symbol == "b_new") & (table.layer == 2)].set_index("neuron").value
    np.testing.assert_array_equal(own, step.after.bias[2][1])
    text = step.to_html()
    for shown in ("2 of 3 that share weights", "v = r·w·s", "To what the members share", "L₂", "r₁", "members"):
        assert shown in text
    assert step.to_html(layer=1, neuron=2).count("To what the members share") == 1


def test_a_tabular_network_whose_members_share_weights() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=60), "b": random.normal(size=60)})
    y = np.where(frame.a > 0, "x", "y")
    model = TabularClassifier(members=[Member((5,), bins=3, ensemble=4)], n_folds=1, max_epochs=2, random_state=0)
    model.fit(frame, y)
    step = trace(model, frame, y, part=3)
    assert "member 4 of 4 that share weights" in " ".join(step.notes)
    predictions = [trace(model, frame, part=part).prediction for part in range(4)]
    np.testing.assert_allclose(np.mean(predictions, axis=0), model.bag_.predict(get_engine(), step.columns), rtol=1e-5)
    with pytest.raises(
        DataError, match="'part' must be one of the members that share weights, a whole number from 0 to 3; got 4"
    ):
        trace(model, frame, y, part=4)
