"""Where a leg stands: by the delta, price, strike or expiry that is nearest to a wanted one, or within a range of them.

Of each class, expiry and side one leg is chosen before legs meet; plain loops choose the same.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.rows import chain_rows, searched
from engine.domain.chain import ChainSnapshot
from engine.strategy.model import Strategy
from tests.core.compile import given as make
from tests.core.compile import test_later, test_oracle
from tests.core.compile.plain_loops import search
from tests.core.compile.test_oracle import assert_same, options_of, scan

FINDER = Finder(Scanner())
DELTAS = st.sampled_from([None, "0.10-0.80", "nearest 30 delta, within 10-60 delta", "nearest 0.5, within 0.2-0.8"])
STRIKES = st.sampled_from(
    [None, None, "at the money", "1%-8% from price", "$2.50-$9 from price", "$5 from price", "4% from price"]
)
PRICES = st.sampled_from([None, None, "at most $4.20", "$2-$6.30", "nearest $5, within $3-$7"])
OF_EXPIRY = st.sampled_from(["0-60 days", "nearest 30 days, within 0-60 days", "nearest 16 days, within 2-45 days"])
RIGHT = {"right": st.sampled_from(["put", "call"])}


def sided(places: st.SearchStrategy[str | None]) -> st.SearchStrategy[object]:
    known = places.filter(lambda place: place is not None)
    return places | st.fixed_dictionaries({"put": known, "call": known})


OF_SIDES = {
    "short_delta": sided(DELTAS),
    "short_strike": sided(STRIKES),
    "short_price": sided(PRICES),
    "long_price": sided(PRICES),
}
OF_VERTICALS = {
    "short_delta": DELTAS,
    "short_strike": STRIKES,
    "long_strike": STRIKES,
    "short_price": PRICES,
    "long_price": PRICES,
    "width": st.just("$1-$30"),
}
KEYS: Mapping[str, Mapping[str, st.SearchStrategy[object]]] = {
    **dict.fromkeys(("bull_put", "bear_call", "bull_call", "bear_put"), OF_VERTICALS),
    **{kind: {**OF_SIDES, "width": st.sampled_from(["$1-$30", "$5-$10"])} for kind in ("iron_condor", "iron_butterfly")},
    "butterfly": {**RIGHT, "body_delta": DELTAS, "body_strike": STRIKES, "body_price": PRICES, "width": st.just("$1-$30")},
    "calendar": {
        **RIGHT,
        "short_delta": DELTAS,
        "long_delta": DELTAS,
        "short_strike": STRIKES,
        "short_price": PRICES,
        "width": st.none(),
    },
    "diagonal": {
        **RIGHT,
        "far_strike": st.sampled_from(["lower", "higher"]),
        "short_delta": DELTAS,
        "short_strike": STRIKES,
        "long_strike": STRIKES,
        "long_price": PRICES,
        "width": st.just("$1-$15"),
    },
    "double_calendar": {
        "long_delta": sided(DELTAS),
        "short_strike": sided(STRIKES),
        "short_price": sided(PRICES),
        "width": st.none(),
    },
}
LATER = {"calendar", "diagonal", "double_calendar"}
FAR = st.sampled_from(["20-90 days", "nearest 45 days, within 20-90 days", "7-35 days after near", "28 days after near"])


@st.composite
def placed(draw: st.DrawFn, kind: str) -> Strategy:
    keys = {name: value for name, value in draw(st.fixed_dictionaries(dict(KEYS[kind]))).items() if value or name == "width"}
    near = draw(OF_EXPIRY)
    return make.strategy(
        kind,
        expiry={"near": near, "far": draw(FAR)} if kind in LATER else near,
        filters=draw(st.sampled_from([[], ["volume >= 20"]])),
        rank="max_loss",
        keep=500,
        **keys,
    )


def chain_of(seed: int, kind: str) -> ChainSnapshot:
    return test_later.chain_of(seed) if kind in LATER else test_oracle.chain_of(seed)


@pytest.mark.slow
@make.examples(10, all=60)
@pytest.mark.parametrize("kind", KEYS)
def test_sql_chooses_the_legs_that_plain_loops_choose(kind: str, examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(seed=st.integers(0, 10**9), strategy=placed(kind), by_group=st.booleans())
    def chooses(seed: int, strategy: Strategy, *, by_group: bool) -> None:
        table = chain_rows(chain_of(seed, kind), {}, make.NOW).table

        found = scan(strategy, table, "group" if by_group else "bucket")

        assert_same(found, search(strategy, options_of(table))[: strategy.spread.keep])

    chooses()


@pytest.mark.slow
@make.examples(5, all=30)
@pytest.mark.parametrize("kind", KEYS)
def test_funnel_ends_with_as_many_as_the_scan_finds(kind: str, examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(seed=st.integers(0, 10**6), strategy=placed(kind))
    def agrees(seed: int, strategy: Strategy) -> None:
        rows = FINDER.rows(chain_of(seed, kind), {}, make.NOW)
        found = FINDER.scan(strategy, rows, ["SPX"], make.NOW)
        assume(len(found) < strategy.spread.keep)

        recorded = FINDER.funnel(strategy, rows, ["SPX"], make.NOW)

        assert recorded.candidates == len(found)

    agrees()


def found_legs(options: Sequence[Mapping[str, object]], role: str = "short", **keys: object) -> list[float]:
    """Strikes of the legs of this role, each once, in the order of the expiries."""
    strategy = make.strategy(**({"width": "$1-$200", "rank": "max_loss", "keep": 500} | keys))
    chain = make.chain(options)  # type: ignore[arg-type]
    found = FINDER.scan(strategy, FINDER.rows(chain, {}, make.NOW), ["SPX"], make.NOW)
    legs = [leg for one in found for leg in one.spread.legs if (leg.sign < 0) == (role == "short")]
    ordered = sorted({(leg.contract.expiry, float(leg.contract.strike)) for leg in legs})
    return [strike for _, strikes in groupby(ordered, key=lambda one: one[0]) for _, strike in strikes]


PUTS = [make.option(strike, dte=dte) for dte in (30, 45) for strike in (85, 90, 92, 95, 97, 100, 102)]


@pytest.mark.parametrize(
    ("keys", "strikes"),
    [
        ({"short_delta": "nearest 20 delta, within 13-40 delta"}, [90, 90]),
        ({"short_delta": "nearest 31 delta, within 30-40 delta"}, [95, 95]),
        ({"short_strike": "at the money"}, [100, 100]),
        ({"short_strike": "$5 from price"}, [95, 95]),
        ({"short_strike": "$6 from price"}, [95, 95]),
        ({"short_strike": "2%-6% from price"}, [95, 97, 95, 97]),
        ({"short_price": "nearest $4.50, within $4-$5"}, [95, 95]),
        ({"short_price": "$3.50-$4.60"}, [92, 95, 92, 95]),
        ({"expiry": "nearest 40 days, within 20-60 days", "short_strike": "at the money"}, [100]),
        ({"expiry": "nearest 37 days, within 20-60 days", "short_strike": "at the money"}, [100]),
    ],
)
def test_leg_stands_where_the_file_says(keys: dict[str, object], strikes: list[float]) -> None:
    assert found_legs(PUTS, **keys) == strikes


def test_bought_leg_may_cost_so_much_at_the_most() -> None:
    assert found_legs(PUTS, "long", long_price="at most $3", expiry="30 days", short_strike="at the money") == [85, 90]


def test_leg_is_chosen_among_those_that_pass_the_filters() -> None:
    thin = [option | ({"volume": 1.0} if option["strike"] == 100 else {}) for option in PUTS]

    assert found_legs(thin, short_strike="at the money", filters=["volume >= 10"], expiry="30 days") == [102]


def test_leg_whose_delta_is_unknown_is_never_the_nearest() -> None:
    unknown = [option | {"delta": None} for option in PUTS]

    assert found_legs(unknown, short_delta="nearest 20 delta, within 13-40 delta") == []


def test_no_strike_is_at_the_money_where_those_about_the_price_are_missing() -> None:
    far = [option for option in PUTS if float(str(option["strike"])) < 97]

    assert found_legs(far, short_strike="at the money") == []


MONTHLIES = {28: True, 29: True, 31: False, 35: False, 56: True, 63: False}
"""Days from 20 November 2026, and whether an expiry then is the standard one of its month: 18 December, which may be named by the
Saturday behind it, and 15 January are."""


def dated(strike: float, dte: int, put_call: str = "P") -> dict[str, float | str | None]:
    """An option that costs more the longer it lives."""
    one = make.option(strike, put_call, dte=dte)
    return one | {name: one[name] * (1 + dte / 100) for name in ("bid", "ask", "worth")}  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bull_put", "iron_condor", "calendar"])
@pytest.mark.parametrize(
    "expiry", ["monthly, within 25-60 days", "monthly, within 30-60 days", "monthly nearest 35 days, within 20-60 days"]
)
def test_monthly_expiries_are_those_of_plain_loops(kind: str, expiry: str) -> None:
    options = [dated(strike, dte, right) for dte in MONTHLIES for right in "PC" for strike in (90, 95, 100, 105)]
    later = {"near": expiry, "far": "1-35 days after near"}
    keys = {"right": "put", "width": None} if kind == "calendar" else {}
    strategy = make.strategy(kind, expiry=later if keys else expiry, rank="max_loss", keep=500, **keys)
    table = chain_rows(make.chain(options), {}, make.NOW).table  # type: ignore[arg-type]

    found = scan(strategy, table, "group")

    assert_same(found, search(strategy, options_of(table))[:500])
    assert found
    days = {int(table.column("dte")[row[0]].as_py()) for row in found}
    wanted = {day for day, is_monthly in MONTHLIES.items() if is_monthly}
    low = 30 if "30-60" in expiry else 20
    assert days == ({29} if "nearest" in expiry else {day for day in wanted if day >= low})


@pytest.mark.parametrize(("far", "apart"), [("28 days after near", {28}), ("20-35 days after near", {21, 28})])
def test_what_is_bought_expires_so_many_days_after_what_is_sold(far: str, apart: set[int]) -> None:
    options = [dated(strike, dte) for dte in (9, 30, 37, 58) for strike in (95, 100)]
    expiry = {"near": "0-40 days", "far": far}
    strategy = make.strategy("calendar", expiry=expiry, right="put", width=None, rank="max_loss", keep=500)
    table = chain_rows(make.chain(options), {}, make.NOW).table  # type: ignore[arg-type]

    found = scan(strategy, table, "group")

    assert_same(found, search(strategy, options_of(table))[:500])
    days = table.column("dte").to_pylist()
    assert {days[far_row] - days[near_row] for near_row, far_row, _ in found} == apart


LEVELS = {
    "low_of(first 60 min)": 94.0,
    "high_of(first 60 min)": 106.1,
    "price - expected_move": 100 - 100 * 0.2 * (30 / 365) ** 0.5,
}
"""What each is in a market at 100 with a volatility of 20%."""


@pytest.mark.slow
@make.examples(3, all=15)
@pytest.mark.parametrize("text", LEVELS)
@pytest.mark.parametrize("kind", ["bull_put", "bear_call", "iron_condor", "butterfly"])
def test_legs_that_stand_at_a_number_of_the_market_are_those_of_plain_loops(kind: str, text: str, examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(seed=st.integers(0, 10**9), is_known=st.booleans())
    def agrees(seed: int, *, is_known: bool) -> None:
        places = {"put": f"at {text}", "call": "at high_of(first 60 min)"}
        keys = {"body_strike": f"at {text}", "right": "put"} if kind == "butterfly" else {"short_strike": f"at {text}"}
        strategy = make.strategy(
            kind, rank="max_loss", keep=500, width="$1-$30", **({"short_strike": places} if kind == "iron_condor" else keys)
        )
        openings = {60: (94.0, 106.1)} if is_known else {}
        market = {"SPX": make.market(price=100.0, iv30=0.2 if is_known else None, openings=openings)}
        rows = FINDER.rows(test_oracle.chain_of(seed), market, make.NOW)

        found = FINDER._rows_found(strategy, rows, ["SPX"], make.NOW, {})  # pyright: ignore[reportPrivateUsage]

        options = options_of(searched(rows, ["SPX"], strategy.spread.expiries, make.NOW))
        lookup = LEVELS.get if is_known else {}.get
        wanted = search(strategy, [option | {"level_of": lookup} for option in options])
        assert_same(found, wanted[: strategy.spread.keep])
        assert is_known or not found

    agrees()
