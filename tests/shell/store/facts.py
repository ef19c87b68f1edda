"""Facts for the tests of the store: a strategy that draws any fact of any kind, and a trading day told in facts."""

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from engine.domain.contract import Contract
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.files import StrategyLoaded
from engine.domain.facts.orders import (
    CancelRequested,
    CommissionReported,
    LegFilled,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderPreviewed,
    OrderProposed,
    OrderRepriced,
    OrderSent,
)
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.running import EngineStarted, EngineStopped, LinkChanged
from engine.domain.facts.searches import CandidatesRecorded, EntryDenied, FunnelRecorded, FunnelStep
from engine.domain.facts.union import KINDS, Explanation, Fact
from engine.domain.gate import Verdict
from engine.domain.spread import Leg, Spread
from engine.store.explanations import Explanations
from engine.store.journal import Journal

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
_finite = st.floats(allow_nan=False, allow_infinity=False)
_whole = st.integers(-(2**53), 2**53)
_plain = st.recursive(
    st.none() | st.booleans() | _whole | _finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_DRAWN: dict[object, st.SearchStrategy[object]] = {
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4),
    datetime: instants,
    date: st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    float: _finite,
    int: _whole,
    str: st.text(),
    bool: st.booleans(),
    type(None): st.none(),
    object: _plain,
}


def drawn(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that facts are made of."""
    if hint in _DRAWN:
        return _DRAWN[hint]
    if is_dataclass(hint):
        return st.builds(hint, **{name: drawn(inner) for name, inner in get_type_hints(hint).items()})
    match get_origin(hint), get_args(hint):
        case (origin, words) if origin is Literal:
            return st.sampled_from(words)
        case (origin, (inner, last)) if origin is tuple and last is Ellipsis:
            return st.lists(drawn(inner), max_size=3).map(tuple)
        case (origin, (key, value)) if origin is dict:
            return st.dictionaries(drawn(key), drawn(value), max_size=3)
        case (_, members):
            return st.one_of([drawn(member) for member in members])


any_fact: st.SearchStrategy[Fact] = st.one_of([drawn(kind) for kind in KINDS.values()])


def contract(con_id: int, strike: int, put_call: str = "P", root: str = "SPXW", underlying: str = "SPX") -> Contract:
    return Contract(con_id, underlying, root, date(2026, 12, 18), Decimal(strike), put_call, 100)  # type: ignore[arg-type]


def bull_put(short: int = 6000, long: int = 5950) -> Spread:
    return Spread("bull_put", (Leg(contract(short, short), "sell"), Leg(contract(long, long), "buy")))


def proposal(
    ref: str, *, position: str | None = None, quantity: int = 2, limit: str = "1.50", spread: Spread | None = None
) -> Fact:
    closes = position is not None
    return OrderProposed(
        order_ref=ref,
        purpose="close" if closes else "open",
        strategy="income",
        digest="d" * 64,
        snapshot="20261123T170000.000000-000",
        position=position or ref,
        spread=spread or bull_put(),
        quantity=quantity,
        limit=Decimal(limit),
        worst=Decimal(limit) - 1,
        max_loss=Decimal(0) if closes else Decimal(4855) * quantity,
        fees=Decimal("2.60"),
        reason="50 % of the credit" if closes else "rank 1",
        candidate={"net": 1.5, "legs": [{"strike": 6000.0}]},
        verdicts=(Verdict("open_risk", "pass", "1 %", "5 %", "account.yaml", 0.5),),
    )


def fills(
    ref: str, quantity: int, prices: tuple[str, ...], *, closes: bool = False, tag: str = "a", spread: Spread | None = None
) -> Iterator[Fact]:
    """Each leg of `quantity` spreads executed at these prices, each with its commission."""
    for number, (leg, price) in enumerate(zip((spread or bull_put()).legs, prices, strict=True)):
        action = leg.action if not closes else ("buy" if leg.action == "sell" else "sell")
        exec_id = f"{ref}.{tag}{number}.01"
        yield LegFilled(ref, exec_id, leg.contract.con_id, action, quantity * leg.ratio, Decimal(price), NOON, 77)
        yield CommissionReported(ref, exec_id, Decimal("0.65") * quantity)


def placed(ref: str, *, limit: str = "1.50") -> list[Fact]:
    """From the proposal of an order to its working at the broker."""
    return [
        OrderPreviewed(ref, "fits", Decimal(9000), Decimal(9000), Decimal(-2), Decimal("2.60"), ""),
        OrderApproved(ref, "auto", Decimal(limit)),
        OrderSent(ref, Decimal(limit)),
        OrderAcknowledged(ref, 77, 5, "Submitted"),
    ]


def written(state: Path, story: Iterable[tuple[Fact, datetime]], account: str = "DU1") -> None:
    """Keep a story as an engine does: what explains beside the journal, everything else in it."""
    journal = Journal.open(state, account).journal
    explanations = Explanations(state, account, kept=timedelta(days=30), follows=lambda: journal.head.seq)
    for fact, at in story:
        if isinstance(fact, Explanation):
            explanations.saw(fact, at)
        else:
            journal.append(fact, at)
    journal.close()


def trading_day() -> list[Fact]:
    """One position opened in two parts and closed, one left open, one denied opening, one order never filled."""
    return [
        EngineStarted("0.1.0", "sim", "k3v"),
        StrategyLoaded("income", "income.yaml", "d" * 64),
        LinkChanged("up", 2104, "Market data farm connection is OK"),
        Reconciled(()),
        EquityRecorded(Decimal("100000.00"), Decimal("90000.00"), None, Decimal(0)),
        FunnelRecorded("income", "s1", (FunnelStep("delta between 0.1 and 0.2", 20, 3),), 2, "6000/5950P by 0.02"),
        CandidatesRecorded("income", "s1", ({"strategy": "income", "net": 1.5, "rank": 1, "legs": [], "pop": None},)),
        EntryDenied("growth", "s1", bull_put(5900, 5850), 2, Verdict("open_risk", "fail", "6 %", "5 %", "account.yaml"), ()),
        proposal("o1"),
        *placed("o1"),
        *fills("o1", 1, ("5.10", "3.60")),
        OrderRepriced("o1", Decimal("1.45"), 1),
        *fills("o1", 1, ("5.05", "3.60"), tag="b"),
        proposal("o2", quantity=1),
        *placed("o2"),
        *fills("o2", 1, ("4.90", "3.50")),
        ExitTriggered("o1", "profit >= 50%", "close", "s2", {"profit": 0.52, "dte": None}),
        proposal("c1", position="o1", limit="-0.70"),
        OrderApproved("c1", "exit", Decimal("-0.70")),
        OrderSent("c1", Decimal("-0.70")),
        OrderAcknowledged("c1", 78, 6, "Submitted"),
        *fills("c1", 2, ("2.10", "1.40"), closes=True),
        proposal("o3", quantity=1, limit="1.80"),
        *placed("o3", limit="1.80"),
        CancelRequested("o3", "worked too long"),
        OrderCanceled("o3", "canceled by us"),
        EngineStopped("end of day"),
    ]


def timed(told: list[Fact], start: datetime = NOON, step: timedelta = timedelta(seconds=7)) -> Iterator[tuple[Fact, datetime]]:
    for number, fact in enumerate(told):
        yield fact, start + step * number
