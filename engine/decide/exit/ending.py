"""What becomes of a position at its next expiry, told days ahead: when its legs stop trading, what they turn into, what is done.

The words of the plan are those of the guard (`expiry`), which acts on the last day; here nothing is decided.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from engine.decide.exit.expiry import GUARD_BEFORE_CLOSE, GUARD_DISTANCE, beyond, is_left_to_expire
from engine.domain.calendar import Calendar
from engine.domain.parts import Side
from engine.domain.position import Position
from engine.domain.session import NEW_YORK, trading_day
from engine.domain.spread import Leg

SOON_SESSIONS = 3
"""The plan is told once the last session in which the legs trade is so many sessions away, or fewer."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The legs of one position that end next, and what is done about them."""

    legs: tuple[Leg, ...]
    trades_until: datetime
    settles_at: datetime
    settles_in: Literal["cash", "shares"]
    sessions: int
    """Sessions after today's up to the last in which they trade: 0 today."""
    nearest: float | None
    """How far the nearest of them is out of the money, as a share of the price; negative in the money, None without a price."""
    guarded_from: datetime | None
    """When the guard of the last afternoon begins to look; None where they go to their settlement whatever the price is."""
    plan: str
    """What is done about them, in a sentence."""

    @property
    def last_day(self) -> date:
        return trading_day(self.trades_until)

    def of(self, position: Position) -> str:
        """The plan with whose it is, in a line."""
        return f"ends {self.last_day:%a %d %b}: {position.quantity} × {position.spread}: {self.plan}"


def ending(position: Position, spot: float | None, calendar: Calendar, now: datetime, left: Collection[Side]) -> Ending | None:
    """What becomes of the legs that end next; None where nothing ends within `SOON_SESSIONS`, or nothing but shares is held.

    `spot` is the price of the underlying in USD, None where it is not known; `left` are the sides that its file lets expire.
    """
    held = [lot.leg for lot in position.lots if lot.held and not lot.leg.contract.is_share]
    until = {leg: calendar.trades_until(leg.contract.rule, leg.contract.expiry) for leg in held}
    if not until:
        return None
    first, today = min(until.values()), trading_day(now)
    last_day = trading_day(first)
    sessions = 0 if last_day <= today else calendar.between(today, last_day) + 1
    if sessions > SOON_SESSIONS:
        return None
    legs = tuple(leg for leg, end in until.items() if end == first)
    settles_at = max(calendar.settles_at(leg.contract.rule, leg.contract.expiry) for leg in legs)
    settles_in = "cash" if all(leg.contract.rule.cash for leg in legs) else "shares"
    guarded = [leg for leg in legs if not is_left_to_expire(leg, calendar, left)]
    nearest = None if spot is None else -max(beyond(leg, spot) for leg in legs)
    guarded_from = first - GUARD_BEFORE_CLOSE if guarded else None
    return Ending(
        legs, first, settles_at, settles_in, sessions, nearest, guarded_from, _plan(guarded, spot, first, settles_at, settles_in)
    )


def _plan(
    guarded: Iterable[Leg], spot: float | None, until: datetime, settles_at: datetime, settles_in: Literal["cash", "shares"]
) -> str:
    """Its own exits come first; this is what happens where none of them closes it."""
    settled = f"settled in {settles_in} by the price of {_clock(settles_at)}"
    watched = tuple(guarded)
    if not watched:
        return f"left to expire, {settled}"
    close = f"closed from {_clock(until - GUARD_BEFORE_CLOSE)} on"
    if spot is None:
        return f"{close}, unless each leg is seen to be {GUARD_DISTANCE:.0%} out of the money; now no price is known"
    near = max(watched, key=lambda leg: beyond(leg, spot))
    distance = -beyond(near, spot)
    side = "out of" if distance > 0 else "in"
    where = f"the {near.contract.strike:f}{near.contract.put_call} is {abs(distance):.1%} {side} the money now"
    if distance < GUARD_DISTANCE:
        return f"{close}, unless each leg is {GUARD_DISTANCE:.0%} out of the money by then: {where}"
    return f"left to expire, {settled}, and {close} as soon as a leg is within {GUARD_DISTANCE:.0%} of the money: {where}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%a %d %b %H:%M} New York"
