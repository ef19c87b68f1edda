"""Plain data: what every row of the faces is made of."""

from datetime import datetime
from decimal import Decimal

Row = dict[str, object]


def age_s(then: datetime | None, now: datetime) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())


def number(amount: Decimal | None) -> float | None:
    """The amount for a face; None where it is unknown, and where nothing bounds it: JSON has no word for that."""
    return None if amount is None or not amount.is_finite() else float(amount)
