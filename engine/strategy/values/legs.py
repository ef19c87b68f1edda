"""The scalars that say where one leg stands: by its distance from the price of the underlying, or by its own price."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy import guesses
from engine.strategy.expressions.checker import read_level
from engine.strategy.source import Text, about
from engine.strategy.values.meaning import PriceRange, StrikeAt, StrikePlace
from engine.strategy.values.scalar import DASH, DOLLARS, NUMBER, Scalar, backwards, decimal_of
from engine.strategy.way_out import Remove, WayOut, turn, write, write_any

AT_THE_MONEY_WITHIN = Decimal("0.02")
"""How far, as a share of the price, a strike may lie from it and still be at the money: beyond, strikes are missing."""
_ABOUT = Decimal("0.5")
"""How far, as a share of itself, a single distance may be missed by the strike nearest to it."""


AT_A_LEVEL_WITHIN = Decimal("0.01")
"""The same for a strike that stands at another number of the market."""


def _strike(text: Text, match: re.Match[str]) -> StrikePlace | StrikeAt:
    if match[6] is not None:
        return _at(text, match)
    if match[5] is not None:
        message = f"how far the bought strike lies from the sold one is the width:  width: ${match[5]}"
        raise about(text, message, WayOut.of("remove it, and let width say it", Remove()))
    if match[0].startswith("at"):
        return StrikePlace(-AT_THE_MONEY_WITHIN, AT_THE_MONEY_WITHIN, is_share=True, nearest=Decimal(0))
    is_share = match[1] is not None
    first, last = (match[1], match[2]) if is_share else (match[3], match[4])
    low, high = decimal_of(text, first), decimal_of(text, last or first)
    if low > high:
        raise backwards(text, f"{low}%" if is_share else f"${low}", f"{high}%" if is_share else f"${high}", " from price")
    if high == 0 or (is_share and high >= 100):
        raise about(text, "no strike lies there", write("at the money", "1%-2% from price"))
    low, high = (low / 100, high / 100) if is_share else (low, high)
    if last is not None:
        return StrikePlace(low, high, is_share)
    return StrikePlace(low * (1 - _ABOUT), low * (1 + _ABOUT), is_share, nearest=low)


def _at(text: Text, match: re.Match[str]) -> StrikeAt:
    said = Text.at(match[6], text.part(match.start(6), match.end(6)), exact=text.exact, plain=text.plain)
    return StrikeAt(read_level(said), " ".join(said.split()))


def _by_deviations(text: str) -> tuple[str, str] | None:
    """`1 sd`, `outside the expected move`: a place that the delta says, of which the days to expiry are a part."""
    said = re.search(r"\b(?:sd|std|deviations?|sigmas?|em|expected move)\b|σ", text.casefold())
    if said is None:
        return None
    deltas = guesses.deltas(text) or guesses.deltas("1 sd")
    return "how many standard deviations away a leg stands is written as its delta", turn(f"short_delta: {deltas[0]}")


StrikeFrom: TypeAlias = Annotated[
    StrikePlace | StrikeAt,
    Scalar(
        (StrikePlace, StrikeAt),
        rf"at\s+the\s+money|(?:({NUMBER})%?(?:{DASH}({NUMBER}))?\s*%|{DOLLARS}(?:{DASH}\$?\s*({NUMBER}))?)\s+from\s+price"
        rf"|\$?\s*({NUMBER})\s+(?:points?\s+)?(?:below|above|from|under|over)\s+the\s+(?:short|sold).*|at\s+(.+)",
        _strike,
        "at the money, a distance from the price, or a number of the market",
        ("at the money", "1%-2% from price", "$30 from price", "$25-$35 from price", "at low_of(first 60 min)"),
        misread=_by_deviations,
        guess=guesses.strike,
    ),
]


def _price(text: Text, match: re.Match[str]) -> PriceRange:
    most, low, high, nearest, first, last = match.groups()
    if most:
        bound = decimal_of(text, most)
        if bound <= 0:
            raise about(text, "nothing is bought for nothing", write("at most $0.05"))
        return PriceRange(None, bound)
    lowest, highest = decimal_of(text, low or first), decimal_of(text, high or last)
    if lowest > highest:
        raise backwards(text, f"${lowest}", f"${highest}")
    wanted = decimal_of(text, nearest) if nearest else None
    if wanted is not None and not lowest <= wanted <= highest:
        raise about(
            text, f"${wanted} does not lie within ${lowest}-${highest}", write(guesses.leg_price(f"nearest ${wanted}")[0])
        )
    return PriceRange(lowest, highest, wanted)


def _no_price(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"\$?\s*(?:{NUMBER})", text):
        return f"hardly any option costs just {text}", write_any(guesses.leg_price(text))
    return None


LegPrice: TypeAlias = Annotated[
    PriceRange,
    Scalar(
        (PriceRange,),
        rf"at\s+most\s+{DOLLARS}|{DOLLARS}{DASH}\$?\s*({NUMBER})|nearest\s+{DOLLARS},\s*within\s+{DOLLARS}{DASH}\$?\s*({NUMBER})",
        _price,
        "what one leg costs, in dollars a share",
        ("$3.40-$3.60", "nearest $3.50, within $3.20-$3.80", "at most $0.05"),
        misread=_no_price,
        guess=guesses.leg_price,
    ),
]
