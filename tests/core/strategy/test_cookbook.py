"""The files of docs/cookbook: rule sets that people trade, each said whole, checked, explained and searched over a chain."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.risk.gate import strategy_obstacle
from engine.domain.candidate import Candidate
from engine.domain.chain import Bars, ChainSnapshot, EventDays, Level, MarketState
from engine.domain.session import Session
from engine.strategy.explain import sentences
from engine.strategy.model import Strategy
from engine.strategy.parse import check_files, parse_strategies
from engine.strategy.values.meaning import ShareOf
from tests import given

COOKBOOK = Path(__file__).parents[3] / "docs" / "cookbook"
EVENTS = Path(__file__).parents[3] / "strategies" / "events.yaml"
FILES = sorted(COOKBOOK.glob("*.yaml"))
WITHOUT_A_STOP = {
    *("one_trade_at_935.yaml", "contango_put_spread.yaml", "opening_range_60_minutes.yaml"),
    "vix_call_hedge.yaml",
}
"""Files of which it is warned that nothing limits a loss, as the trader wants it."""
TODAY = date(2026, 11, 23)
FINDER = Finder(Scanner())


@cache
def recipe(name: str) -> Strategy:
    """A file of the cookbook; of one with variants `file_variant`, or its first."""
    path = COOKBOOK / f"{name}.yaml"
    path = path if path.exists() else path.with_stem(name.rpartition("_")[0])
    parsed = parse_strategies(path.read_text(), path.name)
    assert parsed.value, "\n".join(problem.message for problem in parsed.problems)
    return next((one for one in parsed.value if one.name == name), parsed.value[0])


@cache
def spx_today(iv: float = 0.2) -> ChainSnapshot:
    """Options on SPX that expire today, at ten in the morning, five points apart about 6000."""
    strikes = range(5800, 6205, 5)
    return given.chain(given.options(strikes, expiries=(TODAY,), spot=6000.0, iv=iv, root="SPXW", underlying="SPX"))


@cache
def spy_later() -> ChainSnapshot:
    """Options on SPY of 38, 46 and 60 days."""
    return given.chain(given.options(expiries=[TODAY + timedelta(days=days) for days in (38, 46, 60)]))


@cache
def spx_later(*days: int) -> ChainSnapshot:
    """Options on SPX of so many days, five points apart about 6000."""
    expiries = [TODAY + timedelta(days=day) for day in days]
    return given.chain(given.options(range(5400, 6605, 5), expiries=expiries, spot=6000.0, root="SPXW", underlying="SPX"))


def found_by(strategy: Strategy, chain: ChainSnapshot, state: MarketState | None = None) -> tuple[Candidate, ...]:
    market = {} if state is None else {state.underlying: state}
    found = FINDER.scan(strategy, FINDER.rows(chain, market, given.NOW), strategy.universe, given.NOW)
    assert found, f"{strategy.name} finds nothing"
    return found


def is_searched(strategy: Strategy, state: MarketState, *, at: datetime = given.NOW, session: Session = given.SESSION) -> bool:
    """Whether the market lets a strategy look for a trade."""
    days = given.calendar(date(2026, 11, 2), date(2027, 1, 29))
    answers = FINDER.market(strategy, {state.underlying: state}, at, session, days)
    return all(line.holds is True for line in answers[state.underlying])


def due(strategy: Strategy, **row: float | bool | None) -> list[str]:
    """What is done about a position that stands so, in the order of the file; what is not said is unknown."""
    ((*answers,),) = FINDER.exits(strategy, [row])
    return [f"{answer.rule.condition.text}: {answer.rule.deed}" for answer in answers if answer.holds is True]


def mids(found: Candidate) -> dict[tuple[str, str], float]:
    """Mid of each leg by what is done and its right."""
    legs = zip(found.spread.legs, found.quotes, strict=True)
    return {(leg.action, leg.contract.put_call): (quote.bid + quote.ask) / 2 for leg, quote in legs}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recipe_passes_the_check_and_is_explained(path: Path) -> None:
    problems = check_files({path.name: path.read_text(), "events.yaml": EVENTS.read_text()})

    assert [problem.message for problem in problems] == ["no exit limits a loss"] * (path.name in WITHOUT_A_STOP)
    said = "\n".join(sentences(recipe(path.stem)))
    assert recipe(path.stem).about in said
    assert "It opens" in said


def test_sixteen_delta_in_the_expiry_nearest_to_45_days() -> None:
    (found,) = found_by(recipe("sixteen_delta_45_days"), spy_later())

    short = found.spread.legs[0]
    assert (short.contract.expiry - TODAY).days == 46
    assert found.quotes[0].delta == pytest.approx(-0.16, abs=0.03)
    assert found.width == 5


def test_each_side_of_the_condors_brings_its_share() -> None:
    strategy = recipe("condors_through_the_day")

    for found in found_by(strategy, spx_today()):
        of = mids(found)
        for right in ("P", "C"):
            assert 1.00 <= round(of["sell", right] - of["buy", right], 4) <= 1.75
        assert all(quote.bid >= 0.05 for quote in found.quotes)
    assert strategy.entry.at is not None
    assert len(strategy.entry.at.times) == strategy.limits.per_day == 6


def test_sides_of_the_breakeven_condor_bring_the_same() -> None:
    for found in found_by(recipe("breakeven_condor"), spx_today()):
        of = mids(found)
        sides = [of["sell", right] - of["buy", right] for right in ("P", "C")]
        assert abs(sides[0] - sides[1]) <= 0.10 + 1e-9


@pytest.mark.parametrize(
    ("name", "wanted", "low", "high", "width"),
    [("credit_nearest_2_dollars", 2.00, 1.50, 2.50, 30), ("one_trade_at_935", 2.25, 2.00, 2.50, 5)],
)
def test_credit_is_the_nearest_to_the_wanted_one(name: str, wanted: float, low: float, high: float, width: float) -> None:
    found = found_by(recipe(name), spx_today())

    assert all(low - 1e-9 <= one.net <= high + 1e-9 and one.width == width for one in found)
    distances = [abs(one.net - wanted) for one in found]
    assert distances == sorted(distances)


def test_legs_are_chosen_by_what_they_cost() -> None:
    for found in found_by(recipe("legs_by_premium"), spx_today()):
        of = mids(found)
        assert 3.0 <= of["sell", "P"] <= 4.0
        assert of["buy", "P"] <= 0.05 + 1e-9
        assert found.width <= 75


def test_spread_that_is_closed_when_the_price_is_near_is_found() -> None:
    assert all(10 <= found.width <= 25 for found in found_by(recipe("close_at_1550_if_near"), spx_today()))


def test_part_of_the_spreads_is_closed_at_each_target_and_the_stop_moves_to_breakeven() -> None:
    strategy = recipe("split_targets")
    assert found_by(strategy, spx_today())

    first, last = "profit >= 40% of credit: close 50%", "profit >= 80% of credit: close"
    assert due(strategy, profit=45.0, credit=100.0, best_profit=0.0) == [first]
    assert due(strategy, profit=85.0, credit=100.0, best_profit=0.0)[0] == last
    assert due(strategy, profit=-1.0, credit=100.0, best_profit=45.0) == ["best_profit >= 40% of credit and profit <= $0: close"]
    assert due(strategy, profit=-1.0, credit=100.0, best_profit=30.0) == []
    assert strategy.entry.again is not None
    assert strategy.entry.again.times == 2


@pytest.mark.parametrize(
    ("day", "near", "far", "searched"),
    [
        (date(2026, 12, 1), 16.0, 18.0, True),
        (date(2026, 12, 2), 16.0, 18.0, False),
        (date(2026, 12, 1), 19.0, 18.5, False),
        (date(2026, 12, 1), 16.0, None, False),
    ],
)
def test_put_spread_in_contango_opens_on_the_first_trading_day(
    day: date, near: float, far: float | None, *, searched: bool
) -> None:
    strategy = recipe("contango_put_spread")
    opens = datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC)
    session = Session(day, opens, opens + timedelta(hours=6, minutes=30))
    levels = {"VIX": Level(near, near), "VIX3M": Level(far, far)}

    state = given.market(vix=near, levels=levels)

    assert is_searched(strategy, state, at=opens + timedelta(hours=1), session=session) is searched
    assert due(strategy, last_trading_day=True) == ["last trading day of the month: close"]


def test_put_spread_in_contango_sells_40_delta_and_buys_15() -> None:
    chain = given.chain(given.options(range(500, 661), expiries=[TODAY + timedelta(days=42)]))

    (found,) = found_by(recipe("contango_put_spread"), chain)

    assert [quote.delta for quote in found.quotes] == pytest.approx([-0.40, -0.15], abs=0.01)


def test_calls_of_the_broken_wing_of_17_days_are_bought_60_below_and_50_above_the_money() -> None:
    (found,) = found_by(recipe("broken_wing_17_days"), spx_later(16, 18))

    lower, body, upper = (float(leg.contract.strike) for leg in found.spread.legs)
    assert (body - lower, upper - body) == (60, 50)
    assert body == 6000
    assert (found.spread.legs[1].ratio, found.spread.legs[1].action) == (2, "sell")
    assert found.max_loss == pytest.approx(-100 * found.net, abs=0.01), "all that is lost is the debit, below the market"


def test_put_broken_wing_opens_for_a_credit_while_volatility_is_high() -> None:
    strategy = recipe("broken_wing_by_iv_rank")

    assert all(one.net >= 0 for one in found_by(strategy, spx_later(45)))
    past = tuple(0.1 + 0.001 * n for n in range(252))
    assert is_searched(strategy, given.market("SPX", iv30=0.30, iv_history=past))
    assert not is_searched(strategy, given.market("SPX", iv30=0.15, iv_history=past))


def test_volatility_is_sold_only_where_it_is_dear_by_its_own_standard() -> None:
    strategy = recipe("volatility_premium")
    closes = tuple(6000 + 10.0 * (n % 2) for n in range(300))
    levels = {"VIX": Level(16.0, 16.0), "VIX3M": Level(18.0, 18.0)}
    dear = given.market("SPX", iv30=0.30, vix=16.0, closes=closes, levels=levels)

    assert is_searched(strategy, dear)
    assert not is_searched(strategy, replace(dear, iv30=0.15)), "below the middle of its year"
    assert not is_searched(strategy, replace(dear, levels=levels | {"VIX3M": Level(15.0, 15.0)})), "backwardation"
    assert not is_searched(strategy, replace(dear, iv_history=())), "no year is known"
    assert found_by(strategy, spx_later(40))


def test_calendar_of_15_days_has_one_strike_at_the_money_and_a_week_between() -> None:
    strategy = recipe("calendar_15_days")

    (found,) = found_by(strategy, spx_later(8, 16, 22, 23, 30))

    near, far = (leg.contract for leg in found.spread.legs)
    assert (near.strike, far.strike) == (6000, 6000)
    assert [(leg.expiry - TODAY).days for leg in (near, far)] == [16, 23]
    assert due(strategy, profit=105.0, loss=-105.0, debit=1000.0) == ["profit >= 10% of debit: close"]
    assert due(strategy, profit=-125.0, loss=125.0, debit=1000.0) == ["loss >= 12% of debit: close"]


def test_bought_legs_of_the_double_calendar_have_40_delta() -> None:
    (found,) = found_by(recipe("double_calendar_40_delta"), spx_later(29, 60))

    bought = [quote.delta for leg, quote in zip(found.spread.legs, found.quotes, strict=True) if leg.action == "buy"]
    assert sorted(bought) == pytest.approx([-0.40, 0.40], abs=0.01)
    strikes = {leg.contract.put_call: set() for leg in found.spread.legs}
    for leg in found.spread.legs:
        strikes[leg.contract.put_call].add(leg.contract.strike)
    assert all(len(both) == 1 for both in strikes.values())


def test_durational_calendar_costs_no_more_than_its_front_option() -> None:
    strategy = recipe("durational_calendar")
    chain = given.chain(given.options(range(590, 611), expiries=[TODAY + timedelta(days=days) for days in (25, 53, 60)]))

    for found in found_by(strategy, chain):
        near = found.quotes[0]
        assert -found.net <= (near.bid + near.ask) / 2
        assert 25 <= (found.spread.legs[1].contract.expiry - found.spread.legs[0].contract.expiry).days <= 35
    near, far = (
        given.options(range(590, 611), expiries=[TODAY + timedelta(days=days)], iv=iv) for days, iv in ((25, 0.2), (53, 0.5))
    )
    assert FINDER.scan(strategy, FINDER.rows(given.chain([*near, *far]), {}, given.NOW), ["SPY"], given.NOW) == ()


def test_monthly_condor_looks_at_no_weekly_expiry() -> None:
    strategy, monthly = recipe("monthly_condor"), date(2027, 1, 15)
    at = datetime(2026, 12, 8, 15, 0, tzinfo=UTC)
    expiries = [monthly, monthly + timedelta(days=7)]
    strikes = range(180, 261)
    options = given.options(strikes, expiries=expiries, at=at, spot=220.0, root="IWM", underlying="IWM")

    found = FINDER.scan(strategy, FINDER.rows(given.chain(options, at=at), {}, at), ["IWM"], at)

    assert {leg.contract.expiry for one in found for leg in one.spread.legs} == {monthly}
    assert all(one.net >= 0.80 for one in found)
    friday = given.market("IWM")
    assert not is_searched(strategy, friday, at=datetime(2026, 11, 27, 15, 0, tzinfo=UTC))
    assert is_searched(strategy, friday)


def test_hedge_buys_the_30_delta_call_on_the_vix_and_is_sold_in_a_panic() -> None:
    strategy, expiries = recipe("vix_call_hedge"), [TODAY + timedelta(days=days) for days in (23, 30, 58)]
    options = given.options(range(12, 61), expiries=expiries, spot=20.0, iv=0.9, root="VIX", underlying="VIX")

    best, *_ = found_by(strategy, given.chain(options))

    bought, sold = best.spread.legs if best.spread.legs[0].sign > 0 else best.spread.legs[::-1]
    assert (bought.contract.put_call, bought.sign, sold.sign) == ("C", 1, -1)
    assert {leg.contract.expiry for leg in best.spread.legs} == {TODAY + timedelta(days=30)}
    assert 10 <= sold.contract.strike - bought.contract.strike <= 15
    quotes = dict(zip((leg.sign for leg in best.spread.legs), best.quotes, strict=True))
    assert quotes[1].delta == pytest.approx(0.30, abs=0.06)
    assert is_searched(strategy, given.market("VIX", 20.0, vix=20.0))
    assert not is_searched(strategy, given.market("VIX", 13.0, vix=13.0)), "nothing is hedged while it is calm"
    assert due(strategy, vix=52.0, dte=12) == ["vix >= 50: close", "let expire: let expire"]
    assert "vix >= 50: close" not in due(strategy, vix=30.0, dte=12)


def test_put_of_the_opening_range_is_sold_at_the_low_of_the_first_hour() -> None:
    strategy = recipe("opening_range_60_minutes")
    quiet = (EventDays("FOMC", (), date(2026, 12, 31)),)
    broken_out = given.market("SPX", 6000.0, openings={60: (5962.0, 5990.0)}, events=quiet)

    (found,) = found_by(strategy, spx_today(), broken_out)

    assert [leg.contract.strike for leg in found.spread.legs] == [5960, 5945]
    assert is_searched(strategy, broken_out)
    assert not is_searched(strategy, replace(broken_out, price=5985.0)), "inside of the range"
    assert not is_searched(strategy, replace(broken_out, openings={60: (5985.0, 5990.0)})), "a range of less than 0.2%"
    assert not is_searched(strategy, replace(broken_out, openings={})), "not all of the hour was heard"
    assert not is_searched(strategy, replace(broken_out, events=(EventDays("FOMC", (TODAY,), date(2026, 12, 31)),)))
    unknown = FINDER.rows(spx_today(), {"SPX": given.market("SPX", 6000.0)}, given.NOW)
    assert FINDER.scan(strategy, unknown, ["SPX"], given.NOW) == ()


def test_one_loss_ends_the_day_and_4_percent_of_the_account_the_week() -> None:
    strategy = recipe("loss_counts_0dte")
    assert found_by(strategy, spx_today())
    assert due(strategy, profit=-210.0, loss=210.0, credit=150.0) == ["loss >= 200% of credit or loss >= $200: close"]
    order = replace(given.proposal("o1"), strategy=strategy.name)
    lost = given.ledger(*given.opened(order, at=given.NOW - timedelta(minutes=20)))
    close = replace(given.proposal("c1", position="o1", limit="-1.60"), strategy=strategy.name)
    given.told(lost, *given.closed(close, at=given.NOW - timedelta(minutes=10)), at=given.NOW - timedelta(minutes=10))
    book, day = given.rulebook(strategy), timedelta(days=1)
    session = Session(TODAY + day, given.SESSION.open + day, given.SESSION.close + day)

    today = strategy_obstacle(strategy, given.snapshot(lost), book)
    accounts = (replace(given.account(worth), reported_at=given.NOW + day) for worth in (100_000, 2_000))
    tomorrow = [
        strategy_obstacle(strategy, given.snapshot(lost, at=given.NOW + day, session=session, account=account), book)
        for account in accounts
    ]

    assert today is not None
    assert today.gate == "losses_per_day"
    assert [one and one.gate for one in tomorrow] == [None, "loss_per_week"]


def test_regimes_look_one_at_a_time_and_share_one_position() -> None:
    names = ("regime_calm_calendar", "regime_middle_broken_wing", "regime_wild_put_spread")
    calm, middle, wild = files = [recipe(name) for name in names]

    looking = {vix: [one.name for one in files if is_searched(one, given.market("SPX", vix=vix))] for vix in (14, 17, 25, 30)}

    assert looking == {14: [names[0]], 17: [names[1]], 25: [names[1]], 30: [names[2]]}
    assert found_by(calm, spx_later(11, 18))
    assert found_by(middle, spx_later(30))
    assert found_by(wild, spx_later(40))
    order = replace(given.proposal("o1"), strategy=calm.name)
    held = given.snapshot(given.ledger(*given.opened(order)))
    for one in (middle, wild):
        obstacle = strategy_obstacle(one, held, given.rulebook(*files))
        assert obstacle is not None
        assert (obstacle.gate, obstacle.value) == ("open_among", "2")


@pytest.mark.parametrize(
    ("ticker", "share", "deltas"), [("SPY", 8, (0.25, 0.30)), ("QQQ", 6, (0.20, 0.25)), ("IWM", 6, (0.25, 0.30))]
)
def test_each_ticker_has_its_share_of_the_risk_and_its_delta(ticker: str, share: int, deltas: tuple[float, float]) -> None:
    strategy = recipe(f"allocation_{ticker.casefold()}")
    expiry = TODAY + timedelta(days=35)
    strikes = range(500, 661, 5)
    chain = given.chain(given.options(strikes, expiries=[expiry], root=ticker, underlying=ticker))

    for found in found_by(strategy, chain):
        assert deltas[0] <= abs(found.quotes[0].delta or 0) <= deltas[1]
    assert strategy.limits.open_risk == ShareOf(Decimal(share) / 100, "net liquidation")
    assert is_searched(strategy, given.market(ticker, 599.0, previous_close=600.0))
    assert not is_searched(strategy, given.market(ticker, 601.0, previous_close=600.0))


def test_entry_waits_for_averages_on_bars_of_five_minutes() -> None:
    strategy = recipe("conditional_entries")
    rising, falling = (Bars(tuple(6000 + sign * n for n in range(48)), is_since_open=True) for sign in (1, -1))
    opened = {"day_open": 6010.0, "day_open_at": given.SESSION.open, "previous_close": 6000.0}
    quiet = given.market("SPX", 6050.0, vix=16.0, bars={5: rising}, **opened)

    assert is_searched(strategy, quiet)
    assert not is_searched(strategy, replace(quiet, bars={5: falling}))
    assert not is_searched(strategy, replace(quiet, bars={5: replace(rising, is_since_open=False)})), "started in the day"
    assert not is_searched(strategy, replace(quiet, bars={5: replace(rising, closes=rising.closes[:39])})), "before 12:50"
    assert not is_searched(strategy, replace(quiet, day_open=6100.0)), "a gap"
    levels = {"VIX": Level(20.0, 21.0)}
    assert is_searched(strategy, replace(quiet, vix=20.0, levels=levels)), "high, and falling today"
    assert not is_searched(strategy, replace(quiet, vix=20.0, levels={"VIX": Level(20.0, 19.0)}))
    tuesday = given.NOW + timedelta(days=1)
    assert not is_searched(strategy, quiet, at=tuesday)
    assert found_by(strategy, spx_today())


@pytest.mark.parametrize(("name", "sign", "right"), [("trend_up_put_spreads", 1, "P"), ("trend_down_call_spreads", -1, "C")])
def test_spreads_go_with_the_trend_of_the_last_hour(name: str, sign: int, right: str) -> None:
    strategy = recipe(name)
    bars = {5: Bars(tuple(6000 + sign * n for n in range(12)), is_since_open=False)}
    with_it, against = (given.market("SPX", 6000.0 + sign * way * 20, bars=bars) for way in (1, -1))

    assert is_searched(strategy, with_it)
    assert not is_searched(strategy, against)
    assert not is_searched(strategy, replace(with_it, bars={5: Bars(bars[5].closes[:11], is_since_open=True)}))
    for found in found_by(strategy, spx_today()):
        assert {leg.contract.put_call for leg in found.spread.legs} == {right}
    assert strategy.entry.at is not None
    assert len(strategy.entry.at.times) == 18


def test_far_wing_of_the_put_broken_wing_is_twice_the_near_one() -> None:
    strategy = recipe("broken_wing_21_days")

    for found in found_by(strategy, spx_later(14, 22, 30)):
        lower, body, upper = (float(leg.contract.strike) for leg in found.spread.legs)
        assert body - lower == 2 * (upper - body)
        assert 0.30 <= abs(found.quotes[2].delta or 0) <= 0.35
        assert 0.20 <= abs(found.quotes[1].delta or 0) <= 0.25
        assert found.net >= 0
        assert (found.spread.legs[0].contract.expiry - TODAY).days == 22
