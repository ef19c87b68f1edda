"""Numbers and times of the API as a person reads them: every amount with its unit and sign, every time with its zone."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from engine.cli import money as amounts
from engine.domain.session import NEW_YORK

NONE = "-"

EUROPEAN_MODELS = "chances, expected value and greeks are those of European ones"
"""Said of American options, so that nobody takes these numbers for more than they are."""


def money(net: object) -> str:
    """A net per share, with its direction in words."""
    return "unknown" if net is None else amounts.money(Decimal(str(net)))


def dollars(amount: object, *, signed: bool = False) -> str:
    """An amount in dollars."""
    return "unknown" if amount is None else amounts.dollars(Decimal(str(amount)), signed=signed)


def priced(mid: object, natural: object, age_s: object, obstacle: object) -> str:
    """What a combination is worth now, per share, and how old its quotes are; `obstacle` says why they decide nothing."""
    if mid is None:
        return f"unknown: {obstacle or 'a leg has no quote'}"
    hindered = f"; {obstacle}" if obstacle else ""
    return f"{money(mid)} at mid, {money(natural)} natural, quotes {duration(age_s)} old{hindered}"


def marked(row: Mapping[str, object]) -> str:
    """What closing one spread would bring or cost per share, at mid, and how old that is; why it is not known where it is not."""
    if row["mark"] is None:
        return f"unknown: {row['mark_obstacle'] or 'it is closed'}"
    if row["mark_age_s"] is not None:
        return f"{money(row['mark'])}, {duration(row['mark_age_s'])} old"
    return f"{money(row['mark'])}, archived quotes of {instant(row['marked_at']) or 'unknown age'}"


def counted(number: int, what: str) -> str:
    """1 opening, 2 openings."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def instant(written: object) -> str:
    """An instant of the API on the clock of the exchange, with the zone; empty where there is none."""
    if not isinstance(written, str):
        return ""
    return f"{datetime.fromisoformat(written).astimezone(NEW_YORK):%a %Y-%m-%d %H:%M:%S} New York"


def duration(seconds: object) -> str:
    """A span as people say it."""
    if not isinstance(seconds, int | float):
        return "unknown"
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 and whole != seconds else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
