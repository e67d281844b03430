"""Settings: exact both ways, and every field checked."""

import json
from typing import Any

import pytest

from pellucid.errors import PellucidError
from pellucid.workbench.catalog import catalog
from pellucid.workbench.settings import Settings, differences, path_of, read_settings, write_settings


def test_what_is_written_is_read_back() -> None:
    settings = read_settings(
        {
            "data": {
                "source": "table",
                "added": [[1, 2.5, 0]],
                "removed": [3],
                "table": {"id": "a", "roles": {"b": "ignore"}},
            },
            "inputs": {"features": ["x1", "sin(x2)"], "view": {"mode": "components", "x": 1, "y": 0}},
            "network": {"layers": [{"width": 3, "activation": {"name": "leaky_relu", "slope": 0.2}, "dropout": 0.1}]},
            "training": {"loss": {"name": "huber", "delta": 2}, "optimizer": {"name": "nesterov"}, "batch_size": None},
            "stop": {"patience": 5},
        }
    )
    written = json.loads(json.dumps(write_settings(settings)))
    assert read_settings(written) == settings
    assert written["data"]["table"]["roles"] == {"b": "ignore"}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"data": {"size": 5}}, "data.size"),
        ({"data": {"noise": "much"}}, "data.noise"),
        ({"data": {"seed": -1}}, "data.seed"),
        ({"data": {"added": [[1, 2]]}}, "data.added"),
        ({"network": {"layers": [{"width": 65}]}}, "network"),
        ({"network": {"layers": [{"width": 1}] * 13}}, "network.layers"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate"),
        ({"training": {"optimizer": {"name": "lbfgs", "max_fun": 0}}}, "training"),
        ({"training": {"optimizer": {"name": "adam", "beta_1": 1}}}, "training"),
        ({"stop": {"epochs": 0}}, "stop.epochs"),
        ({"extra": 1}, ""),
        ({"version": 2}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_what_is_wrong_is_named(value: Any, path: str) -> None:
    with pytest.raises(PellucidError) as caught:
        read_settings(value)
    assert path_of(caught.value).startswith(path)


def test_nesting_without_end_is_refused() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(PellucidError):
        read_settings({"data": {"added": deep}})


def test_the_catalog_s_defaults_and_choices_are_those_of_the_settings() -> None:
    written, offered = write_settings(Settings()), catalog()
    for field in offered["fields"]:
        section, *rest = field["path"].split(".")
        value = written[section]["layers"][0] if rest[0] == "layers[]" else written[section]
        if field["path"] != "network.layers[].width":
            assert value[rest[-1]] == field["default"], field["path"]
    for name, kinds in (("optimizer", "optimizers"), ("schedule", "schedules"), ("loss", "losses")):
        for kind in offered[kinds]:
            defaults = {each["name"]: each["default"] for each in kind["parameters"]}
            read = read_settings({"training": {name: {"name": kind["name"], **defaults}}})
            assert getattr(read.training, name).name == kind["name"]
            assert kind["label"]
            assert kind["help"]
    for kind in offered["activations"]:
        read_settings({"network": {"layers": [{"activation": {"name": kind["name"]}}]}})
    json.dumps(offered, allow_nan=False)


def test_differences_name_their_paths() -> None:
    other = read_settings({"network": {"seed": 3}, "stop": {"epochs": 10}})
    assert differences(Settings(), other) == [("network.seed", 0, 3), ("stop.epochs", 100_000, 10)]


def test_a_number_that_is_written_otherwise_is_no_difference() -> None:
    described = {"network": {"layers": [{"width": 4, "dropout": 0}, {"width": 2}]}}
    assert differences(Settings(), read_settings(described)) == []
