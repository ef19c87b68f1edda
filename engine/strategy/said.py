"""What a plain sentence says of a strategy, and the file that is written from it, with what it does not say filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.index_classes import is_index
from engine.strategy.spreads.structure import OfTwoExpiries, Pays, Structure

_TARGETS: Mapping[Pays, str] = {"credit": "credit", "debit": "debit", "either": "max_profit"}
_WEEKS_LEFT = 21
"""Days at which a position of a month or more is closed where nothing is said."""


@dataclass(slots=True)
class Said:
    """What was found in a sentence, and what is left of it."""

    left: str
    when: list[str] = field(default_factory=list[str])
    rules: list[str] = field(default_factory=list[str])
    profit: str | None = None
    loss: str | None = None
    days_left: int | None = None
    time: str | None = None
    expires: bool = False
    risk: str | None = None
    open: int | None = None
    per_day: int | None = None
    at: str | None = None
    window: str | None = None

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first place where a pattern stands, taken out of what is left."""
        found = re.search(pattern, self.left, re.IGNORECASE)
        if found is not None:
            self.left = f"{self.left[: found.start()]} {self.left[found.end() :]}"
        return found


def written(said: Said, structure: type[Structure], keys: Mapping[str, str], tickers: list[str], name: str, sentence: str) -> str:
    """The file, with what was not said filled in."""
    rules = said.rules or [line.split("  #")[0].strip() for line in structure.example.rules]
    sections = {
        "when": said.when,
        "filters": ["open_interest >= 100", "quote_width <= 10% of mid or quote_width <= $0.10"],
    }
    lines = ["# yaml-language-server: $schema=../schemas/strategy.schema.json", "schema: 1", f"name: {name}"]
    lines += [
        f"about: {sentence.replace(': ', ', ').replace(' #', ' ')}",
        "mode: paper",
        "",
        f"universe: [{', '.join(tickers)}]",
        "",
    ]
    for section, conditions in sections.items():
        if conditions:
            lines += [f"{section}:", *(f"  - {one}" for one in conditions), ""]
    lines += ["spread:", f"  type: {structure.name()}", *(f"  {key}: {value}" for key, value in keys.items())]
    lines += [*(["  rules:"] if rules else []), *(f"    - {rule}" for rule in rules), ""]
    lines += ["sizing:", f"  risk: {said.risk or '1% of net liquidation'}", ""]
    count = said.open or max(1, said.per_day or 1)
    lines += ["limits:", f"  open: {count}", f"  per_day: {said.per_day or 1}", f"  per_expiry: {count}", ""]
    if said.at or said.window:
        lines += ["entry:", f"  at: {said.at}" if said.at else f"  window: {said.window}", ""]
    lines += ["exits:", *(f"  - {one}" for one in _exits(said, structure, keys["expiry"], tickers))]
    return "\n".join(lines) + "\n"


def _exits(said: Said, structure: type[Structure], expiry: str, tickers: list[str]) -> list[str]:
    is_later = issubclass(structure, OfTwoExpiries)
    target = "max_loss" if is_later and structure.pays == "either" else _TARGETS[structure.pays]
    found: list[str] = []
    if said.profit is not None or not said.expires:
        found.append(f"profit >= {said.profit or '50'}% of {target}")
    of_loss = "max_loss" if structure.pays == "either" else _TARGETS[structure.pays]
    if said.loss is None:
        found.extend(one for one in structure.example.exits if one.startswith("loss"))
    else:
        found.append(f"loss >= {said.loss}" if said.loss.startswith("$") else f"loss >= {said.loss} of {of_loss}")
    if said.days_left is not None:
        found.append(f"dte <= {said.days_left}")
    if said.time is not None:
        found.append(f"time >= {said.time} New York")
    if said.expires:
        found.append("let expire")
    elif expiry.startswith("0 days") and said.time is None:
        found.append("let expire" if all(is_index(one) for one in tickers) else "time >= 15:45 New York")
    elif said.days_left is None and said.time is None:
        first = re.search(r"[0-9]+", expiry)
        days = int(first[0]) if first is not None else 0
        found.append(f"dte <= {_WEEKS_LEFT if days > _WEEKS_LEFT and not is_later else max(1, days // 3)}")
    return found
