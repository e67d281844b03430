"""Model files: what goes in comes out; what is wrong gets one clear error and runs nothing."""

import contextlib
import json
import os
import pickle
import struct

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes
from sklearn.exceptions import NotFittedError

from pellucid import MLPClassifier, MLPRegressor, load, save, spec
from pellucid.errors import DataError, ModelFileError
from pellucid.storage import model_file
from sklearn_twin import fit_quietly


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    return random.normal(size=(60, 3)), random.integers(0, 3, 60)


@pytest.fixture
def fitted(rows):
    return fit_quietly(MLPClassifier((4,), random_state=0, max_iter=5), *rows)


@pytest.fixture
def path(fitted, tmp_path):
    save(fitted, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def opened(path):
    """Return the header and the arrays of a model file."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    metadata = json.loads(content[8 : 8 + size])["__metadata__"]
    return json.loads(metadata["pellucid"]), from_bytes(content)


def rewritten(path, header, arrays):
    if isinstance(header, dict):  # by somebody who means it: without the checksum
        header = json.dumps({name: value for name, value in header.items() if name != "crc32"})
    path.write_bytes(to_bytes(arrays, {"pellucid": header}))
    return path


MODELS = {
    "numbers": (MLPClassifier((4, 3)), lambda y: y),
    "texts": (MLPClassifier((4,)), lambda y: np.array(["ä", "b c", "'\"\n"])[y]),
    "half a letter": (MLPClassifier((4,)), lambda y: np.array(["a", "b", "\ud800"])[y]),
    "binary": (MLPClassifier((4,), class_weight={0: 2.0, 1: 1.0}), lambda y: (y > 0).astype(int)),
    "booleans": (MLPClassifier((4,)), lambda y: y > 0),
    "labels": (MLPClassifier((4,)), lambda y: np.eye(3, dtype=int)[y]),
    "described": (
        MLPClassifier(
            (4, 3),
            [spec.LeakyRelu(0.2), "gelu"],
            solver=spec.AdamW(weight_decay=0.1),
            learning_rate=spec.Cosine(warmup=0.1),
            initializer=spec.Normal(0.3),
            layer_norm=True,
            dropout=[0.1, 0.0],
            n_iter_no_change=np.inf,
            early_stopping=True,
            dtype="float32",
        ),
        lambda y: y,
    ),
    "regression": (MLPRegressor(spec.Quantile(0.9), (4,)), lambda y: y * 1.5),
    "counts": (MLPRegressor("poisson", ()), lambda y: y),
    "outputs": (MLPRegressor(hidden_layer_sizes=(4,)), lambda y: np.column_stack([y, -y])),
    "lbfgs": (MLPClassifier((4,), solver="lbfgs"), lambda y: y),
    "range": (MLPClassifier(range(3, 5), alpha=np.float32(0.1)), lambda y: y),
    "one number": (MLPClassifier(7, callbacks=[lambda *_: None], random_state=np.random.RandomState(0)), lambda y: y),
}


@pytest.mark.parametrize("name", MODELS)
def test_comes_back_as_it_was(rows, tmp_path, name):
    model, target = MODELS[name]
    if model.random_state is None:
        model.random_state = 0
    model.max_iter = 5
    X, y = rows
    fit_quietly(model, X, target(y))
    save(model, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.predict(X).dtype == model.predict(X).dtype
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
        np.testing.assert_array_equal(loaded.classes_, model.classes_)
    assert loaded.network_ == model.network_
    for attribute in ("loss_curve_", "validation_scores_", "n_iter_", "t_", "loss_", "best_loss_", "outcome_"):
        assert getattr(loaded, attribute, None) == getattr(model, attribute, None), attribute
    kept = {key: value for key, value in model.get_params().items() if key not in ("callbacks", "random_state")}
    for key, value in kept.items():
        found = loaded.get_params()[key]
        assert (list(found) == list(value)) if isinstance(value, list | tuple | range) else found == value


def test_a_changed_bit_is_noticed(rows, tmp_path):
    path = tmp_path / "model.safetensors"
    model = MLPClassifier((4,), solver="lbfgs", random_state=0).fit(*rows)
    save(model, path)
    content = path.read_bytes()
    for _ in range(5):
        save(model, path)
        assert path.read_bytes() == content
    begin = 8 + int.from_bytes(content[:8], "little")
    of_header = content.index(b"lbfgs")
    for place in (of_header, *range(begin, len(content), 7)):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ModelFileError, match="damaged: it is not what was written, by its checksum"):
            load(path)


def test_feature_names_come_back(rows, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows[0], columns=["größe", "x y", "<b>"])
    model = fit_quietly(MLPClassifier((4,), max_iter=3), frame, rows[1])
    save(model, tmp_path / "m")
    assert list(load(tmp_path / "m").feature_names_in_) == ["größe", "x y", "<b>"]
    load(tmp_path / "m").predict(frame)


def test_loaded_model_can_go_on_learning(rows, path):
    model = load(path)
    before = model.coefs_[0].copy()
    model.partial_fit(*rows)
    assert not np.array_equal(before, model.coefs_[0])


def test_pickle_and_joblib_work(fitted, rows, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    copies = pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    for copy in copies:
        np.testing.assert_array_equal(copy.predict_proba(rows[0]), fitted.predict_proba(rows[0]))
        copy.partial_fit(*rows)


def test_refuses_to_save_what_it_cannot(rows, tmp_path):
    from sklearn import neural_network
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(TypeError, match="must be one of Pellucid's MLPClassifier"):
        save(LogisticRegression(), tmp_path / "m")
    with pytest.raises(TypeError, match=r"scikit-learn's MLPClassifier\. Take Pellucid's: from pellucid import "):
        save(neural_network.MLPClassifier(), tmp_path / "m")
    with pytest.raises(NotFittedError):
        save(MLPClassifier(), tmp_path / "m")
    model = fit_quietly(MLPClassifier((4,), max_iter=2), *rows)
    with pytest.raises(DataError, match="there is no folder"):
        save(model, tmp_path / "missing" / "m")
    with pytest.raises(DataError, match="is a folder"):
        save(model, tmp_path)


def test_refuses_classes_that_are_no_data(rows, tmp_path):
    model = fit_quietly(MLPClassifier((4,), max_iter=2), *rows)
    model.classes_ = np.array([1, 2, 3], dtype=object)
    with pytest.raises(DataError, match="these are int"):
        save(model, tmp_path / "m")


def test_a_failed_write_leaves_the_old_file_and_no_litter(fitted, path, monkeypatch):
    before = path.read_bytes()

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"model\.safetensors' cannot be written: No space left on device\."):
        save(fitted, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / "nothing.safetensors")
    with pytest.raises(ModelFileError, match="is a folder; name a model file in it"):
        load(tmp_path)


def test_every_truncation_is_refused(path):
    content = path.read_bytes()
    for length in [0, 1, 7, 8, 9, 100, len(content) // 2, len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match="cannot be loaded"):
            load(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(ModelFileError):
        load(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.csv", b"a,b\n1,2\n" * 9, "by its name it is a table, not a model file"),
        ("q.csv.gz", b"\x1f\x8b" + b"x" * 30, "by its name it is a table, not a model file"),
        ("m.safetensors", b"a,b\n1,2\n" * 9, "it is no whole model file: damaged, cut off or of another kind"),
        ("m.safetensors", b"", "it is no whole model file"),
    ],
)
def test_what_is_no_model_file_is_told_in_our_own_words(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileError) as raised:
        load(tmp_path / name)
    assert message in str(raised.value)
    assert "written by `pellucid train` and pellucid.save" in str(raised.value)
    assert "deserializ" not in str(raised.value)


def test_a_pickle_with_the_right_name_is_not_opened(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "owned"),))

    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ModelFileError, match="looks like a pickle"):
        load(path)
    assert not (tmp_path / "owned").exists()


def test_foreign_safetensors_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(to_bytes({"w": np.zeros(3)}, {"format": "pt"}))
    with pytest.raises(ModelFileError, match="not one of Pellucid's"):
        load(path)


HOSTILE = {
    "no JSON": ("{", "no JSON"),
    "not an object": ("[]", "not that of a Pellucid model"),
    "deep": ("[" * 100_000 + "]" * 100_000, "JSON|deep"),
    "rather deep": ("[" * 60 + "]" * 60, "levels deep"),
    "infinite": ('{"format": "pellucid model", "version": 1e999}', "not finite"),
    "NaN": ('{"format": "pellucid model", "version": NaN}', "no JSON"),
    "401 digits": ('{"format": "pellucid model", "version": 1' + "0" * 400 + "}", "too large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers(path, name):
    text, message = HOSTILE[name]
    _, arrays = opened(path)
    with pytest.raises(ModelFileError, match=message):
        load(rewritten(path, text, arrays))


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F4"])
def test_arrays_of_kinds_that_numpy_lacks_are_refused(path, dtype):
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header, arrays = json.loads(content[8 : 8 + size]), content[8 + size :]
    shape = [8] if dtype == "F8_E4M3" else [16]
    header["more"] = {"dtype": dtype, "shape": shape, "data_offsets": [len(arrays), len(arrays) + 8]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + arrays + b"\0" * 8)
    with pytest.raises(ModelFileError, match="no whole model file"):
        load(path)


def changed(change):
    """A change of the header or the arrays, by its place."""

    def apply(header, arrays):
        change(header, header["state"], arrays)

    return apply


CHANGES = {
    "version from the future": (lambda h, s, a: h.update(version=2), "format version 2.*Update pellucid"),
    "version True": (lambda h, s, a: h.update(version=True), "version True"),
    "unknown kind": (lambda h, s, a: h.update(kind="os.system"), "holds a 'os.system'"),
    "kind a list": (lambda h, s, a: h.update(kind=[]), "holds a"),
    "no state": (lambda h, s, a: h.pop("state"), "no 'state'"),
    "no weights": (lambda h, s, a: a.pop("weights"), "lacks its weights"),
    "short weights": (lambda h, s, a: a.update(weights=a["weights"][:-1]), "a vector of"),
    "weights in two dimensions": (lambda h, s, a: a.update(weights=a["weights"].reshape(1, -1)), "a vector of"),
    "integer weights": (lambda h, s, a: a.update(weights=a["weights"].astype(int)), "32- or 64-bit"),
    "NaN": (lambda h, s, a: a["weights"].__setitem__(0, np.nan), "NaN or infinity"),
    "infinity": (lambda h, s, a: a["weights"].__setitem__(0, np.inf), "NaN or infinity"),
    "other network": (lambda h, s, a: s["network"]["hidden"][0].update(width=5), "a vector of"),
    "huge network": (lambda h, s, a: s["network"]["hidden"][0].update(width=10**12), "a vector of"),
    "negative network": (lambda h, s, a: s["network"]["hidden"][0].update(width=-1), "at least 1"),
    "other inputs": (lambda h, s, a: s.update(n_features_in=4), "names 4 inputs"),
    "inputs a text": (lambda h, s, a: s.update(n_features_in="3"), "n_features_in"),
    "unknown parameter": (lambda h, s, a: s["parameters"].update(activaton="relu"), "Did you mean 'activation'"),
    "bad parameter": (lambda h, s, a: s["parameters"].update(alpha=-1), "'alpha' parameter"),
    "callback": (lambda h, s, a: s["parameters"].update(callbacks=[]), "no parameter 'callbacks'"),
    "parameters a list": (lambda h, s, a: s.update(parameters=[1]), "'parameters' as dict"),
    "unknown activation": (
        lambda h, s, a: s["network"]["hidden"][0]["activation"].update(name="exec"),
        "known 'name'",
    ),
    "unknown outcome": (lambda h, s, a: s.update(outcome="WON"), "unknown outcome"),
    "two classes": (lambda h, s, a: a.update(classes_=a["classes_"][:2]), "do not fit|in order"),
    "classes twice": (lambda h, s, a: a.update(classes_=np.array([0, 1, 1])), "in order|do not"),
    "NaN classes": (lambda h, s, a: a.update(classes_=np.array([0.0, 1.0, np.nan])), "classes|NaN"),
    "targets unknown": (lambda h, s, a: s.update(targets="continuous"), "do not fit"),
    "no targets": (lambda h, s, a: s.pop("targets"), "targets"),
    "number too large": (lambda h, s, a: s["numbers"].update(t_={"number": 10**400}), "too large"),
    "parameter too large": (lambda h, s, a: s["parameters"].update(alpha=10**400), "too large"),
    "number a text": (lambda h, s, a: s["numbers"].update(loss_="0.1"), "must be a number"),
    "labels without end": (
        lambda h, s, a: (
            s.update(targets="multilabel-indicator"),
            s["network"].update(hidden=[], outputs=300_000),
            a.update(weights=np.zeros(1_200_000), classes_=np.arange(1, 300_001)),
        ),
        "in order",
    ),
    "names too few": (lambda h, s, a: s.update(feature_names_in=["a"]), "each of its 3 features"),
    "names no texts": (lambda h, s, a: s.update(feature_names_in=[1, 2, 3]), "each of its 3 features"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_files(path, name):
    change, message = CHANGES[name]
    header, arrays = opened(path)
    change(header, header["state"], arrays)
    with pytest.raises(ModelFileError, match=message):
        load(rewritten(path, header, arrays))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value, here=()):
    """Every place in a JSON value."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*here, key))


@pytest.fixture(scope="module")
def fuzzed(rows, tmp_path_factory):
    """A place for files, and the content of a good one."""
    parameters = {"solver": spec.AdamW(), "early_stopping": True, "random_state": 0, "max_iter": 3}
    path = tmp_path_factory.mktemp("fuzzed") / "model.safetensors"
    save(fit_quietly(MLPClassifier((4,), ["tanh"], **parameters), *rows), path)
    return path, path.read_bytes()


@settings(max_examples=600)
@given(data=st.data())
def test_any_change_of_the_header_loads_or_is_refused(data, fuzzed):
    path, content = fuzzed
    path.write_bytes(content)
    header, arrays = opened(path)
    place = data.draw(st.sampled_from(list(places(header))[1:]))
    holder = header
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = data.draw(JSON)
    rewritten(path, header, arrays)
    try:
        model = load(path)
    except ModelFileError:
        return
    assert np.isfinite(model.predict_proba(np.zeros((2, 3)))).all()


@settings(max_examples=400)
@given(data=st.data())
def test_any_change_of_bytes_loads_or_is_refused(data, fuzzed):
    path, content = fuzzed
    content = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(ModelFileError):
        load(path)


def test_the_largest_header_is_limited(path, monkeypatch):
    monkeypatch.setattr(model_file, "LARGEST_HEADER", 10)
    with pytest.raises(ModelFileError, match="at most 10 are read"):
        load(path)
