"""Rolls that people ask for: what one would be now, as plain data, and a person's word for it."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from engine.decide.order.hand_rolls import HandRoll, hand_roll
from engine.decide.quotes import Rows, spread_quote
from engine.decide.rulebook import Rulebook
from engine.domain.deeds import RollDeed
from engine.domain.facts.orders import OrderProposed
from engine.domain.position import Position
from engine.domain.rolled import times_rolled
from engine.domain.snapshot import Request, RollAsked, Snapshot
from engine.runtime.plain import Row, number
from engine.runtime.rows import close_leg_row, close_order_row
from engine.runtime.seams import SnapshotSource


class Rolling:
    """Positions, or parts of them, rolled by a person's word."""

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        snapshots: SnapshotSource,
        asked: Callable[[Request], Awaitable[tuple[bool, str]]],
    ) -> None:
        self._snapshot, self._snapshots, self._asked = snapshot, snapshots, asked

    def row(self, position: str, deed: RollDeed) -> Row | None:
        """What a roll would do now; None where there is no position of that name."""
        snapshot, rulebook = self._snapshot(), self._snapshots.rulebook()
        known = snapshot.ledger.positions.get(position)
        if known is None:
            return None
        rows = Rows(snapshot.chain)
        return roll_row(known, deed, hand_roll(known, deed, snapshot, rulebook, rows), snapshot, rulebook, rows)

    async def roll(self, position: str, by: str, reason: str, shown_net: Decimal | None, deed: RollDeed) -> tuple[bool, str]:
        """Have a position, or a part of it, rolled: (whether its close was sent, what became of the request)."""
        return await self._asked(RollAsked(position, by, reason, shown_net, deed))


def roll_row(position: Position, deed: RollDeed, roll: HandRoll, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Row:
    """What a roll would close and open, what both bring together, and what is in the way."""
    strategy = next((one for one in rulebook.strategies if one.name == position.strategy), None)
    told, cut = strategy.roll if strategy is not None else None, roll.cut
    scale = cut.quantity * cut.spread.multiplier if cut is not None else 0
    return {
        "position": position.id,
        "strategy": position.strategy,
        "spread": str(position.spread),
        "what": deed,
        "closes": close_order_row(position, cut, snapshot, rows) if cut is not None else None,
        "closing_legs": [close_leg_row(leg, cut.quantity, rows) for leg in cut.spread.legs] if cut is not None else [],
        "opens": _opening_row(roll.opening, rows) if roll.opening is not None else None,
        "mid": number(roll.mid),
        "natural": number(roll.natural),
        "brings_at_mid_usd": None if roll.mid is None else float(round(roll.mid * scale, 4)),
        "brings_at_natural_usd": None if roll.natural is None else float(round(roll.natural * scale, 4)),
        "wanted": number(roll.wanted),
        "rolled": times_rolled(position, snapshot.ledger),
        "at_most": told.at_most if told is not None else None,
        "obstacle": roll.obstacle,
    }


def _opening_row(order: OrderProposed, rows: Rows) -> Row:
    quote = spread_quote(order.spread, rows, "open")
    return {
        "spread": str(order.spread),
        "quantity": order.quantity,
        "expiry": order.spread.expiry.isoformat(),
        "mid": number(quote.mid) if quote else None,
        "natural": number(quote.natural) if quote else None,
        "limit": number(order.limit),
        "worst": number(order.worst),
        "max_loss_usd": number(order.max_loss),
        "fees_usd": number(order.fees),
        "gates": len(order.verdicts),
    }
