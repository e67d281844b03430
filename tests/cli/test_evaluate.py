"""``pellucid evaluate``: a saved model's scores on rows that it has not seen."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss, r2_score, root_mean_squared_error

import pellucid as package
from pellucid import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor


def fitted(kind, frame, target, **parameters):
    given = {"preset": "fast", "max_epochs": 5, "random_state": 0} | parameters
    return kind(**given).fit(frame.drop(columns=target), frame[target])


@pytest.fixture
def model(flowers, tmp_path):
    model = fitted(TabularClassifier, flowers, "species")
    package.save(model, tmp_path / "m.safetensors")
    return model


def figures(pellucid, *arguments):
    """The scores of a quiet run, by name."""
    status, out, err = pellucid("evaluate", *arguments, "--json", "s.json", "--quiet")
    assert (status, out, err) == (0, "", "")
    return json.loads(Path("s.json").read_text(encoding="utf-8"))


def test_classes_are_scored_beside_the_score_out_of_fold(pellucid, flowers, model, tmp_path):
    new = flowers[::2].assign(extra=1)[["extra", "species", "colour", "width", "height"]]
    new.to_csv(tmp_path / "new.csv", index=False)
    status, out, _ = pellucid("evaluate", "m.safetensors", "new.csv")
    assert status == 0
    assert out.startswith("new.csv: 40 rows to score\n\nscore ")
    assert "out of fold  these rows  baseline" in out
    assert "the most frequent class of these rows, with their shares as probabilities." in out
    scores = figures(pellucid, "m.safetensors", "new.csv")["scores"]
    assert scores["log loss"]["these_rows"] == pytest.approx(log_loss(new["species"], model.predict_proba(new)))
    assert scores["log loss"]["out_of_fold"] == pytest.approx(-model.oof_score_)
    share = balanced_accuracy_score(new["species"], model.predict(new))
    assert scores["balanced accuracy"]["these_rows"] == pytest.approx(share)
    assert scores["expected calibration error"]["baseline"] is None


def test_numbers_are_scored_with_their_intervals_and_a_report(pellucid, flowers, table, tmp_path):
    model = fitted(TabularRegressor, flowers, "width")
    package.save(model, tmp_path / "w.safetensors")
    status, out, err = pellucid("evaluate", "w.safetensors", table, "--report", "r")
    assert status == 0, err
    assert "Intervals of 90% hold" in out
    assert "of the rows; half of them are narrower than" in out
    assert {path.name for path in (tmp_path / "r").iterdir()} >= {"index.html", "intervals.png", "loss-curves.png"}
    assert "Out of fold: the model&#x27;s own score" in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    found = figures(pellucid, "w.safetensors", table)
    assert found["rows"] == 80
    assert found["scores"]["R²"]["these_rows"] == pytest.approx(r2_score(flowers["width"], model.predict(flowers)))
    low, high = model.predict_interval(flowers, 0.9).T
    inside = ((low <= flowers["width"]) & (flowers["width"] <= high)).mean()
    assert found["intervals"]["held"]["0.9"] == pytest.approx(inside)


def test_rows_without_a_target_and_of_unknown_classes(pellucid, flowers, model, tmp_path):
    flowers.assign(species=[None, "tulip", *flowers["species"][2:]]).to_csv(tmp_path / "new.csv", index=False)
    status, out, err = pellucid("evaluate", "m.safetensors", "new.csv", "--report", "r")
    assert status == 0, err
    assert "79 rows to score\n1 row has no 'species' and is left out: row 1.\n1 row is of a class that the" in out
    assert "such as 'tulip': predictions count as wrong there (row 2)." in out
    right = (model.predict(flowers)[2:] == flowers["species"][2:]).sum()
    accuracy = figures(pellucid, "m.safetensors", "new.csv")["scores"]["accuracy"]["these_rows"]
    assert accuracy == pytest.approx(right / 79)


def test_rows_of_one_class(pellucid, flowers, model, tmp_path):
    """scikit-learn's balanced accuracy warns of classes that are predicted and have no row."""
    some = flowers[flowers["species"] == "rosa"]
    some.to_csv(tmp_path / "new.csv", index=False)
    scores = figures(pellucid, "m.safetensors", "new.csv")["scores"]
    share = (model.predict(some) == "rosa").mean()
    assert scores["balanced accuracy"]["these_rows"] == scores["accuracy"]["these_rows"] == pytest.approx(share)
    assert scores["area under the ROC curve"]["these_rows"] is None


@pytest.mark.parametrize("kind", [int, str])
def test_classes_that_are_numbers(pellucid, flowers, tmp_path, kind):
    coded = flowers.assign(species=(flowers["species"] == "rosa").astype(int))
    model = fitted(TabularClassifier, coded.astype({"species": kind}), "species")
    package.save(model, tmp_path / "m.safetensors")
    coded.astype({"species": float}).to_csv(tmp_path / "new.csv", index=False)
    accuracy = figures(pellucid, "m.safetensors", "new.csv")["scores"]["accuracy"]["these_rows"]
    assert accuracy == pytest.approx((model.predict(coded).astype(int) == coded["species"]).mean())


