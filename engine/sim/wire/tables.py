"""The declarations by number and by name, and their layouts per server version."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, TypeAlias

from engine.sim.wire.fields import Declaration, Gate, Group, Item, When, layout, names
from engine.sim.wire.requests import REQUESTS
from engine.sim.wire.responses import RESPONSES

Direction: TypeAlias = Literal["c2s", "s2c"]

BY_ID: Mapping[Direction, Mapping[str, Declaration]] = {
    "c2s": {str(declaration.msg_id): declaration for declaration in REQUESTS},
    "s2c": {str(declaration.msg_id): declaration for declaration in RESPONSES},
}

BY_NAME: Mapping[str, Declaration] = {declaration.name: declaration for declaration in (*REQUESTS, *RESPONSES)}


@cache
def layout_of(name: str, version: int) -> tuple[Item, ...]:
    """The fields of a message at a server version."""
    return layout(BY_NAME[name].items, version)


@cache
def names_of(path: str) -> frozenset[str]:
    """Every name a message may carry, or a row of one of its groups, as in `place_order.legs`."""
    message, *groups = path.split(".")
    items = BY_NAME[message].items
    for group in groups:
        items = _group(items, group)
    return names(items)


def _group(items: tuple[Item, ...], name: str) -> tuple[Item, ...]:
    for item in items:
        if isinstance(item, Group) and item.name == name:
            return item.items
        if isinstance(item, (When, Gate)) and (found := _group(item.items, name)):
            return found
    return ()
