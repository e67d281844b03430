from dataclasses import fields

from hypothesis import given

from pellucid.spec import WEIGHTS_ONLY, Factors, Network, parameter_count, parameter_layout
from pellucid.textbook.groups import ParameterGroup, parameter_groups
from strategies import embedded_networks, factors


@given(embedded_networks(), factors, factors)
def test_groups_cover_the_vector_and_give_each_parameter_its_factors(
    network: Network, rates: Factors, decays: Factors
) -> None:
    groups = parameter_groups(network, rates, decays)
    places = [place for group in groups for place in range(group.start, group.stop)]
    assert places == list(range(parameter_count(network)))
    for block in parameter_layout(network):
        (group,) = [each for each in groups if each.start <= block.start < each.stop]
        assert block.stop <= group.stop
        assert (group.rate, group.decay) == (rates.of(block.role), decays.of(block.role))


@given(embedded_networks())
def test_as_few_groups_as_factors_tell_apart(network: Network) -> None:
    everything = parameter_count(network)
    assert parameter_groups(network, Factors(), Factors()) == (ParameterGroup(0, everything),)
    weights = sum(block.stop - block.start for block in parameter_layout(network) if block.role == "weights")
    assert parameter_groups(network, Factors(), WEIGHTS_ONLY) == (
        ParameterGroup(0, weights, 1.0, 1.0),
        ParameterGroup(weights, everything, 1.0, 0.0),
    )


def test_every_role_has_a_group() -> None:
    roles = {
        "weights": ["weights"],
        "bias": ["bias"],
        "norm": ["gain", "shift"],
        "scale": ["scale"],
        "slope": ["slope"],
        "numbers": ["frequencies", "phases", "number_weights", "number_bias"],
        "categories": ["levels"],
    }
    assert [field.name for field in fields(Factors)] == list(roles)
    for group, members in roles.items():
        only = Factors(**{field.name: float(field.name == group) for field in fields(Factors)})
        for other, its in roles.items():
            assert {only.of(role) for role in its} == {float(other == group)}
        assert members
