"""Calendars, diagonals and their doubles: SQL finds what plain loops find over random chains of several expiries."""

import math
import re
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compile.pairs import Meeting
from engine.decide.rows import chain_rows
from engine.domain.chain import ChainSnapshot
from engine.strategy.model import Strategy
from tests.core.compile import given as make
from tests.core.compile.plain_loops import search
from tests.core.compile.test_oracle import (
    ABSENT_AT_TIMES,
    AT_VIEWS,
    DEBIT,
    DELTAS,
    LEG,
    SPREAD,
    STRIKES,
    VIEWS,
    WIDTHS,
    assert_same,
    conditions,
    scan,
    viewed,
)

pytestmark = pytest.mark.slow

DAYS = (9, 30, 37, 65)
RATE, YIELD = 0.04, 0.015
RIGHTS = st.sampled_from(["put", "call"])
OF_BOTH_SIDES = DELTAS | st.fixed_dictionaries({"put": st.just("0.10-0.70"), "call": st.just("0.20-0.80")})
KEYS: Mapping[str, st.SearchStrategy[dict[str, object]]] = {
    "calendar": st.fixed_dictionaries({"right": RIGHTS, "short_delta": DELTAS, "width": st.none()}),
    "diagonal": st.fixed_dictionaries(
        {
            "right": RIGHTS,
            "far_strike": st.sampled_from(["lower", "higher"]),
            "short_delta": DELTAS,
            "long_delta": st.sampled_from([None, None, "0.05-0.60"]),
            "width": WIDTHS,
        }
    ),
    "double_calendar": st.fixed_dictionaries({"short_delta": OF_BOTH_SIDES, "width": st.none()}),
    "double_diagonal": st.fixed_dictionaries(
        {
            "short_delta": OF_BOTH_SIDES,
            "long_delta": st.sampled_from([None, None, "0.05-0.60"]),
            "width": WIDTHS | st.fixed_dictionaries({"put": WIDTHS, "call": WIDTHS}),
        }
    ),
}
RANKS = ("return_on_risk", "expected_value / max_loss", "pop", "pop * max_profit - p_touch * max_loss", "breakeven_distance")
EXPIRIES = st.sampled_from(
    [
        {"near": "0-40 days", "far": "20-90 days"},
        {"near": "9 days", "far": "30-65 days"},
        {"near": "20-40 days", "far": "60-70 days"},
    ]
)
OF_LATER = {name: form for name, form in (SPREAD | AT_VIEWS).items() if name != "width"}


def option_of(rng: Random, strike: float, root: str, dte: int, put_call: str) -> dict[str, float | str | None]:
    """An option priced by its volatility, give or take; a quote or a number is missing at times."""
    years, w, iv = (dte + 0.1) / 365, 1 if put_call == "C" else -1, 0.2 - 0.001 * (strike - 100) + rng.uniform(-0.03, 0.03)
    forward, discount = 100 * math.exp((RATE - YIELD) * years), math.exp(-RATE * years)
    deviation = iv * math.sqrt(years)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    fair = w * discount * (forward * _cdf(w * d1) - strike * _cdf(w * (d1 - deviation)))
    bid = round(max(0.0, fair - rng.choice([0.02, 0.05, 0.3]) + rng.uniform(-0.2, 0.2)), 2)
    quote = (bid, round(bid + rng.choice([0.05, 0.1, 0.4]), 2))
    if rng.random() < 0.1:
        quote = rng.choice([(0.0, quote[1]), (None, quote[1]), (bid, bid)])
    option = make.option(strike, put_call, root=root, dte=dte, forward=forward, discount=discount, iv=iv)
    option |= {"bid": quote[0], "ask": quote[1], "delta": w * discount * _cdf(w * d1), "worth": fair}
    option |= {"quote_age": rng.choice([0.5, 3.5, 9.5]), "fee": rng.choice([0.25, 0.65])}
    return option | {column: None for column in ABSENT_AT_TIMES if rng.random() < 0.02}


def _cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def chain_of(seed: int) -> ChainSnapshot:
    """Expiries of one class or two, European or American, each with strikes of its own."""
    rng = Random(seed)
    roots = rng.choice([("SPXW",), ("SPXW", "SPY"), ("SPY",)])
    places = [(root, dte, side) for root in roots for dte in rng.sample(DAYS, 3) for side in ("C", "P")]
    return make.chain([option_of(rng, strike, *place) for place in places for strike in rng.sample(STRIKES, rng.randint(4, 6))])


@st.composite
def declared(draw: st.DrawFn, kind: str) -> Strategy:
    rules = draw(st.lists(conditions(OF_LATER), max_size=2))
    return make.strategy(
        kind,
        rules=[re.sub(r"\b(natural|price)\b", lambda found: DEBIT[found[0]], line) for line in rules],
        filters=draw(st.lists(conditions(LEG), max_size=1)),
        rank=draw(st.sampled_from((*RANKS, "expected_value at higher / max_loss"))),
        expiry=draw(EXPIRIES),
        keep=draw(st.sampled_from([1, 5, 500])),
        views=VIEWS,
        **draw(KEYS[kind]),  # type: ignore[arg-type]
    )


@make.examples(12, all=60)
@pytest.mark.parametrize("kind", KEYS)
def test_sql_finds_what_plain_loops_find_over_two_expiries(kind: str, examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    @given(seed=st.integers(0, 10**9), strategy=declared(kind), meeting=st.sampled_from(["bucket", "group"]))
    def finds(seed: int, strategy: Strategy, meeting: Meeting) -> None:
        rows = chain_rows(chain_of(seed), {}, make.NOW)
        table, options = viewed(strategy, rows, [0.15, 0.3, math.nan][seed % 3])

        found = scan(strategy, table, meeting)

        assert_same(found, search(strategy, options)[: strategy.spread.keep])

    finds()
