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
    iv: float | None = None
    """Decimal per root year."""


@dataclass(frozen=True, slots=True)
class View:
    """The expected value at a volatility of the trader's own."""

    at: str
    """As the strategy names it: realized_vol(20 days), or 18%."""
    volatility: float | None
    """Decimal per root year."""
    expected_value: float | None
    """USD, present value after fees, every leg at that volatility."""


@dataclass(frozen=True, slots=True)
class Shifted:
    """What a spread of two expiries comes to when the first ends, were the volatility of what is bought another by then."""

    points: int
    """Points of volatility above what it is now, below where negative."""
    max_profit: float
    """USD of one spread, fees apart."""
    breakevens: tuple[float, ...]
    pop: float | None
    """Chance of a profit after fees."""


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
    """USD, present value after fees at the smile that `pop` is read from: about minus the fees."""
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
    forward: float | None = None
    """USD per share, for the settlement instant."""
    forward_from: str | None = None
    """What the forward comes from, in the words of FORWARD_FROM."""
    spot: float | None = None
    age_s: float | None = None
    """Seconds since the oldest quote was told that one of the numbers comes from."""
    views: tuple[View, ...] = ()
    band: tuple[Shifted, ...] = ()
    """Of two expiries: the same at -5, 0 and +5 points of volatility of what is bought; 0 is what the numbers above say."""

    def net_decimal(self) -> Decimal:
        """Net at mid as money: mids of quotes have at most half a cent more digits than the quotes."""
        return Decimal(repr(round(self.net, 6)))


def candidate_name(strategy: str, key: str) -> str:
    """What one spread of one strategy is called, the same as long as it is that; `key` is the spread's."""
    return f"{strategy}:{key}"


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
                "iv": _told(quote.iv),
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
        "forward": _told(candidate.forward),
        "forward_from": candidate.forward_from,
        "spot": _told(candidate.spot),
        "age_s": _told(candidate.age_s),
        "views": [
            {"at": view.at, "volatility": _told(view.volatility), "expected_value": _told(view.expected_value)}
            for view in candidate.views
        ],
        "band": [
            {
                "points": one.points,
                "max_profit": _told(one.max_profit),
                "breakevens": [_told(price) for price in one.breakevens],
                "pop": _told(one.pop),
            }
            for one in candidate.band
        ],
    }


def _told(value: float | None) -> float | None:
    # Adding 0 turns the -0.0 that rounding may leave into 0.0.
    return None if value is None else round(value, DIGITS) + 0.0
