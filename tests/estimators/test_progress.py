from types import SimpleNamespace

import pytest

from pellucid import TabularClassifier, TabularRegressor
from pellucid.estimators import MLPClassifier, MLPRegressor, ProgressBar


def test_lines_where_there_is_no_terminal(capsys):
    bar = ProgressBar("Columns", unit="column")
    bar.on_fit_begin(None)
    for done in range(1, 41):
        bar.advance(None, done, 40, seconds=float(done))
    bar.on_fit_end(None)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Columns: column 1/40  at most 39 s left"
    assert lines[1:-1] == [f"Columns: column {n}/40  at most {40 - n} s left" for n in range(4, 40, 4)]
    assert lines[-1] == "Columns: column 40/40  ended after 40 s"


def test_an_epoch_s_figures(capsys):
    bar = ProgressBar()
    bar.on_fit_begin("text")
    bar.on_epoch_end("text", SimpleNamespace(epoch=1, epochs=3, seconds=2.0, loss=0.5, validation_score=0.25))
    bar.on_fit_end("text")
    assert capsys.readouterr().err.splitlines() == [
        "str: epoch 1/3  loss 0.5000  validation score 0.2500  at most 4 s left",
        "str: epoch 1/1  loss 0.5000  validation score 0.2500  ended after 2 s (2 fewer than planned)",
    ]


def test_what_is_done_at_once_has_two_lines(capsys):
    bar = ProgressBar("Columns", unit="column")
    bar.on_fit_begin(None)
    for done in range(1, 6):
        bar.advance(None, done, 5, seconds=0.01 * done)
    bar.on_fit_end(None)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Columns: column 1/5  less than 1 s left", "Columns: column 5/5  ended after 0 s"]


def test_no_more_time_is_promised_than_the_limit_leaves(capsys):
    bar = ProgressBar()
    bar.on_fit_begin(TabularRegressor(time_limit=10))
    for done in (1, 10):
        bar.advance(None, done, 100, seconds=2.0 * done)
    assert [line.split("together  ")[1] for line in capsys.readouterr().err.splitlines()] == [
        "at most 8 s left",
        "less than 1 s left",
    ]
    bar.on_fit_end(None)


@pytest.mark.parametrize(
    ("estimator", "score", "told"),
    [
        (TabularRegressor(), -0.5, "validation loss 0.5000"),
        (TabularClassifier(), -0.5, "validation loss 0.5000"),
        (TabularClassifier(scoring="accuracy"), -0.25, "validation accuracy 0.7500"),
        (TabularClassifier(scoring="roc_auc"), -0.25, "validation area under the ROC curve 0.7500"),
        (MLPClassifier(), 0.75, "validation accuracy 0.7500"),
        (MLPRegressor(), 0.75, "validation R² 0.7500"),
        (MLPRegressor(scoring="loss"), -0.5, "validation loss 0.5000"),
        (MLPClassifier(scoring="balanced_accuracy"), 0.75, "validation balanced accuracy 0.7500"),
    ],
)
def test_the_validation_score_has_its_name_and_sign(capsys, estimator, score, told):
    bar = ProgressBar()
    bar.on_fit_begin(estimator)
    bar.on_epoch_end(estimator, SimpleNamespace(epoch=1, epochs=3, seconds=2.0, loss=0.5, validation_score=score))
    bar.on_fit_end(estimator)
    assert f"loss 0.5000  {told}  " in capsys.readouterr().err


def test_the_bar_of_a_terminal_ends_at_its_end(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    bar = ProgressBar()
    bar.on_fit_begin(TabularRegressor())
    bar.advance(None, 30, 100, seconds=3.0)
    bar.on_fit_end(None)
    written = capsys.readouterr().err
    assert "epoch 30/30 of all networks together" in written
    assert "None" not in written  # how many there will be is not known at first


def test_no_lines_if_none_are_wanted(capsys):
    bar = ProgressBar("Columns", lines=False)
    bar.on_fit_begin(None)
    bar.advance(None, 1, 1, 1.0)
    bar.on_fit_end(None)
    assert capsys.readouterr().err == ""
