"""Positions with what joins them: the orders that have made one what it is, what more would make of it, and its rolls so far."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.session import trading_day

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rolls:
    """How a position came to be what it is by rolls: of parts of it, and of the positions before it."""

    count: int
    net_usd: Decimal
    """What closing and opening brought together, USD, + received, before fees."""
    last_on: date
    """The trading day on which the last of them was opened."""


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


def times_rolled(position: Position, ledger: Ledger) -> int:
    """How often this position, or those that were closed one after the other to make it, has been rolled."""
    count, before = len(position.rolls), position.rolled_from
    while before is not None and before in ledger.positions:
        count, before = count + 1 + len(ledger.positions[before].rolls), ledger.positions[before].rolled_from
    return count


def rolls_so_far(position: Position, ledger: Ledger) -> Rolls | None:
    """Every roll that has led to a position, also of those that were closed to make room for it; None before the first."""
    made = list(_made(position, ledger))
    if not made:
        return None
    return Rolls(len(made), sum((net for net, _ in made), ZERO), max(day for _, day in made))


def _made(position: Position, ledger: Ledger) -> Iterator[tuple[Decimal, date]]:
    """Of each roll what it brought, USD, and the day of its opening."""
    before = ledger.positions.get(position.rolled_from) if position.rolled_from is not None else None
    if before is not None:
        yield from _made(before, ledger)
        closes = [order for order in ledger.closings_of(before.id) if order.proposed.roll == "roll"]
        opening = ledger.orders[position.id]
        yield _cash(opening, *closes), _day(opening)
    closes = [order for order in ledger.closings_of(position.id) if order.proposed.roll not in {None, "roll"}]
    for opening in ledger.rolls_of(position.id):
        # What was closed since the opening before made room for this one.
        room = [order for order in closes if order.proposed_at < opening.proposed_at]
        if opening.filled:
            yield _cash(opening, *room), _day(opening)
            closes = [order for order in closes if order not in room]


def _cash(*orders: Order) -> Decimal:
    return sum(((order.net_filled or ZERO) * order.filled * order.spread.multiplier for order in orders), ZERO)


def _day(order: Order) -> date:
    return trading_day(order.first_executed_at or order.changed_at)
