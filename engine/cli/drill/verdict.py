"""What a drill came to: what the engine did, how it was looked at, and whether it ended well."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.cli.demo.demo import CASH
from engine.cli.drill.holdings import without_bids
from engine.cli.drill.play import LOOKS_S, PERSON
from engine.cli.drill.played import Played
from engine.cli.drill.rival import REFUSED
from engine.domain.facts.account import Reconciled
from engine.domain.facts.halts import GUARDIAN, FlattenBegan, Halted
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderCanceled,
    OrderExpired,
    OrderProposed,
    OrderRejected,
    OrderSent,
    OrderUnknown,
)
from engine.domain.facts.positions import ExitBlocked, OptionsExercised, PositionSettled
from engine.domain.facts.running import (
    ErrorHeard,
    FactRefused,
    GuardianTookOver,
    LinkChanged,
    LoginReminded,
    RequestsRested,
    RestartTold,
)
from engine.domain.facts.searches import EntryDenied
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK
from engine.sim.faults import parse_fault
from engine.sim.simulator import Simulator

COUNTED: tuple[tuple[type[Fact], str], ...] = (
    (OrderUnknown, "unknown"),
    (OrderAbsent, "found to be nowhere"),
    (OrderRejected, "rejected"),
    (OrderCanceled, "canceled"),
    (OrderExpired, "given up before sending"),
    (FactRefused, "words of the broker that contradict the books"),
    (ExitBlocked, "exits that could not act"),
    (OrderSent, "orders sent"),
    (LegFilled, "executions"),
)
"""What is told of what the engine did after the failure, by kind of fact."""
TELLING = (
    *(LinkChanged, RestartTold, LoginReminded, RequestsRested, ErrorHeard, FactRefused, Reconciled, Halted, GuardianTookOver),
    *(OrderUnknown, OrderAbsent, OrderRejected, OrderCanceled, OrderExpired, ExitBlocked, OptionsExercised),
    *(PositionSettled, LegFilled, CommissionReported),
)
"""Kinds of facts that show what was done about a failure."""


TRIPPED = "has tripped"
"""How a breaker is said to stop openings: by the market's own doing, and until the next session."""


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
    blind_by: tuple[str, ...]
    """What was in the way of openings in that time, the longest first, with its minutes."""
    closed: str
    """What became of all that was held when everything was to be closed at the end."""
    orders: int
    """Orders that were sent in the whole drill."""

    @property
    def ended_well(self) -> bool:
        return not self.faults


def judged(played: Played) -> Verdict:
    """The verdict: the failure came and met something, the engine stands, its books are the broker's, no order left twice, every
    short was covered at every look, openings are free again, and what was held could be closed."""
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
        tuple(f"{why} {looks * LOOKS_S / 60:.1f} min" for why, looks in played.blind.most_common()),
        _closed(played),
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
    """From when the failure came until everything was to be closed."""
    ends = next((at for at, fact in played.facts if isinstance(fact, FlattenBegan) and fact.by == PERSON), None)
    return [
        (at, fact)
        for at, fact in played.facts
        if played.came_at is not None and at >= played.came_at and (ends is None or at < ends)
    ]


def _closed(played: Played) -> str:
    if not played.to_close or played.control is None:
        return "nothing was to be closed"
    left = list(played.control.ledger.open_positions())
    unsold = without_bids(played.control.ledger, played.simulator) if left and played.simulator is not None else []
    told = f", of {len(unsold)} nobody bids for what is left" if unsold else ""
    return f"{played.to_close - len(left)} of {played.to_close} positions closed at the end{told}"


def _done(played: Played) -> Iterator[str]:
    """What the engine did after the failure came, in few words."""
    after = _after(played)
    yield from _link(after)
    counts = Counter(type(fact) for _, fact in after)
    yield from (f"{counts[kind]} {words}" for kind, words in COUNTED if counts[kind])
    yield from (f"{count} × {words}" if count > 1 else words for words, count in Counter(played.answers).items())
    if played.rival.said:
        yield f"the second engine: {played.rival.said}"
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
    control, simulator, failure = played.control, played.simulator, played.failure
    if played.came_at is None:
        yield "it never came: nothing was sent by the strategies in this time"
    elif simulator is not None:
        yield from _unmet(played)
    kinds = {type(fact) for _, fact in _after(played)}
    yield from (f"nothing in the journal shows it: no {kind.__name__}" for kind in failure.shows if kind not in kinds)
    if control is None or simulator is None:
        yield f"the engine ended: {played.ended or 'it never started'}"
        return
    ledger = control.ledger
    yield from (_unsaid(ledger) if failure.needs_person else _unsettled(played, ledger, simulator))
    if simulator.pacing_violations:
        yield f"TWS complained of {sum(simulator.pacing_violations.values())} requests that came too fast"
    if any(
        request.name == "req_contract_details" and request.message.text("sec_type") == "BAG" for request in simulator.received
    ):
        yield "TWS was asked to describe a combination, which it never answers"
    yield from _undone(played)
    if failure.act in REFUSED and not played.rival.said:
        yield "a second engine was let in"
    yield from (f"the second engine sent {ref}" for ref in played.rival.sent)
    yield from _twice(played)
    yield from _mispriced(ledger, simulator)
    if not failure.needs_person:
        yield from sorted(played.bare)


