"""Performance as text: closed positions by what they were when they were opened."""

from typing import Any

import pytest

from engine.api.models.positions import Position
from engine.console.texts.performance import performance_lines
from tests.faces.console.answers import position
from tests.faces.console.engine import made


def closed(name: str, made_usd: float, **other: Any) -> Position:
    told = position(name) | {"state": "closed", "realised_usd": made_usd, "fees_usd": 0.0, "closed_at": position()["opened_at"]}
    return made(Position, told | other)


def lines(*positions: Position) -> list[str]:
    return ["".join(text for text, _ in line).strip() for line in performance_lines(positions)]


@pytest.mark.parametrize(
    ("days", "group"),
    [
        (0, "0 "), (1, "1 to 7"), (7, "1 to 7"), (8, "8 to 21"), (45, "22 to 45"),
        (61, "more than 60"), (None, "not known"),
    ],
)  # fmt: skip
def test_days_to_expiry_are_grouped_with_their_end(days: int | None, group: str):
    told = lines(closed("a", 100.0, opened_dte=days))

    at = told.index("by days to expiry when opened: positions, made, won, profit factor")
    assert told[at + 1].startswith(group)


@pytest.mark.parametrize(
    ("delta", "group"), [(0.05, "0.00 to 0.05"), (0.16, "0.15 to 0.20"), (0.6, "more than 0.50"), (None, "not known")]
)
def test_deltas_are_grouped_with_their_end(delta: float | None, group: str):
    told = lines(closed("a", 100.0, opened_delta=delta))

    at = told.index("by delta of what was sold: positions, made, won, profit factor")
    assert told[at + 1].startswith(group)


def test_each_group_has_its_sum_and_its_share_of_winners():
    told = lines(
        closed("a", 100.0, opened_delta=0.16), closed("b", -40.0, opened_delta=0.18), closed("c", 30.0, opened_delta=0.08)
    )

    at = told.index("by delta of what was sold: positions, made, won, profit factor")
    assert told[at + 1].split() == ["0.05", "to", "0.10", "1", "+30", "won", "100%", "×–"]
    assert told[at + 2].split() == ["0.15", "to", "0.20", "2", "+60", "won", "50%", "×2.50"]
