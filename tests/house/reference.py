"""Writes docs/reference.md: every key of the trader's files, every measure and the index classes, as they are declared.

`make docs` runs it; a test holds the committed page against it.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from engine.domain.index_classes import INDEX_CLASSES
from engine.pricing.fees import EXCHANGE_FEES, EXCHANGE_FEES_SINCE
from engine.strategy.account import Account
from engine.strategy.common import CommonFile
from engine.strategy.conditions import ACTIONS
from engine.strategy.events import Event, Events
from engine.strategy.explain import written
from engine.strategy.expressions.lexer import FUNCTIONS
from engine.strategy.expressions.tree import Arithmetic, Relation
from engine.strategy.measures.declaration import Declaration
from engine.strategy.measures.index import DECLARATIONS
from engine.strategy.model import Policy, Roll, Sizing, StrategyFile
from engine.strategy.spreads.union import Spread
from engine.strategy.units import EXAMPLES
from engine.strategy.values.meaning import ContractRange, Manual, ShareOf, Usd, Window
from engine.strategy.written import fields_in_order

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"
KEYS = "| key | write | when left out | meaning |\n| --- | --- | --- | --- |"
USED_IN: Mapping[Relation, str] = {
    "market": "Market, in `when`",
    "leg": "One option, in `filters`",
    "spread": "One spread, in `spread.rules`, `spread.rank` and `auto_when`",
    "side": "One side of an open position, below `each side` of `exits`",
    "position": "One open position, in `exits`",
    "account": "The account and the order, in `auto_when`",
}
ZONES = {"America/New_York": "New York", "America/Chicago": "Chicago"}
STRUCTURES = get_args(get_args(Spread)[0])
_NOT_YET = re.compile(r"[,;][^,;]*`spreads arm NAME`")
"""The language knows arming; this version has no command for it, and the page names only what is there."""


def page() -> str:
    """The whole page."""
    structures = [(kind.model_fields["type"].default, kind.__doc__) for kind in STRUCTURES]
    parts = [
        "# Reference",
        "",
        "Every key of every file and every number that a condition can use. This page is made from the declarations in",
        "`engine/strategy` by `make docs`; a test holds it to them. [Strategies](strategies.md) and [limits](limits.md) explain",
        "by example, [how spreads are computed](measures.md) has the formulas.",
        "",
        "## A strategy",
        "",
        KEYS,
        *_rows(StrategyFile),
        "",
        "### Structures, for `spread.type`",
        "",
        "| type | what it does |\n| --- | --- |",
        *(f"| `{name}` | {text} |" for name, text in structures),
        "",
        "## account.yaml",
        "",
        KEYS,
        *_rows(Account),
        "",
        "## common.yaml",
        "",
        KEYS,
        *_rows(CommonFile),
        "",
        "## events.yaml",
        "",
        KEYS,
        *_rows(Events),
        "",
        "## Units",
        "",
        "| a number counts | write |\n| --- | --- |",
        *(f"| {unit.value} | `{example}` |" for unit, example in EXAMPLES.items()),
        "",
        f"Functions: {_code(FUNCTIONS)}. Actions of an exit: {_code(ACTIONS)}; `{ACTIONS[0]}` when none is written.",
        "",
        *_measures(),
        *_index_classes(),
    ]
    return "\n".join(parts)


def _index_classes() -> Iterator[str]:
    """The table of index classes, with what their exchange takes."""
    yield from (
        "",
        "## Index options",
        "",
        "The classes of index options that can be traded. A class of an index that is not here is refused by its name, since",
        "nobody knows how it settles. Every other class is one of shares: exercised at any time, and delivered. Fees are what",
        f"the exchange takes of a customer's combination order, USD a contract, as of {EXCHANGE_FEES_SINCE:%-d %B %Y} and partly",
        "approximate; the broker's own commission comes on top, and its preview corrects the sum.",
        "",
        "| class | index | exchange | exercise | settles | last trading session | fee |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    )
    for root, of in sorted(INDEX_CLASSES.items()):
        settles = "at the opening" if of.settlement == "AM" else "at the close"
        last = "the expiration day" if of.trades_until == "expiration" else "the one before"
        yield f"| `{root}` | {of.underlying} | {of.exchange} | {of.exercise} | {settles} | {last} | {_fee(root)} |"


def _fee(root: str) -> str:
    fee = EXCHANGE_FEES[root]
    steps = [f"{step.fee} from a premium of {step.premium_from}" if step.premium_from else f"{step.fee}" for step in fee.steps]
    told = ", ".join(reversed(steps))
    return told if fee.contracts_from == 1 else f"{told} from {fee.contracts_from} contracts"


def _rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The keys of a model, those of its parts behind them."""
    properties = model.model_json_schema(by_alias=True)["properties"]
    for name, field in fields_in_order(model):
        key = field.alias or name
        if model in STRUCTURES and key == "type":
            continue
        part, inside = _part(field.annotation)
        meaning = _NOT_YET.sub("", (field.description or "").split(". ")[0].rstrip(".")) + "."
        mark = f"{prefix}{key}" + ("[]" if inside else "")
        default = "needed" if field.is_required() else _default(field.get_default(call_default_factory=True), key)
        if part in STRUCTURES:
            names = _code(kind.model_fields["type"].default for kind in STRUCTURES)
            yield f"| `{mark}.type` | {names} | needed | Which structure. |"
        elif part is not None:
            yield f"| `{mark}` | keys below | {default if default == 'needed' else ''} | {meaning} |"
        elif key == "approval":
            yield f"| `{mark}` | `manual` · `manual, expires in 10 min` · `auto` · keys below | {default} | {meaning} |"
        else:
            yield f"| `{mark}` | {_examples(properties[key])} | {default} | {meaning} |"
        below = part or (Policy if key == "approval" else None)
        if below is not None:
            yield from _rows(below, f"{mark}.")
        if part in STRUCTURES:
            yield from _rows_of_others(f"{mark}.")


