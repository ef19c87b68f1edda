"""What is held of a position, taken apart into combinations that can be closed by one order each."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from engine.domain.cover import covers
from engine.domain.spread import Leg, Spread
from engine.domain.structure import PutCall

Side = Literal["put", "call"]
_RIGHT = {"put": "P", "call": "C"}
_ROLE = {"buy": "long", "sell": "short"}


@dataclass(frozen=True, slots=True)
class Lot:
    """One leg of a position: what was opened of it, and what is left."""

    leg: Leg
    """As opened."""
    opened: int
    """Contracts."""
    closed: int
    """Contracts that orders have closed, or that expired before the others; more than were opened is a position the wrong way
    round."""
    held: int
    """Contracts that are still there; none after a settlement."""
    opening_price: Decimal
    """Average price of the contracts opened, USD per share, not signed."""
    closing_price: Decimal | None
    """Average price of the contracts closed, USD per share, not signed; None before the first."""
    roll: int = 0
    """By which roll of the position it was opened, from 1; 0 where by its opening."""

    @property
    def excess(self) -> int:
        """Contracts closed beyond those opened."""
        return max(0, self.closed - self.opened)


@dataclass(frozen=True, slots=True)
class Part:
    """So many equal combinations of a position that are open."""

    spread: Spread
    """As opened."""
    quantity: int
    opening_net: Decimal
    """What its legs brought at their average opening price, USD per share of one combination, + received."""
    max_loss: Decimal
    """Most that it can still lose, USD for all of its combinations, estimated fees both ways included; never below 0."""


@dataclass(frozen=True, slots=True)
class Portion:
    """How much of a position is to be closed; all of it where nothing is said."""

    side: Side | None = None
    """Its puts or its calls only."""
    half: bool = False
    """Half of the combinations, rounded up: half of one is one."""
    short: bool = False
    """What is owed only: the longs stay."""
    percent: int | None = None
    """So many of a hundred of the spreads that were opened, rounded up to whole ones; None where it is no such share."""
    together: bool = False
    """Where it is what is owed only, whether one order takes what both sides owe: what follows is one order too."""

    def __str__(self) -> str:
        """As a person says it: half of the put side."""
        if self.percent is not None:
            return f"{self.percent}% of the spreads opened" + (f", their {self.side} side" if self.side else "")
        of = f"the {self.side} side" if self.side else "all"
        of = f"the shorts of {of}" if self.short else of
        return f"half of {of}" if self.half else of


ALL = Portion()
SHORTS = "shorts"
"""What the legs that a structure of two sides owes are called together."""
BOTH: frozenset[Side] = frozenset({"put", "call"})


def beside(portion: Portion, left: Collection[Side]) -> Portion | None:
    """What of a portion lies on the sides that are not left to expire; None where nothing does."""
    sides = BOTH.difference(left)
    if portion.side is not None or sides == BOTH:
        return portion if portion.side is None or portion.side in sides else None
    return replace(portion, side=min(sides)) if sides else None


def side_of_leg(leg: Leg) -> Side:
    """Whether an option is one of the puts or of the calls."""
    return side_of_right(leg.contract.put_call)


def side_of_right(put_call: PutCall) -> Side:
    return "put" if put_call == "P" else "call"


def parts_of(opening: Spread, held: Sequence[int]) -> Iterator[tuple[Spread, int]]:
    """The combinations that so many contracts of each leg make: first whole ones as opened, then what is left of them.

    What is left stands in pairs of a short with a long that covers it, and in longs alone: the call side where the put side is
    gone, the long whose short was bought back. Equal pairs of one side are not joined with those of the other. Every part leaves
    each of its shorts covered wherever the whole does.
    """
    left = list(held)
    whole = min(count // leg.ratio for count, leg in zip(left, opening.legs, strict=True)) if is_one(opening) else 0
    if whole > 0:
        yield opening, whole
        left = [count - leg.ratio * whole for count, leg in zip(left, opening.legs, strict=True)]
    yield from pairs_of(opening, left)


def formed(opening: Spread, rolled: Iterable[Spread]) -> Spread:
    """The structure as it stands: each leg that was rolled to takes the place of the one of its right and its direction.

    It may be no combination any more (`is_one`): a side that was rolled to another day.
    """
    made, legs = opening, list(opening.legs)
    for spread in rolled:
        for leg in spread.legs:
            legs[_place_of(leg, legs)] = leg
        made = replace(spread, structure=opening.structure, legs=tuple(legs))
    return made


def is_one(spread: Spread) -> bool:
    """Whether these legs end as one structure: all that is owed on one day, and all that is owned."""
    return all(len({leg.contract.expiry for leg in spread.legs if leg.sign == sign}) <= 1 for sign in (-1, 1))


def _place_of(leg: Leg, legs: Sequence[Leg]) -> int:
    return next(
        at for at, known in enumerate(legs) if (known.contract.put_call, known.action) == (leg.contract.put_call, leg.action)
    )


def pairs_of(opening: Spread, held: Sequence[int]) -> Iterator[tuple[Spread, int]]:
    """The same without whole combinations: each short with a long that covers it, then what stands alone."""
    left = list(held)
    for short_at, short in enumerate(opening.legs):
        for long_at, long in enumerate(opening.legs):
            pairs = min(left[short_at], left[long_at])
            if short.sign < 0 < long.sign and pairs > 0 and covers(long.contract, short.contract):
                yield some_of(opening, sorted((short_at, long_at))), pairs
                left[short_at] -= pairs
                left[long_at] -= pairs
    for at, count in enumerate(left):
        if count > 0:
            yield some_of(opening, [at]), count


def side_of(opening: Spread, side: Side) -> Spread | None:
    """The puts, or the calls, of a structure that has both, in its ratios; None of one that has one right only."""
    places = [at for at, leg in enumerate(opening.legs) if leg.contract.put_call == _RIGHT[side]]
    return some_of(opening, places, as_pairs=False) if 0 < len(places) < len(opening.legs) else None


def of_side(opening: Spread, side: Side) -> Spread | None:
    """The legs of one side: all of a structure that has this right only, None of one that has none of it."""
    if all(leg.contract.put_call == _RIGHT[side] for leg in opening.legs):
        return opening
    return side_of(opening, side)


def some_of(opening: Spread, places: Sequence[int], *, as_pairs: bool = True) -> Spread:
    """The legs in these places, one contract of each or as many as in the structure, under a name that says what they are."""
    legs = tuple(opening.legs[at] for at in places)
    if as_pairs:
        legs = tuple(Leg(leg.contract, leg.action) if leg.ratio != 1 else leg for leg in legs)
    return replace(opening, structure=f"{opening.structure} {_called(opening, places)}", legs=legs)


def _called(opening: Spread, places: Sequence[int]) -> str:
    """put side, long call, short: of what stays in a structure that has both rights, with its right."""
    has_both = len({leg.contract.put_call for leg in opening.legs}) > 1
    chosen = [opening.legs[at] for at in places]
    if len(chosen) > 1 and all(leg.sign < 0 for leg in chosen):
        return SHORTS
    right = next(side for side, put_call in _RIGHT.items() if put_call == chosen[0].contract.put_call) if has_both else ""
    if len(chosen) == 1:
        return f"{_ROLE[chosen[0].action]} {right}".strip()
    return f"{right} side" if has_both and len({leg.contract.put_call for leg in chosen}) == 1 else "part"
