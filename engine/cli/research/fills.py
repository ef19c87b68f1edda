"""`spreads fills`: how readily an engine's own orders trade inside their quotes, and what research may suppose by it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

from engine.cli.options import STATE, State
from engine.cli.show import say, show_json, show_told
from engine.domain.errors import UserError
from engine.research.fills.curve import FILLS_LEAST, Asked, default_part, fit_of, fitted, learned_part
from engine.research.fills.observed import asked_prices

LEGS = (1, 2, 3, 4)
HELD_BACK = 5
"""Every fifth price is kept from the curve that is held against it."""


def fills(*, state: State = STATE, format: Literal["table", "json"] = "table") -> int:  # noqa: A002
    """Say at which part of the half-width packages have traded, by their legs, learned from the orders of a state folder.

    `spreads backtest --fills-of` supposes it. A number of legs of which fewer than 30 prices traded keeps the default.

    Parameters
    ----------
    state
        Folder of the engine whose orders are asked.
    format
        table or json.
    """
    prices = known_prices(Path(state))
    rows = [_row(prices, legs) for legs in LEGS]
    if format == "json":
        show_json([row for row in rows if row["prices"]])
        return 0
    show_told([{name: _told(value) for name, value in row.items()} for row in rows if row["prices"]])
    held, rest = prices[::HELD_BACK], [one for number, one in enumerate(prices) if number % HELD_BACK]
    if len(held) >= FILLS_LEAST:
        fit = fit_of(held, fitted(rest))
        say("")
        missed = f"missed by {fit.brier:.4f} in the mean square, the default by {fit.default_brier:.4f}"
        say(f"chances of a fill within 15 s, learned from four fifths of the prices, held against the fifth left out: {missed}")
        for told, happened, steps in fit.bins:
            say(f"told {told:.0%}, happened {happened:.0%} of {steps:,}", "  ")
    return 0


def learned_parts(state: Path) -> Mapping[int, Decimal]:
    """By number of legs, the part of the half-width at which the orders of this folder teach that packages trade.

    Raises UserError where it is no folder of an engine, or teaches nothing of any number of legs.
    """
    prices = known_prices(state)
    curve = fitted(prices)
    found = {legs: learned_part(prices, curve, legs) for legs in LEGS}
    if not any(part is not None for part in found.values()):
        raise UserError(
            f"{state}: of no number of legs have {FILLS_LEAST} prices traded yet, so nothing is learned from its orders;"
            " leave --fills-of out and the default is supposed"
        )
    return {legs: Decimal(str(round(default_part(legs) if part is None else part, 2))) for legs, part in found.items()}


def known_prices(state: Path) -> Sequence[Asked]:
    """Raises UserError where the orders of the folder never asked for a price in a quote that was known."""
    prices = asked_prices(state)
    if not prices:
        raise UserError(
            f"{state}: no order has asked for a price whose quote was written down with it, so nothing is learned yet"
        )
    return prices


def _row(prices: Sequence[Asked], legs: int) -> dict[str, object]:
    of = [one for one in prices if one.legs == legs]
    filled = [one.part for one in of if one.is_filled]
    part = learned_part(prices, fitted(prices), legs) if of else None
    return {
        "legs": legs,
        "prices": len(of),
        "filled": len(filled),
        "filled_at": sum(filled) / len(filled) if filled else None,
        "default": default_part(legs),
        "learned": part,
        "supposed": default_part(legs) if part is None else part,
        "why": "" if part is not None else f"fewer than {FILLS_LEAST} traded: the default stands",
    }


def _told(value: object) -> str | None:
    if value is None or value == "":
        return None
    return f"{value:.2f}" if isinstance(value, float) else str(value)
