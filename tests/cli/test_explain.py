import numpy as np
import pandas as pd
import pytest

import pellucid as package
from pellucid.estimators import MLPRegressor
from pellucid.estimators.table_model import TableModel


@pytest.fixture
def model(flowers, tmp_path):
    model = TableModel(hidden_layer_sizes=(4,), max_iter=5, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(flowers, "species")
    package.save(model, tmp_path / "m.safetensors")
    return model


def test_one_row(pellucid, table, model):
    status, out, error = pellucid("explain", "m.safetensors", table, "--row", 7)
    assert (status, error) == (0, "")
    assert "One training step with one row" in out
    assert out.index("1 Forward") < out.index("2 Loss") < out.index("3 Backward") < out.index("4 Update")
    assert "Inputs of row 7" in out
    assert "colour=red" in out


def test_the_first_row_unless_another_is_named(pellucid, table, model):
    assert pellucid("explain", "m.safetensors", table) == pellucid("explain", "m.safetensors", table, "--row", 0)


def test_rows_are_one_batch(pellucid, table, model, flowers):
    _, out, _ = pellucid("explain", "m.safetensors", table, "--rows", "10:13", "--layer", 2)
    assert "ℓ[10] + ℓ[11] + ℓ[12]" in out
    assert "Hidden layer 1" not in out
    step = package.trace(model, flowers[10:13])
    assert f"= {step.loss:.4g}" in out


def test_one_neuron(pellucid, table, model):
    _, out, _ = pellucid("explain", "m.safetensors", table, "--layer", 1, "--neuron", 3)
    assert "z₃ = " in out
    assert "z₁ = " not in out


def test_without_the_target_the_forward_pass(pellucid, model, flowers, tmp_path):
    flowers.drop(columns="species").to_csv(tmp_path / "new.csv", index=False)
    status, out, _ = pellucid("explain", "m.safetensors", "new.csv", "--rows", ":")
    assert status == 0
    assert "Forward pass of 80 rows" in out
    assert "2 Loss" not in out


def test_a_page(pellucid, table, model, tmp_path):
    status, out, _ = pellucid("explain", "m.safetensors", table, "--html", "step.html")
    assert (status, out) == (0, "The explanation is written to step.html\n")
    assert (tmp_path / "step.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert {path.name for path in tmp_path.iterdir()} == {"m.safetensors", "flowers.csv", "step.html"}


def test_a_network_that_was_not_trained_on_a_table(pellucid, tmp_path):
    frame = pd.DataFrame({"a": np.arange(5.0), "b": np.ones(5)})
    package.save(
        MLPRegressor(hidden_layer_sizes=(2,)).partial_fit(frame[["a"]], frame["b"]), tmp_path / "r.safetensors"
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert "Forward pass of one row" in pellucid("explain", "r.safetensors", "t.csv")[1]
    assert "2 Loss" in pellucid("explain", "r.safetensors", "t.csv", "--target", "b")[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--row", 80], "'--row' must be within the table's rows, 0 to 79; got 80"),
        (["--row", -1], "'--row' must be within"),
        (["--rows", "90:"], "'--rows' must be within"),
        (["--rows", "3"], "'--rows' must be two row numbers with a colon between them"),
        (["--rows", "3:3"], "the second larger, such as 0:8; got '3:3'"),
        (["--rows", "0:8", "--row", 1], "'--row' must be given without '--rows'"),
        (["--layer", 0], "'--layer' must be from 1, the first hidden layer, to 2, the output layer; got 0"),
        (["--layer", 1, "--neuron", 5], "'--neuron' must be from 1 to 4; got 5"),
        (["--target", "specis"], "Did you mean 'species'?"),
        (["--target", "colour"], "must be of a class that the model knows"),
        (["--html", "step.pdf"], "must end in .html"),
        (["--html", "no/step.html"], "there is no folder 'no'"),
    ],
)
def test_bad_input(pellucid, table, model, options, message):
    status, out, error = pellucid("explain", "m.safetensors", table, *options)
    assert status == 2
    assert message in error
    assert error.startswith("Error: ")
    assert out == ""


def test_a_file_that_is_no_model(pellucid, table):
    status, _, error = pellucid("explain", table, table)
    assert status == 2
    assert "'flowers.csv'" in error
