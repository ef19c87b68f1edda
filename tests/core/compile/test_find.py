"""Candidates: which are kept, in which order, and with which numbers."""

from datetime import UTC, date, datetime
from functools import cache

import pytest

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.rows import next_monthly
from engine.domain.candidate import Candidate
from engine.domain.chain import ChainSnapshot
from engine.domain.index_classes import option_class
from engine.pricing.payoff import PayoffLeg, profit_at
from engine.strategy.model import Strategy
from tests import given as shared
from tests.core.compile import given
from tests.core.compile.plain_loops import search
from tests.core.compile.test_oracle import KINDS, chain_of, options_of

FINDER = Finder(Scanner())


def candidates(strategy: Strategy, chain: ChainSnapshot, finder: Finder | None = None) -> tuple[Candidate, ...]:
    """What a search finds; `finder` is one that nobody else has searched with."""
    finder = finder or FINDER
    return finder.find(strategy, finder.rows(chain, {}, given.NOW), {}, given.NOW, None).candidates


def test_candidate_has_the_numbers_of_its_spread() -> None:
    chain = given.chain([given.option(95, bid=1.0, ask=1.2, delta=-0.2), given.option(100, bid=2.4, ask=2.8, delta=-0.4)])

    (found,) = candidates(given.strategy(), chain)

    assert str(found.spread) == "SPXW 20 Dec 26 100/95P bull_put"
    assert (found.net, found.natural, found.width) == (pytest.approx(1.5), pytest.approx(1.2), 5.0)
    assert (found.max_profit, found.max_loss, found.fees) == (pytest.approx(150.0), pytest.approx(350.0), pytest.approx(2.6))
    assert found.breakevens == (pytest.approx(98.5),)
    assert found.return_on_risk == pytest.approx(150 / 350)
    assert found.score == pytest.approx(150 / 350)
    assert found.delta == pytest.approx(0.2)
    assert (found.quotes[0].bid, found.quotes[1].ask) == (2.4, 1.2)
    assert (found.strategy, found.rank) == ("tested", 1)


def test_cheap_spread_pays_the_minimum_of_an_order_twice() -> None:
    chain = given.chain([given.option(95, bid=0.0, ask=0.04, fee=0.25), given.option(100, bid=1.0, ask=1.1, fee=0.65)])

    (found,) = candidates(given.strategy(), chain)

    assert found.fees == pytest.approx(2.0)


def test_fees_are_the_brokers_and_those_of_the_exchange_on_top_both_ways() -> None:
    legs = [
        given.option(95, bid=0.0, ask=0.04, fee=0.25, exchange_fee=0.49),
        given.option(100, bid=1.0, ask=1.1, exchange_fee=0.58),
    ]

    (found,) = candidates(given.strategy(), given.chain(legs))

    assert found.fees == pytest.approx(2 * (1.00 + 0.49 + 0.58))


def test_fees_that_eat_the_whole_profit_leave_no_chance_of_one_whatever_the_last_bit() -> None:
    # Mids 0.05 and 0.03: two cents earned, two cents of fees, and 4e-18 left over in binary.
    legs = [given.option(95, bid=0.02, ask=0.04, fee=0.25), given.option(100, bid=0.02, ask=0.08, fee=0.5)]
    chain = given.chain(legs)

    (found,) = candidates(given.strategy(rank="pop"), chain)

    assert found.pop == found.score == 0
    assert candidates(given.strategy(rules=["pop > 1%"]), chain) == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rank", ["pop", "expected_value"])
def test_shown_numbers_are_those_the_ranking_saw(kind: str, rank: str) -> None:
    chain = given.chain([given.option(strike, side) for strike in range(90, 111) for side in ("C", "P")])

    found = candidates(given.strategy(kind, rank=rank, width="$2-$10"), chain)

    assert len(found) == 5
    for candidate in found:
        assert candidate.score == pytest.approx(candidate.pop if rank == "pop" else candidate.expected_value, rel=1e-12)


def test_absent_numbers_are_none_and_do_not_keep_a_spread_out_when_no_rule_asks() -> None:
    absent = dict.fromkeys(("iv", "delta", "gamma", "theta", "vega", "worth"))
    chain = given.chain([given.option(95, **absent), given.option(100)])

    (found,) = candidates(given.strategy(), chain)

    assert (found.pop, found.expected_value, found.delta, found.gamma, found.theta, found.vega) == (None,) * 6


