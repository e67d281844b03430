import matplotlib.pyplot as plt
import pytest

from pellucid.plotting import style
from pellucid.plotting.style import axes_for, class_colors, literal, whitegrid


def test_whitegrid_leaves_settings_as_they_were():
    before = dict(plt.rcParams)
    with whitegrid():
        assert plt.rcParams["axes.grid"]
        assert plt.rcParams["axes.facecolor"] == "white"
    assert dict(plt.rcParams) == before


def test_axes_for_makes_a_figure_of_the_size_in_inches():
    figure, ax = axes_for(None, size=(3, 2))
    assert figure.get_size_inches().tolist() == [3, 2]
    assert figure.axes == [ax]


def test_axes_for_keeps_given_axes_and_finds_the_whole_figure():
    figure = plt.figure()
    given = figure.subfigures(1, 2)[1].subplots()
    assert axes_for(given) == (figure, given)


@pytest.mark.parametrize("count", [1, 2, 10, 11, 30])
def test_class_colors_are_distinct(count):
    assert len(set(class_colors(count))) == count


@pytest.mark.parametrize(("text", "shown"), [("a", "a"), ("$a$", r"\$a\$"), (r"\$a", r"\$a"), (3, "3")])
def test_literal_escapes_each_dollar_once(text, shown):
    assert literal(text) == shown


def test_letters_that_the_font_lacks_come_from_another(monkeypatch):
    monkeypatch.setattr(style, "WIDE_FONTS", ("No Such Font", "STIXGeneral"))
    with whitegrid():
        _, ax = axes_for(None)
        assert ax.set_title("名前").get_fontfamily()[-1] == "STIXGeneral"
        assert "No Such Font" not in plt.rcParams["font.family"]
    assert "STIXGeneral" not in plt.rcParams["font.family"]
