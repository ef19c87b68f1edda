"""One opening from candidate to close, as the report of a demonstration tells it.

Amounts of a candidate are for one spread, those of an order or a position for all of its spreads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import cast

from engine.cli.demo.stopped import Stopped
from engine.cli.money import direction, dollars, money, price
from engine.cli.narrate import clock, measures
from engine.domain.facts.orders import OrderRepriced, OrderSent
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.searches import CandidatesRecorded
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.spread import Spread
from engine.store.columns import Carry

Row = Mapping[str, object]
NAME = 25
"""Characters of a candidate's name beside its numbers."""
LABEL = 9
"""Characters of the word that begins a line."""


@dataclass(slots=True)
class Record:
    """What a demonstration keeps for its report."""

    facts: list[tuple[datetime, Fact]] = field(default_factory=list[tuple[datetime, Fact]])
    ledger: Ledger | None = None
    cash: int = 0
    marks: dict[str, Decimal | None] = field(default_factory=dict[str, Decimal | None])
    """By position what closing the open part at mid would make, USD before fees; None where a leg has no quote."""
    staged: list[tuple[datetime, str, float]] = field(default_factory=list[tuple[datetime, str, float]])
    """Jumps that the demonstration itself made: when, of what, and the relative move."""
    spots: dict[str, list[tuple[datetime, float]]] = field(default_factory=dict[str, list[tuple[datetime, float]]])
    """By underlying the price of each archived snapshot, oldest first."""
    ranks: dict[str, str] = field(default_factory=dict[str, str])
    """By digest of a strategy file what it ranks by."""
    carries: dict[str, Carry] = field(default_factory=dict[str, Carry])
    """By underlying the interest and the dividends that its options were priced with."""
    stops: dict[str, Stopped] = field(default_factory=dict[str, Stopped])
    """By position what became of the stop that closed it."""


def story(order: Order, record: Record, ledger: Ledger) -> Iterator[str]:
    """The lines of one opening."""
    proposed = order.proposed
    yield f"{named(order.spread)} {order.spread.structure} × {order.quantity}   by {order.strategy}   {order.ref}"
    yield from _choice(order, record, ledger)
    passed = sum(verdict.answer == "pass" for verdict in proposed.verdicts)
    yield _line("gates", f"{passed} of {len(proposed.verdicts)} passed, among them")
    yield from (_line("", str(verdict)) for verdict in proposed.verdicts if verdict.gate in {"per_trade", "stress"})
    if order.preview is not None:
        margin = order.preview.initial_margin_change
        more = "" if margin is None else f", initial margin {dollars(margin, signed=True)}"
        yield _line("preview", f"{order.preview.outcome}{more}")
    if order.approved_by:
        yield _line("approval", f"by {order.approved_by}")
    else:
        yield _line("ended", f"{order.state}" + (f": {order.why}" if order.why else ""))
    if order.sent_at is not None:
        yield from _walk(order, record)
    position = ledger.positions.get(order.ref)
    if position is not None:
        yield from _afterwards(position, record, ledger)


def named(spread: Spread) -> str:
    """The spread without the name of its structure."""
    return str(spread).removesuffix(f" {spread.structure}")


def _choice(order: Order, record: Record, ledger: Ledger) -> Iterator[str]:
    """What ranked higher and could not be had, what was taken, and what came next."""
    proposed, taken = order.proposed, order.proposed.candidate
    if taken is None:
        return
    found = [
        row
        for _, fact in record.facts
        if isinstance(fact, CandidatesRecorded) and (fact.strategy, fact.snapshot) == (proposed.strategy, proposed.snapshot)
        for row in fact.candidates
    ]
    others = sorted((row for row in found if _key(row) != _key(taken)), key=lambda row: -_float(row, "score"))
    ahead = [row for row in others if _float(row, "score") > _float(taken, "score")]
    behind = [row for row in others if row not in ahead]
    word = direction(Decimal(str(taken["net"])))
    yield _line("", f"{'one spread, at mid':<{NAME}}{word:>7}{'profit':>8}{'loss':>8}{'PoP':>5}{'EV':>7}{'score':>7}")
    for row in ahead:
        yield from _numbers("better", row)
        yield _line("", f"  {_why_not(row, order, ledger)}")
    yield from _numbers("taken", taken)
    for one in cast("list[Row]", taken.get("band") or ()):
        yield _line("", _in_band(one))
    yield from (_line("", line) for line in _made_of(taken))
    if behind:
        yield from _numbers("not taken", behind[0])
    elif not ahead:
        yield _line("not taken", "no other spread passed every line")
    ranked_by = record.ranks.get(proposed.digest)
    yield _line("", f"profit and loss at the most{f'; score = {ranked_by}, highest first' if ranked_by else ''}")


