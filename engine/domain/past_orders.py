"""Orders that are over and of which something is still asked, found without walking every order that ever was."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from engine.domain.clocks import POSITIONS_FOLLOW_WITHIN
from engine.domain.index import Refs
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.session import trading_day


def in_contract(con_id: int, ledger: Ledger) -> Iterator[Order]:
    """Orders with a leg in a contract, oldest first."""
    return map(ledger.orders.__getitem__, ledger.index.in_contract.get(con_id, ()))


def with_perm_id(perm_id: int, ledger: Ledger) -> Order | None:
    """The youngest order that the broker calls so; None where there is none."""
    ref = max(ledger.index.perm_ids.get(perm_id, ()), key=ledger.index.orders.__getitem__, default=None)
    return ledger.orders[ref] if ref is not None else None


def filled_since(at: datetime, ledger: Ledger) -> Iterator[Order]:
    """Orders of which an execution was heard after a moment, oldest first."""
    found = oldest_first(_from(ledger.index.filled, trading_day(at)), ledger)
    return (order for order in found if order.fill_reported_at is not None and order.fill_reported_at > at)


def unchecked_ends(ledger: Ledger) -> Iterator[Order]:
    """Orders that ended without filling whole, and no books that agreed have followed, oldest first."""
    since = date.min if ledger.agreed_at is None else trading_day(ledger.agreed_at - POSITIONS_FOLLOW_WITHIN)
    return (order for order in oldest_first(_from(ledger.index.short_ends, since), ledger) if ledger.is_end_unchecked(order))


def oldest_first(refs: Iterable[str], ledger: Ledger) -> Iterator[Order]:
    """The orders of these references, each once."""
    return map(ledger.orders.__getitem__, sorted(set(refs), key=ledger.index.orders.__getitem__))


def _from(by_day: dict[date, Refs], first: date) -> Iterator[str]:
    return (ref for day, refs in by_day.items() if day >= first for ref in refs)
