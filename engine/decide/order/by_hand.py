"""What every close that a person asks for shares: in whose name it is, and why it cannot leave now."""

from collections.abc import Sequence

from engine.decide.exit.closing import NOT_HELD, may_close, on_its_way
from engine.decide.exit.cuts import Cut
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.parts import ALL, Portion
from engine.domain.position import Position
from engine.domain.snapshot import Request, Snapshot
from engine.pricing.mark import Mark


def by_whom(request: Request) -> str:
    """Who asks, and why where that was said, for people."""
    return f"by {request.by}" + (f": {request.reason}" if request.reason else "")


def close_obstacle(
    position: Position, cuts: Sequence[Cut], snapshot: Snapshot, rulebook: Rulebook, rows: Rows, portion: Portion = ALL
) -> str | None:
    """Why these orders of a position cannot leave now; None where each of them can."""
    if not position.is_open:
        return "it is closed already"
    if not cuts:
        return f"nothing is open of {portion}"
    reason = next((text for cut in cuts if (text := _out_of_hands(position, cut, snapshot)) is not None), None)
    if reason is None:
        reason = snapshot.link_obstacle
    if reason is None and not snapshot.is_open:
        reason = "the market is closed"
    if reason is None and snapshot.data != "live":
        reason = f"market data is {snapshot.data}"
    if reason is None and not may_close(snapshot, rulebook):
        window = rulebook.account.session.close
        reason = f"outside of the hours for closing, {window.start:%H:%M}-{window.end:%H:%M} {window.zone} (account.yaml)"
    return reason or next((text for cut in cuts if (text := _unpriced(rows.mark(cut.spread, "close"))) is not None), None)


def _out_of_hands(position: Position, cut: Cut, snapshot: Snapshot) -> str | None:
    return on_its_way(position, snapshot, cut.spread.legs) or (None if snapshot.holds(cut.spread) else NOT_HELD)


def _unpriced(quote: Mark | None) -> str | None:
    if quote is None:
        return "a leg has no quote"
    if not quote.stands():
        return f"the quotes of its legs are too old, {quote.age_s:.0f} s"
    return quote.obstacle
