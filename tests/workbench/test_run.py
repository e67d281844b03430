"""A run: forward, back, changed on the way; always the same bits."""

from copy import deepcopy

import numpy as np
import pytest

from pellucid import MLPClassifier
from pellucid.workbench.dataset import build
from pellucid.workbench.moments import MOST
from pellucid.workbench.run import Change, Run
from pellucid.workbench.settings import Settings, read_settings, write_settings


def begun(**settings: object) -> Run:
    read = read_settings({"data": {"size": 60}} | settings)
    return Run(read, build(read))


def test_it_is_the_training_of_the_estimator_with_the_same_seed() -> None:
    run = begun(network={"seed": 5, "layers": [{"width": 6, "dropout": 0.3}, {"width": 3}]})
    run.advance(3)
    run.advance(9)
    data = run.dataset
    model = MLPClassifier(
        (6, 3),
        "tanh",
        dropout=[0.3, 0.0],
        alpha=0.0,
        batch_size=10,
        learning_rate_init=0.03,
        max_iter=12,
        n_iter_no_change=np.inf,
        random_state=5,
    )
    with pytest.warns(Warning, match="Maximum iterations|epochs"):
        model.fit(data.inputs[data.train], data.rows.y[data.train])
    assert (run.parameters == model._parameters.vector).all()
    assert run.curves.since(-1)[1:, 8].tolist() == model.loss_curve_


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step", "invscaling"])
def test_steps_by_batch_make_the_epoch(schedule: str) -> None:
    one, other = (begun(training={"schedule": {"name": schedule}}, stop={"epochs": 50}) for _ in range(2))
    one.advance(8)
    other.advance(7)
    other.advance_batches(other.job.steps_an_epoch - 1)
    assert other.position == (7, other.job.steps_an_epoch - 1)
    last = deepcopy(other._within)
    assert last is not None
    last.advance(other.engine)  # the epoch's last batch, as a batch
    np.testing.assert_allclose(last.parameters, one.parameters, rtol=1e-12)
    other.advance_batches(1)
    assert other.position == (8, 0)
    assert (other.parameters == one.parameters).all()


def test_any_moment_can_be_gone_back_to() -> None:
    run = begun()
    seen = {}
    for epoch in range(1, 41):
        run.advance(1)
        seen[(epoch, 0)] = run.parameters.copy()
    run.seek((10, 0))
    run._advance_batches(2)
    seen[(10, 2)] = run.parameters.copy()
    for position in [(40, 0), (3, 0), (10, 2), (17, 0), (39, 0)]:
        run.seek(position)
        assert run.position == position
        assert (run.parameters == seen[position]).all()
    assert run.furthest == (40, 0)


def test_going_on_from_an_earlier_moment_forgets_the_rest_and_repeats_it() -> None:
    run = begun()
    run.advance(30)
    there = run.parameters.copy()
    run.seek((12, 0))
    run.advance(1)
    assert run.furthest == (13, 0)
    assert run.curves.since(-1)[-1, 0] == 13
    run.advance(17)
    assert (run.parameters == there).all()


def test_a_run_goes_on_among_points_added_and_removed_and_back() -> None:
    run = begun(training={"batch_size": 7})
    seen = {}

    def go(epochs: int) -> None:
        run.advance(epochs)
        seen[run.position] = (run.parameters.copy(), len(run.dataset.numbers), run.shown().dataset.rows.y.sum())

    go(9)
    run.advance_batches(2)
    more = {"size": 60, "added": [[0.5, 0.5, 1], [1, -1, 1]]}
    run.change(Change((0, 0), "settings", settings=read_settings({"data": more, "training": {"batch_size": 7}})))
    assert run.position == (10, 0)
    assert len(run.dataset.train) == run.job.data.rows == 44
    go(7)
    run.advance(1)
    less = more | {"removed": [0, 1, 2, 60]}
    run.change(Change((0, 0), "settings", settings=read_settings({"data": less, "training": {"batch_size": 7}})))
    go(12)
    assert len({count for _, count, _ in seen.values()}) == 3
    for position in [(9, 0), (30, 0), (17, 0), (9, 0), (17, 0), (30, 0)]:
        run.seek(position)
        parameters, count, total = seen[position]
        assert (run.parameters == parameters).all()
        assert (len(run.dataset.numbers), run.dataset.rows.y.sum()) == (count, total)
        assert run.job.data.rows == len(run.dataset.train)


def test_points_added_at_one_moment_are_one_change() -> None:
    run = begun()
    run.advance(4)
    points = [[0.1 * k, 1, k % 2] for k in range(30)]
    for count in range(1, 31):
        more = read_settings({"data": {"size": 60, "added": points[:count]}})
        run.change(Change((0, 0), "settings", settings=more))
    assert len(run.changes) == 1
    run.advance(3)
    there = run.parameters.copy()
    run.seek((3, 0))
    assert len(run.dataset.numbers) == 60
    run.seek((7, 0))
    assert len(run.dataset.numbers) == 90
    assert (run.parameters == there).all()


