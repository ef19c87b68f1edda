"""Exits that hold the moment a position opens, by what the file says of an opening: nothing would ever be opened."""

import pytest

from engine.strategy.parse import parse_strategy

FILE = """\
schema: 1
name: openings
universe: [SPX]
when:
  - vix between 12 and 20
  - vix / vix3m < 1
spread:
  type: bull_put
  expiry: 30-60 days
  short_delta: 0.15-0.25
  width: $10
  rules: [pop >= 70%]
sizing: {{risk: $900}}
entry: {{window: 10:00-15:00 New York}}
exits:
  - loss >= 50% of max_loss
  - {line}
  - dte <= 10
"""


def told(line: str) -> list[str]:
    parsed = parse_strategy(FILE.format(line=line), "openings.yaml")
    return [problem.message for problem in parsed.problems]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("vix < 25", "vix between 12 and 20"),
        ("vix >= 12", "vix between 12 and 20"),
        ("vix / vix3m < 1.1", "vix / vix3m < 1"),
        ("short_delta >= 0.15", "short_delta: 0.15-0.25"),
        ("pop >= 60%", "pop >= 70%"),
        ("time >= 10:00 New York", "window: 10:00-15:00 New York"),
        ("minutes_to_close <= 360", "window: 10:00-15:00 New York"),
    ],
)
def test_an_exit_that_holds_at_every_opening_is_warned_of(line: str, said: str) -> None:
    assert told(line) == [f"with  {said}  this holds the moment a position opens, so nothing is opened"]


@pytest.mark.parametrize(
    "line",
    [
        "vix > 20",
        "vix > 18",
        "vix / vix3m < 0.9",
        "short_delta >= 0.20",
        "pop <= 75%",
        "time >= 10:01 New York",
        "minutes_to_close <= 359",
        "vix < 25 and loss >= 10% of max_loss",
        "vix < 25: alert",
    ],
)
def test_an_exit_that_some_openings_do_not_fulfil_is_none(line: str) -> None:
    assert told(line) == []


def test_the_line_that_is_proposed_for_a_delta_lies_beyond_it() -> None:
    parsed = parse_strategy(FILE.format(line="short_delta >= 0.15"), "openings.yaml")

    assert parsed.problems[0].hint == "write  short_delta >= 0.40"
