"""Spreads of more than two legs, of ratios and of two expiries on SPY, and their executions leg by leg."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from engine.domain.facts.orders import LegFilled, Purpose
from engine.domain.spread import Leg, Spread
from tests import given

CONDOR = Spread(
    "iron_condor",
    (
        Leg(given.contract(580, "P"), "sell"),
        Leg(given.contract(575, "P"), "buy"),
        Leg(given.contract(620, "C"), "sell"),
        Leg(given.contract(625, "C"), "buy"),
    ),
)
BUTTERFLY = Spread(
    "butterfly",
    (
        Leg(given.contract(580, "P"), "buy"),
        Leg(given.contract(590, "P"), "sell", 2),
        Leg(given.contract(600, "P"), "buy"),
    ),
)
BROKEN_WING = Spread(
    "broken_wing",
    (
        Leg(given.contract(570, "P"), "buy"),
        Leg(given.contract(590, "P"), "sell", 2),
        Leg(given.contract(600, "P"), "buy"),
    ),
)
CALENDAR = Spread(
    "calendar",
    (Leg(given.contract(590, "P"), "sell"), Leg(given.contract(590, "P", expiry=given.LATER), "buy")),
)
ALL = {one.structure: one for one in (CONDOR, BUTTERFLY, BROKEN_WING, CALENDAR)}

PRICES: Mapping[str, Sequence[str]] = {
    "iron_condor": ("2.10", "1.20", "1.90", "1.05"),
    "butterfly": ("3.00", "5.10", "8.40"),
    "broken_wing": ("1.70", "5.10", "8.40"),
    "calendar": ("4.00", "6.35"),
}
"""USD per share of each leg, in the order of the legs."""
NET = {"iron_condor": "1.75", "butterfly": "-1.20", "broken_wing": "0.10", "calendar": "-2.35"}
"""What one combination opened at these prices brings, USD per share, + received."""


def executions(
    of: Spread, spreads: int, *, ref: str = "o1", purpose: Purpose = "open", at: datetime = given.NOW, tag: str = "a"
) -> list[LegFilled]:
    """One execution a leg of so many combinations, in the order of the legs."""
    return [
        execution(of, number, spreads * leg.ratio, ref=ref, purpose=purpose, at=at, tag=tag) for number, leg in enumerate(of.legs)
    ]


def execution(
    of: Spread,
    number: int,
    contracts: int,
    *,
    ref: str = "o1",
    purpose: Purpose = "open",
    at: datetime = given.NOW,
    tag: str = "a",
    price: str | None = None,
) -> LegFilled:
    """An execution of the leg at this place among the legs."""
    leg = of.legs[number]
    buys = (leg.sign > 0) == (purpose == "open")
    paid = Decimal(price if price is not None else PRICES[of.structure][number])
    exec_id = f"{ref}.{tag}.{number:02d}.01"
    return LegFilled(ref, exec_id, leg.contract.con_id, "buy" if buys else "sell", contracts, paid, at, given.perm_id(ref))
