"""What became of the orders that were sent: how many filled and how many did not, how long it took, and at what price."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args

from engine.domain.facts.orders import OrderSent, Purpose
from engine.domain.facts.union import Fact, OrderFact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.tally import Tally

Outcome = Literal["filled", "partly filled", "rejected", "given up"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
FILL_S = (1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""From a fill at once to a walk that took its whole patience."""
SLIPPAGE_USD = (-0.05, -0.01, 0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Per share, in the steps that combinations are priced in."""
SENT_MAX = 2_000
"""Orders whose first price is remembered; a busy day has some tens."""


@dataclass(slots=True)
class _Sent:
    limit: Decimal
    outcome: Outcome | None = None


@dataclass(slots=True)
class Outcomes:
    """An observer of facts. An order counts when it ends, and once more where the broker then tells another end."""

    ledger: Ledger
    orders: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    fill_seconds: Tally = field(default_factory=lambda: Tally(FILL_S))
    """From sending to the execution that made the order whole."""
    slippage_usd: dict[str, Tally] = field(default_factory=lambda: {purpose: Tally(SLIPPAGE_USD) for purpose in PURPOSES})
    """Per share, first price less what the whole order brought: positive is worse than it began, by purpose."""
    _sent: OrderedDict[str, _Sent] = field(default_factory=OrderedDict[str, _Sent])

    def saw(self, fact: Fact, at: datetime) -> None:
        if not isinstance(fact, OrderFact):
            return
        if isinstance(fact, OrderSent):
            self._sent[fact.order_ref] = _Sent(fact.limit)
            while len(self._sent) > SENT_MAX:
                self._sent.popitem(last=False)
            return
        order, sent = self.ledger.orders.get(fact.order_ref), self._sent.get(fact.order_ref)
        outcome = _outcome(order) if order is not None and sent is not None else None
        if order is None or sent is None or outcome is None or outcome == sent.outcome:
            return
        sent.outcome = outcome
        self.orders[outcome] += 1
        if outcome == "filled":
            self._filled(order, sent, at)

    def _filled(self, order: Order, sent: _Sent, at: datetime) -> None:
        if order.sent_at is not None:
            self.fill_seconds.add(max(0.0, ((order.last_executed_at or at) - order.sent_at).total_seconds()))
        if order.net_filled is not None:
            self.slippage_usd[order.purpose].add(float(sent.limit - order.net_filled))


def _outcome(order: Order) -> Outcome | None:
    """How the order ended; None while it has not."""
    match order.state:
        case "filled":
            return "filled"
        case "rejected":
            return "rejected"
        case "canceled" | "expired":
            return "partly filled" if order.filled else "given up"
        case _:
            return None
