"""The report that ends a demonstration: what the market did, what was found, taken and left, what it made, and what it would
cost to be wrong.

Reads facts and the ledger; knows nothing of simulators.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from textwrap import wrap
from typing import cast

from engine.cli.demo.story import LABEL, Record, named, story
from engine.cli.money import dollars
from engine.cli.narrate import clock
from engine.cli.payoff import Onward, breakevens, payoff
from engine.cli.show import program
from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.orders import CommissionReported, OrderProposed
from engine.domain.facts.searches import EntryDenied, FunnelRecorded
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK, trading_day
from engine.domain.spread import Spread

WIDTH = 80
RULE = "─" * WIDTH
BAR = "█"
BAR_WIDTH = 6
PICTURE_WIDTH, ACCOUNT_WIDTH = 26, 17
"""Characters of a line drawn over a day: of a price, and of the account's worth."""
NAME_ROOM = 29
"""Characters that a position's name has beside its numbers; a longer one takes a line of its own."""
INDENT, FUNNEL_INDENT, STORY_INDENT = " " * 4, " " * (BAR_WIDTH + 10), " " * (LABEL + 4)
"""Where what a line has no room for goes on: of a sentence, a step of a funnel, a line of a story."""


def report(record: Record, seed: int, state: Path, took_s: float) -> Iterator[str]:
    """The report, line by line; what is longer than a line goes on below its own text, but commands stay whole."""
    for line in _whole(record, seed, state, took_s):
        yield from _filled(line, INDENT)
    if record.ledger is not None and record.facts:
        yield from _commands(record.ledger, state)


def _whole(record: Record, seed: int, state: Path, took_s: float) -> Iterator[str]:
    ledger = record.ledger
    if ledger is None or not record.facts:
        yield "the engine did not start; see the messages above"
        return
    yield RULE
    first, last = record.facts[0][0].astimezone(NEW_YORK), record.facts[-1][0].astimezone(NEW_YORK)
    span = f"{first:%a %d %b} to {last:%a %d %b %Y}" if first.date() != last.date() else f"{first:%a %d %b %Y}"
    yield f"REPORT   seed {seed}, {span}, {len(record.facts):,} facts in the journal, {took_s:.0f} s"
    yield from _market(record)
    yield from _searches(record, ledger)
    for order in ledger.orders.values():
        if order.purpose == "open":
            yield ""
            yield RULE
            yield from chain.from_iterable(_filled(line, STORY_INDENT) for line in story(order, record, ledger))
    yield ""
    yield RULE
    yield from _positions(record, ledger)
    yield from _days(record, ledger)
    yield from _risk(record, ledger)
    yield RULE


def _commands(ledger: Ledger, state: Path) -> Iterator[str]:
    yield "Look closer:"
    yield f"  {program()} trades --state {state}"
    yield f"  {program()} why {_most_telling(ledger)} --state {state}"
    yield f"  less {state}/journal/2*.jsonl"


def _market(record: Record) -> Iterator[str]:
    """Each underlying, day by day: where it opened and closed, and the way between."""
    if not record.spots and not record.staged:
        return
    yield ""
    yield "The market"
    yield from _staged(record)
    for underlying, told in record.spots.items():
        low, high = min(spot for _, spot in told), max(spot for _, spot in told)
        for number, (day, rows) in enumerate(_by_day(told).items()):
            opened, closed = rows[0], rows[-1]
            name = underlying if number == 0 else ""
            way = f"{opened:>9,.2f} → {closed:>9,.2f}  {closed / opened - 1:>+7.2%}"
            yield f"  {name:<5} {day:%a %d %b}  {way}   {picture(rows, low, high)}"


def _staged(record: Record) -> Iterator[str]:
    """What was no chance: the jumps that the demonstration made, as far as they have happened."""
    last = record.facts[-1][0]
    jumps = [f"{name} {move:+.0%} at once, {clock(at)}" for at, name, move in record.staged if at <= last]
    if jumps:
        yield f"  staged, to show what stops do: {'; '.join(jumps)}. Quotes widen and volatility rises with it."


