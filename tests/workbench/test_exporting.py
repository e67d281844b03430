"""What is taken along makes the same network again."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from pellucid import load
from pellucid.errors import DataError, SpecError
from pellucid.storage.checksum import CHECKSUM, checksum_of
from pellucid.workbench.dataset import build
from pellucid.workbench.exporting import estimator_of, script_of
from pellucid.workbench.frames import FrameMaker, Looks
from pellucid.workbench.own_table import Tables, table_rows
from pellucid.workbench.run import Change, Run
from pellucid.workbench.session_file import read_session, write_session
from pellucid.workbench.settings import read_settings

CASES: list[dict[str, Any]] = [
    {},
    {
        "data": {"source": "iris", "train_share": 0.6, "seed": 3},
        "network": {
            "seed": 8,
            "layers": [
                {"width": 5, "dropout": 0.2, "activation": {"name": "leaky_relu", "slope": 0.2}, "normalization": True},
                {"width": 4, "normalization": True},
            ],
            "initializer": {"name": "he_normal"},
        },
        "training": {"optimizer": {"name": "adamw"}, "schedule": {"name": "cosine"}, "clip_norm": 1, "l1": 1e-3},
        "stop": {"epochs": 60},
    },
    {
        "data": {"source": "hills", "size": 80, "added": [[1, 2, 0.5], [0, 0, 1]], "removed": [3, 80]},
        "inputs": {"features": ["x1", "x2", "sin(x1)", "x1*x2"]},
        "network": {"layers": []},
        "training": {
            "loss": {"name": "huber"},
            "batch_size": None,
            "optimizer": {"name": "momentum"},
            "shuffle": False,
        },
    },
    {
        "network": {"layers": [{"width": 5}], "initializer": {"name": "from_data"}},
        "training": {"optimizer": {"name": "lbfgs"}, "l2": 1e-3},
    },
]


def trained(case: dict[str, Any], epochs: int = 12) -> Run:
    settings = read_settings(case)
    run = Run(settings, build(settings))
    run.advance(epochs)
    return run


def run_script(script: str, folder: Path) -> tuple[list[Any], str]:
    """Run a script, and return the weights that it ends with, and what it prints."""
    text = script + "\nnp.savez('weights.npz', *model.coefs_)\n"
    (folder / "script.py").write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(np.load(folder / "weights.npz").values()), done.stdout


@pytest.mark.parametrize("case", CASES)
def test_the_script_ends_with_the_same_weights(case: dict[str, Any], tmp_path: Path) -> None:
    run = trained(case)
    weights, printed = run_script(script_of(run), tmp_path)
    shown, _ = FrameMaker().frame(run.shown(), Looks(), run.settings.inputs.view)
    assert f"training loss {shown['train']:.6f}\n" in printed  # as the page shows it
    expected = estimator_of(run).coefs_
    assert len(weights) == len(expected)
    for array, known in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(array, known)


@pytest.fixture
def own_table() -> tuple[Run, Tables, bytes]:
    cells = [f"{i / 3 if i % 7 else 'unknown'},{'uvw'[i % 3]},{'no' if i % 4 else 'yes'}" for i in range(60)]
    data = "\n".join(["a,b,y", *cells]).encode()
    tables = Tables()
    table = tables.add("own.csv", data)
    described = {"id": table.id, "name": "own.csv", "target": "y", "missing": ["a=unknown"]}
    settings = read_settings({"data": {"source": "table", "table": described}})
    choice = settings.data.table
    assert choice is not None
    run = Run(settings, build(settings, table_rows(tables.frame(choice), choice, settings.data.train_share)))
    assert run.dataset.rows.names[:2] == ("a", "a is missing")
    run.advance(10)
    return run, tables, data


def test_the_script_of_an_own_table_reads_its_file(own_table: tuple[Run, Tables, bytes], tmp_path: Path) -> None:
    run, _, data = own_table
    (tmp_path / "own.csv").write_bytes(data)
    weights, _ = run_script(script_of(run), tmp_path)
    np.testing.assert_array_equal(weights[0], estimator_of(run).coefs_[0])


@pytest.mark.parametrize("name", ['x"""+str(open("ran", "w"))+"""', "'+str(open('ran', 'w'))+'"])
def test_no_name_of_a_table_runs_in_the_script(name: str, own_table: tuple[Run, Tables, bytes], tmp_path: Path) -> None:
    run, _, data = own_table
    assert run.settings.data.table is not None
    table = replace(run.settings.data.table, name=Tables().add(name, data).name)
    settings = replace(run.settings, data=replace(run.settings.data, table=table))
    again = Run(settings, run.dataset)
    again.advance(2)
    (tmp_path / table.name).write_bytes(data)
    run_script(script_of(again), tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "..\\own.csv", "own.csv\nrun()", "\u2028"])
def test_a_session_whose_table_has_another_place_or_lines_is_refused(
    name: str, own_table: tuple[Run, Tables, bytes]
) -> None:
    run, tables, _ = own_table
    header, arrays = parts_of(write_session(run, tables))
    for part in ("first", "settings"):
        header[part]["data"]["table"]["name"] = name
    with pytest.raises(SpecError, match="without its folder"):
        read_session(whole(header, arrays), Tables())


def test_a_changed_run_says_that_the_script_is_not_all() -> None:
    run = trained({})
    run.change(Change((0, 0), "edit", 0, 1.0))
    assert "\n# The run was changed 1 times" in script_of(run)
    assert "changed" not in script_of(trained({}))


@pytest.mark.parametrize(
    "case",
    [{"network": {"layers": [{"width": 2, "normalization": True}, {"width": 2}]}}],
)
def test_what_no_estimator_does_is_said(case: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="normalise all layers or none"):
        script_of(trained(case))
    with pytest.raises(DataError, match="Nothing is trained"):
        script_of(Run(read_settings({}), build(read_settings({}))))
    with pytest.raises(DataError, match="No script can make a network with the 'ntk' parametrization"):
        script_of(trained({"network": {"parametrization": "ntk"}}))


@pytest.mark.parametrize("case", CASES)
def test_the_model_file_predicts_as_the_run(case: dict[str, Any], tmp_path: Path) -> None:
    from pellucid import save

    run = trained(case)
    save(estimator_of(run), tmp_path / "model.safetensors")
    model = load(tmp_path / "model.safetensors")
    assert (model.n_iter_, len(model.loss_curve_)) == (run.epoch, run.epoch)
    rows = run.dataset.inputs[run.dataset.validation]
    if run.dataset.task == "regression":
        assert np.isfinite(model.predict(rows)).all()
    else:
        np.testing.assert_allclose(model.predict_proba(rows).sum(axis=1), 1)
        assert set(model.classes_.tolist()) == set(run.dataset.rows.classes)


@pytest.mark.parametrize("case", CASES[:2])
def test_a_session_goes_on_exactly(case: dict[str, Any]) -> None:
    run = trained(case)
    run.change(Change((0, 0), "edit", 1, 0.75))
    run.advance(5)
    run.change(Change((0, 0), "freeze", 2, True))
    run.advance(3)
    run.advance_batches(2)
    data = write_session(run, Tables())
    again = read_session(data, Tables())
    assert again.position == run.position
    for each in (run, again):
        each.advance(6)
    assert (again.parameters == run.parameters).all()
    assert (again.curves.since(-1)[:, 8] == run.curves.since(-1)[:, 8])[1:].all()
    for each in (run, again):
        each.seek((14, 1))
    assert (again.parameters == run.parameters).all()


def test_a_session_in_the_midst_of_lbfgs_goes_on_exactly() -> None:
    run = trained(CASES[3], 3)
    run.change(Change((0, 0), "edit", 1, 0.75))
    run.advance(6)
    again = read_session(write_session(run, Tables()), Tables())
    assert (again.epoch, again.ahead) == (3, 6)
    again.advance(again.ahead)
    assert (again.parameters == run.parameters).all()
    assert again.curves.since(-1)[:, 8].tolist()[1:] == run.curves.since(-1)[:, 8].tolist()[1:]
    for each in (run, again):
        each.advance(3)
    assert (again.parameters == run.parameters).all()


def test_a_session_carries_points_added_on_the_way() -> None:
    run = trained({"data": {"size": 50}})
    for points in ([[1, 1, 1]], [[1, 1, 1], [2, 0, 0], [0, 2, 1]]):
        added = {"data": {"size": 50, "added": points, "removed": [2]}}
        run.change(Change((0, 0), "settings", settings=read_settings(added)))
        run.advance(4)
    again = read_session(write_session(run, Tables()), Tables())
    assert (again.position, again.job.data.rows) == (run.position, run.job.data.rows)
    for each in (run, again):
        each.advance(6)
    assert (again.parameters == run.parameters).all()
    for each in (run, again):
        each.seek((14, 1))
    assert len(again.dataset.numbers) == len(run.dataset.numbers) == 50
    assert (again.parameters == run.parameters).all()
    run.first_settings = read_settings({"data": {"size": 50, "noise": 0.3}})
    with pytest.raises(DataError, match="must keep its rows, inputs and network"):
        read_session(write_session(run, Tables()), Tables())
    other = trained({"data": {"size": 50}})
    wider = read_settings({"data": {"size": 50}, "network": {"layers": [{"width": 64}]}})
    other.changes.append(Change((0, 0), "settings", settings=wider))
    with pytest.raises(DataError, match="must keep its rows, inputs and network"):
        read_session(write_session(other, Tables()), Tables())


def test_a_session_carries_its_own_table(own_table: tuple[Run, Tables, bytes]) -> None:
    run, tables, _ = own_table
    again = read_session(write_session(run, tables), Tables())
    assert again.dataset.rows.names == run.dataset.rows.names
    run.advance(2)
    again.advance(2)
    assert (again.parameters == run.parameters).all()


def test_a_damaged_session_is_refused() -> None:
    known = trained({})
    data = write_session(known, Tables())
    random = np.random.default_rng(0)
    for _ in range(300):
        place, value = int(random.integers(len(data))), int(random.integers(256))
        try:
            run = read_session(data[:place] + bytes([value]) + data[place + 1 :], Tables())
        except DataError:
            continue
        assert (run.parameters == known.parameters).all()  # it was a blank, or the byte that was there
    of_weights = data.index(known.parameters.tobytes())
    with pytest.raises(DataError, match="damaged: it is not what was written, by its checksum"):
        read_session(data[: of_weights + 7] + b"\x41" + data[of_weights + 8 :], Tables())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"", "The file is empty"),
        (lambda data: data[:20], "no whole session file"),
        (lambda data: data[:-9], "no whole session file"),
        (lambda data: b"a,b\n1,2\n" * 20, "no whole session file"),
        (lambda data: data.replace(b"pellucid session", b"pellucid sessiom"), "no session file"),
        (lambda data: data.replace(b'\\"further\\": 0', b'\\"further\\": ]'), "damaged"),
        (lambda data: data.replace(b'\\"version\\": 2', b'\\"version\\": 1', 1), "of version 1; .* reads version 2"),
    ],
)
def test_what_is_no_session_is_told_as_what_it_is(change: Callable[[bytes], bytes], said: str) -> None:
    with pytest.raises(DataError, match=f"{said}.*(Session files are written by|save it again|save the session again)"):
        read_session(change(write_session(trained({}), Tables())), Tables())


def test_a_model_file_is_told_to_be_one(tmp_path: Path) -> None:
    from pellucid import save

    save(estimator_of(trained({})), tmp_path / "model.safetensors")
    with pytest.raises(DataError, match=r"is a model file, not a session: pellucid\.load reads it"):
        read_session((tmp_path / "model.safetensors").read_bytes(), Tables())


def parts_of(session: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the arrays of a session file."""
    outer = json.loads(session[8 : 8 + int.from_bytes(session[:8], "little")])["__metadata__"]
    return json.loads(outer["pellucid"]), from_bytes(session)


def whole(header: dict[str, Any], arrays: dict[str, Any]) -> bytes:
    """Return a session file with the right checksum."""
    del header[CHECKSUM]
    return to_bytes(arrays, {"pellucid": json.dumps(header | {CHECKSUM: checksum_of(header, arrays)})})


def test_a_hostile_order_of_rows_is_refused() -> None:
    run = trained({})
    run.advance(2)
    header, arrays = parts_of(write_session(run, Tables()))
    arrays["order"] = arrays["order"].copy()
    arrays["order"][0] = 10**9
    with pytest.raises(DataError, match="each row once"):
        read_session(whole(header, arrays), Tables())
