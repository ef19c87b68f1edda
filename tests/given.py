"""A small market, a trader's files and a ledger told in facts, from a few words.

Monday 23 November 2026, 10:00 in New York. SPY stands at 600; options of 18 December (25 days) trade at Black-Scholes prices of
volatility 20% with a cent of half width, unless a test says otherwise.
"""

import math
import re
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from itertools import count

import duckdb
import pyarrow as pa

from engine.compile.scanner import Scanner, _free
from engine.decide.entry.find import Finder
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.candidate import Candidate, LegQuote
from engine.domain.chain import CHAIN_SCHEMA, ChainSnapshot, MarketState
from engine.domain.contract import Contract, PutCall
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAcknowledged,
    OrderApproved,
    OrderPreviewed,
    OrderProposed,
    OrderSent,
)
from engine.domain.facts.running import EngineStarted, LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.session import Session, days_to_expiry, years_between
from engine.domain.snapshot import AccountValues, BrokerCount, Snapshot
from engine.domain.spread import Leg, Spread
from engine.pricing.black_scholes import greeks
from engine.strategy.account import Account
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_account, parse_strategy

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SESSION = Session(date(2026, 11, 23), datetime(2026, 11, 23, 14, 30, tzinfo=UTC), datetime(2026, 11, 23, 21, 0, tzinfo=UTC))
EXPIRY = date(2026, 12, 18)
LATER = date(2027, 1, 15)
SPOT, IV, RATE, DIVIDEND = 600.0, 0.20, 0.04, 0.013
HALF_WIDTH = 0.01
JOURNAL_ID = "spt"

_CODES = {"SPY": 1, "SPX": 2, "SPXW": 3, "QQQ": 4}


def contract(
    strike: float = 590, put_call: PutCall = "P", *, root: str = "SPY", underlying: str = "SPY", expiry: date = EXPIRY
) -> Contract:
    """An option; the same words give the same contract number."""
    day = (expiry - date(2026, 1, 1)).days
    con_id = ((_CODES.get(root, 9) * 1000 + day) * 2 + (put_call == "C")) * 100_000 + int(strike * 10)
    return Contract(con_id, underlying, root, expiry, Decimal(str(strike)), put_call, 100)


def spread(
    structure: str = "bull_put",
    short: float = 580,
    long: float = 575,
    *,
    root: str = "SPY",
    underlying: str = "SPY",
    expiry: date = EXPIRY,
) -> Spread:
    """A vertical on SPY, 5 wide; the leg that is sold first."""
    side: PutCall = "P" if structure.endswith("put") else "C"
    legs = (
        (contract(short, side, root=root, underlying=underlying, expiry=expiry), "sell"),
        (contract(long, side, root=root, underlying=underlying, expiry=expiry), "buy"),
    )
    return Spread(structure, tuple(Leg(one, action) for one, action in legs))  # type: ignore[arg-type]


# The market.


def option(of: Contract, *, at: datetime = NOW, spot: float = SPOT, iv: float = IV, age_s: float = 1.0, **more: float | None):
    """One row of the chain: a fair quote and its greeks; any column may be said otherwise, None is absent."""
    return _fair(of, at, spot, iv, age_s) | more


@lru_cache(maxsize=10_000)
def _fair(of: Contract, at: datetime, spot: float, iv: float, age_s: float) -> dict[str, object]:
    """The row of an option; most tests look at the same ones. Not to be changed."""
    years = years_between(at, WEEKDAYS.settles_at(of.rule, of.expiry))
    sign = 1 if of.put_call == "C" else -1
    values = greeks(spot, float(of.strike), years, RATE, DIVIDEND, iv, sign)
    fair = round(float(values.price), 2)
    return {
        "contract": of, "put_call": sign, "dte": days_to_expiry(at, of.expiry), "strike": float(of.strike), "years": years,
        "spot": spot, "forward": spot * math.exp((RATE - DIVIDEND) * years), "forward_from": 1,
        "discount": math.exp(-RATE * years), "atm_iv": iv, "bid": max(0.0, fair - HALF_WIDTH), "ask": fair + HALF_WIDTH,
        "bid_size": 50.0, "ask_size": 50.0, "last": fair, "volume": 100.0, "open_interest": 1000.0,
        "quoted_at": at.timestamp() - age_s, "quoted_level": spot,
        "iv": iv, "delta": float(values.delta), "gamma": float(values.gamma),
        "theta": float(values.theta) / 365, "vega": float(values.vega) / 100, "p_itm": float(values.p_itm),
        "worth": float(values.price), "priced_at": at.timestamp() - age_s, "fee": 0.65,
        "exchange_fee": 0.0,
    }  # fmt: skip


