"""How spots and volatilities wander: one common factor, a part of one's own, and volatility that rises when spots fall.

A walk remembers how fast it moved in the last minutes, which widens quotes, and how far it fell in the last hours, which
steepens smiles.

Every underlying draws from streams of its own, keyed by seed, day and symbol, so that its path is the same whatever else
is simulated and however often the market is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from engine.sim.market.catalogue import Character

Floats = NDArray[np.float64]

SESSION_SECONDS = 23_400
DAYS_PER_YEAR = 252
NIGHT_SHARE = 0.2
"""Part of a day's variance that falls between close and opening."""
REVERSION = 8.0
"""Pull of volatility back to its long level, per year of trading."""
VOLATILITY_OF_VOLATILITY = 1.0
"""Of the logarithm of the level, per root year."""
LEVERAGE = -0.8
"""Correlation of volatility with the own spot."""
REALISED_SHARE = 0.85
"""Spots move less than the level implies: sellers of options are paid for it."""
FALLS_RAISE, RISES_LOWER = 12.0, 6.0
"""How many times the logarithm of a jump the logarithm of volatility moves the other way: a fall of 3 % takes 15 % to 22 %, as
falls of such a day took the VIX; rises calm more slowly than falls frighten."""
RUSH_S = 300.0
"""How long a walk remembers how fast it moved, seconds."""
FALL_S = 7_200.0
"""How long it remembers how far it fell, seconds in session; half of it stays over a night."""
_CALM_FALL, _PANIC_FALL = 1.0, 4.0
"""Falls within that memory, in standard deviations of a day, from which fear begins, and with which it is whole."""
_LOWEST, _HIGHEST = 0.04, 2.5
"""Bounds of a level, decimal per root year."""


@dataclass(frozen=True, slots=True)
class State:
    """Where some underlyings stand at one step: one value each, or one a step of a single one."""

    spot: Floats
    level: Floats
    """Short-term volatility, decimal per root year."""
    rush: Floats
    """Speed of the last minutes against what the volatility says: about 1 in a calm market."""
    fear: Floats
    """0 to 1, from how far it fell in the last hours."""


def one_of(states: Sequence[State], place: int) -> State:
    """The way of one underlying through these steps."""
    columns = [(state.spot[place], state.level[place], state.rush[place], state.fear[place]) for state in states]
    spot, level, rush, fear = np.array(columns, dtype=np.float64).reshape(-1, 4).T
    return State(spot, level, rush, fear)