def _searches(record: Record, ledger: Ledger) -> Iterator[str]:
    """One funnel of each strategy, as bars, and what stopped it."""
    for name in sorted(ledger.files.strategies):
        told = [(at, fact) for at, fact in record.facts if isinstance(fact, FunnelRecorded) and fact.strategy == name]
        if not told:
            continue
        at, shown, why = _shown(name, told, record)
        found = sum(1 for _, fact in told if fact.candidates)
        yield ""
        looks = f"{len(told)} recorded looks at the market" if len(told) != 1 else "one recorded look at the market"
        yield f"{name}: {looks}, {found or 'none'} with a spread to trade"
        yield f"  {why}, {clock(at)}:"
        most = max((step.passed for step in shown.steps), default=0)
        for step in shown.steps:
            bar = BAR * round(BAR_WIDTH * step.passed / most) if most else ""
            unknown = f"  ({step.unknown} unknown)" if step.unknown else ""
            yield from _filled(f"  {step.passed:>6,} {bar:<{BAR_WIDTH}} {step.condition}{unknown}", FUNNEL_INDENT)
        if any(step.line is not None and not step.passed for step in shown.steps):
            yield "  the market did not suit it: nothing was looked for, and the rest says what would have been there"
        if shown.nearest_miss:
            yield f"  nearest miss: {shown.nearest_miss}"
        for denied in _denials(record, name):
            yield f"  stopped: {denied}"


def _shown(name: str, told: Sequence[tuple[datetime, FunnelRecorded]], record: Record) -> tuple[datetime, FunnelRecorded, str]:
    """The look that led to the first order, else the one that got furthest."""
    proposed = {
        fact.snapshot
        for _, fact in record.facts
        if isinstance(fact, OrderProposed) and (fact.strategy, fact.purpose) == (name, "open")
    }
    for at, fact in told:
        if fact.snapshot in proposed:
            return at, fact, "the look that led to its first order"
    at, best = max(told, key=lambda found: (found[1].candidates, sum(step.passed for step in found[1].steps)))
    return at, best, "the look that got furthest"


def _denials(record: Record, name: str) -> list[str]:
    """Each reason once, with when it first stopped an opening."""
    seen: dict[str, str] = {}
    for at, fact in record.facts:
        if isinstance(fact, EntryDenied) and fact.strategy == name:
            seen.setdefault(fact.obstacle.gate, f"{clock(at)}  {fact.obstacle}")
    return list(seen.values())


def _positions(record: Record, ledger: Ledger) -> Iterator[str]:
    """Every position on a line, and their sum."""
    names = {position.id: f"{named(position.spread)} × {position.opened}" for position in ledger.positions.values()}
    room = NAME_ROOM
    yield f"{'Positions (USD)':<{room + 2}} {'opened':<10}{'closed':<9}{_heads('realised', 'unrealised', 'fees')}"
    realised = fees = unrealised = Decimal(0)
    unknown = False
    for position in ledger.positions.values():
        mark = record.marks.get(position.id) if position.is_open else Decimal(0)
        unknown = unknown or mark is None
        realised, fees, unrealised = realised + position.realised, fees + position.fees, unrealised + (mark or 0)
        closed = f"{position.closed_at.astimezone(NEW_YORK):%a %H:%M}" if position.closed_at else "open"
        opened = f"{position.opened_at.astimezone(NEW_YORK):%a %H:%M}"
        made = _heads(_usd(position.realised), _usd(mark), _usd(-position.fees))
        name = names[position.id]
        if len(name) > room:
            yield f"  {name}"
            name = ""
        yield f"  {name:<{room}} {opened:<10}{closed:<9}{made}"
    total = None if unknown else realised + unrealised - fees
    sums = _heads(_usd(realised), _usd(None if unknown else unrealised), _usd(-fees))
    yield f"  {f'{len(ledger.positions)} in all: {_usd(total)}':<{room + 20}}{sums}"


def _heads(realised: str, unrealised: str, fees: str) -> str:
    """Three columns of amounts, or what they are called."""
    return f"{realised:>10}{unrealised:>11}{fees:>8}"


def _days(record: Record, ledger: Ledger) -> Iterator[str]:
    """What the account made of each day, as the broker told it every few minutes."""
    worth = [(at, float(fact.net_liquidation)) for at, fact in record.facts if isinstance(fact, EquityRecorded)]
    if not worth:
        return
    low, high = min(value for _, value in worth), max(value for _, value in worth)
    fees: dict[date, Decimal] = {}
    for at, fact in record.facts:
        if isinstance(fact, CommissionReported):
            fees[trading_day(at)] = fees.get(trading_day(at), Decimal(0)) + fact.amount
    before = float(record.cash) or worth[0][1]
    yield ""
    yield f"{'Account (USD)':<14}{'opened':>7}{'closed':>7}{'fees':>9}{'worth':>12}{'change':>11}"
    for day, values in _by_day(worth).items():
        opened = sum(trading_day(position.opened_at) == day for position in ledger.positions.values())
        closed = sum(
            trading_day(position.closed_at) == day for position in ledger.positions.values() if position.closed_at is not None
        )
        paid, now, change = _usd(-fees.get(day, Decimal(0))), f"{values[-1]:,.2f}", _usd(Decimal(str(values[-1] - before)))
        way = picture(values, low, high, ACCOUNT_WIDTH)
        yield f"  {day:%a %d %b}  {opened:>7}{closed:>7}{paid:>9}{now:>12}{change:>11}   {way}"
        before = values[-1]
    yield f"  as the broker told it last, {clock(worth[-1][0])}"


