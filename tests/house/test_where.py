"""The architecture page leads to where things are: each place it names exists and holds the name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ANSWERS = re.findall(r"^\| ([^|]+) \| `(engine/[\w/]+\.py)` \| `(\w+)` \|$", PAGE, re.MULTILINE)


def test_twenty_questions_are_answered() -> None:
    assert len(ANSWERS) >= 20
    assert len({question for question, _, _ in ANSWERS}) == len(ANSWERS)


@pytest.mark.parametrize(("question", "place", "name"), ANSWERS)
def test_answer_names_what_the_file_declares(question: str, place: str, name: str) -> None:
    declared = re.compile(rf"^\s*(?:def|class) {name}\b|^{name}\b.* = ", re.MULTILINE)

    assert declared.search((ROOT / place).read_text(encoding="utf-8")), question


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_the_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`((?:engine|tests|docs)/[\w/.-]+)`", (ROOT / page).read_text(encoding="utf-8")))

    assert {path for path in named if not (ROOT / path).exists()} == set()
