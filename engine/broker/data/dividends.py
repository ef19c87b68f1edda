"""What TWS tells of an underlying's dividends: one text of four numbers, `0.83,0.92,20130219,0.23`.

Past twelve months, next twelve months, next ex-date, next amount; USD per share. Source: TWS API, generic tick 456, tick type 59.
"""

from datetime import date, datetime
from math import isfinite

from engine.domain.chain import NextDividend

DIVIDENDS = 59
PARTS = 4


def dividend_of(text: str) -> NextDividend | None:
    """The next dividend, or that none is paid; None where it is not told or cannot be read: then it is not known."""
    parts = text.split(",")
    if len(parts) != PARTS:
        return None
    past, ahead, day, amount = parts
    if not day:
        return NextDividend(None, 0.0) if _usd(past) == 0.0 and _usd(ahead or past) == 0.0 else None
    ex_date, paid = _day(day), _usd(amount)
    return NextDividend(ex_date, paid) if ex_date is not None and paid is not None else None


def _usd(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
