"""What every structure of the language declares: its keys, when it expires, the shape of its legs, the words for it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict

from engine.domain.structure import PutCall, Shape
from engine.strategy.conditions import Ranking, SpreadRule
from engine.strategy.expressions.tree import Arithmetic, Expression, Measure
from engine.strategy.spreads.pairs import DeltaSides, Expiries, PriceSides, Right, StrikeSides, side_of
from engine.strategy.values.counts import Count
from engine.strategy.values.meaning import DaysAfter, DeltaRange, ExpiryRule, Place, StrikeAt, WidthRange
from engine.strategy.values.spread import Expiry
from engine.strategy.written import Written

Pays: TypeAlias = Literal["credit", "debit", "either"]
"""What opening a structure brings."""


@dataclass(frozen=True, slots=True)
class Example:
    """Lines of a file that trades a structure, as `spreads new` writes them."""

    keys: tuple[str, ...]
    """Of the section `spread`, below its type."""
    rules: tuple[str, ...]
    exits: tuple[str, ...]


ONE_EXPIRY = "expiry: 30-60 days              # or: 45 days, next monthly"
TWO_EXPIRIES = "expiry: {near: 25-40 days, far: 50-90 days}"
OF_CREDIT = ("profit >= 50% of credit", "loss >= 200% of credit")
OF_DEBIT = ("profit >= 50% of max_profit", "loss >= 50% of debit")

NO_WIDTH = "what its bought leg is worth when the sold one expires is not bounded by strikes"

Keys: TypeAlias = tuple[tuple[str, ...], ...]
"""Lines of a file, one part a search."""


def of_both_rights(*keys: str) -> Keys:
    """The same keys for puts and for calls."""
    return tuple((f"right: {right}", *keys) for right in ("put", "call"))


_LAST = ("rules", "rank", "keep", "type")
"""Keys that stand behind those of the single structure, though the base class has them."""


def _in_order(schema: dict[str, Any]) -> None:
    properties = schema["properties"]
    for key in _LAST:
        if key in properties:
            properties[key] = properties.pop(key)


class Structure(Written):
    """What every structure has: when it expires, what it must fulfil, and how its candidates are ordered."""

    model_config = ConfigDict(json_schema_extra=_in_order)

    last_keys: ClassVar[tuple[str, ...]] = _LAST
    pays: ClassVar[Pays]
    says: ClassVar[str]
    """What a strategy with it does, for `spreads explain`."""
    also: ClassVar[str] = ""
    """Other names of it, set off by commas."""
    perhaps: ClassVar[str] = ""
    """Names that other structures have too, and for which it is offered first."""
    example: ClassVar[Example]
    widest: ClassVar[Keys]
    """Keys of the searches that find nearly whatever there is of it, its expiries apart; `{width}`, `{wide}` are for dollars."""
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Measures that it does not have, each with the reason."""
    lacks_held: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Measures that it has when it is searched and an open position of it does not have any more."""

    rules: tuple[SpreadRule, ...] = ()
    """What the spread must fulfil, one condition a line."""
    rank: Ranking = Arithmetic("*", Measure("return_on_risk", "spread"), Measure("pop", "spread"))
    """By which number candidates are ordered, best (highest) first."""
    keep: Count = 5
    """How many of the best candidates are kept for each underlying."""

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Its legs, and how they meet."""

    @property
    @abstractmethod
    def first_expiry(self) -> ExpiryRule:
        """When the first of its legs expires."""

    @property
    @abstractmethod
    def expiries(self) -> tuple[ExpiryRule, ...]:
        """When its legs expire: one rule for all, or that of what is sold and that of what is bought."""

    @property
    def span(self) -> WidthRange | None:
        """Distances that its least and its greatest worth may have at expiry, USD per share; None where strikes do not tell."""
        return None

    def delta_of(self, role: str) -> DeltaRange | None:
        """The deltas that the leg of a role may have, without their sign; None where any will do."""
        del role
        return None

    def reach_of(self, role: str) -> WidthRange | None:
        """How far, USD, the leg of a role lies from the one that it joins; None where the shape alone says it."""
        del role
        return None

    def places_of(self, role: str) -> Iterator[Place]:
        """Where the leg of a role stands besides: by the keys of what is sold, of what is bought, or of the body."""
        base = "body" if role == "body" else "short" if self.shape.leg(role).action == "sell" else "long"
        for key in (f"{base}_strike", f"{base}_price"):
            found = getattr(self, key, None)
            if found is not None:
                yield getattr(found, side_of(role)) if isinstance(found, StrikeSides | PriceSides) else found

    @property
    def levels(self) -> tuple[Expression, ...]:
        """The numbers of the market that its legs stand at, each once."""
        places = (place for role in self.shape.roles for place in self.places_of(role))
        return tuple(dict.fromkeys(place.level for place in places if isinstance(place, StrikeAt)))

    @property
    def deltas(self) -> Iterator[tuple[tuple[str, ...], DeltaRange]]:
        """Deltas that choose its legs, each with the keys it stands below."""
        for name in type(self).model_fields:
            match getattr(self, name):
                case DeltaRange() as both:
                    yield (name,), both
                case DeltaSides(put=put, call=call):
                    yield (name, "put"), put
                    yield (name, "call"), call
                case _:
                    pass

    @classmethod
    def name(cls) -> str:
        """Its name in a file."""
        return str(cls.model_fields["type"].default)


class OfOneExpiry(Structure):
    """A structure whose legs expire together."""

    expiry: Expiry
    """Days to expiration, or `next monthly`."""

    @property
    def first_expiry(self) -> ExpiryRule:
        return self.expiry

    @property
    def expiries(self) -> tuple[ExpiryRule, ...]:
        return (self.expiry,)


class OfTwoExpiries(Structure):
    """A structure whose bought legs outlive those that are sold."""

    lacks_held: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "max_profit": "what its bought legs will be worth when the sold ones expire hangs on their volatility then",
            "width": NO_WIDTH,
            "pop": "its legs end on two days",
        }
    )

    expiry: Expiries
    """Expiries of what is sold and of what is bought: `{near: 25-40 days, far: 50-90 days}`."""

    @property
    def first_expiry(self) -> ExpiryRule:
        return self.expiry.near

    @property
    def expiries(self) -> tuple[ExpiryRule, ...]:
        near, far = self.expiry.near, self.expiry.far
        return (near, far.behind(near) if isinstance(far, DaysAfter) else far)


class OfOneRight(Structure):
    """A structure of puts alone or of calls alone."""

    right: Right
    """put or call: what all of its legs are."""

    @property
    def put_call(self) -> PutCall:
        """The right of all legs."""
        return "P" if self.right == "put" else "C"
