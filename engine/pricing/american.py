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
        kept = _Option(put_call, strike, years, rate, dividend_yield, volatility).european(spot)
        best = max(intrinsic, kept)
        delta = 0.0 if best == 0 else 1.0 if put_call == "C" else -1.0
        return AmericanPrice(best, delta, kept, exercise_now=intrinsic > 0 and intrinsic >= kept)
    option = _Option(put_call, strike, years, rate, dividend_yield, volatility)
    paid = [one for one in dividends if 0 < one.years < years and one.amount > 0]
    value, delta, european = option.by_grid(spot, paid) if paid else option.by_equation(spot)
    value = max(value, intrinsic)
    at_once = intrinsic > 0 and value - intrinsic <= _ALWAYS_EXERCISED * strike
    return AmericanPrice(value, delta, european, exercise_now=at_once)


@dataclass(frozen=True, slots=True)
class _Option:
    """One option and the market it is priced in, but for the spot."""

    put_call: PutCall
    strike: float
    years: float
    rate: float
    dividend_yield: float
    volatility: float

    def european(self, spot: float) -> float:
        sign = 1 if self.put_call == "C" else -1
        return float(european_price(spot, self.strike, self.years, self.rate, self.dividend_yield, self.volatility, sign))

    def by_equation(self, spot: float) -> tuple[float, float, float]:
        """Price, delta and European price without cash dividends."""
        step = spot * _BUMP
        try:
            delta = (self._solved(spot + step) - self._solved(spot - step)) / (2 * step)
            return self._solved(spot), delta, self.european(spot)
        except RuntimeError:  # the equation has no answer for some yields next to nothing
            return self.by_grid(spot, ())

    def by_grid(self, spot: float, paid: Sequence[CashDividend]) -> tuple[float, float, float]:
        """The same with cash dividends."""
        ql = _quantlib()
        dates = [_today() + max(1, round(one.years / self.years * _DAYS)) for one in paid]
        vector = ql.DividendVector(dates, [one.amount for one in paid])
        engine = ql.FdBlackScholesVanillaEngine(self._process(spot), vector, _STEPS, _LEVELS)
        american = ql.VanillaOption(self._payoff(), _american())
        european = ql.VanillaOption(self._payoff(), ql.EuropeanExercise(_today() + _DAYS))
        american.setPricingEngine(engine)
        european.setPricingEngine(engine)
        return float(american.NPV()), float(american.delta()), float(european.NPV())

    def _solved(self, spot: float) -> float:
        ql = _quantlib()
        option = ql.VanillaOption(self._payoff(), _american())
        option.setPricingEngine(ql.QdFpAmericanEngine(self._process(spot), ql.QdFpAmericanEngine.highPrecisionScheme()))
        return float(option.NPV())

    def _payoff(self) -> Any:
        ql = _quantlib()
        return ql.PlainVanillaPayoff(ql.Option.Call if self.put_call == "C" else ql.Option.Put, self.strike)

    def _process(self, spot: float) -> Any:
        """The market with its life stretched to `_DAYS`: only volatility x root of time, rate x time and yield x time count."""
        ql, scale = _quantlib(), self.years / _YEARS
        count = ql.Actual365Fixed()

        def flat(value: float) -> Any:
            return ql.YieldTermStructureHandle(ql.FlatForward(_today(), value, count))

        surface = ql.BlackConstantVol(_today(), ql.NullCalendar(), self.volatility * math.sqrt(scale), count)
        return ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(spot)),
            flat(self.dividend_yield * scale),
            flat(self.rate * scale),
            ql.BlackVolTermStructureHandle(surface),
        )


@cache
def _quantlib() -> Any:
    import QuantLib  # noqa: PLC0415 - an extra

    QuantLib.Settings.instance().evaluationDate = QuantLib.Date(1, 1, 2000)
    return QuantLib


def _today() -> Any:
    return _quantlib().Date(1, 1, 2000)


def _american() -> Any:
    return _quantlib().AmericanExercise(_today(), _today() + _DAYS)
