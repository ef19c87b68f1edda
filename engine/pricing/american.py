"""American options: the price with the right to exercise early, and when that right is worth using at once.

QuantLib computes it: the integral equation of Andersen, Lake and Offengenden (2016) without cash dividends, finite differences on
the spot with them. It is the extra `american`; where it is not installed prices are European and must be called so.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.pricing.black_scholes import price as european_price
from engine.pricing.payoff import PutCall

_DAYS = 3650
"""An option's life is told to QuantLib as so many days, volatility, rate and yield scaled to it: its dates are whole days."""
_YEARS = _DAYS / 365
_STEPS, _LEVELS = 400, 800
"""Of the grid with cash dividends: within a tenth of a cent of one twice as fine."""
_BUMP = 1e-3
_ALWAYS_EXERCISED = 1e-9


@dataclass(frozen=True, slots=True)
class CashDividend:
    """Paid in `years` from now, USD per share: the spot falls by it."""

    years: float
    amount: float


@dataclass(frozen=True, slots=True)
class AmericanPrice:
    """USD per share of one option; delta per 1.00 of the underlying."""

    price: float
    delta: float
    european: float
    """The same without the right to exercise early."""
    exercise_now: bool
    """Whether it is worth no more alive than exercised."""

    @property
    def early_exercise(self) -> float:
        """What the right is worth, USD per share."""
        return max(0.0, self.price - self.european)


def is_available() -> bool:
    """Whether the extra `american` is installed."""
    return importlib.util.find_spec("QuantLib") is not None


def american_price(
    put_call: PutCall,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    dividends: Sequence[CashDividend] = (),
) -> AmericanPrice:
    """Price and delta of one American option; rate and yield continuous, volatility a decimal per root year.

    Cash dividends after its expiry do not count. Raises ValueError for numbers that are no market, and ModuleNotFoundError
    without the extra.
    """
    numbers = (spot, strike, years, rate, dividend_yield, volatility)
    if not all(map(math.isfinite, numbers)) or spot <= 0 or strike <= 0 or years < 0 or volatility < 0:
        raise ValueError(f"no market: spot {spot}, strike {strike}, {years} years, volatility {volatility}")
    intrinsic = max(0.0, spot - strike if put_call == "C" else strike - spot)
    if years == 0 or volatility == 0:
        # Without chance the best moment is now or at expiry.
        kept = _european(put_call, spot, strike, years, rate, dividend_yield, volatility)
        best = max(intrinsic, kept)
        delta = 0.0 if best == 0 else 1.0 if put_call == "C" else -1.0
        return AmericanPrice(best, delta, kept, exercise_now=intrinsic > 0 and intrinsic >= kept)
    paid = [one for one in dividends if 0 < one.years < years and one.amount > 0]
    found = _by_grid if paid else _by_equation
    value, delta, european = found(put_call, spot, strike, years, rate, dividend_yield, volatility, paid)
    value = max(value, intrinsic)
    at_once = intrinsic > 0 and value - intrinsic <= _ALWAYS_EXERCISED * strike
    return AmericanPrice(value, delta, european, exercise_now=at_once)


def _european(
    put_call: PutCall, spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float
) -> float:
    sign = 1 if put_call == "C" else -1
    return float(european_price(spot, strike, years, rate, dividend_yield, volatility, sign))


def _by_equation(
    put_call: PutCall, spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float, _: object
) -> tuple[float, float, float]:
    def at(level: float) -> float:
        ql = _quantlib()
        process = _process(level, years, rate, dividend_yield, volatility)
        option = ql.VanillaOption(_payoff(put_call, strike), _american())
        option.setPricingEngine(ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.highPrecisionScheme()))
        return float(option.NPV())

    step = spot * _BUMP
    delta = (at(spot + step) - at(spot - step)) / (2 * step)
    european = _european(put_call, spot, strike, years, rate, dividend_yield, volatility)
    return at(spot), delta, european


def _by_grid(
    put_call: PutCall,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    paid: Sequence[CashDividend],
) -> tuple[float, float, float]:
    ql = _quantlib()
    process = _process(spot, years, rate, dividend_yield, volatility)
    dates = [_today() + max(1, round(one.years / years * _DAYS)) for one in paid]
    vector = ql.DividendVector(dates, [one.amount for one in paid])
    engine = ql.FdBlackScholesVanillaEngine(process, vector, _STEPS, _LEVELS)
    american = ql.VanillaOption(_payoff(put_call, strike), _american())
    european = ql.VanillaOption(_payoff(put_call, strike), ql.EuropeanExercise(_today() + _DAYS))
    american.setPricingEngine(engine)
    european.setPricingEngine(engine)
    return float(american.NPV()), float(american.delta()), float(european.NPV())


@cache
def _quantlib() -> Any:
    import QuantLib  # noqa: PLC0415 - an extra

    QuantLib.Settings.instance().evaluationDate = QuantLib.Date(1, 1, 2000)
    return QuantLib


def _today() -> Any:
    return _quantlib().Date(1, 1, 2000)


def _american() -> Any:
    return _quantlib().AmericanExercise(_today(), _today() + _DAYS)


def _payoff(put_call: PutCall, strike: float) -> Any:
    ql = _quantlib()
    return ql.PlainVanillaPayoff(ql.Option.Call if put_call == "C" else ql.Option.Put, strike)


def _process(spot: float, years: float, rate: float, dividend_yield: float, volatility: float) -> Any:
    """The market with its life stretched to `_DAYS`: only volatility x root of time, rate x time and yield x time count."""
    ql, scale = _quantlib(), years / _YEARS
    count = ql.Actual365Fixed()

    def flat(value: float) -> Any:
        return ql.YieldTermStructureHandle(ql.FlatForward(_today(), value, count))

    surface = ql.BlackConstantVol(_today(), ql.NullCalendar(), volatility * math.sqrt(scale), count)
    return ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        flat(dividend_yield * scale),
        flat(rate * scale),
        ql.BlackVolTermStructureHandle(surface),
    )
