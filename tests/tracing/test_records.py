import numpy as np
import pytest

from pellucid import MLPClassifier, trace
from pellucid.errors import DataError


@pytest.fixture(scope="module")
def step():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(4, 3)), np.array([0, 1, 2, 1])
    return trace(MLPClassifier((2,), layer_norm=True, dropout=0.5, clip_norm=1.0, random_state=1), X, y)


def values(frame, symbol, **place):
    chosen = frame[frame.symbol == symbol]
    for name, value in place.items():
        chosen = chosen[chosen[name].isna() if value is None else chosen[name] == value]
    return chosen.value.to_numpy()


def test_every_number_is_there(step):
    frame = step.to_frame()
    first, last = step.layers
    assert np.array_equal(values(frame, "x·w", layer=0).reshape(4, 2, 3), first.products.transpose(0, 2, 1))
    for symbol, array in {
        "u": first.weighted_sum,
        "û": first.normalised,
        "z": first.pre_activation,
        "g(z)": first.activation,
        "mask": first.mask,
        "a": first.outputs,
    }.items():
        assert np.array_equal(values(frame, symbol, layer=0).reshape(4, 2), array)
    assert np.array_equal(values(frame, "g′", layer=0).reshape(2, 4).T, first.derivative)
    assert np.array_equal(values(frame, "δ", layer=1).reshape(3, 4).T, last.delta)
    assert np.array_equal(values(frame, "∂ℓ/∂u").reshape(2, 4).T, first.delta_sum)
    assert np.array_equal(values(frame, "∂L/∂w", layer=0).reshape(2, 3).T, first.d_weights)
    assert np.allclose(values(frame, "∂L/∂w (row)", layer=0).reshape(2, 4, 3).transpose(1, 2, 0), first.contributions)
    assert np.array_equal(values(frame, "w", layer=1).reshape(3, 2).T, last.weights)
    assert np.array_equal(values(frame, "w_new", layer=1).reshape(3, 2).T, last.weights_after)
    assert np.array_equal(values(frame, "gain_new", layer=0), first.gain_after)
    assert np.array_equal(values(frame, "m_new", of="b", layer=0), step.update.terms["m"][1].bias[0])
    assert values(frame, "ℓ").tolist() == step.loss_rows.tolist()
    assert values(frame, "L").tolist() == [step.loss]
    assert values(frame, "‖g‖").tolist() == [step.update.gradient_norm]
    assert values(frame, "y", row=2).tolist() == [0, 0, 1]


def test_columns_and_order(step):
    frame = step.to_frame()
    assert frame.columns.tolist() == ["stage", "layer", "neuron", "input", "row", "of", "symbol", "value"]
    assert frame.stage.drop_duplicates().tolist() == ["forward", "loss", "backward", "update"]
    assert frame.dtypes["layer"] == "Int64"
    keys = frame.drop(columns="value").astype(str)
    assert not keys.duplicated().any()
    assert frame[frame.stage == "backward"].layer.dropna().drop_duplicates().tolist() == [1, 0]


def test_one_row_one_layer_one_neuron(step):
    frame = step.to_frame(row=3, layer=0, neuron=1)
    every = step.to_frame()
    assert set(frame.row.dropna()) == {3}
    places = frame[frame.neuron.notna() & (frame.symbol != "y")]
    assert set(zip(places.layer, places.neuron, strict=True)) == {(0, 1)}
    assert len(frame) < len(every) / 4
    assert set(map(str, frame.to_dict("records"))) <= set(map(str, every.to_dict("records")))


@pytest.mark.parametrize(
    "choice",
    [
        {"row": 4},
        {"layer": 2},
        {"layer": -1},
        {"neuron": 3},
        {"layer": 0, "neuron": 2},
        {"layer": "1"},
        {"row": 1.0},
        {"neuron": "all"},
    ],
)
def test_what_is_not_there(step, choice):
    with pytest.raises(DataError, match=f"'{list(choice)[-1]}' must be one of .*; got"):
        step.records(**choice)
    with pytest.raises(DataError, match=f"'{list(choice)[-1]}' must be one of .*; got"):
        step.render(**choice)
