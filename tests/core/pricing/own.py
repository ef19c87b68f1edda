"""python -m tests.core.pricing.own: writes own.json, reference values that owe nothing to the formulas they are held against.

European prices are integrals of the payoff over the lognormal density, their greeks differences of such integrals; chances and
expected values are integrals too; profiles come from walking the payoff cent by cent; American prices from a binomial tree.
"""

import json
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

FILE = Path(__file__).parent / "own.json"
SPOT, RATE, YIELD = 587.88, 0.043, 0.0125
STEPS = 4001
"""Of the binomial tree: its price is within $0.001 of the limit here."""
Legs = Sequence[dict[str, Any]]


def leg(side: str, right: str, strike: float, ratio: int = 1, **more: float) -> dict[str, Any]:
    return {"side": side, "right": right, "strike": strike, "ratio": ratio, **more}


STRUCTURES: dict[str, tuple[list[dict[str, Any]], float]] = {
    "bull_put": ([leg("SELL", "P", 560), leg("BUY", "P", 550)], 1.85),
    "bear_call": ([leg("SELL", "C", 605), leg("BUY", "C", 615)], 2.10),
    "bull_call": ([leg("BUY", "C", 585), leg("SELL", "C", 600)], -7.15),
    "bear_put": ([leg("BUY", "P", 590), leg("SELL", "P", 575)], -6.40),
    "iron_condor": ([leg("SELL", "P", 560), leg("BUY", "P", 550), leg("SELL", "C", 610), leg("BUY", "C", 620)], 3.35),
    "iron_condor_unequal": ([leg("SELL", "P", 560), leg("BUY", "P", 545), leg("SELL", "C", 610), leg("BUY", "C", 615)], 3.05),
    "iron_butterfly": ([leg("SELL", "P", 590), leg("BUY", "P", 565), leg("SELL", "C", 590), leg("BUY", "C", 615)], 16.20),
    "butterfly": ([leg("BUY", "P", 570), leg("SELL", "P", 580, 2), leg("BUY", "P", 590)], -1.95),
    "call_butterfly": ([leg("BUY", "C", 590), leg("SELL", "C", 600, 2), leg("BUY", "C", 610)], -1.60),
    "broken_wing": ([leg("BUY", "P", 545), leg("SELL", "P", 570, 2), leg("BUY", "P", 580)], 0.45),
    "call_broken_wing": ([leg("BUY", "C", 600), leg("SELL", "C", 610, 2), leg("BUY", "C", 630)], -0.35),
}


def sign(one: dict[str, Any]) -> int:
    return one["ratio"] * (1 if one["side"] == "BUY" else -1)


def intrinsic(right: str, strike: float, level: float) -> float:
    return max(0.0, level - strike if right == "C" else strike - level)


def worth(legs: Legs, level: float) -> float:
    return sum(sign(one) * intrinsic(one["right"], one["strike"], level) for one in legs)


def mean(
    of: Callable[[float], float], years: float, sigma: float, bends: Sequence[float], spot: float = SPOT,
    rate: float = RATE, dividend: float = YIELD,
) -> float:  # fmt: skip
    """Expectation of a function of the level at expiry, cut where the function bends."""
    spread, centre = sigma * math.sqrt(years), math.log(spot) + (rate - dividend - sigma * sigma / 2) * years

    def weighed(z: float) -> float:
        return of(math.exp(centre + spread * z)) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    cuts = sorted({-12.0, 12.0, *(min(12.0, max(-12.0, (math.log(bend) - centre) / spread)) for bend in bends)})
    return sum(quad(weighed, low, high, epsabs=1e-13, epsrel=1e-13, limit=200)[0] for low, high in pairwise(cuts))


def price(right: str, strike: float, years: float, sigma: float, spot: float = SPOT, rate: float = RATE) -> float:
    found = mean(lambda level: intrinsic(right, strike, level), years, sigma, [strike], spot, rate)
    return math.exp(-rate * years) * found


