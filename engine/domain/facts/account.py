"""What the broker holds and what the account is worth."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Foreign:
    """A position at the broker, or as much of it as is not ours."""

    name: str
    """Its name at the broker."""
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Our fold was held against the broker's open orders, completed orders, executions and positions."""

    differences: tuple[str, ...]
    """What could not be explained; entries stay blocked until it is empty."""
    foreign: tuple[str, ...] = ()
    """Positions at the broker that are not ours, each with its quantity behind its name, for people: never traded."""
    missing: tuple[int, ...] = ()
    """Contracts, by con_id, of which the broker holds less in our direction than our fills make: a close would open them anew."""
    changed: tuple[int, ...] = ()
    """Contracts of ours, by con_id, whose terms at the broker are not those that they were traded on."""
    foreign_held: tuple[Foreign, ...] = ()
    """The same as numbers."""


@dataclass(frozen=True, slots=True)
class EquityRecorded:
    """Account values as the broker reported them, USD."""

    net_liquidation: Decimal
    available_funds: Decimal | None
    excess_liquidity: Decimal | None
    day_pnl: Decimal | None
    """Realised and unrealised since the previous close."""
