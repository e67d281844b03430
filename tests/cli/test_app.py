import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pellucid as package
from pellucid.cli.app import COMMANDS
from pellucid.cli.console import printable


def test_version(pellucid):
    assert pellucid("--version") == (0, f"pellucid {package.__version__}\n", "")


def test_every_command_is_in_the_help_and_has_its_own(pellucid):
    status, out, _ = pellucid("--help")
    assert status == 0
    for command in COMMANDS:
        name = command.__name__.replace("_", "-")
        assert name in out
        assert pellucid(name, "--help")[0] == 0


@pytest.mark.parametrize("arguments", [["fly"], ["train"], ["train", "a.csv", "--target", "y", "--epochs", "many"]])
def test_wrong_usage(pellucid, arguments):
    status, _, err = pellucid(*arguments)
    assert status == 2
    assert "Usage" in err


def test_debug_shows_where_an_error_arose(pellucid, monkeypatch):
    from pellucid.cli import main
    from pellucid.errors import DataError

    assert pellucid("train", "no.csv", "--target", "y")[0] == 2
    monkeypatch.setattr(sys, "argv", ["pellucid", "train", "no.csv", "--target", "y", "--debug"])
    with pytest.raises(DataError):
        main()


def test_ctrl_c_that_a_library_turned_into_another_error(pellucid, monkeypatch):
    def swallow(path, **_):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise ImportError("half imported")

    monkeypatch.setattr("pellucid.cli.preparing.read_table", swallow)
    assert pellucid("train", "t.csv", "--target", "y") == (130, "", "Interrupted.\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_mistake_in_the_program_is_not_hidden(monkeypatch):
    from pellucid.cli import main

    def fail(path, **_):
        raise KeyError("mistake")

    monkeypatch.setattr("pellucid.cli.preparing.read_table", fail)
    monkeypatch.setattr(sys, "argv", ["pellucid", "train", "t.csv", "--target", "y"])
    with pytest.raises(KeyError, match="mistake"):
        main()


def test_help_imports_nothing_slow():
    code = (
        "import sys; from pellucid.cli import main; sys.argv = ['pellucid', '--help']\n"
        "try: main()\n"
        "except SystemExit: print({'numpy', 'pandas', 'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "set()"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [("predict", "m.safetensors", "f.csv", "--out", "-"), ("explain", "m.safetensors"), ("train", "--help")],
    ids=lambda arguments: arguments[0],
)
def test_a_standard_output_that_takes_nothing_is_named(flowers, tmp_path, arguments):
    model = package.TabularClassifier(preset="fast", max_epochs=1, random_state=0)
    package.save(model.fit(flowers.drop(columns="species"), flowers["species"]), tmp_path / "m.safetensors")
    flowers.drop(columns="species").to_csv(tmp_path / "f.csv", index=False)
    command = [sys.executable, "-c", "from pellucid.cli import main; main()", *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False)
    told = "Error: The standard output cannot be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_of_a_reader_who_wants_nothing_nothing_is_said(tmp_path):
    command = [sys.executable, "-c", "from pellucid.cli import main; main()", "--version"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as running:
        running.stdout.close()
        assert running.stderr.read() == b""


def test_terminal_codes_are_shown_not_obeyed():
    assert printable("a\x1b[31m\r\nä") == r"a\x1b[31m\r\nä"
