"""What near and far, put and call of one structure say of each other is checked where it stands."""

import pytest

from engine.strategy.explain import sentences
from engine.strategy.loader.document import read_document
from engine.strategy.model import StrategyFile
from engine.strategy.parse import parse_strategy
from engine.strategy.problems import Problem
from engine.strategy.source import Mapped, Text
from engine.strategy.spreads.calendars import Calendar, Diagonal, DoubleDiagonal
from engine.strategy.spreads.flies import BrokenWing, Butterfly
from engine.strategy.spreads.structure import Structure
from engine.strategy.spreads.wings import IronButterfly, IronCondor
from engine.strategy.validation.strategy import check_strategy

FILE = """\
schema: 1
name: x
universe: [SPX]
spread:
{lines}
sizing: {{risk: $5,000}}
{exits}
"""
EXITS = "exits: [profit >= $100, loss >= 50% of max_loss, dte <= 7]"


def written(*lines: str, exits: str = EXITS) -> str:
    return FILE.format(lines="\n".join(f"  {line}" for line in lines), exits=exits)


def problems(kind: type[Structure], *lines: str, exits: str = EXITS) -> list[Problem]:
    """What is said of a file with this structure, also of one that no scan finds yet."""
    document = read_document(written(*lines, exits=exits), "x.yaml")
    assert document.tree is not None
    structure = kind.model_validate(document.tree[Text("spread")], by_alias=True, by_name=False)
    instead = Mapped({**document.tree, Text("spread"): Mapped({Text("type"): Text("bull_put"), **BULL_PUT})})
    file = StrategyFile.model_validate(instead, by_alias=True, by_name=False)
    check_strategy(file.model_copy(update={"spread": structure}), document)
    return list(document.problems)


BULL_PUT = {Text("expiry"): Text("30-60 days"), Text("width"): Text("$5")}
DAYS = "expiry: 30-60 days"
NEAR_FAR = "expiry: {near: 30-40 days, far: 60-90 days}"


