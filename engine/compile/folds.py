"""Measures of a spread as folds over the legs that its shape declares, as SQL over columns named by the leg's role.

    signed sums     net and natural price, delta, gamma, theta, vega, expected value: sign x ratio x column of every leg
    plain sums      fees, width of the quotes: ratio x column of every leg
    worst of shorts delta and chance of a touch of the legs that are sold

All per share unless it says USD; credit > 0, debit < 0. What no leg but the first tells (spot, days) is the same for all of one
expiry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.compile.normal import normal_cdf, size_of
from engine.compile.sql import FINITE
from engine.domain.structure import Action, LegShape, PutCall, Shape

Cell = Callable[[str], str]
"""SQL of one number of a leg, by the role of the leg."""


def column(name: str) -> Cell:
    """A column of the chain as the legs have it."""
    return lambda role: f"{role}_{name}"


def signed(shape: Shape, cell: Cell, first: Action = "buy") -> str:
    """What the legs of one action have together less what the others have, each times its ratio."""
    ahead = [leg for leg in shape.legs if leg.action == first]
    behind = [leg for leg in shape.legs if leg.action != first]
    return " - ".join([" + ".join(_times(leg, cell) for leg in ahead), *(_times(leg, cell) for leg in behind)])


def summed(shape: Shape, cell: Cell) -> str:
    """What all legs have together, each times its ratio."""
    return " + ".join(_times(leg, cell) for leg in shape.legs)


def sold(shape: Shape) -> list[str]:
    """Roles of the legs that are sold."""
    return [leg.role for leg in shape.legs if leg.action == "sell"]


def bought(shape: Shape) -> list[str]:
    """Roles of the legs that are bought."""
    return [leg.role for leg in shape.legs if leg.action == "buy"]


def net(shape: Shape) -> str:
    """Price at mid: what is sold less what is bought."""
    return f"({signed(shape, lambda role: f'({role}_bid + {role}_ask)', 'sell')}) / 2"


def _of_right(shape: Shape, right: PutCall) -> str:
    """Price at mid of the puts, or of the calls, alone."""
    legs = tuple(leg for leg in shape.legs if leg.put_call == right)
    return f"({net(Shape(legs, ()))})" if legs else "0e0"


def _price_of(shape: Shape, action: Action) -> str:
    """What the legs that are sold, or bought, cost at mid."""
    mids = " + ".join(_times(leg, lambda role: f"({role}_bid + {role}_ask)") for leg in shape.legs if leg.action == action)
    return f"(({mids}) / 2)"


def fees(shape: Shape) -> str:
    """Twice the commission of an order for one spread, USD: the legs' fees, at least the minimum of an order, and the exchange's
    fees of the legs on top."""
    return f"2 * (greatest({summed(shape, column('fee'))}, $minimum_fee) + {summed(shape, column('exchange_fee'))})"


def measures(shape: Shape) -> Mapping[str, str]:
    """SQL of every measure of a spread that is no number with a step of its own."""
    first = shape.legs[0].role
    quote_width = summed(shape, lambda role: f"({role}_ask - {role}_bid)")
    natural = {action: _natural(shape, action) for action in ("sell", "buy")}
    return {
        "credit": "net",
        "debit": "-net",
        "natural_credit": f"({natural['sell']})",
        "natural_debit": f"({natural['buy']})",
        "short_price": _price_of(shape, "sell"),
        "long_price": _price_of(shape, "buy"),
        "put_credit": _of_right(shape, "P"),
        "call_credit": _of_right(shape, "C"),
        "return_on_risk": "(max_profit / max_loss)",
        **{name: f"({signed(shape, column(name))})" for name in ("delta", "gamma", "theta", "vega")},
        "short_delta": greatest(f"abs({role}_delta)" for role in sold(shape)),
        "long_delta": greatest(f"abs({role}_delta)" for role in bought(shape)),
        "quote_width": f"({quote_width})",
        "slippage": f"(({quote_width}) / 2)",
        "dte": f"{first}_dte",
        "days_to_ex_dividend": f"{first}_days_to_ex_dividend",
    }


def touch(shape: Shape) -> Mapping[str, str]:
    """Chance that the underlying stands at a sold strike before expiry, at that leg's iv: the greatest of all that are sold."""
    roles = sold(shape)
    if len(roles) == 1:
        return _touch(roles[0], "touch", "p_touch")
    steps = {name: sql for role in roles for name, sql in _touch(role, f"touch_{role}", f"p_touch_{role}").items()}
    known = " AND ".join(f"p_touch_{role} IS NOT NULL" for role in roles)
    return steps | {"p_touch": f"CASE WHEN {known} THEN {greatest(f'p_touch_{role}' for role in roles)} END"}


def greatest(numbers: Iterable[str]) -> str:
    """The greatest of some numbers, NaN where one is NaN."""
    listed = list(numbers)
    return listed[0] if len(listed) == 1 else f"greatest({', '.join(listed)})"


def least(numbers: Iterable[str]) -> str:
    """The least of some numbers."""
    listed = list(numbers)
    return listed[0] if len(listed) == 1 else f"least({', '.join(listed)})"


def _natural(shape: Shape, first: Action) -> str:
    """Price at once, as a credit where what is sold comes first: bids of what is sold, asks of what is bought."""
    side = {leg.role: "bid" if leg.action == "sell" else "ask" for leg in shape.legs}
    return signed(shape, lambda role: f"{role}_{side[role]}", first)


def _touch(role: str, name: str, chance: str) -> dict[str, str]:
    return {
        f"{name}_log": f"ln({role}_strike / {role}_spot)",
        f"{name}_drift": f"ln({role}_forward / {role}_spot) - {role}_iv * {role}_iv / 2 * {role}_years",
        f"{name}_side": f"CASE WHEN {role}_strike > {role}_spot THEN 1e0 ELSE -1e0 END",
        f"{name}_z1": f"{name}_side * ({name}_drift - {name}_log) / ({role}_iv * sqrt({role}_years))",
        f"{name}_z2": f"{name}_side * (-{name}_log - {name}_drift) / ({role}_iv * sqrt({role}_years))",
        f"{name}_size1": size_of(f"{name}_z1"),
        f"{name}_size2": size_of(f"{name}_z2"),
        chance: (
            f"CASE WHEN {role}_iv > 0 AND {role}_iv + {role}_spot <= {FINITE} AND {role}_years > 0 "
            f"THEN least(1e0, {normal_cdf(f'{name}_z1', f'{name}_size1')} "
            f"+ exp(2 * {name}_drift * {name}_log / ({role}_iv * {role}_iv * {role}_years)) "
            f"* {normal_cdf(f'{name}_z2', f'{name}_size2')}) END"
        ),
    }


def _times(leg: LegShape, cell: Cell) -> str:
    number = cell(leg.role)
    return number if leg.ratio == 1 else f"{leg.ratio} * {number}"
