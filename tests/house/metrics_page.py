"""Writes the tables of docs/metrics.md: every metric as it is declared, every alert as its rule stands.

`make docs` runs it; a test holds the committed page against it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from engine.metrics import PUBLISHED
from tests.house.watched import samples

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"


def alerts() -> list[dict[str, Any]]:
    """The alerts of the rules, in their order."""
    groups = YAML(typ="safe").load(ROOT / "monitoring" / "alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def page(text: str) -> str:
    """The page with both tables made new."""
    return _with_table(_with_table(text, "metric | kind | meaning", _metrics()), "alert | severity | when", _alerts())


def _with_table(text: str, head: str, rows: Iterator[str]) -> str:
    table = "\n".join([f"| {head} |", "| --- | --- | --- |", *rows, ""])
    made, number = re.subn(rf"^\| {re.escape(head)} \|\n(?:\|.*\n)+", lambda _: table, text, flags=re.MULTILINE)
    assert number == 1, f"the page has one table of {head}"
    return made


def _metrics() -> Iterator[str]:
    for one in PUBLISHED.values():
        name = samples(one)[0].removesuffix("_bucket") + (f"{{{one.label}}}" if one.label else "")
        yield f"| `{name}` | {one.kind} | {one.text} |"


def _alerts() -> Iterator[str]:
    for rule in alerts():
        expression = " ".join(rule["expr"].split()).replace("|", "\\|")
        lasts = f" for {rule['for']}" if "for" in rule else ""
        yield f"| [{rule['alert']}](runbook.md#{rule['alert'].lower()}) | {rule['labels']['severity']} | `{expression}`{lasts} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
