"""Quotes that are told one by one, each looked at at once, leave the numbers that they leave when all are told together."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.contract import Contract
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore
from tests.shell.store.test_numbers import fair_price

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
A_MINUTE = timedelta(seconds=61)
"""After which the clock is looked at anew, and every forward is asked."""
RATE, SPOT = 0.04, 6000.0
DAYS = (date(2026, 12, 4), date(2026, 12, 18))
STRIKES = range(5500, 6510, 10)
"""Far more on each side of the money than its forward looks at."""
CONTRACTS = [
    Contract(10_000 * n + 1_000 * (side == "C") + k, "SPX", "SPXW", day, Decimal(strike), side, 100)
    for n, day in enumerate(DAYS)
    for side in ("P", "C")
    for k, strike in enumerate(STRIKES)
]
WITHIN = {"forward": 1e-9, "atm_iv": 1e-7, "iv": 2e-6, "delta": 2e-6, "p_itm": 2e-6, "worth": 1e-3}
"""By how much each number may differ: a volatility is solved anew only where its forward has moved by more than this."""

Told = tuple[int, float]
"""A contract by its place, and by how much its bid and ask move, USD per share."""


@cache
def first_prices() -> dict[int, tuple[float, float]]:
    """Bid and ask of each contract before the news."""
    fair = {one.con_id: fair_price(one, SPOT * 1.002, 0.2) for one in CONTRACTS}
    return {con_id: (max(0.05, round(price - 0.15, 2)), round(price + 0.3, 2)) for con_id, price in fair.items()}


def filled(prices: Mapping[int, tuple[float, float]]) -> QuoteStore:
    """A store of which all forwards are asked at the second look: at the first it is not known yet where the money is."""
    quotes = QuoteStore()
    quotes.layout(CONTRACTS, {"SPX": Carry(RATE, 0.0)})
    quotes.underlying("SPX", NOW.timestamp(), SPOT)
    tell_all(quotes, NOW - A_MINUTE, prices)
    quotes.snapshot(NOW - A_MINUTE)
    tell_all(quotes, NOW, prices)
    quotes.snapshot(NOW)
    return quotes


def tell_all(quotes: QuoteStore, at: datetime, prices: Mapping[int, tuple[float, float]]) -> None:
    for con_id, (bid, ask) in prices.items():
        tell(quotes, con_id, at, bid, ask)


def tell(quotes: QuoteStore, con_id: int, at: datetime, bid: float, ask: float) -> None:
    quotes.option(con_id, at.timestamp(), bid=bid, ask=ask)


def numbers(quotes: QuoteStore, at: datetime) -> dict[str, np.ndarray]:
    table = quotes.snapshot(at).table
    return {name: table.column(name).to_numpy() for name in WITHIN}


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(CONTRACTS) - 1), st.sampled_from([-0.1, -0.05, 0.05, 0.1, 0.5])), min_size=1, max_size=12
    )
)
def test_numbers_told_one_by_one_are_those_told_together(news: list[Told]) -> None:
    quotes, prices, at = filled(first_prices()), dict(first_prices()), NOW
    for place, moved in news:
        at += timedelta(milliseconds=100)
        con_id = CONTRACTS[place].con_id
        bid, ask = prices[con_id]
        prices[con_id] = (max(0.0, bid + moved), max(0.05, ask + moved))
        tell(quotes, con_id, at, *prices[con_id])
        quotes.snapshot(at)

    one_by_one, together = numbers(quotes, at), numbers(filled(prices), NOW)

    for name, within in WITHIN.items():
        np.testing.assert_allclose(one_by_one[name], together[name], rtol=0, atol=within, err_msg=name)
