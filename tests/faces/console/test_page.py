"""docs/console.md has every key as it comes, and a screen as it looks.

`python -m tests.faces.console.test_page` prints the table of keys.
"""

import re

import pytest

from engine.console.app import VIEWS, scopes
from tests.faces.console.conftest import Opened
from tests.faces.given import ROOT

PAGE = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
SHOWN = {"question_mark": "?", "colon": ":", "exclamation_mark": "!", "slash": "/"}


def table() -> str:
    """Name, keys and what they do, a line each: everywhere first, then what single screens have."""
    everywhere = set.intersection(*({one.id for one in scope} for scope in scopes().values()))
    lines = ["| name | keys | what | where |", "| --- | --- | --- | --- |"]
    told: set[str] = set()
    for scope in scopes().values():
        for one in scope:
            if one.id in told:
                continue
            told.add(one.id)
            places = [name for name, others in scopes().items() if one.id in {other.id for other in others}]
            where = "everywhere" if one.id in everywhere else ", ".join(places)
            keys = " ".join(f"`{SHOWN.get(key, key)}`" for key in one.keys)
            lines.append(f"| {one.id} | {keys} | {one.what} | {where} |")
    return "\n".join(lines)


def test_page_has_every_key() -> None:
    assert table() in PAGE


def test_page_names_every_screen() -> None:
    for number, name in enumerate(VIEWS, 1):
        assert re.search(rf"^\| {number} \| {name.capitalize()} \|", PAGE, re.MULTILINE)


@pytest.mark.asyncio
async def test_page_shows_a_screen_as_it_looks(desk: Opened) -> None:
    async with desk(size=(100, 34)) as at:
        await at.press("3")

        assert at.screen in PAGE


if __name__ == "__main__":
    print(table())