@pytest.mark.parametrize(
    "short",
    [
        {"bid": 0.0},
        {"bid": None},
        {"ask": None},
        {"bid": 5.0, "ask": 4.9},
        {"bid": 5.0, "ask": 5.0},
        {"fee": None},
        {"bid": 1.0, "ask": 1.1},
        {"bid": 20.0, "ask": 20.1},
    ],
    ids=["no bid", "bid unknown", "ask unknown", "crossed", "locked", "fee unknown", "no credit", "credit above width"],
)
def test_spread_is_no_candidate_when_its_quotes_make_no_sense(short: dict[str, float | None]) -> None:
    chain = given.chain([given.option(95), given.option(100, **short)])

    assert candidates(given.strategy(), chain) == ()


def test_legs_of_different_roots_never_meet() -> None:
    chain = given.chain([given.option(95, root="SPX"), given.option(100, root="SPXW")])

    assert candidates(given.strategy(), chain) == ()


def test_adjusted_contract_is_never_a_leg() -> None:
    options = [given.option(90), given.option(95), given.option(100)]

    found = candidates(given.strategy(), given.chain(options, multipliers={95.0: 150}))

    assert [str(candidate.spread) for candidate in found] == ["SPXW 20 Dec 26 100/90P bull_put"]


def test_best_of_each_underlying_are_kept_and_ranked_together() -> None:
    prices = {90: 1.0, 93: 1.3, 97: 2.1, 100: 3.4}
    worth = {"AAA": 1.0, "BBB": 1.1, "CCC": 1.2}
    options = [
        given.option(strike, underlying=name, bid=price * times, ask=price * times + 0.1)
        for name, times in worth.items()
        for strike, price in prices.items()
    ]
    strategy = given.strategy(universe=["AAA", "CCC"], keep=2)

    found = candidates(strategy, given.chain(options))

    # Sold at 100, bought at 97: 1.30 of 3 in AAA, 1.56 of 3 in CCC; next best is 100 / 93.
    assert [candidate.spread.underlying for candidate in found] == ["CCC", "AAA", "CCC", "AAA"]
    assert [candidate.rank for candidate in found] == [1, 2, 3, 4]
    assert [candidate.score for candidate in found] == sorted((candidate.score for candidate in found), reverse=True)


def test_equal_scores_stand_in_the_order_of_their_rows() -> None:
    chain = given.chain([given.option(strike) for strike in range(90, 104)])

    found = candidates(given.strategy(rank="width", width="$5"), chain)

    shorts = [float(candidate.spread.legs[0].contract.strike) for candidate in found]
    assert shorts == sorted(shorts)
    assert len(found) == 5


@pytest.mark.parametrize(("width", "found"), [("$5", 1), ("$4.99", 0), ("$5.01-$9", 0), ("$0.10", 1)])
def test_width_belongs_to_its_range_at_both_ends(width: str, found: int) -> None:
    upper = 100.0 if width != "$0.10" else 95.1
    chain = given.chain([given.option(95.0, bid=1.0, ask=1.02), given.option(upper, bid=1.03, ask=1.05)])

    assert len(candidates(given.strategy(width=width), chain)) == found


def test_next_monthly_searches_only_the_third_friday() -> None:
    days = (7, 14, 21, 28, 35)
    chain = given.chain([given.option(strike, dte=day) for day in days for strike in (95, 100)])

    found = candidates(given.strategy(expiry="next monthly"), chain)

    assert [candidate.spread.expiry for candidate in found] == [date(2026, 12, 18)]


HOLIDAYS = (date(2014, 4, 18), date(2025, 4, 18), date(2026, 6, 19))
CALENDAR = shared.calendar(date(2013, 1, 1), date(2027, 12, 31), *HOLIDAYS)


