"""Flattening as the faces ask for it: what it would close, and a person's word that begins or stops it."""

from collections.abc import Callable

from engine.decide.exit.flatten import begin
from engine.decide.quotes import Rows, closing_marks
from engine.domain.facts.halts import FlattenEnded
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.runtime.inbox import Inbox
from engine.runtime.plain import Row, number


class Flattening:
    """Everything that the engine holds, closed."""

    def __init__(self, account: str, snapshot: Callable[[], Snapshot], inbox: Inbox) -> None:
        self._account, self._snapshot, self._inbox = account, snapshot, inbox

    def row(self) -> Row:
        """What it would close, and what it would leave."""
        snapshot = self._snapshot()
        ledger, rows = snapshot.ledger, Rows(snapshot.chain)
        wanted = ledger.flatten
        foreign = ledger.reconciled.foreign if ledger.reconciled else ()
        return {
            "account": self._account,
            "flattening": None if wanted is None else {"by": wanted.by, "reason": wanted.reason, "positions": wanted.positions},
            "positions": [_position_row(position, rows) for position in ledger.open_positions()],
            "openings_at_work": sum(1 for order in ledger.working() if order.purpose == "open"),
            "foreign": list(foreign),
            "is_open": snapshot.is_open,
        }

    def begin(self, by: str, reason: str, account: str, positions: int) -> tuple[bool, str]:
        """Close everything: (whether it begins, what becomes of it). `account` is how it ends, as it was typed."""
        snapshot = self._snapshot()
        facts = begin(by, reason, self._account, account, positions, snapshot.ledger)
        if isinstance(facts, str):
            return False, f"nothing is closed: {facts}"
        for fact in facts:
            self._inbox.publish(fact)
        when = "now" if snapshot.is_open else "when the market opens"
        return True, f"flattening: openings are halted and canceled, then {positions} positions of the engine are closed, {when}"

    def stop(self, by: str, reason: str) -> tuple[bool, str]:
        """Stop it: (whether it is stopped, what becomes of it)."""
        if self._snapshot().ledger.flatten is None:
            return False, "it is not flattening"
        self._inbox.publish(FlattenEnded(by, reason or "stopped"))
        return True, "stopped: what is left keeps the exits of its file, closes at work go on; openings stay halted"


def _position_row(position: Position, rows: Rows) -> Row:
    marks = closing_marks(position, rows)
    is_known = marks is not None and all(mark.obstacle is None for mark in marks)
    return {
        "position": position.id,
        "strategy": position.strategy,
        "spread": str(position.spread),
        "quantity": position.quantity,
        "unrealised_usd": number(position.unrealised(*(mark.mid for mark in marks))) if marks and is_known else None,
        "unbid": sorted({name for mark in marks or () for name in mark.unbid}),
    }
