"""Which options are worth a market data line: what is held first, then what the strategies could trade, best guesses first.

A broker streams about a hundred lines while a chain has thousands of options: the choice is part of deciding. Each strategy gets
whole combinations, the likeliest first, in turns with the others; those that cannot open now get what is left. Deltas are guessed
from the 30-day volatility of the underlying; once quotes flow, from the volatilities of the strikes that quote.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from heapq import nsmallest
from itertools import chain, islice, zip_longest
from typing import TypeVar

import numpy as np
from scipy.special import ndtr

from engine.decide.roll_lines import expiries_of, expiry_rules, kept_strikes
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.contract import Contract
from engine.domain.index_classes import trades_itself
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day, years_between
from engine.domain.structure import PutCall
from engine.strategy.model import Strategy
from engine.strategy.spreads.structure import Structure
from engine.strategy.values.meaning import DeltaRange, ExpiryRule, StrikeAt, StrikePlace, WidthRange

_Thing = TypeVar("_Thing")
Series = tuple[str, date]
"""Root and expiry."""

GUESSED_IV = 0.20
"""Where the volatility of an underlying is not known yet: about the long-run mean of large indices."""
SLACK = 1.6
"""How far outside the wanted deltas a guess may lie, as a factor: the smile is not in the guess."""
PARTNERS_MAX = 3
"""Long legs watched for each short one: the narrowest, the widest and one between; more shorts are worth more than widths."""
PAIRS_SHARE = 10
"""Of so many lines one at most is for the pairs that the forwards come from."""
PAIRS_TURN_S = 300.0
"""Where they are too many for that, others have their turn each time that lines are chosen anew."""
SAME_STRIKE = WidthRange(Decimal(0), Decimal(0))
"""How far from the sold strike a calendar buys."""
ATM_STRIKES = 2
"""Strikes around the spot that every watched expiry needs for its at-the-money volatility, after its first combination."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What is known of an underlying before its options quote."""

    spot: float
    """The level that options are priced off: of a volatility index its future, where that is known."""
    iv: float | None
    volatilities: Mapping[int, float] = field(default_factory=dict[int, float])
    """Implied volatilities of the options that quote, by contract number, a year."""


_AT_THE_MONEY = DeltaRange(Decimal("0.35"), Decimal("0.65"), Decimal("0.5"))
"""Of the strike nearest to the price, whichever way it was guessed."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A leg that is sold, and how far below and above it legs are bought."""

    put_call: PutCall
    band: DeltaRange | None
    below: WidthRange | None = None
    above: WidthRange | None = None


