"""The page of limits lists the gates as they are declared."""

import re
from pathlib import Path

from engine.decide.risk.gate import GATES

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


def test_page_has_the_row_of_every_gate_in_its_order() -> None:
    rows = [tuple(row) for row in re.findall(r"^\| ([a-z_, ]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)]
    declared = [(", ".join(gate.names), gate.asks) for gate in GATES]

    assert [row for row in rows if row in declared] == declared


def test_no_two_gates_answer_under_one_name() -> None:
    names = [name for gate in GATES for name in gate.names]

    assert len(names) == len(set(names))
