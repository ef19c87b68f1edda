"""The forward of every expiry as calls and puts of the same strike agree on it, for whole chains at once.

A call less a put of one strike is worth the discounted distance of the forward from the strike, whatever moves the underlying:
C - P = D (F - K). So each quoted pair names a forward, to within the widths of its two quotes. Dividends, the cost to borrow and
what a volatility index will do are all in it, and none has to be known.

1. A pair counts where both quotes have a bid and are neither locked nor crossed. Of American options it counts near the money
   only, where call and put differ by at most half of their sum: farther away the right to exercise early is in the price.
2. The pairs nearest to the money are kept, NEAREST of each expiry.
3. The median of their forwards, each weighted by 1 / width squared; the forward expected from spot, rate and yield has a voice
   too, a little less than that of one usual pair, so that of two pairs that disagree the likelier one is believed.
4. Pairs that lie farther from it than three times their own half width are left out; the rest is averaged by the same weights.

Source: Stoll, The relationship between put and call option prices (1969).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.pricing.black_scholes import Array

NEAREST = 31
"""Pairs of one expiry that are looked at: each is rounded to its increment, many are right to a fraction of it."""
NEAR_THE_MONEY = 0.5
"""Of American options: difference over sum of call and put up to which early exercise is worth next to nothing. It is reached at
not quite half a standard deviation, where the right is worth about a twelfth of the interest on the strike."""
AGREES_WITHIN = 3.0
"""Half widths: farther apart, two quotes do not speak of the same market."""
_PRIOR_WEIGHT = 0.9
_FARTHEST = 2.0
"""A forward of more than twice the expected one, or less than half of it, comes from a bad print."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Quotes of calls and puts of the same strike, one entry a pair, sorted by expiry and strike; USD per share."""

    expiry: NDArray[np.int64]
    """Number of the expiry that it belongs to."""
    strike: Array
    call_bid: Array
    call_ask: Array
    put_bid: Array
    put_ask: Array
    told_at: Array
    """When the older of the two quotes was told, UTC seconds."""
    moved: Array
    """By how much the level has moved since they were told, as a factor: the forward of then times this is that of now."""


@dataclass(frozen=True, slots=True)
class Forwards:
    """One entry an expiry; NaN where no pair says anything."""

    forward: Array
    told_at: Array
    """When the oldest of the quotes that it was made of was told, UTC seconds."""


def parity_forwards(pairs: Pairs, discount: Array, expected: Array, is_american: NDArray[np.bool_]) -> Forwards:
    """The forward of every expiry from its pairs; `discount`, `expected` (NaN where nothing is) and `is_american` by expiry."""
    count = len(discount)
    nothing = Forwards(np.full(count, np.nan), np.full(count, np.nan))
    with np.errstate(all="ignore"):
        difference = 0.5 * ((pairs.call_bid + pairs.call_ask) - (pairs.put_bid + pairs.put_ask))
        total = 0.5 * ((pairs.call_bid + pairs.call_ask) + (pairs.put_bid + pairs.put_ask))
        of = pairs.expiry
        forward = (pairs.strike + difference / discount[of]) * pairs.moved
        ratio = forward / expected[of]
        usable = (pairs.call_bid > 0) & (pairs.call_ask > pairs.call_bid) & (pairs.put_bid > 0) & (pairs.put_ask > pairs.put_bid)
        usable &= np.isfinite(forward) & ~((ratio > _FARTHEST) | (ratio < 1 / _FARTHEST))
        usable &= ~is_american[of] | (np.abs(difference) <= NEAR_THE_MONEY * total)
        kept = np.flatnonzero(usable)
        if not kept.size:
            return nothing
        half = 0.5 * ((pairs.call_ask - pairs.call_bid) + (pairs.put_ask - pairs.put_bid)) / discount[of]
        at = _nearest(of[kept], np.abs(difference[kept]))
        return _agreed(count, of, np.where(at >= 0, kept[at], -1), forward, half, pairs.told_at, expected)


def _nearest(expiry: NDArray[np.int64], distance: Array) -> NDArray[np.int64]:
    """Places of the pairs around the one nearest to the money: a row an expiry that has pairs, -1 where there are fewer."""
    starts = np.flatnonzero(np.diff(expiry, prepend=-1))
    ends = np.append(starts[1:], expiry.size)
    least = np.repeat(np.minimum.reduceat(distance, starts), ends - starts)
    centres = np.flatnonzero(distance == least)
    centres = centres[np.flatnonzero(np.diff(expiry[centres], prepend=-1))]
    first = np.clip(np.minimum(centres - NEAREST // 2, ends - NEAREST), starts, None)
    places = first[:, None] + np.arange(NEAREST)
    return np.where(places < ends[:, None], places, -1)


def _agreed(
    count: int,
    expiry: NDArray[np.int64],
    rows: NDArray[np.int64],
    forward: Array,
    half: Array,
    told_at: Array,
    expected: Array,
) -> Forwards:
    """What the pairs in each row of `rows` agree on."""
    there, numbers = rows >= 0, expiry[rows[:, 0]]
    named = np.where(there, forward[rows], np.inf)
    widths = np.where(there, half[rows], np.inf)
    weights = 1 / np.square(widths)
    usual = weights.sum(axis=1) / there.sum(axis=1)
    prior = expected[numbers]
    knows = np.isfinite(prior)
    voices = np.column_stack([named, np.where(knows, prior, np.inf)])
    votes = np.column_stack([weights, np.where(knows, _PRIOR_WEIGHT * usual, 0.0)])
    order = np.argsort(voices, axis=1, kind="stable")
    counted = np.cumsum(np.take_along_axis(votes, order, axis=1), axis=1)
    middle = np.argmax(counted >= 0.5 * counted[:, -1:], axis=1)
    median = np.take_along_axis(voices, np.take_along_axis(order, middle[:, None], axis=1), axis=1)
    nearest = np.take_along_axis(named, np.argmin(np.abs(named - median), axis=1)[:, None], axis=1)
    agrees = there & (np.abs(named - nearest) <= AGREES_WITHIN * widths)
    weights = np.where(agrees, weights, 0.0)
    found = Forwards(np.full(count, np.nan), np.full(count, np.nan))
    found.forward[numbers] = np.where(agrees, weights * np.where(there, named, 0.0), 0.0).sum(axis=1) / weights.sum(axis=1)
    found.told_at[numbers] = np.where(agrees, told_at[rows], np.inf).min(axis=1)
    return found
