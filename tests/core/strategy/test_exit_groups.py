"""Exits in groups: what each side does alone and what the whole does, as it is read, told, compared and refused."""

import pytest

from engine.strategy.changes import changes_of
from engine.strategy.conditions import ExitRule
from engine.strategy.exit_groups import ExitGroups, rules_in
from engine.strategy.explain import sentences
from engine.strategy.expressions.tree import Condition, Measure, measures_in
from engine.strategy.measures.index import DECLARATIONS, declared_in
from engine.strategy.measures.positions import SIDE_MEASURES
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategy
from engine.strategy.problems import Problem
from engine.strategy.spelled import spelled
from tests.core.strategy.mending import applied

FILE = """\
schema: 1
name: condors
universe: [SPX]
spread:
  type: {structure}
  expiry: 30-60 days
  width: $25-$50
  short_delta: 0.10-0.20
sizing: {{risk: $5,000}}
exits:{exits}
"""
LINES = "loss >= 100% of total_credit"


def text(exits: str, structure: str = "iron_condor") -> str:
    return FILE.format(exits=exits, structure=structure)


def grouped(*each: str, whole: str = "[dte <= 7]") -> str:
    return "\n  each side:\n" + "".join(f"    - {line}\n" for line in each) + f"  whole: {whole}"


def read(written: str) -> Strategy:
    parsed = parse_strategy(written, "condors.yaml")
    assert parsed.value is not None, [problem.message for problem in parsed.problems]
    assert parsed.problems == ()
    return parsed.value


def problems(exits: str, structure: str = "iron_condor") -> tuple[Problem, ...]:
    return parse_strategy(text(exits, structure), "condors.yaml").problems


def test_line_of_each_side_stands_for_one_of_the_puts_and_one_of_the_calls() -> None:
    strategy = read(text(grouped("loss >= 100% of total_credit: close short", "short_distance <= $5")))
    plain = read(
        text(
            "\n  - put_side_loss >= 100% of total_credit: close put short\n  - put_side_distance <= $5: close put side\n"
            "  - call_side_loss >= 100% of total_credit: close call short\n  - call_side_distance <= $5: close call side\n"
            "  - dte <= 7"
        )
    )

    assert [(rule.condition.expression, rule.deed) for rule in strategy.exits] == [
        (rule.condition.expression, rule.deed) for rule in plain.exits
    ]
    assert [rule.side for rule in strategy.exits] == ["put", "put", "call", "call", None]
    assert len({rule.text for rule in strategy.exits}) == len(strategy.exits)
    assert strategy.exits[0].text == "put side: loss >= 100% of total_credit"


def test_every_number_of_a_side_is_made_from_the_declaration_that_the_position_has() -> None:
    of_each = declared_in("side")
    position = {declared.name: declared for declared in DECLARATIONS if declared.relation == "position"}

    lines = tuple(ExitRule(Condition(name, Measure(name, "side"))) for name in of_each)
    found = rules_in(ExitGroups.model_construct(each_side=lines))

    asked = {measure.name for rule in found if rule.side for measure in measures_in(rule.condition.expression)}
    assert {name for name in asked if name in SIDE_MEASURES} == SIDE_MEASURES - {"untested_side_delta"}
    assert asked <= position.keys()
    for rule, declared in zip(found, (*of_each.values(), *of_each.values()), strict=True):
        (measure,) = measures_in(rule.condition.expression)
        assert (position[measure.name].unit, position[measure.name].between) == (declared.unit, declared.between)


def test_groups_are_read_aloud() -> None:
    said = sentences(read(text(grouped("loss >= 100% of total_credit: close short", "short_delta >= 0.35"))))

    assert "Each side alone has its sold leg bought back, the bought one stays, when loss >= 100% of total_credit." in said
    assert "Each side alone is closed when short_delta >= 0.35." in said
    assert "A position is closed when dte <= 7." in said


@pytest.mark.parametrize(
    ("line", "says", "writes"),
    [
        ("loss >= 100% of max_loss", "'max_loss' is a number of the whole position", "exits.whole"),
        ("put_side_loss >= $500", "a line below each side is asked for the puts and for the calls", "write  loss >= $500"),
        ("loss >= 500", "500 what?", "write  $500"),
        ("loss >= 200", "200 what?", "write  200% of total_credit"),
        ("loss >= $500: close half", "'close half' is nothing that one side does", "write  loss >= $500"),
        ("loss >= $500: close put short", "'close put short' is nothing that one side does", "write  loss >= $500: close short"),
        ("loss >= $500: buy back the short only", "found 'buy back the short only'", "write  close short"),
        ("let expire", "this would leave both sides to expire", "remove it"),
        ("short_delta >= 0.30: roll", "this exit rolls, but roll: does not say where to", "add  roll:"),
    ],
)
def test_wrong_line_of_each_side_is_led_to_one_that_reads(line: str, says: str, writes: str) -> None:
    told = problems(grouped(LINES, line))

    first = told[0]
    assert says in first.message
    assert writes in first.hint
    mended = applied(text(grouped(LINES, line)), first.edits)
    assert not parse_strategy(mended, "condors.yaml").errors, mended


@pytest.mark.parametrize(
    ("exits", "says", "hint"),
    [
        (f"\n  each_side: [{LINES}]", "unknown key 'each_side' in exits", "did you mean 'each side'?"),
        (f"\n  per side: [{LINES}]\n  whole: [dte <= 7]", "unknown key 'per side' in exits", "write  each side"),
        ("\n  whole: [dte <= 7]", "missing key 'each side' in exits", f"add  each side: [{LINES}]  in exits"),
        (f"\n  each side: {LINES}\n  whole: [dte <= 7]", "wanted a list", f"write  [{LINES}]"),
        ("\n  each side: []", "wanted at least one", "add one"),
        (f"\n  - each side: [{LINES}]\n  - dte <= 7", "'each side' is a group of exits", "without a dash"),
    ],
)
def test_wrong_group_is_told_with_a_way_out(exits: str, says: str, hint: str) -> None:
    told = problems(exits)

    assert any(says in one.message and hint in one.hint for one in told), [(one.message, one.hint) for one in told]


def test_structure_of_one_right_has_no_sides_and_is_led_to_the_same_lines_for_the_whole() -> None:
    exits = grouped("loss >= 200% of credit", "short_delta >= 0.35: alert")

    (told,) = problems(exits, "bull_put")

    assert told.message == "a bull_put has no sides: all of its legs are of one right"
    mended = read(applied(text(exits, "bull_put"), told.edits))
    assert [spelled(rule) for rule in mended.exits] == ["loss >= 200% of credit", "short_delta >= 0.35: alert", "dte <= 7"]


def test_sides_that_are_closed_by_a_date_and_a_loss_need_no_other_end() -> None:
    for line in ("loss >= $500", "profit <= -$500"):
        found = read(text(f"\n  each side: [{line}, dte <= 7]"))
        assert [spelled(rule) for rule in found.exits] == [
            f"{said}: close {side} side" for side in ("put", "call") for said in (line, "dte <= 7")
        ]


def test_edit_of_a_group_is_told_line_by_line() -> None:
    before = read(text(grouped(LINES)))
    tighter = read(text(grouped("loss >= 50% of total_credit")))
    without = read(text("\n  - loss >= 100% of total_credit\n  - dte <= 7"))

    assert changes_of(before, tighter).said == (
        "exits.each side: `loss >= 100% of total_credit` is `loss >= 50% of total_credit` now",
    )
    assert not changes_of(before, tighter).loosens
    assert changes_of(tighter, before).loosens
    assert changes_of(before, without).loosens
