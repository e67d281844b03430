"""Settings for all tests."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("pellucid", deadline=None, derandomize=True)
settings.load_profile("pellucid")

# The tests themselves run side by side, one on each processor: more threads would only wait for each other.
os.environ.setdefault("PELLUCID_NUM_THREADS", "1")

# A process started in the background may ignore Ctrl-C from its birth; tests that interrupt need it to be heard.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of our own."""
    parser.addoption("--fuzz", type=int, default=1000, help="Messages that the workbench's socket is fuzzed with.")


@pytest.fixture(autouse=True)
def no_figure_is_left() -> Iterator[None]:
    """Close the figures that a test opened: many of them would be a warning, and so an error, in another test."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
