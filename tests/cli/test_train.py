import errno
import re
import signal
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import pytest

import pellucid as package
from pellucid.cli import report, training
from pellucid.cli.report import GENERATOR, html_page, html_table
from pellucid.engines import TextbookEngine
from pellucid.estimators import progress
from pellucid.tables.writing import replaced_whole

QUICK = ("--preset", "fast", "--epochs", "15")


def test_train_says_what_it_does_and_writes_a_model(pellucid, table, tmp_path):
    status, out, err = pellucid("train", table, "--target", "species", *QUICK)
    assert status == 0
    assert "height  2.5%" in out
    assert "category, 2 levels: blue, red" in out
    assert "Target 'species': one of 2 classes: rosa, viola (classification)" in out
    assert "64 rows to learn from, 16 held out" in out
    assert "epoch 1/180" in err  # three folds, a network and a linear one on each, and their twins
    assert "Importances: column 3/3" in err
    assert re.search(r"\d networks, \d+( to \d+)? epochs each, ", out)
    outside, accuracy, baseline = (float(text) for text in out.split("accuracy")[1].split()[:3])
    assert accuracy > 0.9 > baseline
    assert outside > 0.9
    model = package.load(tmp_path / "model.safetensors")
    assert model.classes_.tolist() == ["rosa", "viola"]
    assert model.target_name_ == "species"
    assert model.feature_importances_.shape == (3,)
    names = {path.name for path in (tmp_path / "model-report").iterdir()}
    assert names == {"index.html", "loss-curves.png", "confusion-matrix.png", "importances.png", "calibration.png"}
    page = (tmp_path / "model-report" / "index.html").read_text()
    for text in (
        "out of fold",
        "expected calibration error",
        "temperature",
        "Members",
        "How much each column counts",
        "Words",
    ):
        assert text in page


def test_regression(pellucid, flowers, tmp_path):
    flowers.to_parquet(tmp_path / "f.parquet")
    status, out, _ = pellucid("train", "f.parquet", "--target", "width", *QUICK, "--model", "w.safetensors")
    assert status == 0
    assert "root mean squared error" in out
    assert "Intervals of 90% hold" in out
    page = (tmp_path / "w-report" / "index.html").read_text()
    for text in (
        "Importance: by how much the root mean squared error rises",
        "the share of the target&#x27;s variance",
    ):
        assert text in page
    assert "<td>log loss</td>" not in page
    for name in ("actual-against-predicted.png", "intervals.png", "importances.png", "loss-curves.png"):
        assert (tmp_path / "w-report" / name).read_bytes().startswith(b"\x89PNG")
    assert "Intervals of 90% hold" in (tmp_path / "w-report" / "index.html").read_text()