def _undone(played: Played) -> Iterator[str]:
    """What the engine had to do about this failure, and did not."""
    failure, facts = played.failure, [fact for _, fact in _after(played)]
    if failure.refuses and all(fact.obstacle.gate != failure.refuses for fact in facts if isinstance(fact, EntryDenied)):
        yield f"no opening was refused for {failure.refuses}"
    closes = [fact.rule or "" for fact in facts if isinstance(fact, OrderProposed) and fact.purpose == "close"]
    if not any(failure.closes_for in rule for rule in closes) and failure.closes_for:
        yield f"nothing was closed for the {failure.closes_for}"
    if failure.leaves_nothing and played.to_close:
        yield f"{played.to_close} positions were still held, and none should have been"


def _unmet(played: Played) -> Iterator[str]:
    """Faults that waited for an occasion and had none: then the drill shows nothing of them."""
    assert played.simulator is not None, "asked of a drill that was played"
    for text in played.failure.faults:
        name = parse_fault(text).name
        if played.simulator.faults.waits_for(name):
            yield f"it met nothing: no occasion for {name} in this time"


def _unsaid(ledger: Ledger) -> Iterator[str]:
    if ledger.halt is None and ledger.reconciled is not None and not ledger.reconciled.differences:
        yield "it was not said, and a person had to know"


def _unsettled(played: Played, ledger: Ledger, simulator: Simulator) -> Iterator[str]:
    """What is not as it must be where no person is needed."""
    if ledger.contracts_held() != simulator.positions():
        yield f"the books hold {ledger.contracts_held()}, the broker {simulator.positions()}"
    if ledger.reconciled is None or ledger.reconciled.differences:
        yield f"not agreed with the broker: {'; '.join(ledger.reconciled.differences) if ledger.reconciled else 'not asked'}"
    is_guarded = played.failure.is_guarded
    if is_guarded and (ledger.halt is None or ledger.halt.by != GUARDIAN):
        yield "no guardian has taken its place"
    if ledger.halt is not None and ledger.halt.by != PERSON and not is_guarded:
        yield f"a halt is left that only a person ends: {ledger.halt.reason}"
    elif played.failure.stops_with:
        if played.failure.stops_with not in (played.stopped_by or ""):
            yield "openings were free though the failure went on"
    elif played.stopped_by is not None and not is_guarded and not played.stopped_by.endswith(TRIPPED):
        yield f"nothing could be opened any more when it was over: {played.stopped_by}"
    working = {order.terms.order_ref for order in simulator.orders() if order.is_working}
    ours = {order.ref for order in ledger.working() if order.is_at_broker}
    if working != ours:
        yield f"at work at the broker are {sorted(working)}, in the books {sorted(ours)}"
    yield from _unbooked(played, ledger, simulator)
    unsold = without_bids(ledger, simulator)
    left = [one.id for one in ledger.open_positions() if one.id not in unsold] if played.to_close else []
    if left:
        yield f"could not be closed within a quarter of an hour: {', '.join(left)}"


def _unbooked(played: Played, ledger: Ledger, simulator: Simulator) -> Iterator[str]:
    """Cash of the broker that the books do not make, where nothing is held and every commission was told."""
    told = {
        type(fact): {one.exec_id for _, one in played.facts if isinstance(one, type(fact))}
        for _, fact in played.facts
        if isinstance(fact, LegFilled | CommissionReported)
    }
    made = sum((position.realised - position.fees for position in ledger.positions.values()), Decimal(0))
    is_flat = not simulator.positions() and not any(ledger.open_positions())
    if is_flat and told.get(LegFilled) == told.get(CommissionReported) and simulator.cash != CASH + made:
        yield f"the broker's cash has changed by {simulator.cash - CASH}, the books make {made}"


def _twice(played: Played) -> Iterator[str]:
    """Orders that reached the broker as more than one."""
    assert played.simulator is not None, "asked of a drill that was played"
    ids: dict[str, set[tuple[int | None, int]]] = defaultdict(set)
    for request in played.simulator.received:
        if request.name == "place_order" and not request.message.flag("what_if"):
            ids[request.message.text("order_ref")].add((request.client_id, request.message.whole("order_id")))
    yield from (f"{ref} was sent twice" for ref, known in ids.items() if len(known) > 1)


def _mispriced(ledger: Ledger, simulator: Simulator) -> Iterator[str]:
    """Combinations at a price that none can be worth: beyond what it pays at its expiry, or with the sign turned round."""
    for request in simulator.received:
        message = request.message
        if request.name != "place_order" or message.flag("what_if") or message.text("sec_type") != "BAG":
            continue
        order, price = ledger.orders.get(message.text("order_ref")), message.number("lmt_price")
        if order is not None and price is not None and not order.spread.floor <= round(Decimal(price), 4) <= order.spread.cap:
            yield f"{order.ref} left at {price}, and what it trades is worth {order.spread.floor} to {order.spread.cap}"
