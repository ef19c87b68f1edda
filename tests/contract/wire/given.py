"""Recorded messages, and strategies that make any message from its declaration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import strategies as st

from engine.sim.wire.fields import Column, Field, Fixed, Group, Item, Rest, When
from engine.sim.wire.kinds import Double, Flag, Kind, Size, Text, Value, Whole
from engine.sim.wire.message import Message
from engine.sim.wire.tables import layout_of

REFERENCE = Path(__file__).parents[3].parent / "shared" / "reference"

VERSIONS = (157, 158, 160, 163, 164, 166, 170, 173, 176, 177, 178)


@dataclass(frozen=True, slots=True)
class Vector:
    """One recorded or written-down message; `versions` are the server versions it is said to read at."""

    line: int
    direction: str
    kind: str
    fields: tuple[str, ...]
    versions: tuple[int, ...] | None


@cache
def golden() -> list[Vector]:
    vectors = [
        Vector(line, row["dir"], row["kind"], tuple(row["fields"]), _versions(row))
        for line, row in enumerate(_rows("tws_golden.jsonl"))
    ]
    return [vector for vector in vectors if vector.direction in ("c2s", "s2c")]


def client_requests() -> list[dict[str, object]]:
    return _rows("tws_client_requests.jsonl")


def _versions(row: dict[str, list[int]]) -> tuple[int, ...] | None:
    return tuple(row["decodes_at_sv"]) if "decodes_at_sv" in row else None


@cache
def _rows(name: str) -> list[dict]:
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"the recorded messages {name} are not beside the repository")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@st.composite
def messages(draw: st.DrawFn, name: str, version: int, gaps: bool = True) -> Message:
    """Any message of this name that the version can say, conditions met as they fall.

    `gaps` says whether numbers may be left out, where the declaration allows it.
    """
    return Message(name, _row(draw, layout_of(name, version), gaps))


def _row(draw: st.DrawFn, items: tuple[Item, ...], gaps: bool) -> dict[str, Value]:
    values: dict[str, Value] = {}
    _fill(draw, items, values, gaps)
    return values


def _fill(draw: st.DrawFn, items: tuple[Item, ...], values: dict[str, Value], gaps: bool) -> None:
    for item in items:
        match item:
            case Field():
                values[item.name] = draw(_value(item, gaps))
            case When():
                if item.test(values):
                    _fill(draw, item.items, values, gaps)
            case Group():
                values[item.name] = tuple(_row(draw, item.items, gaps) for _ in range(draw(st.integers(0, 2))))
            case Column():
                values[item.name] = tuple(draw(st.lists(_present(item.name, item.kind), max_size=2)))
            case Rest():
                values[item.name] = ()
            case Fixed():
                pass


SPECIAL_TEXTS = {
    "sec_type": st.sampled_from(["STK", "OPT", "BAG"]),
    "order_type": st.sampled_from(["LMT", "PEG BENCH", "PEG BEST", "PEGMID"]),
    "exchange": st.sampled_from(["SMART", "IBKRATS"]),
    "dn_order_type": st.sampled_from(["", "None", "MKT"]),
    "open_close": st.sampled_from(["O", "C"]),
    "time": st.sampled_from(["20230224  12:04:56", "20250708 02:35:00 America/New_York", "20231214-20:57:37"]),
}

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\\", exclude_categories=("Cs",)), max_size=5)


def _value(field: Field, gaps: bool) -> st.SearchStrategy[Value]:
    kind = field.kind
    present = _present(field.name, kind)
    if isinstance(kind, (Text, Flag)) or kind.blank is not None or (isinstance(kind, Whole) and kind.required):
        return present
    return st.none() | present if gaps else present


def _present(name: str, kind: Kind) -> st.SearchStrategy[Value]:
    match kind:
        case Text():
            return SPECIAL_TEXTS.get(name, _TEXT)
        case Flag():
            return st.booleans()
        case Whole():
            numbers = st.integers(int(kind.zero_is_absent), 2_000_000_000)
            return st.sampled_from(kind.among) if kind.among else numbers
        case Double():
            prices = st.floats(-1e9, 1e9, allow_subnormal=False).map(lambda number: round(number, 4) + 0.0)
            return prices.filter(bool) if kind.zero_is_absent else prices
        case Size() if name == "size":  # the clients read the size of a histogram bar as a whole number
            return st.integers(0, 10**9).map(Decimal)
        case Size():
            return st.decimals(Decimal(0), Decimal(10**9), places=4) | st.integers(0, 10**9).map(Decimal)
