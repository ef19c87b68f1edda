"""python -m bench.long_life [DAYS...]: how long a start takes by the age of its journal, in sessions; a year has 252.

The journal is written by the product's own writer from a generator: each session starts the engine, records the account's worth
each minute, opens four iron condors of two and closes the four of the week before, each with approval, price changes, executions
and commissions leg by leg, holds the books against the broker's every quarter of an hour, and ends with a checkpoint.

    start        lock, verify and fold from the newest checkpoint, as a restart does
    without      the same without a checkpoint, as the first start after an upgrade does: the whole journal is folded
    whole chain  every line of the journal is held against the chain of hashes

Both starts must come to the same ledger. Times are those of this machine, of the processor and not of the wall.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from engine.domain.contract import Contract, PutCall
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAcknowledged,
    OrderApproved,
    OrderPreviewed,
    OrderProposed,
    OrderRepriced,
    OrderSent,
    Purpose,
)
from engine.domain.facts.running import EngineStarted, EngineStopped, LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.spread import Action, Leg, Spread
from engine.runtime.schedule import sessions_between
from engine.store import checkpoint, journal

AGES = (21, 63, 126, 252)
FIRST, ACCOUNT, LEASE = date(2025, 1, 2), "DU1234567", "sp00001"
A_DAY, HELD_FOR = 4, 5
"""Positions opened on a session, and sessions for which each is held."""
SECONDS_MAX = 5.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one age."""

    sessions: int
    lines: int
    orders: int
    journal_bytes: int
    checkpoint_bytes: int
    start_s: float
    without_s: float
    verify_s: float
    is_same: bool
    """Whether both starts came to the same ledger."""


def main(ages: Sequence[int]) -> None:
    print(
        f"{'sessions':>8} {'lines':>9} {'orders':>7} {'journal':>12} {'checkpoint':>11} {'start s':>8} {'without s':>9}"
        f" {'whole chain s':>13}  same ledger"
    )
    for age in ages:
        with TemporaryDirectory() as folder:
            one = measured(Path(folder), age)
        print(
            f"{one.sessions:>8} {one.lines:>9,} {one.orders:>7,} {one.journal_bytes:>12,} {one.checkpoint_bytes:>11,}"
            f" {one.start_s:>8.2f} {one.without_s:>9.2f} {one.verify_s:>13.2f}  {'yes' if one.is_same else 'NO'}",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"a start is wanted within {SECONDS_MAX:g} s at any age; most memory of this program: {peak:,.0f} MB")


def measured(state: Path, sessions: int) -> Measured:
    """Write a journal of so many sessions and start on it, in both ways."""
    _write(state, sessions)
    files = sorted((state / journal.FOLDER).glob("*.jsonl"))
    kept = sorted((state / checkpoint.CHECKPOINTS).glob("*.json"))
    start_s, known = _timed(lambda: _ledger(state))
    verify_s, lines = _timed(lambda: checkpoint.verify(state))
    size = kept[-1].stat().st_size
    shutil.rmtree(state / checkpoint.CHECKPOINTS)
    without_s, folded = _timed(lambda: _ledger(state))
    return Measured(
        sessions=sessions,
        lines=lines,
        orders=len(known.orders),
        journal_bytes=sum(path.stat().st_size for path in files),
        checkpoint_bytes=size,
        start_s=start_s,
        without_s=without_s,
        verify_s=verify_s,
        is_same=known == folded,
    )


def _ledger(state: Path) -> Ledger:
    found = checkpoint.recover(state, ACCOUNT)
    found.journal.close()
    assert not found.odd, found.odd[:3]
    return found.ledger


