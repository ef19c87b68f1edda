"""What TWS has said of one of our orders on its way: the part of its life that the session needs to know.

Whether an order is over is asked of the one table of `domain/order_life.py`, which every fact told of it goes through.
"""

import asyncio
from dataclasses import dataclass, field

from ib_async import Contract as IbContract

from engine.broker.errors import Meaning
from engine.domain.executions import fill_key
from engine.domain.facts.orders import LegFilled
from engine.domain.facts.union import OrderFact
from engine.domain.order import OVER, OrderState
from engine.domain.order_life import TRANSITIONS


@dataclass(slots=True)
class Held:
    """One order of ours at TWS."""

    order_ref: str
    order_id: int
    client_id: int
    state: OrderState = "sent"
    is_bound: bool = True
    """False while this connection has neither sent it nor heard of it: its order id may be another's by now."""
    reported_perm_id: int = 0
    contract: IbContract | None = None
    """The combination as TWS returned it: changes must use it, TWS may have rewritten the legs."""
    wanted: dict[int, int] = field(default_factory=dict[int, int])
    """Contracts of each leg in the whole order, by contract number."""
    done: dict[str, LegFilled] = field(default_factory=dict[str, LegFilled])
    status: str = ""
    sent_at: float | None = None
    """Loop seconds; None once acknowledged or when another session sent it."""
    is_acknowledged: bool = False
    is_doubted: bool = False
    """OrderUnknown went out and nothing has cleared it up."""
    is_inactive: bool = False
    cancels_refused: int = 0
    """Since it was last seen to end."""
    last_error: tuple[Meaning, str] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def is_whole(self) -> bool:
        """True when the executed legs make up the whole order."""
        return bool(self.wanted) and all(self.leg_done(con_id) >= quantity for con_id, quantity in self.wanted.items())

    def leg_done(self, con_id: int) -> int:
        return sum(fill.quantity for fill in self.done.values() if fill.con_id == con_id)

    def take(self, fact: OrderFact) -> None:
        """Go on by one fact as the fold does; what cannot follow changes nothing."""
        event = type(fact).__name__
        if isinstance(fact, LegFilled):
            self.done[fill_key(fact)] = fact
            event = "WholeFilled" if self.is_whole else "PartFilled"
        self.state = TRANSITIONS[self.state].get(event, self.state)

    @property
    def reason(self) -> str:
        """What TWS last complained of; empty where it did not."""
        if self.last_error is None:
            return ""
        row, text = self.last_error
        return f"{row.code}: {row.sentence(text)}"

    def settle(self) -> None:
        """What was waited for has come, or does not matter any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
