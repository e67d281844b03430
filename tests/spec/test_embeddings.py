from typing import Any

import numpy as np
import pytest
from hypothesis import given

from pellucid.errors import SpecError
from pellucid.spec import Category, Embedding, Periodic, PiecewiseLinear
from strategies import embeddings


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Periodic(0), "'frequencies' of Periodic must be an integer of at least 1; got 0."),
        (lambda: Periodic(sigma=0), "'sigma' of Periodic must be a finite number, greater than 0; got 0."),
        (lambda: Periodic(width=0), "'width' of Periodic must be an integer of at least 1; got 0."),
        (lambda: PiecewiseLinear(((0.0, 1.0),), 0), "'width' of PiecewiseLinear must be an integer of at least 1"),
        (lambda: PiecewiseLinear(((-3.4e38, 0.0),)), "of size at most 1e+30, as tuples"),
        (lambda: PiecewiseLinear(((0.0, 1e-40),)), "1e-30 apart or more"),
        (lambda: PiecewiseLinear([(0.0, 1.0)]), "'edges' of PiecewiseLinear must hold, for each column, at least two"),
        (lambda: PiecewiseLinear(([0.0, 1.0],)), "as tuples; got ([0.0, 1.0],)."),
        (lambda: PiecewiseLinear(((0.0,),)), "at least two finite numbers"),
        (lambda: PiecewiseLinear(((),)), "at least two finite numbers"),
        (lambda: PiecewiseLinear(((0.0, 1.0), (1.0, 1.0))), "strictly increasing order"),
        (lambda: PiecewiseLinear(((0.0, float("nan")),)), "finite numbers"),
        (lambda: PiecewiseLinear(((0.0, float("inf")),)), "finite numbers"),
        (lambda: PiecewiseLinear(((0.0, 10**400),)), "finite numbers"),
        (lambda: PiecewiseLinear(((False, True),)), "finite numbers"),
        (lambda: PiecewiseLinear((("0", "1"),)), "finite numbers"),
        (lambda: Category(0), "'levels' of Category must be an integer of at least 1; got 0."),
        (lambda: Category(2**24 + 1), "'levels' of Category must be at most 16777216; got 16777217."),
        (lambda: Category(2, 0), "'width' of Category must be an integer of at least 1; got 0."),
        (lambda: Embedding(-1), "'numbers' of Embedding must be an integer of at least 0; got -1."),
        (lambda: Embedding(passed=0.5), "'passed' of Embedding must be an integer of at least 0; got 0.5."),
        (Embedding, "An Embedding must have at least one column; it has none."),
        (lambda: Embedding(1, "periodic"), "'number_embedding' of Embedding must be one of Periodic, PiecewiseLinear"),
        (
            lambda: Embedding(1, categories=[Category(2)]),
            "'categories' of Embedding must be a tuple of Category; got [",
        ),
        (lambda: Embedding(1, categories=(3,)), "'categories' of Embedding must be a tuple of Category; got (3,)."),
        (lambda: Embedding(2, PiecewiseLinear(((0.0, 1.0),))), "for each of the 2 numbers; got 1."),
    ],
)
def test_what_cannot_exist(make: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert message in str(caught.value)


def test_numpy_numbers_become_pythons() -> None:
    edges = PiecewiseLinear((tuple(np.linspace(0, 1, 3, dtype=np.float32)), (0, 1))).edges
    assert edges == ((0.0, 0.5, 1.0), (0.0, 1.0))
    assert {type(edge) for column in edges for edge in column} == {float}


def test_the_largest_category_still_has_a_code_in_single_precision() -> None:
    largest = Category(2**24).levels - 1
    assert np.float32(largest) == largest != np.float32(largest - 1)


@given(embeddings())
def test_columns_and_features_add_up(embedding: Embedding) -> None:
    assert embedding.inputs == embedding.numbers + embedding.passed + len(embedding.categories)
    kind = embedding.number_embedding
    a_number = 1 if kind is None else kind.width + 1
    vectors = sum(category.width for category in embedding.categories)
    assert embedding.features == embedding.numbers * a_number + embedding.passed + vectors
