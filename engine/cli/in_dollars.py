"""What a strategy comes to in an account of a given size: what a position may lose, and how many spreads that is."""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from engine.cli.money import dollars, price
from engine.cli.sized import usd_of
from engine.strategy.account import Account
from engine.strategy.model import Strategy
from engine.strategy.spelled import spelled
from engine.strategy.validation.reach import least_of_width
from engine.strategy.values.meaning import Amount, ShareOf

_SHARES = 100
_LIKELY = Decimal("0.5")
"""A credit above this part of the width is nothing to wait for."""


def in_dollars(strategy: Strategy, account: Account, net_liquidation: Decimal) -> Iterator[str]:
    """Sentences with amounts in USD, by the file and by the limits of the account, whichever are narrower."""
    asked, shared = strategy.sizing.risk, account.risk.per_trade
    allowed = _least(asked, shared, net_liquidation)
    if allowed is None:
        yield f"One position may lose {spelled(asked)}, and {spelled(shared)} by account.yaml."
    else:
        yield f"One position may lose {dollars(allowed)}{_narrower(asked, shared, net_liquidation)}."
        yield from _fitting(strategy, account, allowed)
    together = _least(strategy.limits.open_risk or account.risk.per_strategy, account.risk.per_strategy, net_liquidation)
    day = _least(account.risk.new_per_day, account.risk.new_per_day, net_liquidation)
    if together is not None and day is not None:
        together = together if allowed is None else min(together, allowed * strategy.limits.open)
        yield f"All that is open of it may lose {dollars(together)}, and what all strategies open on one day {dollars(day)}."


def _narrower(asked: Amount, shared: Amount, net_liquidation: Decimal) -> str:
    if usd_of(shared, net_liquidation) < usd_of(asked, net_liquidation):
        return f": account.yaml allows {spelled(shared)}, which is less than the {spelled(asked)} of this file"
    return f", {spelled(asked)}" if isinstance(asked, ShareOf) else ""


def _fitting(strategy: Strategy, account: Account, allowed: Decimal) -> Iterator[str]:
    """How many spreads one position may have, where the file says how much one loses at most."""
    span = strategy.spread.span
    if span is None or strategy.spread.pays != "credit":
        return
    part = 1 - Decimal(str(least_of_width(strategy, "credit") or 0))
    least, most = (width * _SHARES * part for width in (span.low, span.high))
    loses = dollars(least) if least == most else f"{dollars(least)} to {dollars(most)}"
    wide = f"${span.low:,} wide" if span.low == span.high else f"${span.low:,} to ${span.high:,} wide"
    counts, contracts = account.counts, strategy.sizing.contracts
    bound = min(contracts.high, counts.contracts_per_order, counts.contracts_per_trade)
    few, many = (min(bound, int((allowed / loss).to_integral_value(ROUND_FLOOR))) for loss in (most, least))
    begins = f"One spread {wide} loses at most about {loses}"
    if many >= contracts.low:
        fits = f"{many}" if few == many else f"{max(few, contracts.low)} to {many}" if few else f"at most {many}"
        yield f"{begins}, so a position has {fits} of them."
        return
    needed = span.low - allowed / _SHARES / contracts.low
    if needed <= span.low * _LIKELY:
        yield f"{begins}: it opens only what brings {price(needed)} a share or more."
    else:
        yield f"{begins}: nothing of it fits, and it opens nothing. Take a narrower width, or a smaller underlying such as XSP."


def _least(one: Amount, other: Amount, net_liquidation: Decimal) -> Decimal | None:
    """USD of the smaller one; None where one is no share of net liquidation."""
    if any(isinstance(amount, ShareOf) and amount.base != "net liquidation" for amount in (one, other)):
        return None
    return min(usd_of(one, net_liquidation), usd_of(other, net_liquidation))