def options(
    strikes: Iterable[float] = range(540, 661, 5),
    *,
    expiries: Sequence[date] = (EXPIRY,),
    at: datetime = NOW,
    spot: float = SPOT,
    iv: float = IV,
    age_s: float = 1.0,
    root: str = "SPY",
    underlying: str = "SPY",
) -> list[dict[str, object]]:
    """Puts and calls of these strikes."""
    sides: tuple[PutCall, ...] = ("P", "C")
    wanted = [
        contract(k, side, root=root, underlying=underlying, expiry=day) for day in expiries for side in sides for k in strikes
    ]
    return [option(one, at=at, spot=spot, iv=iv, age_s=age_s) for one in wanted]


def chain(rows: Sequence[Mapping[str, object]] | None = None, *, at: datetime = NOW, **changes: Mapping[str, float | None]):
    """A chain of these rows in the order the relation wants; `changes` by strike and side change columns: p580={"bid": 1.0}."""
    told = [dict(row) for row in (options(at=at) if rows is None else rows)]
    for name, columns in changes.items():
        side, strike = (1 if name[0] == "c" else -1), float(name[1:])
        for row in told:
            if row["put_call"] == side and row["strike"] == strike:
                row.update(columns)
    told.sort(key=lambda row: _place(row["contract"]))  # type: ignore[arg-type]
    contracts = tuple(row["contract"] for row in told)
    underlyings = tuple(sorted({one.underlying for one in contracts}))  # type: ignore[union-attr]
    groups = list(dict.fromkeys(_place(one)[:4] for one in contracts))  # type: ignore[arg-type]
    columns: dict[str, list[object]] = {name: [] for name in CHAIN_SCHEMA.names}
    for row_id, (row, one) in enumerate(zip(told, contracts, strict=True)):
        row |= {"row_id": row_id, "underlying_id": underlyings.index(one.underlying), "group_id": groups.index(_place(one)[:4])}  # type: ignore[union-attr, arg-type]
        for name, column in columns.items():
            column.append(float("nan") if row[name] is None else row[name])
    table = pa.table({name: pa.array(column, CHAIN_SCHEMA.field(name).type) for name, column in columns.items()}, CHAIN_SCHEMA)
    rows_by_con_id = {one.con_id: row_id for row_id, one in enumerate(contracts)}  # type: ignore[union-attr]
    return ChainSnapshot(f"S{at:%H%M%S}", at, table, contracts, underlyings, 1, rows_by_con_id)  # type: ignore[arg-type]


def _place(one: Contract) -> tuple[object, ...]:
    return (one.underlying, one.expiry, one.root, one.put_call == "C", one.strike)


def market(underlying: str = "SPY", price: float | None = SPOT, **more: object) -> MarketState:
    """What is known of a quiet market."""
    known: dict[str, object] = {"iv30": 0.2, "iv_history": tuple(0.1 + 0.001 * n for n in range(252)), "vix": 18.0, "events": ()}
    closes = tuple(500 + 0.5 * n for n in range(200))
    fields = {"previous_close": closes[-1], "closes": closes, **known, **more}
    return MarketState(underlying, price, **fields)  # type: ignore[arg-type]


# The trader's files.

_STRATEGY = {
    "schema": "schema: 1",
    "name": "name: puts",
    "universe": "universe: [SPY]",
    "spread": """\
spread:
  type: bull_put
  expiry: 20-30 days
  short_delta: 0.15-0.30
  width: $5-$5
  rank: return_on_risk""",
    "sizing": "sizing: {risk: $900, contracts: 1-2}",
    "limits": "limits: {open: 3, per_day: 3, per_expiry: 3}",
    "entry": """\
entry:
  approval: manual, expires in 10 min
  price: from mid, $0.01 every 15 s, no worse than 92% of mid, give up after 3 min""",
    "exits": """\
exits:
  - profit >= 50% of credit
  - loss >= 200% of credit
  - dte <= 7""",
}
AUTO = """\
limits: {open: 3, per_day: 3, per_expiry: 3, stop_for_day: "-$2,000"}
entry:
  approval: auto
  auto_up_to: $2,000 risk, 3 orders per day
  price: from mid, $0.01 every 15 s, no worse than 92% of mid, give up after 3 min
"""

CALLS = """\
spread:
  type: bear_call
  expiry: 20-30 days
  short_delta: 0.15-0.30
  width: $5-$5
  rank: return_on_risk
"""