def _rows_of_others(prefix: str) -> Iterator[str]:
    """The keys of structures that the first one does not have, or has in another form, with the structures that have them."""
    told: dict[str, list[str]] = {}
    first = set(_rows(STRUCTURES[0], prefix))
    for kind in STRUCTURES[1:]:
        for row in _rows(kind, prefix):
            if row not in first:
                told.setdefault(row, []).append(kind.model_fields["type"].default)
    for row, kinds in told.items():
        yield f"{row.removesuffix(' |')} For {_code(kinds)}. |"


def _part(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model that a key holds, and whether it holds a list of them; None for a value."""
    kinds = [annotation, *get_args(annotation)]
    if annotation == tuple[Event, ...]:
        return Event, True
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return (found[0], False) if found and Policy not in found else (None, False)


def _examples(node: Mapping[str, Any]) -> str:
    """What may be written, as the schema shows it."""
    if "examples" in node:
        return _code(node["examples"])
    if "enum" in node:
        return _code(node["enum"])
    for part in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        if found := _examples(part):
            return found
    for below, shape in (("items", "a list"), ("additionalProperties", "by name"), ("patternProperties", "by name")):
        inside = node.get(below)
        parts = inside.values() if below == "patternProperties" and inside else [inside]
        if found := next((_examples(part) for part in parts if isinstance(part, dict)), ""):
            return f"{shape}: {found}"
    return "`[SPX, SPY]` · `{list: indices, except: [RUT]}`" if "defaultSnippets" in node else ""


def _code(words: Any) -> str:
    return " · ".join(f"`{word}`" for word in words)


def _default(value: object, key: str) -> str:
    """A default as the trader would write it."""
    match value:
        case None:
            return "the default walk" if key == "price" else "no bound"
        case () | "":
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case Window(start=start, end=end, zone=zone):
            return f"`{start:%H:%M}-{end:%H:%M} {ZONES[zone]}`"
        case ShareOf(fraction=fraction, base=base):
            return f"`{_percent(fraction)} of {base}`"
        case Usd(usd=usd):
            return f"`${usd:,}`"
        case Decimal():
            return f"`{_percent(value)}" + (" of net liquidation`" if value < 0 else "`")
        case ContractRange(low=low, high=high):
            return f"`{low}`" if low == high else f"`{low}-{high}`"
        case Manual(expires_s=seconds):
            return f"`manual, expires in {seconds // 60} min`"
        case Arithmetic():
            return f"`{written(value)}`"
        case int() if key == "expires":
            return f"`{value // 60} min`"
        case tuple():
            return f"`[{', '.join(_percent(part) for part in value)}]`"
        case dict():
            return ", ".join(f"`{name}: [{', '.join(members)}]`" for name, members in value.items()) or "none"
        case _:
            return f"`{value}`"


def _percent(fraction: Decimal) -> str:
    return f"{(fraction * 100).normalize():f}%"


def _measures() -> Iterator[str]:
    for relation, place in USED_IN.items():
        yield f"## {place}"
        yield ""
        yield "| number | unit | may be unknown | meaning |\n| --- | --- | --- | --- |"
        for declared in DECLARATIONS:
            if declared.relation == relation:
                unknown = "yes" if declared.nullable else ""
                yield f"| `{declared.as_written}` | {declared.unit.value} | {unknown} | {_meaning(declared)} |"
        yield ""


def _meaning(declared: Declaration) -> str:
    only = f" Only for {declared.structures} structures." if declared.structures else ""
    return declared.sentence.replace("|", "\\|") + only


if __name__ == "__main__":
    assert {Roll, Sizing} <= {_part(field.annotation)[0] for field in StrategyFile.model_fields.values()}, "every part is walked"
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.name)
