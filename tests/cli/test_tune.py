"""``pellucid tune``: trials on disk, the best model, a report; the same command goes on."""

import io
import re
import sys

import numpy as np
import pandas as pd
import pytest

from pellucid import load
from pellucid.cli.options import parse_duration, parse_settings
from pellucid.errors import PellucidError

pytest.importorskip("optuna", reason="the extra 'tune' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
QUICK = ("--folds", 2, "--threads", 1)
SWEEP = ("--sweep", "hidden_layer_sizes=2,4-3", "epochs=0.1")


def test_a_sweep_from_table_to_model_and_report(pellucid, table, tmp_path):
    status, out, err = pellucid("tune", table, "--target", "species", *SWEEP, *QUICK)
    assert (status, "") == (0, "" if status == 0 else err)
    assert err.count("trial ") == 2
    assert re.search(r"trial 1: log loss \d.* epochs; best \d", err)
    assert "Best: hidden_layer_sizes = " in out
    assert re.search(r"epochs = 0.1 × planned, with log loss \d\.\d+ \(lower is better\)\.", out)
    assert "held out" in out
    folder = tmp_path / "flowers-tuning"
    assert {path.name for path in folder.iterdir()} >= {
        "model.safetensors",
        "study.sqlite",
        "trials.csv",
        "search.html",
    }
    assert (folder / "report" / "index.html").exists()
    trials = pd.read_csv(folder / "trials.csv")
    assert sorted(trials["hidden_layer_sizes"].astype(str)) == ["2", "4-3"]
    assert trials["trial"].tolist() == [1, 2]
    model = load(folder / "model.safetensors")
    best = trials.loc[trials["score"].idxmax(), "hidden_layer_sizes"]
    assert "-".join(map(str, model.members[0].hidden)) == str(best)
    page = (folder / "search.html").read_text(encoding="utf-8")
    assert "Variance of the scores explained: hidden_layer_sizes" in page
    assert sorted(re.findall(r"<tr><td>(\d+)</td><td>complete", page)) == ["1", "2"]
    assert "epochs (× planned)" in page
    assert "log loss (lower is better)" in page
    assert "negative" not in page
    status, out, _ = pellucid("predict", folder / "model.safetensors", table, "--out", "predictions.csv")
    assert status == 0


def test_the_same_command_goes_on(pellucid, table, tmp_path):
    first = pellucid("tune", table, "--target", "width", "--trials", 1, *QUICK)
    assert first[0] == 0, first
    status, _, err = pellucid("tune", table, "--target", "width", "--trials", 2, *QUICK)
    assert status == 0, err
    assert err.count("trial ") == 1
    assert len(pd.read_csv(tmp_path / "flowers-tuning" / "trials.csv")) == 2
    place = tmp_path / "flowers-tuning" / "model.safetensors"
    before = load(place)
    again = pellucid("tune", table, "--target", "width", "--trials", 2, *QUICK, "--quiet")
    assert again == (0, "", "")
    rows = pd.read_csv(table).drop(columns="width")
    assert (load(place).predict(rows) == before.predict(rows)).all()


def test_a_time_that_is_over_at_once_leaves_a_model(pellucid, table, tmp_path):
    status, _, err = pellucid("tune", table, "--target", "species", "--time", "0.001s", *QUICK)
    assert status == 0, err
    assert load(tmp_path / "flowers-tuning" / "model.safetensors")


def test_groups_stay_together_and_the_future_is_held_out(pellucid, flowers, tmp_path, monkeypatch):
    from pellucid.cli import tuning

    seen, search = [], tuning.search
    monkeypatch.setattr(tuning, "search", lambda *given, **options: seen.append(options) or search(*given, **options))
    flowers.assign(garden=np.arange(80) % 10, day=np.arange(80)[::-1]).to_csv(tmp_path / "f.csv", index=False)
    given = ("tune", "f.csv", "--target", "width", *SWEEP, *QUICK)
    status, out, err = pellucid(*given, "--groups", "garden")
    assert status == 0, err
    assert out.startswith("64 rows to learn from, 16 held out for the score\n")
    assert len(set(seen[0]["fit_params"]["groups"])) == 8
    model = load(tmp_path / "f-tuning" / "model.safetensors")
    assert "garden" not in [each.label for each in model.schema_.columns]
    status, _, err = pellucid(*given)
    assert status == 2
    assert "is of another search. What differs: columns ('garden' is new); " in err
    status, out, err = pellucid(*given, "--time-column", "day", "--out", "days")
    assert status == 0, err
    assert "65 rows to learn from, 15 held out for the score" in out
    assert load(tmp_path / "days" / "model.safetensors").time_column == "day"


def test_a_sweep_whose_time_was_over_says_so(pellucid, table):
    status, out, err = pellucid("tune", table, "--target", "species", *SWEEP, *QUICK, "--time", "0.001s")
    assert status == 0, err
    assert "1 of 2 combinations. The time was over before the others: run the same again to go on with them." in out
    status, out, _ = pellucid("tune", table, "--target", "species", *SWEEP, *QUICK)
    assert ". 2 trials. It took " in out


def test_an_interrupt_keeps_trials_and_the_best_model(pellucid, table, tmp_path, monkeypatch):
    from pellucid.cli import board

    monkeypatch.setattr(board.Board, "show", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    status, _, err = pellucid("tune", table, "--target", "species", *SWEEP, *QUICK)
    assert status == 130
    assert "The same command goes on" in err
    assert load(tmp_path / "flowers-tuning" / "model.safetensors")
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--sweep",), "go together"),
        (("alpha=1",), "go together"),
        (("--sweep", "alpha"), "'--sweep' must be NAME=VALUE,VALUE"),
        (("--sweep", "hiden=1,2"), "must name settings of a tabular estimator's networks; 'hiden' is none."),
        (("--sweep", "learning_rate=0.01,-5"), "'--sweep' has -5 for 'learning_rate'; it must be a finite number"),
        (("--sweep", "hidden_layer_sizes=a"), "'--sweep' must be widths with hyphens between layers"),
        (("--sweep", "hidden_layer_sizes=(8,),(16,8)"), "such as 8,128-64,none; got '(8,),(16,8)'"),
        (("--sweep", "activation=tanh"), "one of its known names. Known: 'mish', 'relu', 'selu', 'silu'."),
        (("--time", "soon"), "'--time' must be a duration"),
        (("--time", "0"), "'--time' must be a duration"),
        (("--trials", "0"), "'--trials' must be at least 1"),
        (("--folds", "1"), "'--folds' must be at least 2"),
        (("--scoring", "nonsense"), "must be one of"),
        (("--groups", "colour", "--time-column", "height"), "'--groups' and '--time-column' were both given"),
        (("--groups", "species"), "'--groups' must be another column than '--target'"),
        (("--time-column", "colou"), "Did you mean 'colour'"),
        (("--out", "flowers.csv"), "cannot be made"),
    ],
)
def test_what_cannot_be_tuned(pellucid, table, tmp_path, given, message):
    status, _, err = pellucid("tune", table, "--target", "species", *given)
    assert status == 2, err
    assert message in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["flowers.csv"]


