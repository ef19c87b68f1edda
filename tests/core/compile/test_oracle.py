"""What SQL finds is what plain loops find: over random chains and random strategies, and over recorded ones."""

import itertools
import math
import re
from collections.abc import Sequence
from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compile.entry import compile_entry
from engine.compile.pairs import Meeting
from engine.compile.scanner import Row, Scanner
from engine.decide.entry.views import views_seen, worths_seen
from engine.decide.rows import SCAN_SCHEMA, ChainRows, chain_rows, with_views
from engine.domain.chain import ChainSnapshot
from engine.pricing.view import View
from engine.strategy.model import Strategy
from tests.core.compile import given as make
from tests.core.compile.plain_loops import Hit, Option, search

pytestmark = pytest.mark.slow

KINDS = ("bull_put", "bear_call", "bull_call", "bear_put")
LEG = {
    "bid": ("${}", 0, 9),
    "ask": ("${}", 0, 9),
    "mid": ("${}", 0, 9),
    "quote_width": ("${}", 0, 2),
    "quote_age": ("{} s", 1, 9),
    "volume": ("{}", 0, 90),
    "open_interest": ("{}", 0, 900),
    "iv": ("{}%", 5, 40),
    "delta": ("{}", -1, 1),
    "moneyness": ("{}%", -20, 20),
    "strike": ("{}", 85, 115),
    "dte": ("{}", 1, 60),
    "p_itm": ("{}%", 5, 90),
}
"""How a number of each measure is written, and between which bounds one cuts."""
SPREAD = {
    "price": ("${}", 0, 5),
    "short_price": ("${}", 0, 9),
    "long_price": ("${}", 0, 9),
    "put_credit": ("${}", -2, 5),
    "call_credit": ("${}", -2, 5),
    "natural": ("${}", 0, 5),
    "width": ("${}", 1, 20),
    "max_profit": ("${}", 10, 900),
    "max_loss": ("${}", 10, 900),
    "return_on_risk": ("{}%", 5, 200),
    "pop": ("{}%", 5, 95),
    "p_touch": ("{}%", 5, 95),
    "expected_value": ("${}", -100, 100),
    "expected_value at 18%": ("${}", -100, 100),
    "expected_value at realized_vol(20 days)": ("${}", -100, 100),
    "breakeven_distance": ("{}%", -9, 9),
    "delta": ("{}", -1, 1),
    "gamma": ("{}", 0, 1),
    "theta": ("${}", -9, 9),
    "vega": ("${}", -9, 9),
    "short_delta": ("{}", 0, 1),
    "long_delta": ("{}", 0, 1),
    "quote_width": ("${}", 0, 2),
    "slippage": ("${}", 0, 2),
    "fees": ("${}", 1, 4),
}
CREDIT = {"natural": "natural_credit", "price": "credit"}
DEBIT = {"natural": "natural_debit", "price": "debit"}
RANKS = (
    "return_on_risk",
    "expected_value / max_loss",
    "pop",
    "pop * max_profit - p_touch * max_loss",
    "width",
    "expected_value at 25% / max_loss",
)
VIEWS = {"higher": "SPX between $101 and $108 by 10 Dec 2026, 70% sure", "calm": "within 4% in 40 days"}
"""One whose day lies before an expiry, and one whose day lies behind it."""
AT_VIEWS = {f"expected_value at {name}": ("${}", -100, 100) for name in VIEWS}
STRIKES = (90.0, 92.5, 95.0, 97.5, 100.0, 102.5, 105.0, 110.0)
Declared = dict[str, tuple[str, int, int]]


@st.composite
def conditions(draw: st.DrawFn, measures: Declared, depth: int = 2) -> str:
    """One line of the language."""
    shape = draw(st.sampled_from(["compare", "compare", "between", "in", "sum", "and", "or", "not"] if depth else ["compare"]))
    name = draw(st.sampled_from(sorted(measures)))
    first, second = sorted(draw(st.tuples(bounds(measures[name]), bounds(measures[name]))))
    match shape:
        case "and" | "or":
            parts = [draw(conditions(measures, depth - 1)) for _ in range(2)]
            return f"({parts[0]} {shape} {parts[1]})"
        case "not":
            return f"not ({draw(conditions(measures, depth - 1))})"
        case "between":
            return f"{name} between {written(measures[name][0], first, name)} and {written(measures[name][0], second, name)}"
        case "in":
            return f"{name} in ({written(measures[name][0], first, name)}, {written(measures[name][0], second, name)})"
        case "sum":
            # What is compared with itself in another dress: division by zero, least and greatest of what may be absent.
            function = draw(
                st.sampled_from([f"least({name}, 2 * {name})", f"greatest({name}, {name} / 2)", f"abs({name} - {name} / 3)"])
            )
            return f"{function} {draw(signs)} {written(measures[name][0], first, name)}"
        case _:
            return f"{name} {draw(signs)} {written(measures[name][0], first, name)}"


signs = st.sampled_from(["<", "<=", ">", ">=", ">", ">=", "!="])


