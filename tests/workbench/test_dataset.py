"""Rows: sources, features, what is held out, the plane."""

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.workbench.catalog import catalog
from pellucid.workbench.dataset import build
from pellucid.workbench.settings import View, read_settings
from pellucid.workbench.sources import GENERATED, PREPARED, Rows, make


@pytest.mark.parametrize("source", [*GENERATED, *PREPARED])
def test_a_source_can_be_learned_from(source: str) -> None:
    data = build(read_settings({"data": {"source": source, "size": 200}}))
    assert np.isfinite(data.inputs).all()
    assert np.isfinite(data.targets).all()
    assert set(data.train) | set(data.validation) == set(range(len(data.targets)))
    assert not set(data.train) & set(data.validation)
    np.testing.assert_allclose(data.training.inputs.std(axis=0).max(), 1, rtol=1e-9)
    if data.task != "regression":
        assert set(data.rows.y[data.train]) == set(range(len(data.rows.classes)))


def test_the_catalog_knows_every_source() -> None:
    assert {each["name"] for each in catalog()["sources"]} == {*GENERATED, *PREPARED, "table"}


def test_the_seed_makes_the_rows() -> None:
    first, again, other = (make("spiral", 100, 0.2, seed) for seed in (1, 1, 2))
    assert (first.columns == again.columns).all()
    assert (first.columns != other.columns).any()


def test_points_are_added_and_removed() -> None:
    plain = build(read_settings({"data": {"size": 50}}))
    edited = build(read_settings({"data": {"size": 50, "added": [[1, 2, 1]], "removed": [0, 50]}}))
    assert len(edited.numbers) == 49
    assert edited.numbers[0] == 1
    assert (edited.rows.columns == plain.rows.columns[1:]).all()
    with pytest.raises(DataError, match="class of an added point"):
        build(read_settings({"data": {"added": [[1, 2, 7]]}}))
    with pytest.raises(DataError, match="At least 4 points"):
        build(read_settings({"data": {"size": 10, "removed": list(range(9))}}))


def test_what_is_done_to_points_leaves_the_others_as_they_were() -> None:
    points = [[x / 2, -x / 3, x % 2] for x in range(10)]
    before = build(read_settings({"data": {"size": 60}}))
    after = build(read_settings({"data": {"size": 60, "added": points, "removed": [5, 61]}}))
    shared = np.intersect1d(before.numbers, after.numbers)
    assert (before.inputs[shared] == after.inputs[np.searchsorted(after.numbers, shared)]).all()
    held_out = {int(number) for number in after.numbers[after.validation]}
    assert held_out == (set(before.validation.tolist()) - {5}) | {63, 66, 69}
    assert {int(number) for number in after.numbers[after.train]} == set(after.numbers.tolist()) - held_out


def test_formulas_are_inputs() -> None:
    data = build(read_settings({"data": {"scale": False}, "inputs": {"features": ["x1^2", "x1 * x2"]}}))
    x, y = data.rows.columns.T
    np.testing.assert_allclose(data.inputs, np.column_stack([x**2, x * y]), rtol=1e-15)  # squares may be powers
    with pytest.raises(DataError, match="finite number in every row"):
        build(read_settings({"inputs": {"features": ["log(x1)"]}}))


def test_the_plane_of_two_columns_has_the_others_at_their_median() -> None:
    data = build(read_settings({"data": {"source": "iris"}}))
    view = View("columns", 2, 0)
    rows = data.plane(view).rows(5)
    assert rows.shape == (25, 4)
    assert (rows[:, [1, 3]] == np.median(data.rows.columns[:, [1, 3]], axis=0)).all()
    assert rows[0, 2] == rows[5, 2]
    assert rows[0, 0] < rows[5, 0]
    np.testing.assert_array_equal(data.project(data.plane(view), view), data.rows.columns[:, [2, 0]])


def test_principal_components_lead_there_and_back() -> None:
    data = build(read_settings({"data": {"source": "wine"}}))
    view = View("components", 0, 1)
    plane = data.plane(view)
    places = data.project(plane, view)
    assert places[:, 0].std() > places[:, 1].std() > 0
    back = plane.origin + places @ plane.across
    spread = data.rows.columns.std(axis=0)
    lost = ((data.rows.columns - back) / spread).var() / ((data.rows.columns - plane.origin) / spread).var()
    assert 0.3 < lost < 0.6  # two of thirteen components keep about half


def test_a_shape_s_plane_is_as_high_as_wide_and_holds_all_points() -> None:
    for noise in (0.0, 1.0):
        data = build(read_settings({"data": {"source": "moons", "noise": noise}}))
        plane = data.plane(View())
        assert (plane.high == plane.high[0]).all()
        assert (plane.low == -plane.high).all()
        assert np.abs(data.rows.columns).max() < plane.high[0]
    assert build(read_settings({"data": {"noise": 0.1}})).plane(View()).high[0] == 6


def test_a_map_shows_the_columns_that_tell_most_of_the_target_where_none_are_chosen() -> None:
    data = build(read_settings({"data": {"source": "iris"}}))
    assert data.plane(View()).names == ("petal length (cm)", "petal width (cm)")
    assert data.plane(View(x=0)).names == ("sepal length (cm)", "petal width (cm)")
    assert data.plane(View(y=2)).names == ("petal width (cm)", "petal length (cm)")
    assert data.plane(View(x=2, y=2)).columns == (2, 3)
    assert data.plane(View("components")).columns == (0, 1)
    assert build(read_settings({})).plane(View()).columns == (0, 1)


def test_the_columns_of_a_curved_regression_are_found() -> None:
    draw = np.random.default_rng(0)
    columns = draw.normal(size=(400, 5))
    rows = Rows(columns, tuple("abcde"), columns[:, 3] ** 2 + 0.5 * columns[:, 1])
    settings = read_settings(
        {"data": {"source": "table", "table": {"id": "own"}}, "training": {"loss": {"name": "squared_error"}}}
    )
    assert build(settings, rows).plane(View()).names == ("b", "d")
