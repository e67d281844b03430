"""A running fit in the workbench: streamed while it goes on."""

import threading
import time
import warnings

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.utils.class_weight import compute_sample_weight

from passengers import table
from pellucid import MLPClassifier, TabularClassifier, TabularRegressor, trace
from pellucid.errors import DataError, DataWarning
from pellucid.estimators.tabular import Member
from pellucid.workbench import LiveView, show
from workbench.client import Page
from workbench.test_opening import peculiar

warnings.filterwarnings("ignore", category=UserWarning)


def test_a_live_view_of_a_network_that_was_set() -> None:
    X, y = make_moons(90, noise=0.2, random_state=0)
    view = LiveView(open_page=False)
    model = peculiar().set_params(callbacks=[view], max_iter=6, n_iter_no_change=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    try:
        assert view.served is not None
        with Page(view.served.workbench) as page:
            assert page.until(lambda state: "run" in state)["run"]["live"]
            content, buffers = page.wait("frame", epoch=6)
            np.testing.assert_allclose(buffers["parameters"], model._parameters.vector, rtol=1e-6)
            assert content["train_score"] == pytest.approx(model.score(X, y))
    finally:
        view.close()


def test_a_running_fit_streams_into_the_page() -> None:
    X, y = make_moons(500, noise=0.2, random_state=0)
    view = LiveView(open_page=False)
    stop = threading.Event()

    def slowly(estimator: object, epoch: object) -> bool:
        time.sleep(0.002)
        return stop.is_set()

    model = MLPClassifier((8, 4), max_iter=100_000, n_iter_no_change=np.inf, random_state=0, callbacks=[view, slowly])
    thread = threading.Thread(target=model.fit, args=(X, y))
    thread.start()
    try:
        end = time.monotonic() + 20
        while view.url is None and time.monotonic() < end:
            time.sleep(0.01)
        assert view.served is not None
        with Page(view.served.workbench) as page:
            assert page.until(lambda state: "run" in state)["run"]["live"]
            first = page.wait("frame")[0]["epoch"]
            while True:
                content, buffers = page.wait("frame")
                if content["epoch"] > first + 20:
                    break
            assert len(buffers["history"]) >= 1
            assert content["playing"]
            page.send("play")
            assert "watched" in page.wait("error")[0]["message"]
            stop.set()
            thread.join(10)
            page.until(lambda state: state["run"]["ended"])
            content, buffers = page.wait("frame") if page.state["run"]["epoch"] != model.n_iter_ else (content, buffers)
            assert page.state["run"]["epoch"] == model.n_iter_
    finally:
        stop.set()
        thread.join(10)
        view.close()


def test_a_live_view_counts_rows_as_the_fit_does() -> None:
    X, y = make_moons(90, noise=0.3, random_state=0)
    weight = np.random.default_rng(0).uniform(0, 3, 90)
    view = LiveView(open_page=False)
    model = MLPClassifier(
        (4,), max_iter=12, n_iter_no_change=50, random_state=0, class_weight="balanced", callbacks=[view]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y, sample_weight=weight)
    traced = trace(model.set_params(class_weight=None), X, y, sample_weight=_balanced(y, weight))
    try:
        assert view.served is not None
        with Page(view.served.workbench) as page:
            page.until(lambda state: "run" in state)
            content, _ = page.wait("frame", epoch=12)
            assert content["train"] == pytest.approx(traced.loss - traced.penalty, rel=1e-12)
    finally:
        view.close()


def _balanced(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.asarray(weight * compute_sample_weight("balanced", y))


def test_a_live_view_changes_nothing_of_the_fit() -> None:
    X, y = make_moons(80, noise=0.2, random_state=0)
    view = LiveView(open_page=False)
    plain, seen = (
        MLPClassifier((5,), max_iter=15, n_iter_no_change=50, random_state=0, callbacks=callbacks)
        for callbacks in (None, [view])
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain.fit(X, y)
        seen.fit(X, y)
        seen.fit(X, y)
    view.close()
    assert all((a == b).all() for a, b in zip(plain.coefs_, seen.coefs_, strict=True))


def test_a_running_fit_of_a_tabular_classifier_streams_its_first_network() -> None:
    frame, y = table()
    view = LiveView(open_page=False)
    seen: list[int] = []
    settings = {"members": [Member(hidden=(7, 5), bins=6)], "n_folds": 2, "max_epochs": 9, "random_state": 0}
    model = TabularClassifier(**settings, callbacks=[view, lambda _, epoch: seen.append(epoch.epoch)]).fit(frame, y)
    plain = TabularClassifier(**settings).fit(frame, y)
    for ours, theirs in zip(model.bag_.networks, plain.bag_.networks, strict=True):
        np.testing.assert_array_equal(ours.parameters, theirs.parameters)
    assert seen == list(range(1, len(seen) + 1))  # all networks' are counted through, and those of their twins
    assert 18 < len(seen) <= 36
    first = model.bag_.networks[0]
    try:
        assert view.served is not None
        with Page(view.served.workbench) as page:
            state = page.until(lambda state: "run" in state)
            assert state["run"]["live"]
            assert state["run"]["widths"] == [5, 7, 5, 2]
            assert state["dataset"]["features"] == list(model.encoder_.inputs.names)
            assert (state["dataset"]["train"], state["dataset"]["validation"]) == (80, 80)
            assert "is watched" in state["dataset"]["notes"][0]
            content, buffers = page.wait("frame", epoch=9)
            np.testing.assert_allclose(buffers["history"][:, 2], first.validation_loss, rtol=1e-6)
            np.testing.assert_allclose(buffers["history"][:, 8], first.loss, rtol=1e-6)
            assert np.isfinite(content["train"])
    finally:
        view.close()


def test_after_a_race_the_network_that_goes_on_is_watched() -> None:
    frame, _ = table()
    view = LiveView(open_page=False)
    model = TabularRegressor(n_folds=2, max_epochs=8, random_state=0, callbacks=[view]).fit(frame, frame.age)
    try:
        assert view.served is not None
        with Page(view.served.workbench) as page:
            state = page.until(lambda state: "run" in state)
            last = view._watched
            assert last is not None
            counts = list(last.run.job.network.embedding.features_of_columns)
            assert state["dataset"]["embedded"]["counts"] == counts
            assert any(each.network == last.run.job.network for each in model.bag_.networks)
    finally:
        view.close()


def test_with_a_time_column_the_network_of_all_rows_is_watched_in_the_end() -> None:
    frame, y = table()
    view = LiveView(open_page=False)
    settings = {"members": [Member(hidden=(7,))], "n_folds": 2, "max_epochs": 5, "random_state": 0}
    model = TabularClassifier(**settings, time_column="age", callbacks=[view]).fit(frame, y)
    try:
        last = view._watched
        assert last is not None
        assert last.run.job.data.rows == len(frame)
        assert last.shown.position[0] == model.bag_.networks[0].best_epoch
        np.testing.assert_allclose(last.shown.parameters, model.bag_.networks[0].parameters, rtol=1e-6)
    finally:
        view.close()


def test_a_table_that_is_too_large_to_watch_is_said_before_training() -> None:
    X = np.zeros((50_001, 2))
    X[:, 0] = np.arange(50_001)
    heard: list[int] = []
    model = TabularClassifier(callbacks=[LiveView(open_page=False), lambda _, epoch: heard.append(epoch.epoch)])
    with pytest.raises(DataError, match="shows 4 to 50000 rows"):
        model.fit(X, np.arange(50_001) % 2)
    assert not heard


def test_a_fit_that_cannot_be_shown_goes_on() -> None:
    random = np.random.default_rng(0)
    X, y = random.normal(size=(300, 4)), np.arange(300) % 25
    view = LiveView(open_page=False)
    model = TabularClassifier(preset="fast", max_epochs=2, random_state=0, callbacks=[view])
    with pytest.warns(DataWarning, match="cannot show this training, which goes on: .* at most 20 classes"):
        model.fit(X, y)
    assert len(model.classes_) == 25
    with pytest.raises(DataError, match="at most 20 classes"):
        show(model, X, y, open_page=False, wait=False)
