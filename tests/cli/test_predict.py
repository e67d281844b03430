import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import pellucid as package
from pellucid import MLPClassifier, TabularClassifier, TabularRegressor
from pellucid.tables import write_table

PROGRAM = (sys.executable, "-c", "from pellucid.cli import main; main()")


def fitted(kind, frame, target):
    """A model of the frame's other columns, trained for a moment."""
    return kind(preset="fast", max_epochs=3, random_state=0).fit(frame.drop(columns=target), frame[target])


@pytest.fixture
def model(flowers, tmp_path):
    model = fitted(TabularClassifier, flowers, "species")
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
    assert np.allclose(written[expected[-2:]], model.predict_proba(flowers), rtol=1e-7)
    assert pd.read_csv(tmp_path / "p.csv", dtype=str)[expected[-1]].str.len().max() <= 14


def test_a_column_read_as_another_type_is_told_in_a_line(pellucid, flowers, table, model, tmp_path):
    other = flowers.drop(columns="species").assign(colour=np.arange(len(flowers)))
    other.to_csv(tmp_path / "other.csv", index=False)
    status, out, err = pellucid("predict", "m.safetensors", "other.csv", "--out", "p.csv")
    assert status == 0
    assert "80 predictions" in out
    assert err.startswith(
        "Warning: Column 'colour': 80 of 80 cells are none of its levels ('blue', 'red'), for example"
    )
    assert err.count("\n") == 1


def test_intervals(pellucid, flowers, table, tmp_path):
    model = fitted(TabularRegressor, flowers, "width")
    package.save(model, tmp_path / "w.safetensors")
    status, out, _ = pellucid("predict", "w.safetensors", table, "--out", "p.csv", "--interval", "0.8")
    assert status == 0
    assert "80 predictions of 'width'" in out
    written = pd.read_csv(tmp_path / "p.csv")
    assert np.allclose(written["prediction"], model.predict(flowers))
    ends = written[["prediction low", "prediction high"]]
    assert np.allclose(ends, model.predict_interval(flowers, coverage=0.8))
    assert np.mean((ends["prediction low"] <= flowers["width"]) & (flowers["width"] <= ends["prediction high"])) > 0.6


def test_several_targets_without_names(pellucid, flowers, table, tmp_path):
    X, y = flowers[["height", "colour"]], np.column_stack([flowers["width"], -flowers["width"]])
    package.save(TabularRegressor(preset="fast", max_epochs=2, random_state=0).fit(X, y), tmp_path / "w.safetensors")
    status, out, _ = pellucid("predict", "w.safetensors", table, "--out", "p.csv", "--interval", "0.8")
    assert status == 0
    assert "80 predictions of the target written" in out
    names = [f"prediction{what} {number}" for what in ("", " low", " high") for number in (1, 2)]
    assert pd.read_csv(tmp_path / "p.csv").columns.tolist() == [*flowers.columns, *names]


@pytest.mark.parametrize("name", ["flowers.csv", "./flowers.csv", "link.csv", "m.csv"])
def test_what_is_read_is_not_replaced(pellucid, table, model, tmp_path, name):
    (tmp_path / "link.csv").symlink_to(tmp_path / table)
    (tmp_path / "m.safetensors").rename(tmp_path / "m.csv")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    status, _, err = pellucid("predict", "m.csv", table, "--out", name)
    what = "model 'm.csv'" if name == "m.csv" else "table 'flowers.csv'"
    assert status == 2
    assert f"'--out' must be another file than the {what}, which it would replace; got '" in err
    assert "Name a new file." in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_what_was_written_can_be_predicted_again(pellucid, table, model, tmp_path, ending):
    assert pellucid("predict", "m.safetensors", table, "--out", f"p.{ending}")[0] == 0
    assert pellucid("predict", "m.safetensors", f"p.{ending}", "--out", "again.csv")[0] == 0
    header = (tmp_path / "again.csv").read_text().splitlines()[0]
    assert header == "height,width,colour,species,prediction,prediction (2)"


