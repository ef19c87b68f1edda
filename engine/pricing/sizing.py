"""How many spreads: every method gives a whole number, rounded down, and the smallest of all caps wins.

Risk is the most that can be lost, never margin. A loss of zero or less is a bad quote, an account without value
has nothing to risk: both give zero spreads. Amounts are dollars for one spread unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from engine.pricing.exact import Number, exact

KELLY_SHARE = Decimal("0.25")
"""Most of the Kelly fraction that is ever used: the edge it is computed from is an estimate."""


def fixed(quantity: int, max_loss: Number) -> int:
    """`quantity` spreads, none where the loss is not above zero."""
    return max(0, quantity) if exact(max_loss) > 0 else 0


def by_risk(risk: Number, max_loss: Number, fees: Number = 0) -> int:
    """Spreads whose losses and round-trip fees together stay within `risk` dollars."""
    loss, budget = exact(max_loss), exact(risk)
    if loss <= 0 or budget <= 0:
        return 0
    return _floor(budget / (loss + _cost(fees)))


def by_net_liquidation(
    net_liquidation: Number, share: Number, max_loss: Number, fees: Number = 0, max_contracts: int | None = None
) -> int:
    """Spreads that risk `share` (decimal) of the account's net liquidation value, at most `max_contracts`."""
    worth = exact(net_liquidation)
    if worth <= 0:
        return 0
    spreads = by_risk(worth * exact(share), max_loss, fees)
    return spreads if max_contracts is None else smallest((spreads, max_contracts))


def by_stop(
    risk: Number,
    stop_multiple: Number,
    credit: Number,
    multiplier: int,
    max_loss: Number,
    fees: Number = 0,
    slippage: Number = 0,
) -> int:
    """Spreads whose loss at the stop stays within `risk` dollars, capped by the same budget over the full loss.

    The loss counted is stop_multiple x credit (per share) x multiplier, plus slippage and fees in dollars. A stop
    gaps, therefore the cap.
    """
    at_stop = exact(stop_multiple) * exact(credit) * multiplier + _cost(slippage)
    return smallest((by_risk(risk, at_stop, fees), by_risk(risk, max_loss, fees)))


def kelly_fraction(p_win: Number, win: Number, loss: Number) -> Decimal:
    """Share of equity to put at risk for the fastest growth: f = p - (1 - p) / (win / loss); negative means do not.

    `p_win` must come from a forecast after costs: with the risk-neutral chance the answer is about zero or less.
    Raises ValueError for a win or a loss not above zero or a chance outside 0..1.
    """
    p, won, lost = exact(p_win), exact(win), exact(loss)
    if won <= 0 or lost <= 0 or not 0 <= p <= 1:
        raise ValueError(f"chance {p_win}, win {win}, loss {loss}: the chance is 0 to 1, win and loss are above zero")
    return p - (1 - p) * lost / won


def kelly_share(p_win: Number, win: Number, loss: Number, multiplier: Number = KELLY_SHARE) -> Decimal:
    """Share of equity to risk: `multiplier` of the Kelly fraction, zero where that is not above zero."""
    return max(Decimal(0), kelly_fraction(p_win, win, loss)) * exact(multiplier)


def by_kelly(
    net_liquidation: Number,
    p_win: Number,
    win: Number,
    loss: Number,
    fees: Number = 0,
    multiplier: Number = KELLY_SHARE,
) -> int:
    """Spreads that risk the used share of Kelly; zero where win or loss is not above zero. An upper cap."""
    if exact(win) <= 0 or exact(loss) <= 0:
        return 0
    return by_net_liquidation(net_liquidation, kelly_share(p_win, win, loss, multiplier), loss, fees)


def scaled_by_volatility(quantity: int, target: Number, current: Number) -> int:
    """`quantity` x target / current volatility; zero where the current one is not above zero."""
    now = exact(current)
    return _floor(max(0, quantity) * exact(target) / now) if now > 0 else 0


def smallest(caps: Sequence[int]) -> int:
    """The smallest of all caps, never below zero; zero without any."""
    return max(0, min(caps, default=0))


def _cost(amount: Number) -> Decimal:
    """A cost that would raise the size is a rebate nobody has promised: it counts as zero."""
    return max(Decimal(0), exact(amount))


def _floor(spreads: Decimal) -> int:
    return max(0, int(spreads.to_integral_value(rounding=ROUND_FLOOR)))
