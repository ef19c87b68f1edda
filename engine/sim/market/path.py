"""Every step that a generated market took, also those between which nobody looked, and what an option was quoted at each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.domain.calendar import Calendar
from engine.domain.contract import Contract
from engine.domain.session import SECONDS_PER_YEAR, Session
from engine.pricing.black_scholes import Greeks, greeks
from engine.sim.market import quoting, surface
from engine.sim.market.catalogue import VIX, VIX_SOURCE, Character
from engine.sim.market.quotes import Floats
from engine.sim.market.volatility import future_state
from engine.sim.market.walk import State, one_of


@dataclass(slots=True)
class _Day:
    session: Session
    symbols: tuple[str, ...]
    states: list[State] = field(default_factory=list[State])


@dataclass(frozen=True, slots=True)
class Steps:
    """The quotes of one option on one day, an entry a step; the first is that of the opening."""

    at: NDArray[np.float64]
    """UTC seconds since 1970."""
    bid: Floats
    """USD per share; 0 where nobody bids."""
    ask: Floats


class Path:
    """Filled by the market as it walks."""

    def __init__(self, cadence: timedelta, characters: Mapping[str, Character]) -> None:
        self._cadence_s = cadence.total_seconds()
        self._characters = characters
        self._days: dict[date, _Day] = {}

    def note(self, session: Session, symbols: Sequence[str], state: State) -> None:
        """One more step of the session's day."""
        day = self._days.get(session.day)
        if day is None:
            day = self._days[session.day] = _Day(session, tuple(symbols))
        day.states.append(state)

    @property
    def days(self) -> tuple[date, ...]:
        """Days that have begun, oldest first."""
        return tuple(self._days)

    def steps(self, option: Contract, day: date, calendar: Calendar) -> Steps:
        """Its quotes on the day, up to the last step that was taken; none where it no longer traded. Raises KeyError for a day
        that has not begun."""
        walked, character = self._days[day], self._characters[option.underlying]
        at = walked.session.open.timestamp() + self._cadence_s * np.arange(len(walked.states))
        at = np.minimum(at, walked.session.close.timestamp())
        at = at[at < calendar.trades_until(option.rule, option.expiry).timestamp()]
        years = np.maximum(calendar.settles_at(option.rule, option.expiry).timestamp() - at, 0.0) / SECONDS_PER_YEAR
        state = state_of(walked.states[: len(at)], walked.symbols, option.underlying, self._characters, years)
        strike, sign = np.full(len(at), float(option.strike)), np.full(len(at), 1 if option.put_call == "C" else -1)
        american = np.full(len(at), option.rule.exercise == "American")
        model, _, _ = modelled(character, state, strike, sign, years, american)
        fine, coarse = (np.full(len(at), step) for step in quoting.increments_of(option.root, character.underlying))
        bid, ask = quoting.bid_ask(
            model, quoting.width(character, state.level, model, state.rush), quoting.Increments(fine, coarse)
        )
        return Steps(at, bid, ask)


def state_of(
    states: Sequence[State], symbols: Sequence[str], underlying: str, characters: Mapping[str, Character], years: Floats
) -> State:
    """The way through these steps of what options on an underlying are written on: of it, or of the futures of their expiries.

    `years` are those to settlement, of each option at the only step or of one option at each step.
    """
    if underlying != VIX:
        return one_of(states, symbols.index(underlying))
    return future_state(characters[VIX_SOURCE], one_of(states, symbols.index(VIX_SOURCE)), years)


def modelled(
    character: Character,
    state: State,
    strike: Floats,
    sign: NDArray[np.integer],
    years: Floats,
    american: NDArray[np.bool_],
) -> tuple[Floats, Floats, Greeks]:
    """Model price and implied volatility of options on one underlying, and their greeks."""
    spot, rate, dividend = state.spot, character.underlying.rate, character.underlying.dividend
    iv = surface.implied(character.shape, state.level, np.log(strike / spot) - (rate - dividend) * years, years, state.fear)
    known = greeks(spot, strike, years, rate, dividend, np.where(np.isnan(iv), 0.0, iv), sign)
    return np.where(american, np.maximum(known.price, sign * (spot - strike)), known.price), iv, known
