"""`pellucid demo`: the chapter's numbers, its words and its pictures."""

import re

import matplotlib.image
import pytest

GOLDEN = """\
Epoch 1, Loss: 0.7422
Epoch 101, Loss: 0.2968
Epoch 201, Loss: 0.2715
Epoch 301, Loss: 0.1847
Epoch 401, Loss: 0.1221
Epoch 501, Loss: 0.1006
Epoch 601, Loss: 0.0938
Epoch 701, Loss: 0.1417
Epoch 801, Loss: 0.0788
Epoch 901, Loss: 0.0848
Epoch 1000, Loss: 0.0809
"""


def test_prints_the_textbook_example(pellucid, tmp_path):
    status, out, _err = pellucid("demo", "--out", tmp_path / "pictures")
    assert status == 0
    assert GOLDEN in out
    by_hand, after = out.split("The same with MLPClassifier")
    assert "Accuracy: 0.95" in by_hand
    assert "848 epochs" in after
    assert "Accuracy: 0.97" in after
    for stage in ("Data", "Network", "Forward", "Loss", "Backward", "Update", "Result"):
        assert f"\n{stage}\n" in out
    for name in ("decision-boundaries.png", "loss-curves.png"):
        picture = matplotlib.image.imread(tmp_path / "pictures" / name)
        assert picture.shape[0] > 300
        assert picture.std() > 0.05  # not blank


def test_takes_other_settings(pellucid, tmp_path):
    options = "--hidden 4 --activation tanh --learning-rate 0.05 --epochs 30 --noise 0.1 --samples 100 --seed 7"
    status, out, _err = pellucid("demo", *options.split(), "--optimizer", "adam", "--out", tmp_path)
    assert status == 0
    assert "2-4-1: 2 inputs, a hidden layer of 4 neurons (tanh)" in out
    step = re.search(r"\(adam, rate 0.05\):\n  w1 = (\S+) becomes (\S+);", out)
    assert abs(float(step[1]) - float(step[2])) == pytest.approx(0.05, rel=1e-3)  # the first step of Adam
    assert "Epoch 1, Loss: " in out
    assert "Epoch 30, Loss: " in out
    assert "Epoch 100" not in out
    assert "A hidden layer of 4 neurons (tanh), Adam, all 70 rows at once." in out


def test_the_update_is_right_to_its_last_digit(pellucid, tmp_path):
    status, out, _err = pellucid("demo", "--epochs", 1, "--out", tmp_path)
    assert status == 0
    old, rate, gradient, new = re.search(r"w1 = (\S+) - (\S+)·\((\S+)\) = (\S+)", out).groups()
    assert f"{float(old) - float(rate) * float(gradient):.4g}" == new


def test_no_hidden_layer(pellucid, tmp_path):
    status, out, _err = pellucid("demo", "--hidden", "", "--epochs", "5", "--out", tmp_path)
    assert status == 0
    assert "2 inputs, no hidden layer, 1 output (logistic: the probability of class 1). Every" in out
    assert "Try another --learning-rate or more --epochs." in out
    assert "fewer --hidden" not in out
    assert "No hidden layer, Adam" in out
    assert "It is the only one, and answers 0." in out


@pytest.mark.parametrize(
    ("options", "by_hand", "after"),
    [
        ("--learning-rate 1000 --epochs 50", "worse", r"\d+ epochs\. MLPClassifier fits worse"),
        ("--hidden 8,8,8,8,8,8 --epochs 100", "no better", r"100 epochs\. All epochs are done"),
        ("--hidden 4 --epochs 1", "", r"\b1 epoch\. All epochs are done"),
    ],
)
def test_a_network_that_learned_nothing_is_told(pellucid, tmp_path, options, by_hand, after):
    status, out, _err = pellucid("demo", *options.split(), "--out", tmp_path)
    assert status == 0
    first, second = out.split("The same with MLPClassifier")
    assert ("The network by hand fits" in first) == bool(by_hand)
    assert f"fits {by_hand} than the shares of the classes" in first or not by_hand
    assert re.search(after, second)
    assert ("has converged" in second) is False


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--hidden", "10,0", "'--hidden' must be widths of at least 1"),
        ("--activation", "rellu", "Did you mean 'relu'"),
        ("--optimizer", "adamm", "Did you mean 'adam'"),
        ("--learning-rate", "0", "'--learning-rate' must be a number greater than 0"),
        ("--epochs", "0", "'--epochs' must be at least 1"),
        ("--noise", "-1", "'--noise' must be a number of at least 0"),
        ("--samples", "3", "'--samples' must be at least 10"),
        ("--seed", "-1", "'--seed' must be between 0"),
        ("--learning-rate", "1e308", "diverged"),
    ],
)
def test_bad_options(pellucid, tmp_path, option, value, message):
    status, out, err = pellucid("demo", option, value, "--out", tmp_path)
    assert status == 2
    assert message in err
    assert message == "diverged" or not out
    assert "Traceback" not in err


def test_a_folder_that_cannot_be_made(pellucid, tmp_path):
    (tmp_path / "file").write_text("")
    status, _out, err = pellucid("demo", "--out", tmp_path / "file" / "pictures")
    assert status == 2
    assert "cannot be made" in err