def test_what_was_read_is_written_as_it_was(pellucid, flowers, tmp_path):
    written = flowers.assign(
        height=[f"${1000 + 10 * i:,.2f}" for i in range(80)],
        colour=flowers["colour"].fillna("?"),
        code=[f"{i:03}" for i in range(80)],
        picked=[f"{1 + i % 12}/{1 + i % 28}/2021" for i in range(80)],
        words=['say "hi", twice', "two\nlines", " blanks ", "old\rlines"] * 20,
    )
    write_table(written, tmp_path / "f.csv")
    assert pellucid("train", "f.csv", "--target", "species", "--preset", "fast", "--epochs", "2", "--no-report")[0] == 0
    assert pellucid("predict", "model.safetensors", "f.csv", "--out", "p.csv")[0] == 0
    kept = {"dtype": str, "keep_default_na": False}
    read, out = pd.read_csv(tmp_path / "f.csv", **kept), pd.read_csv(tmp_path / "p.csv", **kept)
    assert out.drop(columns="prediction").equals(read)
    assert out.loc[0, ["height", "code", "picked", "colour"]].tolist() == ["$1,000.00", "000", "1/1/2021", "blue"]
    assert pellucid("predict", "model.safetensors", "p.csv", "--out", "again.csv")[0] == 0
    assert pd.read_csv(tmp_path / "again.csv", **kept).equals(out.assign(**{"prediction (2)": out["prediction"]}))


def test_names_of_columns_are_written_as_they_were(pellucid, flowers, model, tmp_path):
    flowers = flowers.set_axis([" height", "width ", "colour", " prediction "], axis=1)
    flowers.to_csv(tmp_path / "f.csv", index=False)
    for name, number in (("f.csv", 2), ("p.csv", 3)):
        assert pellucid("predict", "m.safetensors", name, "--out", "q.csv")[0] == 0
        (tmp_path / "q.csv").rename(tmp_path / "p.csv")
        header = (tmp_path / "p.csv").read_text().splitlines()[0]
        assert header.startswith(" height,width ,colour, prediction ,prediction (2)")
        assert header.endswith(f",prediction ({number})")


def test_columns_of_the_table_are_not_replaced(pellucid, flowers, model, tmp_path):
    flowers = flowers.assign(**{"prediction": "by hand", "probability of rosa (2)": 0.5})
    flowers.to_csv(tmp_path / "f.csv", index=False)
    status, out, _ = pellucid("predict", "m.safetensors", "f.csv", "--out", "p.csv", "--proba")
    assert status == 0
    assert "written to p.csv; their columns end in ' (3)', as the table has such already" in out
    written = pd.read_csv(tmp_path / "p.csv")
    added = [f"{name} (3)" for name in ("prediction", "probability of rosa", "probability of viola")]
    assert written.columns.tolist() == [*flowers.columns, *added]
    assert written["prediction"].eq("by hand").all()
    assert written["prediction (3)"].tolist() == model.predict(flowers).tolist()


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_separators_and_decimal_commas_are_written_as_they_were(pellucid, flowers, tmp_path, separator):
    flowers.to_csv(tmp_path / "f.csv", index=False, sep=separator, decimal=",")
    model = fitted(TabularRegressor, flowers, "width")
    package.save(model, tmp_path / "m.safetensors")
    assert pellucid("predict", "m.safetensors", "f.csv", "--out", "p.csv", "--interval", 0.9)[0] == 0
    kept = {"sep": separator.replace("\t", ","), "dtype": str}  # what is called .csv has no tabs
    written = pd.read_csv(tmp_path / "p.csv", **kept)
    given = pd.read_csv(tmp_path / "f.csv", **kept | {"sep": separator})
    assert written[given.columns.tolist()].equals(given)
    assert written["prediction"].str.fullmatch(r"-?\d+(,\d{1,9})?").all()
    numbers = pd.read_csv(tmp_path / "p.csv", **kept | {"dtype": None}, decimal=",")
    assert np.allclose(numbers["prediction"], model.predict(flowers), rtol=1e-7)
    assert np.allclose(numbers["prediction high"], model.predict_interval(flowers, 0.9)[:, 1], rtol=1e-7)
    if separator == ";":
        _, out, _ = pellucid("predict", "m.safetensors", "f.csv", "--out", "-")
        assert out.startswith("height;width;colour;species;prediction\n")


