"""No test depends on the pace of the machine: Hypothesis gives each example the time it takes."""

import atexit
import gc

from hypothesis import settings

settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")
gc.disable()  # what is imported and collected stays: to look through it as it grows takes a third of the time


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no collection of garbage looks through it again."""
    gc.enable()
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)