def test_a_report_has_no_pictures_of_the_one_before(pellucid, table, tmp_path):
    folder = tmp_path / "report"
    given = ("train", table, *QUICK, "--report", "report", "--threads", "1")
    assert pellucid(*given, "--target", "species")[0] == 0
    (folder / "mine.png").write_text("not of a report")
    page = (folder / "index.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(page.replace(GENERATOR, ""), encoding="utf-8")  # as before there was the tag
    assert pellucid(*given, "--target", "width", "--no-importances")[0] == 0
    names = {path.name for path in folder.iterdir()}
    assert names == {"index.html", "actual-against-predicted.png", "intervals.png", "loss-curves.png", "mine.png"}


def test_tables_of_a_page_break_no_word():
    page = html_table(("trial", "reason"), [("1", "-0.02907"), ("2", "a reason that is a sentence of many words")])
    assert page.startswith('<div class="wide"><table>')
    assert "<td>-0.02907</td>" in page
    assert '<td class="long">a reason' in page
    assert re.search(r"td \{[^}]*white-space: nowrap", html_page("Title", [], [page]))


@pytest.mark.parametrize("page", ["report/index.html", "tuned/search.html", "tuned/report/index.html"])
def test_a_page_of_somebody_else_is_not_replaced(pellucid, table, tmp_path, page):
    (tmp_path / page).parent.mkdir(parents=True)
    (tmp_path / page).write_text("<html>mine")
    given = ("train", table, "--report", "report") if page.startswith("report") else ("tune", table, "--out", "tuned")
    status, out, err = pellucid(*given, "--target", "species")
    assert (status, out) == (2, "")
    assert f"'{page}' would be replaced by a report, and is a page that Pellucid did not write. Name another" in err
    assert (tmp_path / page).read_text() == "<html>mine"


def test_members_of_a_preset(pellucid, table, tmp_path):
    options = ("--preset", "default", "--epochs", "2", "--threads", "1", "--no-importances")
    status, out, err = pellucid("train", table, "--target", "species", *options)
    assert status == 0
    told = r"(5|10|15) networks, [12][to 2]* epochs? each, \d+ together; \d+ more epochs went into networks that "
    assert re.search(told, out)
    assert re.search(r"epoch \d+/62 of all networks together", err)
    assert "Importances" not in err
    model = package.load(tmp_path / "model.safetensors")
    assert not hasattr(model, "feature_importances_")
    assert model.n_threads == 1


def test_the_scoring_is_kept(pellucid, table, tmp_path):
    status, _, _ = pellucid("train", table, "--target", "species", *QUICK, "--scoring", "accuracy", "--no-report")
    assert status == 0
    assert package.load(tmp_path / "model.safetensors").scoring == "accuracy"


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        (["rosa", "viola"], (), "one of 2 classes: rosa, viola (classification)\n"),
        ([0.5, 1.5], ("--task", "classification"), "one of 2 classes: 0.5, 1.5 (classification)\n"),
        (
            [f"{age} years" for age in range(8)],
            (),
            "7 years (classification); numbers with signs or units: read as text; write them as plain numbers\n",
        ),
        (
            [9999, 9999, *np.linspace(1, 4, 78)],
            (),
            "(regression); 9999 in 2 cells, far from all others: if it means missing, leave these rows out",
        ),
        ([0, 1, 0, 2, 0, 1, 3], ("--task", "regression", "--scoring", "poisson"), "\nPoisson deviance"),
    ],
    ids=["texts", "fractions", "nearly numbers", "nines", "counts"],
)
def test_what_is_said_of_a_target(pellucid, flowers, tmp_path, values, options, said):
    flowers.assign(goal=np.resize(values, len(flowers))).to_csv(tmp_path / "f.csv", index=False)
    status, out, err = pellucid("train", "f.csv", "--target", "goal", *options, *QUICK)
    assert status == 0, err
    assert said in out
    model = package.load(tmp_path / "model.safetensors")
    known = f"one of {len(model.classes_)} classes: {', '.join(model.classes_)} (" if hasattr(model, "classes_") else ""
    assert f"\nTarget 'goal': {known}" in out


def test_a_class_of_one_row(pellucid, flowers, tmp_path):
    for row in (0, 7, 30):
        changed = flowers.copy()
        changed.loc[row, "species"] = "rare"
        changed.to_csv(tmp_path / "f.csv", index=False)
        status, _, err = pellucid("train", "f.csv", "--target", "species", *QUICK)
        assert status == 0, err


def test_a_column_that_is_odd_only_in_rows_held_out(pellucid, flowers, tmp_path):
    for row in range(0, 80, 16):
        changed = flowers.astype({"width": object})
        changed.loc[row, "width"] = "unknown"
        changed.to_csv(tmp_path / "f.csv", index=False)
        status, _, err = pellucid("train", "f.csv", "--target", "species", *QUICK, "--no-report")
        assert status == 0, err


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("task", ["auto", "regression"])
def test_decimal_commas(pellucid, flowers, tmp_path, task, separator):
    flowers.assign(width=1000 * flowers["width"]).to_csv(tmp_path / "f.csv", index=False, sep=separator, decimal=",")
    status, out, _ = pellucid("train", "f.csv", "--target", "width", "--task", task, *QUICK, "--no-report")
    assert status == 0
    low, high = flowers["height"].agg(["min", "max"])
    assert f"number from {low:.10g} to {high:.10g}; written with decimal commas" in out
    assert "(regression); written with decimal commas" in out
    assert pellucid("predict", "model.safetensors", "f.csv", "--out", "p.csv")[0] == 0
    written = pd.read_csv(tmp_path / "p.csv", sep=separator, decimal=",")
    assert np.allclose(written["height"], flowers["height"], equal_nan=True)


