"""What a guardian may do where nothing can be written: take back what works to open something, and no more.

A cancel that is repeated does no harm, so it needs no line of its own; a close that nobody has written down could be sent twice.
"""

import asyncio

from engine.broker.asking import machine_s
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.ports import Broker

WAIT_S, WAITS = 1.0, 10
"""How often, and how many times, the broker is asked whether the canceled orders have ended."""


async def cancel_openings(broker: Broker, ledger: Ledger) -> str:
    """Cancel the openings of the journal that work at the broker, and wait for their end; what was done, for people.

    Raises Transient where the broker does not answer.
    """
    canceled = left = await _working(broker, ledger)
    for order in canceled:
        broker.cancel(order)
    for _ in range(WAITS if canceled else 0):
        await asyncio.sleep(machine_s(WAIT_S))
        left = await _working(broker, ledger)
        if not left:
            break
    if not canceled:
        return "no opening is at work"
    told = f"openings were canceled without a line in the journal: {_refs(canceled)}"
    return f"{told}; at work still: {_refs(left)}" if left else told


async def _working(broker: Broker, ledger: Ledger) -> list[Order]:
    at_work = {order.order_ref for order in (await broker.state()).open_orders}
    return [order for order in ledger.orders.values() if order.ref in at_work and order.purpose == "open"]


def _refs(orders: list[Order]) -> str:
    return ", ".join(order.ref for order in orders)
