"""Pictures of risk: a payoff says by shape, sign and label what it makes where, also without colour."""

from datetime import UTC, datetime

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.console.charts.bars import bar, limit_tone
from engine.console.charts.braille import Canvas, spark
from engine.console.charts.payoff import Risk, curve_lines, mini, price_by_date
from engine.pricing.curve import Curve, CurveLeg

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


def leg(sign: int, side: str, strike: float, *, days: float = 32, volatility: float | None = 0.15) -> CurveLeg:
    return CurveLeg(sign, 1, side, strike, days / 365, volatility)  # type: ignore[arg-type]


BULL_PUT = Risk(Curve((leg(-1, "P", 6550), leg(1, "P", 6500)), 8.4), 200, 6700.0, AT)
CONDOR = Risk(Curve((leg(1, "P", 580), leg(-1, "P", 590), leg(-1, "C", 610), leg(1, "C", 620)), 2.4), 100, 600.0, AT)
CALENDAR = Risk(Curve((leg(-1, "C", 600), leg(1, "C", 600, days=60)), -5.2), 100, 601.5, AT)


def plain(lines: list[list[tuple[str, str]]]) -> str:
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


@pytest.mark.parametrize("risk", [BULL_PUT, CONDOR, CALENDAR], ids=["bull_put", "iron_condor", "calendar"])
def test_curve(risk: Risk, snapshot: SnapshotAssertion) -> None:
    assert plain(curve_lines(risk, 60, 12)) == snapshot


def test_gain_and_loss_have_a_colour_each_and_today_another() -> None:
    tones = {tone for line in curve_lines(BULL_PUT, 60, 12) for _, tone in line}

    assert {"up", "down", "info", "warn"} <= tones


def test_no_curve_is_drawn_without_room_or_of_a_leg_that_cannot_be_valued() -> None:
    unknown = Risk(Curve((leg(-1, "C", 600), leg(1, "C", 600, days=60, volatility=None)), -4.2), 100, None, AT)

    assert curve_lines(BULL_PUT, 12, 4) == []
    assert curve_lines(unknown, 60, 12) == []
    assert mini(unknown) == ""
    assert price_by_date(unknown) is None


def test_breakevens_are_where_the_curve_crosses_zero() -> None:
    assert [round(level, 2) for level in BULL_PUT.breakevens()] == [6541.6]
    assert [round(level, 2) for level in CONDOR.breakevens()] == [587.6, 612.4]


def test_table_of_prices_and_dates_ends_with_the_payoff_at_expiry() -> None:
    table = price_by_date(BULL_PUT)

    assert table is not None
    assert list(table.prices) == sorted(table.prices, reverse=True)
    assert table.dates[0] == AT
    assert (table.made[0][-1], table.made[-1][-1]) == (pytest.approx(1680), pytest.approx(-8320))


def test_shapes_of_one_line_tell_structures_apart(snapshot: SnapshotAssertion) -> None:
    assert {name: mini(risk) for name, risk in {"bull put": BULL_PUT, "condor": CONDOR, "calendar": CALENDAR}.items()} == snapshot


def test_share_of_a_limit_near_and_over_it_changes_its_colour() -> None:
    assert [limit_tone(used) for used in (0.5, 0.85, 1.0)] == ["info", "warn", "down"]


def test_bar_of_a_share_is_drawn_to_an_eighth() -> None:
    assert (bar(0.5, 4), bar(0.3, 4), bar(0.0, 4), bar(2.0, 4)) == ("██  ", "█▎  ", "    ", "████")


def test_line_of_values_rises_where_they_rise() -> None:
    assert spark([1, 2, 3, 4], 4) == "⣀⠤⠒⠉"
    assert spark([], 4) == ""


def test_dots_of_one_character_take_the_colour_of_the_highest_rank() -> None:
    canvas = Canvas(1, 1)
    canvas.dot(0, 0, "up", 2)
    canvas.dot(1, 3, "stale", 1)
    canvas.dot(5, 5, "down")

    assert canvas.lines() == [[("⢁", "up")]]
