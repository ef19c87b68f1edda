"""What closing a spread would bring now: one answer for exits, the day's result, people, and the price of the close."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.mark import Mark, QuotedLeg, closing_mark, opening_mark
from engine.pricing.quotes import LegQuote, combo_quote

cents = st.integers(1, 2000).map(lambda c: c / 100)


@st.composite
def quoted(draw: st.DrawFn) -> QuotedLeg:
    bid = draw(cents)
    return QuotedLeg("leg", draw(st.sampled_from([1, -1])), draw(st.integers(1, 3)), bid, round(bid + draw(cents), 2), 1.0)


def put_spread(
    short: tuple[float | None, float | None], long: tuple[float | None, float | None], *, ages_s: tuple[float, float] = (1.0, 1.0)
) -> Mark | None:
    """A credit spread five wide, opened by selling the dearer put."""
    legs = [QuotedLeg("580P", -1, 1, *short, ages_s[0]), QuotedLeg("575P", 1, 1, *long, ages_s[1])]
    return closing_mark(legs, Decimal(-5), Decimal(0))


def call_spread(short: tuple[float | None, float | None], long: tuple[float | None, float | None]) -> Mark | None:
    """A debit spread five wide, opened by buying the dearer call."""
    legs = [QuotedLeg("605C", -1, 1, *short, 1.0), QuotedLeg("600C", 1, 1, *long, 1.0)]
    return closing_mark(legs, Decimal(0), Decimal(5))


@given(st.lists(quoted(), min_size=1, max_size=4))
def test_two_sided_legs_are_marked_by_the_synthetic_market_of_the_exchanges(legs: list[QuotedLeg]) -> None:
    wide = Decimal(10_000)
    opening, closing = opening_mark(legs), closing_mark(legs, -wide, wide)
    opened = combo_quote([LegQuote(leg.sign, leg.ratio, leg.bid, leg.ask) for leg in legs], 1.0)
    closed = combo_quote([LegQuote(-leg.sign, leg.ratio, leg.bid, leg.ask) for leg in legs], 1.0)

    for mark, market in ((opening, opened), (closing, closed)):
        assert mark is not None
        assert [float(mark.natural), float(mark.mid), float(mark.best)] == pytest.approx(
            [market.natural, market.mid, market.best], abs=1e-9
        )


def test_bought_leg_that_nobody_bids_for_brings_nothing_wherever_it_is_counted() -> None:
    mark = put_spread((0.48, 0.52), (None, 0.40))

    assert mark is not None
    assert (mark.mid, mark.natural, mark.unbid, mark.obstacle) == (Decimal("-0.50"), Decimal("-0.52"), ("575P",), None)


def test_sold_leg_that_nobody_bids_for_is_bought_back_at_its_ask() -> None:
    mark = put_spread((None, 0.05), (0.01, 0.03))

    assert mark is not None
    assert mark.mid == Decimal("-0.03")


@given(cents, cents, st.sampled_from([1, -1]), st.sampled_from([None, 0.0]))
def test_missing_bid_never_makes_a_profit(bid: float, width: float, sign: int, missing: float | None) -> None:
    ask = round(bid + width, 2)
    other = QuotedLeg("other", -sign, 1, 1.0, 1.1, 1.0)
    whole, half = (
        closing_mark([QuotedLeg("leg", sign, 1, side, ask, 1.0), other], Decimal(-99), Decimal(99)) for side in (bid, missing)
    )

    assert whole is not None
    assert half is not None
    assert half.mid <= whole.mid
    assert half.natural <= whole.natural


@pytest.mark.parametrize(("short", "long"), [((None, 1.90), (1.19, 1.21)), ((2.00, 2.02), (None, 1.21))])
def test_leg_that_is_worth_something_and_has_no_bid_has_lost_a_side(short, long) -> None:
    mark = put_spread(short, long)

    assert mark is not None
    assert mark.obstacle is not None
    assert "has no bid and is offered at" in mark.obstacle


def test_leg_that_brings_nothing_may_be_quoted_long_ago() -> None:
    mark = put_spread((0.01, 0.02), (None, 0.01), ages_s=(1.0, 600.0))

    assert mark is not None
    assert mark.is_believed


@pytest.mark.parametrize(
    ("ages_s", "is_believed"), [((30.0, 120.0), True), ((31.0, 120.0), False), ((1.0, 121.0), False), ((31.0, 31.0), False)]
)
def test_mark_is_believed_while_one_leg_is_told_and_the_other_is_not_too_old(ages_s, is_believed: bool) -> None:
    mark = put_spread((2.00, 2.02), (1.20, 1.22), ages_s=ages_s)

    assert mark is not None
    assert mark.is_believed is is_believed


@pytest.mark.parametrize("short", [(3.1, 3.0), (3.0, 3.0)])
def test_crossed_or_locked_leg_is_an_obstacle(short: tuple[float, float]) -> None:
    mark = put_spread(short, (1.20, 1.22))

    assert mark is not None
    assert not mark.is_believed


def test_cost_beyond_the_width_is_the_width_where_the_quotes_are_only_coarse_and_no_mark_where_they_are_bad() -> None:
    coarse, bad = put_spread((9.0, 9.4), (4.0, 4.3)), put_spread((9.0, 9.1), (3.0, 3.1))

    assert coarse is not None
    assert bad is not None
    assert (coarse.mid, coarse.natural, coarse.is_believed) == (Decimal(-5), Decimal("-5.4"), True)
    assert bad.obstacle == "closing at -5.9 is below the -5 that it is worth at least"


def test_worthless_debit_spread_is_worth_nothing_and_that_is_believed() -> None:
    mark = call_spread((None, 0.05), (None, 0.05))

    assert mark is not None
    assert (mark.mid, mark.natural, mark.unbid, mark.is_believed) == (Decimal(0), Decimal("-0.05"), ("600C",), True)


def test_credit_spread_that_would_bring_money_for_certain_is_a_bad_quote() -> None:
    mark = put_spread((1.0, 1.1), (1.5, 1.6))

    assert mark is not None
    assert not mark.is_believed


def test_there_is_no_mark_where_nobody_offers_a_leg() -> None:
    assert put_spread((1.0, None), (0.5, 0.6)) is None
    assert put_spread((1.0, 1.1), (0.5, None)) is None
