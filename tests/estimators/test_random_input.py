"""Two thousand random fits, good and bad: a network that predicts, or one error that a user can act on."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from pellucid import MLPClassifier, MLPRegressor, spec

GOOD = {
    "hidden_layer_sizes": st.integers(1, 4) | st.lists(st.integers(1, 4), max_size=3).map(tuple),
    "activation": st.sampled_from(["relu", "tanh", "mish", spec.LeakyRelu(0.3)]),
    "solver": st.sampled_from(["adam", "sgd", "lbfgs", "rmsprop", spec.Momentum(0.3)]),
    "alpha": st.floats(0, 10),
    "batch_size": st.just("auto") | st.integers(1, 40),
    "learning_rate": st.sampled_from(["constant", "invscaling", "adaptive", "cosine", spec.Step(1)]),
    "learning_rate_init": st.floats(1e-6, 1e3),
    "early_stopping": st.booleans(),
    "validation_fraction": st.floats(0.01, 0.9),
    "dropout": st.floats(0, 0.95),
    "layer_norm": st.booleans(),
    "l1": st.floats(0, 1),
    "clip_norm": st.none() | st.floats(1e-6, 10),
    "restore_best": st.none() | st.booleans(),
    "n_iter_no_change": st.integers(1, 5) | st.just(np.inf),
    "dtype": st.sampled_from([None, "float32", "float64"]),
    "shuffle": st.booleans(),
}
BAD = st.sampled_from(
    [None, -1, 0, 2.5, "", "rellu", (), [], (0,), ("a",), [[1]], np.nan, np.inf, 10**30, object, {}, b"x"]
)


@st.composite
def parameters(draw):
    names = draw(st.lists(st.sampled_from(sorted(GOOD)), max_size=6, unique=True))
    chosen = {name: draw(GOOD[name]) for name in names}
    if draw(st.integers(0, 3)) == 0:
        chosen[draw(st.sampled_from(sorted(GOOD)))] = draw(BAD)
    return chosen


NUMBERS = st.floats(-1e3, 1e3, width=32)
STRANGE = st.sampled_from([np.nan, np.inf, -np.inf, 1e300, -1e38, 0.0])


@st.composite
def rows(draw):
    count, width = draw(st.integers(0, 14)), draw(st.integers(0, 4))
    elements = NUMBERS if draw(st.integers(0, 3)) else NUMBERS | STRANGE
    X = draw(arrays.arrays(np.float64, (count, width), elements=elements | NUMBERS))
    if draw(st.booleans()):
        X = np.clip(X, -1e38, 1e38).astype(np.float32)
    form = draw(st.integers(0, 9))
    if form == 0:
        return X.astype(object)
    if form == 1:
        return X.ravel()
    if form == 2:
        return X.tolist()
    if form == 3 and X.size:
        return sparse.csr_matrix(X)
    if form == 4:
        return np.asfortranarray(X)[::-1]
    return X


TARGETS = st.one_of(
    st.lists(st.integers(0, 2), max_size=14),
    st.lists(st.sampled_from(["a", "b"]), max_size=14),
    st.lists(st.floats(-1e6, 1e6), max_size=14),
    st.lists(st.lists(st.integers(0, 1), min_size=2, max_size=2), max_size=14),
    st.lists(st.none() | st.just(np.nan) | st.integers(0, 1), max_size=14),
    st.just("text"),
)


@st.composite
def targets(draw, count):
    """Targets that fit the rows, mostly."""
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(TARGETS)
    if kind == 1:
        return np.array(["a", "b"])[np.arange(count) % 2]
    if kind == 2:
        return np.arange(count) % 3 == 0
    if kind == 3:
        return np.arange(2.0 * count).reshape(count, 2)
    return np.arange(count) % 3


@settings(max_examples=2000)
@given(data=st.data(), kind=st.sampled_from([MLPClassifier, MLPRegressor]), parameters=parameters(), X=rows())
def test_a_network_or_an_error(data, kind, parameters, X):
    count = X.shape[0] if hasattr(X, "shape") else len(X)
    y = data.draw(targets(count))
    weight = data.draw(st.none() | st.just(np.ones(count)) | st.just(np.arange(count)))
    model = kind(**{"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0} | parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (ConvergenceWarning, UserWarning))
        warnings.filterwarnings("ignore", "(invalid value|overflow) encountered")  # rows of 1e38: rightly said
        try:
            model.fit(X, y, weight)
        except (ValueError, TypeError) as error:
            message = str(error)
        else:
            message = ""
            predicted = model.predict(X)
    if message:
        return
    assert len(predicted) == count
    dense = np.asarray(X.todense() if sparse.issparse(X) else X, dtype=float)
    if kind is MLPClassifier and np.abs(dense).max(initial=0) < 1e6:
        probabilities = model.predict_proba(X)
        assert np.isfinite(probabilities).all()
        assert np.isfinite(model.predict_log_proba(X)).all()
