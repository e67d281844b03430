"""Messages: exact both ways, and garbage is named."""

import json

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.workbench.history import COLUMNS, Curves
from pellucid.workbench.protocol import decode, encode, update


def test_arrays_lie_where_the_header_says() -> None:
    arrays = {"a": np.arange(3, dtype="f4"), "b": np.array([[1, 2], [3, 4]], "u1"), "empty": np.empty((0, 3))}
    data = encode({"kind": "frame"}, arrays)
    length = int.from_bytes(data[:4], "little")
    assert (4 + length) % 8 == 0
    message = decode(data)
    assert message.kind == "frame"
    for raw, each in zip(message.buffers, message.content["buffers"], strict=True):
        read = np.frombuffer(raw, each["dtype"]).reshape(each["shape"])
        np.testing.assert_array_equal(read, arrays[each["name"]])
        assert data.index(raw) % 8 == 0 or not raw


def test_an_empty_file_is_a_buffer_too() -> None:
    assert decode(encode({"kind": "upload"}, {"file": np.empty(0, "u1")})).buffers == (b"",)


def test_json_has_no_nan() -> None:
    text = update(value=float("nan"), array=np.array([np.inf, 1.0]))
    assert json.loads(text, parse_constant=pytest.fail)["state"] == {
        "value": None,
        "array": [None, 1.0],
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\x02\x00\x00\x00{}",
        b"\x04\x00\x00\x00\xff\xff\xff\xff",
        "",
        "[]",
        "{",
        '{"method": "custom"}',
        '{"method": ["custom"], "content": {}}',
        '{"method": "update", "state": {"a": NaN}}',
        '{"method": "update", "state": {"a": 1e999}}',
        '{"method": "update", "state": {"a": ' + "[" * 50 + "]" * 50 + "}}",
        '{"method": "update", "state": {"a": ' + "9" * 5000 + "}}",
        '{"method": "update", "state": ' + "[" * 100_000,
        '{"method": "update", "state": {"a": ["\\ud800"]}}',
        '{"method": "custom", "content": {"kind": "keep", "\\udfff": 1}}',
        encode({"kind": "x"}, {"a": np.zeros(4)})[:-8],
    ],
)
def test_garbage_is_an_error(data: str | bytes) -> None:
    with pytest.raises(DataError):
        decode(data)


def test_curves_keep_what_frames_looked_at() -> None:
    curves = Curves()
    for epoch in range(20_000):
        curves.add(np.array([[epoch, *[np.nan] * (len(COLUMNS) - 1)]]))
        if epoch % 100 == 0:
            curves.fill(epoch, train=float(epoch))
    rows = curves.since(-1)
    assert 1000 < len(rows) <= 4096
    assert np.isfinite(rows[:, 1]).sum() > 150
    assert (np.diff(rows[:, 0]) > 0).all()
    assert rows[0, 0] == 0
    assert rows[-1, 0] == 19_999
    curves.cut(5_000)
    assert curves.since(-1)[-1, 0] <= 5_000


def chunks(epochs: int, length: int) -> list[np.ndarray]:
    """Return rows of so many epochs, of which nothing is known, in pieces."""
    rows = np.full((epochs, len(COLUMNS)), np.nan)
    rows[:, 0] = np.arange(epochs)
    return [rows[start : start + length] for start in range(0, epochs, length)]


def test_what_was_measured_at_an_epoch_that_was_thinned_out_comes_back() -> None:
    curves = Curves()
    for chunk in chunks(20_000, 500):
        curves.add(chunk)
    absent = next(epoch for epoch in range(5_000, 6_000) if not curves.at(epoch))
    curves.fill(absent, train=0.5)
    assert curves.at(absent) == {"epoch": absent, "train": 0.5}
    curves.fill(30_000, train=0.1)  # later than all that is known
    assert not curves.at(30_000)
    for epoch in range(1, 20_000, 2):
        curves.fill(epoch, train=1 / epoch)
    found = curves.since(-1)
    assert (np.diff(found[:, 0]) > 0).all()
    assert len(found) < 10_000
    assert np.isfinite(found[:, 1]).sum() > 1_000


def test_a_long_run_keeps_rows_of_all_its_epochs() -> None:
    curves = Curves()
    for chunk in chunks(100_000, 50):
        curves.add(chunk)
        curves.fill(int(chunk[-1, 0]), train=1.0)
    found = curves.since(-1)
    assert found[0, 0] == 0
    assert found[-1, 0] == 99_999
    assert np.diff(found[:, 0]).max() < 200
    assert len(found) <= 8_192
    assert np.isfinite(found[:, 1]).mean() > 0.1
