"""What a position ties up by the exchange's rules, to be held against the broker's what-if.

1. Covered positions (every short leg has a long one of the same right that does not expire before it) need the
   most their payoff can lose over all prices, premium apart: the width of a vertical, the wider wing of a condor,
   nothing for debit verticals, long butterflies and long calendars.
2. What is left uncovered is naked: premium plus a share of the underlying less the distance out of the money.
   Naked on both sides needs the greater side plus the premium of the other.
3. IBKR sets puts off against calls only where a sold put spread meets a sold call spread of the same expiry and width,
   and holds 102% of the cost to close such a condor where that is more than its width.

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
"""IBKR holds 102% of the cost to close a condor: plan on the formula times this.

Recorded of SPY at 410: a condor 300/310/320/330 of calls and puts needed 1,001 and 1,018 for 1,000 of width.
"""
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


def is_covered(legs: Sequence[MarginLeg]) -> bool:
    """Whether every short leg has a long one of its right that does not expire before it."""
    return not _paired(legs)[1]


def broker_gross_per_share(
    legs: Sequence[MarginLeg], underlying_price: Number, kind: UnderlyingKind = "equity", *, extra: Number = 0
) -> Decimal:
    """`gross_per_share` as IBKR computes it, for one combination or for all that is held of one underlying.

    Puts and calls of one expiry are one condor where their spreads are equally wide, else two spreads whose
    requirements add up. `extra` is what the broker adds to each spread that it counts, per share: of VIX.
    """
    _require_sound(legs)
    pairs, naked = _paired(legs)
    condors = _condors(pairs)
    covered = sum((_broker_covered(group, condors) for group in _settling_together(legs, pairs)), Decimal(0))
    house = sum((condor.ratio * condor.above_width for condor in condors), Decimal(0))
    spreads = sum(short.ratio for short, _ in pairs) - sum(condor.ratio for condor in condors)
    return covered + house + spreads * exact(extra) + _naked_requirement(naked, exact(underlying_price), kind)


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
    money are covered first, by the longs deepest in it: the cheapest stay naked.
    """
    longs = sorted((leg for leg in legs if leg.sign > 0), key=_first_expiry_then_deepest)
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
    """Worst payoff of the covered shorts with every long that lives as long; expiry by expiry where there are several."""
    return sum((worst_payoff(group) for group in _settling_together(legs, pairs)), Decimal(0))


def _settling_together(legs: Sequence[MarginLeg], pairs: Sequence[Pair]) -> list[list[MarginLeg]]:
    """The covered shorts of each expiry with their covers; of a single one with every long that lives as long.

    Only what expires together can be set off over one settlement price.
    """
    expiries = sorted({short.expiry for short, _ in pairs})
    if len(expiries) == 1:
        longs = [leg for leg in legs if leg.sign > 0 and leg.expiry >= expiries[0]]
        return [[*longs, *(short for short, _ in pairs)]]
    return [[leg for pair in pairs if pair[0].expiry == expiry for leg in pair] for expiry in expiries]


@dataclass(frozen=True, slots=True)
class _Condor:
    """A sold put spread and a sold call spread of one expiry that are equally wide; `width` and `above_width` per share."""

    expiry: date
    width: Decimal
    ratio: int
    above_width: Decimal
    """What the house asks beyond the width; 0 where a price is unknown."""


def _condors(pairs: Sequence[Pair]) -> list[_Condor]:
    """The condors that the broker sees, the same pair of legs in none of two."""
    puts, calls = ([pair for pair in pairs if pair[0].put_call == right and _is_sold(pair)] for right in ("P", "C"))
    free = [short.ratio for short, _ in calls]
    found: list[_Condor] = []
    for put in puts:
        open_ratio = put[0].ratio
        for i, call in enumerate(calls):
            taken = min(open_ratio, free[i])
            if taken and _width(put) == _width(call) and put[0].expiry == call[0].expiry:
                found.append(_Condor(put[0].expiry, _width(put), taken, _above_width(put, call)))
                free[i] -= taken
                open_ratio -= taken
    return found


def _is_sold(pair: Pair) -> bool:
    """Whether the pair is a credit spread of one expiry: its short leg is the dearer one."""
    short, long = pair
    is_dearer = long.strike < short.strike if short.put_call == "P" else long.strike > short.strike
    return short.expiry == long.expiry and is_dearer


def _width(pair: Pair) -> Decimal:
    return abs(pair[0].strike - pair[1].strike)


def _above_width(put: Pair, call: Pair) -> Decimal:
    cost = Decimal(0)
    for leg in (*put, *call):
        if leg.price is None:
            return Decimal(0)
        cost -= leg.sign * leg.price
    return max(Decimal(0), HOUSE_ALLOWANCE * cost - _width(put))


def _broker_covered(group: Sequence[MarginLeg], condors: Sequence[_Condor]) -> Decimal:
    """Both sides of one expiry added, less the narrower side of each condor; never below the worst payoff of all."""
    expiry = min(leg.expiry for leg in group if leg.sign < 0)
    puts, calls = (worst_payoff([leg for leg in group if leg.put_call == right]) for right in ("P", "C"))
    met = sum((condor.ratio * condor.width for condor in condors if condor.expiry == expiry), Decimal(0))
    return max(worst_payoff(group), puts + calls - min(met, puts, calls))


def _first_expiry_then_deepest(leg: MarginLeg) -> tuple[date, Decimal]:
    return (leg.expiry, _depth(leg))


def _last_expiry_then_deepest(leg: MarginLeg) -> tuple[int, Decimal]:
    return (-leg.expiry.toordinal(), _depth(leg))


def _depth(leg: MarginLeg) -> Decimal:
    """Less where the leg is deeper in the money."""
    return leg.strike if leg.put_call == "C" else -leg.strike


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
