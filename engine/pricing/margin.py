"""What a position ties up by the exchange's rules, to be held against the broker's what-if.

1. Covered positions (every short leg has a long one of the same right that does not expire before it) need the
   most their payoff can lose over all prices, premium apart: the width of a vertical, the wider wing of a condor,
   nothing for debit verticals, long butterflies and long calendars.
2. What is left uncovered is naked: premium plus a share of the underlying less the distance out of the money.
   Naked on both sides needs the greater side plus the premium of the other.

Amounts are dollars unless they say per share. Size a position by its loss, never by this.
Source: FINRA rule 4210 and notice 12-44; Cboe margin manual; IBKR US options margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.pricing.exact import Number, exact
from engine.pricing.payoff import PutCall

UnderlyingKind = Literal["equity", "narrow_etf", "narrow_index", "broad_etf", "broad_index"]

HOUSE_ALLOWANCE = Decimal("1.02")
"""IBKR holds 102% of the cost to close some spreads: plan on the formula times this."""
VIX_SPREAD_EXTRA = Decimal(150)
"""What IBKR adds to the margin of one VIX spread, in USD."""

_BROAD = frozenset({"broad_etf", "broad_index"})
_SHARE, _BROAD_SHARE, _LEAST_SHARE = Decimal("0.20"), Decimal("0.15"), Decimal("0.10")


@dataclass(frozen=True, slots=True)
class MarginLeg:
    """One leg: sign +1 long, -1 short; price per share, None where unknown (then intrinsic value counts)."""

    sign: int
    ratio: int
    put_call: PutCall
    strike: Decimal
    expiry: date
    price: Decimal | None = None


Pair = tuple[MarginLeg, MarginLeg]
"""A short leg and the long leg that covers it, both with the ratio they share."""


@dataclass(frozen=True, slots=True)
class Margin:
    """What a position ties up, in dollars.

    `gross` is the initial margin before the premium is booked, as the broker's what-if shows it; the premium
    received or paid moves the cash: buying_power = gross - credit + debit.
    """

    gross: Decimal
    premium_credit: Decimal
    premium_debit: Decimal

    @property
    def buying_power(self) -> Decimal:
        return self.gross - self.premium_credit + self.premium_debit


@dataclass(frozen=True, slots=True)
class AccountRequirement:
    """Deposit for opening a position, in dollars: in a margin account and in a cash account."""

    margin: Decimal
    cash: Decimal


def initial_margin(
    legs: Sequence[MarginLeg],
    net: Number,
    underlying_price: Number,
    *,
    quantity: int,
    multiplier: int,
    kind: UnderlyingKind = "equity",
) -> Margin:
    """Margin of `quantity` spreads opened for `net` per share, credit > 0."""
    gross = gross_per_share(legs, underlying_price, kind)
    cash, scale = exact(net), quantity * multiplier
    return Margin(gross * scale, max(cash, Decimal(0)) * scale, max(-cash, Decimal(0)) * scale)


def gross_per_share(legs: Sequence[MarginLeg], underlying_price: Number, kind: UnderlyingKind = "equity") -> Decimal:
    """Requirement of one spread per share, premium of covered legs apart.

    Raises ValueError without legs or for a ratio below one.
    """
    _require_sound(legs)
    pairs, naked = _paired(legs)
    return _covered_requirement(legs, pairs) + _naked_requirement(naked, exact(underlying_price), kind)


def as_two_spreads(legs: Sequence[MarginLeg]) -> Decimal:
    """Worst payoffs of the put side and of the call side added, per share.

    IBKR sees a condor only where both wings are equally wide; otherwise it margins two spreads.
    """
    _require_sound(legs)
    puts, calls = ([leg for leg in legs if leg.put_call == right] for right in ("P", "C"))
    return worst_payoff(puts) + worst_payoff(calls)


def broker_gross_per_share(legs: Sequence[MarginLeg], underlying_price: Number, kind: UnderlyingKind = "equity") -> Decimal:
    """`gross_per_share` as IBKR computes it: two spreads where the wings of four legs differ in width."""
    gross = gross_per_share(legs, underlying_price, kind)
    if _paired(legs)[1]:
        return gross
    puts, calls = ([leg for leg in legs if leg.put_call == right] for right in ("P", "C"))
    return gross if _width(puts) == _width(calls) else max(gross, as_two_spreads(legs))


def account_requirement(
    legs: Sequence[MarginLeg],
    underlying_price: Number,
    *,
    quantity: int,
    multiplier: int,
    kind: UnderlyingKind = "equity",
) -> AccountRequirement:
    """Deposit by the Cboe margin manual, from the legs' own prices.

    Covered: the worst payoff less the credit, or plus the debit; the same in cash. Not covered: the long legs are
    paid in full and the naked ones are held by formula or, in cash, by what would fulfil them.
    """
    _require_sound(legs)
    price, scale = exact(underlying_price), quantity * multiplier
    pairs, naked = _paired(legs)
    loss = _covered_requirement(legs, pairs)
    if naked:
        paid = sum((leg.ratio * _premium(leg, price) for leg in legs if leg.sign > 0), Decimal(0))
        by_cash = sum((leg.ratio * _cash_naked(leg, price, kind) for leg in naked), Decimal(0))
        by_margin = _naked_requirement(naked, price, kind)
        return AccountRequirement((loss + paid + by_margin) * scale, (loss + paid + by_cash) * scale)
    net = -sum((leg.sign * leg.ratio * _premium(leg, price) for leg in legs), Decimal(0))
    needed = max(Decimal(0), loss - net) * scale
    return AccountRequirement(needed, needed)


def worst_payoff(legs: Sequence[MarginLeg]) -> Decimal:
    """Most that the payoff of covered legs can cost at expiry over all prices, premium apart, per share.

    A long leg that lives longer counts with its intrinsic value, which it is always worth.
    """
    corners = {Decimal(0), *(leg.strike for leg in legs)}
    payoffs = [sum((leg.sign * leg.ratio * _intrinsic(leg, x) for leg in legs), Decimal(0)) for x in corners]
    return max(Decimal(0), -min(payoffs))


def _require_sound(legs: Sequence[MarginLeg]) -> None:
    if not legs or any(leg.ratio < 1 or leg.sign not in {1, -1} for leg in legs):
        raise ValueError("a position needs at least one leg, each with sign +1 or -1 and a ratio of at least 1")


def _paired(legs: Sequence[MarginLeg]) -> tuple[list[Pair], list[MarginLeg]]:
    """Short legs with the long legs that cover them, and the short legs, or parts of them, that nothing covers.

    A cover has the same right and does not expire first. The longest shorts take theirs before the others, from
    the long legs that expire soonest, so that no cover is wasted. Within one expiry the shorts deepest in the
    money are covered first: the cheapest stay naked.
    """
    longs = sorted((leg for leg in legs if leg.sign > 0), key=_expiry)
    free = [leg.ratio for leg in longs]
    pairs: list[Pair] = []
    naked: list[MarginLeg] = []
    for short in sorted((leg for leg in legs if leg.sign < 0), key=_last_expiry_then_deepest):
        open_ratio = short.ratio
        for i, long in enumerate(longs):
            taken = min(open_ratio, free[i])
            if taken and long.put_call == short.put_call and long.expiry >= short.expiry:
                pairs.append((replace(short, ratio=taken), replace(long, ratio=taken)))
                free[i] -= taken
                open_ratio -= taken
        if open_ratio:
            naked.append(replace(short, ratio=open_ratio))
    return pairs, naked


def _covered_requirement(legs: Sequence[MarginLeg], pairs: Sequence[Pair]) -> Decimal:
    """Worst payoff of the covered shorts with every long that lives as long; expiry by expiry where there are several.

    Only what expires together can be set off over one settlement price.
    """
    expiries = {short.expiry for short, _ in pairs}
    if len(expiries) == 1:
        longs = [leg for leg in legs if leg.sign > 0 and leg.expiry >= min(expiries)]
        return worst_payoff([*longs, *(short for short, _ in pairs)])
    of_one_expiry = ([leg for pair in pairs if pair[0].expiry == expiry for leg in pair] for expiry in expiries)
    return sum((worst_payoff(group) for group in of_one_expiry), Decimal(0))


def _expiry(leg: MarginLeg) -> date:
    return leg.expiry


def _last_expiry_then_deepest(leg: MarginLeg) -> tuple[int, Decimal]:
    return (-leg.expiry.toordinal(), leg.strike if leg.put_call == "C" else -leg.strike)


def _naked_requirement(naked: Sequence[MarginLeg], underlying: Decimal, kind: UnderlyingKind) -> Decimal:
    """The greater naked side plus the premium of the other, per share."""
    need = {"P": Decimal(0), "C": Decimal(0)}
    premium = {"P": Decimal(0), "C": Decimal(0)}
    for leg in naked:
        need[leg.put_call] += leg.ratio * (_premium(leg, underlying) + _risk_of_naked(leg, underlying, kind))
        premium[leg.put_call] += leg.ratio * _premium(leg, underlying)
    return max(need["P"] + premium["C"], need["C"] + premium["P"])


def _risk_of_naked(leg: MarginLeg, underlying: Decimal, kind: UnderlyingKind) -> Decimal:
    """20% of the underlying (15% of a broad index) less the distance out of the money, at least 10%.

    The floor is 10% of the underlying for a call, of the strike for a put.
    """
    share = _BROAD_SHARE if kind in _BROAD else _SHARE
    call = leg.put_call == "C"
    out_of_the_money = max(Decimal(0), leg.strike - underlying if call else underlying - leg.strike)
    floor = _LEAST_SHARE * (underlying if call else leg.strike)
    return max(share * underlying - out_of_the_money, floor)


def _cash_naked(leg: MarginLeg, underlying: Decimal, kind: UnderlyingKind) -> Decimal:
    """Cash that fulfils a naked short leg, less its premium, per share: the strike, or the share itself for a call."""
    held = underlying if leg.put_call == "C" and kind == "equity" else leg.strike
    return held - _premium(leg, underlying)


def _premium(leg: MarginLeg, underlying: Decimal) -> Decimal:
    return _intrinsic(leg, underlying) if leg.price is None else leg.price


def _intrinsic(leg: MarginLeg, x: Decimal) -> Decimal:
    return max(Decimal(0), x - leg.strike if leg.put_call == "C" else leg.strike - x)


def _width(side: Sequence[MarginLeg]) -> Decimal:
    strikes = [leg.strike for leg in side]
    return max(strikes) - min(strikes) if strikes else Decimal(0)
