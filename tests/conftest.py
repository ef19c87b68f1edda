"""No test depends on the pace of the machine: Hypothesis gives each example the time it takes."""

from hypothesis import settings

settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")
