"""What is left of a position that no line of a file was written for, and its end.

Shares that options became are only reduced: they are traded away before anything else of it, because a long that is left beside
them protects them. A long whose short was bought back or assigned is then sold where somebody bids for it.
"""

from collections.abc import Iterator

from engine.decide.exit.blocked import Due, act, unpriced_because
from engine.decide.exit.cuts import Cut, free_parts
from engine.decide.quotes import Rows
from engine.domain.decision import Decision
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Spread

LEFT_ALONE = "a long is left alone, and somebody bids for it"
SHARES = "options of it became shares, which are traded away"


def left_over(position: Position) -> str | None:
    """Why something of it is traded away without a rule of the file; None where nothing is."""
    if position.shares is not None:
        return SHARES
    is_left = not position.outlives and any(not part.spread.shorts for part in position.parts)
    return LEFT_ALONE if is_left else None


def traded_away(position: Position, why: str | None, snapshot: Snapshot, rows: Rows, proposed: int) -> Iterator[Decision]:
    """The order that does it: of shares all, within their quote; of longs one at a time, asked as seldom as for a profit."""
    for part in free_parts(position, snapshot) if why is not None else ():
        if part.spread.is_shares:
            yield from act(Due(SHARES, SHARES, "clock"), position, snapshot, rows, proposed, (Cut(part.spread, part.quantity),))
            return
        if why == LEFT_ALONE and not part.spread.shorts and _is_bid(part.spread, rows):
            due = Due(LEFT_ALONE, LEFT_ALONE, "target")
            yield from act(due, position, snapshot, rows, proposed, (Cut(part.spread, part.quantity),))
            return


def _is_bid(long: Spread, rows: Rows) -> bool:
    mark = rows.mark(long, "close")
    return mark is not None and not mark.unbid and unpriced_because(mark) is None
