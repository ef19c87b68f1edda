"""Actions that close a part: how they are written, read aloud, compared, and warned of."""

import pytest

from engine.domain.parts import Portion
from engine.strategy.changes import changes_of
from engine.strategy.explain import sentences
from engine.strategy.parse import check_files
from tests import given


def exits(*lines: str, contracts: str = "1-4") -> str:
    return f"sizing: {{risk: $2,000, contracts: {contracts}}}\nexits:\n" + "".join(
        f"  - {line}\n" for line in (*lines, "dte <= 10")
    )


def problems(text: str) -> list[str]:
    found = check_files({"puts.yaml": given.strategy_text(text)})
    return [f"{one.message} = {one.hint}" for one in found if "no exit limits" not in one.message]


def test_part_in_percent_is_a_share_of_what_was_opened() -> None:
    rule = given.strategy(exits("profit >= 40% of credit: close 25%")).exits[0]

    assert (rule.portion, rule.deed) == (Portion(percent=25), "close 25%")


def test_part_is_read_aloud_as_it_is_meant() -> None:
    said = sentences(given.strategy(exits("profit >= 40% of credit: close 25%")))

    assert any("has 25% of the spreads that were opened closed, once and rounded up, when" in one for one in said)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sell half", "close half"),
        ("close a third", "close 33%"),
        ("scale out 25%", "close 25%"),
        ("take off 40% of the contracts", "close 40%"),
        ("20%", "close 20%"),
        ("buy back the short put", "close put short"),
        ("close the short call", "close call short"),
    ],
)
def test_other_words_for_a_part_lead_to_it(written: str, meant: str) -> None:
    (problem,) = problems(exits(f"profit >= 40% of credit: {written}"))

    assert f"write  {meant}" in problem


@pytest.mark.parametrize("word", ["close 0%", "close 100%", "close 250%"])
def test_share_that_is_no_part_is_refused(word: str) -> None:
    (problem,) = problems(exits(f"profit >= 40% of credit: {word}"))

    assert problem.startswith(f"found '{word}'; wanted close")


def test_part_of_one_spread_is_warned_of() -> None:
    (problem,) = problems(exits("profit >= 40% of credit: close 25%", contracts="1"))

    assert problem.startswith("a position has one spread, so 'close 25%' closes all of it")


@pytest.mark.parametrize(("before", "after", "loosens"), [("close 50%", "close 25%", True), ("close 25%", "close 50%", False)])
def test_smaller_part_loosens(before: str, after: str, loosens: bool) -> None:
    was, now = (given.strategy(exits(f"loss >= 100% of credit: {word}")) for word in (before, after))

    found = changes_of(was, now)

    assert found.said == (f"exits: `loss >= 100% of credit: {before}` is `loss >= 100% of credit: {after}` now",)
    assert found.loosens is loosens