def test_one_epoch(pellucid, table):
    status, out, _ = pellucid("train", table, "--target", "species", *QUICK, "--epochs", "1")
    assert status == 0
    assert re.search(r"\n\d networks, 1 epoch each, \d together; ", out)


def test_two_inputs_give_a_decision_boundary(pellucid, flowers, tmp_path):
    flowers[["height", "width", "species"]].to_csv(tmp_path / "f.csv", index=False)
    assert pellucid("train", "f.csv", "--target", "species", *QUICK, "--report", "here/r")[0] == 0
    assert (tmp_path / "here" / "r" / "decision-boundary.png").exists()


def test_a_time_of_day_is_learned_from_and_a_broken_one_named(pellucid, flowers, tmp_path):
    """Its hours have ends, which the margins of a decision boundary would pass."""
    frame = flowers[["height", "species"]].assign(at=[f"{i % 24:02d}:{i % 60:02d}" for i in range(len(flowers))])
    frame.to_csv(tmp_path / "f.csv", index=False)
    status, out, _ = pellucid("train", "f.csv", "--target", "species", *QUICK, "--report", "r")
    assert status == 0
    assert re.search(r"\nat +number from 0 to 23\.\d+; a time of day, in hours", out)
    assert not (tmp_path / "r" / "decision-boundary.png").exists()
    frame.assign(at="9:75").to_csv(tmp_path / "broken.csv", index=False)
    status, _, error = pellucid("predict", "model.safetensors", "broken.csv", "--out", "p.csv")
    assert status != 0
    assert "Column 'at' must hold times of day such as 13:45; row 1 has '9:75'" in error


def test_quiet_and_no_report(pellucid, table, tmp_path):
    assert pellucid("train", table, "--target", "species", *QUICK, "--quiet", "--no-report") == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flowers.csv", "model.safetensors"]


