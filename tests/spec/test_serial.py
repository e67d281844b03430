import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import SpecError
from pellucid.spec import (
    Activation,
    Adam,
    Initializer,
    Layer,
    LeakyRelu,
    LogLoss,
    Loss,
    Network,
    Normal,
    Optimizer,
    PiecewiseLinear,
    Relu,
    Schedule,
    SquaredError,
    Training,
    from_json,
    to_json,
)
from strategies import embedded_networks, trainings

NETWORK = to_json(Network(2, (Layer(3, LeakyRelu(0.2), dropout=0.1), Layer(4)), 1, "logistic", Normal(0.5)))
PIECES = to_json(PiecewiseLinear(((0.0, 1.0), (0.0, 1.0, 2.0))))
TRAINING = to_json(Training(LogLoss(0.1), Adam(), clip_norm=1.0, batch_size=32))


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


@given(embedded_networks())
def test_networks_come_back_equal(network: Network) -> None:
    assert from_json(Network, through_json(to_json(network))) == network


@settings(max_examples=200)
@given(trainings())
def test_trainings_come_back_equal(training: Training) -> None:
    assert from_json(Training, through_json(to_json(training))) == training


@pytest.mark.parametrize("union", [Activation, Initializer, Loss, Optimizer, Schedule])
def test_every_kind_comes_back_on_its_own(union: Any) -> None:
    for kind in get_args(union):
        assert through_json(to_json(kind()))["name"] == kind.name
        assert from_json(kind, through_json(to_json(kind()))) == kind()


def test_fields_with_defaults_may_be_left_out() -> None:
    assert from_json(Training, {"loss": {"name": "log_loss"}}) == Training(LogLoss())
    assert from_json(Network, {"inputs": 1, "hidden": [{"width": 2}], "outputs": 1}) == Network(1, (Layer(2),), 1)


def test_what_was_written_before_embeddings_is_read_with_defaults() -> None:
    """A file of an earlier version names fewer fields."""
    new = {"embedding", "input_scale", "parametrization", "ensemble"}
    layers = [{key: value for key, value in layer.items() if key != "parametric"} for layer in NETWORK["hidden"]]
    old = {key: value for key, value in NETWORK.items() if key not in new} | {"hidden": layers}
    assert from_json(Network, old) == from_json(Network, NETWORK)
    new = {"drop_last", "rates", "decays", "dropout_schedule", "decay_schedule", "average"}
    stopping = {key: value for key, value in TRAINING["stopping"].items() if key not in ("latest_best", "milestones")}
    old = {key: value for key, value in TRAINING.items() if key not in new} | {"stopping": stopping}
    assert from_json(Training, old) == from_json(Training, TRAINING)


