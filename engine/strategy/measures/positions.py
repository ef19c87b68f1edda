"""Measures of what is held: `decide/positions.py` computes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from engine.strategy.measures.declaration import Declaration
from engine.strategy.units import Unit


def _position(
    name: str,
    unit: Unit,
    sentence: str,
    *,
    nullable: bool = True,
    structures: Literal["credit", "debit"] | None = None,
    between: tuple[float, float] | None = None,
) -> Declaration:
    return Declaration(name, "position", unit, sentence, name, nullable, structures=structures, between=between)


def _of_side(side: str) -> Iterator[Declaration]:
    """What one side of a position that has two is by itself, as long as anything of it is open."""
    of = f"the {side} side"
    yield _position(f"{side}_side_profit", Unit.USD, f"What {of} has made, at mid, before fees; negative is a loss.")
    yield _position(f"{side}_side_loss", Unit.USD, f"{side}_side_profit with the other sign.")
    yield _position(f"{side}_side_credit", Unit.USD, f"What {of} brought when it was opened, at the prices of its legs.")
    yield _position(f"{side}_side_delta", Unit.DELTA, f"Delta of the sold leg of {of}, without its sign.", between=(0, 1))
    yield _position(f"{side}_side_breached", Unit.FLAG, f"The underlying is at or beyond the sold strike of {of}.")
    yield _position(
        f"{side}_side_distance", Unit.POINTS, f"How far the underlying is from the sold strike of {of}; negative beyond it."
    )


SIDE_MEASURES: frozenset[str] = frozenset(
    f"{side}_side_{name}" for side in ("put", "call") for name in ("profit", "loss", "credit", "delta", "breached", "distance")
)
"""Measures of one side of a position."""


POSITION = (
    _position(
        "profit",
        Unit.USD,
        "Gain of the whole position since opening if it were closed at mid now, fees excluded; negative when it loses.",
    ),
    _position("loss", Unit.USD, "The same with the sign turned: positive when the position loses."),
    _position(
        "best_profit",
        Unit.USD,
        "Highest profit since opening that was believed as a stop is, as a share of what is still open; 0 before the first, and "
        "anew once a side or a leg was closed alone. Known to half a percent of what opening brought or cost.",
        nullable=False,
    ),
    _position("credit", Unit.USD, "What opening the whole position brought.", nullable=False, structures="credit"),
    _position(
        "total_credit",
        Unit.USD,
        "What opening brought with all of its sides, those that are closed meanwhile included, for the spreads of which anything "
        "is open.",
        structures="credit",
    ),
    _position("debit", Unit.USD, "What opening the whole position cost.", nullable=False, structures="debit"),
    _position(
        "max_profit",
        Unit.USD,
        "Most the whole position can earn at expiry, from its opening price, fees excluded.",
        nullable=False,
    ),
    _position(
        "max_loss", Unit.USD, "Most the whole position can lose at expiry, from its opening price, fees excluded.", nullable=False
    ),
    _position(
        "mark",
        Unit.USD_PER_SHARE,
        "Price of one spread per share at mid now: what one opened for a credit costs to close, what one opened for a debit "
        "would bring.",
    ),
    _position(
        "width",
        Unit.USD_PER_SHARE,
        "Distance between the least and the most that one of it can be worth at expiry: of a vertical that of its strikes, of "
        "a condor the wider wing.",
        nullable=False,
    ),
    _position("dte", Unit.DAYS, "Calendar days from today to the first expiration date of its legs.", nullable=False),
    _position("days_held", Unit.DAYS, "Calendar days since it was opened.", nullable=False),
    _position("minutes_held", Unit.MINUTES, "Minutes of the clock since it was opened, nights included.", nullable=False),
    _position("price", Unit.POINTS, "Price of the underlying, as its options are judged by it."),
    _position(
        "move_since_entry",
        Unit.RATIO,
        "price / price when its opening was approved - 1; absent where that was not known.",
    ),
    _position(
        "pop",
        Unit.RATIO,
        "Chance that what is open ends with a profit at its expiry, from its opening price and before fees, at the present "
        "volatilities of its legs.",
        between=(0, 1),
    ),
    _position(
        "delta",
        Unit.DELTA,
        "Deltas of its bought legs - deltas of its sold ones, each times its ratio, per share of one spread.",
        between=(-1, 1),
    ),
    _position(
        "short_delta", Unit.DELTA, "Delta of its sold leg without its sign; the greatest where several are.", between=(0, 1)
    ),
    _position("short_strike", Unit.POINTS, "Strike of its sold leg; the one nearest to the price where several are."),
    _position(
        "short_distance",
        Unit.POINTS,
        "How far the underlying is from its sold strike, the nearest where several are; negative beyond it.",
    ),
    _position("short_strike_breached", Unit.FLAG, "The underlying is at or beyond a sold strike."),
    _position(
        "days_to_ex_dividend",
        Unit.DAYS,
        "Calendar days to the next ex-dividend date of the underlying; absent while none is known.",
    ),
    _position(
        "extrinsic_of_short", Unit.USD_PER_SHARE, "Mid of its sold leg above the intrinsic value; the least where several are."
    ),
    *(declared for side in ("put", "call") for declared in _of_side(side)),
    _position("minutes_to_close", Unit.MINUTES, "Minutes until the regular session of the options ends today."),
    _position("time", Unit.CLOCK, "Time of day in New York.", nullable=False),
)
