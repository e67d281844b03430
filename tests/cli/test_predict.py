import numpy as np
import pandas as pd
import pytest

import pellucid as package
from pellucid.estimators import MLPClassifier
from pellucid.estimators.table_model import TableModel


@pytest.fixture
def model(flowers, tmp_path):
    model = TableModel(hidden_layer_sizes=(8,), max_iter=15, learning_rate_init=0.02, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(flowers, "species")
    package.save(model, tmp_path / "m.safetensors")
    return model


def test_predictions_are_the_model_s(pellucid, flowers, table, model, tmp_path):
    status, out, _ = pellucid("predict", "m.safetensors", table, "--out", "p.csv", "--proba")
    assert status == 0
    assert "80 predictions of 'species' written to p.csv" in out
    written = pd.read_csv(tmp_path / "p.csv")
    expected = [*flowers.columns, "prediction", "probability of rosa", "probability of viola"]
    assert written.columns.tolist() == expected
    assert written["prediction"].tolist() == model.predict(flowers).tolist()
    assert np.allclose(written[expected[-2:]], model.predict_proba(flowers))


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_what_was_written_can_be_predicted_again(pellucid, table, model, tmp_path, ending):
    assert pellucid("predict", "m.safetensors", table, "--out", f"p.{ending}")[0] == 0
    assert pellucid("predict", "m.safetensors", f"p.{ending}", "--out", "again.csv")[0] == 0
    header = (tmp_path / "again.csv").read_text().splitlines()[0]
    assert header == "height,width,colour,species,prediction"


def test_blank_lines_of_one_column_are_rows(pellucid, flowers, tmp_path):
    model = TableModel(hidden_layer_sizes=(2,), time_limit=1e-9, random_state=0)
    with pytest.warns(package.errors.TrainingWarning):
        model.fit(flowers[["height", "species"]], "species")
    package.save(model, tmp_path / "m.safetensors")
    (tmp_path / "x.csv").write_text("height\n1.0\n\n-1.0\n0.5\n")
    assert "4 predictions of" in pellucid("predict", "m.safetensors", "x.csv", "--out", "p.csv")[1]
    assert pd.read_csv(tmp_path / "p.csv")["height"].isna().tolist() == [False, True, False, False]
    (tmp_path / "x.csv").write_text("height\n1.0\n")
    assert "1 prediction of" in pellucid("predict", "m.safetensors", "x.csv", "--out", "p.csv")[1]


def test_the_target_need_not_be_there(pellucid, flowers, model, tmp_path):
    flowers.drop(columns="species").iloc[::-1].to_csv(tmp_path / "new.csv", index=False)
    assert pellucid("predict", "m.safetensors", "new.csv", "--out", "p.csv")[0] == 0
    assert pd.read_csv(tmp_path / "p.csv")["prediction"].tolist() == model.predict(flowers)[::-1].tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m.safetensors", "no.csv", "--out", "p.csv"], "'no.csv' cannot be found"),
        (["no.safetensors", "flowers.csv", "--out", "p.csv"], "no.safetensors"),
        (["flowers.csv", "flowers.csv", "--out", "p.csv"], "'flowers.csv' cannot be loaded"),
        (["m.safetensors", "flowers.csv", "--out", "p.xlsx"], "must end in .csv, .tsv, .parquet"),
        (["m.safetensors", "flowers.csv", "--out", "no/p.csv"], "there is no folder 'no'"),
        (["m.safetensors", "old.csv", "--out", "p.csv"], "must hold numbers; row 2 has 'tall'"),
        (["m.safetensors", "less.csv", "--out", "p.csv"], "must have the column 'width'"),
        (["r.safetensors", "flowers.csv", "--out", "p.csv", "--proba"], "Probabilities exist for classes only"),
        (["mlp.safetensors", "flowers.csv", "--out", "p.csv"], "must hold a model of a table"),
    ],
)
def test_bad_input(pellucid, table, model, flowers, tmp_path, arguments, message):
    flowers.astype({"height": object}).assign(height=["1", "tall"] * 40).to_csv(tmp_path / "old.csv", index=False)
    flowers.drop(columns="width").to_csv(tmp_path / "less.csv", index=False)
    if arguments[0] == "r.safetensors":
        regression = TableModel("regression", hidden_layer_sizes=(2,), time_limit=1e-9, random_state=0)
        with pytest.warns(package.errors.TrainingWarning):
            regression.fit(flowers, "width")
        package.save(regression, tmp_path / "r.safetensors")
    if arguments[0] == "mlp.safetensors":
        other = MLPClassifier((2,), solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0, 1])
        package.save(other, tmp_path / "mlp.safetensors")
    status, _, err = pellucid("predict", *arguments)
    assert status == 2
    assert message in err
    assert err.startswith("Error: ")
    assert "Traceback" not in err
    assert not (tmp_path / "p.csv").exists()
