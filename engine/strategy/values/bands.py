"""Bands of greeks: between which two ends what is held may stand, with their signs; each declared once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from engine.strategy.source import Text, about
from engine.strategy.values.counts import TICKER
from engine.strategy.values.scalar import NUMBER, Scalar, decimal_of
from engine.strategy.way_out import write

Counted: TypeAlias = Literal["USD", "net liquidation", "shares"]


@dataclass(frozen=True, slots=True)
class Band:
    """Both ends belong to it; `low` is at most `high`."""

    low: Decimal
    """USD, a part of net liquidation (0.01 is 1%), or shares of the index."""
    high: Decimal
    counted: Counted = "USD"
    index: str = ""
    """Whose shares are counted."""

    def __str__(self) -> str:
        return f"{self._end(self.low)} to {self._end(self.high)}{self._of}"

    def _end(self, end: Decimal) -> str:
        size = abs(end * 100 if self.counted == "net liquidation" else end)
        digits = f"{size.normalize():,f}"
        sign = "-" if end < 0 else ""
        return f"{sign}${digits}" if self.counted == "USD" else f"{sign}{digits}{'%' if self.counted != 'shares' else ''}"

    @property
    def _of(self) -> str:
        return {"USD": "", "net liquidation": " of net liquidation", "shares": f" of {self.index}"}[self.counted]


_TO = r"\s+(?:to|and)\s+"
_USD = rf"(-?)\s*\$\s*({NUMBER}){_TO}(-?)\s*\$\s*({NUMBER})"
_PART = rf"(-?)\s*({NUMBER})\s*%{_TO}(-?)\s*({NUMBER})\s*%\s+of\s+net(?:\s+|_)liquidation"
_SHARES = rf"(-?)\s*({NUMBER}){_TO}(-?)\s*({NUMBER})\s+of\s+({TICKER})"
_FORMS: tuple[Counted, ...] = ("USD", "net liquidation", "shares")
"""In the order of the patterns, each with four groups, and the index behind those of the last."""


def _band(text: Text, match: re.Match[str]) -> Band:
    found = match.groups()
    form = next(n for n in range(len(_FORMS)) if found[4 * n + 1] is not None)
    counted, (low_sign, low, high_sign, high) = _FORMS[form], found[4 * form : 4 * form + 4]
    scale = 100 if counted == "net liquidation" else 1
    ends = [decimal_of(text, end) / scale * (-1 if sign else 1) for sign, end in ((low_sign, low), (high_sign, high))]
    band = Band(ends[0], ends[1], counted, found[12] if counted == "shares" else "")
    if ends[0] > ends[1]:
        turned = Band(ends[1], ends[0], counted, band.index)
        raise about(text, "the band runs backwards: its first end is above its second", write(str(turned)))
    if counted == "net liquidation" and max(abs(end) for end in ends) > 10:
        raise about(text, "that is more than ten times what the account is worth", write("-10% to 20% of net liquidation"))
    return band


def _misread(text: str) -> tuple[str, str] | None:
    if both := re.fullmatch(rf"(-?)\s*({NUMBER})\s*%{_TO}(-?)\s*({NUMBER})\s*%", text):
        low, high = _in_order(both)
        return f"{text} of what?", write(f"{low[0]}{low[1]}% to {high[0]}{high[1]}% of net liquidation")
    one, sign = rf"(-?)\s*\$?\s*({NUMBER})", r"\s*(?:to|and|-|–|\.\.)\s*"
    if (both := re.fullmatch(rf"{one}{sign}{one}", text)) and "%" not in text:
        low, high = _in_order(both)
        return f"'{text}': dollars have their sign on both ends", write(f"{low[0]}${low[1]} to {high[0]}${high[1]}")
    if (alone := re.fullmatch(rf"(?:±|\+/-|\+-)\s*\$?\s*({NUMBER})", text)) or (
        alone := re.fullmatch(rf"\$?\s*({NUMBER})", text)
    ):
        return f"'{text}' is one end; a band has two, with their signs", write(f"-${alone[1]} to ${alone[1]}")
    return None


def _in_order(both: re.Match[str]) -> list[tuple[str, str]]:
    """Sign and number of each end, the lower one first."""
    ends = [(both[1], both[2]), (both[3], both[4])]
    return sorted(ends, key=lambda end: Decimal(f"{end[0]}{end[1].replace(',', '')}"))


DeltaBand: TypeAlias = Annotated[
    Band,
    Scalar(
        (Band,),
        f"{_USD}|{_PART}|{_SHARES}",
        _band,
        "two ends with their signs",
        ("-50 to 100 of SPY", "-$30,000 to $60,000", "-10% to 20% of net liquidation"),
        misread=_misread,
    ),
]
MoneyBand: TypeAlias = Annotated[
    Band,
    Scalar(
        (Band,),
        f"{_USD}|{_PART}",
        _band,
        "two ends in dollars with their signs",
        ("-$800 to $200", "0.1% to 0.3% of net liquidation"),
        misread=_misread,
    ),
]


def _beta(text: Text, match: re.Match[str]) -> Decimal:
    beta = decimal_of(text, match[2]) * (-1 if match[1] else 1)
    if not -5 <= beta <= 5:
        raise about(text, f"a beta of {match[0]}: from -5 to 5", write("1.2"))
    return beta


Beta: TypeAlias = Annotated[Decimal, Scalar((Decimal,), rf"(-?)\s*({NUMBER})", _beta, "a number from -5 to 5", ("1.2",))]
