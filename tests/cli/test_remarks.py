"""What should not go unsaid of a result, and what is not worth a word."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pellucid.cli.evaluation import COVERAGES, Evaluation, Score
from pellucid.cli.remarks import remarks
from pellucid.tables import Target

RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame({"size": RANDOM.normal(size=200), "price": RANDOM.normal(size=200)})
ERROR = "root mean squared error"


def said(*scores, learned=TABLE[:100], held_out=TABLE[100:], predicted=0.0, covered=0.9, groups=False, time=None):
    judged = held_out if len(held_out) else learned
    actual = judged["price"].to_numpy()
    known = {score.name: score for score in (Score(ERROR, 1.0, 1.0, 1.0), Score("R²", 0.5, 0.5, 0.0), *scores)}
    evaluation = Evaluation(
        Target.of(TABLE["price"]),
        learned,
        held_out,
        judged,
        actual,
        np.full(len(actual), predicted),
        None,
        tuple(known.values()),
        "",
        covered=np.full(len(COVERAGES), covered),
    )
    model = SimpleNamespace(time_column=time, schema_=SimpleNamespace(used=[SimpleNamespace(label="size")]))
    return remarks(model, evaluation, has_groups=groups)


def classes_said(out_of_fold, held_out, baseline, certainty):
    frame = TABLE.assign(price=np.where(TABLE["price"] > 0, "dear", "cheap"))
    learned, judged = frame[:100], frame[100:]
    proba = np.where((judged["price"] == "dear").to_numpy()[:, np.newaxis] == [False, True], certainty, 1 - certainty)
    score = Score("log loss", out_of_fold, held_out, baseline)
    actual = judged["price"].to_numpy()
    evaluation = Evaluation(Target.of(frame["price"]), learned, judged, judged, actual, actual, proba, (score,), "")
    schema = SimpleNamespace(used=[SimpleNamespace(label="size")])
    model = SimpleNamespace(time_column=None, schema_=schema, classes_=np.array(["cheap", "dear"]))
    return remarks(model, evaluation, has_groups=False)


def test_of_a_good_result_nothing():
    assert said() == []
    assert classes_said(0.3, 0.3, 0.69, certainty=0.75) == []


def test_no_better_than_the_mean():
    (told,) = said(Score("R²", 0.1, -0.02, 0.0))
    assert told == (
        "The model is worth nothing so far: its R² of -0.02 on the rows held out is no better than the 0 of always "
        "predicting their mean. Check that the target is the right column, and that columns are there which can tell "
        "it."
    )
    (told,) = said(Score("R²", 0.0, None, 0.0), held_out=TABLE[:0])
    assert "its R² of 0 on the rows out of fold is" in told
    assert said(Score("R²", None, None, 0.0), held_out=TABLE[:0]) == []


def test_better_than_a_mean_that_is_far_off_is_not_nothing():
    told, check = said(Score("R²", 0.1, -2.91, -83.3), time="day")
    assert told == (
        "The rows held out differ from those learned from: with an R² of -2.91 the model does better than the mean of "
        "the rows learned from (-83.3), but worse than their own mean, 0, would."
    )
    assert check.startswith("The latest rows may follow other rules")


def test_no_better_than_the_shares_of_the_classes():
    (told,) = classes_said(0.72, 0.7, 0.69, certainty=0.5)
    assert "on the rows held out their log loss of 0.7 is not below the 0.69 of always predicting the classes'" in told


def test_intervals_that_hold_too_little():
    told, check = said(covered=0.7)
    assert told == "Do not rely on the intervals: those of 90% hold 70% of the rows held out."
    assert check.endswith("name the column by --time-column or --groups.")
    assert said(covered=0.8) == said(covered=0.5, held_out=TABLE[100:110]) == []


@pytest.mark.parametrize(
    ("given", "check"),
    [
        ({}, "must not be dealt at random: name the column by --time-column or --groups."),
        ({"groups": True}, "Groups differ from each other"),
        ({"time": "day"}, "The latest rows may follow other rules than those before"),
    ],
)
def test_held_out_far_worse_than_out_of_fold(given, check):
    told, checked = said(Score(ERROR, 1.0, 2.1, 1.0), predicted=2.0, **given)
    assert told.startswith(f"The rows held out are predicted far worse than those out of fold: their {ERROR} is 2.1 ")
    assert check in checked
    assert said(Score(ERROR, 1.0, 2.1, 1.0), predicted=2.0, covered=0.5, **given).count(checked) == 1
    assert said(Score(ERROR, 1.0, 1.3, 1.0), predicted=0.8) == []
    one = TABLE[100:].copy()
    one.iloc[0, 1] = 30.0  # one outlier is no rule
    assert said(Score(ERROR, 1.0, 3.2, 1.0), held_out=one) == []
    told, _ = classes_said(0.3, 0.6, 0.69, certainty=0.55)
    assert "their log loss is 0.6 instead of 0.3." in told


def test_copies():
    copied = pd.concat([TABLE[100:180], TABLE[:20]])
    (told,) = said(held_out=copied)
    assert told.startswith("20 rows of the 100 rows held out (20%) are copies of rows learned from, cell by cell")
    (told,) = said(learned=pd.concat([TABLE, TABLE[:10]]), held_out=TABLE[:0])
    assert told.startswith("20 rows of the 210 rows (10%) are copies")
    coarse = TABLE.round(0)  # of so few values that rows are alike anyway
    assert said(learned=coarse[:100], held_out=coarse[100:]) == []


def test_remarks_are_printed_and_in_the_report(pellucid, tmp_path):
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=(120, 2)), columns=["a", "b"])
    pd.concat([noise, noise]).to_csv(tmp_path / "n.csv", index=False)
    status, out, err = pellucid("train", "n.csv", "--target", "b", "--preset", "fast", "--epochs", 2, "--threads", 1)
    assert status == 0, err
    page = (tmp_path / "model-report" / "index.html").read_text(encoding="utf-8")
    for told in (out, page):
        assert "are copies of rows learned from, cell by cell" in told
