"""What options on the VIX are priced off: not the index, which nobody can hold, but the future of their own expiry."""

import numpy as np
from numpy.typing import ArrayLike

from engine.sim.market.catalogue import CHARACTERS, VIX, Character
from engine.sim.market.surface import Floats, atm_variance
from engine.sim.market.walk import State

_MONTH = 30 / 365
_MOVES = 0.5
"""Power with which the volatility of the future follows its index."""
_LOWEST, _HIGHEST = 0.4, 2.5
"""Bounds of that volatility, decimal per root year."""


def volatility_index(source: Character, level: ArrayLike) -> Floats:
    """A hundred times the 30-day volatility at the money."""
    return future(source, level, 0.0)


def future(source: Character, level: ArrayLike, years: ArrayLike) -> Floats:
    """A hundred times the volatility that is expected, so many years on, of the thirty days that follow.

    Expected variance returns to its long level, so that futures lie between the index and that level: above a calm index and
    below a frightened one. At expiry future and index are one.
    """
    ahead = np.asarray(years, dtype=np.float64)
    shape = source.shape
    of_the_month = atm_variance(shape, level, ahead + _MONTH) - atm_variance(shape, level, ahead)
    return np.asarray(100 * np.sqrt(of_the_month / _MONTH), dtype=np.float64)


def future_state(source: Character, at: State, years: Floats) -> State:
    """The future of each option's expiry as what the option is written on; `at` is the state of the source."""
    shown = volatility_index(source, at.level)
    own = CHARACTERS[VIX]
    level = np.clip(own.level * np.power(shown / own.price, _MOVES), _LOWEST, _HIGHEST)
    return State(future(source, at.level, years), level, at.rush, at.fear)
