"""What asks a command to end: Ctrl-C, SIGTERM of a system that stops a job, SIGHUP of a terminal that is closed."""

import os
import signal
import subprocess
import sys

import pytest

from pellucid import load

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")

PROGRAM = (sys.executable, "-c", "from pellucid.cli import main; main()")
KEEPS_ON = """
import signal, time
from pellucid.cli.interrupts import interrupted_status, noticed_interrupts
{before}
with noticed_interrupts():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print(interrupted_status(), flush=True)
        time.sleep(60)
"""


def running(*command, cwd=None):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_training_that_is_stopped_keeps_the_best_networks(table, tmp_path, name):
    given = ("--target", "species", "--preset", "best", "--epochs", "3000", "--threads", "1", "--no-report")
    with running(*PROGRAM, "train", table, *given, cwd=tmp_path) as training:
        assert "epoch 1/" in training.stderr.readline()
        training.send_signal(signal.Signals[name])
        out, err = training.communicate(timeout=60)
    assert training.returncode == 0
    assert f"Interrupted by {name}; a second one ends at once.\n" in err
    assert "Training was interrupted" in out
    assert load(tmp_path / "model.safetensors").n_iter_ < 3000


def test_a_command_that_keeps_nothing_ends_with_the_signal_s_status(pellucid, table, monkeypatch):
    monkeypatch.setattr("pellucid.cli.preparing.read_table", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    status, _, err = pellucid("train", table, "--target", "species")
    assert (status, err) == (143, "Interrupted.\n")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_after_the_training_leaves_the_model(pellucid, table, tmp_path, monkeypatch):
    monkeypatch.setattr("pellucid.cli.training.evaluate", lambda *_: signal.raise_signal(signal.SIGTERM))
    given = ("--target", "species", "--preset", "fast", "--epochs", "2", "--quiet")
    assert pellucid("train", table, *given) == (143, "", "Interrupted.\n")
    assert load(tmp_path / "model.safetensors").target_name_ == "species"


def test_a_search_that_is_stopped_says_how_to_go_on(pellucid, table, tmp_path, monkeypatch):
    pytest.importorskip("optuna", reason="the extra 'tune' is not installed")
    from pellucid.cli import board

    monkeypatch.setattr(board.Board, "show", lambda *_: signal.raise_signal(signal.SIGTERM))
    sweep = ("--sweep", "hidden_layer_sizes=2,4-3", "epochs=0.1", "--folds", 2)
    status, _, err = pellucid("tune", table, "--target", "species", *sweep)
    assert status == 143
    assert "The same command goes on" in err
    assert load(tmp_path / "flowers-tuning" / "model.safetensors")


def test_a_second_signal_ends_at_once():
    with running(sys.executable, "-c", KEEPS_ON.format(before="")) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "143\n"
        process.send_signal(signal.SIGTERM)  # the same, to the process and to its group
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM


def test_what_is_ignored_stays_so():
    ignored = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with running(sys.executable, "-c", KEEPS_ON.format(before=ignored)) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "143\n"
        process.kill()


def test_a_terminal_that_is_gone_ends_no_training(table, tmp_path):
    pty = pytest.importorskip("pty")

    ours, theirs = pty.openpty()
    given = ("--target", "species", "--preset", "best", "--epochs", "3000", "--threads", "1", "--no-report")
    command = [*PROGRAM, "train", table, *given]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, cwd=tmp_path) as training:
        os.close(theirs)
        seen = b""
        while b"epoch" not in seen:
            seen += os.read(ours, 1000)
        os.close(ours)
        training.send_signal(signal.SIGHUP)
        assert training.wait(60) == 0
    assert load(tmp_path / "model.safetensors").n_iter_ < 3000
