"""What a candidate of two expiries shows is what ranked it, and the funnel counts what the scan finds."""

from datetime import date, timedelta
from functools import cache

import pytest

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.rows import ChainRows
from engine.domain.candidate import Candidate
from engine.domain.chain import ChainSnapshot
from engine.domain.facts.searches import FunnelRecorded
from engine.strategy.model import Strategy
from tests.core.compile import given
from tests.core.compile.test_find import SHOWN
from tests.core.compile.test_later import chain_of

KEYS: dict[str, dict[str, object]] = {
    "calendar": {"right": "call", "width": None},
    "diagonal": {"right": "put", "far_strike": "lower", "width": "$1-$10"},
    "double_calendar": {"width": None},
    "double_diagonal": {"width": "$2.50-$10"},
}
EXPIRY = {"near": "0-40 days", "far": "20-90 days"}
SOME_SLOW = [pytest.param(kind, marks=pytest.mark.slow) if kind.startswith("double") else kind for kind in KEYS]
FINDER = Finder(Scanner())


def found_in(strategy: Strategy, chain: ChainSnapshot) -> tuple[Candidate, ...]:
    return scanned(strategy, FINDER.rows(chain, {}, given.NOW))


def scanned(strategy: Strategy, rows: ChainRows) -> tuple[Candidate, ...]:
    return FINDER.scan(strategy, rows, ["SPX"], given.NOW)


@cache
def rows_of(seed: int) -> ChainRows:
    return FINDER.rows(chain_of(seed), {}, given.NOW)


def funnel_of(strategy: Strategy, chain: ChainSnapshot) -> FunnelRecorded:
    return FINDER.funnel(strategy, FINDER.rows(chain, {}, given.NOW), ["SPX"], given.NOW)


def made(kind: str, **more: object) -> Strategy:
    return given.strategy(kind, **({"expiry": EXPIRY, "keep": 100} | KEYS[kind] | more))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "measure"), given.checkered(KEYS, [name for name in SHOWN if name not in {"width", "breakeven_distance"}])
)
def test_number_that_ranks_is_the_number_that_is_shown(kind: str, measure: str) -> None:
    strategy, seen = made(kind, rank=measure), 0
    for seed in range(8):
        for found in scanned(strategy, rows_of(seed)):
            assert found.score == pytest.approx(SHOWN[measure](found), abs=1e-5)
            seen += 1
    assert seen > 10


@pytest.mark.parametrize("kind", SOME_SLOW)
def test_funnel_ends_with_as_many_as_the_scan_finds(kind: str) -> None:
    strategy = made(kind, rules=["pop >= 20%"], short_delta="0.10-0.80", keep=10_000)
    some = 0
    for seed in range(6):
        chain = chain_of(seed)
        recorded = funnel_of(strategy, chain)
        some += recorded.candidates
        assert recorded.candidates == len(found_in(strategy, chain))
    assert some > 0


@pytest.mark.parametrize("kind", KEYS)
def test_nearest_miss_of_two_expiries_is_named(kind: str) -> None:
    chain = next(chain for chain in map(chain_of, range(20)) if found_in(made(kind), chain))

    missed = funnel_of(made(kind, rules=["max_loss <= $0.01"]), chain).nearest_miss

    assert missed is not None
    assert "max_loss <= $0.01" in missed


def test_lines_of_a_funnel_say_what_each_leg_is_asked() -> None:
    recorded = funnel_of(made("diagonal", short_delta="0.20-0.60", expiry={"near": "9 days", "far": "next monthly"}), chain_of(3))

    assert [step.condition for step in recorded.steps] == [
        "puts, 9 days or next monthly",
        "forward known, from call-put parity or from spot",
        "quoted within a minute, not locked or crossed",
        "near expires in 9 days and has a bid and a delta of 0.20-0.60",
        "far expires in next monthly",
        "far strike $1-$10 lower than near",
        "can both win and lose at mid, when near expires",
        "rank is known",
    ]


def test_far_leg_of_the_next_monthly_expiry_is_of_that_day_alone() -> None:
    day = date(2026, 12, 18)
    days = (day - given.TODAY).days
    options = [
        option
        for dte in (9, days, days + 7)
        for strike in (95.0, 100.0, 105.0)
        for option in [given.option(strike, "C", dte=dte, bid=1.0 + dte / 20, ask=1.1 + dte / 20)]
    ]

    found = found_in(made("calendar", expiry={"near": "5-12 days", "far": "next monthly"}, rank="fees"), given.chain(options))

    assert found
    assert {leg.contract.expiry for one in found for leg in one.spread.legs if leg.action == "buy"} == {day}
    assert {leg.contract.expiry for one in found for leg in one.spread.legs if leg.action == "sell"} == {
        given.TODAY + timedelta(days=9)
    }


@pytest.mark.parametrize("kind", SOME_SLOW)
def test_band_widens_with_the_volatility_of_what_is_bought(kind: str) -> None:
    found = [one for seed in range(4) for one in found_in(made(kind), chain_of(seed))]

    for one in found:
        lower, now, higher = one.band
        assert (lower.points, now.points, higher.points) == (-5, 0, 5)
        assert lower.max_profit <= now.max_profit <= higher.max_profit
        assert (now.max_profit, now.breakevens, now.pop) == (pytest.approx(one.max_profit), one.breakevens, one.pop)
        assert one.max_loss == pytest.approx(100 * float(one.spread.max_loss(one.net_decimal())), abs=1e-4)
    assert found


def test_call_bought_lower_than_what_is_owed_is_not_opened_for_more_than_their_distance() -> None:
    near = given.option(105, "C", dte=30, root="SPY", bid=1.0, ask=1.1)
    cheap, dear = (given.option(95, "C", dte=65, root="SPY", bid=bid, ask=bid + 0.2, iv=0.4) for bid in (8.9, 11.2))
    strategy = given.strategy("diagonal", right="call", far_strike="lower", expiry=EXPIRY)

    assert len(found_in(strategy, given.chain([near, cheap]))) == 1
    assert found_in(strategy, given.chain([near, dear])) == ()


def test_options_of_one_class_alone_make_a_calendar() -> None:
    options = [option_of_class(root, dte) for root, dte in (("SPX", 30), ("SPXW", 65))]

    assert found_in(made("calendar"), given.chain(options)) == ()


def option_of_class(root: str, dte: int) -> dict[str, object]:
    return given.option(100, "C", root=root, dte=dte, bid=dte / 20, ask=dte / 20 + 0.1)  # type: ignore[return-value]
