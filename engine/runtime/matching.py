"""Which of the broker's orders is which of ours: by our reference, else by permId.

The broker's side has settled by then what only its session can know, such as an order id that still counts. Where the names
that a row bears belong to two orders, or its legs and its quantity are not those of the order that it names, it is matched with
nothing and refused.
"""

from engine.domain.facts.running import FactRefused
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.past_orders import with_perm_id
from engine.ports import BrokerOrder, BrokerState


def matched(ledger: Ledger, state: BrokerState) -> tuple[dict[str, BrokerOrder], list[FactRefused]]:
    """The broker's word on each order of ours, by reference, an open one before a completed one; and what contradicts itself."""
    found: dict[str, BrokerOrder] = {}
    refused: list[FactRefused] = []
    for row in (*state.open_orders, *state.completed_orders):
        # A reference says whose it is; the permId stands in for one that is missing, and a simulator may give it again.
        order = ledger.orders.get(row.order_ref) if row.order_ref else with_perm_id(row.perm_id, ledger)
        if order is None:
            continue
        contradiction = _contradiction(order, row)
        if contradiction is not None:
            refused.append(FactRefused("BrokerOrder", order.ref, contradiction))
        else:
            found.setdefault(order.ref, row)
    return found, refused


def _contradiction(order: Order, row: BrokerOrder) -> str | None:
    """What of the row cannot be the order; None where nothing speaks against it."""
    if order.perm_id and row.perm_id and order.perm_id != row.perm_id:
        return f"an order under its reference has permId {row.perm_id}, and permId {order.perm_id} is the one that is known"
    if row.legs and dict(row.legs) != _legs(order):
        return f"an order under its name trades other contracts: {row.text}"
    if row.quantity is not None and row.quantity != order.quantity:
        return f"an order under its name is for {row.quantity:f} and not for {order.quantity}: {row.text}"
    return None


def _legs(order: Order) -> dict[int, int]:
    """Contracts for one of the whole, by con_id, what the order buys positive."""
    flip = 1 if order.purpose == "open" else -1
    return {leg.contract.con_id: flip * leg.sign * leg.ratio for leg in order.spread.legs}
