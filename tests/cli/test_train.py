import signal

import numpy as np
import pandas as pd
import pytest

import pellucid as package
from pellucid.engines import TextbookEngine
from pellucid.estimators import progress

QUICK = ("--hidden", "8", "--epochs", "15", "--learning-rate", "0.02")


def test_train_says_what_it_does_and_writes_a_model(pellucid, table, tmp_path):
    status, out, err = pellucid("train", table, "--target", "species", *QUICK)
    assert status == 0
    assert "height  2.5%" in out
    assert "category, 2 levels: blue, red" in out
    assert "Target 'species': one of 2 classes: rosa, viola (classification)" in out
    assert "64 rows to learn from, 16 held out" in out
    assert "epoch 1/15" in err
    accuracy, baseline = (float(text) for text in out.split("accuracy")[1].split()[:2])
    assert accuracy > 0.9 > baseline
    assert package.load(tmp_path / "model.safetensors").target_.labels == ("rosa", "viola")
    names = {path.name for path in (tmp_path / "model-report").iterdir()}
    assert names == {"index.html", "loss-curve.png", "confusion-matrix.png"}


def test_regression(pellucid, flowers, tmp_path):
    flowers.to_parquet(tmp_path / "f.parquet")
    status, out, _ = pellucid("train", "f.parquet", "--target", "width", *QUICK, "--model", "w.safetensors")
    assert status == 0
    assert "root mean squared error" in out
    assert (tmp_path / "w-report" / "predicted-versus-true.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("task", ["auto", "regression"])
def test_decimal_commas(pellucid, flowers, tmp_path, task):
    flowers.assign(width=1000 * flowers["width"]).to_csv(tmp_path / "f.csv", index=False, sep=";", decimal=",")
    status, out, _ = pellucid("train", "f.csv", "--target", "width", "--task", task, *QUICK, "--no-report")
    assert status == 0
    low, high = flowers["height"].agg(["min", "max"])
    assert f"number from {low:g} to {high:g}; written with decimal commas" in out
    assert "(regression); written with decimal commas" in out
    assert pellucid("predict", "model.safetensors", "f.csv", "--out", "p.csv")[0] == 0
    assert np.allclose(pd.read_csv(tmp_path / "p.csv")["height"], flowers["height"], equal_nan=True)


def test_one_epoch(pellucid, table):
    status, out, _ = pellucid("train", table, "--target", "species", *QUICK, "--epochs", "1")
    assert status == 0
    assert "\n1 epoch. " in out


def test_two_inputs_give_a_decision_boundary(pellucid, flowers, tmp_path):
    flowers[["height", "width", "species"]].to_csv(tmp_path / "f.csv", index=False)
    assert pellucid("train", "f.csv", "--target", "species", *QUICK, "--report", "here/r")[0] == 0
    assert (tmp_path / "here" / "r" / "decision-boundary.png").exists()


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
    assert package.load(tmp_path / "model.safetensors").estimator_.n_iter_ <= 4
    assert (tmp_path / "model-report" / "index.html").exists()


def test_ctrl_c_in_the_first_epoch(pellucid, table, tmp_path, monkeypatch):
    def interrupt(self, estimator):
        original(self, estimator)
        monkeypatch.setattr("pellucid.engines.textbook._Descent._epoch", lambda *_: signal.raise_signal(signal.SIGINT))

    original = progress.ProgressBar.on_fit_begin
    monkeypatch.setattr(progress.ProgressBar, "on_fit_begin", interrupt)
    monkeypatch.setattr("pellucid.estimators.base.get_engine", lambda *_: TextbookEngine())
    status, out, err = pellucid("train", table, "--target", "species", *QUICK)
    assert status == 0, err
    assert "0 epochs. Training was interrupted" in out
    assert package.load(tmp_path / "model.safetensors").estimator_.n_iter_ == 0
    assert not (tmp_path / "model-report" / "loss-curve.png").exists()


def test_ctrl_c_elsewhere(pellucid, table, tmp_path, monkeypatch):
    def interrupt(path):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("pellucid.cli.training.read_table", interrupt)
    status, _, err = pellucid("train", table, "--target", "species")
    assert (status, err) == (130, "Interrupted.\n")
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--learning-rate", "0"], "'--learning-rate' must be a number greater than 0; got 0.0."),
        (["--learning-rate", "-1"], "'--learning-rate' must be a number greater than 0; got -1.0."),
        (["--learning-rate", "nan"], "'--learning-rate' must be"),
        (["--hidden", "0"], "'--hidden' must be widths of at least 1"),
        (["--hidden", "8,,4"], "'--hidden' must be widths of at least 1"),
        (["--hidden", "-3"], "'--hidden' must be widths of at least 1"),
        (["--epochs", "0"], "'--epochs' must be at least 1"),
        (["--batch-size", "0"], "'--batch-size' must be at least 1"),
        (["--dropout", "1"], "'--dropout' must be at least 0 and less than 1"),
        (["--alpha", "-0.1"], "'--alpha' must be"),
        (["--test-share", "1"], "'--test-share' must be"),
        (["--seed", "-1"], "'--seed' must be"),
        (["--time-limit", "0"], "'--time-limit' must be"),
        (["--task", "clasification"], "Did you mean 'classification'?"),
        (["--activation", "rellu"], "relu"),
        (["--target", "specie"], "must have the column 'specie'; it does not. Did you mean 'species'?"),
        (["--target", "colour"], "'colour' must have a value in every row; it is missing in rows 6, 61."),
        (["--target", "height"], "missing in rows 4, 41"),
        (["--target", "species", "--task", "regression"], "must be a number; row 1 has"),
        (["--model", "no/where.safetensors"], "there is no folder 'no'"),
        (["--model", "model.pkl"], "must end in .safetensors"),
        (["--report", "flowers.csv"], "must be a folder for the report; it is a file"),
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
