"""What `spreads backtest --check` says: the instants that were cut, what was known too early, and whether another start finds
the same."""

from collections.abc import Iterator
from datetime import datetime

from engine.cli.amounts import instant
from engine.research.leaks import EARLIER, Checked

SHOWN_MAX = 3


def words_of(checked: Checked) -> Iterator[str]:
    """The lines of the report, those that ask for something last."""
    yield ""
    cuts = ", ".join(_at(cut) for cut in checked.cuts) or "none, as there is one instant alone"
    yield f"check: run again up to {cuts}; {checked.compared:,} facts held against them"
    if not checked.looks:
        yield "the recording is too short for another start"
    elif not checked.restless:
        yield f"begun up to {EARLIER} sessions earlier: the same is found at {checked.looks:,} of {checked.looks:,} instants"
    else:
        named = ", ".join(_at(at) for at in checked.restless[:SHOWN_MAX])
        yield f"ANOTHER START FINDS SOMETHING ELSE at {len(checked.restless):,} of {checked.looks:,} instants: {named}"
    for leak in checked.leaks:
        yield f"KNOWN TOO EARLY: {leak.name}: at {_at(leak.at)}, {leak.fact} is another one without (cut after {_at(leak.cut)})"
    if not checked.leaks:
        yield "nothing was known too early"


def _at(at: datetime) -> str:
    return instant(at.isoformat())
