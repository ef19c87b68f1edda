"""Reference values of the models: prices, greeks, volatility, chances, means and calendars."""

import math

import numpy as np

from engine.pricing import black_scholes
from engine.pricing.book import OpenLeg, position_greeks
from engine.pricing.calendar_spread import CalendarSpread, calendar_profile, profit_at_near_expiry
from engine.pricing.implied_volatility import (
    implied_volatility,
    implied_volatility_refusal,
    implied_volatility_status,
)
from engine.pricing.payoff import profile
from engine.pricing.probability import (
    expected_value,
    probability_below,
    probability_below_by_vertical,
    probability_below_with_skew,
    probability_of_at_least,
    probability_of_profit,
    probability_of_touch,
)
from engine.pricing.volatility import expected_move, iv_percentile, iv_rank, iv_standing
from tests.core.pricing.reference import Case, cases, close, leg_sign, market, option_sign, payoff_legs, tolerance


def _option(inputs: Case) -> dict[str, float]:
    if "right" not in inputs:  # put-call parity
        return {"call_minus_put": float(_price(inputs, 1) - _price(inputs, -1))}
    terms = (inputs["S"], inputs["K"], inputs["T"], inputs["r"], inputs["q"], inputs["sigma"])
    g = black_scholes.greeks(*terms, option_sign(inputs))
    return {
        "price": float(g.price),
        "delta": float(g.delta),
        "gamma": float(g.gamma),
        "vega_per_1_00": float(g.vega),
        "vega_per_1.00": float(g.vega),
        "vega_per_volpoint": float(g.vega) * black_scholes.VEGA_PER_POINT,
        "theta_per_year": float(g.theta),
        "theta_per_day_365": float(g.theta) * black_scholes.THETA_PER_DAY,
        "rho_per_1_00": float(g.rho),
        "rho_per_1.00": float(g.rho),
        "rho_per_pct": float(g.rho) / 100,
        "prob_itm": float(g.p_itm),
        "dividend_rho_per_1.00": float(black_scholes.dividend_rho(*terms, option_sign(inputs))),
        "d1": float(black_scholes.d1_d2(*terms)[0]),
        "d2": float(black_scholes.d1_d2(*terms)[1]),
        "cash_or_nothing_price": inputs.get("cash", 0) * math.exp(-inputs["r"] * inputs["T"]) * float(g.p_itm),
    }


def _price(inputs: Case, w: int) -> np.ndarray:
    return black_scholes.price(inputs["S"], inputs["K"], inputs["T"], inputs["r"], inputs["q"], inputs["sigma"], w)


@cases("bsm_published")
def test_option_agrees_with_published_tables(case: Case) -> None:
    answers = _option(case["inputs"])

    assert all(close(case, field, answers[field]) for field in case["expected"])


@cases("bsm_greeks")
def test_greeks_agree_with_forty_digit_values(case: Case) -> None:
    answers = _option(case["inputs"])

    assert all(close(case, field, answers[field]) for field in case["expected"])


@cases("implied_vol")
def test_implied_volatility_is_found_or_refused_with_the_reason(case: Case) -> None:
    i = case["inputs"]
    quote = (i["price"], i["S"], i["K"], i["T"], i["r"], i["q"], option_sign(i))

    found = float(implied_volatility(*quote))

    if case["expected"]["sigma"] is None:
        assert math.isnan(found)
        assert implied_volatility_refusal(*quote)
        assert implied_volatility_status(*quote) == case["expected"]["status"]
    else:
        assert close(case, "sigma", found)
        assert implied_volatility_refusal(*quote) is None


@cases("pop")
def test_probability_of_profit_agrees_with_closed_form(case: Case) -> None:
    i = case["inputs"]
    legs, net = payoff_legs(i), i["net_per_share"]

    if "threshold_per_share" in i:
        found = probability_of_at_least(i["threshold_per_share"], legs, net, *market(i), i["sigma"])
        assert close(case, "prob_at_least_threshold", found)
    else:
        assert close(case, "pop", probability_of_profit(legs, net, *market(i), i["sigma"]))
        assert np.allclose(profile(legs, net).breakevens, case["expected"]["breakevens"], atol=1e-9, rtol=0)


@cases("pop_skew")
def test_probability_below_follows_the_skew(case: Case) -> None:
    i = case["inputs"]

    if "credit" in i:
        found = probability_below_by_vertical(i["credit"], i["short_put"] - i["long_put"], i["T"], i["r"])
        assert close(case, "implied_prob_below_mid_strike", found)
    else:
        flat = probability_below(i["K"], *market(i), i["sigma_at_K"])
        skewed = probability_below_with_skew(i["K"], *market(i), i["sigma_at_K"], i["dsigma_dK"])
        assert close(case, "prob_below_flat_vol", flat)
        assert close(case, "prob_below", skewed)


@cases("expected_value")
def test_expected_value_agrees_with_closed_form(case: Case) -> None:
    i = case["inputs"]
    sigma = i.get("real_world_sigma", i["sigma"])

    found = expected_value(payoff_legs(i), i["net_per_share"], *market(i), sigma, expected_return=i.get("real_world_drift"))

    answers = {
        "ev_per_share": found.at_expiry,
        "ev_pv_per_share": found.present,
        "ev_total_1_lot": 100 * found.at_expiry,
    }
    scale = {"ev_total_1_lot": 100}
    for field, expected in case["expected"].items():
        assert abs(answers[field] - expected) <= scale.get(field, 1) * tolerance(case, expected)


