"""Which option to ask for where only its kind of data matters: one that is surely listed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

FROM = timedelta(days=20)
"""Nearer expiries may be of one week only, with few strikes."""
NEAR = 0.04
"""Part of the price within which strikes are listed in every expiry."""
ROUND = (25.0, 10.0, 5.0, 1.0)
"""Of round strikes more are listed: the roundest that there are within reach."""
TRIED = 3


def likely(expirations: Sequence[str], strikes: Sequence[float], price: float | None, today: date) -> list[tuple[str, float]]:
    """Expiry (YYYYMMDD) and strike of options that are likely to be listed, the likeliest first; empty where none can be told."""
    days = sorted(day for day in expirations if _day(day) is not None)
    ahead = [day for day in days if (_day(day) or today) >= today + FROM] or days[-1:]
    known = sorted(strikes)
    if not ahead or not known:
        return []
    middle = price if price is not None else known[len(known) // 2]
    near = [strike for strike in known if abs(strike - middle) <= NEAR * middle] or [
        min(known, key=lambda one: abs(one - middle))
    ]
    best = sorted(near, key=lambda strike: (_roughness(strike), abs(strike - middle)))
    return [(ahead[0], strike) for strike in best[:TRIED]]


def _roughness(strike: float) -> int:
    return next((place for place, step in enumerate(ROUND) if strike % step == 0), len(ROUND))


def _day(written: str) -> date | None:
    try:
        return datetime.strptime(written, "%Y%m%d").date()  # noqa: DTZ007 - a day alone
    except ValueError:
        return None