def test_one_row(pellucid, flowers, tmp_path):
    package.save(fitted(TabularRegressor, flowers, "width"), tmp_path / "w.safetensors")
    flowers[:1].to_csv(tmp_path / "new.csv", index=False)
    scores = figures(pellucid, "w.safetensors", "new.csv")["scores"]
    assert scores["R²"]["these_rows"] is None
    assert scores["mean absolute error"]["these_rows"] > 0


def test_several_targets_of_counts(pellucid, flowers, tmp_path):
    Y = np.column_stack([flowers["width"] ** 2, flowers["width"] > 3])
    model = TabularRegressor(preset="fast", max_epochs=3, random_state=0, scoring="poisson")
    model.fit(flowers[["height", "colour"]], Y)
    package.save(model, tmp_path / "w.safetensors")
    flowers.assign(a=Y[:, 0], b=Y[:, 1]).to_csv(tmp_path / "new.csv", index=False)
    scores = figures(pellucid, "w.safetensors", "new.csv", "--target", "a,b")["scores"]
    error = np.sqrt(np.mean((model.predict(flowers) - Y) ** 2))
    assert scores["root mean squared error"]["these_rows"] == pytest.approx(error)
    assert scores["Poisson deviance"]["out_of_fold"] == pytest.approx(-model.oof_score_)


def test_marks(pellucid, flowers, tmp_path):
    X, marks = flowers[["height", "width"]], np.column_stack([flowers["width"] > 2.5, flowers["height"] > 12]) * 1
    model = TabularClassifier(preset="fast", max_epochs=3, random_state=0).fit(X, marks)
    package.save(model, tmp_path / "m.safetensors")
    flowers.assign(a=marks[:, 0], b=marks[:, 1]).to_csv(tmp_path / "new.csv", index=False)
    scores = figures(pellucid, "m.safetensors", "new.csv", "--target", "a", "--target", "b")["scores"]
    assert scores["accuracy"]["these_rows"] == pytest.approx(model.score(X, marks))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_networks_of_plain_numbers(pellucid, flowers, tmp_path):
    numbers = flowers[["height", "width"]].dropna()
    labels = flowers.loc[numbers.index, "species"]
    classifier = MLPClassifier((4,), solver="lbfgs", max_iter=20, random_state=0).fit(numbers.to_numpy(), labels)
    regressor = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=20, random_state=0).fit(
        numbers[["height"]], numbers["width"]
    )
    package.save(classifier, tmp_path / "c.safetensors")
    package.save(regressor, tmp_path / "r.safetensors")
    numbers.assign(species=labels).to_csv(tmp_path / "new.csv", index=False)
    status, out, _ = pellucid("evaluate", "c.safetensors", "new.csv", "--target", "species")
    assert status == 0
    assert "out of fold" not in out
    scores = figures(pellucid, "c.safetensors", "new.csv", "--target", "species")["scores"]
    assert scores["accuracy"]["these_rows"] == pytest.approx(classifier.score(numbers.to_numpy(), labels))
    scores = figures(pellucid, "r.safetensors", "new.csv", "--target", "width")["scores"]
    error = root_mean_squared_error(numbers["width"], regressor.predict(numbers[["height"]]))
    assert scores["root mean squared error"]["these_rows"] == pytest.approx(error)


def test_rows_that_are_predicted_far_worse_are_told_of(pellucid, flowers, tmp_path):
    package.save(fitted(TabularRegressor, flowers, "width"), tmp_path / "w.safetensors")
    flowers.assign(width=10 * flowers["width"]).to_csv(tmp_path / "new.csv", index=False)
    status, out, _ = pellucid("evaluate", "w.safetensors", "new.csv")
    assert status == 0
    assert "The rows are predicted far worse than those out of fold: their root mean squared error is" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "colour"], "'colour' must have classes that the model knows, such as 'rosa'; it has none"),
        (["--target", "specie"], "must have the column 'specie'; it does not. Did you mean 'species'?"),
        (["--target", "species,kind"], "'--target' must name the 1 column that the model predicts, in the order"),
        (["--json", "s.txt"], "must end in .json"),
        (["--report", "flowers.csv"], "must be a folder for the report; it is a file"),
        (["--target", "empty"], "Some rows of 'flowers.csv' must have a value of 'empty', to be compared; none of 80"),
    ],
)
def test_bad_input(pellucid, flowers, model, tmp_path, arguments, message):
    flowers.assign(empty="", kind="x").to_csv(tmp_path / "flowers.csv", index=False)
    status, _, err = pellucid("evaluate", "m.safetensors", "flowers.csv", *arguments)
    assert status == 2
    assert message in err
    assert err.startswith("Error: ")


def test_a_network_of_plain_numbers_knows_no_target_and_has_no_report(pellucid, table, tmp_path):
    network = MLPClassifier((2,), solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0, 1])
    package.save(network, tmp_path / "n.safetensors")
    status, _, err = pellucid("evaluate", "n.safetensors", table)
    assert (status, "'--target' must be given: the model of 'n.safetensors' does not know" in err) == (2, True)
    status, _, err = pellucid("evaluate", "n.safetensors", table, "--target", "species", "--report", "r")
    assert (status, "'--report' exists for models of a table with one target" in err) == (2, True)
