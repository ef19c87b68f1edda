"""What every trade made, or makes at its mark: from the history, and from the engine where one runs."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import msgspec

from engine.cli.amounts import dollars, instant, marked, money
from engine.cli.client import NoEngine, needs_journal, rows
from engine.cli.options import STATE, State
from engine.cli.show import Format, Row, say, show, show_told
from engine.domain.errors import EngineError, UserError
from engine.domain.spread import Spread
from engine.store.history import MAX_ROWS, Ask, questions

TRADES = """
SELECT t.position, t.strategy, t.opened_at, t.closed_at, t.is_open, t.quantity, p.quantity AS open_quantity, t.opening_net,
  t.closing_net, t.realised, t.fees, t.max_loss, t.close_reason, t.rolled_from, t.rolls, p.spread, p.structure, p.parts
FROM trades AS t JOIN positions AS p USING (account, position)
ORDER BY t.opened_at DESC, t.position DESC"""
LAST_DAY = "SELECT max(recorded_at)::DATE FROM facts"
MARKS = """
SELECT position, arg_max(mark, as_of), arg_max(unrealised, as_of), arg_max(marked_at, as_of)
FROM marks WHERE "date" >= DATE '{since}' GROUP BY position"""
ARCHIVE_DAYS = 7
"""Marks come from so many days of the archive before the last fact: over a long weekend, and reading no more than needed."""
COLUMNS = (
    "position",
    "strategy",
    "spread",
    "quantity",
    "open_quantity",
    "open_parts",
    "opened_at",
    "closed_at",
    "opening_net",
    "closing_net",
    "realised_usd",
    "unrealised_usd",
    "mark",
    "mark_age_s",
    "marked_at",
    "mark_obstacle",
    "fees_usd",
    "max_loss_usd",
    "close_reason",
    "rolled_from",
    "rolls",
)


def trades(*, state: State = STATE, format: Format = "table") -> None:  # noqa: A002
    """Every trade, oldest first: what it realised, or what is unrealised at its mark, and how old that mark is.

    Marks are the engine's where one runs, else those of the last archived quotes.

    Parameters
    ----------
    format
        table, json or csv.
    """
    needs_journal(state)
    with questions(state) as ask:
        found = ask(TRADES, max_rows=MAX_ROWS)
        told = [dict(zip(found.columns, row, strict=True)) for row in reversed(found.rows)]
        live = _live(state)
        is_marked = all(row["position"] in live for row in told if row["is_open"])
        archived = defaultdict[str, Row](dict) if is_marked else _archived(ask)
    trades = [_trade(row, live, archived) for row in told]
    if format != "table":
        show(trades, COLUMNS, format, empty="no trade yet")
        return
    show_told([_told(row) for row in trades], empty="no trade yet")
    if found.is_cut:
        say(f"the last {MAX_ROWS:,} trades; `spreads query` has all")
    if trades:
        say(_sums(trades))


def _live(state: Path) -> dict[str, Row]:
    """What the engine on this folder says of its open positions, by name; empty where none runs."""
    try:
        return {str(row["position"]): row for row in rows(state, "/v1/positions?open=true")}
    except NoEngine:
        return {}
    except EngineError as error:
        say(f"{error}; marks are those of the archive")
        return {}


def _archived(ask: Ask) -> defaultdict[str, Row]:
    """The last archived mark of each open position, by name; why there is none for every other name."""
    ((last,),) = ask(LAST_DAY).rows
    marks: defaultdict[str, Row] = defaultdict(lambda: {"mark_obstacle": "no quote of it is archived"})
    if not isinstance(last, date):
        return marks
    try:
        found = ask(MARKS.format(since=last - timedelta(days=ARCHIVE_DAYS)))
    except UserError as error:  # one damaged file of the archive hides no trade
        say(f"no mark is known: {' '.join(str(error).split())}")
        return defaultdict(lambda: {"mark_obstacle": "the archive cannot be read"})
    for position, mark, unrealised, marked_at in found.rows:
        marks[str(position)] = {"mark": mark, "unrealised_usd": unrealised, "marked_at": _utc(marked_at)}
    return marks


def _trade(row: Row, live: dict[str, Row], archived: defaultdict[str, Row]) -> Row:
    """A trade with its mark, if it is open: nets per share and amounts in USD, + received."""
    name = str(row["position"])
    mark = (live.get(name) or archived[name]) if row["is_open"] else {}
    return {
        **{key: row[key] for key in ("position", "strategy")},
        "spread": str(msgspec.convert(json.loads(str(row["spread"])), Spread, strict=False)),
        "open_parts": _left(row),
        **{
            key: row[key]
            for key in ("quantity", "open_quantity", "opening_net", "closing_net", "close_reason", "rolled_from", "rolls")
        },
        "opened_at": _utc(row["opened_at"]),
        "closed_at": _utc(row["closed_at"]),
        **{f"{key}_usd": row[key] for key in ("realised", "fees", "max_loss")},
        **{key: mark.get(key) for key in ("unrealised_usd", "mark", "mark_age_s", "marked_at", "mark_obstacle")},
    }


def _left(row: Row) -> str | None:
    """What is open of a trade of which a part is closed, combination by combination; None where all or nothing is."""
    parts = [(part["quantity"], part["structure"]) for part in cast("list[Row]", row["parts"])]
    whole = (row["quantity"], row["structure"])
    return None if parts in ([], [whole]) else " and ".join(f"{quantity} × {structure}" for quantity, structure in parts)


def _told(row: Row) -> Row:
    """A trade as a person reads it, the most important first."""
    part = "" if row["open_parts"] is None else f", open are {row['open_parts']}"
    return {
        "position": row["position"],
        "spread": f"{row['quantity']} × {row['spread']}{part}",
        "result": "; ".join(_results(row)),
        "fees": dollars(-_amount(row["fees_usd"]), signed=True),
        "mark": marked(row) if row["open_quantity"] else None,
        "opened": f"at {money(row['opening_net'])}, {instant(row['opened_at'])}",
        "closed": None if row["closed_at"] is None else f"at {money(row['closing_net'])}, {instant(row['closed_at'])}",
        "because": row["close_reason"] or None,
        "rolled from": row["rolled_from"] or None,
        "parts rolled": row["rolls"] or None,
        "strategy": row["strategy"],
    }


def _results(row: Row) -> Iterator[str]:
    """What is made for certain, and what is not yet: before fees."""
    if not row["open_quantity"] or row["open_parts"] is not None:
        yield f"{dollars(row['realised_usd'], signed=True)} realised"
    if row["open_quantity"]:
        known = row["unrealised_usd"] is not None
        yield f"{dollars(row['unrealised_usd'], signed=True)} unrealised" if known else "unrealised: unknown"


def _sums(trades: Sequence[Row]) -> str:
    """All of it in one line."""
    unmarked = sum(1 for row in trades if row["open_quantity"] and row["unrealised_usd"] is None)
    still_open = sum(1 for row in trades if row["open_quantity"])
    realised, unrealised, fees = (_sum(trades, name) for name in ("realised_usd", "unrealised_usd", "fees_usd"))
    count = "1 trade" if len(trades) == 1 else f"{len(trades)} trades"
    without = f", {unmarked} unknown" if unmarked else ""
    parts = f"{dollars(realised, signed=True)} realised, {dollars(unrealised, signed=True)} unrealised at mid{without}"
    total = dollars(realised + unrealised - fees, signed=True)
    return f"{count}, {still_open} open: {parts}, fees {dollars(-fees, signed=True)}: {total} in all"


def _sum(trades: Iterable[Row], name: str) -> Decimal:
    return sum((_amount(row[name]) for row in trades), Decimal(0))


def _amount(value: object) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def _utc(instant: object) -> str | None:
    """An instant of the history, which has no zone of its own, as text with one."""
    return None if instant is None else cast("datetime", instant).replace(tzinfo=UTC).isoformat()