def slope(of: Callable[[float], float], at: float, step: float) -> float:
    """Derivative by differences of the fourth order."""
    return (of(at - 2 * step) - 8 * of(at - step) + 8 * of(at + step) - of(at + 2 * step)) / (12 * step)


def bend(of: Callable[[float], float], at: float, step: float) -> float:
    near, far = of(at - step) + of(at + step), of(at - 2 * step) + of(at + 2 * step)
    return (16 * near - far - 30 * of(at)) / (12 * step * step)


def turns(profit: Callable[[float], float], low: float, high: float, step: float = 0.25) -> list[float]:
    """Where a profit changes its sign, found by walking."""
    levels = np.arange(low, high, step)
    made = [profit(float(level)) for level in levels]
    return [
        float(brentq(profit, float(start), float(end), xtol=1e-12))
        for (start, first), (end, last) in pairwise(zip(levels, made, strict=True))
        if first * last < 0
    ]


def options() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for right, strike, years, sigma in [
        ("P", 560, 0.03, 0.21), ("P", 560, 0.2, 0.21), ("C", 605, 0.12, 0.16), ("C", 500, 0.5, 0.3), ("P", 640, 1.4, 0.18),
        ("C", 588, 0.02, 0.14), ("P", 470, 0.8, 0.35),
    ]:  # fmt: skip
        inputs = {"right": right, "S": SPOT, "K": strike, "T": years, "r": RATE, "q": YIELD, "sigma": sigma}

        def by_spot(spot: float, of: tuple[Any, ...] = (right, strike, years, sigma)) -> float:
            return price(*of, spot)

        def by_sigma(vol: float, of: tuple[Any, ...] = (right, strike, years)) -> float:
            return price(*of, vol)

        def by_years(t: float, of: tuple[Any, ...] = (right, strike, sigma)) -> float:
            return price(of[0], of[1], t, of[2])

        inside = mean(lambda level, k=strike, w=right: float(intrinsic(w, k, level) > 0), years, sigma, [strike])
        theta, vega = -slope(by_years, years, years * 0.01), slope(by_sigma, sigma, sigma * 0.01)
        expected = {
            "price": by_spot(SPOT), "delta": slope(by_spot, SPOT, 0.5), "gamma": bend(by_spot, SPOT, 0.5),
            "vega_per_1_00": vega, "vega_per_volpoint": vega / 100, "theta_per_year": theta,
            "theta_per_day_365": theta / 365, "prob_itm": inside,
        }  # fmt: skip
        made.append(case("bsm_greeks", inputs, expected, {"rel": 2e-5, "abs": 1e-7}))
        quoted = {name: value for name, value in inputs.items() if name != "sigma"} | {"price": by_spot(SPOT)}
        made.append(case("implied_vol", quoted, {"sigma": sigma}, {"abs": 1e-6}))
    return made


def structures() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for name, (legs, net) in STRUCTURES.items():
        strikes = [one["strike"] for one in legs]
        levels = np.arange(0, 2 * max(strikes), 0.25)
        profits = [worth(legs, float(level)) + net for level in levels]
        crossings = turns(lambda level, legs=legs, net=net: worth(legs, level) + net, min(strikes) - 60, max(strikes) + 60)
        quoted = [one | quote for one, quote in zip(legs, quotes(legs, net), strict=True)]
        inputs = {"structure": name, "S": SPOT, "multiplier": 100, "quantity": 3, "basis": "mid", "legs": quoted}
        expected = {
            "net_per_share": net, "max_profit_per_share": max(profits), "max_loss_per_share": -min(profits),
            "breakevens": crossings, "max_profit_total": 300 * max(profits), "max_loss_total": -300 * min(profits),
            "return_on_risk": max(profits) / -min(profits), "status": "ok",
        }  # fmt: skip
        made.append(case("structure_metrics", inputs, expected, {"abs": 1e-9}))
        for years, sigma in ((0.02, 0.17), (0.11, 0.22)):
            market = {"structure": name, "S": SPOT, "T": years, "r": RATE, "q": YIELD, "sigma": sigma, "legs": legs}
            inputs = market | {"net_per_share": net}
            chance = mean(lambda at, legs=legs, net=net: float(worth(legs, at) + net > 0), years, sigma, [*strikes, *crossings])
            made.append(case("pop", inputs, {"pop": chance, "breakevens": crossings}, {"abs": 1e-9}))
            ends = mean(lambda at, legs=legs: worth(legs, at), years, sigma, strikes)
            values = {"ev_per_share": net + ends, "ev_pv_per_share": net + math.exp(-RATE * years) * ends}
            made.append(case("expected_value", inputs, values, {"abs": 1e-8}))
        made.append(greeks_of(name, legs))
    return made


