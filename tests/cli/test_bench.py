"""`pellucid bench`: the shortest run that measures everything once."""

import json
import os

import matplotlib.image
import pytest

from native_cases import needs_native
from pellucid.bench import CASES, contenders_here, processor_name

SHORT = ("--networks", "1", "--contenders", "native,textbook,scikit-learn", "--rounds", "1", "--seconds", "0")


@needs_native
def test_measures_and_shows(pellucid, tmp_path):
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    status, out, err = pellucid("bench", *SHORT, "--dtype", "both", "--out", tmp_path / "speed")
    assert status == 0, err
    assert before is None or os.sched_getaffinity(0) == before
    for part in (processor_name(), "Instruction set", "GFLOP/s", "GB/s", "2-10-5-2 @ 200", "textbook", "1.00 ×"):
        assert part in out
    assert "784-" not in out
    for dtype in ("float32", "float64"):
        assert f"Peak of multiply-adds, {dtype}" in out
        assert matplotlib.image.imread(tmp_path / "speed" / f"roofline-{dtype}.png").std() > 0.05  # not blank
        assert (tmp_path / "speed" / f"roofline-{dtype}.svg").read_text(encoding="utf-8").startswith("<?xml")


@needs_native
def test_figures_for_programs(pellucid, tmp_path):
    assert pellucid("bench", *SHORT, "--out", tmp_path)[0] == 0
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    (result,) = figures["results"]
    assert (result["widths"], result["dtype"], result["threads"]) == ([2, 10, 5, 2], "float32", 1)
    assert result["flops"] == CASES[0].flops
    assert list(result["seconds_per_step"]) == ["native", "textbook", "scikit-learn"]
    assert all(seconds > 0 for seconds in result["seconds_per_step"].values())
    assert result["peak_gflops"] > 0
    assert set(figures["bandwidth_gb_per_second"]) == {"read", "triad"}


@needs_native
def test_everybody_here_takes_part_unless_told(pellucid, monkeypatch):
    asked = []

    def stop(case, contenders, **options):
        asked.append((case, contenders))
        raise KeyboardInterrupt

    monkeypatch.setattr("pellucid.bench.measure", stop)
    assert pellucid("bench", "--networks", "3,2")[::2] == (130, "Interrupted.\n")
    assert asked == [(CASES[1], contenders_here())]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--threads", "0", "'--threads' must be from 1 to"),
        ("--threads", "100000", "'--threads' must be from 1 to"),
        ("--dtype", "float16", "'--dtype' must be float32, float64 or both; got 'float16'."),
        ("--networks", "6", "'--networks' must be numbers from 1 to 5"),
        ("--networks", "1,,2", "'--networks' must be numbers from 1 to 5"),
        ("--contenders", "jax", "'--contenders' must be names of those installed here (native, textbook"),
        ("--rounds", "0", "'--rounds' must be at least 1"),
        ("--seconds", "nan", "'--seconds' must be a number of at least 0"),
    ],
)
@needs_native
def test_bad_options(pellucid, option, value, message):
    status, _out, err = pellucid("bench", option, value)
    assert status == 2
    assert message in err


@needs_native
def test_a_folder_that_cannot_be_made(pellucid, tmp_path):
    (tmp_path / "file").write_text("")
    status, _out, err = pellucid("bench", "--out", tmp_path / "file" / "speed")
    assert status == 2
    assert "cannot be made" in err


def test_without_the_native_engine(pellucid, monkeypatch):
    monkeypatch.setattr("pellucid.engines.native.unavailable", lambda: "the native engine is not built.")
    assert pellucid("bench")[::2] == (2, "Error: the native engine is not built.\n")
