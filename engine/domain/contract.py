"""Option contracts and the settlement class their root belongs to."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

PutCall = Literal["C", "P"]
Settlement = Literal["AM", "PM"]
Exercise = Literal["American", "European"]


@dataclass(frozen=True, slots=True)
class SettlementRule:
    """How the options of one trading class are exercised and settled."""

    exercise: Exercise
    settlement: Settlement
    cash: bool


_PHYSICAL = SettlementRule("American", "PM", cash=False)
_CASH_AM = SettlementRule("European", "AM", cash=True)
_CASH_PM = SettlementRule("European", "PM", cash=True)
_RULES = {
    "SPX": _CASH_AM,
    "SPXW": _CASH_PM,
    "XSP": _CASH_PM,
    "NDX": _CASH_AM,
    "NDXP": _CASH_PM,
    "RUT": _CASH_AM,
    "RUTW": _CASH_PM,
    "VIX": _CASH_AM,
    "OEX": SettlementRule("American", "PM", cash=True),
    "XEO": _CASH_PM,
}


def settlement_rule(root: str) -> SettlementRule:
    """Exercise style and settlement of a trading class; an unlisted root is a stock or fund: American, physical, PM.

    Source: Cboe product pages of each index; AM series settle to the opening prints of the expiration day and stop
    trading on the session before it.
    """
    return _RULES.get(root, _PHYSICAL)


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
    def rule(self) -> SettlementRule:
        return settlement_rule(self.root)

    def __str__(self) -> str:
        return f"{self.root} {self.expiry:%Y-%m-%d} {self.strike.normalize():f}{self.put_call}"
