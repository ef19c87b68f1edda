"""Which orders close a position, or some of it: each takes legs that leave every short covered, whatever of it fills.

A part of a position is closed as one combination. Where a close must be and nobody bids for a long of it, the combination waits
for a buyer of something that is worth nothing while its short can still cost money: then the short is bought back alone, and the
long stays. It costs at most what the two can be worth together, and what the long is bid.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.decide.quotes import Rows
from engine.domain.clocks import SETTLES_AFTER
from engine.domain.cover import left_bare
from engine.domain.order import Order
from engine.domain.parts import BOTH, Part, Portion, Side, of_side, pairs_of, parts_of, side_of_leg, some_of
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg, Spread

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cut:
    """Legs of a position that one order is to close, as they were opened."""

    spread: Spread
    quantity: int
    floor: Decimal | None = None
    """The least that they can be worth with what stays beside them, USD per share; None where their own legs bound them."""

    @property
    def is_short_alone(self) -> bool:
        return len(self.spread.legs) == 1 and self.spread.legs[0].sign < 0


def free_parts(position: Position, snapshot: Snapshot) -> tuple[Part, ...]:
    """What of a position no close is at work on, and none was until just now, when its last fills may still be travelling.

    A profit taker that rests gives way to what is decided (`resting`).
    """
    busy = {
        leg.contract.con_id
        for order in snapshot.ledger.closings_of(position.id)
        if not order.proposed.resting and (not order.is_over or snapshot.waited(order.changed_at) < SETTLES_AFTER)
        for leg in order.spread.legs
    }
    if not busy:
        return position.parts
    opening = position.formed or snapshot.ledger.orders[position.id].spread
    there = {lot.leg.contract.con_id: lot.held for lot in position.lots if lot.leg.contract.con_id not in busy}
    held = [there.get(leg.contract.con_id, 0) for leg in opening.legs]
    free = [Part(spread, quantity, ZERO, ZERO) for spread, quantity in parts_of(opening, held)]
    return tuple(
        free + [part for part in position.parts if part.spread.is_shares and part.spread.legs[0].contract.con_id in there]
    )


def of_one_side(parts: Iterable[Part], side: Side) -> tuple[Part, ...]:
    """The puts, or the calls, of these parts; empty where they have none. Shares are neither."""
    found = ((part, of_side(part.spread, side)) for part in parts if not part.spread.is_shares)
    return tuple(part if spread is part.spread else replace(part, spread=spread) for part, spread in found if spread is not None)


def halved(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Half of each of these parts, rounded up: half of one is one."""
    return tuple(replace(part, quantity=-(-part.quantity // 2)) for part in parts)


def cuts(parts: Iterable[Part], rows: Rows, *, must: bool, is_guard: bool = False) -> Iterator[Cut]:
    """The orders that close these parts now. A long alone that nobody bids for is left, but for the last day's guard.

    `must` tells that waiting for a buyer of a long may cost more than the long is worth.
    """
    for part in parts:
        mark = rows.mark(part.spread, "close")
        is_unbid = mark is not None and bool(mark.unbid)
        if is_unbid and not part.spread.shorts and not is_guard:
            continue
        is_split = must and is_unbid and (is_guard or (mark is not None and mark.obstacle is None))
        yield from (is_split and _bought_back(part, rows)) or [Cut(part.spread, part.quantity)]


def portion_cuts(position: Position, portion: Portion, rows: Rows) -> tuple[Cut, ...]:
    """The orders that close so much of what is open of a position; empty where it has nothing of the kind."""
    parts = position.parts if portion.side is None else of_one_side(position.parts, portion.side)
    if portion.half:
        parts = halved(parts)
    return tuple(_owed(parts, portion, rows)) if portion.short else tuple(Cut(part.spread, part.quantity) for part in parts)


def rule_cuts(
    position: Position, portion: Portion, rule: str, snapshot: Snapshot, rows: Rows, *, must: bool, is_guard: bool = False
) -> tuple[Cut, ...]:
    """The orders that a rule closes this portion with now, of what no other close is at work on.

    A half, or another part, is closed once: what orders for the same reason have filled of it counts.
    """
    parts = free_parts(position, snapshot)
    if portion.side is not None:
        parts = of_one_side(parts, portion.side)
    if (portion.half or portion.percent is not None) and parts:
        left = _left(position, portion, rule, snapshot)
        parts = (replace(parts[0], quantity=min(left, parts[0].quantity)),) if left > 0 else ()
    return tuple(_owed(parts, portion, rows)) if portion.short else tuple(cuts(parts, rows, must=must, is_guard=is_guard))


def is_done(position: Position, portion: Portion, rule: str, snapshot: Snapshot) -> bool:
    """Whether nothing is left of the portion that a rule closes: its side is gone, its share was closed, no short is owed."""
    if portion.half or portion.percent is not None:
        return _left(position, portion, rule, snapshot) <= 0
    if portion.short:
        return not any(portion.side in {None, side_of_leg(leg)} for leg in position.shorts)
    return portion.side is not None and not of_one_side(position.parts, portion.side)


def _left(position: Position, portion: Portion, rule: str, snapshot: Snapshot) -> int:
    """Combinations of the first part that a rule has still to close to have closed its share, rounded up: half of those that it
    met, or so many of a hundred of those that were opened."""
    filled = sum(order.filled for order in snapshot.ledger.closings_of(position.id) if order.proposed.rule == rule)
    if portion.percent is not None:
        return -(-position.opened * portion.percent // 100) - filled
    return -(-(position.quantity + filled) // 2) - filled


def net_of(cut_nets: Iterable[tuple[Cut, Decimal]]) -> Decimal:
    """What several orders bring together, each at its net, USD per share of one combination of the first."""
    nets = list(cut_nets)
    first = nets[0][0]
    total = sum((net * cut.quantity * cut.spread.multiplier for cut, net in nets), ZERO)
    return total / (first.quantity * first.spread.multiplier)


def _owed(parts: Iterable[Part], portion: Portion, rows: Rows) -> Iterator[Cut]:
    """The orders that buy back the shorts of these parts: those of both sides in one, where the portion wants it."""
    return shorts_together(parts, rows) if portion.together else shorts_alone(parts, rows)


def shorts_together(parts: Iterable[Part], rows: Rows) -> Iterator[Cut]:
    """The same with one order for what both sides of a part owe: it costs at most what the part can be worth, and what its longs
    are bid."""
    for part in parts:
        spread, places = part.spread, [at for at, leg in enumerate(part.spread.legs) if leg.sign < 0]
        if len({side_of_leg(spread.legs[at]) for at in places}) < len(places) or len(places) < len(BOTH):
            yield from shorts_alone((part,), rows)
        else:
            floor = spread.floor - sum((leg.ratio * _bid(leg, rows) for leg in spread.legs if leg.sign > 0), ZERO)
            yield Cut(some_of(spread, places, as_pairs=False), part.quantity, floor)


def shorts_alone(parts: Iterable[Part], rows: Rows) -> Iterator[Cut]:
    """The orders that buy back the shorts of these parts and leave every long."""
    for part in parts:
        for pair, quantity in _pairs(part):
            if pair.shorts:
                yield _short(pair, quantity, rows)


def shortage(close: Order, snapshot: Snapshot) -> str | None:
    """Why a close may not be at work beside the others of its position; None while it may.

    It takes no contract that is not held, or that another one may take, and no fill of any of them leaves a short uncovered.
    """
    position = snapshot.ledger.positions.get(close.proposed.position)
    closings = snapshot.ledger.closings_of(close.proposed.position)
    first = [one.ref for one in closings].index(close.ref)
    # What was proposed later and has not been sent gives way; a profit taker that rests is waited for before a close is approved.
    counted = [one for one in closings if not (one.proposed.resting and close.state == "proposed")]
    others = [one for one in counted if not one.is_over and one is not closings[first]]
    others = [one for one in others if closings.index(one) < first or one.is_at_broker]
    if position is None or not _is_there(position, close, others):
        return "part of it has been closed meanwhile"
    bare = left_bare(position.held, [(one.spread.legs, one.remaining) for one in (close, *others)])
    added = {contract: count for contract, count in bare.items() if count > dict(position.bare).get(contract, 0)}
    if added:
        told = ", ".join(f"{count} × {contract}" for contract, count in added.items())
        return f"it could leave {told} with no long contract beside it"
    return None


def _is_there(position: Position, close: Order, others: Sequence[Order]) -> bool:
    held = {lot.leg.contract.con_id: lot.held for lot in position.lots}
    for leg in close.spread.legs:
        con_id = leg.contract.con_id
        taken = sum(one.remaining * _ratio(one.spread.legs, con_id) for one in others)
        if held.get(con_id, 0) - taken < close.remaining * leg.ratio:
            return False
    return True


def _ratio(legs: Iterable[Leg], con_id: int) -> int:
    return next((leg.ratio for leg in legs if leg.contract.con_id == con_id), 0)


def _bought_back(part: Part, rows: Rows) -> list[Cut]:
    """The shorts alone whose long nobody bids for, and the rest of the part in pairs; empty where no short can be bought so."""
    found: list[Cut] = []
    for pair, quantity in _pairs(part):
        is_unbid = any(_bid(leg, rows) <= 0 for leg in pair.legs if leg.sign > 0)
        if not is_unbid:
            found.append(Cut(pair, quantity))
        elif pair.shorts and pair.floor < 0:
            found.append(_short(pair, quantity, rows))
    return found if any(cut.is_short_alone for cut in found) else []


def _pairs(part: Part) -> Iterator[tuple[Spread, int]]:
    for pair, quantity in pairs_of(part.spread, [leg.ratio * part.quantity for leg in part.spread.legs]):
        yield part.spread if pair.legs == part.spread.legs else pair, quantity


def _short(pair: Spread, quantity: int, rows: Rows) -> Cut:
    """The short of a pair; what its long is bid may be paid as well, because the long can be sold for it."""
    (at,) = [at for at, leg in enumerate(pair.legs) if leg.sign < 0]
    longs = [leg for leg in pair.legs if leg.sign > 0]
    floor = pair.floor - sum((_bid(leg, rows) for leg in longs), ZERO) if longs else None
    return Cut(pair if not longs else some_of(pair, [at]), quantity, floor)


def _bid(leg: Leg, rows: Rows) -> Decimal:
    return Decimal(repr(round(rows.value(leg.contract.con_id, "bid") or 0.0, 4)))