@pytest.mark.parametrize(
    ("root", "expiries", "today", "expected"),
    [
        ("SPY", [date(2025, 4, 17), date(2025, 4, 25)], date(2025, 4, 1), date(2025, 4, 17)),
        ("SPY", [date(2025, 4, 18), date(2025, 4, 25)], date(2025, 4, 1), date(2025, 4, 18)),
        ("SPX", [date(2026, 6, 18), date(2026, 6, 26)], date(2026, 6, 1), date(2026, 6, 18)),
        ("SPX", [date(2026, 12, 17), date(2026, 12, 18)], date(2026, 12, 1), date(2026, 12, 18)),
        ("SPX", [date(2026, 12, 17), date(2027, 1, 15)], date(2026, 12, 1), date(2027, 1, 15)),
        ("SPX", [date(2026, 11, 20), date(2026, 12, 18)], date(2026, 11, 20), date(2026, 12, 18)),
        ("SPX", [date(2026, 11, 27)], date(2026, 11, 20), None),
        ("SPX", [date(2026, 11, 27), date(2027, 1, 15)], date(2026, 11, 20), date(2027, 1, 15)),
        ("SPY", [date(2014, 6, 13), date(2014, 6, 21), date(2016, 1, 15)], date(2014, 6, 6), date(2014, 6, 21)),
        ("SPY", [date(2014, 4, 19), date(2014, 4, 25)], date(2014, 4, 1), date(2014, 4, 19)),
        ("SPY", [date(2015, 1, 16), date(2015, 1, 17)], date(2015, 1, 2), date(2015, 1, 16)),
        ("SPX", [date(2026, 12, 18), date(2027, 1, 15)], date(2026, 12, 17), date(2026, 12, 18)),
        ("VIX", [date(2026, 12, 9), date(2026, 12, 16), date(2026, 12, 18)], date(2026, 12, 1), date(2026, 12, 16)),
        ("VIX", [date(2025, 3, 18), date(2025, 3, 19)], date(2025, 3, 3), date(2025, 3, 18)),
    ],
    ids=[
        "Good Friday",
        "named by Good Friday",
        "Juneteenth",
        "both days",
        "the day before is no month's",
        "today is one",
        "none",
        "next month lists none",
        "Saturday",
        "Saturday behind Good Friday",
        "Friday and Saturday",
        "trades today for the last time",
        "VIX",
        "VIX before Good Friday",
    ],
)
def test_next_monthly_is_the_standard_expiry_of_the_calendar(
    root: str, expiries: list[date], today: date, expected: date | None
) -> None:
    now = datetime(today.year, today.month, today.day, 15, tzinfo=UTC)

    assert next_monthly([(option_class(root), day) for day in expiries], now, CALENDAR) == expected


def test_next_monthly_is_not_one_that_has_stopped_trading() -> None:
    """On the Thursday evening before its expiry an AM-settled class is over."""
    listed = [(option_class("DJX"), date(2026, 12, 18)), (option_class("DJX"), date(2027, 1, 15))]

    assert next_monthly(listed, datetime(2026, 12, 17, 22, tzinfo=UTC), CALENDAR) == date(2027, 1, 15)


def test_strategy_finds_nothing_when_its_underlying_is_not_in_the_chain() -> None:
    assert candidates(given.strategy(universe=["AAA"]), given.chain([given.option(95), given.option(100)])) == ()


@pytest.mark.parametrize(
    ("at", "roots"),
    [
        (datetime(2026, 12, 17, 20, 30, tzinfo=UTC), {"SPX", "SPXW"}),
        (datetime(2026, 12, 17, 21, 0, tzinfo=UTC), {"SPXW"}),
        (datetime(2026, 12, 18, 15, 30, tzinfo=UTC), {"SPXW"}),
        (datetime(2026, 12, 18, 21, 0, tzinfo=UTC), set()),
    ],
    ids=["last session of the AM class", "after its close", "the morning of the expiration day", "after the close of all"],
)
def test_class_whose_last_trading_session_is_over_is_not_searched(at: datetime, roots: set[str]) -> None:
    days = (date(2026, 12, 18) - at.date()).days
    quotes = [
        shared.options(range(90, 111, 5), expiries=(date(2026, 12, 18),), at=at, spot=100, root=root, underlying="SPX")
        for root in ("SPX", "SPXW")
    ]
    chain = shared.chain([row for rows in quotes for row in rows], at=at)
    strategy = given.strategy(expiry=f"{days} days", keep=50, rank="return_on_risk")
    rows = FINDER.rows(chain, {}, at, CALENDAR)

    found = FINDER.scan(strategy, rows, ["SPX"], at)

    assert {candidate.spread.root for candidate in found} == roots
    assert FINDER.funnel(strategy, rows, ["SPX"], at).steps[0].passed == 5 * len(roots)


