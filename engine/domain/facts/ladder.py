"""The first rungs of a strategy: what it would have done, noted and never sent; and what moves it a rung down."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.domain.facts.orders import OrderProposed

LadderRung = Literal["record", "shadow", "paper", "one lot", "live"]
"""How far a strategy may go: noted only, supposed to trade, on paper, one spread of real money at a time, as its file says."""


@dataclass(frozen=True, slots=True)
class OpeningNoted:
    """A strategy would have opened this: nothing is proposed to anybody, and nothing is sent."""

    strategy: str
    rung: Literal["record", "shadow"]
    would_open: OrderProposed
    """The order as it would have been; its `order_ref` names the note and is no reference at the broker."""
    natural: Decimal
    """Net at the far side of every leg, USD per share, + received: the worst that is certain to trade."""
    prices: dict[int, Decimal]
    """Of each leg at that side, USD per share, by contract number."""
    net: Decimal | None
    """Net at which it is supposed to have filled, USD per share, + received; None where it is supposed not to have."""


@dataclass(frozen=True, slots=True)
class NotedClosed:
    """What was supposed to be open is supposed to be closed."""

    note: str
    strategy: str
    rule: str
    """The exit that held, as the trader wrote it, or what ended it."""
    net: Decimal | None
    """Net at the far side of every leg, USD per share, + received; None where nobody saw its end."""
    result_usd: Decimal | None
    """Of all spreads, after estimated fees, a loss is negative; None where nobody saw its end."""


@dataclass(frozen=True, slots=True)
class RungLowered:
    """What a strategy shows has left its band: it stands a rung lower until a person resumes it."""

    strategy: str
    before: LadderRung
    rung: LadderRung
    band: str
    """Which of the numbers: result or filled."""
    value: Decimal
    bound: Decimal
    """The least that the band allows, in the unit of the value: a share."""
    count: int
    """Of how many closed positions or openings."""
