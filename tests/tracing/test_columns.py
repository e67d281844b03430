"""Embedded columns: what each becomes, and what its rows add to the gradients of all that it learns."""

import numpy as np
import pytest

from pellucid import MLPRegressor, trace
from pellucid.spec import Category, Embedding, Layer, Network, Periodic, PiecewiseLinear, Tanh, parameter_count
from pellucid.textbook.embeddings import embed
from pellucid.tracing import Trace
from pellucid.tracing.pieces import piece

EDGES = ((-1.0, 0.0, 1.0), (-0.5, 0.5))
NUMBERS = {"periodic": Periodic(3, 0.3, 2), "piecewise linear": PiecewiseLinear(EDGES, 2), "none": None}


def step_of(numbers: str, *, scale: bool = True, engine: str = "textbook", targets: bool = True) -> Trace:
    random = np.random.default_rng(1)
    X = np.column_stack([random.normal(size=(30, 3)), random.integers(-1, 4, (30, 2))])
    embedding = Embedding(2, NUMBERS[numbers], 1, (Category(3, 2), Category(2, 1)))
    network = Network(5, (Layer(4, Tanh()),), 1, embedding=embedding, input_scale=scale, parametrization="ntk")
    vector = random.normal(size=parameter_count(network))
    model = MLPRegressor(hidden_layer_sizes=(4,), activation="tanh", engine=engine, random_state=0)
    model.set_network(network, vector)
    model.feature_names_in_ = np.array(["age", "height", "seen", "town", "kind"], dtype=object)
    with pytest.warns(UserWarning, match="feature names"):
        return trace(model, X, X[:, 0] if targets else None)


@pytest.mark.parametrize("engine", ["textbook", "native"])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("numbers", NUMBERS)
def test_what_rows_add_sums_to_the_engine_s_gradients(numbers: str, scale: bool, engine: str) -> None:
    step = step_of(numbers, scale=scale, engine=engine)
    inputs = step.inputs
    assert inputs is not None
    assert step.gradients is not None
    assert step.network.embedding is not None
    embedded = embed(step.network.embedding, step.before, step.columns)
    np.testing.assert_allclose(inputs.unscaled, embedded, rtol=1e-12)
    np.testing.assert_allclose(inputs.features, embedded * (inputs.scale if scale else 1), rtol=1e-12)
    seen = set()
    for column in inputs.parts:
        if column.basis is not None:
            made = column.basis @ column.weights + column.bias
            np.testing.assert_allclose(made, embedded[:, column.place][:, :-1], rtol=1e-12, atol=1e-14)
        for role, index, _ in column.learned:
            shares, gradient = column.contributions(role), piece(step.gradients, role, index)
            seen.add(role)
            if role == "levels":
                shares = np.stack(
                    [shares[column.level_of_rows == level].sum(axis=0) for level in range(len(gradient))]
                )[np.newaxis]
            np.testing.assert_allclose(shares.sum(axis=0), gradient, rtol=1e-8, atol=1e-13)
    expected = {"periodic": {"frequencies", "phases"}, "piecewise linear": set(), "none": set()}[numbers] | {"levels"}
    assert seen == expected | ({"number_weights", "number_bias"} if numbers != "none" else set())


def test_names_of_columns_and_features() -> None:
    step = step_of("periodic")
    assert step.input_names == ("age", "height", "seen", "town", "kind")
    height = ("height [1]", "height [2]", "height")
    assert step.layers[0].input_names == (
        "age [1]",
        "age [2]",
        "age",
        *height,
        "seen",
        "town [1]",
        "town [2]",
        "kind [1]",
    )
    assert [column.kind for column in step.inputs.parts] == ["periodic", "periodic", "passed", "category", "category"]


@pytest.mark.parametrize("numbers", NUMBERS)
def test_records_of_an_embedding_add_up(numbers: str) -> None:
    step = step_of(numbers)
    table = step.to_frame()
    before = table[table.layer == -1].fillna({"input": -1})
    row = before[(before.row == 3) & (before.stage == "forward")]
    embedded = row[row.symbol == "e"].set_index("neuron").value
    np.testing.assert_array_equal(embedded, step.inputs.unscaled[3])
    if numbers != "none":
        products = row[row.symbol == "basis·V"].groupby("neuron").value.sum()
        bias = row[row.symbol == "c"].set_index("neuron").value
        np.testing.assert_allclose(products + bias, embedded[products.index], rtol=1e-9, atol=1e-13)
        assert set(row[row.symbol == "basis"].input) == {0, 1}
    for symbol in {"periodic": "VcωφE", "piecewise linear": "VcE", "none": "E"}[numbers]:
        shares = before[before.symbol == f"∂L/∂{symbol} (row)"].groupby(["neuron", "input"]).value.sum()
        whole = before[before.symbol == f"∂L/∂{symbol}"].set_index(["neuron", "input"]).value
        np.testing.assert_allclose(shares, whole[shares.index], rtol=1e-8, atol=1e-13)
        assert len(before[(before.symbol == f"{symbol}_new") & (before["of"] == symbol)]) == len(whole)
    last = step.inputs.width - 1
    one = step.to_frame(layer=-1, neuron=last)
    assert set(one[one.layer == -1].neuron) == {last}


@pytest.mark.parametrize("numbers", NUMBERS)
def test_the_explanation_shows_each_column(numbers: str) -> None:
    step = step_of(numbers)
    text = step.to_html(row=2)
    for shown in ("embedded and scaled", "town = ", "level ", "what the first layer sees", "∂ℓ/∂e"):
        assert shown in text
    if numbers == "periodic":
        assert "cos(2π·x₁·ω" in text
        assert "∂L/∂ω" in text
    if numbers == "piecewise linear":
        assert "(x₁ − edge₁) / (edge₂ − edge₁)" in text
    assert "embedded" in step_of(numbers, scale=False).to_html()
    one = step.to_html(layer=-1, neuron=len(step.layers[0].input_names) - 1)
    assert "kind" in one
    assert "height →" not in one


def test_without_targets_there_is_the_forward_pass_only() -> None:
    step = step_of("piecewise linear", targets=False)
    assert {record["stage"] for record in step.records()} == {"forward"}
    assert "basis" in step.to_html()
