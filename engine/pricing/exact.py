"""Numbers as the trader writes them: a binary float becomes the shortest decimal that names it.

Decimal(0.1) would be 0.1000000000000000055; rounding up to a tick would then move a price that lies on the tick.
"""

from __future__ import annotations

from decimal import Decimal

Number = Decimal | int | float


def exact(value: Number) -> Decimal:
    """The decimal a trader would write for `value`. Raises ValueError when it is not finite."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value} is not a finite number")
    return number