def test_quote_age_counts_from_the_instant_of_the_look() -> None:
    chain = given.chain([given.option(95, quote_age=3.0), given.option(100, quote_age=4.0)])

    assert len(candidates(given.strategy(filters=["quote_age <= 4 s"]), chain)) == 1
    assert candidates(given.strategy(filters=["quote_age <= 3 s"]), chain) == ()


def test_dividend_ahead_is_known_from_the_market() -> None:
    chain = given.chain([given.option(95), given.option(100)])
    strategy = given.strategy(rules=["days_to_ex_dividend > 10"])
    finder = Finder(Scanner())

    for day, found in ((date(2026, 12, 1), 1), (date(2026, 11, 30), 0), (None, 0)):
        markets = {"SPX": given.market(next_ex_dividend=day)}
        rows = finder.rows(chain, markets, given.NOW)

        assert len(finder.find(strategy, rows, markets, given.NOW, None).candidates) == found


def test_forgotten_strategy_is_compiled_again_when_it_returns() -> None:
    chain = given.chain([given.option(strike) for strike in range(90, 104)])
    finder = Finder(Scanner())
    rows = finder.rows(chain, {}, given.NOW)
    first, second = given.strategy(), given.strategy(name="second", rank="width")
    before = finder.scan(first, rows, ["SPX"], given.NOW)
    finder.funnel(first, rows, ["SPX"], given.NOW)

    finder.keep_only([second])
    finder.scan(second, rows, ["SPX"], given.NOW)

    assert finder.scan(first, rows, ["SPX"], given.NOW) == before
    assert [tuple(leg.contract.con_id - 1000 for leg in c.spread.legs) for c in before] == [
        hit.rows for hit in search(first, options_of(rows.table))[:5]
    ]


OF_MORE_LEGS: dict[str, dict[str, object]] = {
    "iron_condor": {"width": "$1-$30"},
    "iron_butterfly": {"width": {"put": "$1-$10", "call": "$1-$30"}},
    "butterfly": {"right": "call", "width": "$1-$30"},
    "broken_wing": {"right": "put", "width": {"near": "$1-$10", "far": "$1-$30"}},
}
SHOWN = {
    "pop": lambda one: one.pop,
    "expected_value": lambda one: one.expected_value,
    "return_on_risk": lambda one: one.return_on_risk,
    "max_profit": lambda one: one.max_profit,
    "max_loss": lambda one: one.max_loss,
    "width": lambda one: one.width,
    "fees": lambda one: one.fees,
    "credit": lambda one: one.net,
    "natural_debit": lambda one: -one.natural,
    "delta": lambda one: one.delta,
    "gamma": lambda one: one.gamma,
    "theta": lambda one: one.theta,
    "vega": lambda one: one.vega,
    "breakeven_distance": lambda one: min(_distance(one, level) for level in one.breakevens),
    "expected_value at 18%": lambda one: one.views[0].expected_value,
}
"""What a candidate shows of each measure; the ones come from SQL, the others from the pricing package."""


def _distance(one: Candidate, breakeven: float) -> float:
    """How far the underlying may go to the breakeven, as a share of spot; what lies beyond it already is below zero."""
    legs = [PayoffLeg(leg.sign, leg.ratio, leg.contract.put_call, float(leg.contract.strike)) for leg in one.spread.legs]
    rises = profit_at(legs, one.net, breakeven + 0.01) > 0
    return (one.spot - breakeven if rises else breakeven - one.spot) / one.spot


same_chain_of = cache(chain_of)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "measure"), given.checkered([*KINDS, *OF_MORE_LEGS], SHOWN))
def test_number_that_ranks_is_the_number_that_is_shown(kind: str, measure: str) -> None:
    keys = OF_MORE_LEGS.get(kind, {"width": "$1-$30"})
    strategy, seen = given.strategy(kind, rank=measure, keep=100, **keys), 0
    for seed in range(12):
        for found in candidates(strategy, same_chain_of(seed)):
            assert found.score == pytest.approx(SHOWN[measure](found), abs=1e-6)
            seen += 1
    assert seen > 10