def bounds(declared: tuple[str, int, int]) -> st.SearchStrategy[float]:
    # Tenths, as people write them: prices are multiples of a cent, so many a value lies on its bound.
    return st.integers(declared[1] * 10, declared[2] * 10).map(lambda tenths: tenths / 10)


def written(form: str, number: float, name: str) -> str:
    if form == "{} s":
        return f"{max(1, int(number))} s"
    if name in {"dte", "volume", "open_interest"}:
        return str(int(number))
    text = form.format(abs(number))
    return f"-{text}" if number < 0 else text


ABSENT_AT_TIMES = ("iv", "delta", "gamma", "theta", "vega", "p_itm", "worth", "volume", "quote_age", "spot", "forward", "fee")


def chain_of(seed: int) -> ChainSnapshot:
    """A small chain with all that real ones have: gaps, crossed, locked, one-sided quotes, two roots with the same strikes."""
    rng = Random(seed)
    days = rng.choice([(30,), (2, 45)])
    roots = rng.choice([("SPXW",), ("SPX", "SPXW")])
    places = [(root, dte, side) for root in roots for dte in days for side in ("C", "P")]
    return make.chain([option_of(rng, strike, *place) for place in places for strike in rng.sample(STRIKES, rng.randint(5, 8))])


def option_of(rng: Random, strike: float, root: str, dte: int, put_call: str) -> dict[str, float | str | None]:
    option = make.option(strike, put_call, root=root, dte=dte)
    bid = round(max(0.0, float(option["bid"]) + rng.randint(-40, 40) / 100), 2)
    ask = round(bid + rng.choice([0.1, 0.05, 0.3]), 2)
    if rng.random() < 0.25:
        bid, ask = rng.choice([(0.0, ask), (None, ask), (bid, None), (bid, bid), (bid, bid - 0.1), (0.0, 0.0)])
    option |= {"bid": bid, "ask": ask, "iv": float(option["iv"]) + rng.uniform(-0.01, 0.01)}
    option |= {"quote_age": rng.choice([0.5, 3.5, 9.5]), "volume": rng.randint(0, 90) + 0.5}
    option |= {"open_interest": rng.randint(0, 900) + 0.5, "fee": rng.choice([0.25, 0.65])}
    option |= {"exchange_fee": rng.choice([0.0, 0.05, 0.58]), "gamma": rng.uniform(0, 0.1)}
    option |= {"theta": -rng.uniform(0, 9), "vega": rng.uniform(0, 9)}
    return option | {column: None for column in ABSENT_AT_TIMES if rng.random() < 0.1}


@st.composite
def declared(draw: st.DrawFn, kinds: Sequence[str] = KINDS, ranks: Sequence[str] = RANKS, spread: Declared = SPREAD) -> Strategy:
    kind = draw(st.sampled_from(kinds))
    named = DEBIT if kind in {"bull_call", "bear_put", "butterfly"} else CREDIT
    rules = [
        re.sub(r"\b(natural|price)\b", lambda found: named[found[0]], line)
        for line in draw(st.lists(conditions(spread), max_size=2))
    ]
    return make.strategy(
        kind,
        rules=rules,
        filters=draw(st.lists(conditions(LEG), min_size=kind in KINDS, max_size=2)),
        rank=draw(st.sampled_from(ranks)),
        expiry=draw(st.sampled_from(["0-60 days", "0-60 days", "2-30 days"])),
        keep=draw(st.sampled_from([1, 5, 500])),
        views=VIEWS,
        **draw(KEYS.get(kind, OF_VERTICALS)),
    )


WIDTHS = st.sampled_from(["$2.50", "$5-$10", "$1-$30", "$1-$30"])
DELTAS = st.sampled_from([None, None, "0.10-0.80", "0.20-0.60"])
RIGHTS = st.sampled_from(["put", "call"])
OF_VERTICALS = st.fixed_dictionaries({"width": WIDTHS, "short_delta": DELTAS})
OF_SIDES = st.fixed_dictionaries(
    {
        "width": WIDTHS | st.fixed_dictionaries({"put": WIDTHS, "call": WIDTHS}),
        "short_delta": DELTAS | st.fixed_dictionaries({"put": st.just("0.10-0.70"), "call": st.just("0.20-0.80")}),
        "long_delta": st.sampled_from([None, None, None, "0.05-0.60"]),
    }
)
OF_FLIES = {"right": RIGHTS, "body_delta": DELTAS}
KEYS = {
    "iron_condor": OF_SIDES,
    "iron_butterfly": OF_SIDES,
    "butterfly": st.fixed_dictionaries({"width": WIDTHS, **OF_FLIES}),
    "broken_wing": st.fixed_dictionaries(
        {
            "width": st.fixed_dictionaries({"near": WIDTHS, "far": WIDTHS | st.sampled_from(["2 x near", "0.5 x near"])}),
            "near_delta": DELTAS,
            **OF_FLIES,
        }
    ),
}
"""The keys of each structure."""


@make.examples(60, all=200)
def test_sql_finds_what_plain_loops_find(examples: int) -> None:
    assert_any_finds_the_same(declared(), examples)


