"""What a day of a strategy looks like: its times, and bounds that no day exceeds."""

from pathlib import Path

import pytest

from engine.strategy.explain_day import day_of, openings_most
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategy

COOKBOOK = Path(__file__).parents[3] / "docs" / "cookbook"


def read(name: str, *changes: tuple[str, str]) -> Strategy:
    text = (COOKBOOK / f"{name}.yaml").read_text()
    for right, other in changes:
        assert right in text
        text = text.replace(right, other)
    strategy = parse_strategy(text, name).value
    assert strategy is not None
    return strategy


def test_times_risk_and_orders_of_a_day_are_told() -> None:
    times, most, orders = day_of(read("condors_through_the_day"))

    assert times == (
        "A day of it: it looks for openings at 12:00, 12:30, 13:00, 13:30, 14:00 and 14:30 New York, for 5 minutes each; exits "
        "are watched from the open to the close, some of them from 15:00 New York on; what is left then expires."
    )
    assert most == "At most 6 openings that day, and new risk of at most $36,000; all that is open risks at most $36,000."
    assert orders.startswith(
        "An opening order has up to 11 changes of price and is given up after 3 minutes, and what fits is proposed"
    )
    assert "at most 6 orders of them can fill" in orders
    assert orders.endswith("for each of at most 12 positions that can be open in the course of the day.")


@pytest.mark.parametrize(
    ("name", "changes", "most"),
    [
        ("allocation", [], 1),
        ("condors_through_the_day", [("per_day: 6", "per_day: 4")], 4),
        ("condors_through_the_day", [("per_day: 6", "per_day: 9")], 6),
        ("split_targets", [], 3),
    ],
)
def test_openings_are_bounded_by_the_day_the_times_and_what_follows_a_stop(
    name: str, changes: list[tuple[str, str]], most: int
) -> None:
    assert openings_most(read(name, *changes)) == most


def test_shares_of_the_account_are_added_up_and_bounded_by_open_risk() -> None:
    _, most, _ = day_of(read("breakeven_condor"))

    assert most == (
        "At most 3 openings that day, and new risk of at most 2% of net liquidation; all that is open risks at most 2% of net "
        "liquidation."
    )


def test_openings_after_a_stop_are_told_as_such() -> None:
    assert ", 2 of them only after one was closed at a loss" in day_of(read("split_targets"))[1]


def test_one_that_is_off_opens_nothing() -> None:
    (said,) = day_of(read("allocation", ("when:", "enabled: false\nwhen:")))

    assert "nothing is opened while it is off" in said
