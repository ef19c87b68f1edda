"""The price walk and the bounds of closes, for any market: what must always hold of a limit."""

from decimal import Decimal

import pytest
from hypothesis import assume
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.decide.order.price import closing_plan, combo_tick, has_moved, next_closing_limit, next_limit, opening_plan
from engine.decide.quotes import spread_quote
from engine.domain.spread import Leg, Spread
from engine.pricing.mark import Mark
from engine.strategy.values.meaning import PriceWalk, Step, WorstFromMid, WorstNatural, WorstShare
from tests import given

SPREADS = {
    "cents": (given.spread(), given.spread("bull_call", 605, 600)),
    "nickels": (given.spread(root="SPXW", underlying="SPX"), given.spread("bull_call", 605, 600, root="SPXW", underlying="SPX")),
}
spreads = st.sampled_from([one for pair in SPREADS.values() for one in pair])
cents = st.integers(1, 499).map(lambda n: Decimal(n) / 100)
halves = st.integers(0, 200).map(lambda n: Decimal(n) / 200)
steps = st.integers(1, 60).map(lambda n: Step(usd=Decimal(n) / 100)) | st.integers(1, 100).map(
    lambda n: Step(of_half_width=Decimal(n) / 100)
)
worsts = st.sampled_from([WorstNatural(), WorstFromMid(Decimal("0.10")), WorstShare(Decimal("0.15"), "width")])


@st.composite
def markets(draw: st.DrawFn, spread: Spread | None = None) -> tuple[Spread, Mark]:
    """A spread and what opening it brings: a credit above nothing or a debit below it, with any width of the market."""
    of = spread or draw(spreads)
    mid, half = draw(cents) * (1 if of.cap == 0 else -1), draw(halves)
    return of, Mark(mid=mid, natural=mid - half, best=mid + half, ages_s=(1.0,), obstacle=None)


def walk(step: Step, worst: object, credit: bool) -> PriceWalk:
    if isinstance(worst, WorstShare) and worst.base == "mid":
        worst = WorstShare(Decimal("0.92") if credit else Decimal("1.08"), "mid")
    return PriceWalk(step, 15, worst, 180)  # type: ignore[arg-type]


@property_of(markets(), steps, worsts | st.just(WorstShare(Decimal(1), "mid")), st.lists(st.integers(-300, 300), max_size=8))
def test_opening_walks_toward_natural_and_never_past_what_was_frozen(market, step: Step, worst, moves: list[int]) -> None:
    spread, quote = market
    rule = walk(step, worst, spread.cap == 0)
    plan = opening_plan(spread, quote, rule)
    assume(plan is not None)
    assert plan is not None
    tick, limit, seen = combo_tick(spread), plan.limit, [plan.limit]

    for cents_moved in moves:
        mid = quote.mid + Decimal(cents_moved) / 100
        now = Mark(mid, mid - quote.half_width, mid + quote.half_width, (1.0,), None)
        limit = next_limit(spread, now, rule, limit, plan.worst) or limit
        seen.append(limit)

    assert all(price >= plan.worst for price in seen)
    assert seen == sorted(seen, reverse=True)
    assert all(price % tick == 0 for price in (*seen, plan.worst))
    assert all(price * quote.mid > 0 for price in (*seen, plan.worst)), "the sign never flips"
    assert all(abs(price) < spread.width for price in (*seen, plan.worst)), "nobody pays or is paid the width"


@property_of(markets(), st.booleans(), st.lists(st.integers(-300, 300), max_size=8))
def test_close_stays_between_nothing_and_the_width(market, urgent: bool, moves: list[int]) -> None:
    spread, opening = market
    quote = Mark(-opening.mid, -opening.best, -opening.natural, (1.0,), None)
    plan = closing_plan(spread, quote, urgent=urgent)
    low, high = spread.floor, spread.cap
    limit, seen = plan.limit, [plan.limit]

    for cents_moved in moves:
        mid = quote.mid + Decimal(cents_moved) / 100
        now = Mark(mid, mid - quote.half_width, mid + quote.half_width, (1.0,), None)
        limit = next_closing_limit(spread, now, limit, plan.worst) or limit
        seen.append(limit)

    assert all(low <= price <= high for price in (*seen, plan.worst))
    assert all(price >= plan.worst for price in seen)
    assert seen == sorted(seen, reverse=True)
    assert all(price % combo_tick(spread) == 0 for price in seen)


legs_alone = st.builds(
    lambda root, right, strike, action: Spread(
        "leg", (Leg(given.contract(strike, right, root=root, underlying=root[:3]), action),)
    ),
    *(
        st.sampled_from(["SPX", "SPXW", "SPY"]),
        st.sampled_from("PC"),
        st.sampled_from([2.5, 590.0]),
        st.sampled_from(["buy", "sell"]),
    ),
)


@property_of(legs_alone, cents, halves, st.booleans(), st.booleans())
def test_close_of_a_leg_alone_has_a_price_though_nothing_may_bound_what_it_costs(
    leg: Spread, price: Decimal, half: Decimal, urgent: bool, at_natural: bool
) -> None:
    assume(half < price)
    sign = leg.legs[0].sign
    mid = sign * price
    mark = Mark(mid, mid - half, mid + half, (1.0,), None)

    plan = closing_plan(leg, mark, urgent=urgent, at_natural=at_natural)
    stepped = next_closing_limit(leg, mark, plan.limit, plan.worst, urgent=urgent) or plan.limit

    assert all(one.is_finite() and one % combo_tick(leg, one) == 0 for one in (plan.limit, plan.worst, stepped))
    assert plan.worst <= stepped <= plan.limit
    assert leg.floor <= plan.worst
    assert plan.limit <= leg.cap
    assert all(one * sign > 0 for one in (plan.limit, plan.worst, stepped)), "no exchange takes an option for nothing"


