import pytest

from pellucid.errors import did_you_mean, near, near_names


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("num", ["txtnum", "age"], []),
        ("nope", ["new", "onerow", "bom"], []),
        ("prise", ["price", "size"], ["price"]),
        ("PRICE", ["price"], ["price"]),
        ("ntp", ["ntk"], ["ntk"]),
        ("colour", ["color", "colours", "town"], ["colours", "color"]),
        ("los", ["loss", "validation_loss"], ["loss"]),
    ],
)
def test_only_near_names(name, known, near):
    assert near_names(name, known) == near


def test_the_known_ones_where_none_is_near():
    assert did_you_mean("num", ["txtnum"]) == " Known: 'txtnum'."


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("sigmoid", ["logistic", "tanh"], " Did you mean 'logistic'?"),
        ("sigmod", ["logistic", "tanh"], " Did you mean 'logistic'?"),
        ("cross-entropy", ["log_loss"], " Did you mean 'log_loss'?"),
        ("he", ["he_normal", "he_uniform", "zeros"], " Did you mean 'he_uniform' or 'he_normal'?"),
        ("sgd", ["adam", "gradient_descent"], " Did you mean 'gradient_descent'?"),
        ("sigmoid", ["relu", "tanh"], ""),
    ],
)
def test_names_that_others_use(name, known, hint):
    assert near(name, known) == hint
