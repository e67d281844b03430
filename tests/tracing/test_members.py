"""A network of a tabular model, traced: its step is the one that `partial_fit` takes."""

import dataclasses

import numpy as np
import pytest

from passengers import table
from pellucid import MLPRegressor, TabularClassifier, TabularRegressor, check_gradients, trace
from pellucid.engines import get_engine
from pellucid.errors import DataError
from pellucid.estimators.tabular import Member, updating

SMALL = [Member(hidden=(6, 5), bins=4), Member(hidden=(6, 5), numbers="periodic")]


@pytest.fixture(scope="module")
def classifier() -> TabularClassifier:
    return TabularClassifier(members=SMALL, n_folds=2, max_epochs=4, random_state=0).fit(*table(120))


def test_every_network_of_a_model_is_traced(classifier: TabularClassifier) -> None:
    frame, y = table(120)
    for member, each in enumerate(classifier.bag_.networks):
        step = trace(classifier, frame, y, member=member)
        assert step.network == each.network
        np.testing.assert_array_equal(step.before.vector, each.parameters)
        assert step.input_names == classifier.encoder_.inputs.names
        assert step.layers[-1].neuron_names == ("class no", "class yes")
        assert f"network {member + 1} of 4" in step.notes[0]
        kinds = {column.kind for column in step.inputs.parts}
        assert kinds == {"piecewise linear" if each.member == 0 else "periodic", "passed", "category"}
        predicted = trace(classifier, frame, member=member).prediction
        expected = each.predict(get_engine(), step.columns)
        np.testing.assert_allclose(predicted, expected, rtol=1e-5, atol=1e-6)  # float32
        assert check_gradients(classifier, frame, y, member=member, max_weights=60).passed


def test_the_step_is_the_first_of_partial_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updating, "UPDATE_EPOCHS", 1)
    members = [dataclasses.replace(member, dropout=0.0) for member in SMALL]  # masks follow the rows' order
    model = TabularClassifier(members=members, n_folds=1, max_epochs=4, random_state=0).fit(*table(120))
    frame, y = table(20)  # one batch
    before = [each.parameters.copy() for each in model.bag_.networks]
    steps = [trace(model, frame, y, member=member) for member in (0, 1)]
    for each, known in zip(model.bag_.networks, before, strict=True):
        np.testing.assert_array_equal(each.parameters, known)
    model.partial_fit(frame, y)
    for step, each, known in zip(steps, model.bag_.networks, before, strict=True):
        assert np.abs(step.after.vector - known).max() > 1e-4
        np.testing.assert_allclose(step.after.vector, each.parameters, rtol=1e-4, atol=1e-5)  # float32, other order


def test_the_explanation_of_a_network_s_step(classifier: TabularClassifier) -> None:
    frame, y = table(6)
    text = trace(classifier, frame, y).to_html()
    for shown in ("embedded and scaled", "η′", "level", "AdamW", "age", "starts afresh"):
        assert shown in text
    table_ = trace(classifier, frame, y).to_frame(layer=-1)
    assert {"basis", "e", "f", "∂L/∂V", "∂L/∂E", "E_new", "scale_new"} <= set(table_.symbol)


def test_levels_are_called_by_their_names(classifier: TabularClassifier) -> None:
    frame, y = table(6)
    step = trace(classifier, frame, y)
    city = step.inputs.parts[-1]
    assert [city.level_of(row) for row in range(6)] == frame.city.tolist()
    assert f"city = {frame.city[2]}, level " in step.to_html(row=2)


def test_a_regressor_s_target_is_told_in_its_units() -> None:
    frame, _ = table(120)
    y = ((frame.age - frame.age.mean()).abs() * 3).rename("age")
    model = TabularRegressor(members=SMALL[:1], n_folds=1, max_epochs=4, random_state=0).fit(frame, y)
    step = trace(model, frame, y, sample_weight=np.linspace(0.1, 1, 120))
    assert step.layers[-1].neuron_names == ("age",)
    assert any("(y - " in note for note in step.notes)
    centred = (y - y.mean()) / y.std(ddof=0)
    np.testing.assert_allclose(step.targets[:, 0], centred, rtol=1e-4, atol=1e-5)
    assert "one network" in step.notes[0]


def test_what_cannot_be_traced_says_why(classifier: TabularClassifier) -> None:
    frame, y = table(120)
    with pytest.raises(DataError, match="one of the model's 4 networks, from 0; got 4"):
        trace(classifier, frame, y, member=4)
    with pytest.raises(DataError, match="TabularClassifier must be fitted"):
        trace(TabularClassifier(), frame, y)
    with pytest.raises(DataError, match="'member' must be 0 where the model is one network"):
        trace(MLPRegressor(), [[0.0], [1.0]], [0, 1], member=1)
