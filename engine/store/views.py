"""The history as SQL: views over the journal's lines and the archived chains.

Every row carries the account. Instants are TIMESTAMP in UTC, money is DECIMAL in USD, + received and - paid. The views repeat the
fold of `domain/` in SQL: the life of an order is its own table, written out as a map, and a position is what its orders filled.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from engine.domain.facts.union import KINDS
from engine.domain.index_classes import INDEX_CLASSES
from engine.domain.order_life import TRANSITIONS
from engine.domain.spread import DOUBLED
from engine.store.codec import FIELDS

RENAMED = {
    "at": "recorded_at",
    "by": "by_whom",
    "limit": "limit_price",
    "foreign": "foreign_positions",
    "where": "asked_from",
    "natural": "natural_net",
}
"""Keys of journal lines that SQL would need in quotes, and the names of their columns."""
FIXED = (
    "explanations",
    "execution_steps",
    "order_legs",
    "commissions",
    "fills",
    "orders",
    "positions",
    "trades",
    "asked_prices",
    "decisions",
    "candidates",
    "funnels",
    "equity",
    "quotes",
    "marks",
    "iv_daily",
)
"""The views over facts, explanations and chains, each a file in `sql/`, in the order in which they build on each other."""
_FOLDER = Path(__file__).parent / "sql"
_FIRST = {"seq": "BIGINT", "at": "TIMESTAMP", "account": "VARCHAR", "kind": "VARCHAR"}
_TYPES: dict[Any, str] = {
    Decimal: "DECIMAL(18,6)",
    datetime: "TIMESTAMP",
    date: "DATE",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    str: "VARCHAR",
}


def statements(journal: str, explanations: str, chains: str) -> list[str]:
    """One CREATE VIEW a view, in the order in which they build on each other.

    All three are glob patterns of absolute paths; each must match a file at any time, an empty one will do.
    """
    blanks = {name: _text(name).replace("FROM facts", "FROM told") for name in ("order_legs", "execution_steps", "commissions")}
    blanks |= {
        "chains": quoted(chains),
        "life": _life(),
        "next": _NEXT,
        "am_roots": _roots("AM"),
        "european_roots": _roots("European"),
        "doubled": str(DOUBLED),
    }
    blanks["explained"] = _lines(quoted(explanations))
    made = {"facts": _lines(quoted(journal)), **{name: _text(name) for name in FIXED}}
    for blank, filling in blanks.items():
        made = {name: text.replace(f"{{{{{blank}}}}}", filling) for name, text in made.items()}
    return [f"CREATE OR REPLACE VIEW {name} AS\n{text};" for name, text in made.items()]


def _text(name: str) -> str:
    """The file of a view. `{{…}}` in it stands for another one that reads the facts in `told`, or for what the domain knows."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip()


def fact_columns() -> dict[str, str]:
    """The type of each key of a journal line, in the order of the columns; derived from the facts."""
    found: dict[str, str] = {}
    for kind, fact in KINDS.items():
        for name, hint in get_type_hints(fact).items():
            key, column = FIELDS[kind][name], _column_type(hint)
            found[key] = column if found.get(key, column) == column else "JSON"
    shared = {key: found.pop(key) for key in ("strategy", "order_ref", "position", "snapshot")}
    return {**_FIRST, **shared, **found, "hash": "VARCHAR"}


def _column_type(hint: Any) -> str:
    if hint in _TYPES:
        return _TYPES[hint]
    if NoneType in get_args(hint):
        (present,) = (member for member in get_args(hint) if member is not NoneType)
        return _column_type(present)
    if all(isinstance(word, str) for word in get_args(hint)) and get_origin(hint) is not None:
        return "VARCHAR"
    return "VARCHAR[]" if hint == tuple[str, ...] else "JSON"


def _lines(files: str) -> str:
    """The lines of journal files or of those beside them, every field a column."""
    columns = fact_columns()
    types = ", ".join(f"'{key}': '{kind}'" for key, kind in columns.items())
    names = ",\n  ".join(f'"{key}" AS {RENAMED[key]}' if key in RENAMED else f'"{key}"' for key in columns)
    return f"""
SELECT
  {names}
FROM read_json(
  {files},
  format = 'newline_delimited',
  ignore_errors = true,
  columns = {{{types}}}
)
WHERE seq IS NOT NULL"""  # noqa: S608 - names and types come from the facts, the pattern is quoted


def quoted(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _life() -> str:
    """The table of domain/order_life.py as a map: `state>event` to the next state."""
    steps = (f"'{state}>{event}': '{after}'" for state, row in TRANSITIONS.items() for event, after in row.items())
    return f"MAP {{{', '.join(steps)}}}"


_STEP = "coalesce(life.steps[acc.event || '>' || x.event], acc.event)"
_NEXT = f"CASE WHEN x.has_fills THEN coalesce(life.with_fills[{_STEP}], {_STEP}) ELSE {_STEP} END"
"""The state that event `x` leads to from `acc`."""


def _roots(what: str) -> str:
    """The trading classes that settle at this time of day, or are exercised like this, as a list of literals."""
    return ", ".join(quoted(root) for root, one in INDEX_CLASSES.items() if what in {one.settlement, one.exercise})
