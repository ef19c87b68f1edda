"""Executions that were told once and that the broker, asked, neither tells nor counts nor holds: they did not happen.

A message can be wrong: an execution under another number, or one that the exchange has taken back without a word. What the broker
answers to a question outweighs what it said by the way, but one answer can be short, and a person can have sold by hand what
was bought. So three must agree: the executions of the day, which lack it; the order, which counts as filled what is left without
it; and the positions, which are what our fills make without it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engine.domain.executions import commission_key, fill_key
from engine.domain.facts.orders import CommissionReported, LegFilled
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.past_orders import oldest_first
from engine.domain.session import trading_day
from engine.ports import BrokerOrder, BrokerState


def withdrawn(ledger: Ledger, state: BrokerState, found: Mapping[str, BrokerOrder], requested_at: datetime) -> Iterator[Fact]:
    """A correction to nothing of each such execution, and of what it is said to have cost.

    Only executions of today can be missed, heard before the broker was asked: it tells no others.
    """
    if state.unread or state.unread_positions:
        return
    told = {(fact.order_ref, fill_key(fact)) for fact in state.executions if isinstance(fact, LegFilled)}
    missed = [
        (order, fill)
        for order in oldest_first(found, ledger)  # of an order without the broker's word on it nothing is invented
        if order.fill_reported_at is not None and order.fill_reported_at < requested_at
        for fill in _invented(order, found.get(order.ref), told, requested_at)
    ]
    ours, theirs = ledger.contracts_held(), {held.con_id: held.quantity for held in state.positions}
    for con_id in dict.fromkeys(fill.con_id for _, fill in missed):
        of_contract = [(order, fill) for order, fill in missed if fill.con_id == con_id]
        invented = sum(fill.quantity if fill.action == "buy" else -fill.quantity for _, fill in of_contract)
        if theirs.get(con_id, Decimal(0)) == ours.get(con_id, 0) - invented:
            for order, fill in of_contract:
                yield from _taken_back(order, fill)


def _invented(order: Order, found: BrokerOrder | None, told: set[tuple[str, str]], requested_at: datetime) -> Iterator[LegFilled]:
    """The executions of an order that the broker does not tell, where it counts as filled what the others make."""
    if found is None:
        return
    for leg in order.spread.legs:
        missed = [
            fill
            for key, fill in order.fills.items()
            if fill.con_id == leg.contract.con_id
            and fill.quantity
            and not fill.provisional
            and (order.ref, key) not in told
            and trading_day(order.filled_at[key]) == trading_day(requested_at)
        ]
        left = order.leg_filled(leg.contract.con_id) - sum(fill.quantity for fill in missed)
        if left == int(found.filled) * leg.ratio:
            yield from missed


def _taken_back(order: Order, fill: LegFilled) -> Iterator[Fact]:
    yield replace(fill, quantity=0)
    for paid in order.commissions.values():
        if paid.amount and commission_key(paid) == fill_key(fill):
            yield CommissionReported(order.ref, paid.exec_id, Decimal(0), paid.con_id, paid.action)
