"""Fills that nobody heard and that the broker tells no more, made again from what it still tells.

TWS tells the executions of its own day only. What filled while nobody listened, before its midnight, shows in two places: the
completed order, for as long as that is told, and the positions with their average cost. Where one number of filled spreads for
every doubtful order makes our count the broker's, and no other does, these fills are written down as provisional: the position
has its exits. Executions that are told after all take their place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from math import prod

from engine.domain.facts.orders import LegFilled
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.past_orders import oldest_first, unchecked_ends
from engine.domain.session import trading_day
from engine.domain.spread import Action, Leg
from engine.domain.waited import Leap, waited
from engine.ports import BrokerOrder, BrokerPosition, BrokerState
from engine.runtime.differences import is_end_unseen

REBUILT_AFTER = timedelta(seconds=30)
"""A broker that is asked so long after the doubt began, over the same link, would have told the executions by now."""
WAYS_MAX = 10_000
"""Numbers of filled spreads that are tried for orders which share contracts; more is a question for a person."""
_CENT_OF_A_CENT = Decimal("0.0001")

Find = Mapping[str, BrokerOrder]
"""What the broker has of an order, by reference."""


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """An order that may have filled further than we heard."""

    order: Order
    found: BrokerOrder | None
    counts: range
    """Numbers of whole spreads that may have filled."""

    def missing(self, spreads: int) -> dict[int, int]:
        """Contracts that these spreads make beyond what was heard, by con_id, as a change of the position."""
        return {
            leg.contract.con_id: _sign(self.order, leg) * (spreads * leg.ratio - self.order.leg_filled(leg.contract.con_id))
            for leg in self.order.spread.legs
        }


def rebuilt(
    ledger: Ledger, state: BrokerState, found: Find, requested_at: datetime, leaps: Sequence[Leap] = ()
) -> Iterator[LegFilled]:
    """The fills that explain the broker's positions, once they are not to be expected any more."""
    open_to_doubt = [one.ref for one in (*ledger.working(), *unchecked_ends(ledger))]
    orders = oldest_first([*open_to_doubt, *ledger.unbalanced], ledger)
    doubtful = [one for order in orders if (one := _doubt(order, ledger, found, requested_at, leaps)) is not None]
    held = {position.con_id: position for position in state.positions}
    ours = ledger.contracts_held()
    for group in _groups(doubtful):
        spreads = _explained(group, ours, held, state.unread_positions, requested_at)
        for one, count in zip(group, spreads or (), strict=spreads is not None):
            yield from _fills(one, count, ledger, held, ours)


