"""Parts of a decision held apart: one that fails stops no other, and says where it failed.

A defect, or a number that nobody thought of, must not end an engine that watches open positions. What fails is left alone for a
while that grows (`Snapshot.resting`), so that it does not fail at every tick.
"""

from collections.abc import Callable, Iterable
from traceback import walk_tb

from engine.domain.decision import Decision, Fault
from engine.domain.snapshot import Snapshot


def apart(place: str, part: Callable[[], Iterable[Decision]], snapshot: Snapshot) -> list[Decision]:
    """All that a part decides, or the one decision that says that it failed; nothing while it rests."""
    if place in snapshot.resting:
        return []
    try:
        return list(part())
    except Exception as error:  # noqa: BLE001 - whatever it is, the other parts must be decided
        return [Fault(place, described(error))]


def described(error: Exception) -> str:
    """An error in one line: its kind, its words, and the line of this program that it came from."""
    words = " ".join(f"{type(error).__name__}: {error}".split())[:WORDS_MAX]
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    ours = [(file, line) for file, line in frames if "engine" in file.split("/")]
    file, line = (ours or frames or [("", 0)])[-1]
    return f"{words} ({'/'.join(file.split('/')[-2:])}:{line})"


WORDS_MAX = 300
"""Of an error's own words; some repeat all that they were given."""
