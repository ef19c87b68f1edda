"""What a drill came to: what the engine did, how it was looked at, and whether it ended well."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from engine.cli.drill.play import Played
from engine.domain.facts.account import Reconciled
from engine.domain.facts.halts import GUARDIAN, Halted
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderSent,
    OrderUnknown,
)
from engine.domain.facts.positions import ExitBlocked
from engine.domain.facts.running import (
    ErrorHeard,
    FactRefused,
    GuardianTookOver,
    LinkChanged,
    LoginReminded,
    RequestsRested,
    RestartTold,
)
from engine.domain.facts.union import Fact
from engine.domain.session import NEW_YORK

COUNTED: tuple[tuple[type[Fact], str], ...] = (
    (OrderUnknown, "unknown"),
    (OrderAbsent, "found to be nowhere"),
    (OrderRejected, "rejected"),
    (OrderCanceled, "canceled"),
    (OrderExpired, "given up before sending"),
    (FactRefused, "words of the broker that contradict the books"),
    (ExitBlocked, "exits that could not act"),
    (LegFilled, "executions"),
)
"""What is told of what the engine did after the failure, by kind of fact."""
TELLING = (
    *(LinkChanged, RestartTold, LoginReminded, RequestsRested, ErrorHeard, FactRefused, Reconciled, Halted, GuardianTookOver),
    *(OrderUnknown, OrderAbsent, OrderRejected, OrderCanceled, OrderExpired, ExitBlocked, LegFilled, CommissionReported),
)
"""Kinds of facts that show what was done about a failure."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one failure."""

    name: str
    says: str
    expects: str
    moment: str
    did: str
    """What the engine did."""
    evidence: tuple[str, ...]
    """Facts of the journal that show it, with the time of the first of each kind, New York."""
    faults: tuple[str, ...]
    """What did not end well; empty where all did."""
    blind_min: float
    orders: int
    """Orders that were sent in the whole drill."""

    @property
    def ended_well(self) -> bool:
        return not self.faults


def judged(played: Played) -> Verdict:
    """The verdict: the engine stands, its books are the broker's, no order left twice, every short is covered."""
    failure = played.failure
    return Verdict(
        failure.name,
        failure.says,
        failure.expects,
        played.moment or "it never came",
        "; ".join(_done(played)) or "nothing had to be done",
        tuple(_evidence(played)),
        tuple(_faults(played)),
        round(played.blind_s / 60, 1),
        sum(isinstance(fact, OrderSent) for _, fact in played.facts),
    )


def _evidence(played: Played) -> Iterator[str]:
    """The kinds of facts that tell of the failure and its end, oldest first."""
    first: dict[type[Fact], datetime] = {}
    counts: Counter[type[Fact]] = Counter()
    for at, fact in _after(played):
        if isinstance(fact, TELLING):
            first.setdefault(type(fact), at)
            counts[type(fact)] += 1
    for kind, at in sorted(first.items(), key=lambda one: one[1]):
        many = f" × {counts[kind]}" if counts[kind] > 1 else ""
        yield f"{at.astimezone(NEW_YORK):%H:%M:%S} {kind.__name__}{many}"


def _after(played: Played) -> list[tuple[datetime, Fact]]:
    return [(at, fact) for at, fact in played.facts if played.came_at is not None and at >= played.came_at]


def _done(played: Played) -> Iterator[str]:
    """What the engine did after the failure came, in few words."""
    after = _after(played)
    yield from _link(after)
    counts = Counter(type(fact) for _, fact in after)
    yield from (f"{counts[kind]} {words}" for kind, words in COUNTED if counts[kind])
    codes = sorted({fact.code for _, fact in after if isinstance(fact, ErrorHeard)})
    if codes:
        yield f"told {', '.join(map(str, codes))}"
    differing = next((fact for _, fact in after if isinstance(fact, Reconciled) and fact.differences), None)
    if differing is not None:
        yield f"the books differed: {differing.differences[0]}"
    yield from (f"restart {fact.phase}: {fact.text}" for _, fact in after if isinstance(fact, RestartTold))
    yield from (f"halted: {fact.reason}" for _, fact in after if isinstance(fact, Halted))


def _link(after: list[tuple[datetime, Fact]]) -> Iterator[str]:
    """How long the link was not up, where it was not."""
    lost: datetime | None = None
    for at, fact in after:
        if not isinstance(fact, LinkChanged):
            continue
        if not fact.passes_orders:
            lost = lost or at
        elif lost is not None:
            yield f"link back after {(at - lost).total_seconds():.0f} s"
            lost = None
    if lost is not None:
        yield "the link never came back"


def _faults(played: Played) -> Iterator[str]:
    """What did not end well."""
    control, simulator = played.control, played.simulator
    if played.came_at is None:
        yield "it never came: nothing was sent by the strategies in this time"
    kinds = {type(fact) for _, fact in _after(played)}
    yield from (f"nothing in the journal shows it: no {kind.__name__}" for kind in played.failure.shows if kind not in kinds)
    if control is None or simulator is None:
        yield f"the engine ended: {played.ended or 'it never started'}"
        return
    ledger, needs_person = control.ledger, played.failure.needs_person
    if not needs_person:
        if ledger.contracts_held() != simulator.positions():
            yield f"the books hold {ledger.contracts_held()}, the broker {simulator.positions()}"
        if ledger.reconciled is None or ledger.reconciled.differences:
            yield f"not agreed with the broker: {'; '.join(ledger.reconciled.differences) if ledger.reconciled else 'not asked'}"
        is_guardians = ledger.halt is not None and ledger.halt.by == GUARDIAN
        if played.failure.is_guarded and not is_guardians:
            yield "no guardian has taken its place"
        if ledger.halt is not None and not played.failure.is_guarded:
            yield f"a halt is left that only a person ends: {ledger.halt.reason}"
        working = {order.terms.order_ref for order in simulator.orders() if order.is_working}
        ours = {order.ref for order in ledger.working() if order.is_at_broker}
        if working != ours:
            yield f"at work at the broker are {sorted(working)}, in the books {sorted(ours)}"
    elif ledger.halt is None and ledger.reconciled is not None and not ledger.reconciled.differences:
        yield "it was not said, and a person had to know"
    if simulator.pacing_violations:
        yield f"TWS complained of {sum(simulator.pacing_violations.values())} requests that came too fast"
    yield from _twice(played)
    if not needs_person:
        yield from _bare(played)


def _twice(played: Played) -> Iterator[str]:
    """Orders that reached the broker as more than one."""
    assert played.simulator is not None, "asked of a drill that was played"
    ids: dict[str, set[tuple[int | None, int]]] = defaultdict(set)
    for request in played.simulator.received:
        if request.name == "place_order" and not request.message.flag("what_if"):
            ids[request.message.text("order_ref")].add((request.client_id, request.message.whole("order_id")))
    yield from (f"{ref} was sent twice" for ref, known in ids.items() if len(known) > 1)


def _bare(played: Played) -> Iterator[str]:
    """Shorts that no long of their right covers which lives as long."""
    assert played.simulator is not None, "asked of a drill that was played"
    net: Counter[tuple[str, str, date]] = Counter()
    for position in played.simulator.holdings():
        option = position.instrument.option
        if option is not None:
            net[position.instrument.symbol, option.put_call, option.expiry] += position.quantity
    owned: Counter[tuple[str, str]] = Counter()
    for symbol, right, expiry in sorted(net, key=lambda key: key[2], reverse=True):
        owned[symbol, right] += net[symbol, right, expiry]
        if owned[symbol, right] < 0:
            yield f"a short {symbol} {right} is not covered"