class Walk:
    """Spots and volatility levels of some underlyings, moved a step at a time."""

    def __init__(self, seed: int, characters: Sequence[Character]) -> None:
        self.spot: Floats = np.array([character.price for character in characters], dtype=np.float64)
        self.level: Floats = np.array([character.level for character in characters], dtype=np.float64)
        self._seed = seed
        self._symbols = [character.underlying.symbol for character in characters]
        self._share: Floats = np.array([character.market_share for character in characters], dtype=np.float64)
        self._rest: Floats = np.sqrt(1 - np.square(self._share))
        self._rest_level: Floats = np.log(np.array([character.shape.long_level for character in characters], dtype=np.float64))
        self._pushes: list[tuple[Floats, Floats]] = []
        self._years = 0.0
        self._keeps_speed = self._keeps_fall = 1.0
        self._speed: Floats = np.ones(len(characters))
        """Mean square of the moves of the last minutes, 1 where they are such as the volatility says."""
        self._moved: Floats = np.zeros(len(characters))
        """Sum of the moves of the last hours, standard deviations of a day."""

    @property
    def state(self) -> State:
        fear = np.clip((-self._moved - _CALM_FALL) / (_PANIC_FALL - _CALM_FALL), 0.0, 1.0)
        return State(self.spot, self.level, np.sqrt(self._speed), fear)

    def night(self, day: date) -> None:
        """The gap between the last close and the opening of the day."""
        spot, level = self._draws("night", day, 1)
        before, usual = self.spot, self.level / sqrt(DAYS_PER_YEAR)
        self._move(spot[0], level[0], NIGHT_SHARE / DAYS_PER_YEAR)
        self._speed = np.ones(len(self._symbols))
        self._moved = 0.5 * self._moved + np.log(self.spot / before) / usual

    def begin(self, day: date, steps: int, step_seconds: float) -> None:
        """Draws a session's steps in advance."""
        spot, level = self._draws("day", day, steps)
        self._pushes = list(zip(spot, level, strict=True))
        self._years = (1 - NIGHT_SHARE) * step_seconds / (SESSION_SECONDS * DAYS_PER_YEAR)
        self._keeps_speed, self._keeps_fall = exp(-step_seconds / RUSH_S), exp(-step_seconds / FALL_S)

    def advance(self, step: int) -> None:
        """The step of this number, from 0."""
        before, level = self.spot, self.level
        self._move(*self._pushes[step], self._years)
        self._speed = self._keeps_speed * self._speed
        self._moved = self._keeps_fall * self._moved
        self._feel(np.log(self.spot / before), level)

    def shock(self, place: int, move: float, vol_move: float | None) -> None:
        """A jump of one underlying, felt by the others as far as the common factor ties them.

        `move` is relative (-0.03 falls 3 %), `vol_move` is added to the level (0.05 adds five points); None moves it as markets
        do.
        """
        if vol_move is None:
            vol_move = float(self.level[place]) * ((1 + move) ** -(FALLS_RAISE if move < 0 else RISES_LOWER) - 1)
        before, level = self.spot, self.level
        ties = self._share * self._share[place]
        ties[place] = 1.0
        ties *= self.level / self.level[place]
        self.level = np.clip(self.level + ties * vol_move, _LOWEST, _HIGHEST)
        self.spot = self.spot * np.exp(ties * np.log1p(move))
        self._feel(np.log(self.spot / before), level)

    def _feel(self, moves: Floats, level: Floats) -> None:
        """Take moves of the logarithm of the spots into what is remembered; `level` is the volatility before them."""
        self._moved = self._moved + moves * sqrt(DAYS_PER_YEAR) / level
        if self._years > 0:
            usual = level * sqrt(self._years)
            self._speed = self._speed + (1 - self._keeps_speed) * np.square(moves / usual)

    def _move(self, spot: Floats, level: Floats, years: float) -> None:
        root = sqrt(years)
        sigma = REALISED_SHARE * self.level
        self.spot = self.spot * np.exp(sigma * root * spot - 0.5 * years * np.square(sigma))
        log = np.log(self.level)
        log += REVERSION * years * (self._rest_level - log) + VOLATILITY_OF_VOLATILITY * root * level
        self.level = np.minimum(np.maximum(np.exp(log), _LOWEST), _HIGHEST)

    def _draws(self, purpose: str, day: date, steps: int) -> tuple[Floats, Floats]:
        """Standard normal pushes of spots and levels, steps x underlyings, correlated as declared."""
        common = stream(self._seed, purpose, day, "").standard_normal((2, steps))
        own = np.stack([stream(self._seed, purpose, day, name).standard_normal((2, steps)) for name in self._symbols], -1)
        mixed = common[..., None] * self._share + own * self._rest
        spot = mixed[0]
        return spot, LEVERAGE * spot + sqrt(1 - LEVERAGE**2) * mixed[1]


@dataclass(frozen=True, slots=True)
class Past:
    """Daily history of one underlying, oldest first."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    level: Floats


def past(seed: int, character: Character, days: int) -> Past:
    """A history that ends exactly at the character's price and level.

    It is walked forward day by day and then tilted onto its end, which leaves its daily moves as they are but for a
    constant drift.
    """
    anchor = date(1, 1, 1)
    symbol = character.underlying.symbol
    common = stream(seed, "past", anchor, "").standard_normal((2, days))
    rng = stream(seed, "past", anchor, symbol)
    own = rng.standard_normal((2, days))
    share = character.market_share
    push, other = share * common + sqrt(1 - share**2) * own
    twist = LEVERAGE * push + sqrt(1 - LEVERAGE**2) * other
    log_level = _reverting(twist, np.log(character.shape.long_level))
    level = np.exp(log_level + np.linspace(0, 1, days) * (np.log(character.level) - log_level[-1]))
    sigma = REALISED_SHARE * level / sqrt(DAYS_PER_YEAR)
    path = np.cumsum(sigma * push)
    path = path - path[-1] * np.linspace(0, 1, days) * 0.5 - path[-1] * 0.5
    close = character.price * np.exp(path)
    before = np.concatenate([close[:1], close[:-1]])
    opened = before * np.exp(sigma * sqrt(NIGHT_SHARE) * rng.standard_normal(days))
    reach = np.abs(rng.standard_normal((2, days))) * sigma * 0.5
    high, low = np.maximum(opened, close) * np.exp(reach[0]), np.minimum(opened, close) * np.exp(-reach[1])
    return Past(opened, high, low, close, np.asarray(level))


def stream(seed: int, purpose: str, day: date, symbol: str) -> np.random.Generator:
    """A generator of its own for each use; the same whatever the interpreter's hash seed."""
    key = [seed, crc32(purpose.encode()), day.toordinal(), crc32(symbol.encode())]
    return np.random.Generator(np.random.PCG64(key))


def _reverting(pushes: Floats, rest: float) -> Floats:
    log, path = rest, np.empty(len(pushes))
    for number, push in enumerate(pushes):
        log += REVERSION / DAYS_PER_YEAR * (rest - log) + VOLATILITY_OF_VOLATILITY / sqrt(DAYS_PER_YEAR) * push
        path[number] = log
    return path
