"""The prices that an engine's own orders asked for, from the history of its state folder."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

from engine.domain.session import NEW_YORK, trading_day
from engine.pricing.ticks import price_class, tick_for
from engine.research.fills.curve import Asked
from engine.store.history import query

PRICES_MAX = 10_000
"""The newest count: markets change."""
_ASKED = """
SELECT legs, root, expiry, quantity, asked_at, until, mid, natural_net, beyond_mid, is_filled
FROM asked_prices
WHERE beyond_mid IS NOT NULL AND until IS NOT NULL AND until > asked_at AND legs IS NOT NULL
ORDER BY seq DESC
"""

_Row = tuple[int, str, date, int, datetime, datetime, Decimal, Decimal, float, bool]


def asked_prices(state: Path) -> Sequence[Asked]:
    """What the orders of this folder asked for, oldest first. Raises UserError where it is none of an engine.

    A price without a known quote, of a quote without a width, or one that still stands, teaches nothing and is left out.
    """
    return [_asked(*cast("_Row", row)) for row in reversed(query(state, _ASKED, max_rows=PRICES_MAX).rows)]


def _asked(
    legs: int,
    root: str,
    expiry: date,
    quantity: int,
    asked_at: datetime,
    until: datetime,
    mid: Decimal,
    natural: Decimal,
    part: float,
    is_filled: bool,
) -> Asked:
    at = asked_at.replace(tzinfo=UTC)
    local = at.astimezone(NEW_YORK)
    tick = tick_for(price_class(root, legs=legs, penny=False), mid)
    return Asked(
        part=part,
        half_width_ticks=float((mid - natural) / tick),
        size=quantity,
        days=float((expiry - trading_day(at)).days),
        hour=local.hour + local.minute / 60,
        legs=legs,
        seconds=(until - asked_at) / timedelta(seconds=1),
        is_filled=is_filled,
    )
