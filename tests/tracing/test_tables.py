import numpy as np
import pandas as pd
import pytest

from pellucid import MLPClassifier, MLPRegressor, trace
from pellucid.errors import DataError
from pellucid.tracing.tables import rows_of_network


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    colour = np.array(["red", "blue"])[random.integers(2, size=60)]
    size = random.normal(size=60)
    return pd.DataFrame({"colour": colour, "size": size, "price": 10 + 3 * size + (colour == "red")})


def test_rows_of_a_network_that_knows_names(frame):
    X = frame[["size", "price"]]
    model = MLPClassifier((2,), random_state=0).partial_fit(X, frame["colour"], classes=["blue", "red"])
    text = frame.astype(str)[["price", "colour", "size"]]
    rows, y = rows_of_network(model, text, "colour")
    assert np.allclose(rows, X)
    assert y.tolist() == frame["colour"].tolist()
    assert np.allclose(trace(model, rows, y).after.vector, trace(model, X, frame["colour"]).after.vector)
    with pytest.raises(DataError, match="'green' is none"):
        rows_of_network(model, text.assign(colour="green"), "colour")
    with pytest.raises(DataError, match=r"Column 'size' must hold a finite number .* one has 'big'"):
        rows_of_network(model, text.assign(size="big"), None)
    with pytest.raises(DataError, match="must have the column 'size'"):
        rows_of_network(model, text.drop(columns="size"), None)


def test_rows_of_a_network_that_knows_no_names(frame):
    numbers = frame[["size", "price"]]
    model = MLPRegressor(hidden_layer_sizes=(2,), random_state=0).partial_fit(numbers[["size"]].to_numpy(), frame.price)
    rows, y = rows_of_network(model, numbers, "price")
    assert rows.tolist() == numbers[["size"]].to_numpy().tolist()
    assert y.tolist() == frame.price.tolist()
    with pytest.raises(DataError, match="must have the model's 1 inputs; it has 2 columns"):
        rows_of_network(model, numbers, None)


def test_whole_numbers_as_classes():
    model = MLPClassifier((2,), random_state=0).partial_fit([[1.0], [2.0]], [3, 7], classes=[3, 7])
    _, y = rows_of_network(model, pd.DataFrame({"x": ["1"], "y": ["7"]}), "y")
    assert y.tolist() == [7]
