"""Exits in SQL answer what plain loops answer, whatever is known of a position and of its market."""

from collections.abc import Mapping

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from engine.compile.conditions import column_of
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.strategy.expressions.tree import Measure, measures_in
from tests.core.compile import given
from tests.core.compile.plain_loops import truth

LINES = [
    "profit <= best_profit - 15% of credit and best_profit >= 30% of credit",
    "best_profit >= 40% of credit and profit <= $0",
    "best_profit - profit >= 20% of credit",
    "minutes_held >= 90",
    "price - short_strike <= $5 and time >= 15:50 New York",
    "short_distance <= $5",
    "move_since_entry <= -0.5%",
    "pop <= 33%",
    "loss >= 100% of total_credit",
    "vix >= 30 or price < sma(50 days)",
    "iv30 - realized_vol(20 days) <= 0%",
    "not event within 1 days and abs(move_today) >= 2%",
]
STRATEGY = given.strategy(exits=LINES)
MEASURES = sorted({one for rule in STRATEGY.exits for one in measures_in(rule.condition.expression)}, key=column_of)
NUMBERS = st.one_of(st.none(), st.sampled_from([-0.005, 0.0, 0.33, 5.0, 30.0, 90.0, 950.0]), st.floats(-500, 500, width=32))
ROWS = st.fixed_dictionaries(
    {column_of(one): st.sampled_from([None, True, False]) if one.name == "event" else NUMBERS for one in MEASURES}
)
FINDER = Finder(Scanner())


@pytest.mark.slow
@drawn(st.lists(ROWS, min_size=1, max_size=8))
def test_exits_in_sql_are_those_of_plain_loops(rows: list[Mapping[str, float | bool | None]]) -> None:
    found = FINDER.exits(STRATEGY, [dict(row) for row in rows])

    for row, answers in zip(rows, found, strict=True):

        def known(measure: Measure, row: Mapping[str, float | bool | None] = row) -> float | bool | None:
            return row[column_of(measure)]

        wanted = [truth(rule.condition.expression, known) for rule in STRATEGY.exits]
        assert [answer.holds for answer in answers] == wanted
