"""What DuckDB computes by a function of the pricing package: the worth of structures of two expiries, column by column.

A crossing is found by ten steps that each need two normal distributions. As SQL that takes thirty times as long as here, and it
would be the formulas a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, Final

import numpy as np
import pyarrow as pa

from engine.pricing.revalued import Onward, Side, crossings, peak

_SIDES = {"put": (-1,), "call": (1,), "both": (-1, 1)}
_BOOLEAN, _DOUBLE = "BOOLEAN", "DOUBLE"


@dataclass(frozen=True, slots=True)
class Function:
    """One function as DuckDB knows it."""

    name: str
    call: Callable[..., pa.Array]
    arguments: tuple[str, ...]
    result: str


def peak_of(rights: str, arguments: str) -> str:
    """SQL of the most that the structure is worth when what is sold expires, USD per share.

    The arguments are growth, discount and whether it may be exercised early, then the sold strike, the bought one and the
    deviation of each side.
    """
    return f"peak_of_{rights}({arguments})"


def crossings_of(rights: str, arguments: str, cash: str) -> str:
    """SQL of the list of levels at which worth and cash are zero together, NaN where they are not."""
    return f"crossings_of_{rights}({arguments}, {cash})"


def _functions() -> tuple[Function, ...]:
    made: list[Function] = []
    for rights, signs in _SIDES.items():
        arguments = (_DOUBLE, _DOUBLE, _BOOLEAN, *(_DOUBLE,) * 3 * len(signs))
        made += [
            _declared(f"peak_of_{rights}", _peak(signs), arguments, _DOUBLE),
            _declared(f"crossings_of_{rights}", _crossings(signs), (*arguments, _DOUBLE), f"{_DOUBLE}[]"),
        ]
    return tuple(made)


def _declared(name: str, call: Callable[..., pa.Array], arguments: tuple[str, ...], result: str) -> Function:
    """The function with as many named parameters as it is given, which DuckDB counts."""
    parameters = [Parameter(f"column_{n}", Parameter.POSITIONAL_ONLY) for n, _ in enumerate(arguments)]
    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return Function(name, call, arguments, result)


def _peak(signs: tuple[int, ...]) -> Callable[..., pa.Array]:
    def call(*columns: pa.Array) -> pa.Array:
        onward, sides, _ = _read(signs, columns)
        return pa.array(peak(sides, onward))

    return call


def _crossings(signs: tuple[int, ...]) -> Callable[..., pa.Array]:
    def call(*columns: pa.Array) -> pa.Array:
        onward, sides, (cash,) = _read(signs, columns)
        found = np.column_stack(crossings(sides, onward, cash))
        offsets = np.arange(0, found.size + 1, found.shape[1], dtype=np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(found.ravel()))

    return call


def _read(signs: tuple[int, ...], columns: tuple[pa.Array, ...]) -> tuple[Onward, list[Side], list[Any]]:
    growth, discount, is_american, *numbers = (_numbers(column) for column in columns)
    sides = [Side(sign, *numbers[3 * at : 3 * at + 3]) for at, sign in enumerate(signs)]
    return Onward(growth, discount, is_american.astype(np.bool_)), sides, numbers[3 * len(signs) :]


def _numbers(column: pa.Array) -> Any:
    return column.to_numpy(zero_copy_only=False)


FUNCTIONS: Final = _functions()
