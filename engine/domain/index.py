"""Where the ledger finds what is asked for in every beat, so that nothing walks every order that ever was.

Derived from the orders and positions, kept beside them by the fold and never written down. It holds references only: what stands
in the ledger is what is answered.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.session import trading_day

Key = TypeVar("Key")
Refs = dict[str, None]
"""A set that keeps the order in which things came into it."""


@dataclass(slots=True)
class Index:
    """References of orders and positions by what they are asked for."""

    orders: dict[str, int] = field(default_factory=dict[str, int])
    """How many orders were proposed before each: the oldest first."""
    positions: dict[str, int] = field(default_factory=dict[str, int])
    """The same for positions, by when each was there first."""
    working: Refs = field(default_factory=Refs)
    closings: dict[str, Refs] = field(default_factory=dict[str, Refs])
    """By position."""
    successors: dict[str, Refs] = field(default_factory=dict[str, Refs])
    """Openings that take the place of a position, by that position."""
    rolls: dict[str, Refs] = field(default_factory=dict[str, Refs])
    """Openings that join a position, by that position."""
    opened: dict[date, Refs] = field(default_factory=dict[date, Refs])
    """Openings that filled or still may, by the trading day on which they were proposed."""
    failed: dict[tuple[str, str], Refs] = field(default_factory=dict[tuple[str, str], Refs])
    """Openings that ended without a fill, by (strategy, underlying), the one that changed last at the end."""
    sent: dict[date, Refs] = field(default_factory=dict[date, Refs])
    """By the trading day on which they were sent."""
    openings_sent: Counter[str] = field(default_factory=Counter[str])
    """How many openings were ever sent, by strategy."""
    open: Refs = field(default_factory=Refs)
    """Positions of which something is left."""
    closed: dict[tuple[str, date], Refs] = field(default_factory=dict[tuple[str, date], Refs])
    """Positions of which nothing is left, by strategy and the trading day on which they ended."""
    excess: Refs = field(default_factory=Refs)
    """Positions of which more was closed than was open."""
    bare: Refs = field(default_factory=Refs)
    """Positions with a short contract that no long one covers."""
    contracts: dict[int, int] = field(default_factory=dict[int, int])
    """Contracts that the fills make, by con_id, short is negative, flat ones are left out."""
    contracts_of: dict[str, dict[int, int]] = field(default_factory=dict[str, dict[int, int]])
    """The part of each position in them; of one that holds nothing there is none."""
    in_contract: dict[int, Refs] = field(default_factory=dict[int, Refs])
    """Orders that have a leg in a contract, by con_id."""
    perm_ids: dict[int, Refs] = field(default_factory=dict[int, Refs])
    """Orders by what the broker calls them; a simulator may give a number again."""
    filled: dict[date, Refs] = field(default_factory=dict[date, Refs])
    """By the trading day on which their last execution was heard."""
    short_ends: dict[date, Refs] = field(default_factory=dict[date, Refs])
    """Orders that were sent and ended without filling whole, by the trading day of their last change."""

    def __copy__(self) -> "Index":
        return Index(
            orders=dict(self.orders),
            positions=dict(self.positions),
            working=dict(self.working),
            closings=_copied(self.closings),
            successors=_copied(self.successors),
            rolls=_copied(self.rolls),
            opened=_copied(self.opened),
            failed=_copied(self.failed),
            sent=_copied(self.sent),
            openings_sent=Counter(self.openings_sent),
            open=dict(self.open),
            closed=_copied(self.closed),
            excess=dict(self.excess),
            bare=dict(self.bare),
            contracts=dict(self.contracts),
            contracts_of=dict(self.contracts_of),
            in_contract=_copied(self.in_contract),
            perm_ids=_copied(self.perm_ids),
            filled=_copied(self.filled),
            short_ends=_copied(self.short_ends),
        )

    def order(self, before: Order | None, after: Order) -> None:
        """An order was proposed, or is another one by now."""
        ref, proposed = after.ref, after.proposed
        self.orders.setdefault(ref, len(self.orders))
        _put(self.working, ref, there=not after.is_over)
        if before is None and after.purpose == "close":
            self.closings.setdefault(proposed.position, {})[ref] = None
        if before is None and proposed.rolled_from is not None:
            self.successors.setdefault(proposed.rolled_from, {})[ref] = None
        if before is None and after.joins is not None:
            self.rolls.setdefault(after.joins, {})[ref] = None
        if after.sent_at is not None and (before is None or before.sent_at is None):
            self.sent.setdefault(trading_day(after.sent_at), {})[ref] = None
            self.openings_sent[after.strategy] += after.purpose == "open"
        if before is None:
            for leg in after.spread.legs:
                self.in_contract.setdefault(leg.contract.con_id, {})[ref] = None
        _moved(self.perm_ids, ref, (before.perm_id or None) if before is not None else None, after.perm_id or None)
        _moved(self.filled, ref, _filled_on(before), _filled_on(after))
        _moved(self.short_ends, ref, _fell_short_on(before), _fell_short_on(after))
        if after.purpose == "open":
            self._opening(before, after)

    def count(self, position: str, contracts: dict[int, int]) -> None:
        """The fills of a position make these contracts by now."""
        for con_id, quantity in self.contracts_of.pop(position, {}).items():
            self._add(con_id, -quantity)
        for con_id, quantity in contracts.items():
            self._add(con_id, quantity)
        if contracts:
            self.contracts_of[position] = contracts

    def _add(self, con_id: int, quantity: int) -> None:
        left = self.contracts.get(con_id, 0) + quantity
        if left:
            self.contracts[con_id] = left
        else:
            self.contracts.pop(con_id, None)

    def _opening(self, before: Order | None, after: Order) -> None:
        is_dead = after.is_over and after.filled == 0
        # What a person gave to the engine was opened by nobody here: it uses up no day's openings.
        _put(self.opened.setdefault(trading_day(after.proposed_at), {}), after.ref, there=not is_dead and not after.is_adopted)
        failed = self.failed.setdefault((after.strategy, after.spread.underlying), {})
        if not is_dead or before is None or before.changed_at != after.changed_at:
            failed.pop(after.ref, None)
        _put(failed, after.ref, there=is_dead)

    def position(self, before: Position | None, after: Position | None) -> None:
        """A position is there, is another one by now, or is gone."""
        known = after or before
        if known is None:
            return
        if before is not None and before.closed_at is not None:
            self.closed.get((before.strategy, trading_day(before.closed_at)), {}).pop(before.id, None)
        if after is None:
            self.positions.pop(known.id, None)
        elif before is None:
            self.positions[known.id] = _next(self.positions)
        if after is not None and not after.is_open and after.closed_at is not None:
            self.closed.setdefault((after.strategy, trading_day(after.closed_at)), {})[after.id] = None
        _put(self.open, known.id, there=after is not None and after.is_open)
        _put(self.excess, known.id, there=after is not None and after.excess > 0)
        _put(self.bare, known.id, there=after is not None and bool(after.bare))


def index_of(orders: Iterable[Order], positions: Iterable[Position]) -> Index:
    """The index of a ledger that was read from a checkpoint."""
    made, all_orders = Index(), list(orders)
    for order in all_orders:
        made.order(None, order)
    changed_at = {order.ref: order.changed_at for order in all_orders}
    for key, failed in made.failed.items():
        made.failed[key] = dict.fromkeys(sorted(failed, key=changed_at.__getitem__))
    for position in positions:
        made.position(None, position)
    return made


def _put(refs: Refs, ref: str, *, there: bool) -> None:
    if there:
        refs[ref] = None
    else:
        refs.pop(ref, None)


def _moved(by_key: dict[Key, Refs], ref: str, before: Key | None, after: Key | None) -> None:
    """Take a reference from one key to another; None is no key."""
    if before != after and before is not None:
        _put(by_key[before], ref, there=False)
        if not by_key[before]:
            del by_key[before]
    if after is not None:
        by_key.setdefault(after, {})[ref] = None


def _filled_on(order: Order | None) -> date | None:
    return trading_day(order.fill_reported_at) if order is not None and order.fill_reported_at is not None else None


def _fell_short_on(order: Order | None) -> date | None:
    fell_short = order is not None and order.sent_at is not None and order.is_over and order.state != "filled"
    return trading_day(order.changed_at) if order is not None and fell_short else None


def _next(places: dict[str, int]) -> int:
    """One more than the last place: places are given in rising order, and kept in it."""
    return places[next(reversed(places))] + 1 if places else 0


def _copied(by_key: dict[Key, Refs]) -> dict[Key, Refs]:
    return {key: dict(refs) for key, refs in by_key.items()}
