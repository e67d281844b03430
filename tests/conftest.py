"""Settings for all tests."""

import os
import signal

from hypothesis import settings

settings.register_profile("pellucid", deadline=None, derandomize=True)
settings.load_profile("pellucid")

# The tests themselves run side by side, one on each processor: more threads would only wait for each other.
os.environ.setdefault("PELLUCID_NUM_THREADS", "1")

# A process started in the background may ignore Ctrl-C from its birth; tests that interrupt need it to be heard.
signal.signal(signal.SIGINT, signal.default_int_handler)
