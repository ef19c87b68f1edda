"""A position: what filled orders have made of one opened spread. Money is USD; per share it is + received, - paid."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.domain.calendar import WEEKDAYS
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
    """The position that was closed to make room for this one."""
    excess: int = 0
    """Spreads closed beyond those opened: a position the wrong way round, which a person must undo."""

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
        return _exact((self.opening_net + self.closing_net) * self.closed * self.spread.multiplier)

    def unrealised(self, closing_net: Decimal) -> Decimal:
        """USD that closing the rest at `closing_net` per share would make, before fees."""
        return _exact((self.opening_net + closing_net) * self.quantity * self.spread.multiplier)


def position_of(opening: Order, closings: list[Order], settled: Decimal | None, at: datetime) -> Position | None:
    """The position that these orders make; None while nothing has filled.

    `settled` is the worth of one spread at expiry (USD per share, + received) where the legs have expired; `at` is then the
    time of settlement.
    """
    opening_net = opening.net_filled
    if opening_net is None:
        return None
    opened, bought_back = opening.filled, sum(order.filled for order in closings)
    closed = bought_back
    cash = sum(((order.net_filled or Decimal(0)) * order.filled for order in closings), Decimal(0))
    reasons = [order.proposed.reason for order in closings if order.filled]
    closed_at = max((order.last_executed_at for order in closings if order.filled and order.last_executed_at), default=None)
    if settled is not None and opened > closed:
        cash += settled * (opened - closed)
        closed, closed_at = opened, min(at, _expired_at(opening.spread))
        reasons.append("settled at expiry")
    opened_at = opening.first_executed_at
    assert opened_at is not None, "what has a net has filled"
    return Position(
        id=opening.ref,
        strategy=opening.strategy,
        digest=opening.proposed.digest,
        spread=opening.spread,
        opened_at=opened_at,
        opened=opened,
        closed=min(closed, opened),
        opening_net=opening_net,
        closing_net=cash / closed if closed else None,
        fees=opening.commission + sum((order.commission for order in closings), Decimal(0)),
        max_loss=_loss(opening, opening_net) * max(0, opened - closed),
        closed_at=closed_at if closed >= opened else None,
        close_reason=reasons[-1] if reasons else "",
        rolled_from=opening.proposed.rolled_from,
        excess=max(0, bought_back - opened),
    )


def _loss(opening: Order, net: Decimal) -> Decimal:
    """Most that one spread opened at this net can lose, USD, estimated fees included; never below 0."""
    return max(Decimal(0), opening.spread.max_loss(net) * opening.spread.multiplier + opening.fees / opening.quantity)


def _expired_at(spread: Spread) -> datetime:
    """The regular hour, by which a settlement is over at the latest: half days and holidays are not known here."""
    return max(WEEKDAYS.settles_at(leg.contract.rule, leg.contract.expiry) for leg in spread.legs)


def _exact(usd: Decimal) -> Decimal:
    """Averages of thirds leave a trace in the 28th digit; prices have four decimals at the most."""
    return usd.quantize(Decimal("0.0001"))
