"""The standard normal distribution in SQL, which DuckDB does not have.

Hart's rational approximation 5666 and, beyond seven deviations, a continued fraction: about 15 digits, so that
ranking by a probability orders rows as the exact function does.
Source: J. F. Hart et al., Computer Approximations (1968), in the arrangement of G. West, Better approximations to
cumulative normal functions (2005).
"""

from __future__ import annotations

_NUMERATOR = (
    3.52624965998911e-02,
    0.700383064443688,
    6.37396220353165,
    33.912866078383,
    112.079291497871,
    221.213596169931,
    220.206867912376,
)
_DENOMINATOR = (
    8.83883476483184e-02,
    1.75566716318264,
    16.064177579207,
    86.7807322029461,
    296.564248779674,
    637.333633378831,
    793.826512519948,
    440.413735824752,
)
_ROOT_2PI = 2.506628274631
FUNCTIONS = ("peak", "crossings")
"""What begins the names of functions that need several for every row."""
_TAIL_FROM = 7.07106781186547
_ZERO_FROM = 37


def needs_normal(sql: str) -> bool:
    """Whether this SQL has a normal distribution in it, which costs as much as fifty other operations."""
    return f"{_ROOT_2PI}e0" in sql or any(f"{function}_of_" in sql for function in FUNCTIONS)


def normal_cdf(column: str) -> str:
    """SQL of the chance that a standard normal number lies below `column`, which is the name of a column, not an
    expression."""
    x = f"abs({column})"
    body = f"{_polynomial(_NUMERATOR, x)} / {_polynomial(_DENOMINATOR, x)}"
    tail = f"1 / ({x} + 1 / ({x} + 2 / ({x} + 3 / ({x} + 4 / ({x} + 0.65e0))))) / {_ROOT_2PI}e0"
    upper = (
        f"CASE WHEN {x} > {_ZERO_FROM} THEN 0e0 "
        f"ELSE exp(-{x} * {x} / 2) * CASE WHEN {x} < {_TAIL_FROM}e0 THEN {body} ELSE {tail} END END"
    )
    return f"CASE WHEN {column} > 0 THEN 1 - {upper} ELSE {upper} END"


def _polynomial(coefficients: tuple[float, ...], x: str) -> str:
    """Horner's rule, the highest power first."""
    sql = f"{coefficients[0]!r}e0" if "e" not in repr(coefficients[0]) else repr(coefficients[0])
    for coefficient in coefficients[1:]:
        sql = f"({sql} * {x} + {coefficient!r}e0)"
    return sql
