"""Flattening: a person wants everything closed that the engine holds, whatever the rules say.

The engine is halted first, so that its openings end; once none is at work every position is closed, those with shorts first, by
the prices, hours, walks and back-off of a stop. What cannot be closed is said as of any exit, and tried again. It goes on through
restarts until nothing is open or a person stops it. What the engine did not open is not touched.
"""

from collections.abc import Iterator, Sequence

from engine.decide.exit.blocked import Due
from engine.domain.decision import Decision, EndFlatten
from engine.domain.facts.halts import FlattenBegan, FlattenEnded, Halted
from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot

RULE = "flatten"
LAST = 4
"""Characters of the account that a person types."""


def flatten_due(snapshot: Snapshot) -> Due | None:
    """The exit of every position; None where nobody wants it, and while an opening may still fill."""
    wanted = snapshot.ledger.flatten
    if wanted is None or _opens(snapshot.ledger):
        return None
    return Due(RULE, f"flatten by {wanted.by}" + (f": {wanted.reason}" if wanted.reason else ""), "stop")


def shorts_first(positions: Sequence[Position]) -> list[Position]:
    """What owes something before what is only owned."""
    return sorted(positions, key=lambda position: not position.shorts)


def end_of_flatten(snapshot: Snapshot) -> Iterator[Decision]:
    """The end, once nothing is open and nothing is at work that could open something."""
    ledger = snapshot.ledger
    if ledger.flatten is not None and not _opens(ledger) and not any(ledger.open_positions()):
        yield EndFlatten(FlattenEnded("engine", "every position of the engine is closed"))


def begin(
    by: str, reason: str, account: str, typed: str, positions: int, ledger: Ledger
) -> tuple[Halted | FlattenBegan, ...] | str:
    """The facts that begin it, the halt first; or why it does not begin.

    `typed` is how the account ends, and `positions` how many are open, as the person typed them.
    """
    there = sum(1 for _ in ledger.open_positions())
    if ledger.flatten is not None:
        return f"it is flattening already, since {ledger.flatten.by} said so"
    if typed != account[-LAST:]:
        return f"{typed or 'nothing'} is not how the account ends; look at which account this engine trades"
    if positions != there:
        return f"{positions} positions were typed and {there} are open; look at them and say it again"
    if not there:
        return "nothing is open; `spreads halt` stops openings"
    halts = () if ledger.halt is not None else (Halted(by, f"flatten{f': {reason}' if reason else ''}"),)
    return (*halts, FlattenBegan(by, reason, there))


def _opens(ledger: Ledger) -> bool:
    return any(order.purpose == "open" for order in ledger.working())