def strategy_text(snippet: str = "", name: str = "puts") -> str:
    """What stands in the file of `strategy`."""
    said = {block.split(":", 1)[0]: block for block in re.split(r"\n(?=\w)", snippet.strip("\n")) if block.strip()}
    return "\n".join((_STRATEGY | {"name": f"name: {name}"} | said).values()) + "\n"


@cache
def strategy(snippet: str = "", name: str = "puts") -> Strategy:
    """The strategy of a file: a quiet bull put on SPY; a snippet replaces the top-level keys that it names. It is frozen, and
    read once."""
    parsed = parse_strategy(strategy_text(snippet, name), f"{name}.yaml")
    assert parsed.value is not None, "\n".join(problem.message for problem in parsed.problems)
    return parsed.value


@cache
def limits(snippet: str = "") -> Account:
    """The account's limits: as they ship, with what the snippet says. They are frozen, and read once."""
    parsed = parse_account("schema: 1\n" + snippet)
    assert parsed.value is not None, "\n".join(problem.message for problem in parsed.problems)
    return parsed.value


def rulebook(
    *strategies: Strategy, account: Account | None = None, probation: int = 0, also: Sequence[Strategy] = ()
) -> Rulebook:
    """What is in force, with a real compiler behind it; `also` are versions that are no longer in force."""
    versions = {one.digest: one for one in (*strategies, *also)}
    return Rulebook(strategies, versions, account or limits(), _finder((*strategies, *also)), probation=probation)


def _finder(strategies: tuple[Strategy, ...]) -> Finder:
    """That of the same strategies, as between two beats: a database of its own takes longer than what most tests ask."""
    return _finder_of(tuple((one.digest, one.file) for one in strategies))


@lru_cache(maxsize=16)
def _finder_of(files: tuple[tuple[str, str], ...]) -> Finder:
    return Finder(_Sharing())


class _Sharing(Scanner):
    """One with relations and queries of its own in the database of them all: to make one takes longer than most tests."""

    def _connected(self) -> duckdb.DuckDBPyConnection:
        cursor = _first()._connection.cursor()
        weakref.finalize(self, _free, cursor, self._statements)
        return cursor


@cache
def _first() -> Scanner:
    return Scanner()


# What is known at an instant.


