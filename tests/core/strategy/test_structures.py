"""What a structure of the language says of itself: its keys, its legs in order, and how they meet."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from engine.domain.structure import Join
from engine.strategy.spreads.flies import BrokenWing, Butterfly
from engine.strategy.spreads.structure import Structure
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.spreads.verticals import BearCall, BearPut, BullCall, BullPut
from engine.strategy.spreads.wings import IronButterfly, IronCondor
from engine.strategy.structures import likely_structure
from engine.strategy.values.meaning import DayRange, DeltaRange, WidthRange

ANY: TypeAdapter[Any] = TypeAdapter(
    Annotated[
        BullPut | BearCall | BullCall | BearPut | IronCondor | IronButterfly | Butterfly | BrokenWing,
        Field(discriminator="type"),
    ]
)


def read(**keys: object) -> Any:
    return ANY.validate_python({"expiry": "30-60 days", **keys})


def legs_of(structure: Structure) -> list[str]:
    return [f"{leg.action} {leg.ratio} {leg.role} {leg.put_call}" for leg in structure.shape.legs]


def range_of(low: str, high: str) -> DeltaRange:
    return DeltaRange(Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("kind", "put_call", "short_is_higher", "is_credit"),
    [
        (BullPut, "P", True, True),
        (BearCall, "C", False, True),
        (BullCall, "C", True, False),
        (BearPut, "P", False, False),
    ],
)
def test_vertical_follows_from_its_shape(kind: Any, put_call: str, short_is_higher: bool, is_credit: bool) -> None:
    vertical = read(type=kind.model_fields["type"].default, width="$5")

    assert (vertical.put_call, vertical.short_is_higher, vertical.is_credit) == (put_call, short_is_higher, is_credit)
    assert vertical.pays == ("credit" if is_credit else "debit")
    assert legs_of(vertical) == [f"sell 1 short {put_call}", f"buy 1 long {put_call}"]


def test_condor_with_one_range_has_wings_of_one_width() -> None:
    condor = read(type="iron_condor", short_delta="0.10-0.16", width="$5-$10")

    assert isinstance(condor, IronCondor)
    assert legs_of(condor) == ["sell 1 short_put P", "buy 1 long_put P", "sell 1 short_call C", "buy 1 long_call C"]
    assert condor.shape.joins == (
        Join("long_put", "short_put", "below"),
        Join("short_call", "short_put", "other side"),
        Join("long_call", "short_call", "same distance"),
    )
    assert condor.has_equal_widths
    assert condor.width_of("put") == condor.width_of("call") == WidthRange(Decimal(5), Decimal(10))
    assert condor.short_delta_of("put") == condor.short_delta_of("call") == range_of("0.10", "0.16")
    assert condor.long_delta_of("put") is None
    assert condor.first_expiry == DayRange(30, 60)


def test_condor_whose_sides_differ_says_each() -> None:
    condor = read(
        type="iron_condor",
        short_delta={"put": "0.10-0.16", "call": "8-14 delta"},
        long_delta={"put": "0.05", "call": "0.04"},
        width={"put": "$5", "call": "$10"},
    )

    assert condor.short_delta_of("put") == range_of("0.10", "0.16")
    assert condor.short_delta_of("call") == range_of("0.08", "0.14")
    assert condor.long_delta_of("call") == range_of("0.04", "0.04")
    assert not condor.has_equal_widths
    assert condor.shape.joins[-1] == Join("long_call", "short_call", "above")
    assert (condor.width_of("put").low, condor.width_of("call").low) == (5, 10)


def test_iron_butterfly_sells_one_strike() -> None:
    butterfly = read(type="iron_butterfly", width="$25")

    assert isinstance(butterfly, IronButterfly)
    assert butterfly.shape.roles == ("short_put", "long_put", "short_call", "long_call")
    assert butterfly.shape.joins[1] == Join("short_call", "short_put", "same strike")


@pytest.mark.parametrize(("right", "put_call"), [("put", "P"), ("call", "C")])
def test_butterfly_sells_its_body_twice(right: str, put_call: str) -> None:
    butterfly = read(type="butterfly", right=right, body_delta="0.40-0.50", width="$25")

    assert legs_of(butterfly) == [f"buy 1 lower {put_call}", f"sell 2 body {put_call}", f"buy 1 upper {put_call}"]
    assert butterfly.shape.joins == (Join("body", "lower", "above"), Join("upper", "body", "same distance"))


@pytest.mark.parametrize(("right", "lower", "upper"), [("put", 10, 5), ("call", 5, 10)])
def test_broken_wing_is_near_on_the_side_of_the_money(right: str, lower: int, upper: int) -> None:
    broken = read(type="broken_wing", right=right, width={"near": "$5", "far": "$10"})

    assert (broken.lower_width.low, broken.upper_width.low) == (lower, upper)
    assert broken.shape.joins == (Join("body", "lower", "above"), Join("upper", "body", "above"))


@pytest.mark.parametrize(
    "keys",
    [
        {"type": "butterfly", "width": "$5"},
        {"type": "butterfly", "right": "both", "width": "$5"},
        {"type": "butterfly", "right": "put", "width": {"near": "$5", "far": "$10"}},
        {"type": "broken_wing", "right": "put", "width": "$5"},
        {"type": "iron_condor", "width": {"put": "$5"}},
        {"type": "iron_condor"},
        {"type": "bull_put", "right": "put", "width": "$5"},
    ],
    ids=str,
)
def test_structure_without_what_it_needs_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        read(**keys)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("condr", "iron_condor"),
        ("iron buterfly", "iron_butterfly"),
        ("put credit spred", "bull_put"),
        ("brokn wing butterfly", "broken_wing"),
        ("bul_put", "bull_put"),
        ("cds", "bull_call"),
        ("cdx", None),
        ("moon", None),
    ],
)
def test_slip_of_the_hand_is_forgiven_in_every_name_of_a_structure(written: str, meant: str | None) -> None:
    assert likely_structure(written, list(STRUCTURES)) == meant