@make.examples(20, all=60)
@pytest.mark.parametrize("kind", KEYS)
def test_sql_of_more_legs_finds_what_plain_loops_find(kind: str, examples: int) -> None:
    assert_any_finds_the_same(declared([kind]), examples)


@make.examples(25, all=150)
def test_sql_at_views_of_a_price_finds_what_plain_loops_find(examples: int) -> None:
    ranks = ("expected_value at higher / max_loss", "expected_value at calm", "expected_value at higher + expected_value at calm")
    assert_any_finds_the_same(declared([*KINDS, "iron_condor", "broken_wing"], ranks, SPREAD | AT_VIEWS), examples)


def assert_any_finds_the_same(strategies: st.SearchStrategy[Strategy], examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    @given(seed=st.integers(0, 10**9), strategy=strategies, meeting=st.sampled_from(["bucket", "group"]))
    def finds(seed: int, strategy: Strategy, meeting: Meeting) -> None:
        assert_finds_the_same(seed, strategy, meeting)

    finds()


def assert_finds_the_same(seed: int, strategy: Strategy, meeting: Meeting) -> None:
    table, options = viewed(strategy, chain_rows(chain_of(seed), {}, make.NOW), [0.15, 0.3, math.nan][seed % 3])

    found = scan(strategy, table, meeting)

    assert_same(found, search(strategy, options)[: strategy.spread.keep])


def viewed(strategy: Strategy, rows: ChainRows, volatility: float) -> tuple[pa.Table, list[Option]]:
    """The chain as SQL sees it, with the worths under the views of a price; and as plain loops do, with the views themselves."""
    seen = views_seen(strategy, rows, make.NOW)
    expected = {view.name: _distribution(by_underlying[0]) for view, by_underlying in seen.expected.items()}
    table = with_views(rows.table, [[volatility]])
    options = [option | {"expected": expected} for option in options_of(table)]
    return with_views(table, (), (), worths_seen(strategy, seen, rows.table)), options


def _distribution(view: View | None) -> tuple[float, float, float, float] | None:
    return None if view is None else (view.expected.mean, view.expected.deviation, view.years, view.forward)


_SCANNER = Scanner()
_SCANNER.relation("chain", SCAN_SCHEMA)


def scan(strategy: Strategy, table: pa.Table, meeting: Meeting = "bucket") -> list[Row]:
    prepared = _SCANNER.prepare(compile_entry(strategy, meeting=meeting).query, "chain")
    found = _SCANNER.rows(prepared, table)
    _SCANNER.forget(prepared)
    return found


def options_of(table: pa.Table) -> list[Option]:
    return [{name: _known(value) for name, value in row.items()} for row in table.to_pylist()]


def _known(value: float | None) -> float | None:
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


def assert_same(found: Sequence[Row], wanted: Sequence[Hit]) -> None:
    """The same legs in the same order; scores that differ only by rounding may stand in either order."""
    assert [score for *_, score in found] == pytest.approx([hit.score for hit in wanted], rel=1e-9, abs=1e-12)
    if _without_near_ties(wanted):
        assert [tuple(rows) for *rows, _ in found] == [hit.rows for hit in wanted]


def _without_near_ties(wanted: Sequence[Hit]) -> bool:
    scores = [hit.score for hit in wanted]
    return all(a == b or abs(a - b) > 1e-9 * max(1.0, abs(a)) for a, b in itertools.pairwise(scores))


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("credit <= $2", True),
        ("credit >= $2", True),
        ("credit = $2", True),
        ("credit < $2", False),
        ("credit > $2", False),
        ("credit != $2", False),
        ("not (credit > $2)", True),
        ("credit between 20% of width and $2", True),
        ("max_profit <= $200", True),
        ("return_on_risk <= 25%", True),
        ("slippage >= 15% of credit", True),
    ],
)
def test_value_on_its_bound_lies_on_it_whatever_its_last_bit(rule: str, *, holds: bool) -> None:
    short, long = make.option(100, bid=4.0, ask=4.3), make.option(90, bid=2.0, ask=2.3)
    assert ((4.0 + 4.3) - (2.0 + 2.3)) / 2 > 2, "the credit that binary numbers make of it"
    rows = chain_rows(make.chain([short, long]), {}, make.NOW)

    found = scan(make.strategy(rules=[rule]), rows.table)

    assert len(found) == holds


def test_spreads_of_one_score_stand_in_the_order_of_the_chain_whatever_its_last_bit() -> None:
    quotes = {80: (0.0, 0.1), 90: (2.0, 2.3), 100: (4.0, 4.3), 110: (6.0, 6.3), 120: (8.0, 8.3)}
    options = [make.option(strike, bid=bid, ask=ask) for strike, (bid, ask) in quotes.items()]
    rows = chain_rows(make.chain(options), {}, make.NOW)

    found = scan(make.strategy(width="$10", rules=["credit = $2"], rank="credit / width"), rows.table)

    assert [(short, long) for short, long, _ in found] == [(2, 1), (3, 2), (4, 3)]
    assert len({score for *_, score in found}) > 1, "their scores differ in the last bit"