def quotes(legs: Legs, net: float) -> list[dict[str, float]]:
    """Quotes $0.04 wide of the legs, of which the middles add up to the net."""
    middles = [6.0 + abs(one["strike"] - SPOT) / 10 for one in legs]
    missing = net + sum(sign(one) * mid for one, mid in zip(legs, middles, strict=True))
    middles[0] -= missing / sign(legs[0])
    return [{"bid": round(mid - 0.02, 6), "ask": round(mid + 0.02, 6)} for mid in middles]


def greeks_of(name: str, legs: Legs) -> dict[str, Any]:
    years, quantity = 0.09, 2
    skewed = [one | {"sigma": round(0.18 + (SPOT - one["strike"]) * 0.0006, 6)} for one in legs]
    inputs = {"structure": name, "S": SPOT, "T": years, "r": RATE, "q": YIELD, "quantity": quantity, "multiplier": 100}

    def value(spot: float = SPOT, more: float = 0.0, t: float = years) -> float:
        return sum(sign(one) * price(one["right"], one["strike"], t, one["sigma"] + more, spot) for one in skewed)

    shares = quantity * 100
    delta, gamma = slope(value, SPOT, 0.5) * shares, bend(value, SPOT, 0.5) * shares
    expected = {
        "delta_shares": delta, "dollar_delta": delta * SPOT, "gamma_shares_per_dollar": gamma,
        "dollar_gamma_1pct": gamma * SPOT * SPOT / 100,
        "vega_dollars_per_volpoint": slope(lambda more: value(more=more), 0.0, 0.002) * shares / 100,
        "theta_dollars_per_day_365": -slope(lambda t: value(t=t), years, 0.001) * shares / 365,
    }  # fmt: skip
    return case("position_greeks", inputs | {"legs": skewed}, expected, {"rel": 2e-5, "abs": 2e-4})


def calendars() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for right, short, long, near, far, first, second in [
        ("C", 600.0, 600.0, 21, 49, 0.17, 0.165), ("P", 575.0, 575.0, 30, 58, 0.2, 0.19),
        ("C", 605.0, 600.0, 28, 63, 0.16, 0.165), ("P", 570.0, 575.0, 14, 42, 0.21, 0.2),
    ]:  # fmt: skip
        inputs = {
            "structure": "calendar", "right": right, "S": SPOT, "short_strike": short, "long_strike": long, "short_days": near,
            "long_days": far, "r": RATE, "q": YIELD, "sigma_short": first, "sigma_long": second,
        }  # fmt: skip
        left = (far - near) / 365
        debit = round(price(right, long, far / 365, second) - price(right, short, near / 365, first), 2)

        def made_at(level: float, of: tuple[Any, ...] = (right, short, long, left, second, debit)) -> float:
            w, k, other, t, vol, paid = of
            return price(w, other, t, vol, level) - intrinsic(w, k, level) - paid

        peaks = [
            float(minimize_scalar(lambda at: -made_at(at), bounds=side, method="bounded", options={"xatol": 1e-9}).x)
            for side in ((short - 8.0, float(short)), (float(short), short + 8.0))
        ]
        best = max([*peaks, float(short)], key=made_at)
        tau = math.exp(-RATE * left)
        at_zero, at_top = -debit, -debit
        slope_at_top: float | None = 0.0
        if right == "P":
            at_zero += long * tau - short
        else:
            slope_at_top = math.exp(-YIELD * left) - 1
            at_top = -math.inf
        expected = {
            "debit_per_share": debit, "pl_at_front_expiry": {f"{at:.1f}": made_at(at) for at in (540.0, 580.0, 600.0, 640.0)},
            "max_profit_per_share": made_at(best), "max_profit_at_S": best,
            "breakevens_front_expiry": turns(made_at, short - 80, short + 80, 2.0), "pl_as_S_to_zero": at_zero,
            "pl_as_S_to_inf": None if at_top == -math.inf else at_top, "pl_slope_as_S_to_inf": slope_at_top,
        }  # fmt: skip
        allowed = {"abs": 1e-6, "breakeven_abs": 1e-5, "max_profit_abs": 1e-6, "max_profit_at_S_abs": 0.001}
        made.append(case("calendar_diagonal", inputs, expected, allowed))
    return made


