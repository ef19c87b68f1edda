"""A view is said as people say it, and what cannot be understood leads out."""

from datetime import date
from decimal import Decimal

import pytest

from engine.strategy.values.view import SURE, read_view

TODAY = date(2026, 11, 16)
DEC_18 = date(2026, 12, 18)


@pytest.mark.parametrize(
    ("said", "underlying", "low", "high", "is_share", "by", "sure"),
    [
        ("SPX 3% to 5% higher by 18 Dec", "SPX", "0.03", "0.05", True, DEC_18, SURE),
        ("spx 3-5% up by Dec 18, 70% sure", "SPX", "0.03", "0.05", True, DEC_18, Decimal("0.7")),
        ("SPX 2% to 3% lower by 2026-12-18", "SPX", "-0.03", "-0.02", True, DEC_18, SURE),
        ("SPX 2% lower by 18 Dec 26", "SPX", "-0.02", "-0.02", True, DEC_18, SURE),
        ("SPY between 590 and 610 in 30 days", "SPY", "590", "610", False, date(2026, 12, 16), SURE),
        ("SPX 5,900-6,100 by 18 december 2026", "SPX", "5900", "6100", False, DEC_18, SURE),
        ("SPX at 6100 by 18 Dec", "SPX", "6100", "6100", False, DEC_18, SURE),
        ("SPX above 6200 by 18 Dec, 60% sure", "SPX", "6200", None, False, DEC_18, Decimal("0.6")),
        ("QQQ will be below $480.50 in 2 weeks", "QQQ", None, "480.50", False, date(2026, 11, 30), SURE),
        ("SPX within 2% by 18 Dec", "SPX", "-0.02", "0.02", True, DEC_18, SURE),
        ("IWM stays flat within 3% in 3 weeks", "IWM", "-0.03", "0.03", True, date(2026, 12, 7), SURE),
        ("SPX at least 2% higher by 18 Dec", "SPX", "0.02", None, True, DEC_18, SURE),
        ("SPX at most 2% higher by 18 Dec", "SPX", None, "0.02", True, DEC_18, SURE),
        ("SPX at least 2% lower by 18 Dec", "SPX", None, "-0.02", True, DEC_18, SURE),
        ("SPX at most 2% lower by 18 Dec", "SPX", "-0.02", None, True, DEC_18, SURE),
        ("SPX 1% higher by 15 Jan", "SPX", "0.01", "0.01", True, date(2027, 1, 15), SURE),
    ],
)
def test_view_is_read(
    said: str, underlying: str, low: str | None, high: str | None, is_share: bool, by: date, sure: Decimal
) -> None:
    view = read_view(said, TODAY)

    ends = tuple(None if end is None else Decimal(end) for end in (low, high))
    assert (view.underlying, view.low, view.high, view.is_share, view.by, view.sure) == (underlying, *ends, is_share, by, sure)


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        ("up a lot", "no view of a price; write one as"),
        ("SPX", "no view of a price; write one as"),
        ("SPX 3% higher", "no day ahead"),
        ("SPX 3% higher by 18 Nov 2020", "no day ahead"),
        ("SPX 3% higher by 31 Feb", "no day ahead"),
        ("SPX 3% higher by 18 Dec 2099", "no day ahead"),
        ("SPX 3% higher by 18 Dec, 100% sure", "from 5% to 99% sure"),
        ("SPX at 0 by 18 Dec", "a price is above 0"),
    ],
)
def test_what_is_no_view_leads_out(said: str, tells: str) -> None:
    with pytest.raises(ValueError, match=tells):
        read_view(said, TODAY)


def test_shares_are_of_the_price_now() -> None:
    assert read_view("SPX 3% to 5% higher by 18 Dec", TODAY).prices(6000.0) == pytest.approx((6180.0, 6300.0))
    assert read_view("SPX above 6200 by 18 Dec", TODAY).prices(6000.0) == (6200.0, None)