def _timed(act: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    done = act()
    return time.process_time() - began, done


def _write(state: Path, sessions: int) -> None:
    """The journal of so many sessions, with the checkpoints that its engines have left."""
    state.mkdir(parents=True, exist_ok=True)
    found = checkpoint.recover(state, ACCOUNT)
    book, ledger, held = found.journal, found.ledger, list[tuple[OrderProposed, int]]()
    days = [one.open for one in sessions_between(FIRST, FIRST + timedelta(days=sessions * 2))][:sessions]
    for number, opens in enumerate(days):
        for at, fact in _session(number, opens, held):
            ledger.apply(fact, at)
            book.append(fact, at)
        checkpoint.save(state, book, ledger)
    book.close()


def _session(number: int, opens: datetime, held: list[tuple[OrderProposed, int]]) -> Iterator[tuple[datetime, Fact]]:
    yield opens, EngineStarted("0.1.0", "paper", LEASE)
    yield opens, LinkChanged("up", None, "connected")
    yield opens, Reconciled(())
    due = [order for order, since in held if number - since >= HELD_FOR]
    held[:] = [one for one in held if number - one[1] < HELD_FOR]
    for minute in range(1, 390):
        at = opens + timedelta(minutes=minute)
        worth = Decimal(100_000) + number * 20 + minute
        yield at, EquityRecorded(worth, worth / 2, worth / 2, Decimal(minute))
        if minute % 15 == 0:
            yield at, Reconciled((), (f"SPY {minute}",))
        if minute in range(30, 30 + 10 * A_DAY, 10):
            order = _proposal(number, (minute - 30) // 10, opens.date())
            held.append((order, number))
            yield from ((at, fact) for fact in _life(order, at))
        if minute in range(200, 200 + 10 * len(due), 10):
            opening = due[(minute - 200) // 10]
            yield from ((at, fact) for fact in _life(_closing(opening, number), at))
    yield opens + timedelta(minutes=391), EngineStopped("stopped")


def _proposal(number: int, which: int, day: date) -> OrderProposed:
    expiry = day + timedelta(days=45)
    wings: tuple[tuple[PutCall, int, Action], ...] = (
        ("P", 560, "sell"),
        ("P", 555, "buy"),
        ("C", 640, "sell"),
        ("C", 645, "buy"),
    )
    first = (number * A_DAY + which) * 4 + 1
    legs = tuple(
        Leg(Contract(first + at, "SPY", "SPY", expiry, Decimal(strike), right, 100), action)
        for at, (right, strike, action) in enumerate(wings)
    )
    return _order(f"{LEASE}-{day:%y%m%d}-{number * 10 + which:04d}", "open", "", Spread("iron_condor", legs), "1.60")


def _closing(opening: OrderProposed, number: int) -> OrderProposed:
    ref = f"{opening.order_ref}-c{number}"
    return _order(ref, "close", opening.order_ref, opening.spread, "-0.80")


def _order(ref: str, purpose: Purpose, position: str, spread: Spread, net: str) -> OrderProposed:
    limit = Decimal(net)
    return OrderProposed(
        order_ref=ref, purpose=purpose, strategy="condor", digest="d" * 64, snapshot="S1", position=position or ref,
        spread=spread, quantity=2, limit=limit, worst=limit - Decimal("0.10"), max_loss=Decimal(700), fees=Decimal("5.20"),
        reason="rank 1" if purpose == "open" else "profit >= 50% of credit",
        candidate={"net": float(limit), "pop": 0.7, "return_on_risk": 0.4} if purpose == "open" else None,
    )  # fmt: skip


def _life(order: OrderProposed, at: datetime) -> Iterator[Fact]:
    ref = order.order_ref
    yield order
    if order.purpose == "open":
        yield OrderPreviewed(ref, "fits", Decimal(1000), Decimal(1000), Decimal(320), Decimal("2.60"), "")
    yield OrderApproved(ref, "policy", order.limit)
    yield OrderSent(ref, order.limit)
    yield OrderAcknowledged(ref, order.spread.legs[0].contract.con_id, order.spread.legs[0].contract.con_id, "Submitted")
    for step in (1, 2):
        yield OrderRepriced(ref, order.limit - Decimal("0.01") * step, step)
    for leg in order.spread.legs:
        con_id, buys = leg.contract.con_id, (leg.action == "buy") == (order.purpose == "open")
        price = Decimal("1.00") + (abs(order.limit) / 2 if leg.action == "sell" else 0)
        exec_id = f"{ref}.{con_id}.01"
        yield LegFilled(ref, exec_id, con_id, "buy" if buys else "sell", order.quantity, price, at.astimezone(UTC))
        yield CommissionReported(ref, exec_id, Decimal("1.30"), con_id, "buy" if buys else "sell")


if __name__ == "__main__":
    main([int(age) for age in sys.argv[1:]] or AGES)
