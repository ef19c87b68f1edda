"""Positions with what joins them: every order that has made one what it is, and what more of them would make of it."""

from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.position import Position


def orders_of(position: str, ledger: Ledger) -> list[Order]:
    """Every order that has made a position what it is: its opening first."""
    return [ledger.orders[position], *ledger.closings_of(position), *ledger.rolls_of(position)]


def position_with(position: str, ledger: Ledger, *more: Order) -> Position:
    """The position as it would be if these closes and rolls of it had filled as well."""
    closings = [*ledger.closings_of(position), *(order for order in more if order.purpose == "close")]
    rolls = [*ledger.rolls_of(position), *(order for order in more if order.purpose == "open")]
    made = ledger.ends.position_of(ledger.orders[position], closings, rolls)
    assert made is not None, "asked of positions that were opened"
    return made
