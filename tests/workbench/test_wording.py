"""Errors of settings say what the page's labels say, not how fields and classes are called in the code."""

import re
from typing import Any

import pytest

from pellucid.errors import PellucidError
from pellucid.workbench.catalog import catalog
from pellucid.workbench.settings import read_settings
from pellucid.workbench.wording import in_words, words_of
from workbench.client import Page, served


def refused(settings: Any) -> str:
    with pytest.raises(PellucidError) as caught:
        read_settings(settings)
    return words_of(caught.value)


def with_value(path: str, value: Any) -> dict[str, Any]:
    section, _, name = path.partition(".")
    if name.startswith("layers[]."):
        return {section: {"layers": [{"width": 3}, {name.removeprefix("layers[]."): value}]}}
    return {section: {name: value}}


FIELDS = {each["path"]: each for each in catalog()["fields"]}


@pytest.mark.parametrize("value", [-1, "much"])
@pytest.mark.parametrize("path", sorted(FIELDS))
def test_a_setting_is_called_by_its_label_and_its_default_is_a_remedy(path: str, value: Any) -> None:
    field, said = FIELDS[path], refused(with_value(path, value))
    assert said.startswith(field["label"])
    assert f"got {value!r}." in said
    assert not re.search(r"\b(Data|Net|NetLayer|Descent|Stop|None|int|float|str|bool)\b", said), said
    if field["kind"] != "flag" and field["default"] is not None:
        assert said.endswith(f"The default is {field['default']}.")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"training": {"optimizer": {"name": "adam", "beta_1": 1}}}, "Beta 1 of Adam must be"),
        ({"training": {"optimizer": {"name": "adam", "beta_1": "a"}}}, "Optimiser: beta 1 must be a number; got 'a'."),
        ({"training": {"optimizer": {"name": "adm"}}}, "Optimiser must have a known 'name'; got 'adm'."),
        ({"network": {"layers": [{}, {"activation": {"name": "elu", "alpha": -1}}]}}, "Alpha of ELU must be"),
        ({"network": {"layers": [{}] * 13}}, "Layers must be at most 12; got 13."),
        ({"inputs": {"features": []}}, "Inputs must be 1 to"),
        ({"data": {"added": [[1, 2]]}}, "Points added must be points"),
        ({"network": {"parametrization": "x"}}, "Parametrization must be one of its known names"),
    ],
)
def test_parts_of_choices_are_called_by_what_was_chosen(settings: Any, said: str) -> None:
    assert refused(settings).startswith(said)


def test_other_errors_stay_as_they_are() -> None:
    assert in_words('The formula "log(" ends too early.') == 'The formula "log(" ends too early.'
    assert in_words("'epochs' must be a whole number from 1 to 5; got 9.").startswith("Epochs must be a whole number")
    assert words_of(MemoryError()).startswith("There is not enough memory")
    assert "KeyError" in words_of(KeyError("x"))


def test_the_page_is_told_so() -> None:
    expected = "Batch size must be a whole number of at least 1, or empty; got 0. The default is 10."
    with served() as workbench, Page(workbench) as page:
        settings = page.until(lambda state: "settings" in state)["settings"]
        page.update(settings | {"training": settings["training"] | {"batch_size": 0}})
        page.until(lambda state: state["problems"])
        assert page.state["problems"] == [{"path": "training.batch_size", "message": expected}]
        page.send("wall", settings={"training.l2": [0, -1]}, epochs=3)
        assert page.wait("error", about="wall")[0]["message"].startswith("L2 penalty must be")
