"""Turns model prices into what is shown: bids and asks on their increments, sizes, volume and open interest.

Everything here is a function of the contract, the seed, the day and the step, so that no quote depends on how often the
market was asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from engine.pricing.ticks import price_class, tick_for
from engine.sim.market.catalogue import Character
from engine.sim.market.contracts import Listing, Underlying
from engine.sim.market.quotes import Floats

_COARSER_FROM = 3.0
"""Premium from which an option's increment is the coarser one of its class."""
_REFRESH_STEPS = 12
"""A quote's sizes are drawn anew once in so many steps, each row in its own rhythm."""
_CALM = 1.3
"""Quotes widen faster once the level is this many times its long-run value."""
_RUSH_FROM, _RUSH_WIDENS, _RUSH_MOST = 1.5, 0.25, 4.0
"""Speed of the market, against what its volatility says, from which market makers step back; what each more of it adds to the
width, in usual widths, and the most that it adds."""

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_GAP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Increments:
    """Smallest price steps of each row, below and from 3.00, USD."""

    fine: Floats
    coarse: Floats


@dataclass(frozen=True, slots=True)
class Flow:
    """A day's trading interest, fixed at its beginning: one value a row."""

    size: Floats
    """Usual contracts on a side."""
    volume: Floats
    """Contracts the day will have traded at its end."""
    open_interest: Floats
    phase: NDArray[np.int64]


def increments(listing: Listing, underlyings: Mapping[str, Underlying]) -> Increments:
    """The steps of every listed option."""
    fine, coarse = np.zeros(len(listing)), np.zeros(len(listing))
    for symbol in listing.underlyings:
        rows = listing.rows(symbol)
        for code in np.unique(listing.root[rows]):
            of_root = np.flatnonzero(listing.root[rows] == code) + rows.start
            fine[of_root], coarse[of_root] = increments_of(listing.roots[code], underlyings[symbol])
    return Increments(fine, coarse)


def increments_of(root: str, underlying: Underlying) -> tuple[float, float]:
    """The steps of the options of one trading class, below and from 3.00, USD."""
    kind = price_class(root, legs=1, penny=underlying.penny)
    return float(tick_for(kind, 0)), float(tick_for(kind, _COARSER_FROM))


def bid_ask(model: Floats, width: Floats, steps: Increments) -> tuple[Floats, Floats]:
    """Bid and ask around the model price, outwards to their increments and at least one apart; a bid may be 0."""
    low, high = np.maximum(model - 0.5 * width, 0.0), model + 0.5 * width
    low_step = np.where(low >= _COARSER_FROM, steps.coarse, steps.fine)
    high_step = np.where(high >= _COARSER_FROM, steps.coarse, steps.fine)
    # A price that is a multiple already must not slip a step for the last bit of a float.
    bid = np.round(np.floor(low / low_step + 1e-9) * low_step, 4)
    ask = np.round(np.ceil(high / high_step - 1e-9) * high_step, 4)
    apart = np.where(ask > bid, ask, np.round(bid + high_step, 4))
    return np.asarray(bid, dtype=np.float64), np.asarray(apart, dtype=np.float64)


def width(character: Character, level: float | Floats, model: Floats, rush: float | Floats = 1.0) -> Floats:
    """Usual width of quotes, USD per share: wider for dear options, with volatility, and with the market's speed (`rush`)."""
    against_usual = level / character.shape.long_level
    storm = np.maximum(1.0, against_usual) + 2 * np.maximum(0.0, against_usual - _CALM)
    storm = storm * (1 + np.minimum(_RUSH_MOST, _RUSH_WIDENS * np.maximum(0.0, rush - _RUSH_FROM)))
    return storm * (character.width_floor + character.width_slope * np.power(model, 0.75))


def day_flow(character: Character, listing: Listing, rows: slice, spot: float, day: date, seed: int) -> Flow:
    """Interest in the options of one underlying: most near the money and soon, more out of the money than in."""
    con_ids = listing.con_id[rows]
    ahead = (listing.expiry[rows] - np.datetime64(day)).astype(np.float64) / 365
    deviation = max(character.level, character.shape.long_level) * np.sqrt(ahead + 1 / 365)
    distance = np.log(listing.strike[rows] / spot) / deviation
    interest = np.exp(-0.5 * np.square((distance + 0.4) / 1.4) - 2.5 * ahead)
    interest *= np.where(listing.sign[rows] * distance < 0, 0.25, 1.0)
    interest *= np.where(np.mod(listing.strike[rows], 5 * character.strike_unit) == 0, 2.0, 1.0)
    busy = character.option_volume
    return Flow(
        size=1 + np.floor(60 * np.sqrt(interest) * np.exp(normals(con_ids, seed, day.toordinal()))),
        volume=np.floor(busy * interest * np.exp(normals(con_ids, seed, day.toordinal(), 1))),
        open_interest=np.floor(3 * busy * np.power(interest, 0.85) * np.exp(normals(con_ids, seed, 2))),
        phase=(uniforms(con_ids, seed, 3) * _REFRESH_STEPS).astype(np.int64),
    )


def sizes(flow: Flow, con_ids: NDArray[np.int64], step: int, day: date, seed: int) -> tuple[Floats, Floats]:
    """Sizes on bid and ask at a step, contracts, at least 1; a twelfth of the rows changes at each step."""
    epoch = (step + flow.phase) // _REFRESH_STEPS
    drawn = con_ids + epoch * 4_000_000_007
    bid = np.ceil(flow.size * (0.25 + 1.5 * uniforms(drawn, seed, day.toordinal(), 4)))
    ask = np.ceil(flow.size * (0.25 + 1.5 * uniforms(drawn, seed, day.toordinal(), 5)))
    return bid, ask


def share_of_day(part: float) -> float:
    """Share of a day's volume done after a part of the session: most near the opening and the close."""
    return float(part + 0.12 * np.sin(2 * np.pi * part))


def uniforms(numbers: NDArray[np.int64], *salts: int) -> Floats:
    """Numbers in (0, 1), one for each number and the salts together; the same on every machine.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators (2014), the SplitMix64 finaliser.
    """
    with np.errstate(over="ignore"):
        state = numbers.astype(np.uint64)
        for salt in salts:
            state = _mixed(state + _GAP * np.uint64(salt + 1))
        return ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def normals(numbers: NDArray[np.int64], *salts: int) -> Floats:
    """Standard normal numbers in the same way."""
    return np.asarray(ndtri(uniforms(numbers, *salts)), dtype=np.float64)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _MIX_1
    state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))