def test_changes_are_made_again_on_the_way() -> None:
    run = begun()
    run.advance(5)
    run.advance_batches(2)
    run.change(Change((0, 0), "edit", 3, 1.25))
    assert run.position == (6, 0)
    run.advance(4)
    run.change(Change((0, 0), "freeze", 3, True))
    held = run.parameters[3]
    run.advance(4)
    assert run.parameters[3] == held
    other = read_settings(
        {"data": {"size": 60}, "training": {"optimizer": {"name": "momentum"}, "learning_rate": 0.1, "l2": 0.01}}
    )
    run.change(Change((0, 0), "settings", settings=other))
    run.advance(6)
    run.change(Change((0, 0), "freeze", 3, False))
    run.advance(2)
    end, position = run.parameters.copy(), run.position
    assert position == (22, 0)
    for stop in [(2, 0), (7, 0), (12, 3), (21, 0)]:
        run.seek(stop)
        run.seek(position)
        assert (run.parameters == end).all()
        assert run.frozen is None
    run.seek((12, 0))
    assert run.frozen is not None
    assert run.job.training.optimizer.name == "adam"


def test_a_change_at_an_earlier_moment_takes_the_place_of_later_ones() -> None:
    run = begun()
    run.advance(10)
    run.change(Change((0, 0), "edit", 0, 2.0))
    run.advance(10)
    run.seek((5, 0))
    run.change(Change((0, 0), "edit", 1, -2.0))
    assert [each.index for each in run.changes] == [1]
    assert run.parameters[1] == -2.0
    assert run.furthest == (5, 0)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_was_done_every_moment_comes_back(seed: int) -> None:
    """Steps, edits, frozen weights, live changes and jumps in any order; all moments that are left return."""
    random = np.random.default_rng(seed)
    run = begun(network={"layers": [{"width": 3, "dropout": 0.2}]}, training={"schedule": {"name": "step", "every": 3}})
    seen = {(0, 0): run.parameters.copy()}
    for _ in range(40):
        here, what = run.position, random.integers(6)
        if what < 5:  # to go on, or to change something, takes the place of what came after
            seen = {at: parameters for at, parameters in seen.items() if at < here}
            seen |= {here: run.parameters.copy()} if what < 3 else {}
        match what:
            case 0 | 1:
                run.advance(int(random.integers(1, 4)))
            case 2:
                run.advance_batches(int(random.integers(1, 7)))
            case 3:
                kind = ["edit", "freeze"][random.integers(2)]
                run.change(Change((0, 0), kind, int(random.integers(len(run.parameters))), float(random.integers(2))))
            case 4:
                descent = {"learning_rate": float(random.uniform(0.01, 0.2)), "l2": float(random.integers(2) / 100)}
                settings = read_settings(write_settings(run.settings) | {"training": descent})
                run.change(Change((0, 0), "settings", settings=settings))
            case 5 if len(seen) > 3:
                run.seek(list(seen)[random.integers(len(seen))])
        if run.position in seen:
            np.testing.assert_array_equal(run.parameters, seen[run.position])
        seen[run.position] = run.parameters.copy()
        seen = {at: parameters for at, parameters in seen.items() if at <= run.furthest}
    for at in [list(seen)[place] for place in random.permutation(len(seen))]:
        run.seek(at)
        assert run.position == at
        np.testing.assert_array_equal(run.parameters, seen[at])


def test_it_ends_with_words() -> None:
    run = begun(stop={"epochs": 7})
    run.advance(100)
    assert run.epoch == 7
    assert run.ended is not None
    assert "epochs are done" in run.ended
    diverged = begun(
        training={"learning_rate": 1e6, "optimizer": {"name": "gradient_descent"}}, data={"source": "plane"}
    )
    diverged.advance(50)
    assert diverged.ended is not None
    assert "diverged" in diverged.ended
    diverged.seek((0, 0))
    assert diverged.ended is None
    patient = begun(stop={"patience": 2, "tolerance": 10.0})
    patient.advance(50)
    assert patient.epoch == 4
    assert "converged" in (patient.ended or "")


def test_memory_is_bounded_however_long_it_runs() -> None:
    run = begun(network={"layers": []}, data={"size": 10}, training={"batch_size": None})
    for _ in range(3 * MOST):
        run.advance(50)
    assert run.epoch == 150 * MOST
    assert len(run.moments) <= MOST
    assert len(run.curves) <= 4096
    epochs = [each.epoch for each in run.moments]
    assert epochs[0] == 0
    assert epochs == sorted(epochs)
    assert max(np.diff(epochs)) <= run.epoch / 50


def test_a_default_run_learns() -> None:
    run = Run(Settings(), build(Settings()))
    run.advance(100)
    history = run.curves.since(-1)
    assert history[-1, 8] < 0.1 < history[1, 8]
