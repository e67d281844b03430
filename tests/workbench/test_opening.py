"""Estimators in the workbench: shown when fitted, streamed while they are fitted."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_moons

from passengers import table
from pellucid import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor, load, trace
from pellucid.engines import TextbookEngine, get_engine
from pellucid.errors import PellucidError
from pellucid.estimators.tabular import Member
from pellucid.spec import Layer, LogLoss, Network, Relu, Tanh, Training, parameter_count
from pellucid.textbook.ensembles import member_parameters
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters
from pellucid.workbench import show, wall
from pellucid.workbench.dataset import build
from pellucid.workbench.given import Given
from pellucid.workbench.opening import sessions_of_table
from pellucid.workbench.settings import View
from workbench.client import Page

warnings.filterwarnings("ignore", category=UserWarning)


def test_a_fitted_classifier_is_shown_and_trains_on() -> None:
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier((6, 3), max_iter=30, n_iter_no_change=50, alpha=0.01, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    known = [array.copy() for array in model.coefs_]
    with show(model, X, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        state = page.until(lambda state: "run" in state)
        assert state["run"]["widths"] == [4, 6, 3, 3]
        assert state["dataset"]["train"] == 150
        content, buffers = page.wait("frame", epoch=30)
        np.testing.assert_array_equal(buffers["parameters"][:24].reshape(4, 6), known[0].astype("f4"))
        assert content["train_score"] == pytest.approx(model.score(X, y))
        page.send("step", unit="epoch", count=2)
        assert page.wait("frame", epoch=32)[0]["train"] < content["train"]
        page.send("export", what="script")
        assert "Python" in page.wait("error")[0]["message"]
    assert all((array == before).all() for array, before in zip(model.coefs_, known, strict=True))


def test_a_regressor_and_one_that_is_not_fitted() -> None:
    X = np.random.default_rng(0).normal(size=(50, 3))
    model = MLPRegressor(hidden_layer_sizes=(4,), random_state=1)
    with show(model, X, X[:, 0], open_page=False, wait=False) as served, Page(served.workbench) as page:
        assert page.until(lambda state: "run" in state)["dataset"]["task"] == "regression"
        page.wait("frame", epoch=0)


def test_what_rows_count_is_shown_as_it_is_trained() -> None:
    X, y = make_moons(90, noise=0.3, random_state=0)
    weight = np.random.default_rng(0).uniform(0, 3, 90)
    keywords = {"n_iter_no_change": 50, "random_state": 0, "class_weight": {0: 1.0, 1: 4.0}}
    fits = {epochs: MLPClassifier((4,), max_iter=epochs, **keywords) for epochs in (10, 13)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for model in fits.values():
            model.fit(X, y, sample_weight=weight)
    with show(fits[10], X, y, weight, open_page=False, wait=False) as served, Page(served.workbench) as page:
        page.until(lambda state: "run" in state)
        content, _ = page.wait("frame", epoch=10)
        traced = trace(fits[10], X, y, sample_weight=weight)
        assert content["train"] == pytest.approx(traced.loss - traced.penalty, rel=1e-12)
        page.send("explain", rows="batch")
        explained, buffers = page.wait("explanation")
        assert explained["row_count"] == 90
        np.testing.assert_allclose(buffers["d_weights.0"], traced.gradients.weights[0], rtol=1e-9, atol=1e-12)
        page.send("step", unit="epoch", count=3)
        assert page.wait("frame", epoch=13)[0]["train"] < content["train"]


def test_several_targets_are_shown() -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.column_stack([X[:, 0], X[:, 1] * X[:, 2]])
    model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=12, n_iter_no_change=50, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    with show(model, X, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        state = page.until(lambda state: "run" in state)
        assert state["run"]["widths"] == [3, 5, 2]
        assert state["dataset"]["outputs"] == ["y1", "y2"]
        assert state["dataset"]["baseline"] == pytest.approx(0)
        page.send("view", maps=[[1, 0], [1, 1]], resolution=10, charts=["predicted"])
        content, buffers = page.wait("frame", maps=[[1, 0], [1, 1]])
        assert content["train_score"] == pytest.approx(model.score(X, y))
        assert (buffers["maps"][0] != buffers["maps"][1]).any()
        page.send("explain", rows=[4])
        explained, numbers = page.wait("explanation")
        assert explained["layers"][1]["neurons"] == ["y1", "y2"]
        np.testing.assert_allclose(numbers["targets"], y[[4]])
        page.send("export", what="model")
        page.wait("file")
        page.send("step", unit="epoch", count=3)
        assert page.wait("frame", epoch=15)[0]["train"] < content["train"]


def labelled(rows: int = 90) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(rows, 3))
    return X, np.column_stack([X[:, 0] > 0, X[:, 1] > 0.5, X[:, 0] + X[:, 2] > 0]).astype(int)


@pytest.mark.parametrize("kind", ["mlp", "tabular"])
def test_several_labels_a_row_are_shown(kind: str, tmp_path: Path) -> None:
    X, y = labelled()
    model: Any = MLPClassifier((5,), max_iter=12, n_iter_no_change=50, random_state=0)
    if kind == "tabular":
        model = TabularClassifier(members=[Member(hidden=(5,), bins=4)], n_folds=1, max_epochs=6, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    with show(model, X, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        state = page.until(lambda state: "run" in state)
        labels = state["dataset"]["labels"]
        assert len(labels) == 3
        assert state["dataset"]["task"] == "binary"
        assert state["dataset"]["classes"] == [f"not {labels[0]}", labels[0]]
        assert state["run"]["widths"] == [3, 5, 3]
        page.send("view", maps=[[1, 0], [1, 2]], resolution=10, charts=["confusion"])
        content, buffers = page.wait("frame", maps=[[1, 0], [1, 2]])
        assert content["output"]["kind"] == "probability"
        assert (buffers["maps"][0] != buffers["maps"][1]).any()
        train = np.ones(90, bool) if kind == "mlp" else model.bag_.fold_of != 0
        predicted = model.predict(X)[train]
        assert content["train_score"] == pytest.approx((predicted == y[train]).all(axis=1).mean())
        assert buffers["confusion_train"][1, 1] == (predicted[:, 0] & y[train][:, 0]).sum()
        page.send("explain", rows=[4])
        explained, numbers = page.wait("explanation")
        assert explained["layers"][1]["neurons"] == labels
        np.testing.assert_array_equal(numbers["targets"], y[[4]])
        page.send("export", what="model")
        (tmp_path / "model.safetensors").write_bytes(page.wait("file")[1]["data"].tobytes())
        page.send("step", unit="epoch", count=5)
        assert page.wait("frame", epoch=content["epoch"] + 5)[0]["train"] < content["train"]
    if kind == "mlp":
        np.testing.assert_array_equal(load(tmp_path / "model.safetensors").predict(X), model.predict(X))


def test_an_estimator_of_lbfgs_goes_on_with_lbfgs() -> None:
    X, y = make_moons(60, noise=0.1, random_state=0)
    model = MLPClassifier((4,), solver="lbfgs", max_iter=5, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    with show(model, X, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        state = page.until(lambda state: "run" in state)
        assert state["settings"]["training"]["optimizer"]["name"] == "lbfgs"
        content, _ = page.wait("frame", epoch=5)
        page.send("step", unit="epoch", count=3)
        assert page.wait("frame", epoch=8)[0]["train"] < content["train"]


def test_what_cannot_be_shown_says_why() -> None:
    X, y = make_moons(50, random_state=0)
    with pytest.raises(PellucidError, match="learn at most 1000000 numbers"):
        show(MLPClassifier((1000, 1000)), X, y, open_page=False, wait=False)
    with pytest.raises(PellucidError, match="must be one of the model's 1 network, from 0; got 1"):
        show(tabular(), *table(), member=1, open_page=False, wait=False)
    with pytest.raises(PellucidError):
        show("no model", X, y, open_page=False, wait=False)


def tabular(**keywords: object) -> TabularClassifier:
    settings = {"members": [Member(hidden=(70, 5), bins=6)], "n_folds": 1, "max_epochs": 6, "random_state": 0}
    return TabularClassifier(**(settings | keywords)).fit(*table())


def test_a_network_of_a_tabular_classifier_is_shown_and_trains_on() -> None:
    frame, y = table()
    model = tabular(members=[Member(hidden=(70, 5), bins=6), Member(hidden=(6,), numbers="periodic")], n_folds=2)
    known = [each.parameters.copy() for each in model.bag_.networks]
    for member in (0, 3):
        each = model.bag_.networks[member]
        with (
            show(model, frame, y, member=member, open_page=False, wait=False) as served,
            Page(served.workbench) as page,
        ):
            state = page.until(lambda state: "run" in state)
            assert state["run"]["widths"] == [5, *[layer.width for layer in each.network.hidden], 2]
            counts = [9, 9, 1, 1, 8] if member == 0 else [4, 4, 1, 1, 8]
            assert state["dataset"]["embedded"]["counts"] == counts
            assert state["dataset"]["embedded"]["names"][0] == "age [1]"
            assert state["dataset"]["features"] == ["age", "fare", "fare is missing", "sex=m", "city"]
            assert state["dataset"]["outputs"] == ["no", "yes"]
            assert (state["dataset"]["train"], state["dataset"]["validation"]) == (80, 80)
            assert f"network {member + 1} of 4" in state["dataset"]["notes"][0]
            history = page.wait("frame", epoch=each.epochs)[1]["history"]
            np.testing.assert_allclose(history[1:, 2], each.validation_loss, rtol=1e-6)
            asked = [[-1, 4], [0, 1], [len(each.network.hidden), 1]]
            page.update(state["settings"] | {"inputs": state["settings"]["inputs"] | {"view": {"x": 0, "y": 1}}})
            page.until(lambda state: [state["dataset"]["axes"][axis]["column"] for axis in "xy"] == [0, 1])
            page.send("view", maps=asked, resolution=12, charts=["confusion"])
            content, buffers = page.wait("frame", maps=asked)
            np.testing.assert_array_equal(buffers["parameters"], each.parameters)
            trained = model.bag_.fold_of != each.fold
            predicted = each.predict(get_engine(), model.encoder_.transform(frame))
            truth = np.eye(2)[(y == "yes").astype(int)]
            loss = -np.log(predicted[trained][truth[trained] == 1]).mean()
            assert content["train"] == pytest.approx(loss, rel=1e-4)
            assert len(np.unique(buffers["maps"][0])) == 1  # a column that is no axis stands at its most frequent level
            page.send("explain", rows=[2, 9])
            explained, numbers = page.wait("explanation")
            traced = trace(model, frame.iloc[[2, 9]], y[[2, 9]], member=member)
            np.testing.assert_allclose(numbers["columns"], traced.columns, rtol=1e-6)
            np.testing.assert_allclose(numbers["features.-1"], traced.inputs.features, rtol=1e-4, atol=1e-5)
            assert [column["first"] for column in explained["inputs"]["columns"]] == np.cumsum(
                [0, *counts[:-1]]
            ).tolist()
            for index in range(5):
                page.send("formulas", layer=-1, neuron=index, row=1)
                written, _ = page.wait("formulas", layer=-1, neuron=index)
                assert written["forward"]
                assert written["update"]
            page.send("check_gradient", parameters="all")
            assert page.wait("gradient_check")[0]["passed"]
            page.send("surface", resolution=7)
            assert np.isfinite(page.wait("surface")[1]["loss"]).all()
            page.send("export", what="model")
            page.wait("file")
            page.send("step", unit="epoch", count=5)
            after, _ = page.wait("frame", epoch=each.epochs + 5)
            assert after["train"] < content["train"]
    for each, before in zip(model.bag_.networks, known, strict=True):
        np.testing.assert_array_equal(each.parameters, before)


def test_members_that_share_weights_are_shown_by_their_first(tmp_path: Path) -> None:
    frame, y = table()
    model = tabular(members=[Member(hidden=(6, 5), bins=4, ensemble=3)])
    each = model.bag_.networks[0]
    own = member_parameters(each.network, Parameters(each.network, each.parameters), 0)
    encoded = model.encoder_.transform(frame).astype(float)
    with show(model, frame, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        state = page.until(lambda state: "run" in state)
        assert "Member 1 of 3 that share weights" in state["dataset"]["notes"][-1]
        assert state["run"]["layout"][0]["shape"] == [28, 6]
        shown = {"maps": [[0, 1], [2, 1]], "resolution": 8, "links": "gradients", "charts": ["histograms"]}
        page.send("view", **shown)
        content, buffers = page.wait("frame", maps=shown["maps"])
        np.testing.assert_array_equal(buffers["parameters"], own.vector)
        trained = model.bag_.fold_of != each.fold
        predicted = each.predict(get_engine(), encoded[trained])
        assert content["train_score"] == pytest.approx((predicted.argmax(axis=1) == (y[trained] == "yes")).mean())
        page.send("explain", rows=[3, 5])
        _, numbers = page.wait("explanation")
        np.testing.assert_allclose(numbers["weights.1"], own.weights[1], rtol=1e-6)
        page.send("formulas", layer=0, neuron=1, row=0)
        written, _ = page.wait("formulas")
        assert written["forward"][0]["left"].startswith("v")
        assert any("members" in line["symbols"] for line in written["backward"])
        page.send("check_gradient", parameters="all")
        assert page.wait("gradient_check")[0]["passed"]
        page.send("edit", parameter=[0, "bias", 0], value=0.5)
        assert "not its own" in page.wait("error")[0]["message"]
        page.send("surface", resolution=5)
        page.wait("surface")
        page.send("warp", layer=1)
        page.wait("warp")
        page.send("export", what="model")
        (tmp_path / "model.safetensors").write_bytes(page.wait("file")[1]["data"].tobytes())
        page.send("step", unit="epoch", count=5)
        assert page.wait("frame", epoch=content["epoch"] + 5)[0]["train"] < content["train"]
    found = load(tmp_path / "model.safetensors").predict_proba(encoded)
    np.testing.assert_allclose(found, each.predict(get_engine(), encoded), rtol=1e-5, atol=1e-6)


def test_the_exported_model_predicts_as_the_network(tmp_path: Path) -> None:
    frame, y = table()
    model = tabular()
    with show(model, frame, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("export", what="model")
        (tmp_path / "model.safetensors").write_bytes(page.wait("file")[1]["data"].tobytes())
    encoded = model.encoder_.transform(frame).astype(float)
    expected = model.bag_.networks[0].predict(get_engine(), encoded)
    np.testing.assert_allclose(
        load(tmp_path / "model.safetensors").predict_proba(encoded), expected, rtol=1e-5, atol=1e-6
    )


def test_a_network_of_a_tabular_regressor_is_shown() -> None:
    frame, _ = table()
    y = np.column_stack([frame.age, frame.age - frame.fare.fillna(0)])
    settings = {"members": [Member(hidden=(6,), numbers="plain")], "n_folds": 1, "max_epochs": 6, "random_state": 0}
    model = TabularRegressor(**settings).fit(frame, y)
    with show(model, frame, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        state = page.until(lambda state: "run" in state)
        assert state["dataset"]["task"] == "regression"
        assert state["dataset"]["outputs"] == ["y1", "y2"]
        content, _ = page.wait("frame", epoch=model.bag_.networks[0].epochs)
        page.send("step", unit="epoch", count=5)
        assert page.wait("frame", epoch=content["epoch"] + 5)[0]["train"] < content["train"]


def test_rows_of_weight_0_are_left_out() -> None:
    frame, y = table()
    weight = np.random.default_rng(1).integers(0, 3, 160).astype(float)
    model = TabularClassifier(members=[Member(hidden=(5,), bins=4)], n_folds=2, max_epochs=3, random_state=0)
    model.fit(frame, y, sample_weight=weight)
    given = Given.of(model, frame, y, weight, member=1)
    assert len(given.rows.y) == np.count_nonzero(weight)
    assert given.rows.held_out is not None
    assert given.rows.held_out.sum() == (model.bag_.fold_of[weight > 0] == 1).sum()
    np.testing.assert_array_equal(given.rows.weight, weight[weight > 0])
    assert build(given.settings, given.rows).weight is not None
    others = frame.iloc[::-1].reset_index(drop=True)  # as many, but not those that were learned from
    assert Given.of(model, others, y, weight, member=1).rows.held_out is None


def test_a_wall_of_a_tabular_network(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, y = table()
    asked = {"settings": {"training.learning_rate": [0.001, 0.1]}, "epochs": 3}
    with show(tabular(), frame, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        page.until(lambda state: "run" in state)
        monkeypatch.setattr(wall, "MOST_OF_WALL", 2000)
        page.send("wall", **asked)
        assert "may learn 2000 numbers together" in page.wait("error")[0]["message"]
        monkeypatch.undo()
        page.send("wall", **asked)
        assert page.wait("wall_frame", epoch=3)[1]["loss"].shape == (2, 2)


def test_what_an_embedding_knows_stays() -> None:
    frame, y = table()
    with show(tabular(), frame, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        state = page.until(lambda state: "run" in state)
        for path, value, words in (("inputs", "x1", "embeds its inputs"), ("data", True, "scaled already")):
            settings = json.loads(json.dumps(state["settings"]))
            settings[path]["features" if path == "inputs" else "scale"] = [value] if path == "inputs" else value
            page.update(settings)
            page.until(lambda state: any(words in each["message"] for each in state["problems"]))  # noqa: B023
        live = json.loads(json.dumps(state["settings"]))
        live["training"]["learning_rate"] = 0.5
        page.update(live, 3)
        page.until(lambda state: state["settings"]["training"]["learning_rate"] == 0.5)
        assert page.state["settings"]["training"]["rates"]["scale"] == 6


def test_the_plane_of_codes_has_a_strip_for_each_level() -> None:
    frame, y = table()
    given = Given.of(tabular(), frame, y)
    dataset = build(given.settings, given.rows)
    plane = dataset.plane(View("columns", 4, 0))
    assert (plane.low[0], plane.high[0]) == (-0.5, 11.5)
    seen = dataset.seen(plane.rows(24))
    assert set(np.unique(seen[:, 4])) == set(range(12))
    commonest = np.bincount(given.rows.columns[:, 4].astype(int)).argmax()
    assert set(dataset.seen(dataset.plane(View("columns", 0, 1)).rows(5))[:, 4]) == {commonest}


PECULIAR = Network(
    2,
    (Layer(5, Relu(), parametric=True), Layer(3, Tanh(), parametric=True)),
    1,
    "logistic",
    input_scale=True,
    parametrization="ntk",
)


def peculiar() -> MLPClassifier:
    """Return a classifier with an input scale, parametric activations and ntk, whose parameters are no defaults."""
    vector = np.random.default_rng(0).normal(size=parameter_count(PECULIAR))
    model = MLPClassifier((5, 3), ["relu", "tanh"], learning_rate_init=0.05, warm_start=True, random_state=0)
    return model.set_network(PECULIAR, vector, classes=[0, 1])


def test_a_network_with_a_scale_slopes_and_ntk_is_shown() -> None:
    X, y = make_moons(90, noise=0.2, random_state=0)
    model = peculiar()
    vector = model._parameters.vector.copy()
    step = TextbookEngine().loss_and_gradients(
        PECULIAR,
        Training(LogLoss(), l2=model.alpha),
        Parameters(PECULIAR, vector),
        Batch(X, y[:, np.newaxis].astype(float)),
    )
    with show(model, X, y, open_page=False, wait=False) as served, Page(served.workbench) as page:
        page.until(lambda state: "run" in state)
        page.send("view", maps=[[0, 1], [1, 2], [2, 0]], resolution=8, links="gradients", charts=["confusion"])
        content, buffers = page.wait("frame", maps=[[0, 1], [1, 2], [2, 0]])
        assert content["train"] == pytest.approx(step.loss - step.penalty)
        assert content["train_score"] == pytest.approx(model.score(X, y))
        np.testing.assert_allclose(buffers["gradients"], step.gradients.vector, rtol=1e-4, atol=1e-6)
        assert all(len(np.unique(each)) > 5 for each in buffers["maps"])
        page.send("explain", rows=[3, 5])
        explained, numbers = page.wait("explanation")
        traced = trace(model, X[[3, 5]], y[[3, 5]])
        assert explained["loss"] == traced.loss
        for layer in traced.layers:
            np.testing.assert_array_equal(numbers[f"inputs.{layer.index}"], layer.inputs)
            np.testing.assert_array_equal(numbers[f"row_d_weights.{layer.index}"], layer.contributions)
        page.send("formulas", layer=0, neuron=1, row=0)
        written, _ = page.wait("formulas")
        assert "√(inputs)" in written["forward"][-3]["symbols"]
        page.send("check_gradient", parameters="all")
        assert page.wait("gradient_check")[0]["passed"]
        page.send("export", what="model")
        page.wait("file")
        page.send("step", unit="epoch", count=40)
        assert page.wait("frame", epoch=40)[0]["train"] < 0.7 * content["train"]
        page.send("reset")
        page.wait("frame", epoch=0)
    np.testing.assert_array_equal(model._parameters.vector, vector)


def test_a_table_of_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n" + "\n".join(f"{i},{i % 5},{i % 2}" for i in range(20)), encoding="utf-8")
    with pytest.raises(PellucidError, match="must name a column"):
        sessions_of_table(path, "d")
    with pytest.raises(PellucidError, match="cannot be read"):
        sessions_of_table(tmp_path / "none.csv")
    with pytest.raises(PellucidError, match=r"'--exclude' must name a column of the table; got 'e'\."):
        sessions_of_table(path, exclude=("a", "e"))
    with pytest.raises(PellucidError, match="'missing_values' must name columns of the table; 'e' is none"):
        sessions_of_table(path, missing=("e=1",))
    assert callable(sessions_of_table(path, "a"))
    assert callable(sessions_of_table(path, missing=("3,b=4",), exclude=("a",)))
