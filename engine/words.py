"""How numbers, amounts and times are written on the screen: short, with sign and unit, and a dash where nothing is known."""

import math
from collections.abc import Mapping
from datetime import datetime

from engine.domain.facts.running import LinkState
from engine.domain.session import NEW_YORK

ABSENT = "–"
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


LINKS: Mapping[LinkState, str] = {
    "no_data": "up without market data",
    "competing": "up, its market data taken by another login",
}


def link(state: LinkState) -> str:
    """How the session with TWS stands."""
    return LINKS.get(state, state)


def number(value: float | None, digits: int = 2) -> str:
    """With thousands separated: 1,234.50."""
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{abs(value):,.{digits}f}"
    return text if value >= 0 or _is_zero(text) else f"−{text}"


def signed(value: float | None, digits: int = 0) -> str:
    """With its sign, so that gain and loss need no colour: +312, −29."""
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{abs(value):,.{digits}f}"
    return text if _is_zero(text) else f"{'+' if value > 0 else '−'}{text}"


def _is_zero(text: str) -> bool:
    return not any(digit in text for digit in "123456789")


def moved(value: float | None, digits: int = 0) -> str:
    """Signed, with an arrow: +312 ▲, −29 ▼."""
    text = signed(value, digits)
    return f"{text} ▲" if text.startswith("+") else f"{text} ▼" if text.startswith("−") else text


def dollars(value: float | None, digits: int = 0) -> str:
    """USD: $1,680, −$320."""
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{abs(value):,.{digits}f}"
    return f"{'−' if value < 0 and not _is_zero(text) else ''}${text}"


def signed_dollars(value: float | None, digits: int = 0) -> str:
    """USD with its sign: +$1,680, −$8,320."""
    text = signed(value, digits)
    return f"{text[0]}${text[1:]}" if text[0] in "+−" else ABSENT if text == ABSENT else f"${text}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share of one as percent: 0.42 is 42%."""
    return ABSENT if share is None or not math.isfinite(share) else f"{share * 100:.{digits}f}%"


def age(seconds: float | None) -> str:
    """How old something is: 0.4s, 34s, 3m, 2h11m, 4d."""
    if seconds is None:
        return ABSENT
    if seconds < 10:
        return f"{max(0.0, seconds):.1f}s"
    return span(seconds)


def span(seconds: float) -> str:
    """How long something takes or lasts, in its two largest units."""
    whole = max(0, int(seconds))
    if whole < MINUTE_S:
        return f"{whole}s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S}m" if whole >= 10 * MINUTE_S else f"{whole // MINUTE_S}m{whole % MINUTE_S:02}s"
    if whole < DAY_S:
        return f"{whole // HOUR_S}h{whole % HOUR_S // MINUTE_S:02}m"
    return f"{whole // DAY_S}d{whole % DAY_S // HOUR_S:02}h"


def countdown(seconds: float) -> str:
    """What is left, as on a clock: 4:12."""
    whole = max(0, math.ceil(seconds))
    return f"{whole // MINUTE_S}:{whole % MINUTE_S:02}"


def clock(at: datetime | None, *, seconds: bool = True) -> str:
    """The time of day in New York, where the market is."""
    return ABSENT if at is None else at.astimezone(NEW_YORK).strftime("%H:%M:%S" if seconds else "%H:%M")


def gauge(share: float | None, width: int) -> str:
    """How full something is, as a bar of so many characters; only what is full has none left."""
    if share is None or not math.isfinite(share):
        return "·" * width
    full = int(min(1.0, max(0.0, share)) * width)
    return "█" * full + "░" * (width - full)