def test_whole_numbers_may_stand_for_floats() -> None:
    layer = from_json(Layer, {"width": 1, "dropout": 0})
    assert type(layer.dropout) is float


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Network, None, "Network must be an object with named fields; got None."),
        (Network, [], "Network must be an object with named fields; got []."),
        (Network, {}, "Network lacks the field 'inputs'."),
        (Network, NETWORK | {"ouputs": 1}, "Network has an unknown field 'ouputs'. Did you mean 'outputs'"),
        (Network, NETWORK | {"inputs": True}, "Network.inputs must be of type int; got True (bool)."),
        (Network, NETWORK | {"inputs": 1.0}, "Network.inputs must be of type int; got 1.0 (float)."),
        (Network, NETWORK | {"inputs": "2"}, "Network.inputs must be of type int; got '2' (str)."),
        (Network, NETWORK | {"inputs": -1}, "'inputs' of Network must be an integer of at least 1; got -1."),
        (Network, NETWORK | {"hidden": {}}, "Network.hidden must be a list; got {}."),
        (Network, NETWORK | {"hidden": "ab"}, "Network.hidden must be a list; got 'ab'."),
        (Network, NETWORK | {"hidden": [1]}, "Network.hidden[0] must be an object with named fields; got 1."),
        (Network, NETWORK | {"hidden": [{}]}, "Network.hidden[0] lacks the field 'width'."),
        (Network, NETWORK | {"output": "softmx"}, "got 'softmx'. Did you mean 'softmax'?"),
        (Network, NETWORK | {"output": ["softmax"]}, "Network.output must be of type str"),
        (Network, NETWORK | {"initializer": None}, "Network.initializer must have a known 'name'; got None."),
        (Network, NETWORK | {"initializer": {"name": []}}, "Network.initializer must have a known 'name'; got []."),
        (Network, NETWORK | {"initializer": {"name": "norml"}}, "got 'norml'. Did you mean 'normal'"),
        (Network, NETWORK | {"initializer": {"name": "normal", "std": math.nan}}, "'std' of Normal must be a finite"),
        (Network, NETWORK | {"initializer": {"name": "normal", "std": 10**400}}, "'std' of Normal must be a finite"),
        (
            Network,
            NETWORK | {"initializer": {"name": "normal", "std": True}},
            "Network.initializer.std must be of type",
        ),
        (Network, NETWORK | {"initializer": {"name": "zeros", "std": 1.0}}, "unknown field 'std'"),
        (Network, NETWORK | {"embedding": []}, "Network.embedding must be an object with named fields; got []."),
        (Network, NETWORK | {"embedding": {"passed": 3}}, "'embedding' of Network must be for its 2 inputs"),
        (Network, NETWORK | {"embedding": PIECES | {"name": "periodc"}}, "unknown field 'name'"),
        (
            Network,
            NETWORK | {"embedding": {"numbers": 2, "number_embedding": {"name": "periodc"}}},
            "Network.embedding.number_embedding must have a known 'name'; got 'periodc'. Did you mean 'periodic'",
        ),
        (
            Network,
            NETWORK | {"embedding": {"numbers": 2, "number_embedding": PIECES | {"edges": [[0, "1"], [0, 1]]}}},
            "Network.embedding.number_embedding.edges[0][1] must be of type float; got '1' (str).",
        ),
        (
            Network,
            NETWORK | {"embedding": {"numbers": 2, "number_embedding": PIECES | {"edges": [[0, 10**400], [0, 1]]}}},
            "'edges' of PiecewiseLinear must hold",
        ),
        (Network, NETWORK | {"name": "network"}, "Network has an unknown field 'name'."),
        (Relu, {"name": "tanh"}, "Relu must have the name 'relu'; got 'tanh'."),
        (Training, TRAINING | {"loss": "log_loss"}, "Training.loss must have a known 'name'"),
        (Training, TRAINING | {"shuffle": 1}, "Training.shuffle must be of type bool; got 1 (int)."),
        (Training, TRAINING | {"clip_norm": math.inf}, "'clip_norm' of Training must be a finite number"),
        (Training, TRAINING | {"batch_size": "all"}, "Training.batch_size must be of type int; got 'all' (str)."),
        (Training, TRAINING | {"stopping": {"patience": 0}}, "'patience' of Stopping must be"),
        (Training, {"optimizer": {"name": "adam"}}, "Training lacks the field 'loss'."),
    ],
)
def test_errors_say_where_and_what(kind: type[Any], value: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        from_json(kind, value)
    assert message in str(caught.value)


def test_errors_use_the_given_name() -> None:
    with pytest.raises(SpecError, match=r"^model\.json: network\.inputs must be of type int"):
        from_json(Network, NETWORK | {"inputs": None}, "model.json: network")


def deep(levels: int) -> Any:
    nested: Any = {}
    for _ in range(levels):
        nested = {"name": [nested]}
    return nested


HOSTILE = [
    deep(100_000),
    10**5000,
    -(10**400),
    "x" * 10**6,
    math.nan,
    -math.inf,
    [None] * 10**5,
    {"name": "x" * 10**6},
    {1: 2, None: 3, (): 4},
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([10**400, ""])
NAMES = st.sampled_from(["name", "loss", "hidden", "width", "slope", "adam", "relu", "factor", "step"]) | st.text(
    max_size=3
)
ANYTHING = st.recursive(
    SCALARS | NAMES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place within a decoded JSON value."""
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        return [path]
    return [path, *(found for key, item in inner for found in paths(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = value.copy()
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


PLACES = [(kind, value, path) for kind, value in ((Network, NETWORK), (Training, TRAINING)) for path in paths(value)]


def valid_or_spec_error(kind: type[Any], value: Any) -> None:
    try:
        description = from_json(kind, value)
    except SpecError as error:
        assert len(str(error)) < 2000  # noqa: PT017 - either outcome is right, the message must stay readable
    else:
        assert from_json(kind, to_json(description)) == description


@pytest.mark.parametrize(
    ("kind", "value", "path"), PLACES, ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else ""
)
def test_hostile_values_anywhere_are_spec_errors(kind: type[Any], value: Any, path: tuple[Any, ...]) -> None:
    for hostile in HOSTILE:
        valid_or_spec_error(kind, replaced(value, path, hostile))


@settings(max_examples=500)
@given(st.sampled_from(PLACES), ANYTHING)
def test_random_values_anywhere_are_read_or_spec_errors(place: Any, new: Any) -> None:
    kind, value, path = place
    valid_or_spec_error(kind, replaced(value, path, new))


def test_other_descriptions_can_use_it() -> None:
    assert from_json(SquaredError, to_json(SquaredError())) == SquaredError()
