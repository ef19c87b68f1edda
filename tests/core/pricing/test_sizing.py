import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.sizing import (
    by_kelly,
    by_net_liquidation,
    by_risk,
    by_stop,
    fixed,
    kelly_fraction,
    kelly_share,
    scaled_by_volatility,
    smallest,
)

dollars = st.integers(1, 10_000_000).map(lambda cents: cents / 100)


@given(dollars, dollars, st.integers(0, 5_000).map(lambda cents: cents / 100))
def test_size_is_always_the_most_that_stays_within_the_risk(risk: float, loss: float, fees: float) -> None:
    found = by_risk(risk, loss, fees)

    assert found * (loss + fees) <= risk + 1e-6
    assert (found + 1) * (loss + fees) > risk - 1e-6


@given(st.floats(-1e6, 0), dollars)
def test_bad_quote_or_empty_account_always_gives_nothing(bad: float, good: float) -> None:
    assert fixed(5, bad) == 0
    assert by_risk(good, bad) == by_risk(bad, good) == 0
    assert by_net_liquidation(bad, 0.02, good) == by_net_liquidation(good, 0.02, bad) == 0
    assert by_stop(good, 2, 1.0, 100, bad) == by_stop(good, 2, bad, 100, good) == 0
    assert by_kelly(good, 0.9, 100, bad) == by_kelly(bad, 0.9, 100, good) == 0


def test_budget_that_fits_exactly_is_not_lost_to_binary_rounding() -> None:
    assert by_risk(0.3, 0.1) == 3
    assert by_net_liquidation(100_000, 0.07, 1000) == 7


def test_stop_size_is_capped_by_the_full_loss() -> None:
    assert by_stop(1000, 2, 1.0, 100, 400) == 2
    assert by_stop(1000, 2, 1.0, 100, 201) == 4
    assert by_stop(1000, 2, 1.0, 100, 180) == 5
    assert by_stop(1000, 2, 1.0, 100, 180, fees=10, slippage=40) == 4


def test_rebate_does_not_raise_the_size() -> None:
    assert by_risk(1000, 100, fees=-50) == 10


def test_kelly_without_an_edge_stays_out() -> None:
    assert kelly_fraction(0.5, 200, 300) == -0.25
    assert kelly_share(0.5, 200, 300) == 0
    assert by_kelly(100_000, 0.5, 200, 300) == 0


def test_kelly_risks_a_quarter_of_the_fraction() -> None:
    assert by_kelly(100_000, 0.6, 400, 400) == 12


@pytest.mark.parametrize("terms", [(1.1, 100, 100), (0.5, 0, 100), (0.5, 100, 0), (-0.1, 100, 100)])
def test_kelly_raises_on_what_is_no_bet(terms: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError):
        kelly_fraction(*terms)


def test_size_shrinks_as_volatility_grows() -> None:
    assert scaled_by_volatility(10, 0.15, 0.20) == 7
    assert scaled_by_volatility(10, 0.15, 0) == 0


def test_smallest_cap_wins() -> None:
    assert smallest((5, 3, 9)) == 3
    assert smallest((5, -1)) == 0
    assert smallest(()) == 0
