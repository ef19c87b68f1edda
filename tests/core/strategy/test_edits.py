"""A way out as edits of the text: only what must change does, and comments stay."""

import pytest

from engine.strategy.loader.document import read_document
from engine.strategy.loader.edits import Source
from engine.strategy.problems import Edit
from engine.strategy.source import Mapped, Place
from engine.strategy.way_out import Add, Change, Remove, Turn, Write, write
from tests.core.strategy.mending import applied

BLOCK = """\
schema: 1
# the book
spread:
  type: bull_put  # sells
  rules:
    - pop >= 70%
    - credit >= $1
sizing: {risk: $500, contracts: 2}
exits: [dte <= 21, "loss >= 200% of credit"]
when:
- vix <= 30
"""


def after(change: Change, marked: str = "schema") -> str:
    line = next(number for number, line in enumerate(BLOCK.splitlines(), 1) if marked in line)
    column = BLOCK.splitlines()[line - 1].index(marked) + 1
    document = read_document(BLOCK, "x.yaml")
    assert isinstance(document.tree, Mapped)
    edits = Source(document.lines, document.tree).edits([change], Place(line, column, column + len(marked)))
    return applied(BLOCK, edits)


@pytest.mark.parametrize(
    ("change", "marked", "before", "now"),
    [
        (Write("bear_call"), "bull_put", "type: bull_put  # sells", "type: bear_call  # sells"),
        (Write("$1,000"), "$500", "{risk: $500, ", "{risk: $1,000, "),
        (Write("a, b"), "$500", "{risk: $500, ", '{risk: "a, b", '),
        (Turn("type: bear_call"), "type", "type: bull_put  # sells", "type: bear_call  # sells"),
        (Turn("contracts: 1-5"), "contracts", "contracts: 2}", "contracts: 1-5}"),
        (Turn("dte <= 7"), "pop >= 70%", "- pop >= 70%", "- dte <= 7"),
        (Remove(), "pop >= 70%", "    - pop >= 70%\n", ""),
        (Remove(), "rules", "  rules:\n    - pop >= 70%\n    - credit >= $1\n", ""),
        (Remove(), "vix", "when:\n- vix <= 30\n", ""),
        (Remove(), "risk", "{risk: $500, contracts: 2}", "{contracts: 2}"),
        (Remove(), "contracts", "{risk: $500, contracts: 2}", "{risk: $500}"),
        (Remove(), "loss", '[dte <= 21, "loss >= 200% of credit"]', "[dte <= 21]"),
        (Add("- pop >= 60%", "spread.rules"), "schema", "    - credit >= $1\n", "    - credit >= $1\n    - pop >= 60%\n"),
        (Add("- price >= 9", "when"), "schema", "- vix <= 30\n", "- vix <= 30\n- price >= 9\n"),
        (Add("width: $5", "spread"), "schema", "    - credit >= $1\n", "    - credit >= $1\n  width: $5\n"),
        (Add("keep: 1", "sizing"), "schema", "contracts: 2}", "contracts: 2, keep: 1}"),
        (Add("- profit >= $1", "exits"), "schema", 'of credit"]', 'of credit", profit >= $1]'),
        (Add("open: 2", "limits"), "schema", "- vix <= 30\n", "- vix <= 30\nlimits:\n  open: 2\n"),
        (Add("- volume >= 9", "filters"), "schema", "- vix <= 30\n", "- vix <= 30\nfilters:\n  - volume >= 9\n"),
    ],
)
def test_edit_changes_what_it_must_and_nothing_else(change: Change, marked: str, before: str, now: str) -> None:
    assert before in BLOCK

    assert after(change, marked) == BLOCK.replace(before, now, 1)


@pytest.mark.parametrize(
    ("marked", "left"),
    [
        ("loss >= $90", "[dte <= 10, dte <= 5: close short]"),
        ("dte <= 10", "[loss >= $90: close 50%, dte <= 5: close short]"),
        ("dte <= 5", "[loss >= $90: close 50%, dte <= 10]"),
    ],
)
def test_pair_within_a_list_goes_with_what_it_says_and_leaves_the_list_whole(marked: str, left: str) -> None:
    text = "exits: [loss >= $90: close 50%, dte <= 10, dte <= 5: close short]\n"
    document = read_document(text, "x.yaml")
    assert isinstance(document.tree, Mapped)
    column = text.index(marked) + 1

    edits = Source(document.lines, document.tree).edits([Remove()], Place(1, column, column + len(marked)))

    assert applied(text, edits) == f"exits: {left}\n"


def test_problem_carries_its_edits() -> None:
    document = read_document("schema: 1\nwidth: 5\n", "x.yaml")

    document.report(Place(2, 8, 9), "5 what?", write("$5"))

    assert document.problems[0].hint == "write  $5"
    assert document.problems[0].edits == (Edit(2, 8, 2, 9, "$5"),)
