from types import SimpleNamespace

from pellucid.estimators import ProgressBar


def test_lines_where_there_is_no_terminal(capsys):
    bar = ProgressBar("Columns", unit="column")
    bar.on_fit_begin(None)
    for done in range(1, 41):
        bar.advance(None, done, 40, seconds=float(done))
    bar.on_fit_end(None)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Columns: column 1/40  at most 39 s left"
    assert lines[1:] == [f"Columns: column {n}/40  at most {40 - n} s left" for n in range(4, 41, 4)]


def test_an_epoch_s_figures(capsys):
    bar = ProgressBar()
    bar.on_fit_begin("text")
    bar.on_epoch_end("text", SimpleNamespace(epoch=1, epochs=3, seconds=2.0, loss=0.5, validation_score=0.25))
    bar.on_fit_end("text")
    assert capsys.readouterr().err == "str: epoch 1/3  loss 0.5000  validation 0.2500  at most 4 s left\n"


def test_no_lines_if_none_are_wanted(capsys):
    bar = ProgressBar("Columns", lines=False)
    bar.on_fit_begin(None)
    bar.advance(None, 1, 1, 1.0)
    bar.on_fit_end(None)
    assert capsys.readouterr().err == ""