def _risk(record: Record, ledger: Ledger) -> Iterator[str]:
    """What it would cost to be wrong about everything that is open."""
    open_positions = list(ledger.open_positions())
    at_risk = sum((position.max_loss for position in open_positions), Decimal(0))
    equity = ledger.worth.equity.net_liquidation if ledger.worth.equity else None
    share = f", {at_risk / equity:.2%} of the account" if equity else ""
    yield ""
    if not open_positions:
        yield "Nothing is open: nothing is at risk."
        return
    yield f"To be wrong about everything that is open costs {dollars(at_risk)} at the most{share}:"
    for position in open_positions:
        level = record.spots[position.spread.underlying][-1][1] if position.spread.underlying in record.spots else None
        yield f"  {dollars(position.max_loss):>10}  {position.strategy}, {position.id}"
        for part in position.parts:
            yield f"    {named(part.spread)} {part.spread.structure} × {part.quantity}"
            yield from payoff(
                part.spread, part.quantity, part.opening_net, level, onward=_onward(position.id, part.spread, record, ledger)
            )
            if len({leg.contract.expiry for leg in part.spread.legs}) > 1:
                yield "    at the first expiry, what lives on valued at the volatility of the opening"
                continue
            turns = " and ".join(f"{turn.normalize():,f}" for turn in breakevens(part.spread, part.opening_net))
            yield f"    {_lost_where(part.spread)}" + (f"; profit turns to loss at {turns}, before fees" if turns else "")


def _onward(position: str, spread: Spread, record: Record, ledger: Ledger) -> Onward | None:
    """The volatilities that its legs were opened at, where they are known, and the carry of its underlying."""
    candidate, carry = ledger.orders[position].proposed.candidate, record.carries.get(spread.underlying)
    if candidate is None or carry is None:
        return None
    rows = cast("list[dict[str, object]]", candidate["legs"])
    told = {(row["expiry"], row["strike"], row["put_call"]): row["iv"] for row in rows}
    found = {
        leg.contract: told.get((leg.contract.expiry.isoformat(), float(leg.contract.strike), leg.contract.put_call))
        for leg in spread.legs
    }
    known = {contract: volatility for contract, volatility in found.items() if isinstance(volatility, float)}
    return Onward(known, carry.rate, carry.dividend)


def _lost_where(spread: Spread) -> str:
    """Where the underlying must end for the whole loss."""
    strikes = sorted({leg.contract.strike for leg in spread.legs})
    below, above = (spread.worth(level) == spread.floor for level in (Decimal(0), 2 * strikes[-1]))
    ends = [f"below {_strike(strikes, spread, up=True)}"] * below + [f"above {_strike(strikes, spread, up=False)}"] * above
    return f"all lost where {spread.underlying} ends {' or '.join(ends) or f'at {strikes[0].normalize():,f}'}"


def _strike(strikes: Sequence[Decimal], spread: Spread, *, up: bool) -> str:
    """The last strike, from below or from above, at which the spread is still worth its least."""
    flat = [level for level in strikes if spread.worth(level) == spread.floor]
    return f"{(min(flat) if up else max(flat)).normalize():,f}"


def _most_telling(ledger: Ledger) -> str:
    """A strategy that has something to tell."""
    traded = [order.strategy for order in ledger.orders.values()]
    return next(iter([*traded, *ledger.files.strategies]), "STRATEGY")


def picture(values: Sequence[float], low: float, high: float, width: int = PICTURE_WIDTH) -> str:
    """A line of how values went, drawn between two bounds that several lines may share."""
    ticks = "▁▂▃▄▅▆▇█"
    count = min(width, len(values))
    some = [values[round(n * (len(values) - 1) / max(1, count - 1))] for n in range(count)]
    return "".join(ticks[int((value - low) / (high - low) * (len(ticks) - 1))] if high > low else ticks[3] for value in some)


def _filled(line: str, indent: str) -> list[str]:
    """The lines that a line takes; what it has no room for goes on behind the indent."""
    return [line] if len(line) <= WIDTH else wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _by_day(told: Sequence[tuple[datetime, float]]) -> dict[date, list[float]]:
    days: dict[date, list[float]] = {}
    for at, value in told:
        days.setdefault(trading_day(at), []).append(value)
    return days


def _usd(amount: Decimal | None) -> str:
    """A signed amount to the cent, for a column whose head says what it is."""
    return "unknown" if amount is None else f"{amount:+,.2f}" if round(amount, 2) else "0.00"
