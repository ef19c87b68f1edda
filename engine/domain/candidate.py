"""A candidate: one spread that a strategy's filters and rules let through, with its numbers."""

from dataclasses import dataclass
from decimal import Decimal

from engine.domain.spread import Spread

DIGITS = 8
"""Decimals of a number as it is shown and kept: far beyond what is quoted, short of where binary fractions begin to show."""


@dataclass(frozen=True, slots=True)
class LegQuote:
    """What the snapshot said about one leg, USD per share."""

    bid: float | None
    ask: float | None
    delta: float | None
    """Delta of one long option: negative for puts."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Amounts are for ONE spread; None where a number is not known."""

    strategy: str
    spread: Spread
    quotes: tuple[LegQuote, ...]
    """One a leg, in the order of the spread's legs."""
    net: float
    """USD per share at mid; credit > 0, debit < 0."""
    natural: float
    """USD per share when every leg pays the ask or hits the bid; never better than net."""
    width: float
    """USD per share."""
    max_profit: float
    """USD, fees apart."""
    max_loss: float
    """USD, positive, fees apart."""
    fees: float
    """USD, estimated commission to open and to close."""
    breakevens: tuple[float, ...]
    pop: float | None
    """Risk-neutral probability of a profit after fees at expiry, 0 to 1."""
    expected_value: float | None
    """USD at expiry after fees, at the at-the-money volatility of the expiry."""
    return_on_risk: float | None
    """Max profit over max loss."""
    delta: float | None
    """Shares of the underlying one spread behaves like, divided by the multiplier; gamma, theta (USD per share and
    calendar day) and vega (USD per share and volatility point) are per share too."""
    gamma: float | None
    theta: float | None
    vega: float | None
    score: float
    """Value of the strategy's rank expression; higher is better."""
    rank: int
    """1 is the best of its strategy in this snapshot."""

    def net_decimal(self) -> Decimal:
        """Net at mid as money: mids of quotes have at most half a cent more digits than the quotes."""
        return Decimal(repr(round(self.net, 6)))


def candidate_row(candidate: Candidate) -> dict[str, object]:
    """The candidate as plain data, the same in the scan, the API and the history; absent values are None.

    Numbers are rounded to `DIGITS` decimals: a credit of 0.97 is told as 0.97 and not as 0.9699999999999998.
    """
    legs: list[dict[str, object]] = []
    for leg, quote in zip(candidate.spread.legs, candidate.quotes, strict=True):
        contract = leg.contract
        legs.append(
            {
                "action": leg.action,
                "ratio": leg.ratio,
                "expiry": contract.expiry.isoformat(),
                "strike": _told(float(contract.strike)),
                "put_call": contract.put_call,
                "bid": _told(quote.bid),
                "ask": _told(quote.ask),
                "delta": _told(quote.delta),
            }
        )
    return {
        "strategy": candidate.strategy,
        "underlying": candidate.spread.underlying,
        "root": candidate.spread.root,
        "legs": legs,
        "net": _told(candidate.net),
        "natural": _told(candidate.natural),
        "width": _told(candidate.width),
        "max_profit": _told(candidate.max_profit),
        "max_loss": _told(candidate.max_loss),
        "fees": _told(candidate.fees),
        "breakevens": [_told(price) for price in candidate.breakevens],
        "pop": _told(candidate.pop),
        "expected_value": _told(candidate.expected_value),
        "return_on_risk": _told(candidate.return_on_risk),
        "delta": _told(candidate.delta),
        "gamma": _told(candidate.gamma),
        "theta": _told(candidate.theta),
        "vega": _told(candidate.vega),
        "score": _told(candidate.score),
        "rank": candidate.rank,
    }


def _told(value: float | None) -> float | None:
    # Adding 0 turns the -0.0 that rounding may leave into 0.0.
    return None if value is None else round(value, DIGITS) + 0.0