def test_large_predictions_keep_the_digits_of_their_spread(pellucid, flowers, tmp_path):
    flowers = flowers.assign(width=flowers["width"] + 1.7e9)
    model = fitted(TabularRegressor, flowers, "width")
    package.save(model, tmp_path / "m.safetensors")
    flowers.to_csv(tmp_path / "f.csv", index=False)
    assert pellucid("predict", "m.safetensors", "f.csv", "--out", "p.csv")[0] == 0
    assert np.allclose(pd.read_csv("p.csv")["prediction"] - 1.7e9, model.predict(flowers) - 1.7e9, atol=1e-6)


def test_blank_lines_of_one_column_are_rows(pellucid, flowers, tmp_path):
    package.save(fitted(TabularClassifier, flowers[["height", "species"]], "species"), tmp_path / "m.safetensors")
    (tmp_path / "x.csv").write_text("height\n1.0\n\n-1.0\n0.5\n")
    assert "4 predictions of" in pellucid("predict", "m.safetensors", "x.csv", "--out", "p.csv")[1]
    assert pd.read_csv(tmp_path / "p.csv")["height"].isna().tolist() == [False, True, False, False]
    (tmp_path / "x.csv").write_text("height\n1.0\n")
    assert "1 prediction of" in pellucid("predict", "m.safetensors", "x.csv", "--out", "p.csv")[1]


def test_the_target_need_not_be_there(pellucid, flowers, model, tmp_path):
    flowers.drop(columns="species").iloc[::-1].to_csv(tmp_path / "new.csv", index=False)
    status, _, err = pellucid("predict", "m.safetensors", "new.csv", "--out", "p.csv")
    assert (status, err) == (0, "")
    assert pd.read_csv(tmp_path / "p.csv")["prediction"].tolist() == model.predict(flowers)[::-1].tolist()


def test_a_target_that_is_there_is_said_not_to_be_used(pellucid, table, model):
    status, out, err = pellucid("predict", "m.safetensors", table, "--out", "-")
    assert status == 0
    assert out.startswith("height,width,colour,species,prediction\n")
    assert err.splitlines() == [
        "The table has the column 'species', which is not used: `pellucid evaluate` scores the model by it.",
        "80 predictions of 'species' written to -",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m.safetensors", "no.csv", "--out", "p.csv"], "'no.csv' cannot be found"),
        (["no.safetensors", "flowers.csv", "--out", "p.csv"], "no.safetensors"),
        (["flowers.csv", "flowers.csv", "--out", "p.csv"], "by its name it is a table, not a model file"),
        (["m.safetensors", "flowers.csv", "--out", "p.xlsx"], "must end in .csv, .tsv, .parquet"),
        (["m.safetensors", "flowers.csv", "--out", "no/p.csv"], "there is no folder 'no'"),
        (["m.safetensors", "old.csv", "--out", "p.csv"], "must hold numbers; row 2 has 'tall'"),
        (["m.safetensors", "less.csv", "--out", "p.csv"], "must have the column 'width'"),
        (
            ["r.safetensors", "flowers.csv", "--out", "p.csv", "--proba"],
            "Probabilities exist for classes only; 'width' is a",
        ),
        (["m.safetensors", "flowers.csv", "--out", "p.csv", "--interval", "0.9"], "Intervals exist for numbers only"),
        (["m.safetensors", "flowers.csv", "--out", "p.csv", "--interval", "90"], "'--interval' must be greater than 0"),
        (["mlp.safetensors", "flowers.csv", "--out", "p.csv"], "must hold a model of a table"),
    ],
)
def test_bad_input(pellucid, table, model, flowers, tmp_path, arguments, message):
    flowers.astype({"height": object}).assign(height=["1", "tall"] * 40).to_csv(tmp_path / "old.csv", index=False)
    flowers.drop(columns="width").to_csv(tmp_path / "less.csv", index=False)
    if arguments[0] == "r.safetensors":
        package.save(fitted(TabularRegressor, flowers, "width"), tmp_path / "r.safetensors")
    if arguments[0] == "mlp.safetensors":
        other = MLPClassifier((2,), solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0, 1])
        package.save(other, tmp_path / "mlp.safetensors")
    status, _, err = pellucid("predict", *arguments)
    assert status == 2
    assert message in err
    assert err.startswith("Error: ")
    assert "Traceback" not in err
    assert not (tmp_path / "p.csv").exists()


