"""Which options take turns on the lines that are left: everything that could become a leg, so that the whole chain is seen.

A guess of the deltas chooses the lines that stay; where the guess is wrong, or the chain is larger than the lines, the best
spread may stand among what has none. So a share of the lines goes from strike to strike and from expiry to expiry, neighbours
together: the legs of one spread are then quoted within the same minute, and what may pass is found, gets lines of its own and is
judged on quotes that are fresh.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest

from engine.decide.roll_lines import expiries_of, expiry_rules
from engine.decide.rulebook import Rulebook
from engine.decide.subscriptions import (
    SLACK,
    Anchor,
    Guess,
    Series,
    anchors_of,
    guessed_deltas,
    of_right,
    still_traded,
    subscriptions,
)
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.clocks import NUMBERS_STAND_FOR, STANDS_FOR
from engine.domain.contract import Contract
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

NEAR_SHARE = 2
"""Of the lines that stay, one in so many at most is for legs of what may pass."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which options are to be quoted."""

    kept: tuple[Contract, ...]
    """All the time, most important first."""
    exploring: tuple[Contract, ...] = ()
    """In turns, in this order."""


def wish(
    strategies: Sequence[Strategy],
    contracts: Collection[Contract],
    guesses: Mapping[str, Guess],
    ledger: Ledger,
    now: datetime,
    most: int,
    calendar: Calendar = WEEKDAYS,
    idle: Collection[str] = (),
    near: Iterable[Contract] = (),
    share: float = 0.0,
) -> Wish:
    """What is to be quoted with so many lines, of which this share explores where they are too few for all that can pass.

    `near` are legs of what may pass, best first; `idle` names the strategies that cannot open now, for which nothing is explored.
    """
    if share <= 0:
        return Wish(tuple(subscriptions(strategies, contracts, guesses, ledger, now, most, calendar, idle)))
    can_pass = reachable([one for one in strategies if one.name not in idle], contracts, guesses, ledger, now, calendar)
    kept = most if len(can_pass) <= most else most - int(most * share)
    close = tuple(near)[: kept // NEAR_SHARE]
    chosen = subscriptions(strategies, contracts, guesses, ledger, now, kept, calendar, idle, close)
    known = set(chosen)
    return Wish(tuple(chosen), tuple(one for one in can_pass if one not in known) if kept < most else ())


def near_legs(snapshot: Snapshot, rulebook: Rulebook, idle: Collection[str] = ()) -> list[Contract]:
    """Legs of the best spreads that pass the rules if quotes of the last two minutes count, the best of each strategy in turns.

    Nothing is opened on them: they get lines, and are judged once their quotes are fresh.
    """
    finder, earlier = rulebook.finder, snapshot.at - (STANDS_FOR - NUMBERS_STAND_FOR)
    if not snapshot.chain.table.num_rows:
        return []
    rows = finder.rows(snapshot.chain, snapshot.market, earlier, snapshot.calendar)
    looks = (
        finder.find(strategy, rows, snapshot.market, snapshot.at, snapshot.session).candidates
        for strategy in rulebook.strategies
        if strategy.enabled and strategy.name not in idle
    )
    best = (one for turn in zip_longest(*looks) for one in turn if one is not None)
    return list(dict.fromkeys(leg.contract for one in best for leg in one.spread.legs))


def reachable(
    strategies: Iterable[Strategy],
    contracts: Iterable[Contract],
    guesses: Mapping[str, Guess],
    ledger: Ledger,
    now: datetime,
    calendar: Calendar = WEEKDAYS,
) -> list[Contract]:
    """Every contract that could be a leg of what these strategies look for: all expiries, all strikes within the widths of what
    may be sold. By expiry and strike, each once."""
    listed = still_traded(contracts, now, calendar)
    found: dict[Contract, None] = {}
    for strategy in (one for one in strategies if one.enabled):
        for name in strategy.universe:
            if name not in listed or name not in guesses:
                continue
            for rules in expiry_rules(strategy, ledger, trading_day(now)):
                days = {(group[0].rule, day) for (_, day), group in listed[name].items()}
                sold, *later = (set(expiries_of(rule, days, now, calendar, most=None)) for rule in rules)
                legs = _legs(strategy, listed[name], (sold, later[0] if later else None), guesses[name], now, calendar)
                found |= dict.fromkeys(legs)
    return list(found)


def _legs(
    strategy: Strategy,
    listed: Mapping[Series, Sequence[Contract]],
    days: tuple[Collection[date], Collection[date] | None],
    guess: Guess,
    now: datetime,
    calendar: Calendar,
) -> Iterator[Contract]:
    """Of every expiry the strikes that may be sold, with those that may be bought against them.

    `days` are the expiries of what is sold, and of what is bought where these are others.
    """
    sold, bought = days
    anchors = anchors_of(strategy.spread)
    for (root, day), group in sorted(listed.items(), key=lambda one: (one[0][1], one[0][0])):
        if day not in sold:
            continue
        for anchor in anchors:
            side = sorted(of_right(group, anchor.put_call), key=_strike)
            shorts = _shorts(anchor, side, guess, now, calendar)
            if bought is None:
                yield from _beside(anchor, shorts, side, keeps_shorts=True)
                continue
            yield from shorts
            for (other_root, later), others in listed.items():
                if other_root == root and later in bought and later > day:
                    against = sorted(of_right(others, anchor.put_call), key=_strike)
                    yield from _beside(anchor, shorts, against, keeps_shorts=False)


def _shorts(anchor: Anchor, side: Sequence[Contract], guess: Guess, now: datetime, calendar: Calendar) -> list[Contract]:
    if not side or anchor.band is None:
        return list(side)
    low, high = float(anchor.band.low) / SLACK, float(anchor.band.high) * SLACK
    deltas = guessed_deltas(side, guess, now, calendar)
    return [contract for contract, delta in zip(side, deltas, strict=True) if low <= delta <= high]


def _beside(anchor: Anchor, shorts: Sequence[Contract], side: Sequence[Contract], *, keeps_shorts: bool) -> Iterator[Contract]:
    """The contracts of a side, by strike, that lie within the widths from one of the shorts, the shorts among them."""
    strikes = [contract.strike for contract in side]
    wanted = {contract.con_id for contract in shorts} if keeps_shorts else set[int]()
    for short in shorts:
        reaches: list[tuple[Decimal, Decimal]] = []
        if anchor.below is not None:
            reaches.append((short.strike - anchor.below.high, short.strike - anchor.below.low))
        if anchor.above is not None:
            reaches.append((short.strike + anchor.above.low, short.strike + anchor.above.high))
        for low, high in reaches:
            wanted |= {side[at].con_id for at in range(bisect_left(strikes, low), bisect_right(strikes, high))}
    return (contract for contract in side if contract.con_id in wanted)


def _strike(contract: Contract) -> Decimal:
    return contract.strike
