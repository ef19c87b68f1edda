"""Everything that goes wrong is tried by a drill or a test that is there, every drill stands for something, the page says so."""

from pathlib import Path

import pytest

from engine.cli.drill.catalogue import CATALOGUE
from tests.house.failures import PAGE, SUBJECTS, Tried, page

TESTS = Path(__file__).parents[1]
ROWS = [row for _, rows in SUBJECTS for row in rows]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what[:40])
def test_what_goes_wrong_is_tried_by_what_is_there(row: Tried) -> None:
    assert row.drills or row.tests
    assert set(row.drills) <= {one.name for one in CATALOGUE}
    for test in row.tests:
        place, _, name = test.partition(":")
        assert f"def {name}(" in (TESTS / place).read_text(encoding="utf-8"), test


def test_every_drill_stands_for_something_that_goes_wrong() -> None:
    assert {one.name for one in CATALOGUE} == {name for row in ROWS for name in row.drills}


def test_page_of_the_drills_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert page(text) == text, "python -m tests.house.failures"