def test_dates_with_names_of_months(pellucid, flowers, tmp_path):
    days = pd.date_range("2021-04-03", periods=len(flowers))
    for name, form in (("a", "%d-%b-%y"), ("b", "%d %B %y")):
        flowers.assign(picked=days.strftime(form)).to_csv(tmp_path / f"{name}.csv", index=False)
    status, out, _ = pellucid(
        "train", "a.csv", "--target", "species", "--preset", "fast", "--epochs", "2", "--no-report"
    )
    assert status == 0
    assert "date from 2021-04-03 to 2021-06-21; also month, day, weekday; written like 24 Apr 21" in out
    for name in ("a", "b"):
        assert pellucid("predict", "model.safetensors", f"{name}.csv", "--out", f"{name}-p.csv")[0] == 0
    a, b = (pd.read_csv(tmp_path / f"{name}-p.csv")["prediction"].tolist() for name in ("a", "b"))
    assert a == b
    flowers.assign(picked="3 April").to_csv(tmp_path / "c.csv", index=False)
    status, _, err = pellucid("predict", "model.safetensors", "c.csv", "--out", "p.csv")
    assert status == 2
    assert "Column 'picked' must hold dates written like 24 Apr 21, as those learned from; row 1 has '3 April'" in err


def test_the_index_of_a_parquet_file_is_a_column(pellucid, flowers, tmp_path):
    days = pd.date_range("2021-01-01", periods=len(flowers), name="day", unit="us")
    flowers.set_index(days).to_parquet(tmp_path / "f.parquet")
    options = ("--target", "species", "--time-column", "day", "--preset", "fast", "--epochs", "2", "--no-report")
    status, out, _ = pellucid("train", "f.parquet", *options)
    assert status == 0
    assert "day" in out
    assert pellucid("predict", "model.safetensors", "f.parquet", "--out", "p.parquet")[0] == 0
    assert pd.read_parquet(tmp_path / "p.parquet")["day"].tolist() == days.tolist()


@pytest.mark.parametrize("out", ["-", "/dev/stdout"])
def test_tables_through_pipes(flowers, model, tmp_path, out):
    command = [*PROGRAM, "predict", "m.safetensors", "-", "--out", out]
    table = flowers.to_csv(index=False)
    done = subprocess.run(command, input=table.encode(), capture_output=True, cwd=tmp_path, check=True)
    written = pd.read_csv(io.BytesIO(done.stdout))
    assert written["prediction"].tolist() == model.predict(flowers).tolist()
    assert written.columns.tolist() == [*flowers.columns, "prediction"]
    assert f"80 predictions of 'species' written to {out}" in done.stderr.decode()


def test_a_reader_who_has_enough_is_no_error(flowers, table, model, tmp_path):
    pd.concat([flowers] * 500).to_csv(tmp_path / "many.csv", index=False)
    command = [*PROGRAM, "predict", "m.safetensors", "many.csv", "--out", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as running:
        assert running.stdout.readline() == b"height,width,colour,species,prediction\n"
        running.stdout.close()
        assert running.stderr.read().decode().endswith("\n40000 predictions of 'species' written to -\n")
    assert running.returncode == 0