def calendar(first: date, last: date, *closed: date) -> Calendar:
    """The sessions of these days, with regular hours: weekdays but for the closed ones."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    sessions = (WEEKDAYS.session(day) for day in days if day not in closed)
    return Calendar(tuple(session for session in sessions if session is not None))


def account(net_liquidation: float | None = 100_000, **more: float | None) -> AccountValues:
    """An account without a position: everything is free."""
    worth = net_liquidation
    told: dict[str, float | None] = {
        "available_funds": worth, "look_ahead_available_funds": worth, "buying_power": None if worth is None else 4 * worth,
        "excess_liquidity": worth, "day_pnl": 0.0,
    }  # fmt: skip
    values = {name: None if value is None else Decimal(str(value)) for name, value in (told | more).items()}
    worth_of_it = None if net_liquidation is None else Decimal(str(net_liquidation))
    return AccountValues("DU1", NOW, net_liquidation=worth_of_it, **values)


def ledger(*facts: Fact, at: datetime = NOW - timedelta(minutes=5)) -> Ledger:
    """The fold of these facts after a good start, all told at one instant."""
    start = (EngineStarted("0.1.0", "sim", JOURNAL_ID), LinkChanged("up", None, "connected"), Reconciled(()))
    worth = EquityRecorded(Decimal(100_000), None, None, None)
    return told(Ledger(), *start, worth, *facts, at=at)


def told(known: Ledger, *facts: Fact, at: datetime = NOW) -> Ledger:
    for fact in facts:
        known.apply(fact, at)
    return known


def snapshot(known: Ledger | None = None, quotes: ChainSnapshot | None = None, *, at: datetime = NOW, **more: object) -> Snapshot:
    """One instant of an ordinary session: connected, live, agreed; the broker was asked just now, and holds nothing."""
    fields: dict[str, object] = {
        "chain": quotes if quotes is not None else chain(at=at), "market": {"SPY": market()},
        "account": replace(account(), reported_at=at),
        "session": SESSION, "data": "live", "is_connected": True, "count": BrokerCount(at, {}),
    }  # fmt: skip
    return Snapshot(at=at, ledger=known if known is not None else ledger(), **(fields | more))  # type: ignore[arg-type]


def rows(quotes: ChainSnapshot | None = None) -> Rows:
    return Rows(quotes if quotes is not None else chain())


def candidate(of: Spread | None = None, *, net: float = 0.80, max_loss: float = 420.0, **more: object) -> Candidate:
    """A candidate with the numbers that a test does not care for filled in."""
    fields: dict[str, object] = {
        "strategy": "puts", "spread": of or spread(), "quotes": (LegQuote(2.0, 2.02, -0.2), LegQuote(1.2, 1.22, -0.15)),
        "net": net, "natural": net - 0.02, "width": 5.0, "max_profit": net * 100, "max_loss": max_loss, "fees": 2.6,
        "breakevens": (579.2,), "pop": 0.8, "expected_value": 1.0, "return_on_risk": 0.19, "delta": 0.05, "gamma": -0.001,
        "theta": 0.01, "vega": -0.1, "score": 0.19, "rank": 1,
    }  # fmt: skip
    return Candidate(**(fields | more))  # type: ignore[arg-type]


# Orders, told in facts.


def proposal(
    ref: str = "o1",
    *,
    of: Spread | None = None,
    quantity: int = 1,
    limit: str = "0.80",
    worst: str | None = None,
    position: str | None = None,
    by: Strategy | None = None,
    reason: str = "rank 1",
    rule: str | None = None,
    roll: str | None = None,
    **more: object,
) -> OrderProposed:
    """An opening, or with `position` the close of that one. Where a rule sends it, its reason is that."""
    chosen = of or spread()
    lowest = Decimal(worst) if worst is not None else Decimal(limit) - Decimal("0.10")
    loss = chosen.max_loss(lowest) * 100 * quantity + Decimal("2.60") * quantity
    return replace(
        OrderProposed(
            order_ref=ref,
            purpose="open" if position is None else "close",
            strategy=by.name if by else "puts",
            digest=by.digest if by else "d" * 64,
            snapshot="S1",
            position=position or ref,
            spread=chosen,
            quantity=quantity,
            limit=Decimal(limit),
            worst=lowest,
            max_loss=loss if position is None else Decimal(0),
            fees=Decimal("2.60") * quantity,
            reason=reason if rule is None else rule if roll is None else f"{roll}: {rule}",
            rule=rule,
            roll=roll,  # type: ignore[arg-type]
        ),
        **more,
    )


def previewed(ref: str = "o1", outcome: str = "fits", text: str = "") -> OrderPreviewed:
    margin = Decimal(500) if outcome == "fits" else None
    equity = Decimal(80) if margin else None
    return OrderPreviewed(ref, outcome, margin, margin, equity, Decimal("1.30") if margin else None, text)  # type: ignore[arg-type]


def sent(order: OrderProposed, by: str = "auto") -> list[Fact]:
    """From the proposal to the sending."""
    ref = order.order_ref
    shown = [] if order.purpose == "close" else [previewed(ref)]
    return [order, *shown, OrderApproved(ref, by, order.limit), OrderSent(ref, order.limit)]


def working(order: OrderProposed) -> list[Fact]:
    return [*sent(order), OrderAcknowledged(order.order_ref, perm_id(order.order_ref), 7, "Submitted")]


def perm_id(ref: str) -> int:
    return 1000 + sum(map(ord, ref))


_numbers = count(1)


def fills(
    order: OrderProposed, spreads: int | None = None, net: str | None = None, *, at: datetime = NOW, tag: str = ""
) -> list[Fact]:
    """Executions and commissions of whole spreads at `net` (or the limit), leg by leg: the long leg trades at 1.00."""
    number = order.quantity if spreads is None else spreads
    price = Decimal(net) if net is not None else order.limit
    opens = order.purpose == "open"
    made: list[Fact] = []
    for leg in order.spread.legs:
        buys = (leg.action == "buy") == opens
        cash = price if opens else -price
        paid = Decimal("1.00") if leg.action == "buy" else Decimal("1.00") + cash
        exec_id = f"{order.order_ref}{tag or f'.{next(_numbers)}'}.{leg.contract.con_id}.01"
        action = "buy" if buys else "sell"
        made.append(LegFilled(order.order_ref, exec_id, leg.contract.con_id, action, number * leg.ratio, paid, at))
        made.append(CommissionReported(order.order_ref, exec_id, Decimal("0.65") * number))
    return made


def opened(order: OrderProposed | None = None, net: str | None = None, *, at: datetime = NOW - timedelta(days=2)) -> list[Fact]:
    """A position: the whole life of its opening."""
    chosen = order or proposal()
    return [*working(chosen), *fills(chosen, net=net, at=at)]


def closed(order: OrderProposed, net: str | None = None, *, at: datetime = NOW) -> list[Fact]:
    """The whole life of a close that filled."""
    return [*working(order), *fills(order, net=net, at=at)]
