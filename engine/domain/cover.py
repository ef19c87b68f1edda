"""Cover: every short contract stands beside a long one that outlives it, within its own position.

The one invariant of what is held. A short is covered by a long of the same underlying, right, multiplier and kind of settlement
whose last trading and settlement come no earlier: then the loss of the two is bounded by their strikes, and no hour exists in
which the short is alone. Shares never end: those that are owned cover a call that is owed, and those that are owed, after a call
was assigned, are covered by a call that is owned, for as long as it lives. No order may break it, not even for a moment between
two orders.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product

from engine.domain.calendar import WEEKDAYS
from engine.domain.contract import Contract
from engine.domain.spread import Leg

Held = Mapping[Contract, int]
"""Contracts by listed option: owned above zero, owed below."""


def uncovered(held: Held) -> dict[Contract, int]:
    """The short contracts that no long one covers, with their number; empty where every one is covered.

    Whole pairs are counted: a long contract covers one short contract. Of several longs that would do, the one that settles first
    is taken, so that those that live longest are left for the shorts that need them; from the short that trades longest to the
    one that trades least this finds a cover wherever there is one.
    """
    longs = {contract: count for contract, count in held.items() if count > 0 and not contract.is_share}
    shorts = [(contract, -count) for contract, count in held.items() if count < 0 and not contract.is_share]
    bare: dict[Contract, int] = {}
    for short, owed in sorted(shorts, key=lambda one: (_trades_until(one[0]), _settles_at(one[0])), reverse=True):
        needed = owed
        for long in sorted((one for one in longs if covers(one, short)), key=_settles_at):
            taken = min(needed, longs[long])
            longs[long] -= taken
            needed -= taken
        if needed:
            bare[short] = needed
    return _with_shares(bare, longs, {contract: count for contract, count in held.items() if contract.is_share and count})


def _with_shares(bare: Held, longs: Held, shares: Held) -> dict[Contract, int]:
    """What is bare where shares cover calls, and calls that no short needs cover shares."""
    left = dict(bare)
    for share, count in shares.items():
        unused = count
        for call in _calls(left if count > 0 else longs, share):
            if count > 0:
                covered = min(left[call], unused // call.multiplier)
                left[call] -= covered
                unused -= covered * call.multiplier
            else:
                unused = min(0, unused + longs[call] * call.multiplier)
        if unused < 0:
            left[share] = -unused
    return {contract: count for contract, count in left.items() if count}


def _calls(held: Held, share: Contract) -> list[Contract]:
    return [one for one in held if one.put_call == "C" and one.underlying == share.underlying]


def covers(long: Contract, short: Contract) -> bool:
    """Whether a contract that is owned stands in for one that is owed for as long as that one lives."""
    return _kind(long) == _kind(short) and _trades_until(long) >= _trades_until(short) and _settles_at(long) >= _settles_at(short)


def signed(legs: Iterable[Leg], quantity: int) -> Counter[Contract]:
    """The contracts that so many combinations of these legs make, as opened."""
    made: Counter[Contract] = Counter()
    for leg in legs:
        made[leg.contract] += leg.sign * leg.ratio * quantity
    return made


def left_bare(held: Held, closes: Sequence[tuple[Sequence[Leg], int]]) -> dict[Contract, int]:
    """The short contracts that would stand alone after some fill of these closes, with the most of them; empty where none would.

    Each close sells its legs as they were opened, up to its number of combinations, and may fill in any part, together with any
    part of the others. How many are bare is convex in the fills (the most that some shorts exceed the longs that could cover
    them), so that none and all of each close tell for what lies between.
    """
    worst: dict[Contract, int] = {}
    for fills in product(*((0, quantity) for _, quantity in closes)):
        left = Counter(held)
        for (legs, _), filled in zip(closes, fills, strict=True):
            left.subtract(signed(legs, filled))
        for contract, count in uncovered(left).items():
            worst[contract] = max(worst.get(contract, 0), count)
    return worst


def _kind(contract: Contract) -> tuple[object, ...]:
    rule = contract.rule
    return (contract.underlying, contract.put_call, contract.multiplier, rule.cash, rule.settlement, rule.exercise)


def _trades_until(contract: Contract) -> datetime:
    return WEEKDAYS.trades_until(contract.rule, contract.expiry)


def _settles_at(contract: Contract) -> datetime:
    """By the regular hours of weekdays: what comes first is the same on every calendar."""
    return WEEKDAYS.settles_at(contract.rule, contract.expiry)
