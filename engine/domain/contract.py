"""Option contracts, and the shares that they turn into."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.domain.index_classes import OptionClass, option_class

PutCall = Literal["C", "P"]
NEVER = date.max
"""When shares expire."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One listed option."""

    con_id: int
    """The broker's contract number; unique over all instruments."""
    underlying: str
    root: str
    """Trading class: SPX and SPXW are different products even where they share an expiry date."""
    expiry: date
    strike: Decimal
    put_call: PutCall
    multiplier: int
    """Shares (or index units) one contract stands for."""

    def __hash__(self) -> int:
        """Of the number alone: whole chains are put into sets, and seven fields take their time."""
        return hash(self.con_id)

    @property
    def is_share(self) -> bool:
        """Whether it is the share itself: a call struck at zero that never ends is worth its underlying at every level."""
        return not self.strike

    @property
    def rule(self) -> OptionClass:
        """How it is exercised and settled, and how long it trades."""
        return option_class(self.root)

    def intrinsic(self, level: Decimal) -> Decimal:
        """What exercising it brings where the underlying stands at `level`, USD per share."""
        return max(Decimal(0), level - self.strike if self.put_call == "C" else self.strike - level)

    def __str__(self) -> str:
        if self.is_share:
            return f"{self.underlying} shares"
        return f"{self.root} {self.expiry:%Y-%m-%d} {self.strike.normalize():f}{self.put_call}"


def shares_of(con_id: int, underlying: str) -> Contract:
    """The shares of an underlying as something that is held: what an option on it turns into."""
    return Contract(con_id, underlying, underlying, NEVER, Decimal(0), "C", 1)