def test_what_is_read_is_not_replaced(pellucid, flowers, tmp_path):
    flowers.to_csv(tmp_path / "trials.csv", index=False)
    status, _, err = pellucid("tune", "trials.csv", "--target", "species", *SWEEP, "--out", ".")
    assert status == 2
    assert "'--out' must be another file than the table 'trials.csv', which it would replace" in err


def test_without_optuna(pellucid, table, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    status, _, err = pellucid("tune", table, "--target", "species", *SWEEP)
    assert status == 2
    assert "the extra 'tune'" in err
    assert "pip install '.[tune]'" in err
    assert [path.name for path in tmp_path.iterdir()] == ["flowers.csv"]


def test_the_scoring_is_the_task_s(pellucid, table, tmp_path):
    status, _, err = pellucid("tune", table, "--target", "width", *SWEEP, "--scoring", "accuracy")
    assert status == 2
    assert "'--scoring' must be one of rmse, mae, poisson" in err
    assert [path.name for path in tmp_path.iterdir()] == ["flowers.csv"]


def test_all_rows(pellucid, table):
    status, out, err = pellucid("tune", table, "--target", "species", "--test-share", 0, *SWEEP, *QUICK)
    assert status == 0, err
    assert "No rows were held out. Out of fold: " in out


def test_a_study_that_is_damaged(pellucid, table, tmp_path):
    (tmp_path / "flowers-tuning").mkdir()
    (tmp_path / "flowers-tuning" / "study.sqlite").write_bytes(b"no database" * 1000)
    status, _, err = pellucid("tune", table, "--target", "species", *SWEEP, *QUICK)
    assert status == 2
    assert "cannot be used" in err


def test_a_network_without_hidden_layers_is_named_as_results_name_it(pellucid, table, tmp_path):
    given = ("--sweep", "hidden_layer_sizes=none,2", "epochs=0.1", *QUICK)
    status, _, err = pellucid("tune", table, "--target", "species", *given)
    assert status == 0, err
    trials = pd.read_csv(tmp_path / "flowers-tuning" / "trials.csv", keep_default_na=False)
    assert sorted(trials["hidden_layer_sizes"].astype(str)) == ["2", "none"]


def test_durations_and_settings():
    assert [parse_duration(text) for text in ("1", "2s", "3 m", "0.5H")] == [1, 2, 180, 1800]
    assert parse_settings(["a=1,2.5,true,none,x", "hidden=3-4"]) == {"a": [1, 2.5, True, None, "x"], "hidden": [(3, 4)]}
    with pytest.raises(PellucidError, match="each name once"):
        parse_settings(["a=1", "a=2"])


def test_the_board_shows_the_best(table):
    from rich.console import Console

    from pellucid.cli.board import Board
    from pellucid.tuning.combining import Combination

    class Found:
        score_name = "negative rmse"
        best_score_ = -0.5
        combination_ = Combination((0, 1), -0.625)

        class space:  # noqa: N801
            distributions = ("alpha", "epochs")

        frame = pd.DataFrame(
            {
                "trial": [3, 4],
                "score": [-0.5, np.nan],
                "state": ["COMPLETE", "FAIL"],
                "seconds": 1.0,
                "n_iter": 164,
                "alpha": [0.1, 1.0],
                "epochs": 1.0,
                "reason": "",
            }
        )

    board = Board("table", 100, 4)
    board.found = Found()
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(board._draw())
    told = console.export_text()
    assert "2 of 4 trials    joined 0.6250" in told
    assert "1:39 left" in told or "1:40 left" in told
    assert "epochs trained" in told
    assert re.search(r"^trial .*\n3 +0\.5000", told, re.MULTILINE)
    assert "164" in told
    assert "alpha 0.1, epochs 1 × planned" in told
    assert "settings that differ" not in told
    assert re.search(r"^trial +rmse ", told, re.MULTILINE)
    Found.frame = pd.concat([Found.frame.iloc[:1]] * 2).assign(trial=[3, 4], alpha=[0.0123451, 0.0123456])
    console.print(board._draw())
    told = console.export_text()
    assert re.search(r"settings that differ *\n.*alpha 0\.0123451 *\n.*alpha 0\.0123456 *\n", told)
    assert "planned" not in told
    Found.combination_ = Combination((0,), -0.5)  # joining the others made it no better
    console.print(board._draw())
    assert "joined" not in console.export_text()


def test_what_is_left_out(pellucid, flowers, tmp_path):
    written = flowers.assign(height=flowers["height"].fillna(-999))
    written.loc[[0, 70], "species"] = "unknown"
    written.to_csv(tmp_path / "f.csv", index=False)
    given = ("--missing", "-999,unknown", "--exclude", "width")
    status, out, err = pellucid("tune", "f.csv", "--target", "species", *SWEEP, *QUICK, *given)
    assert status == 0, err
    assert out.startswith("Left out: 'width' (--exclude).\n2 rows have no 'species' and are left out: rows 1, 71.\n")
    model = load(tmp_path / "f-tuning" / "model.safetensors")
    assert model.missing_values == ("-999", "unknown")
    assert [(each.label, each.missing) for each in model.schema_.columns] == [("height", 2), ("colour", 2)]