def _doubt(order: Order, ledger: Ledger, found: Find, requested_at: datetime, leaps: Sequence[Leap]) -> _Doubtful | None:
    theirs = found.get(order.ref)
    told = _told(order, theirs)
    is_open = order.state == "unknown" or order.ref in ledger.unbalanced
    if order.sent_at is None or not (is_open or _is_end_doubtful(order, told, ledger, requested_at)):
        return None
    began = max(moment for moment in (order.changed_at, order.fill_reported_at, ledger.connection_at, order.sent_at) if moment)
    if waited(began, requested_at, leaps) < REBUILT_AFTER:
        return None
    most = max(-(-order.leg_filled(leg.contract.con_id) // leg.ratio) for leg in order.spread.legs)
    if told is None:
        return _Doubtful(order, theirs, range(most, max(most, order.quantity) + 1))
    return _Doubtful(order, theirs, range(told, told + 1)) if told >= most else None


def _is_end_doubtful(order: Order, told: int | None, ledger: Ledger, requested_at: datetime) -> bool:
    """Whether an order that ended may have filled further than we heard: the broker says so, or it tells that day no more."""
    if told is None:
        return is_end_unseen(order, ledger, requested_at)
    return ledger.is_end_unchecked(order) and told > order.filled


def _told(order: Order, found: BrokerOrder | None) -> int | None:
    """Whole spreads that the broker says have filled; None where it does not say."""
    if found is None:
        return None
    if found.filled:
        return int(found.filled)
    return order.quantity if found.status == "filled" else 0


def _groups(doubtful: list[_Doubtful]) -> list[list[_Doubtful]]:
    """Orders that share a contract are explained together."""
    groups: list[list[_Doubtful]] = []
    for one in doubtful:
        contracts = _contracts([one])
        near = [group for group in groups if contracts & _contracts(group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(other for group in near for other in group), one])
    return groups


def _contracts(group: list[_Doubtful]) -> set[int]:
    return {leg.contract.con_id for one in group for leg in one.order.spread.legs}


def _explained(
    group: list[_Doubtful],
    ours: Mapping[int, int],
    held: Mapping[int, BrokerPosition],
    unread: frozenset[int],
    requested_at: datetime,
) -> tuple[int, ...] | None:
    """The one number of filled spreads an order that makes our count the broker's; None where none does, or several do."""
    contracts = _contracts(group)
    if contracts & unread or prod(len(one.counts) for one in group) > WAYS_MAX:
        return None
    # What has expired is in nobody's positions: there only the broker's word on the order counts.
    legs = [leg for one in group for leg in one.order.spread.legs]
    seen = contracts - {leg.contract.con_id for leg in legs if _is_gone(leg, requested_at)}
    if not seen and any(len(one.counts) > 1 for one in group):
        return None
    fitting = [
        spreads
        for spreads in product(*(one.counts for one in group))
        if all(
            (held[con_id].quantity if con_id in held else 0)
            == ours.get(con_id, 0) + sum(one.missing(count).get(con_id, 0) for one, count in zip(group, spreads, strict=True))
            for con_id in seen
        )
    ]
    return fitting[0] if len(fitting) == 1 else None


def _is_gone(leg: Leg, at: datetime) -> bool:
    """Whether the leg has expired: of options that settle in the morning on their last day already."""
    today = trading_day(at)
    return leg.contract.expiry < today or (leg.contract.expiry == today and leg.contract.rule.settlement == "AM")


def _fills(
    one: _Doubtful, spreads: int, ledger: Ledger, held: Mapping[int, BrokerPosition], ours: Mapping[int, int]
) -> Iterator[LegFilled]:
    order, found = one.order, one.found
    missing = one.missing(spreads)
    prices = _prices(order, ledger, missing, held, ours)
    for leg in order.spread.legs:
        con_id = leg.contract.con_id
        quantity, done = abs(missing[con_id]), order.leg_filled(con_id)
        if quantity:
            yield LegFilled(
                order_ref=order.ref,
                exec_id=f"{order.ref}/{con_id}/{done + 1}-{done + quantity}",
                con_id=con_id,
                action=_action(order, leg),
                quantity=quantity,
                price=prices[con_id],
                executed_at=(found.ended_at if found is not None else None) or order.sent_at,
                perm_id=order.perm_id,
                provisional=True,
            )


def _prices(
    order: Order, ledger: Ledger, missing: Mapping[int, int], held: Mapping[int, BrokerPosition], ours: Mapping[int, int]
) -> dict[int, Decimal]:
    """USD per share of each leg: what is told of it, and no worse in all than the limit, as no limit order fills worse."""
    told = {leg.contract.con_id: _told_price(order, leg, missing, held, ours) for leg in order.spread.legs}
    prices = {
        leg.contract.con_id: _first(told[leg.contract.con_id], _traded_at(ledger.orders.get(order.proposed.position), leg))
        for leg in order.spread.legs
    }
    short = order.limit - sum((_cash(order, leg) * prices[leg.contract.con_id] for leg in order.spread.legs), Decimal(0))
    if short > 0 or None in told.values():
        # One leg that is made here takes the rest, one whose price rises by it where there is one.
        made = [leg for leg in order.spread.legs if missing[leg.contract.con_id]]
        for leg in sorted(made, key=lambda leg: short / _cash(order, leg), reverse=True)[:1]:
            con_id = leg.contract.con_id
            prices[con_id] = max(Decimal(0), prices[con_id] + short / _cash(order, leg))
    return {con_id: price.quantize(_CENT_OF_A_CENT) for con_id, price in prices.items()}


def _told_price(
    order: Order, leg: Leg, missing: Mapping[int, int], held: Mapping[int, BrokerPosition], ours: Mapping[int, int]
) -> Decimal | None:
    """What the broker says that the leg traded at: its average cost, or what executions were heard; None is nothing."""
    position = held.get(leg.contract.con_id)
    if position is not None and missing[position.con_id]:
        cost = _cost(position, missing[position.con_id], ours)
        if cost is not None:
            return cost / leg.contract.multiplier
    return _traded_at(order, leg)


def _first(*prices: Decimal | None) -> Decimal:
    return next((price for price in prices if price is not None), Decimal(0))


def _cost(position: BrokerPosition, change: int, ours: Mapping[int, int]) -> Decimal | None:
    """Average USD that one contract of the change cost or brought; None where others are in the broker's average."""
    if position.average_cost is None or position.quantity != change or ours.get(position.con_id, 0):
        return None
    return abs(position.average_cost)


def _traded_at(order: Order | None, leg: Leg) -> Decimal | None:
    """Average price of the leg's executions in an order, USD per share."""
    fills = [] if order is None else [fill for fill in order.fills.values() if fill.con_id == leg.contract.con_id]
    count = sum(fill.quantity for fill in fills)
    return sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / count if count else None


def _cash(order: Order, leg: Leg) -> int:
    """Contracts of a leg in one spread, + where the order sells them."""
    return -_sign(order, leg) * leg.ratio


def _sign(order: Order, leg: Leg) -> int:
    """+1 where the order buys the leg."""
    return leg.sign if order.purpose == "open" else -leg.sign


def _action(order: Order, leg: Leg) -> Action:
    return "buy" if _sign(order, leg) > 0 else "sell"