@cases("touch_probability")
def test_touch_probability_agrees_with_first_passage(case: Case) -> None:
    i = case["inputs"]

    found = probability_of_touch(i["barrier"], *market(i), i["sigma"])

    w = 1 if i["barrier"] > i["S"] else -1
    g = black_scholes.greeks(i["S"], i["barrier"], i["T"], i["r"], i["q"], i["sigma"], w)
    answers = {
        "prob_touch": found,
        "approx_2x_prob_itm": 2 * float(g.p_itm),
        "approx_2x_abs_delta": 2 * abs(float(g.delta)),
    }
    assert all(close(case, field, answers[field]) for field in case["expected"])


@cases("position_greeks")
def test_position_greeks_add_the_legs(case: Case) -> None:
    i = case["inputs"]
    legs = [OpenLeg(leg_sign(leg), leg["ratio"], leg["right"], leg["strike"], i["T"], leg["sigma"]) for leg in i["legs"]]

    found = position_greeks(legs, i["S"], i["r"], i["q"], i["quantity"], i["multiplier"])

    answers = {
        "delta_shares": found.delta_shares,
        "dollar_delta": found.delta_dollars,
        "gamma_shares_per_dollar": found.gamma_shares,
        "dollar_gamma_1pct": found.gamma_dollars_1pct,
        "vega_dollars_per_volpoint": found.vega_dollars,
        "theta_dollars_per_day_365": found.theta_dollars,
    }
    assert all(close(case, field, answers[field]) for field in case["expected"])


@cases("calendar_diagonal")
def test_calendar_profile_agrees_with_repricing(case: Case) -> None:
    i, expected = case["inputs"], case["expected"]
    spread = CalendarSpread(
        i["right"],
        i["short_strike"],
        i["long_strike"],
        i["short_days"] / 365,
        i["long_days"] / 365,
        i["sigma_long"],
        i["r"],
        i["q"],
        -expected["debit_per_share"],
    )

    found = calendar_profile(spread, i["S"])

    answers = {
        "debit_per_share": round(_calendar_debit(i), 2),
        "max_profit_per_share": found.max_profit,
        "max_profit_at_S": found.max_profit_at,
        "pl_as_S_to_zero": found.at_zero,
        "pl_as_S_to_inf": found.at_infinity,
        "pl_slope_as_S_to_inf": found.slope_at_infinity,
    }
    names = {"max_profit_per_share": "max_profit"}
    for field, got in answers.items():
        if expected[field] is None:
            assert got is None
        else:
            assert got is not None
            assert abs(got - expected[field]) <= tolerance(case, expected[field], names.get(field, field))
    assert np.allclose(found.breakevens, expected["breakevens_front_expiry"], atol=case["tolerance"]["breakeven_abs"], rtol=0)
    for level, profit in expected["pl_at_front_expiry"].items():
        assert abs(float(profit_at_near_expiry(spread, float(level))) - profit) <= case["tolerance"]["abs"]


def _calendar_debit(i: Case) -> float:
    w = option_sign(i)
    long = black_scholes.price(i["S"], i["long_strike"], i["long_days"] / 365, i["r"], i["q"], i["sigma_long"], w)
    short = black_scholes.price(i["S"], i["short_strike"], i["short_days"] / 365, i["r"], i["q"], i["sigma_short"], w)
    return float(long - short)


@cases("iv_rank")
def test_iv_standing_counts_the_window_without_today(case: Case) -> None:
    i = case["inputs"]
    if "low_52w" in i:
        answers: dict[str, object] = {"iv_rank": iv_rank(i["current"], i["low_52w"], i["high_52w"])}
    elif "days_below" in i:
        answers = {"iv_percentile": iv_percentile(i["days_below"], i["days_total"])}
    else:
        found = iv_standing(i["current"], i["history"])
        answers = {
            "iv_rank_raw": found.rank,
            "iv_rank_clamped": found.rank_clamped,
            "iv_percentile": found.percentile,
            "days_used": found.days,
            "sufficient_history": found.sufficient,
        }

    assert [field for field in case["expected"] if not close(case, field, answers[field])] == []


@cases("expected_move")
def test_expected_move_is_one_sigma(case: Case) -> None:
    i = case["inputs"]
    if i["method"] == "ATM straddle":
        # Struck at the forward, without carry: what the rule of thumb is about.
        straddle = 2 * float(black_scholes.price(i["S"], i["S"], i["T"], 0, 0, i["sigma"], 1))
        ratio = straddle / expected_move(i["S"], i["sigma"], i["T"]).move
        answers = {"straddle": straddle, "straddle_over_1sigma": ratio}
    else:
        found = expected_move(i["S"], i["iv"], i["days"] / 365)
        answers = {
            "expected_move": found.move,
            "lower": found.lower,
            "upper": found.upper,
            "log_lower": found.log_lower,
            "log_upper": found.log_upper,
        }

    assert [field for field in case["expected"] if not close(case, field, answers[field])] == []
