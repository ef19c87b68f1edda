"""A position: what filled orders have made of one opened spread. Money is USD; per share it is + received, - paid."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.domain.order import Order
from engine.domain.spread import Spread

PositionState = Literal["open", "closed", "settled"]


@dataclass(frozen=True, slots=True)
class Position:
    """Derived from its opening order and every order that closed part of it; never edited."""

    id: str
    strategy: str
    digest: str
    """The strategy file that opened it; its exits stay those of that version."""
    spread: Spread
    opened_at: datetime
    opened: int
    """Spreads opened."""
    closed: int
    """Spreads closed or settled."""
    opening_net: Decimal
    """Average net of the opening, USD per share."""
    closing_net: Decimal | None
    """Average net of what was closed, USD per share; negative where closing cost money."""
    fees: Decimal
    """Commissions reported so far, both ways, USD."""
    max_loss: Decimal
    """Most that what is open can still lose, USD, fees included."""
    closed_at: datetime | None
    close_reason: str
    rolled_from: str | None = None

    @property
    def quantity(self) -> int:
        """Spreads still open."""
        return self.opened - self.closed

    @property
    def is_open(self) -> bool:
        return self.quantity > 0

    @property
    def realised(self) -> Decimal:
        """USD made on what is closed, before fees."""
        if self.closing_net is None:
            return Decimal(0)
        return (self.opening_net + self.closing_net) * self.closed * self.spread.multiplier

    def unrealised(self, closing_net: Decimal) -> Decimal:
        """USD that closing the rest at `closing_net` per share would make, before fees."""
        return (self.opening_net + closing_net) * self.quantity * self.spread.multiplier


def position_of(opening: Order, closings: list[Order], settled: Decimal | None, at: datetime) -> Position | None:
    """The position that these orders make; None while nothing has filled.

    `settled` is the worth of one spread at expiry (USD per share, + received) where the legs have expired; `at` is then the
    time of settlement.
    """
    opening_net = opening.net_filled
    if opening_net is None:
        return None
    closed = sum(order.filled for order in closings)
    cash = sum(((order.net_filled or Decimal(0)) * order.filled for order in closings), Decimal(0))
    reasons = [order.proposed.reason for order in closings if order.filled]
    closed_at = max((order.changed_at for order in closings if order.filled), default=None)
    opened = opening.filled
    if settled is not None and opened > closed:
        cash += settled * (opened - closed)
        closed, closed_at = opened, at
        reasons.append("settled at expiry")
    first_fill = min(fill.executed_at for fill in opening.fills.values())
    per_spread = opening.proposed.max_loss / opening.quantity
    return Position(
        id=opening.ref,
        strategy=opening.strategy,
        digest=opening.proposed.digest,
        spread=opening.spread,
        opened_at=first_fill,
        opened=opened,
        closed=min(closed, opened),
        opening_net=opening_net,
        closing_net=cash / closed if closed else None,
        fees=opening.commission + sum((order.commission for order in closings), Decimal(0)),
        max_loss=per_spread * max(0, opened - closed),
        closed_at=closed_at if closed >= opened else None,
        close_reason=reasons[-1] if reasons else "",
    )
