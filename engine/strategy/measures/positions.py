"""Measures of what is held: `decide/positions.py` computes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class _SideNumber:
    """A number that a side of a position has by itself, as long as anything of it is open."""

    name: str
    """Behind `put_side_`."""
    within: str
    """What it is called below `each side:`, as the same number of a whole position is."""
    unit: Unit
    sentence: str
    """With `{side}` for the side, and `{profit}` for what its profit is called there."""
    between: tuple[float, float] | None = None

    def of(self, side: str) -> Declaration:
        """As a measure of the position: `put_side_loss`."""
        said = self.sentence.format(side=f"the {side} side", profit=f"{side}_side_profit")
        return _position(f"{side}_side_{self.name}", self.unit, said, between=self.between)

    def of_each(self) -> Declaration:
        """As a measure of the side that a line below `each side:` is asked for."""
        said = self.sentence.format(side="this side", profit="profit")
        return replace(_position(self.within, self.unit, said, between=self.between), relation="side")


_SIDE_NUMBERS = (
    _SideNumber("profit", "profit", Unit.USD, "What {side} has made, at mid, before fees; negative is a loss."),
    _SideNumber("loss", "loss", Unit.USD, "{profit} with the other sign."),
    _SideNumber("credit", "credit", Unit.USD, "What {side} brought when it was opened, at the prices of its legs."),
    _SideNumber("delta", "short_delta", Unit.DELTA, "Delta of the sold leg of {side}, without its sign.", (0, 1)),
    _SideNumber("breached", "short_strike_breached", Unit.FLAG, "The underlying is at or beyond the sold strike of {side}."),
    _SideNumber(
        "distance",
        "short_distance",
        Unit.POINTS,
        "How far the underlying is from the sold strike of {side}; negative beyond it.",
    ),
)

SIDE_MEASURES: frozenset[str] = frozenset(
    ("untested_side_delta", *(f"{side}_side_{one.name}" for side in ("put", "call") for one in _SIDE_NUMBERS))
)
"""Measures of one side of a position."""
WITHIN_A_SIDE = {one.within: one.name for one in _SIDE_NUMBERS}
"""What a number is called below `each side:`, and behind `put_side_`."""


def of_each(line: str) -> str:
    """A line about one side as it stands below `each side:`."""
    for within, name in WITHIN_A_SIDE.items():
        line = re.sub(rf"\b(?:put|call)_side_{name}\b", within, line)
    return line


_BESIDE_A_SIDE = frozenset(
    {"total_credit", "dte", "days_held", "minutes_held", "price", "move_since_entry", "days_to_ex_dividend"}
    | {"minutes_to_close", "time"}
)
"""What is one number of the whole position, and may be asked for below `each side:` too."""


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
    *(one.of(side) for side in ("put", "call") for one in _SIDE_NUMBERS),
    _position(
        "untested_side_delta",
        Unit.DELTA,
        "Delta of the sold leg of the untested side, the smaller of the two, without its sign; that of the tested side is "
        "`short_delta`.",
        between=(0, 1),
    ),
    _position("minutes_to_close", Unit.MINUTES, "Minutes until the regular session of the options ends today."),
    _position("time", Unit.CLOCK, "Time of day in New York.", nullable=False),
)

SIDE = (
    *(one.of_each() for one in _SIDE_NUMBERS),
    *(replace(declared, relation="side") for declared in POSITION if declared.name in _BESIDE_A_SIDE),
)
"""What a line below `each side:` may ask of the side that it looks at."""
