"""mkdocs.yml makes a site of every page, each at one place."""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML

from tests.faces.given import ROOT

CONFIG: dict[str, Any] = YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def pages(nav: list[Any]) -> Iterator[str]:
    """The file of every page of the navigation; one without a title there has its own."""
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from [below] if isinstance(below, str) else pages(below)


def test_every_page_is_in_the_navigation_once() -> None:
    told = sorted(pages(CONFIG["nav"]))
    there = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))

    assert told == there, "write each page once into the nav of mkdocs.yml"


def test_pages_for_users_are_reached_from_the_overview() -> None:
    overview = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")

    assert [file for file in pages(CONFIG["nav"]) if file != "index.md" and f"({file})" not in overview] == []
