"""What the legs of one expiry are worth at expiry: extremes, breakevens and the prices that end in profit.

Every structure is the same piecewise straight line, profit(x) = net + sum of sign x ratio x max(0, w (x - K)).
It bends only at the strikes, so its extremes lie at zero, at a strike, or on the ray above the last strike.
All amounts are per share; `net` is the cash of the opening, credit > 0, debit < 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

PutCall = Literal["C", "P"]
Status = Literal["ok", "riskless_or_bad_quote", "no_profit_possible", "unlimited_loss"]


@dataclass(frozen=True, slots=True)
class PayoffLeg:
    """One leg as opened: sign +1 long, -1 short; strike in currency per share."""

    sign: int
    ratio: int
    put_call: PutCall
    strike: float


@dataclass(frozen=True, slots=True)
class ExpiryProfile:
    """The profit at expiry as a trader reads it, per share.

    None for max_profit or max_loss means unbounded; max_loss is positive, zero where nothing can be lost.
    Breakevens are the prices where profit turns into loss or back. `profit_intervals` are the open intervals
    of profit above zero, from 0 to math.inf. Only "ok" may be traded: a spread that cannot lose is a bad quote.
    """

    max_profit: float | None
    max_loss: float | None
    breakevens: tuple[float, ...]
    profit_intervals: tuple[tuple[float, float], ...]
    status: Status

    @property
    def return_on_risk(self) -> float | None:
        """Most that can be won for 1.00 at risk; None where either is unbounded or nothing is at risk."""
        if self.max_profit is None or not self.max_loss:
            return None
        return self.max_profit / self.max_loss


@dataclass(frozen=True, slots=True)
class Outcome:
    """An expiry profile in dollars for a number of spreads, opening fees included; None means unbounded."""

    max_profit: float | None
    max_loss: float | None


def profile(legs: Sequence[PayoffLeg], net: float) -> ExpiryProfile:
    """The whole profile of the legs opened for `net`.

    Raises ValueError without legs, for a ratio below one, a sign other than +1 and -1, or a number that is none.
    """
    _require_sound(legs, net)
    corners = [0.0, *sorted({leg.strike for leg in legs if leg.strike > 0})]
    nothing = _rounding(legs, net)
    values = [0.0 if abs(value) <= nothing else value for value in (profit_at(legs, net, x) for x in corners)]
    slope = sum(leg.sign * leg.ratio for leg in legs if leg.put_call == "C")
    max_profit = None if slope > 0 else max(values)
    max_loss = None if slope < 0 else max(0.0, -min(values))
    intervals, breakevens = _cut(corners, values, slope)
    return ExpiryProfile(max_profit, max_loss, breakevens, intervals, _status(max_profit, max_loss))


def profit_at(legs: Sequence[PayoffLeg], net: float, x: float) -> float:
    """Profit per share when the underlying settles at `x`."""
    return net + math.fsum(leg.sign * leg.ratio * _intrinsic(leg, x) for leg in legs)


def outcome(profile: ExpiryProfile, multiplier: int, quantity: int, fees: float = 0.0) -> Outcome:
    """The profile in dollars for `quantity` spreads: fees reduce the profit and add to the loss."""
    scale = multiplier * quantity
    return Outcome(
        None if profile.max_profit is None else profile.max_profit * scale - fees,
        None if profile.max_loss is None else profile.max_loss * scale + fees,
    )


def _require_sound(legs: Sequence[PayoffLeg], net: float) -> None:
    if not legs:
        raise ValueError("no legs: a payoff needs at least one")
    if not math.isfinite(net):
        raise ValueError(f"net is {net}: it must be a finite amount per share")
    for leg in legs:
        if leg.ratio < 1 or leg.sign not in {1, -1} or not (math.isfinite(leg.strike) and leg.strike >= 0):
            raise ValueError(f"{leg}: sign must be +1 or -1, ratio at least 1, strike a number of at least 0")


def _intrinsic(leg: PayoffLeg, x: float) -> float:
    return max(0.0, x - leg.strike if leg.put_call == "C" else leg.strike - x)


def _rounding(legs: Sequence[PayoffLeg], net: float) -> float:
    """What is only the rounding of decimal prices in binary, and counts as zero: a flat stretch at zero is not profit."""
    return max(1e-10, 1e-14 * (abs(net) + math.fsum(leg.ratio * leg.strike for leg in legs)))


def _status(max_profit: float | None, max_loss: float | None) -> Status:
    if max_loss is None:
        return "unlimited_loss"
    if max_profit is not None and max_profit <= 0:
        return "no_profit_possible"
    return "riskless_or_bad_quote" if max_loss == 0 else "ok"


def _cut(
    corners: Sequence[float], values: Sequence[float], slope: int
) -> tuple[tuple[tuple[float, float], ...], tuple[float, ...]]:
    """The open intervals of profit, and the prices where profit and loss meet.

    Between two neighbouring zeros the line keeps its sign, so the sign of each piece is that of its middle.
    """
    pieces = _pieces(corners, values, slope)
    intervals: list[tuple[float, float]] = []
    breakevens: list[float] = []
    last_sign, last_end = 0, 0.0
    for start, end, sign in pieces:
        if sign > 0 and intervals and intervals[-1][1] == start and last_sign > 0 and not _is_zero(start, corners, values):
            intervals[-1] = (intervals[-1][0], end)
        elif sign > 0:
            intervals.append((start, end))
        if sign and last_sign and sign != last_sign:
            # Across a flat stretch at zero the breakeven is where the profit ends or begins.
            breakevens.append(start if sign > 0 else last_end)
        if sign:
            last_sign, last_end = sign, end
    return tuple(intervals), tuple(breakevens)


def _pieces(corners: Sequence[float], values: Sequence[float], slope: int) -> list[tuple[float, float, int]]:
    """The line cut at its corners and its zeros: (start, end, sign of the profit in between)."""
    pieces: list[tuple[float, float, int]] = []
    for x0, x1, v0, v1 in zip(corners, corners[1:], values, values[1:], strict=False):
        if v0 * v1 < 0:
            root = x0 + (x1 - x0) * v0 / (v0 - v1)
            pieces += [(x0, root, _sign(v0)), (root, x1, _sign(v1))]
        else:
            pieces.append((x0, x1, _sign(v0 + v1)))
    last, value = corners[-1], values[-1]
    if value * slope < 0:
        root = last - value / slope
        pieces += [(last, root, _sign(value)), (root, math.inf, _sign(slope))]
    else:
        pieces.append((last, math.inf, _sign(value) or _sign(slope)))
    return pieces


def _is_zero(x: float, corners: Sequence[float], values: Sequence[float]) -> bool:
    return any(corner == x and value == 0 for corner, value in zip(corners, values, strict=True))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
