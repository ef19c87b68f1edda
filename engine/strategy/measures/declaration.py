"""What is said of a measure when it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.domain.chain import EVENT_KINDS
from engine.strategy.expressions.tree import Relation
from engine.strategy.units import Unit

LONGEST_BAR = 60
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands in the brackets: `sma(50 days)`."""

    unit: Unit
    low: int
    high: int
    example: str
    before: str = ""
    """The word that stands before the number: `first 60 min`."""
    default: float | None = None
    """What is meant when nothing stands there; None where something must."""
    is_optional: bool = False
    """Whether the measure is as often written without brackets, and means then what its sentence says."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One measure. `sentence` is exact enough to recompute the number. A nullable one may be absent, which makes a
    condition unknown.

    `structures` says for which structures a spread or position measure is defined: "credit", "debit", or None for all.
    """

    name: str
    relation: Relation
    unit: Unit
    sentence: str
    sql: str
    nullable: bool = False
    argument: Argument | None = None
    structures: Literal["credit", "debit"] | None = None
    most_bars: int | None = None
    """How many bars of minutes it may count in place of days, `ema(9 bars of 5 min)`; None where it counts none."""
    between: tuple[float, float] | None = None
    """Bounds that its values never leave, both included; None where there are none."""
    spoken: str = ""
    """The words that stand in a line for it, where they are not its name."""
    takes_view: bool = False
    """Whether it can be taken at the trader's own volatility: `expected_value at 18%`."""
    takes_symbol: bool = False
    """Whether it can be taken of another index or share: `price of VXN`."""

    @property
    def as_written(self) -> str:
        """The measure as it stands in a line, with an example of what it takes."""
        if self.argument is None or self.argument.is_optional:
            return self.spoken or self.name
        if self.unit is Unit.FLAG:
            name = self.name.upper() if self.name.upper() in EVENT_KINDS else self.name
            return f"{name} within {self.argument.example}"
        return f"{self.name}({self.argument.example})"