def _made_of(row: Row) -> Iterator[str]:
    """What the numbers of a candidate come from, and what it is worth to who has a view."""
    if isinstance(row.get("forward"), int | float):
        age = f", the oldest quote {_float(row, 'age_s'):.0f} s old" if row.get("age_s") is not None else ""
        yield f"forward {_float(row, 'forward'):,.2f} by {row.get('forward_from')}{age}"
    views = row.get("views")
    for view in cast("list[Row]", views) if isinstance(views, list | tuple) else ():
        value = view.get("expected_value")
        mean = "unknown" if value is None else dollars(Decimal(round(_float(view, "expected_value"))), signed=True)
        yield f"expected value at {view['at']}: {mean}"


def _why_not(row: Row, order: Order, ledger: Ledger) -> str:
    """Why a spread that ranked higher was not taken, from what was held and worked when the order was proposed."""
    at, legs = order.proposed_at, _legs(row)
    held = [
        position
        for position in ledger.positions.values()
        if position.opened_at < at and (position.closed_at is None or position.closed_at > at)
    ]
    for position in held:
        if _legs_of(position.spread) == legs:
            return f"held already: {position.id}"
    worked = [one for one in ledger.orders.values() if one.proposed_at < at and one.changed_at > at]
    against = {_other_way(leg) for spread in (*held, *worked) for leg in _legs_of(spread.spread)}
    if against & legs:
        return "it would trade against a leg that is held or worked"
    return "a gate stopped it"


def _walk(order: Order, record: Record) -> Iterator[str]:
    """The prices of an order, and what it filled at."""
    limits = [
        fact.limit for _, fact in record.facts if isinstance(fact, OrderSent | OrderRepriced) and fact.order_ref == order.ref
    ]
    bound = "never below" if order.proposed.worst > 0 else "never above"
    walk = f"{' → '.join(price(abs(limit)) for limit in limits)} {direction(limits[-1])}"
    label = "order" if order.purpose == "open" else "close"
    if order.net_filled is None:
        yield _line(label, f"{walk} ({bound} {price(abs(order.proposed.worst))}); not filled: {order.why or order.state}")
        return
    last = order.last_executed_at
    took = f" in {max(0.0, (last - order.sent_at).total_seconds()):.0f} s" if last and order.sent_at else ""
    cash = order.net_filled * order.filled * order.spread.multiplier
    yield _line(
        label,
        f"{walk} ({bound} {price(abs(order.proposed.worst))}); filled {order.filled} of {order.quantity}"
        f" at {money(order.net_filled)}{took}",
    )
    done: list[str] = []
    for leg in order.spread.legs:
        fills = [fill for fill in order.fills.values() if fill.con_id == leg.contract.con_id]
        count = sum(fill.quantity for fill in fills)
        average = sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / count if count else Decimal(0)
        word = "sold" if (leg.action == "sell") == (order.purpose == "open") else "bought"
        strike = f"{leg.contract.strike.normalize():f}{leg.contract.put_call}"
        done.append(f"{word} {count} × {strike} at {price(average)}")
    yield _line("", f"{', '.join(done)}: {dollars(cash, signed=True)}, fees {dollars(-order.commission, signed=True)}")


