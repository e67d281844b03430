"""Random tables, good and bad, at fit and at predict: a model that predicts, or one error that a user can act on."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import TabularClassifier, TabularRegressor
from pellucid.estimators.tabular import Member

TINY = Member(hidden=(4,), category_width=2)
MEMBERS = st.sampled_from([[TINY], [Member(hidden=(4,), numbers="piecewise_linear", bins=4)], [Member(hidden=())]])
STRANGE = st.sampled_from(
    [None, np.nan, np.inf, -np.inf, 1e300, -1e-300, "", "?", "nan", "1,5", "007", "ü", True, 3, 2.5, b"x", (1,), pd.NaT]
)
COLUMNS = {
    "numbers": st.floats(-1e6, 1e6) | st.just(np.nan),
    "wide": st.floats(allow_nan=True, allow_infinity=True),
    "whole": st.integers(-3, 3),
    "huge": st.integers(-(2**63), 2**63 - 1),
    "levels": st.sampled_from(["a", "b", "c", None]),
    "text": st.text(max_size=4),
    "truth": st.booleans(),
    "days": st.sampled_from(["2024-01-31", "2024-02-29", "1999-12-31", None]),
    "stamps": st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")),
    "strange": STRANGE,
    "constant": st.just(7),
    "missing": st.just(None),
}


@st.composite
def columns(draw, kinds, count):
    return {name: draw(st.lists(COLUMNS[kind], min_size=count, max_size=count)) for name, kind in sorted(kinds.items())}


FORMS = [
    lambda frame: frame,
    lambda frame: frame.astype(object),
    lambda frame: frame.to_numpy(),
    lambda frame: frame.sample(frac=1, axis=1, random_state=0),
    lambda frame: frame.set_axis(["same"] * frame.shape[1], axis=1),
    lambda frame: frame.set_index(pd.Index(np.arange(len(frame)) % 2)),
]


@st.composite
def tables(draw, kinds, count):
    frame = pd.DataFrame(draw(columns(kinds, count)), index=range(count))
    if draw(st.booleans()):
        frame = frame.astype({name: "category" for name, kind in kinds.items() if kind == "levels"})
    return draw(st.sampled_from(FORMS[:1] * 4 + FORMS))(frame)


@st.composite
def targets(draw, count, is_class):
    kind = draw(st.integers(0, 7))
    if kind == 0:
        return draw(st.lists(STRANGE, min_size=count, max_size=count))
    if kind == 1:
        return np.arange(2 * count).reshape(count, 2) % (2 if is_class else 7)
    if kind == 2:
        return np.ones(count)
    if is_class:
        return np.array(["yes", "no", "perhaps"])[np.arange(count) % draw(st.integers(2, 3))]
    return np.array(draw(st.lists(st.floats(-1e9, 1e9), min_size=count, max_size=count)))


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
@pytest.mark.filterwarnings("ignore:Column .* infinite or beyond")
@settings(max_examples=100)
@given(data=st.data(), kind=st.sampled_from([TabularClassifier, TabularRegressor]), members=MEMBERS)
def test_a_model_or_an_error(data, kind, members):
    kinds = data.draw(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(sorted(COLUMNS)), max_size=5))
    count = data.draw(st.integers(0, 12))
    X = data.draw(tables(kinds, count))
    y = data.draw(targets(count, kind is TabularClassifier))
    weight = data.draw(st.none() | st.just(np.arange(count)) | st.just(np.ones(count)))
    model = kind(members=members, max_epochs=1, n_folds=data.draw(st.integers(1, 3)), random_state=0, n_threads=1)
    if data.draw(st.integers(0, 4)) == 0:
        model.set_params(time_limit=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        if not does(lambda: model.fit(X, y, weight)):
            return
    assert_usable(model, X)
    changed = {name: data.draw(st.sampled_from([kind, *sorted(COLUMNS)])) for name, kind in kinds.items()}
    other = data.draw(tables(changed, data.draw(st.integers(0, 5))))
    if does(lambda: model.predict(other)):
        assert_usable(model, other)


def does(act):
    """Whether it can be done; if not, the error says why in a sentence."""
    message = ""
    try:
        act()
    except (ValueError, TypeError) as error:
        message = str(error) or "nothing"
    assert not message or len(message) > 20
    return not message


def assert_usable(model, X):
    predicted = model.predict(X)
    assert len(predicted) == len(X)
    if isinstance(model, TabularClassifier):
        probabilities = model.predict_proba(X)
        assert np.isfinite(probabilities).all()
        if not model._is_multilabel:
            np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-8)
        return
    assert np.isfinite(predicted).all()