@pytest.mark.parametrize(
    ("kind", "lines", "line", "says", "advises"),
    [
        (
            BrokenWing,
            ("right: put", DAYS, "width: {near: $5, far: $5}"),
            7,
            "both wings are equally wide",
            "write  width: {near: $5, far: $10}",
        ),
        (
            Calendar,
            ("right: call", "expiry: {near: 60-90 days, far: 30-40 days}"),
            6,
            "what is bought never expires later than what is sold",
            "write  expiry: {near: 30-40 days, far: 60-90 days}",
        ),
        (
            Calendar,
            ("right: call", "expiry: {near: 30-35 days, far: 25-30 days}"),
            6,
            "what is bought never expires later",
            "write  expiry: {near: 30-35 days, far: 55-85 days}",
        ),
        (
            IronCondor,
            (DAYS, "short_delta: 0.10-0.16", "long_delta: {put: 0.05-0.10, call: 0.20-0.30}", "width: $5"),
            7,
            "the call that is bought lies further out than the one that is sold",
            "write  0.01-0.11",
        ),
        (
            IronButterfly,
            (DAYS, "short_delta: 0.10-0.16", "width: $5"),
            6,
            "the put and the call that are sold have one strike",
            "write  0.40-0.60",
        ),
        (
            IronCondor,
            (DAYS, "short_delta: {put: 0.10-0.16, call: 0.12}", "width: $5"),
            6,
            "only a delta of exactly 0.12 fits",
            "write  0.10-0.14",
        ),
        (
            IronCondor,
            (DAYS, "width: {put: $5, call: $10}", "rules: [credit >= $12]"),
            7,
            "a spread $10 wide is never worth more than $10",
            "write  credit >= $0.12",
        ),
        (
            IronCondor,
            (DAYS, "width: $5", "rules: [debit <= $1]"),
            7,
            "'debit' is not defined for an iron_condor: it receives a credit",
            "write  credit >= $1",
        ),
        (
            IronCondor,
            (DAYS, "width: $5", "rules: [long_delta <= 0.10]"),
            7,
            "'long_delta' is not defined for an iron_condor: it has two bought legs",
            "remove it",
        ),
        (
            Butterfly,
            ("right: put", DAYS, "width: $5", "rules: [debit >= $6]"),
            8,
            "a spread $5 wide is never worth more than $5",
            "write  debit >= $0.06",
        ),
        (
            Calendar,
            ("right: put", NEAR_FAR, "rules: [quote_width <= 10% of width]"),
            7,
            "'width' is not defined for a calendar: both of its legs have one strike",
            "remove it",
        ),
        (
            Calendar,
            ("right: put", NEAR_FAR, "rules: [dte <= 20]"),
            7,
            "this can never be true with  expiry: 30-40 days",
            "remove it",
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_parts_of_a_structure_that_exclude_each_other_are_told(
    kind: type[Structure], lines: tuple[str, ...], line: int, says: str, advises: str
) -> None:
    (problem,) = problems(kind, *lines)

    assert problem.line == line
    assert says in problem.message
    assert problem.hint.startswith(advises)


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        (IronCondor, (DAYS, "short_delta: {put: 0.10-0.16, call: 0.08-0.14}", "width: {put: $5, call: $10}")),
        (IronCondor, (DAYS, "short_delta: 0.10-0.20", "long_delta: 0.05-0.12", "width: $5", "rules: [credit >= 20% of width]")),
        (IronButterfly, (DAYS, "short_delta: {put: 0.40-0.50, call: 0.50-0.60}", "width: $5")),
        (Butterfly, ("right: call", DAYS, "body_delta: 0.20-0.30", "width: $5", "rules: [debit <= 20% of width]")),
        (BrokenWing, ("right: put", DAYS, "width: {near: $5, far: $10}", "rules: [credit >= $0, debit <= $1]")),
        (Calendar, ("right: put", NEAR_FAR, "rules: [debit <= $5]")),
        (Diagonal, ("right: put", "far_strike: lower", NEAR_FAR, "short_delta: 0.30-0.40", "width: $5")),
        (DoubleDiagonal, (NEAR_FAR, "short_delta: 0.20-0.30", "width: {put: $5, call: $10}")),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_parts_of_a_structure_that_fit_are_left_alone(kind: type[Structure], lines: tuple[str, ...]) -> None:
    assert problems(kind, *lines) == []


def test_condor_sells_on_both_sides_so_its_roll_may_bring_more_than_that_of_one() -> None:
    lines = (DAYS, "short_delta: 0.30-0.35", "width: $5")
    exits = (
        "exits:\n  - loss >= 50% of max_loss\n  - short_delta >= 0.50: roll\n  - dte <= 7\nroll: {to: 30-60 days, for: a credit}"
    )

    (of_one_side,) = parse_strategy(written("type: bull_put", *lines, exits=exits), "x.yaml").problems

    assert "rolls when closing costs at least about" in of_one_side.message
    assert problems(IronCondor, *lines, exits=exits) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("loss >= 50% of max_loss: close put side", "a bull_put has no sides: all of its legs are of one right"),
        ("put_side_loss >= $100", "'put_side_loss' is not defined for a bull_put: all of its legs are of one right"),
    ],
)
def test_exit_of_a_side_is_refused_where_the_structure_has_none(line: str, says: str) -> None:
    text = written("type: bull_put", DAYS, "width: $5", exits=f"exits:\n  - {line}\n  - loss >= 50% of max_loss\n  - dte <= 7")

    found = parse_strategy(text, "x.yaml").problems

    assert says in [problem.message for problem in found]


def test_exit_of_a_side_is_read_and_explained_where_the_structure_has_one() -> None:
    lines = [f"{side}_side_loss >= 100% of credit: close {side} side" for side in ("put", "call")]
    exits = "\n  - ".join(["exits:", *lines, "dte <= 7"])
    text = written("type: iron_condor", DAYS, "width: $5", "short_delta: 0.10-0.16", exits=exits)

    parsed = parse_strategy(text, "x.yaml")

    assert parsed.value is not None
    assert [problem.message for problem in parsed.problems if "side" in problem.message] == []
    assert [rule.action for rule in parsed.value.exits] == ["close put side", "close call side", "close"]
    assert "A position has its put side closed when put_side_loss >= 100% of credit." in sentences(parsed.value)
