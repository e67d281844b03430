import numpy as np
import pandas as pd
import pytest

import pellucid as package
from pellucid import MLPClassifier, MLPRegressor, TabularClassifier
from pellucid.estimators.tabular import Member
from pellucid.tables.figures import with_error


@pytest.fixture
def numbers(flowers):
    return flowers.fillna({"height": 12.0})[["height", "width", "species"]]


@pytest.fixture
def table(numbers, tmp_path):
    numbers.to_csv(tmp_path / "flowers.csv", index=False)
    return "flowers.csv"


@pytest.fixture
def model(numbers, tmp_path):
    model = MLPClassifier((4,), max_iter=5, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(numbers[["height", "width"]], numbers["species"].to_numpy())
    package.save(model, tmp_path / "m.safetensors")
    return model


@pytest.fixture
def ensemble(flowers, tmp_path):
    X, y = flowers.drop(columns="species"), flowers["species"]
    model = (
        TabularClassifier(n_folds=1, members=[Member()], max_epochs=15, random_state=0)
        .fit(X, y)
        .compute_importances(X, y)
    )
    package.save(model, tmp_path / "e.safetensors")
    return model


TARGET = ("--target", "species")


def test_one_row(pellucid, table, model):
    status, out, error = pellucid("explain", "m.safetensors", table, "--row", 7, *TARGET)
    assert (status, error) == (0, "")
    assert "One training step with one row" in out
    assert out.index("1 Forward") < out.index("2 Loss") < out.index("3 Backward") < out.index("4 Update")
    assert "Inputs of row 7" in out
    assert "--target" not in out
    assert "height" in out


def test_the_first_row_unless_another_is_named(pellucid, table, model):
    assert pellucid("explain", "m.safetensors", table) == pellucid("explain", "m.safetensors", table, "--row", 0)


def test_rows_are_one_batch(pellucid, table, model, numbers):
    _, out, _ = pellucid("explain", "m.safetensors", table, "--rows", "10:13", "--layer", 2, *TARGET)
    assert "ℓ[10] + ℓ[11] + ℓ[12]" in out
    assert "Hidden layer 1" not in out
    step = package.trace(model, numbers[["height", "width"]][10:13], numbers["species"][10:13])
    assert f"= {step.loss:.4g}" in out


def test_one_neuron(pellucid, table, model):
    _, out, _ = pellucid("explain", "m.safetensors", table, "--layer", 1, "--neuron", 3)
    assert "z₃ = " in out
    assert "z₁ = " not in out


def test_without_the_target_the_forward_pass(pellucid, model, numbers, tmp_path):
    numbers.drop(columns="species").to_csv(tmp_path / "new.csv", index=False)
    status, out, _ = pellucid("explain", "m.safetensors", "new.csv", "--rows", ":")
    assert status == 0
    assert "Forward pass of 80 rows" in out
    assert "2 Loss" not in out
    assert "name the target's column, --target." in out


def test_a_page(pellucid, table, model, tmp_path):
    status, out, _ = pellucid("explain", "m.safetensors", table, "--html", "step.html", *TARGET)
    assert (status, out) == (0, "The explanation is written to step.html\n")
    assert (tmp_path / "step.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert {path.name for path in tmp_path.iterdir()} == {"m.safetensors", "flowers.csv", "step.html"}


def test_the_page_replaces_no_input(pellucid, numbers, model, tmp_path):
    numbers.to_csv(tmp_path / "t.html", index=False)
    status, _, error = pellucid("explain", "m.safetensors", "t.html", "--html", "t.html")
    assert status == 2
    assert "'--html' must be another file than the table 't.html'" in error


def test_help_says_what_it_shows_of_both_kinds(pellucid):
    told = " ".join(pellucid("explain", "--help")[1].split())
    assert "Show what a table's model uses, or one training step of a single network" in told


def test_a_network_that_was_not_trained_on_a_table(pellucid, tmp_path):
    frame = pd.DataFrame({"a": np.arange(5.0), "b": np.ones(5)})
    package.save(
        MLPRegressor(hidden_layer_sizes=(2,)).partial_fit(frame[["a"]], frame["b"]), tmp_path / "r.safetensors"
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert "Forward pass of one row" in pellucid("explain", "r.safetensors", "t.csv")[1]
    assert "2 Loss" in pellucid("explain", "r.safetensors", "t.csv", "--target", "b")[1]


def test_what_an_ensemble_uses(pellucid, table, ensemble):
    status, out, error = pellucid("explain", "e.safetensors")
    assert (status, error) == (0, "")
    assert f"out-of-fold log loss, lower is better: {-ensemble.oof_score_:.4f}" in out
    assert "Importance: by how much the log loss (nats) rises when the column is shuffled." in out
    assert "category, 2 levels: blue, red" in out
    order = sorted(ensemble.feature_names_in_, key=lambda name: out.index(f"\n{name} "))
    ranked = ensemble.feature_names_in_[np.argsort(-ensemble.feature_importances_, kind="stable")]
    assert order == ranked.tolist()
    assert with_error(ensemble.feature_importances_[0], ensemble.feature_importances_std_[0]) in out
    assert "256 → 256 → 256" in out
    assert "Single steps" not in out
    asked = "\nThe table was not used: name one of the networks to see a step of it, --network 1.\n"
    assert pellucid("explain", "e.safetensors", table)[1] == out + asked


def test_an_ensemble_without_importances(pellucid, flowers, tmp_path):
    model = TabularClassifier(n_folds=1, members=[Member()], max_epochs=1, random_state=0)
    package.save(model.fit(flowers[["height"]], flowers["species"].tolist()), tmp_path / "e.safetensors")
    _, out, _ = pellucid("explain", "e.safetensors")
    assert "TabularClassifier of the target, 1 network" in out
    assert "not computed" in out


def test_an_ensemble_has_no_single_step(pellucid, table, ensemble):
    status, out, error = pellucid("explain", "e.safetensors", table, "--row", 3, "--layer", 1)
    assert (status, out) == (2, "")
    assert "'--row', '--layer' must be given for a single network only" in error
    assert "Leave them out" in error


def test_a_step_of_one_of_an_ensemble_s_networks(pellucid, table, ensemble):
    asked = ("explain", "e.safetensors", "flowers.csv", "--network", 1, "--row", 4)
    ensemble_columns = [name for name in ensemble.feature_names_in_ if name not in ("height", "width")]
    frame = pd.read_csv("flowers.csv")
    for name in ensemble_columns:
        frame[name] = None
    frame.to_csv("flowers.csv", index=False)
    status, out, error = pellucid(*asked, *TARGET, "--layer", 0)
    assert (status, error) == (0, "")
    for shown in (
        "One training step with one row",
        "embedded and scaled",
        "4 Update",
        "The model has this one network.",
    ):
        assert shown in out
    assert "4 Update" in pellucid(*asked)[1]  # the model knows its target
    for species in (None, "tulipa"):
        frame.assign(species=species).to_csv("flowers.csv", index=False)
        assert "Forward pass of one row" in pellucid(*asked, "--layer", 4)[1]
    assert "'--network' must be from 1 to 1; got 2" in pellucid("explain", "e.safetensors", table, "--network", 2)[2]


def test_one_network_has_no_number(pellucid, table, model):
    status, _, error = pellucid("explain", "m.safetensors", table, "--network", 1)
    assert status == 2
    assert "'--network' must be left out: 'm.safetensors' holds one network" in error


def test_a_network_needs_a_table(pellucid, model):
    status, _, error = pellucid("explain", "m.safetensors")
    assert status == 2
    assert "holds MLPClassifier: to show a step of it, name a table after it" in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--row", 80], "'--row' must be within the table's rows, 0 to 79; got 80"),
        (["--row", -1], "'--row' must be within"),
        (["--rows", "90:"], "'--rows' must be within"),
        (["--rows", "0:81"], "'--rows' must be within the table, which ends before row 80; got 0:81"),
        (["--rows", "3"], "'--rows' must be two row numbers with a colon between them"),
        (["--rows", "3:3"], "the second larger, such as 0:8; got '3:3'"),
        (["--rows", "0:8", "--row", 1], "'--row' must be given without '--rows'"),
        (["--layer", 0], "'--layer' must be from 1, the first hidden layer, to 2, the output layer; got 0"),
        (["--layer", 1, "--neuron", 5], "'--neuron' must be from 1 to 4; got 5"),
        (["--target", "specis"], "Did you mean 'species'?"),
        (["--target", "width"], "must hold classes that the model knows"),
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
