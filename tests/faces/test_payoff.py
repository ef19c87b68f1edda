"""The picture of a payoff: bars above the line where the spread wins, below it where it loses, and its ends as numbers."""

from decimal import Decimal

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from engine.cli.payoff import HEIGHT, WIDTH, Onward, breakevens, payoff
from engine.domain.spread import Spread
from tests import given
from tests.structures import ALL, BROKEN_WING, BUTTERFLY, CALENDAR, CONDOR, NET

SHAPES = (CONDOR, BUTTERFLY, BROKEN_WING, given.spread("bear_call", 624, 629))


@pytest.mark.parametrize("of", SHAPES, ids=lambda of: of.structure)
def test_picture(of: Spread, snapshot: SnapshotAssertion) -> None:
    net = Decimal(NET.get(of.structure, "1.00"))

    assert "\n".join(payoff(of, 2, net, 602.7)) == snapshot


@pytest.mark.parametrize("of", SHAPES, ids=lambda of: of.structure)
def test_ends_of_the_scale_are_the_most_and_the_least_it_can_make(of: Spread) -> None:
    net = Decimal(NET.get(of.structure, "1.00"))

    lines = list(payoff(of, 2, net, 602.7))

    assert lines[0].split("│")[0].strip() == f"+${of.max_profit(net) * 200:,.0f}"
    assert lines[-2].split("│")[0].strip() == f"-${of.max_loss(net) * 200:,.0f}"


@pytest.mark.parametrize(
    ("of", "net", "found"),
    [
        (CONDOR, "1.75", ("578.25", "621.75")),
        (BUTTERFLY, "-1.20", ("581.20", "598.80")),
        (BROKEN_WING, "0.10", ("579.90",)),
        (given.spread("bear_call", 624, 629), "1.00", ("625.00",)),
        (given.spread("bear_call", 624, 629), "5.00", ()),
    ],
)
def test_breakevens(of: Spread, net: str, found: tuple[str, ...]) -> None:
    assert breakevens(of, Decimal(net)) == tuple(Decimal(one) for one in found)


def test_what_lives_on_at_the_first_expiry_is_drawn_at_its_volatility(snapshot: SnapshotAssertion) -> None:
    onward = Onward({leg.contract: 0.2 for leg in CALENDAR.legs}, 0.04, 0.013)

    assert "\n".join(payoff(CALENDAR, 1, Decimal("-2.35"), 600.0, onward=onward)) == snapshot


def test_what_lives_on_is_not_drawn_where_its_volatility_is_not_known() -> None:
    assert list(payoff(CALENDAR, 1, Decimal("-2.35"), 600.0)) == []
    assert list(payoff(CALENDAR, 1, Decimal("-2.35"), 600.0, onward=Onward({}, 0.04, 0.0))) == []


def test_without_a_level_nothing_is_marked() -> None:
    told = "\n".join(payoff(CONDOR, 1, Decimal("1.75"), None))

    assert "now" not in told
    assert "┼" not in told


@over(
    of=st.sampled_from([one for one in ALL.values() if one is not CALENDAR]),
    cents=st.integers(-900, 900),
    level=st.none() | st.floats(1, 5000),
)
def test_every_picture_has_one_axis_and_fits(of: Spread, cents: int, level: float | None) -> None:
    lines = list(payoff(of, 3, Decimal(cents) / 100, level))

    assert len(lines) == HEIGHT + 2
    assert max(len(line) for line in lines) <= WIDTH + 14
    assert sum("──" in line for line in lines) == 1