def _afterwards(position: Position, record: Record, ledger: Ledger) -> Iterator[str]:
    """Exits, closes and what came of it."""
    for at, fact in record.facts:
        if isinstance(fact, ExitTriggered) and fact.position == position.id:
            yield _line("exit", f"{fact.rule}{measures(fact.values)}, {clock(at)}")
    for closing in ledger.closings_of(position.id):
        if closing.sent_at is not None:
            yield from _walk(closing, record)
    if position.is_open:
        mark = record.marks.get(position.id)
        now = "unknown, a leg has no quote" if mark is None else f"{dollars(mark, signed=True)} at mid"
        yield _line("open", f"{position.quantity} left; unrealised {now}; at risk {dollars(position.max_loss)}, fees included")
    else:
        made = position.realised - position.fees
        paid = dollars(-position.fees, signed=True)
        if position.id in record.stops:
            yield from (_line("stop", text) for text in _stop(record.stops[position.id]))
        yield _line("result", f"{dollars(position.realised, signed=True)}, fees {paid}: {dollars(made, signed=True)}")


def _stop(stop: Stopped) -> Iterator[str]:
    """What a stop has cost beside its bound, and the step of the market in which it could do nothing."""
    times = stop.lost / stop.bound
    yield f"due from a loss of {dollars(stop.bound)}; it lost {dollars(stop.lost)} before fees, {times:.2f} times that"
    if stop.is_jumped:
        before, after = stop.before, stop.after
        until = clock(after.at) if trading_day(before.at) != trading_day(after.at) else clock(after.at)[-8:]
        yield (
            f"the market jumped over it: from a loss of {dollars(before.usd)} to {dollars(after.usd)} at mid"
            f" in one step, {clock(before.at)} to {until}"
        )


def _numbers(label: str, row: Row) -> Iterator[str]:
    """A candidate as one row of the table; a name that is too long for its column stands above its numbers."""
    legs = cast("list[Row]", row["legs"])
    strikes = "/".join(f"{_float(leg, 'strike'):g}" for leg in legs)
    expiry = datetime.fromisoformat(str(legs[0]["expiry"]))
    rights = {str(leg["put_call"]) for leg in legs}
    name = f"{row['root']} {expiry:%d %b %y} {strikes}{rights.pop() if len(rights) == 1 else ''}"
    pop, value = row.get("pop"), row.get("expected_value")
    chance = "-" if pop is None else f"{_float(row, 'pop'):.0%}"
    mean = "-" if value is None else dollars(Decimal(round(_float(row, "expected_value"))), signed=True)
    profit, loss = (dollars(Decimal(round(_float(row, column)))) for column in ("max_profit", "max_loss"))
    net = price(Decimal(str(abs(_float(row, "net")))))
    numbers = f"{net:>7}{profit:>8}{loss:>8}{chance:>5}{mean:>7}{_float(row, 'score'):>7.3g}"
    if len(name) > NAME:
        yield _line(label, name)
        label, name = "", ""
    yield _line(label, f"{name:<{NAME}}{numbers}")


def _in_band(row: Row) -> str:
    """What it can make where the volatility of what is bought is another when the first leg expires."""
    chance = "unknown" if row["pop"] is None else f"{_float(row, 'pop'):.0%}"
    most = "unknown" if row["max_profit"] is None else dollars(Decimal(round(_float(row, "max_profit"))))
    return f"volatility {_float(row, 'points'):+.0f} points: profit {most} at most, PoP {chance}"


_LegKey = tuple[str, str, str, float, str]
"""Direction, trading class, expiry, strike, side."""


def _legs(row: Row) -> set[_LegKey]:
    return {
        (str(leg["action"]), str(row["root"]), str(leg["expiry"]), _float(leg, "strike"), str(leg["put_call"]))
        for leg in cast("list[Row]", row["legs"])
    }


def _legs_of(spread: Spread) -> set[_LegKey]:
    return {
        (leg.action, leg.contract.root, leg.contract.expiry.isoformat(), float(leg.contract.strike), leg.contract.put_call)
        for leg in spread.legs
    }


def _other_way(leg: _LegKey) -> _LegKey:
    return ("buy" if leg[0] == "sell" else "sell", *leg[1:])


def _key(row: Row) -> frozenset[_LegKey]:
    return frozenset(_legs(row))


def _float(row: Row, name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _line(label: str, text: str) -> str:
    return f"  {label:<{LABEL}}  {text}"
