import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score

from pellucid.training.scores import SCORES, accuracy, r2


@pytest.mark.filterwarnings("ignore:R\\^2 score is not well-defined")
@given(seed=st.integers(0, 10**6), rows=st.integers(2, 30), outputs=st.integers(1, 4), weighted=st.booleans())
def test_scores_are_sklearns(seed, rows, outputs, weighted):
    random = np.random.default_rng(seed)
    weight = random.uniform(0.1, 2, rows) if weighted else None
    targets, prediction = random.normal(size=(2, rows, outputs))
    expected = r2_score(targets, prediction, sample_weight=weight)
    assert r2("identity", prediction, targets, weight) == pytest.approx(expected, rel=1e-9)
    classes = np.eye(outputs + 1)[random.integers(0, outputs + 1, rows)]
    probabilities = random.dirichlet(np.ones(outputs + 1), rows)
    expected = accuracy_score(classes.argmax(axis=1), probabilities.argmax(axis=1), sample_weight=weight)
    assert accuracy("softmax", probabilities, classes, weight) == pytest.approx(expected)
    labels, guesses = random.integers(0, 2, (2, rows, outputs))
    expected = accuracy_score(labels, guesses, sample_weight=weight)
    assert accuracy("logistic", guesses * 0.6, labels.astype(float), weight) == pytest.approx(expected)


def test_constant_targets_and_lost_predictions():
    ones = np.ones((4, 1))
    assert r2("identity", ones, ones) == 1.0
    assert r2("identity", ones * 2, ones) == 0.0
    for score in SCORES.values():
        assert np.isnan(score("identity", ones * np.nan, ones))
