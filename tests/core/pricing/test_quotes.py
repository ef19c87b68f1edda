import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.quotes import LegQuote, combo_quote, leg_width_fraction, quote_status

cents = st.integers(1, 2000).map(lambda c: c / 100)
quotes = st.builds(
    lambda sign, ratio, bid, width: LegQuote(sign, ratio, bid, bid + width),
    st.sampled_from([1, -1]),
    st.integers(1, 3),
    cents,
    cents,
)
SOLD = LegQuote(-1, 1, 2.0, 2.04)
BOUGHT = LegQuote(1, 1, 0.9, 0.94)


@given(st.lists(quotes, min_size=1, max_size=4))
def test_mid_always_lies_between_natural_and_best(legs: list[LegQuote]) -> None:
    found = combo_quote(legs, 1.0)

    assert found.natural is not None
    assert found.mid is not None
    assert found.best is not None
    assert found.natural < found.mid < found.best


@given(st.lists(quotes, min_size=1, max_size=4))
def test_inverted_combination_has_the_mirrored_market(legs: list[LegQuote]) -> None:
    inverted = [LegQuote(-leg.sign, leg.ratio, leg.bid, leg.ask) for leg in legs]

    one, other = combo_quote(legs, 1.0), combo_quote(inverted, 1.0)

    assert other.ask == pytest.approx(-(one.bid or 0), abs=1e-9)
    assert other.bid == pytest.approx(-(one.ask or 0), abs=1e-9)


@pytest.mark.parametrize(
    ("bid", "ask", "status"),
    [
        (1.0, 1.1, "ok"),
        (1.0, 1.0, "locked"),
        (math.nan, 1.0, "no_quote"),
        (1.0, math.inf, "no_quote"),
        (-1, 1.0, "no_quote"),
        (None, 1.0, "no_quote"),
        (1.0, 0.0, "no_quote"),
    ],
)
def test_quote_is_named_for_what_it_is_good_for(bid: float | None, ask: float | None, status: str) -> None:
    assert quote_status(bid, ask) == status


@pytest.mark.parametrize(
    ("leg", "status"),
    [
        (LegQuote(1, 1, -1, -1), "one_sided"),
        (LegQuote(1, 1, None, 1.0), "one_sided"),
        (LegQuote(1, 1, 0.0, 0.05), "ok"),
        (LegQuote(-1, 1, 0.0, 0.05), "zero_bid_short"),
        (LegQuote(1, 1, 1.0, 1.0), "locked"),
        (LegQuote(1, 1, 1.1, 1.0), "crossed"),
        (LegQuote(1, 1, 0.2, 1.8), "too_wide"),
    ],
)
def test_combination_is_no_better_than_its_worst_leg(leg: LegQuote, status: str) -> None:
    assert combo_quote([SOLD, leg], 0.5).status == status


def test_combination_with_a_missing_side_has_no_price() -> None:
    found = combo_quote([SOLD, LegQuote(1, 1, None, None)], 0.5)

    assert (found.mid, found.natural, found.best, found.ask, found.bid) == (None,) * 5


def test_width_over_a_mid_of_zero_is_undefined_and_too_wide() -> None:
    found = combo_quote([LegQuote(-1, 1, 1.0, 1.1), LegQuote(1, 1, 1.0, 1.1)], 10)

    assert found.width_fraction is None
    assert found.status == "too_wide"


def test_clean_combination_passes() -> None:
    assert combo_quote([SOLD, BOUGHT], 0.1).status == "ok"


def test_leg_width_is_a_share_of_its_mid() -> None:
    assert leg_width_fraction(0.9, 1.1) == pytest.approx(0.2)
    assert leg_width_fraction(0.0, 0.0) is None
