"""The scalars that are money at risk: an amount, a part of the account, a loss with its minus; each declared once."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy import guesses
from engine.strategy.source import Text, about
from engine.strategy.values.meaning import Amount, Base, ShareOf, Usd
from engine.strategy.values.scalar import DOLLARS, NUMBER, Scalar, decimal_of
from engine.strategy.way_out import WayOut, Write, write, write_any

_BASES: dict[str, Base] = {
    "net liquidation": "net liquidation",
    "net_liquidation": "net liquidation",
    "NLV": "net liquidation",
    "buying power": "buying power",
    "buying_power": "buying power",
}
_SHARE_OF = rf"({NUMBER})\s*%\s+of\s+({'|'.join(_BASES)})"
_AMOUNT = rf"{DOLLARS}|{_SHARE_OF}"


def share_of(text: Text, digits: str) -> Decimal:
    """The part that a percentage takes of something: 2 is 0.02. Raises a complaint where it takes nothing or more than all."""
    share = decimal_of(text, digits) / 100
    if not 0 < share <= 1:
        raise about(text, f"{digits}% is not above 0% and at most 100%", write("2% of net liquidation"))
    return share


def unambiguous(text: Text, digits: str, sign: str = "") -> str:
    """The digits of an amount. Raises a complaint about `1.000`, which is one here and a thousand elsewhere."""
    if re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", digits):
        whole, rest = digits.split(".")
        hint = write(f"{sign}${whole},{rest}", f"{sign}${whole}.{rest[:2]}")
        raise about(text, f"${digits} is a thousand in some countries and one dollar in others", hint)
    return digits


def _amount(text: Text, match: re.Match[str]) -> Amount:
    if match[1] is None:
        return ShareOf(share_of(text, match[2]), _BASES[match[3]])
    usd = decimal_of(text, unambiguous(text, match[1]))
    if usd == 0:
        raise about(text, "$0 allows nothing at all", write("$500", note=", or  enabled: false  to pause the strategy"))
    return Usd(usd)


def _no_amount(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"(?:{NUMBER})\s*%", text):
        return f"{text} of what?", write(f"{text} of net liquidation", f"{text} of buying power", "$500")
    if re.fullmatch(NUMBER, text):
        meant = [f"${text}", "2% of net liquidation"] if decimal_of(Text(text), text) >= 1 else guesses.risk(text)
        return f"{text} what?", write_any(meant)
    if text.startswith("-"):
        return f"'{text[:30]}': an amount at risk is written without a sign", write(text.lstrip("- ")[:30])
    return None


Risk: TypeAlias = Annotated[
    Amount,
    Scalar(
        (Usd, ShareOf),
        _AMOUNT,
        _amount,
        "an amount of money",
        ("2% of net liquidation", "2% of buying power", "$500"),
        misread=_no_amount,
        guess=guesses.risk,
    ),
]


def _loss(text: Text, match: re.Match[str]) -> Usd:
    usd = decimal_of(text, unambiguous(text, match[1] or match[2], "-"))
    if usd == 0:
        raise about(text, "a stop at no loss at all stops before the first trade", write("-$500", note=", or remove the key"))
    return Usd(-usd)


_IN_PERCENT = "a stop for the day in percent is not there yet; what comes nearest is one in dollars"

Loss: TypeAlias = Annotated[
    Usd,
    Scalar(
        (Usd,),
        rf"-\s*{DOLLARS}|\$\s*-\s*({NUMBER})",
        _loss,
        "a loss in dollars, with its minus",
        ("-$500", "-$1,500"),
        misread=lambda text: (
            (_IN_PERCENT, WayOut.of("write  -$500  |  -$1,500", Write("-$500"), is_later=True))
            if text.endswith("%")
            else (f"{text} is no loss", write("-$500", note=", or remove the key"))
            if re.fullmatch(r"\$?\s*0+(?:\.0*)?", text)
            else (f"{text} is a gain: a loss has a minus", write(f"-${text.lstrip('$ ')}"))
            if re.fullmatch(rf"\$?\s*(?:{NUMBER})", text)
            else (f"{text}: dollars have their sign", write(f"-${text.lstrip('- ')}"))
            if re.fullmatch(rf"-\s*(?:{NUMBER})", text)
            else None
        ),
        guess=guesses.loss,
    ),
]