def subscriptions(
    strategies: Sequence[Strategy],
    contracts: Iterable[Contract],
    guesses: Mapping[str, Guess],
    ledger: Ledger,
    now: datetime,
    most: int,
    calendar: Calendar = WEEKDAYS,
    idle: Collection[str] = (),
    near: Iterable[Contract] = (),
) -> list[Contract]:
    """At most so many contracts worth a line, most important first, each once; what is held always counts.

    `near` are legs of what may pass: they come next. `idle` names the strategies that cannot open now: they come after all
    others. A class whose last trading session is over is watched no more.
    """
    listed = still_traded(contracts, now, calendar)

    def turns_of(searching: Iterable[Strategy]) -> Iterator[Contract]:
        searches = [
            _for_strategy(strategy, rules, listed[name], guesses[name], now, calendar)
            for strategy in searching
            for rules in expiry_rules(strategy, ledger, trading_day(now))
            for name in strategy.universe
            if name in listed and name in guesses
        ]
        return _in_turns(searches)

    enabled = [strategy for strategy in strategies if strategy.enabled]
    turns = chain(turns_of(one for one in enabled if one.name not in idle), turns_of(one for one in enabled if one.name in idle))
    held = list(dict.fromkeys(held_options(ledger)))
    kept = kept_strikes(enabled, listed, ledger, now, calendar)
    chosen = dict.fromkeys((*held, *kept, *near, *islice(_each_once(turns), max(0, most))))
    pairs = _pairs(chosen, listed, guesses, now, max(0, most) // PAIRS_SHARE)
    return list(dict.fromkeys((*held, *pairs, *chosen)))[: max(most, len(held))]


def still_traded(contracts: Iterable[Contract], now: datetime, calendar: Calendar) -> dict[str, dict[Series, list[Contract]]]:
    """The contracts that still trade, by underlying, root and expiry."""
    listed: dict[str, dict[Series, list[Contract]]] = {}
    for contract in contracts:
        listed.setdefault(contract.underlying, {}).setdefault((contract.root, contract.expiry), []).append(contract)
    return {
        underlying: {key: one for key, one in of.items() if calendar.trades_until(one[0].rule, one[0].expiry) > now}
        for underlying, of in listed.items()
    }


def _pairs(
    watched: Iterable[Contract],
    listed: Mapping[str, Mapping[Series, Sequence[Contract]]],
    guesses: Mapping[str, Guess],
    now: datetime,
    most: int,
) -> list[Contract]:
    """A call and a put of one strike at the money of the watched expiries, from which their forwards come.

    What is watched already costs nothing; of the rest at most so many lines, where these are too few in turns. Of what trades
    itself three expiries of a class are enough, the carry between them lies on a line; what does not needs a pair for each.
    """
    wanted_days: dict[tuple[str, str], set[date]] = {}
    known = set(watched)
    for one in known:
        if one.underlying in guesses:
            wanted_days.setdefault((one.underlying, one.root), set()).add(one.expiry)
    pairs: list[tuple[Contract, Contract]] = []
    for (underlying, root), days in sorted(wanted_days.items()):
        series = listed.get(underlying, {})
        for day in _asked(sorted(days), every=not trades_itself(underlying)):
            pair = _at_the_money(series.get((root, day), ()), guesses[underlying].spot)
            if pair is not None:
                pairs.append(pair)
    first = int(now.timestamp() // PAIRS_TURN_S) % len(pairs) if pairs else 0
    taken: dict[Contract, None] = {}
    for pair in (*pairs[first:], *pairs[:first]):
        more = [one for one in pair if one not in known and one not in taken]
        if len(more) <= most:
            most -= len(more)
            taken |= dict.fromkeys(pair)
    return list(taken)


def _asked(days: Sequence[date], *, every: bool) -> list[date]:
    """The nearest, the middle and the farthest day, or every one."""
    return list(days) if every or len(days) <= 3 else [days[0], days[len(days) // 2], days[-1]]


def _at_the_money(options: Sequence[Contract], level: float) -> tuple[Contract, Contract] | None:
    sides: dict[Decimal, dict[str, Contract]] = {}
    for contract in options:
        sides.setdefault(contract.strike, {})[contract.put_call] = contract
    both = [strike for strike, of in sides.items() if len(of) == 2]
    if not both:
        return None
    strike = min(both, key=lambda strike: (abs(float(strike) - level), strike))
    return sides[strike]["C"], sides[strike]["P"]


def held_options(ledger: Ledger) -> Iterator[Contract]:
    """Options; shares are watched as underlyings."""
    legs = [leg for position in ledger.open_positions() for leg in position.legs]
    legs += [leg for order in ledger.working() for leg in order.spread.legs]
    yield from (leg.contract for leg in legs if not leg.contract.is_share)
    yield from ledger.ladder.contracts


def _for_strategy(
    strategy: Strategy,
    rules: tuple[ExpiryRule, ...],
    listed: Mapping[Series, Sequence[Contract]],
    guess: Guess,
    now: datetime,
    calendar: Calendar,
) -> Iterator[Contract]:
    """Its likeliest combination of every expiry, then the second of every one, and so on."""
    series = {(group[0].rule, day) for (_, day), group in listed.items()}
    days, *later = (expiries_of(rule, series, now, calendar) for rule in rules)
    anchors, roots = anchors_of(strategy.spread), sorted({root for root, _ in listed})
    pairs = [(day, other) for day in days for other in (later[0] if later else [day]) if other > day or not later]
    groups = [
        (listed[root, day], listed[root, other])
        for day, other in pairs
        for root in roots
        if (root, day) in listed and (root, other) in listed
    ]
    units = _in_turns([_combinations(anchors, *both, guess, now, calendar) for both in groups])
    return _each_once(contract for unit in units for contract in unit)


def _combinations(
    anchors: Sequence[Anchor],
    group: Sequence[Contract],
    bought: Sequence[Contract],
    guess: Guess,
    now: datetime,
    calendar: Calendar,
) -> Iterator[list[Contract]]:
    """The contracts of each combination of one class, sold of one expiry and bought of the same or a later one, likeliest first;
    beside the first what their volatilities need."""
    sides = [(anchor, of_right(group, anchor.put_call), of_right(bought, anchor.put_call)) for anchor in anchors]
    found = [_around(anchor, side, others, guess, now, calendar) for anchor, side, others in sides if side]
    near = [
        nsmallest(ATM_STRIKES, some, key=lambda contract: (abs(float(contract.strike) - guess.spot), contract.strike))
        for _, side, others in sides
        for some in ((side,) if bought is group else (side, others))
    ]
    units = zip_longest(*found, fillvalue=())
    yield [*_in_turns(next(units, ())), *_in_turns(near)]
    yield from (list(_in_turns(unit)) for unit in units)


def of_right(contracts: Sequence[Contract], right: PutCall) -> list[Contract]:
    return [contract for contract in contracts if contract.put_call == right]


def anchors_of(spread: Structure) -> list[Anchor]:
    """Every leg that is sold, with how far below and above it the legs are bought that it meets."""
    anchors: list[Anchor] = []
    shape = spread.shape
    for leg in (one for one in shape.legs if one.action == "sell"):
        reaches: dict[str, WidthRange | None] = {"below": None, "above": None}
        for join in shape.joins:
            other = join.leg if join.meets == leg.role else join.meets if join.leg == leg.role else None
            if other is not None and shape.leg(other).action == "buy":
                is_below = join.how == "below" if other == join.leg else join.how == "above"
                reaches["below" if is_below else "above"] = spread.reach_of(join.leg) or SAME_STRIKE
        is_atm = any(
            isinstance(one, StrikeAt) or (isinstance(one, StrikePlace) and one.nearest == 0) for one in spread.places_of(leg.role)
        )
        # A bought leg of the same strike has about the same delta, whenever it expires.
        twin = next((join.leg for join in shape.joins if join.meets == leg.role and join.how == "same strike"), leg.role)
        band = spread.delta_of(leg.role) or (spread.delta_of(twin) if shape.is_later(twin) else None)
        anchors.append(Anchor(leg.put_call, band or (_AT_THE_MONEY if is_atm else None), **reaches))
    return anchors


def _around(
    anchor: Anchor, side: Sequence[Contract], bought: Sequence[Contract], guess: Guess, now: datetime, calendar: Calendar
) -> Iterator[list[Contract]]:
    """Each short leg, nearest to the middle of the wanted deltas first, with its partners, narrowest first."""
    by_strike = {contract.strike: contract for contract in bought}
    band = anchor.band
    middle, low, high = 0.3, 0.0, 1.0
    if band is not None:
        middle = (float(band.low) + float(band.high)) / 2 if band.nearest is None else float(band.nearest)
        low, high = float(band.low) / SLACK, float(band.high) * SLACK
    deltas = guessed_deltas(side, guess, now, calendar)
    inside = [(abs(delta - middle), contract) for delta, contract in zip(deltas, side, strict=True) if low <= delta <= high]
    strikes = sorted(by_strike)
    for _, short in sorted(inside, key=lambda pair: (pair[0], pair[1].strike)):
        reaches: list[Sequence[Decimal]] = []
        if anchor.below is not None:
            reaches.append(within(strikes, short.strike - anchor.below.high, short.strike - anchor.below.low)[::-1])
        if anchor.above is not None:
            reaches.append(within(strikes, short.strike + anchor.above.low, short.strike + anchor.above.high))
        partners = _in_turns([_spaced(reach, PARTNERS_MAX) for reach in reaches])
        yield [short, *(by_strike[strike] for strike in partners)]


def _each_once(things: Iterable[_Thing]) -> Iterator[_Thing]:
    seen: set[_Thing] = set()
    for one in things:
        if one not in seen:
            seen.add(one)
            yield one


def _in_turns(lists: Iterable[Iterable[_Thing]]) -> Iterator[_Thing]:
    """The first of each, then the second of each, and so on to the end of the longest."""
    return (one for turn in zip_longest(*lists) for one in turn if one is not None)


def within(strikes: Sequence[Decimal], low: Decimal, high: Decimal) -> Sequence[Decimal]:
    return strikes[bisect_left(strikes, low) : bisect_right(strikes, high)]


def _spaced(strikes: Sequence[Decimal], most: int) -> list[Decimal]:
    """At most so many of the strikes, evenly spaced and both ends among them."""
    if len(strikes) <= most:
        return list(strikes)
    return [strikes[round(n * (len(strikes) - 1) / (most - 1))] for n in range(most)]


def guessed_deltas(options: Sequence[Contract], guess: Guess, now: datetime, calendar: Calendar = WEEKDAYS) -> list[float]:
    """Absolute Black-Scholes deltas of contracts of one expiry and root, without carry.

    The volatility is that of the nearest strikes that quote, and the one of 30 days where none does.
    """
    first = options[0]
    years = years_between(now, calendar.settles_at(first.rule, first.expiry))
    if years <= 0:
        return [0.0] * len(options)
    strikes = np.array([float(contract.strike) for contract in options])
    iv = np.full(len(options), guess.iv or GUESSED_IV)
    quoting = [one for one in options if one.con_id in guess.volatilities]
    if known := sorted((float(one.strike), guess.volatilities[one.con_id]) for one in quoting):
        iv = np.interp(strikes, [strike for strike, _ in known], [volatility for _, volatility in known])
    d1 = (np.log(guess.spot / strikes) + 0.5 * iv * iv * years) / (iv * years**0.5)
    signs = np.array([1.0 if contract.put_call == "C" else -1.0 for contract in options])
    return [float(delta) for delta in ndtr(signs * d1)]
