"""Settings for all tests."""

import signal

from hypothesis import settings

settings.register_profile("pellucid", deadline=None, derandomize=True)
settings.load_profile("pellucid")

# A process started in the background may ignore Ctrl-C from its birth; tests that interrupt need it to be heard.
signal.signal(signal.SIGINT, signal.default_int_handler)
