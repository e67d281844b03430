"""Libraries of linear algebra are held to a fit's threads while it runs, and have their own again after it."""

import os
import threading
from contextlib import ExitStack

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from pellucid import TabularRegressor
from pellucid.estimators.thread_limits import thread_limit


def blas_threads():
    return {library.num_threads for library in ThreadpoolController().select(user_api="blas").lib_controllers}


@pytest.fixture(autouse=True)
def three_threads():
    with threadpool_limits(3):
        if blas_threads() != {3}:
            pytest.skip("These libraries cannot be told how many threads to use.")
        yield


def test_the_lowest_of_overlapping_limits_holds_until_the_last_has_ended():
    first, second = ExitStack(), ExitStack()
    first.enter_context(thread_limit(1))
    assert blas_threads() == {1}
    second.enter_context(thread_limit(2))
    assert blas_threads() == {1}
    first.close()
    assert blas_threads() == {2}
    second.close()
    assert blas_threads() == {3}


def test_a_limit_never_raises_and_none_leaves_all_alone():
    for threads in (8, None):
        with thread_limit(threads):
            assert blas_threads() == {3}
    with pytest.raises(KeyError), thread_limit(1):
        raise KeyError
    assert blas_threads() == {3}


def test_fits_side_by_side_leave_the_libraries_as_they_were():
    X = np.random.default_rng(0).normal(size=(60, 2))

    def fit():
        TabularRegressor(preset="fast", max_epochs=2, n_threads=1, random_state=0).fit(X, X[:, 0])

    threads = [threading.Thread(target=fit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert blas_threads() == {3}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_forgets_what_other_threads_held():
    holds, may_go = threading.Event(), threading.Event()

    def hold():
        with thread_limit(1):
            holds.set()
            may_go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait()
    child = os.fork()
    if child == 0:
        with thread_limit(2):
            pass
        os._exit(0 if blas_threads() == {3} else 1)
    may_go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert blas_threads() == {3}