@property_of(markets())
def test_close_that_is_not_urgent_never_gives_more_than_natural(market) -> None:
    spread, opening = market
    quote = Mark(-opening.mid, -opening.best, -opening.natural, (1.0,), None)

    plan = closing_plan(spread, quote, urgent=False)

    assert plan.worst >= min(spread.cap, quote.natural - combo_tick(spread))


@pytest.mark.parametrize(
    ("structure", "mid", "share", "worst", "limit"),
    [
        (("bull_put", 580, 575), "0.803", "0.92", "0.74", "0.81"),
        (("bull_call", 605, 600), "-2.003", "1.08", "-2.16", "-2.00"),
    ],
)
def test_limit_starts_passive_at_mid_and_worst_is_rounded_for_us(structure, mid: str, share: str, worst: str, limit: str) -> None:
    spread = given.spread(*structure)
    quote = Mark(Decimal(mid), Decimal(mid) - 1, Decimal(mid) + 1, (1.0,), None)

    plan = opening_plan(spread, quote, PriceWalk(Step(usd=Decimal("0.01")), 15, WorstShare(Decimal(share), "mid"), 180))

    assert plan is not None
    assert (plan.limit, plan.worst) == (Decimal(limit), Decimal(worst))


def test_debit_near_the_width_is_never_walked_beyond_it() -> None:
    spread = given.spread("bull_call", 605, 600)
    quote = Mark(Decimal("-4.80"), Decimal("-4.90"), Decimal("-4.70"), (1.0,), None)

    plan = opening_plan(spread, quote, PriceWalk(Step(usd=Decimal("0.01")), 15, WorstShare(Decimal("1.08"), "mid"), 180))

    assert plan is not None
    assert plan.worst == Decimal("-4.99")


@pytest.mark.parametrize("mid", ["0", "5.00", "6.10", "-0.30"])
def test_opening_has_no_price_when_the_quotes_are_beyond_what_a_credit_spread_can_be_worth(mid: str) -> None:
    quote = Mark(Decimal(mid), Decimal(mid) - 1, Decimal(mid) + 1, (1.0,), None)

    plan = opening_plan(given.spread(), quote, PriceWalk(Step(usd=Decimal("0.01")), 15, WorstNatural(), 180))

    assert plan is None


@pytest.mark.parametrize(
    ("shown", "now", "moved"),
    [
        ("0.80", "0.80", False),
        ("0.80", "0.76", False),
        ("0.80", "0.75", True),
        ("0.80", "1.00", False),
        ("0.80", "1.01", True),
        ("-2.00", "-2.10", False),
        ("-2.00", "-2.11", True),
        ("0.05", "0.04", False),
        ("0.05", "0.03", True),
    ],
)
def test_net_has_moved_when_it_is_a_little_worse_or_much_better(shown: str, now: str, moved: bool) -> None:
    assert has_moved(Decimal(shown), Decimal(now), Decimal("0.01")) is moved


def test_quote_of_a_spread_is_its_synthetic_best_bid_and_offer() -> None:
    chain = given.chain(p580={"bid": 3.00, "ask": 3.10, "quoted_at": given.NOW.timestamp() - 4}, p575={"bid": 2.00, "ask": 2.20})

    opening = spread_quote(given.spread(), given.rows(chain), "open")
    closing = spread_quote(given.spread(), given.rows(chain), "close")

    assert opening is not None
    assert closing is not None
    assert (opening.natural, opening.mid, opening.best) == (Decimal("0.80"), Decimal("0.95"), Decimal("1.10"))
    assert (closing.natural, closing.mid, closing.best) == (Decimal("-1.10"), Decimal("-0.95"), Decimal("-0.80"))
    assert opening.half_width == Decimal("0.15")
    assert (round(opening.age_s, 3), opening.obstacle) == (4.0, None)


@pytest.mark.parametrize(
    ("changed", "obstacle"),
    [
        ({"bid": 3.20, "ask": 3.10}, "crossed"),
        ({"bid": 3.10, "ask": 3.10}, "locked"),
        ({"bid": 0.0, "ask": 3.10}, "no bid to sell at"),
        ({"bid": 0.0, "ask": 0.0}, "no ask"),
    ],
)
def test_bad_quotes_of_a_leg_are_an_obstacle(changed: dict[str, float], obstacle: str) -> None:
    quote = spread_quote(given.spread(), given.rows(given.chain(p580=changed)), "open")

    assert quote is not None
    assert quote.obstacle is not None
    assert obstacle in quote.obstacle


@pytest.mark.parametrize("column", ["bid", "ask", "quoted_at"])
def test_opening_has_no_quote_when_a_side_is_not_known(column: str) -> None:
    assert spread_quote(given.spread(), given.rows(given.chain(p575={column: None})), "open") is None


def test_close_gives_a_long_leg_without_a_bid_away() -> None:
    chain = given.chain(p580={"bid": 0.10, "ask": 0.15}, p575={"bid": None, "ask": 0.05})

    quote = spread_quote(given.spread(), given.rows(chain), "close")

    assert quote is not None
    assert (quote.natural, quote.obstacle) == (Decimal("-0.15"), None)


def test_close_has_no_quote_when_nobody_offers_the_leg_that_is_bought_back() -> None:
    assert spread_quote(given.spread(), given.rows(given.chain(p580={"ask": None})), "close") is None
