"""Pinning is undone, for every thread."""

import os
import threading

import pytest

from pellucid.bench import pinned, processor_name, usable_processors

needs_affinity = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux lets a process choose")


def test_processor_has_a_name():
    assert processor_name().strip()
    assert "\n" not in processor_name()


@needs_affinity
def test_pinned_and_back_even_after_an_error():
    before = os.sched_getaffinity(0)

    def fail_within():
        with pinned(1) as done:
            assert done
            assert os.sched_getaffinity(0) == {max(before)}
            assert usable_processors() == 1
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        fail_within()
    assert os.sched_getaffinity(0) == before


@needs_affinity
def test_other_threads_are_held_and_let_go_too():
    before, leave = os.sched_getaffinity(0), threading.Event()
    older = threading.Thread(target=leave.wait)
    older.start()
    try:
        with pinned(1):
            younger = threading.Thread(target=leave.wait)
            younger.start()
            assert {len(os.sched_getaffinity(each.native_id)) for each in (older, younger)} == {1}
        assert all(os.sched_getaffinity(each.native_id) == before for each in (older, younger))
    finally:
        leave.set()
        older.join()
        younger.join()


def test_more_threads_than_processors_pins_nothing():
    with pinned(usable_processors() + 1) as done:
        assert not done
