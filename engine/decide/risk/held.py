"""What is held and on its way against the limits of account.yaml, without any opening: how much of each limit is used.

The same measures as the gates', so that a person sees the numbers that the next opening will be held against.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.decide.entry.size import usd
from engine.decide.quotes import Rows
from engine.decide.risk.exposure import exposure
from engine.decide.risk.greeks import Line, lines, loss_of_move, loss_of_volatility, worst_move
from engine.decide.rulebook import Rulebook
from engine.domain.snapshot import Snapshot
from engine.strategy.account import Account

Measured = Literal["delta", "gamma", "vega", "stress", "total"]
NO_WORTH = "the account's worth is not known"
NO_VOLATILITY = "a leg has no volatility now"


@dataclass(frozen=True, slots=True)
class HeldLimit:
    """One limit of the account, and what of it everything that is held and on its way uses."""

    name: Measured
    text: str
    """What is lost so, in words."""
    loss: Decimal | None
    """USD, at least 0; None where it is not known."""
    limit: Decimal | None
    """USD; None where it is not known."""
    obstacle: str | None
    """Why one of them is not known; None where both are."""


def moves(legs: Sequence[Line], account: Account) -> Iterator[tuple[Measured, str, Decimal, Decimal]]:
    """The limits of moves: name, the move in words, what these legs lose by it in USD, the limit as a share of the account."""
    greeks, stress, rate = account.greeks, account.stress, float(account.pricing.rate)
    near = [leg for leg in legs if leg.dte <= greeks.gamma_days]
    spots = [float(move) for move in stress.spot]
    volatilities = [float(change) for change in stress.volatility]
    soon = f"3% either way, of what ends within {greeks.gamma_days} days"
    grid = f"the worst of {_shares(stress.spot)} in price and {_shares(stress.volatility)} of volatility"
    yield "delta", "1% either way", _cents(loss_of_move(legs, 0.01, rate)), greeks.delta
    yield "vega", "10 points of volatility", _cents(loss_of_volatility(legs, 0.10, rate)), greeks.vega
    yield "gamma", soon, _cents(loss_of_move(near, 0.03, rate)), greeks.gamma
    yield "stress", grid, _cents(-worst_move(legs, spots, volatilities, rate)), stress.worst_loss


def held_limits(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> tuple[HeldLimit, ...]:
    """Each limit with what is used of it, those of moves first."""
    account, worth = rulebook.account, snapshot.account.net_liquidation
    held = exposure(snapshot.ledger, snapshot.at)
    legs = lines(held.holdings, rows)
    no_worth = NO_WORTH if worth is None else None
    found: list[HeldLimit] = []
    for name, text, loss, share in moves(legs or (), account):
        limit = None if worth is None else share * worth
        found.append(HeldLimit(name, text, None if legs is None else loss, limit, NO_VOLATILITY if legs is None else no_worth))
    most = usd(account.risk.total, snapshot.account)
    return (*found, HeldLimit("total", "all maximum losses together", held.risk(), most, None if most is not None else NO_WORTH))


def _cents(amount: float) -> Decimal:
    return Decimal(repr(round(amount, 2)))


def _shares(shares: Sequence[Decimal]) -> str:
    return ", ".join(f"{share:.0%}" for share in shares)
