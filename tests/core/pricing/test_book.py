import pytest

from engine.pricing.assignment import dividend_risk
from engine.pricing.book import OpenLeg, beta_weighted_delta, position_greeks, vega_in_30_days

BULL_PUT = [OpenLeg(-1, 1, "P", 95, 0.1, 0.25), OpenLeg(1, 1, "P", 90, 0.1, 0.28)]


def test_credit_spread_out_of_the_money_gains_from_time_and_calm() -> None:
    found = position_greeks(BULL_PUT, 100, 0.04, 0.0, quantity=1, multiplier=100)

    assert found.delta_shares > 0
    assert found.gamma_shares < 0
    assert found.vega_dollars < 0
    assert found.theta_dollars > 0


def test_signs_flip_when_spot_falls_below_the_long_strike() -> None:
    found = position_greeks(BULL_PUT, 80, 0.0, 0.0, quantity=1, multiplier=100)

    assert found.gamma_shares > 0
    assert found.vega_dollars > 0
    assert found.theta_dollars < 0


def test_greeks_grow_with_quantity_and_multiplier() -> None:
    one = position_greeks(BULL_PUT, 100, 0.04, 0.0, quantity=1, multiplier=1)
    many = position_greeks(BULL_PUT, 100, 0.04, 0.0, quantity=5, multiplier=100)

    assert many.delta_dollars == pytest.approx(500 * one.delta_dollars)
    assert many.theta_dollars == pytest.approx(500 * one.theta_dollars)


def test_empty_position_has_no_greeks() -> None:
    found = position_greeks([], 100, 0.04, 0.0, quantity=1, multiplier=100)

    assert (found.delta_shares, found.gamma_shares, found.vega_dollars, found.theta_dollars) == (0, 0, 0, 0)


def test_vega_counts_less_the_later_the_expiry() -> None:
    assert vega_in_30_days(100, 120) == 50
    assert vega_in_30_days(100, 0) == 0


def test_beta_weighting_needs_an_index_price() -> None:
    with pytest.raises(ValueError):
        beta_weighted_delta(10, 1.2, 100, 0)


@pytest.mark.parametrize(
    ("put_call", "spot", "ex_date", "at_risk"),
    [("C", 100, True, True), ("C", 100, False, False), ("P", 80, True, False), ("C", 90, True, False)],
)
def test_only_a_call_in_the_money_before_the_ex_date_is_at_risk(put_call: str, spot: float, ex_date: bool, at_risk: bool) -> None:
    found = dividend_risk(put_call, spot, 90, max(0, spot - 90), 2.0, ex_date_is_next_session=ex_date)  # type: ignore[arg-type]

    assert found.at_risk is at_risk


def test_extrinsic_value_equal_to_the_dividend_keeps_the_call() -> None:
    assert not dividend_risk("C", 50, 45, 5.4, 0.4, ex_date_is_next_session=True).at_risk
