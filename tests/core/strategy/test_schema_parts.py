"""What the schema says within variants and presets: the problems of `check`, at the same lines, and nothing of what is right."""

from pathlib import Path

import pytest

from engine.lsp.said import lines_said
from engine.strategy.parse import check_files

ROOT = Path(__file__).parents[3]
ALLOCATION = (ROOT / "docs" / "cookbook" / "allocation.yaml").read_text(encoding="utf-8")
COMMON = (
    "schema: 1\npresets:\n  out:\n    exits: [profit >= 50% of credit]\n    limits: {open: 3}\n    sizing: {contracts: 1-3}\n"
)
LAST = "universe: [IWM]"


def said(text: str, kind: str = "strategy") -> tuple[set[int], set[int]]:
    """The lines at which the schema and `check` have something to say."""
    name = "common.yaml" if kind == "common" else "x.yaml"
    return set(lines_said(kind, text)), {problem.line for problem in check_files({name: text})}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("open_risk: 8% of net liquidation", "open_risk: 8%"),
        ("spread: {short_delta: 0.20-0.25}", "spread: {short_dleta: 0.20-0.25}"),
        ("spread: {short_delta: 0.20-0.25}", "spread: {short_delta: 20}"),
        (LAST, "universe: [iwm]"),
        (LAST, "universes: [IWM]"),
        (LAST, f"{LAST}\n    name: x"),
        (LAST, f"{LAST}\n    exits: [profit >= 50]"),
        (LAST, f"{LAST}\n    sizing: {{contracts: five}}"),
        (LAST, f"{LAST}\n    entry: {{window: 10-11}}"),
        (LAST, f"{LAST}\n    when: [vixx >= 20]"),
    ],
)
def test_wrong_variant_is_told_by_the_schema_where_check_tells_it(right: str, wrong: str) -> None:
    by_schema, by_check = said(ALLOCATION.replace(right, wrong))

    assert by_schema == by_check
    assert len(by_check) == 1


@pytest.mark.parametrize(
    ("right", "wrong"), [("open: 3", "open: three"), ("limits", "limts"), ("exits", "spread"), ("1-3", "few")]
)
def test_wrong_preset_is_told_by_the_schema_where_check_tells_it(right: str, wrong: str) -> None:
    by_schema, by_check = said(COMMON.replace(right, wrong), "common")

    assert by_schema == by_check
    assert len(by_check) == 1


def test_what_a_variant_leaves_to_the_file_and_the_file_to_its_variants_is_not_missed() -> None:
    text = ALLOCATION.replace("sizing: {risk: $1,000, contracts: 1-3}", "sizing: {contracts: 1-3}")
    for ticker in ("SPY", "QQQ", "IWM"):
        text = text.replace(f"universe: [{ticker}]", f"universe: [{ticker}]\n    sizing: {{risk: $500}}")

    assert said(text) == (set(), set())
    assert said(ALLOCATION) == (set(), set())
    assert said(COMMON, "common") == (set(), set())


@pytest.mark.parametrize("key", ["expiry", "width"])
def test_what_a_whole_file_lacks_is_told(key: str) -> None:
    whole = (ROOT / "docs" / "cookbook" / "credit_nearest_2_dollars.yaml").read_text(encoding="utf-8")
    text = "\n".join(line for line in whole.splitlines() if not line.startswith(f"  {key}:")) + "\n"

    by_schema, by_check = said(text)

    assert by_check <= by_schema
    assert by_check
