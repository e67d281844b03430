import pytest

from pellucid.errors import did_you_mean, near_names


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
