"""What options are worth to someone who expects another price than the market does.

A *view* is a lognormal distribution of the underlying at one moment. Until then its logarithm wanders straight from the
market's forward to that distribution, mean and variance growing with time; after it the market's own growth and each option's own
volatility go on. So every option has a worth under the view in closed form: Black's formula at the forward that the view expects
at its expiry, and at the deviation that is left to it.

Source: Black, The pricing of commodity contracts (1976); the distribution at an expiry is lognormal in every case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from engine.pricing.black_scholes import Array, price


@dataclass(frozen=True, slots=True)
class Expected:
    """The logarithm of the underlying's price, USD per share, at a moment: normally distributed."""

    mean: float
    deviation: float
    """Standard deviation, above 0."""

    @property
    def forward(self) -> float:
        """The price expected, USD per share."""
        return math.exp(self.mean + 0.5 * self.deviation**2)

    def chance(self, low: float, high: float) -> float:
        """Of an end between two prices, USD per share; `low` may be 0 and `high` infinite."""
        below = [float(ndtr((math.log(at) - self.mean) / self.deviation)) if at > 0 else 0.0 for at in (low, high)]
        return below[1] - below[0]

    def levels(self, count: int) -> Array:
        """Prices that cut the distribution into so many equal parts, each in the middle of its part; USD per share, ascending."""
        return np.exp(self.mean + self.deviation * ndtri((np.arange(count) + 0.5) / count))


def between(low: float, high: float, sure: float) -> Expected:
    """Ends between two prices with the chance `sure`, as often below as above. Raises ValueError for what cannot be."""
    if not (0 < low < high and 0 < sure < 1):
        raise ValueError(f"between {low} and {high}, {sure:%} sure: a range of prices above 0 and a chance between 0 and 1")
    middle, half = 0.5 * math.log(low * high), 0.5 * math.log(high / low)
    return Expected(middle, half / float(ndtri(0.5 + 0.5 * sure)))


def beyond(level: float, sure: float, deviation: float, *, above: bool) -> Expected:
    """Ends above (or below) a price with the chance `sure`, as wide as `deviation` says. Raises ValueError for what cannot be."""
    if not (level > 0 and 0 < sure < 1 and deviation > 0):
        raise ValueError(
            f"{level}, {sure:%} sure, deviation {deviation}: a price and a deviation above 0, a chance between 0 and 1"
        )
    apart = deviation * float(ndtri(sure))
    return Expected(math.log(level) + (apart if above else -apart), deviation)


@dataclass(frozen=True, slots=True)
class View:
    """A view of one underlying, and the market that it departs from."""

    expected: Expected
    """At the view's moment."""
    years: float
    """Until then, above 0."""
    forward: float
    """The market's forward for that moment, USD per share."""

    def at(self, years: float, forward: float, volatility: float) -> Expected:
        """The distribution at another moment, whose forward the market says; `volatility` is that after the view's moment."""
        return Expected(*(float(one) for one in self._moments(years, forward, volatility)))

    def worth(
        self, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, discount: ArrayLike, volatility: ArrayLike, sign: ArrayLike
    ) -> Array:
        """Present worth of options, USD per share: what they are expected to pay, discounted. NaN where a number is.

        `forward`, `years` and `discount` are those of each option's expiry, `volatility` is its own, a year, and `sign` is +1 for
        a call and -1 for a put. Arguments broadcast.
        """
        mean, deviation = self._moments(years, forward, volatility)
        expected = np.exp(mean + 0.5 * np.square(deviation))
        # One year at the whole deviation: the formula knows only their product.
        return np.asarray(discount) * price(expected, strike, 1.0, 0.0, 0.0, deviation, sign)

    def _moments(self, years: ArrayLike, forward: ArrayLike, volatility: ArrayLike) -> tuple[Array, Array]:
        t, f, v = (np.asarray(one, dtype=np.float64) for one in (years, forward, volatility))
        share = np.minimum(1.0, t / self.years)
        after = np.maximum(0.0, t - self.years)
        # Nothing is left to chance after the view by what expires before it, whatever its volatility.
        variance = share * self.expected.deviation**2 + np.where(after > 0, after * np.square(v), 0.0)
        moved = math.log(self.expected.forward / self.forward)
        with np.errstate(all="ignore"):
            return np.log(f) + share * moved - 0.5 * variance, np.sqrt(variance)
