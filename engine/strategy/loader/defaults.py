"""Limits of the account that were not understood: the way out is what holds where nothing is written, not an example, and nothing
that lets through many times as much.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from engine.strategy.guesses import numbers_in
from engine.strategy.loader.keys import field_of, scalar_of
from engine.strategy.source import Text
from engine.strategy.spelled import spelled
from engine.strategy.values.meaning import ShareOf
from engine.strategy.way_out import write, written_first

_MUCH_LOOSER = 5
"""Times the default from which a number is hardly meant: `delta: 100` for a share of the account is no 100%."""


def led_by_default(model: type[BaseModel], names: list[str], said: str, hint: str) -> str:
    """The way out with the default first, where what it offers is an example or much looser than that."""
    path = ".".join(names)
    field, scalar, offered = field_of(model, path), scalar_of(model, path), written_first(hint)
    if field is None or scalar is None or offered is None or field.is_required():
        return hint
    default = field.get_default(call_default_factory=True)
    usual = spelled(default)
    if not scalar.reads(usual):
        return hint
    is_example = offered in scalar.examples and not set(numbers_in(offered)) & set(numbers_in(said))
    if is_example or _size(scalar.value_of(Text(offered))) > _MUCH_LOOSER * _size(default):
        both = dict.fromkeys((usual, offered))
        return write(*both, note="the first is what holds where nothing is written" if len(both) > 1 else "")
    return hint


def _size(value: Any) -> Decimal:
    """How much a limit lets through, where that is one number."""
    number = value.fraction if isinstance(value, ShareOf) else value
    return abs(Decimal(number)) if isinstance(number, Decimal | int) else Decimal(0)
