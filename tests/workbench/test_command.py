"""The command: addresses, tables, errors."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "import sys; from pellucid.cli import main; main()"


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, "workbench", "--no-open", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "70000"], "'--port' must be between 0 and 65535"),
        (["--target", "nope"], "'--target' must be given with a table, whose columns it is about; got nope."),
        (["missing.csv"], "cannot be read"),
        (["table.csv", "--target", "prise"], "Did you mean 'price'?"),
        (["empty.csv"], "empty"),
        (["same.csv"], "must vary"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("size,price\n1,2\n2,3\n3,5\n4,8\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    (tmp_path / "same.csv").write_text("a,b\n" + "".join(f"{i},1.5\n" for i in range(9)), encoding="utf-8")
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_table_is_opened(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("size,price\n1,2\n2,3\n3,5\n4,8\n5,13\n6,21\n", encoding="utf-8")
    command = [sys.executable, "-u", "-c", PROGRAM, "workbench", "table.csv", "--no-open"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "token=" in process.stdout.readline()
        process.kill()
