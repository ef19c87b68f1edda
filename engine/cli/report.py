"""The report that ends a demonstration: what was found, taken and left, what it made, and what it would cost to be wrong.

Reads facts and the ledger; knows nothing of simulators.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from engine.cli.narrate import money, price
from engine.domain.facts import (
    CandidatesRecorded,
    EntryDenied,
    EquityRecorded,
    ExitTriggered,
    Fact,
    FunnelRecorded,
    OrderProposed,
    OrderRepriced,
    OrderSent,
)
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.session import NEW_YORK
from engine.runtime.desk import Desk

RULE = "─" * 100
BAR = "█"
BAR_WIDTH = 30
Row = Mapping[str, object]


@dataclass(slots=True)
class Record:
    """What a demonstration keeps for its report."""

    facts: list[tuple[datetime, Fact]] = field(default_factory=list[tuple[datetime, Fact]])
    ledger: Ledger | None = None
    desk: Desk | None = None
    cash: int = 0


def report(record: Record, seed: int, state: Path, took_s: float) -> Iterator[str]:
    """The report, line by line."""
    ledger = record.ledger
    if ledger is None:
        yield "the engine did not start; see the messages above"
        return
    yield RULE
    yield f"REPORT   seed {seed}   {len(record.facts):,} facts in the journal   {took_s:.0f} s"
    yield from _searches(record, ledger)
    for order in ledger.orders.values():
        if order.purpose == "open":
            yield from _story(order, record, ledger)
    yield from _result(record, ledger)
    yield from _risk(record, ledger)
    yield RULE
    yield "Look closer:"
    yield f"  spreads query --state {state} 'FROM trades'"
    yield f"  spreads why {next(iter(ledger.strategies), 'STRATEGY')} --state {state}"
    yield f"  less {state}/journal/*.jsonl"


def _searches(record: Record, ledger: Ledger) -> Iterator[str]:
    """The fullest funnel of each strategy, as bars, and what stopped it."""
    for name in sorted(ledger.strategies):
        funnels = [(at, fact) for at, fact in record.facts if isinstance(fact, FunnelRecorded) and fact.strategy == name]
        if not funnels:
            continue
        at, best = max(funnels, key=lambda found: (found[1].candidates, sum(step.passed for step in found[1].steps)))
        yield ""
        yield f"{name}: searched {len(funnels)} times; its best look was {_time(at)}"
        most = max((step.passed for step in best.steps), default=0)
        for step in best.steps:
            bar = BAR * round(BAR_WIDTH * step.passed / most) if most else ""
            unknown = f"  ({step.unknown} unknown)" if step.unknown else ""
            yield f"  {step.passed:>6,} {bar:<{BAR_WIDTH}} {step.condition}{unknown}"
        if best.nearest_miss:
            yield f"  nearest miss: {best.nearest_miss}"
        for denied in _denials(record, name):
            yield f"  stopped: {denied}"


def _denials(record: Record, name: str) -> list[str]:
    """Each reason once, with when it first stopped an opening."""
    seen: dict[str, str] = {}
    for at, fact in record.facts:
        if isinstance(fact, EntryDenied) and fact.strategy == name:
            seen.setdefault(fact.obstacle.gate, f"{_time(at)}  {fact.obstacle}")
    return list(seen.values())


def _story(order: Order, record: Record, ledger: Ledger) -> Iterator[str]:
    """One opening from candidate to close."""
    proposed = order.proposed
    yield ""
    yield RULE
    yield f"{order.spread}   ×{order.quantity}   {order.strategy}   {order.ref}"
    yield from _choice(proposed, record)
    passed = sum(verdict.answer == "pass" for verdict in proposed.verdicts)
    tightest = ", ".join(str(verdict) for verdict in proposed.verdicts if verdict.gate in {"per_trade", "stress"})
    yield f"  gates     {passed} of {len(proposed.verdicts)} passed; {tightest}"
    if order.preview is not None:
        margin = order.preview.initial_margin_change
        yield f"  preview   {order.preview.outcome}" + (f", initial margin {margin:+,.0f} USD" if margin is not None else "")
    yield f"  approval  by {order.approved_by}" if order.approved_by else f"  ended     {order.state}: {order.why}"
    if order.sent_at is not None:
        yield from _walk(order, record)
    position = ledger.positions.get(order.ref)
    if position is not None:
        yield from _afterwards(position, record, ledger)


def _choice(proposed: OrderProposed, record: Record) -> Iterator[str]:
    """Why the best was taken, and its nearest rival in the same look was not."""
    taken = proposed.candidate
    if taken is None:
        return
    yield f"  taken     {_numbers(taken)}"
    rivals = [
        row
        for _, fact in record.facts
        if isinstance(fact, CandidatesRecorded) and (fact.strategy, fact.snapshot) == (proposed.strategy, proposed.snapshot)
        for row in fact.candidates
        if _strikes(row) != _strikes(taken)
    ]
    if not rivals:
        yield "  rivals    none: no other spread passed every line"
        return
    best = max(rivals, key=lambda row: _float(row, "score"))
    behind = _float(taken, "score") - _float(best, "score")
    yield f"  not taken {_numbers(best)}"
    if behind >= 0:
        yield f"            it ranks {behind:.4g} behind"
    else:
        yield f"            it ranks {-behind:.4g} ahead, but is held, trades against a held leg, or a gate stops it"


def _walk(order: Order, record: Record) -> Iterator[str]:
    """The prices of an order, and what it filled at."""
    limits = [
        fact.limit for _, fact in record.facts if isinstance(fact, OrderSent | OrderRepriced) and fact.order_ref == order.ref
    ]
    walk = " → ".join(price(abs(limit)) for limit in limits)
    last = max((fill.executed_at for fill in order.fills.values()), default=None)
    took = f" in {(last - order.sent_at).total_seconds():.0f} s" if last and order.sent_at else ""
    if order.net_filled is None:
        yield f"  order     {walk}, not filled: {order.why or order.state}"
        return
    yield f"  order     {walk}, filled {order.filled}/{order.quantity} at {money(order.net_filled)}{took}"
    for leg in order.spread.legs:
        fills = [fill for fill in order.fills.values() if fill.con_id == leg.contract.con_id]
        count = sum(fill.quantity for fill in fills)
        average = sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / count if count else Decimal(0)
        done = "sold" if (leg.action == "sell") == (order.purpose == "open") else "bought"
        yield f"            {done} {count} × {leg.contract} at {price(average)}"


def _afterwards(position: Position, record: Record, ledger: Ledger) -> Iterator[str]:
    for at, fact in record.facts:
        if isinstance(fact, ExitTriggered) and fact.position == position.id:
            values = ", ".join(f"{name} {'unknown' if value is None else f'{value:,.4g}'}" for name, value in fact.values.items())
            yield f"  exit      {_time(at)}  {fact.rule}  ({values})"
    for closing in ledger.closings_of(position.id):
        if closing.sent_at is not None:
            yield from _walk(closing, record)
    made = position.realised - position.fees
    if position.is_open:
        yield f"  open      {position.quantity} left; at risk ${position.max_loss:,.2f}"
    else:
        yield f"  result    {position.realised:+,.2f} before fees, {position.fees:,.2f} fees: {made:+,.2f} USD"


def _result(record: Record, ledger: Ledger) -> Iterator[str]:
    yield ""
    yield RULE
    closed = [position for position in ledger.positions.values() if not position.is_open]
    realised = sum((position.realised for position in ledger.positions.values()), Decimal(0))
    fees = sum((position.fees for position in ledger.positions.values()), Decimal(0))
    rows = record.desk.positions() if record.desk else []
    marks = [row["unrealised_usd"] for row in rows if row["state"] == "open"]
    yield f"{len(ledger.positions)} {'position' if len(ledger.positions) == 1 else 'positions'}, {len(closed)} closed"
    yield f"  realised    {realised:>+12,.2f} USD"
    known = [float(cast("float", mark)) for mark in marks if mark is not None]
    if len(known) == len(marks):
        yield f"  unrealised  {sum(known):>+12,.2f} USD at mid"
    else:
        yield "  unrealised       unknown: a leg has no quote"
    yield f"  fees        {-fees:>+12,.2f} USD"
    worth = [(at, fact.net_liquidation) for at, fact in record.facts if isinstance(fact, EquityRecorded)]
    if worth:
        # The broker tells the account's value every three minutes: its last word may be older than the marks above.
        told, last = worth[-1]
        spark = _spark([float(value) for _, value in worth])
        yield f"  account     {worth[0][1]:>12,.2f} → {last:,.2f} USD, as told {_time(told)}   {spark}"


def _risk(record: Record, ledger: Ledger) -> Iterator[str]:
    """What it would cost to be wrong about everything that is open."""
    open_positions = list(ledger.open_positions())
    at_risk = sum((position.max_loss for position in open_positions), Decimal(0))
    equity = ledger.equity.net_liquidation if ledger.equity else None
    share = f", {at_risk / equity:.2%} of the account" if equity else ""
    yield ""
    yield f"To be wrong about everything that is open costs ${at_risk:,.2f} at the most{share}."
    for position in open_positions:
        yield f"  {position.spread}  ×{position.quantity}  ${position.max_loss:,.2f}"


def _numbers(row: Row) -> str:
    net, pop = _float(row, "net"), row.get("pop")
    legs = cast("list[Row]", row["legs"])
    strikes = "/".join(f"{_float(leg, 'strike'):g}" for leg in legs)
    chance = f", PoP {float(cast('float', pop)):.0%}" if pop is not None else ""
    word = "credit" if net > 0 else "debit"
    name = f"{row['root']} {strikes}{legs[0]['put_call']} {legs[0]['expiry']}"
    return (
        f"{name}: {word} {abs(net):.2f} on {_float(row, 'width'):g} wide, "
        f"max profit {_float(row, 'max_profit'):,.0f}, max loss {_float(row, 'max_loss'):,.0f}{chance}, "
        f"score {_float(row, 'score'):.4g}"
    )


def _strikes(row: Row) -> tuple[object, ...]:
    return (row["root"], *((leg["expiry"], leg["strike"]) for leg in cast("list[Row]", row["legs"])))


def _float(row: Row, name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _spark(values: list[float]) -> str:
    """A line of the account's value over time."""
    ticks = "▁▂▃▄▅▆▇█"
    step = max(1, len(values) // 40)
    some = values[::step]
    low, high = min(some), max(some)
    return "".join(ticks[int((value - low) / (high - low) * (len(ticks) - 1))] if high > low else ticks[3] for value in some)


def _time(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%a %H:%M:%S}"