def test_same_seed_same_model(pellucid, table, tmp_path):
    contents = []
    for seed in (3, 3, 4):
        pellucid("train", table, "--target", "species", *QUICK, "--no-report", "--seed", seed)
        contents.append((tmp_path / "model.safetensors").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_ctrl_c_keeps_the_best_network(pellucid, table, tmp_path, monkeypatch):
    def interrupt(self, estimator, epoch):
        if epoch.epoch == 4:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(progress.ProgressBar, "on_epoch_end", interrupt)
    status, out, _ = pellucid("train", table, "--target", "species", *QUICK)
    assert status == 0
    assert "Training was interrupted" in out
    assert package.load(tmp_path / "model.safetensors").n_iter_ <= 4
    assert (tmp_path / "model-report" / "index.html").exists()


def test_ctrl_c_in_the_first_epoch(pellucid, table, tmp_path, monkeypatch):
    def interrupt(self, estimator):
        original(self, estimator)
        monkeypatch.setattr("pellucid.engines.textbook._Descent._epoch", lambda *_: signal.raise_signal(signal.SIGINT))

    original = progress.ProgressBar.on_fit_begin
    monkeypatch.setattr(progress.ProgressBar, "on_fit_begin", interrupt)
    monkeypatch.setattr("pellucid.estimators.tabular.base.get_engine", lambda *_: TextbookEngine())
    status, _, err = pellucid("train", table, "--target", "species", *QUICK)
    assert (status, err) == (130, "Interrupted.\n")
    assert not (tmp_path / "model.safetensors").exists()


def test_ctrl_c_in_the_importances(pellucid, table, tmp_path, monkeypatch):
    def interrupt(*_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("pellucid.estimators.tabular.importances._shuffled_losses", interrupt)
    status, _, err = pellucid("train", table, "--target", "species", *QUICK, "--quiet")
    assert status == 0
    assert err == "Interrupted: the model and the report are written without importances.\n"
    assert not hasattr(package.load(tmp_path / "model.safetensors"), "feature_importances_")
    assert (tmp_path / "model-report" / "index.html").exists()


def test_ctrl_c_elsewhere(pellucid, table, tmp_path, monkeypatch):
    def interrupt(path, **_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("pellucid.cli.preparing.read_table", interrupt)
    status, _, err = pellucid("train", table, "--target", "species")
    assert (status, err) == (130, "Interrupted.\n")
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "defualt"], "'--preset' must be one of its known names; got 'defualt'. Did you mean 'default'?"),
        (["--scoring", "acuracy"], "Did you mean 'accuracy'?"),
        (["--scoring", "rmse"], "must be one of log_loss, accuracy, roc_auc for a target of classes, as 'species'"),
        (["--epochs", "0"], "'--epochs' must be at least 1"),
        (["--threads", "0"], "'--threads' must be at least 1"),
        (["--time", "0"], "'--time' must be greater than 0 seconds"),
        (["--time", "nan"], "'--time' must be"),
        (["--test-share", "1"], "'--test-share' must be"),
        (["--seed", "-1"], "'--seed' must be"),
        (["--task", "clasification"], "Did you mean 'classification'?"),
        (["--target", "specie"], "must have the column 'specie'; it does not. Did you mean 'species'?"),
        (["--exclude", "colur"], "'--exclude' must name columns of the table; 'colur' is none. Did you mean 'colour'?"),
        (["--exclude", "colour,species"], "'--exclude' must name other columns than '--target'; got 'species'"),
        (
            ["--missing", "widht=-1"],
            "'--missing' must name columns of the table; 'widht' is none. Did you mean 'width'?",
        ),
        (["--target", "species", "--task", "regression"], "must be a number; row 1 has"),
        (["--model", "no/where.safetensors"], "there is no folder 'no'"),
        (["--model", "model.pkl"], "must end in .safetensors"),
        (["--report", "flowers.csv"], "must be a folder for the report; it is a file"),
        (["--report", "flowers.csv/report"], "/flowers.csv' is a file. Name another folder."),
    ],
)
def test_bad_options(pellucid, table, tmp_path, options, message):
    status, _, err = pellucid("train", table, "--target", "species", *options)
    assert status == 2
    assert message in err
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["flowers.csv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\x03", "binary"),
        (b"a,y\n1,2\n", "at least 20 rows to learn from; it has 1"),
        (b"y,y\n1,2\n", "has 'y' twice (columns 1 and 2)"),
        (b"a,y\n" + b"1,2\n" * 30, "at least two classes; every row has '2'"),
        (b"a,y\n" + b"1,0\n1,1\n" * 30, "none ('a': the same value in every row)"),
        (b"a,y\n" + b"1,0\n2,1\n" * 30 + b"7\n", "line 62 has 1"),
        (b"a,y\n" + b"1,0.5\n2,1.5\n3,2\n" * 9 + b"4,inf\n", "must be a finite number"),
        (b"y\n" + b"0\n1\n" * 30, "column to learn from; it has none"),
    ],
)
def test_bad_tables(pellucid, tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    status, _, err = pellucid("train", "t.csv", "--target", "y")
    assert status == 2
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "model.safetensors").exists()


def test_hostile_names_are_shown_as_they_are(pellucid, tmp_path):
    random = np.random.default_rng(0)
    first, second = "<script>alert(1)</script>\x1b[31m", r"$\frac{1}$ [bold]"
    frame = pd.DataFrame({first: random.random(60), second: random.random(60)})
    frame["<b>"] = np.where(frame[first] > 0.5, "$\\no_such{$", "<img src=x>")
    frame.to_csv(tmp_path / "t.csv", index=False)
    status, out, err = pellucid("train", "t.csv", "--target", "<b>", *QUICK)
    assert status == 0, err
    assert "\x1b" not in out
    assert r"$\frac{1}$ [bold]" in out
    page = (tmp_path / "model-report" / "index.html").read_text()
    assert "<script>" not in page
    assert "<img src=x>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert "data:image/png;base64," in page