def americans() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for right, spot, years, rate, dividend, sigma in [
        ("P", 90, 0.25, 0.05, 0.0, 0.25), ("P", 100, 0.5, 0.05, 0.02, 0.3), ("P", 110, 0.1, 0.03, 0.0, 0.2),
        ("C", 110, 0.5, 0.02, 0.07, 0.25), ("C", 95, 1.0, 0.04, 0.05, 0.2), ("P", 70, 0.5, 0.08, 0.0, 0.2),
    ]:  # fmt: skip
        inputs = {"right": right, "S": spot, "K": 100, "T": years, "r": rate, "q": dividend, "sigma": sigma}
        early, delta = tree(right, spot, years, rate, dividend, sigma, early=True)
        european = math.exp(-rate * years) * mean(
            lambda level, w=right: intrinsic(w, 100, level), years, sigma, [100], spot, rate, dividend
        )
        expected = {
            "price": early, "delta": delta, "european_price": european, "early_exercise_premium": early - european,
            "immediate_exercise_optimal": early - intrinsic(right, 100, spot) < 1e-7,
        }  # fmt: skip
        made.append(case("american_price", inputs, expected, {"price_abs": 0.002, "delta_abs": 0.003}))
    return made


def tree(
    right: str, spot: float, years: float, rate: float, dividend: float, sigma: float, *, early: bool
) -> tuple[float, float]:
    """Price and delta of an option struck at 100 on a Cox-Ross-Rubinstein tree, the mean of two that straddle the limit."""
    found = [_tree(right, spot, years, rate, dividend, sigma, steps, early=early) for steps in (STEPS, STEPS + 1)]
    return sum(one for one, _ in found) / 2, sum(one for _, one in found) / 2


def _tree(
    right: str, spot: float, years: float, rate: float, dividend: float, sigma: float, steps: int, *, early: bool
) -> tuple[float, float]:
    step = years / steps
    up = math.exp(sigma * math.sqrt(step))
    chance = (math.exp((rate - dividend) * step) - 1 / up) / (up - 1 / up)
    discount, w = math.exp(-rate * step), 1 if right == "C" else -1
    powers = np.arange(-steps, steps + 1, 2)
    values = np.maximum(0.0, w * (spot * up**powers - 100))
    first = values
    for left in range(steps - 1, -1, -1):
        first = values
        values = discount * (chance * values[1:] + (1 - chance) * values[:-1])
        if early:
            levels = spot * up ** np.arange(-left, left + 1, 2)
            values = np.maximum(values, w * (levels - 100))
    return float(values[0]), float((first[1] - first[0]) / (spot * (up - 1 / up)))


def case(category: str, inputs: dict[str, Any], expected: dict[str, Any], allowed: dict[str, float]) -> dict[str, Any]:
    return {"category": category, "inputs": inputs, "expected": expected, "tolerance": allowed}


def main() -> None:
    made = [*options(), *structures(), *calendars(), *americans()]
    numbered = [{"id": f"own-{one['category']}-{number:03d}", **one} for number, one in enumerate(made)]
    FILE.write_text(json.dumps({"cases": numbered}, indent=1) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(numbered)} cases")


if __name__ == "__main__":
    main()
