"""No test depends on the pace of the machine: Hypothesis gives each example the time it takes."""

import atexit
import gc

from hypothesis import settings

settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no collection of garbage looks through it again."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)