def test_many_columns_and_classes(pellucid, tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.random((200, 70)), columns=[f"c{i}" for i in range(70)])
    frame["y"] = [f"class {i % 40}" for i in range(200)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    status, out, _ = pellucid("train", "t.csv", "--target", "y", *QUICK)
    assert status == 0
    assert "… and 10 more" in out
    assert not (tmp_path / "model-report" / "confusion-matrix.png").exists()


def visits(rows=200):
    """Visits of patients over time."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"patient": np.arange(rows) % 40, "day": pd.date_range("2024-01-01", periods=rows, freq="D")})
    frame["dose"] = random.normal(size=rows)
    frame["answer"] = frame["dose"] * 2 + random.normal(0, 0.1, rows)
    return frame


def test_rows_of_a_group_stay_together_and_it_is_not_learned_from(pellucid, tmp_path, monkeypatch):
    frame = visits()
    frame.to_csv("v.csv", index=False)
    parts = []
    evaluate = training.evaluate

    def spy(model, goal, learned, held_out):
        parts.extend((learned, held_out))
        return evaluate(model, goal, learned, held_out)

    monkeypatch.setattr(training, "evaluate", spy)
    status, _, _ = pellucid("train", "v.csv", "--target", "answer", *QUICK, "--groups", "patient", "--no-report")
    assert status == 0
    assert "patient" not in [column.label for column in package.load("model.safetensors").schema_.columns]
    of_day = frame.set_index(frame["day"].dt.strftime("%Y-%m-%d"))["patient"]
    learned, held_out = (set(of_day[part["day"].astype(str).str[:10]]) for part in parts)
    assert learned
    assert held_out
    assert not learned & held_out


def test_rows_without_a_group_are_groups_of_their_own(pellucid, tmp_path, monkeypatch):
    frame = visits()
    frame["patient"] = frame["patient"].astype(str).where(frame.index % 2 == 0, "")
    frame.to_csv("v.csv", index=False)
    shares = []
    hold_out = training.hold_out
    monkeypatch.setattr(training, "hold_out", lambda *given: shares.append(hold_out(*given)) or shares[-1])
    status, out, _ = pellucid("train", "v.csv", "--target", "answer", *QUICK, "--groups", "patient", "--no-report")
    assert status == 0
    assert "\n100 rows without 'patient': each is a group of its own\n" in out
    learned, held_out = shares[0]
    assert min((learned % 2).sum(), (held_out % 2).sum()) > 10  # of the empty cells there are rows on both sides


def test_the_future_is_predicted_from_the_past(pellucid, tmp_path):
    visits().sample(frac=1, random_state=0).to_csv("v.csv", index=False)
    options = ("--target", "answer", *QUICK, "--time-column", "day", "--no-report")
    status, out, _ = pellucid("train", "v.csv", *options)
    assert status == 0
    assert "162 rows to learn from, 38 held out" in out
    assert package.load("model.safetensors").time_column == "day"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--groups", "patiend"), "must have the column 'patiend'; it does not. Did you mean 'patient'?"),
        (("--groups", "answer"), "'--groups' must be another column than '--target'; got 'answer'."),
        (("--time-column", "answer"), "'--time-column' must be another column than '--target'; got 'answer'."),
        (("--groups", "patient", "--time-column", "day"), "'--groups' and '--time-column' were both given; only one"),
        (("--groups", "all"), "'--groups' must name at least 2 groups"),
        (("--time-column", "some"), "'--time-column' must hold numbers or dates of one form; it does not in row 3."),
        (("--time-column", "all"), "'--time-column' must differ between rows"),
        (("--groups", "all", "--test-share", "0"), "'--groups' must name at least 2 groups"),
        (("--scoring", "accuracy"), "'--scoring' must be one of rmse, mae, poisson for a target of numbers"),
        (("--scoring", "accuracy", "--task", "regression"), "'--scoring' must be one of its known names"),
    ],
)
def test_what_cannot_be_is_told_before_the_table_is_described(pellucid, tmp_path, options, message):
    frame = visits().assign(all=1, some=range(200))
    frame.loc[2, "some"] = np.nan
    frame.to_csv("v.csv", index=False)
    status, out, err = pellucid("train", "v.csv", "--target", "answer", *QUICK, *options)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("target", ["species", "width"])
def test_a_final_model_of_all_rows(pellucid, table, tmp_path, target):
    status, out, err = pellucid("train", table, "--target", target, *QUICK, "--test-share", "0")
    assert status == 0, err
    assert "80 rows to learn from, none held out" in out
    assert "No rows were held out. Out of fold: 80 rows" in out
    assert "held out  " not in out
    model = package.load(tmp_path / "model.safetensors")
    name = "log loss" if target == "species" else "root mean squared error"
    score = float(out.split(f"\n{name}")[1].split()[0])
    assert score == pytest.approx(-model.oof_score_, rel=2e-2)
    folder = tmp_path / "model-report"
    page = (folder / "index.html").read_text()
    assert "No rows were held out. Out of fold: 80 rows" in page
    assert "<th>held out</th>" not in page
    assert not (folder / "intervals.png").exists()
    kept = "calibration.png" if target == "species" else "actual-against-predicted.png"
    assert (folder / kept).exists()


def test_a_final_model_of_groups_and_times(pellucid, tmp_path):
    visits().to_csv("v.csv", index=False)
    for options in (("--groups", "patient"), ("--time-column", "day")):
        status, out, _ = pellucid("train", "v.csv", "--target", "answer", *QUICK, *options, "--test-share", "0")
        assert status == 0
        assert "200 rows to learn from, none held out" in out


def test_the_table_is_not_replaced_by_the_model(pellucid, table, tmp_path):
    (tmp_path / "link.safetensors").symlink_to(tmp_path / table)
    before = (tmp_path / table).read_bytes()
    status, _, err = pellucid("train", table, "--target", "species", *QUICK, "--model", "link.safetensors")
    assert status == 2
    assert "'--model' must be another file than the table 'flowers.csv', which it would replace" in err
    assert (tmp_path / table).read_bytes() == before


def test_help_says_how_many_rows_are_held_out(pellucid):
    assert "holds out 20% of the rows" in " ".join(pellucid("train", "--help")[1].split())


def test_numbers_that_may_stand_for_missing_values_are_told_of(pellucid, flowers, tmp_path):
    flowers.assign(height=flowers["height"].fillna(-999)).to_csv(tmp_path / "f.csv", index=False)
    status, out, _ = pellucid("train", "f.csv", "--target", "width", *QUICK)
    assert status == 0
    assert "-999 in 2 cells, far from all others: if it means missing, leave these cells empty, or declare it" in out
    page = (tmp_path / "model-report" / "index.html").read_text()
    assert "-999 in 2 cells, far from all others" in page


def test_what_means_missing(pellucid, flowers, tmp_path):
    written = flowers.assign(
        height=flowers["height"].fillna(-999),
        width=[f"{value:,.3f}" for value in 1000 * flowers["width"]],
        colour=flowers["colour"].fillna("no, not seen"),
        code=np.where(np.arange(80) < 5, "-1", "7"),
        mark=np.where(np.arange(80) < 5, "-1", "7"),
    )
    written.loc[[7, 8], "width"] = "unknown"
    written.loc[[0, 70], "species"] = "unknown"
    written.to_csv(tmp_path / "f.csv", index=False)
    given = ("--missing", "-999,unknown", "--missing", '"no, not seen",code=-1')
    status, out, err = pellucid("train", "f.csv", "--target", "species", *QUICK, "--no-report", *given, "--quiet")
    assert (status, out, err) == (0, "", "")
    status, out, err = pellucid("train", "f.csv", "--target", "species", *QUICK, "--no-report", *given)
    assert status == 0
    assert "Warning" not in err
    out = " ".join(out.split())
    assert "78 rows, 5 columns beside the target 2 rows have no 'species' and are left out: rows 1, 71." in out
    assert "-999 (2 cells) counts as missing, as declared" in out
    assert "written with thousands commas; unknown (2 cells) counts as missing, as declared" in out
    assert "category, 2 levels: blue, red; 'no, not seen' (2 cells) counts as missing, as declared" in out
    assert "mark number from -1 to 7" in out
    assert "Target 'species': one of 2 classes: rosa, viola" in out
    model = package.load(tmp_path / "model.safetensors")
    assert model.schema_.missing_values["width"] == ("-999", "unknown", "no, not seen")
    assert pellucid("predict", "model.safetensors", "f.csv", "--out", "p.csv", "--proba")[0] == 0
    emptied = written.replace({"height": {-999: ""}, "code": {"-1": ""}})
    emptied = emptied.replace({"unknown": "", "no, not seen": ""})
    emptied.to_csv(tmp_path / "e.csv", index=False)
    assert pellucid("predict", "model.safetensors", "e.csv", "--out", "q.csv", "--proba")[0] == 0
    kept = ["prediction", "probability of rosa"]
    assert pd.read_csv(tmp_path / "p.csv")[kept].equals(pd.read_csv(tmp_path / "q.csv")[kept])


def test_what_means_missing_and_is_nowhere(pellucid, table):
    status, _, err = pellucid("train", table, "--target", "species", *QUICK, "--no-report", "--missing", "Red,width=9")
    assert status == 0
    assert "Warning: The values of '--missing' occur in no cell: 'Red', '9' (in column 'width'). Did you mean" in err


def test_columns_left_out(pellucid, flowers, tmp_path):
    flowers.rename(columns={"height": "height, cm"}).to_csv(tmp_path / "f.csv", index=False)
    given = ("--exclude", '"height, cm"', "--exclude", "colour")
    status, out, _ = pellucid("train", "f.csv", "--target", "species", *QUICK, "--no-report", *given)
    assert status == 0
    assert "80 rows, 1 column beside the target\nLeft out: 'height, cm', 'colour' (--exclude).\n" in out
    assert package.load(tmp_path / "model.safetensors").feature_names_in_.tolist() == ["width"]
    assert pellucid("predict", "model.safetensors", "f.csv", "--out", "p.csv")[0] == 0
    status, _, err = pellucid("train", "f.csv", "--target", "species", "--time-column", "width", "--exclude", "width")
    assert status == 2
    assert "'--exclude' must name other columns than '--time-column'; got 'width'." in err


@pytest.mark.parametrize("target", ["colour", "height"])
def test_rows_without_a_target_are_left_out(pellucid, table, target):
    status, out, _ = pellucid("train", table, "--target", target, *QUICK, "--no-report", "--exclude", "width")
    assert status == 0
    rows = "6, 61" if target == "colour" else "4, 41"
    assert "2 columns beside the target\nLeft out: 'width' (--exclude).\n" in out
    assert f"\n2 rows have no '{target}' and are left out: rows {rows}.\n" in out


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (0, "must have a value in some rows; it has none in all 80 of 'f.csv'. Complete it"),
        (10, "must have at least 20 rows to learn from; it has 9, of 80 those that have a value of 'height'"),
    ],
)
def test_too_few_rows_have_a_target(pellucid, flowers, tmp_path, rows, message):
    height = flowers["height"].astype(object).where(flowers.index < rows, "-")
    flowers.assign(height=height).to_csv(tmp_path / "f.csv", index=False)
    status, _, err = pellucid("train", "f.csv", "--target", "height")
    assert status == 2
    assert message in err


def test_a_table_through_a_pipe(flowers, tmp_path):
    program = (sys.executable, "-c", "from pellucid.cli import main; main()")
    command = [*program, "train", "-", "--target", "species", "--preset", "fast", "--epochs", "2"]
    table = flowers.to_csv(index=False).encode()
    subprocess.run(command, input=table, cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "model.safetensors").exists()
    done = subprocess.run(command, input=b"", cwd=tmp_path, capture_output=True, check=False)
    assert done.stderr.decode().startswith("Error: '/dev/stdin' is empty; a table needs")


@pytest.mark.parametrize("is_room_elsewhere", [True, False])
def test_a_model_that_cannot_be_written_is_kept_elsewhere(pellucid, table, monkeypatch, tmp_path, is_room_elsewhere):
    (tmp_path / "models").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("temporary" if is_room_elsewhere else "models")))
    fit = package.TabularClassifier.fit

    def meanwhile(*given, **options):
        (tmp_path / "models").rmdir()
        return fit(*given, **options)

    monkeypatch.setattr(package.TabularClassifier, "fit", meanwhile)
    given = ("--target", "species", "--preset", "fast", "--epochs", "2", "--quiet", "--model", "models/m.safetensors")
    status, _, err = pellucid("train", table, *given)
    assert status == 2
    told = "Error: 'models/m.safetensors' cannot be written: there is no folder 'models'. Make it first."
    kept = list((tmp_path / "temporary").iterdir())
    if is_room_elsewhere:
        assert err == f"{told} The model is kept in '{kept[0]}': move it from there.\n"
        assert package.load(kept[0]).target_name_ == "species"
    else:
        assert (err, kept) == (f"{told}\n", [])


def test_a_report_that_cannot_be_written_does_not_hide_the_model(pellucid, table, monkeypatch, tmp_path):
    def write_whole(path, *_):
        with replaced_whole(path):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report, "write_whole", write_whole)
    status, _, err = pellucid("train", table, "--target", "species", "--preset", "fast", "--epochs", "2")
    assert status == 2
    assert err.endswith(
        "Error: The report is not whole: 'model-report/importances.png' cannot be written: No space left on device. "
        "The model is, in 'model.safetensors'.\n"
    )
    assert (tmp_path / "model.safetensors").exists()


def test_letters_that_no_font_has_are_told_once(pellucid, flowers, monkeypatch):
    monkeypatch.setattr("pellucid.plotting.style.WIDE_FONTS", ())
    flowers.replace({"rosa": "薔薇", "viola": "菫"}).to_csv("kanji.csv", index=False)
    status, _, err = pellucid("train", "kanji.csv", "--target", "species", *QUICK, "--quiet")
    assert status == 0
    assert err.count("Pictures show boxes for 3 letters that no font here has, such as") == 1
    assert "Noto Sans CJK" in err


def test_columns_are_named_as_they_are_written(pellucid, flowers, tmp_path):
    flowers.assign(day=range(80)).rename(columns={"width": "width ", "day": " day"}).to_csv("blanks.csv", index=False)
    named = ("--target", "width ", "--time-column", " day")
    assert pellucid("train", "blanks.csv", *named, *QUICK, "--quiet", "--no-report")[::2] == (0, "")
    model = package.load(tmp_path / "model.safetensors")
    assert (model.target_name_, model.time_column) == ("width", "day")
    flowers.rename(columns={"width": "width "}).to_parquet("blanks.parquet")
    assert pellucid("train", "blanks.parquet", "--target", "width ", *QUICK, "--quiet", "--no-report")[0] == 0
    assert package.load(tmp_path / "model.safetensors").target_name_ == "width "


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_text_of_another_encoding(pellucid, flowers, tmp_path, encoding):
    table = flowers.rename(columns={"width": "größe"}).to_csv(index=False)
    (tmp_path / "t.csv").write_text(table, encoding=encoding)
    learn = ["t.csv", "--target", "species", "--test-share", 0]
    for command in (["train", *learn, *QUICK], ["tune", *learn, "--trials", 1]):
        status, _, error = pellucid(*command)
        assert (status, error.split("Save it")[1]) == (2, " as 'CSV UTF-8', or give its '--encoding'.\n")
        status, _, error = pellucid(*command, "--encoding", "ansi")
        assert (status, error.split(";")[1]) == (2, " got 'ansi'.\n")
    status, out, _ = pellucid("train", *learn, *QUICK, "--encoding", encoding)
    assert status == 0
    assert "größe" in out
    status, _, error = pellucid("predict", "model.safetensors", "t.csv", "--out", "p.csv")
    assert (status, error.split("Save it")[1]) == (2, " as 'CSV UTF-8', or give its '--encoding'.\n")
    status, _, _ = pellucid("predict", "model.safetensors", "t.csv", "--out", "p.csv", "--encoding", encoding)
    assert status == 0
    assert (tmp_path / "p.csv").read_text(encoding="utf-8").startswith("height,größe,colour,species,prediction\n")
    step = ["explain", "model.safetensors", "t.csv", "--network", 1]
    status, _, error = pellucid(*step)
    assert (status, error.split("Save it")[1]) == (2, " as 'CSV UTF-8', or give its '--encoding'.\n")
    assert pellucid(*step, "--encoding", encoding)[0] == 0
