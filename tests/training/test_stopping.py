import numpy as np

from pellucid.spec import Stopping
from pellucid.training.stopping import Best, Outcome


def observed(stopping, values):
    best = Best()
    stale = []
    for epoch, value in enumerate(values, start=1):
        best.observe(stopping, value, epoch, np.array([float(epoch)]))
        stale.append(best.stale)
    return best, stale


def test_a_loss_must_fall_by_the_tolerance():
    best, stale = observed(Stopping(tolerance=0.1, restore_best=True), [1.0, 0.95, 0.85, 0.75, 0.8, 0.7])
    assert stale == [0, 1, 0, 0, 1, 2]
    assert (best.value, best.epoch, best.parameters[0]) == (0.7, 6, 6.0)


def test_a_score_must_rise_by_the_tolerance():
    best, stale = observed(Stopping("validation_score", tolerance=0.1), [0.5, 0.55, 0.65, 0.4])
    assert stale == [0, 1, 0, 1]
    assert (best.value, best.epoch, best.parameters) == (0.65, 3, None)


def test_not_a_number_is_never_the_best():
    best, _ = observed(Stopping("validation_score"), [np.nan, 0.1, np.nan])
    assert best.value == 0.1


def test_of_equally_good_epochs_the_latest_is_the_best_where_asked_for():
    values = [0.5, 0.7, 0.7, 0.6, 0.7, 0.6]
    for monitor, seen in (("validation_score", values), ("loss", [-value for value in values])):
        for latest, epoch in ((False, 2), (True, 5)):
            stopping = Stopping(monitor, tolerance=0.0, restore_best=True, latest_best=latest)
            best, stale = observed(stopping, seen)
            assert (best.value, best.epoch, best.parameters[0]) == (seen[1], epoch, float(epoch))
            unlucky, stale_of_default = observed(Stopping(monitor, tolerance=0.0), seen)
            assert stale == stale_of_default, "patience does not change"
            assert unlucky.stale == best.stale


def test_patience():
    stopping = Stopping(patience=2)
    assert not Best(stale=2).is_exhausted(stopping)
    assert Best(stale=3).is_exhausted(stopping)
    assert not Best(stale=10**9).is_exhausted(Stopping(patience=None))


def test_a_milestone_fails_where_nothing_better_came_since_the_one_before():
    stopping = Stopping(milestones=(2, 5, 9))
    assert not Best(stale=1).failed_milestone(stopping, 2), "the first epoch is always an improvement"
    assert not Best(stale=2).failed_milestone(stopping, 5), "epoch 3 was better"
    assert Best(stale=3).failed_milestone(stopping, 5)
    assert not Best(stale=3).failed_milestone(stopping, 6), "no milestone"
    assert not Best(stale=3).failed_milestone(stopping, 9)
    assert Best(stale=4).failed_milestone(stopping, 9)
    assert not Best(stale=10**9).failed_milestone(Stopping(), 9)


def test_outcomes_speak_in_sentences():
    for outcome in Outcome:
        assert outcome.value[0].isupper()
        assert outcome.value.endswith(".")
