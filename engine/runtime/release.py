"""Whether a person may take a position out of the engine's hands now."""

from engine.domain.clocks import SETTLES_AFTER
from engine.domain.facts.positions import PositionReleased
from engine.domain.rolled import orders_of
from engine.domain.snapshot import Snapshot


def released_by(name: str, by: str, reason: str, snapshot: Snapshot) -> PositionReleased | str:
    """The release of a position; why it cannot be now, where an order of it may still fill or another position holds its legs."""
    ledger = snapshot.ledger
    position = ledger.positions.get(name)
    if position is None:
        return f"no position {name}"
    if not position.is_open:
        return f"nothing was released: {name} is closed already, {position.close_reason}"
    for order in orders_of(name, ledger):
        if not order.is_over:
            return f"nothing was released: {order.ref} is {order.state} and may fill; end it with `spreads cancel {order.ref}`"
        if order.sent_at is not None and snapshot.waited(order.changed_at) < SETTLES_AFTER:
            return f"nothing was released: {order.ref} ended just now and late fills may be on their way; try again in a minute"
    contracts = {leg.contract.con_id for leg in position.legs}
    for other in ledger.open_positions():
        shared = [leg.contract for leg in other.legs if leg.contract.con_id in contracts]
        if other.id != name and shared:
            return (
                f"nothing was released: {other.id} holds {shared[0]} too, and the broker counts both as one;"
                f" release or close {other.id} first"
            )
    return PositionReleased(name, by, reason)
