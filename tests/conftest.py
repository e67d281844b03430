"""Settings for all tests."""

from hypothesis import settings

settings.register_profile("pellucid", deadline=None, derandomize=True)
settings.load_profile("pellucid")