def test_condor_has_the_numbers_of_its_four_legs() -> None:
    quotes = {90: (1.0, 1.2), 95: (2.0, 2.2)}
    puts = [given.option(strike, bid=bid, ask=ask, delta=-strike / 500) for strike, (bid, ask) in quotes.items()]
    calls = [given.option(210 - strike, "C", bid=bid, ask=ask, delta=strike / 400) for strike, (bid, ask) in quotes.items()]

    (found,) = candidates(given.strategy("iron_condor", width="$5"), given.chain([*puts, *calls]))

    assert [(leg.action, str(leg.contract)) for leg in found.spread.legs] == [
        ("sell", "SPXW 2026-12-20 95P"),
        ("buy", "SPXW 2026-12-20 90P"),
        ("sell", "SPXW 2026-12-20 115C"),
        ("buy", "SPXW 2026-12-20 120C"),
    ]
    assert (found.net, found.natural, found.width) == (pytest.approx(2.0), pytest.approx(1.6), 5.0)
    assert (found.max_profit, found.max_loss, found.fees) == (pytest.approx(200.0), pytest.approx(300.0), pytest.approx(5.2))
    assert found.breakevens == (pytest.approx(93.0), pytest.approx(117.0))
    assert found.delta == pytest.approx((95 - 90) / 500 - (95 - 90) / 400)
    assert len(found.quotes) == 4


def test_butterfly_counts_its_body_twice() -> None:
    quotes = {95: (1.0, 1.2), 100: (2.0, 2.2), 105: (3.6, 3.8)}
    options = [given.option(strike, bid=bid, ask=ask) for strike, (bid, ask) in quotes.items()]

    (found,) = candidates(given.strategy("butterfly", right="put", width="$5"), given.chain(options))

    assert [(leg.action, leg.ratio, float(leg.contract.strike)) for leg in found.spread.legs] == [
        ("buy", 1, 95.0),
        ("sell", 2, 100.0),
        ("buy", 1, 105.0),
    ]
    assert (found.net, found.natural, found.width) == (pytest.approx(-0.6), pytest.approx(-1.0), 5.0)
    assert (found.max_profit, found.max_loss, found.fees) == (pytest.approx(440.0), pytest.approx(60.0), pytest.approx(5.2))
    assert found.breakevens == (pytest.approx(95.6), pytest.approx(104.4))


def test_side_whose_width_the_credit_covers_cannot_lose() -> None:
    puts = [given.option(strike, bid=bid, ask=bid + 0.2) for strike, bid in ((94, 0.8), (95, 1.0))]
    calls = [given.option(strike, "C", bid=bid, ask=bid + 0.2) for strike, bid in ((105, 3.0), (115, 1.0))]
    strategy = given.strategy("iron_condor", width={"put": "$1", "call": "$10"}, rank="pop")

    (found,) = candidates(strategy, given.chain([*puts, *calls]))

    assert (found.net, found.breakevens) == (pytest.approx(2.2), (pytest.approx(107.2),))
    assert found.score == pytest.approx(found.pop, abs=1e-9)


def test_sides_of_two_classes_make_no_condor() -> None:
    puts = [given.option(strike, bid=bid, ask=bid + 0.2, root="SPX") for strike, bid in ((90, 1.0), (95, 2.0))]
    calls = [given.option(strike, "C", bid=bid, ask=bid + 0.2) for strike, bid in ((115, 2.0), (120, 1.0))]

    assert candidates(given.strategy("iron_condor", width="$5"), given.chain([*puts, *calls])) == ()


@pytest.mark.parametrize(("calls", "found"), [((115, 120), 1), ((115, 121), 0)])
def test_wings_of_one_width_are_equally_wide(calls: tuple[int, int], found: int) -> None:
    puts = [given.option(strike, bid=bid, ask=bid + 0.2) for strike, bid in ((90, 1.0), (95, 2.0))]
    sold, bought = (given.option(strike, "C", bid=bid, ask=bid + 0.2) for strike, bid in zip(calls, (2.0, 1.0), strict=True))

    assert len(candidates(given.strategy("iron_condor", width="$5-$10"), given.chain([*puts, sold, bought]))) == found


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("abs(put_credit - call_credit) <= $0.10", 0),
        ("abs(put_credit - call_credit) <= $0.50", 1),
        ("put_credit < call_credit", 1),
    ],
)
def test_sides_of_a_condor_are_compared(rule: str, count: int) -> None:
    prices = {("P", 95): 2.0, ("P", 90): 1.0, ("C", 105): 2.5, ("C", 110): 1.0}
    options = [given.option(strike, right, bid=price, ask=price + 0.2) for (right, strike), price in prices.items()]

    found = candidates(given.strategy("iron_condor", width="$5", rules=[rule]), given.chain(options))

    assert len(found) == count
