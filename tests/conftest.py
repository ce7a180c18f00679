"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says more of how busy the machine is than of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
