import sys

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def pellucid(monkeypatch, capsys, tmp_path):
    """Run the program in an empty folder; returns (status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        from pellucid.cli import main

        monkeypatch.setattr(sys, "argv", ["pellucid", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            main()
        captured = capsys.readouterr()
        return exited.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def flowers():
    """Two species told apart by two lengths and a colour; 80 rows, some cells missing."""
    random = np.random.default_rng(0)
    tall = random.random(80) < 0.5
    frame = pd.DataFrame(
        {
            "height": (10 + 5 * tall + random.normal(0, 1, 80)).round(3),
            "width": (3 - tall + random.normal(0, 0.5, 80)).round(3),
            "colour": np.where(tall, "red", "blue").astype(object),
            "species": np.where(tall, "rosa", "viola").astype(object),
        }
    )
    frame.loc[[3, 40], "height"] = np.nan
    frame.loc[[5, 60], "colour"] = None
    return frame


@pytest.fixture
def table(flowers, tmp_path):
    """Write the flowers to a file of the current folder."""
    flowers.to_csv(tmp_path / "flowers.csv", index=False)
    return "flowers.csv"
