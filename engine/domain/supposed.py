"""Orders as if they had filled: what a position would be after them is asked of the same fold that counts what has filled."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from engine.domain.executions import fill_key
from engine.domain.facts.orders import LegFilled, OrderProposed
from engine.domain.order import Order
from engine.domain.spread import Leg


def supposed(proposal: OrderProposed, net: Decimal, prices: Mapping[int, Decimal], at: datetime) -> Order:
    """The order once all of it has filled at this net, USD per share, + received.

    `prices` are those of its legs by con_id, USD per share; what they do not make of the net is laid on the leg that is owed, or
    on the only one.
    """
    turn = 1 if proposal.purpose == "open" else -1
    legs = proposal.spread.legs
    paid = {leg.contract.con_id: prices.get(leg.contract.con_id, Decimal(0)) for leg in legs}
    cash = sum((-turn * leg.sign * leg.ratio * paid[leg.contract.con_id] for leg in legs), Decimal(0))
    carrier = next((leg for leg in legs if leg.sign < 0), legs[0])
    paid[carrier.contract.con_id] += (net - cash) / (-turn * carrier.sign * carrier.ratio)
    fills = [_fill(proposal, leg, paid[leg.contract.con_id], at) for leg in legs]
    return Order(
        proposal,
        "filled",
        proposed_at=at,
        changed_at=at,
        limit=proposal.limit,
        priced_at=at,
        fills={fill_key(fill): fill for fill in fills},
        filled_at={fill_key(fill): at for fill in fills},
    )


def _fill(proposal: OrderProposed, leg: Leg, price: Decimal, at: datetime) -> LegFilled:
    buys = (leg.action == "buy") == (proposal.purpose == "open")
    contracts = leg.ratio * proposal.quantity
    return LegFilled(proposal.order_ref, "supposed", leg.contract.con_id, "buy" if buys else "sell", contracts, price, at)
