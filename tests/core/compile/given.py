"""Chains and strategies for these tests, from a few words."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pyarrow as pa
import pytest

from engine.domain.chain import CHAIN_SCHEMA, EVENT_KINDS, ChainSnapshot, EventDays, MarketState
from engine.domain.contract import Contract
from engine.strategy.conditions import ExitRule
from engine.strategy.expressions.checker import read_condition
from engine.strategy.expressions.tree import Condition
from engine.strategy.model import Strategy
from engine.strategy.source import Text
from engine.strategy.spreads.calendars import Calendar, Diagonal, DoubleCalendar, DoubleDiagonal
from engine.strategy.spreads.flies import BrokenWing, Butterfly
from engine.strategy.spreads.verticals import BearCall, BearPut, BullCall, BullPut
from engine.strategy.spreads.wings import IronButterfly, IronCondor
from engine.strategy.values.view import read_standing

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def examples(few: int, *, all: int) -> pytest.MarkDecorator:  # noqa: A002
    """How many examples Hypothesis draws: a share of them, other ones each time, in `make test`."""
    return pytest.mark.parametrize("examples", [few, pytest.param(all, marks=pytest.mark.long)])


def checkered(rows: Iterable[str], columns: Iterable[str]) -> list[object]:
    """Every row with every column: each second place of the board is tried in `make test`, the others in `make long`."""
    places = product(enumerate(rows), enumerate(columns))
    return [pytest.param(row, column, marks=() if (m + n) % 2 == 0 else pytest.mark.long) for (m, row), (n, column) in places]


def strategy(
    kind: str = "bull_put",
    *,
    rules: Sequence[str] = (),
    filters: Sequence[str] = (),
    when: Sequence[str] = (),
    exits: Sequence[str] = (),
    rank: str = "return_on_risk",
    expiry: str | Mapping[str, str] = "0-400 days",
    short_delta: str | Mapping[str, str] | None = None,
    long_delta: str | Mapping[str, str] | None = None,
    width: str | Mapping[str, str] | None = "$1-$1000",
    keep: int = 5,
    universe: Sequence[str] = ("SPX",),
    name: str = "tested",
    views: Mapping[str, str] | None = None,
    **keys: object,
) -> Strategy:
    """A strategy from the words of a file, without the file: nothing is checked across its lines. An exit may end in `: roll`;
    `keys` are those of the structure alone."""
    spread: dict[str, object] = {"type": kind, "expiry": expiry, "rank": rank, "keep": keep, "rules": list(rules)}
    spread |= {"width": width} if width else {}
    spread |= {name: delta for name, delta in {"short_delta": short_delta, "long_delta": long_delta}.items() if delta} | keys
    structure = next(one for one in STRUCTURES if one.model_fields["type"].default == kind)
    made = Strategy.model_validate(
        {
            "schema": 1,
            "name": name,
            "universe": list(universe),
            "when": list(when),
            "filters": list(filters),
            "spread": {"type": "bull_put", "expiry": "30 days", "width": "$5"},
            "sizing": {"risk": "$500"},
            "exits": [_exit(line) for line in exits],
            "digest": hashlib.sha256(name.encode()).hexdigest(),
            "file": f"{name}.yaml",
        }
    )
    said = {view: read_standing(text) for view, text in (views or {}).items()}
    return made.model_copy(update={"spread": structure.model_validate(spread, context={"line": {"views": said}})})


STRUCTURES = (
    *(BullPut, BearCall, BullCall, BearPut),
    *(IronCondor, IronButterfly, Butterfly, BrokenWing),
    *(Calendar, Diagonal, DoubleCalendar, DoubleDiagonal),
)
"""Every structure that the scan finds."""


def option(strike: float, put_call: str = "P", **more: float | str | None) -> dict[str, float | str | None]:
    """One option: a fair quote and known greeks unless said otherwise."""
    side = 1 if put_call == "C" else -1
    distance = side * (strike - 100.0)
    mid = max(0.5, 6 - 0.3 * distance)
    return {
        "underlying": "SPX", "root": "SPXW", "put_call": side, "dte": 30, "strike": strike, "spot": 100.0,
        "forward": 100.2, "forward_from": 1, "discount": 0.996, "atm_iv": 0.2,
        "bid": mid - 0.05, "ask": mid + 0.05, "bid_size": 10.0, "ask_size": 10.0, "last": mid, "volume": 50.0,
        "open_interest": 500.0,
        "quote_age": 1.0, "iv": 0.2 - 0.001 * (strike - 100), "delta": side * min(0.95, max(0.02, 0.5 - 0.03 * distance)),
        "gamma": 0.02,
        "theta": -0.03, "vega": 0.1, "p_itm": 0.3, "worth": mid * 0.95, "fee": 0.65, "exchange_fee": 0.0,
    } | more  # fmt: skip


def chain(options: Sequence[Mapping[str, float | str | None]], multipliers: Mapping[float, int] | None = None) -> ChainSnapshot:
    """A chain of these options in the order the relation wants; absent numbers become NaN."""
    ordered = sorted(options, key=lambda o: (o["underlying"], o["dte"], o["root"], -o["put_call"], o["strike"]))
    underlyings = sorted({str(o["underlying"]) for o in ordered})
    groups = list(dict.fromkeys((o["underlying"], o["dte"], o["root"], o["put_call"]) for o in ordered))
    contracts = [_contract(number, o, multipliers or {}) for number, o in enumerate(ordered)]
    columns: dict[str, list[object]] = {name: [] for name in CHAIN_SCHEMA.names}
    for row_id, o in enumerate(ordered):
        age = o["quote_age"]
        row = dict(o) | {
            "row_id": row_id,
            "underlying_id": underlyings.index(str(o["underlying"])),
            "group_id": groups.index((o["underlying"], o["dte"], o["root"], o["put_call"])),
            "years": (o["dte"] + 0.1) / 365,
            "quoted_at": None if age is None else NOW.timestamp() - age,
            "quoted_level": o["spot"],
            "priced_at": o.get("priced_at", None if age is None else NOW.timestamp() - age),
        }
        for name, column in columns.items():
            column.append(float("nan") if row[name] is None else row[name])
    table = pa.table(
        {name: pa.array(column, CHAIN_SCHEMA.field(name).type) for name, column in columns.items()}, schema=CHAIN_SCHEMA
    )
    return ChainSnapshot(
        "S1", NOW, table, contracts, underlyings, 1, {contract.con_id: n for n, contract in enumerate(contracts)}
    )


def market(underlying: str = "SPX", **more: object) -> MarketState:
    """What is known of a quiet market."""
    fields: dict[str, object] = {
        "price": 100.0, "previous_close": 99.0, "iv30": 0.2, "iv_history": tuple(0.1 + 0.001 * n for n in range(252)),
        "closes": tuple(80.0 + 0.1 * n for n in range(200)), "vix": 18.0, "events": events(),
    }  # fmt: skip
    return MarketState(underlying, **(fields | more))  # pyright: ignore


def events(until: date | None = date(2026, 12, 31), **days: date | tuple[date, ...]) -> tuple[EventDays, ...]:
    """Every kind of event, known to one day: events(fomc=date(2026, 11, 22)) has one of them."""
    listed = {name: day if isinstance(day, tuple) else (day,) for name, day in days.items()}
    return tuple(EventDays(kind, listed.get(kind.casefold(), ()), until) for kind in EVENT_KINDS)


def _contract(number: int, o: Mapping[str, float | str | None], multipliers: Mapping[float, int]) -> Contract:
    expiry, strike = TODAY + timedelta(days=int(o["dte"])), float(o["strike"])
    side = "C" if o["put_call"] > 0 else "P"
    multiplier = multipliers.get(strike, 100)
    return Contract(1000 + number, str(o["underlying"]), str(o["root"]), expiry, Decimal(str(strike)), side, multiplier)


def _exit(line: str) -> ExitRule:
    text, _, action = line.partition(": ")
    return ExitRule(Condition(text, read_condition(Text(text), ("position", "market"))), action or "close")
