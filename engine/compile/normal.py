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
_MOST = "40e0"
"""Deviations beyond which a chance is 0: e^(-800) is less than any number of eight bytes."""


def needs_normal(sql: str) -> bool:
    """Whether this SQL has a normal distribution in it, which costs as much as fifty other operations."""
    return f"{_ROOT_2PI}e0" in sql or any(f"{function}_of_" in sql for function in FUNCTIONS)


def size_of(column: str) -> str:
    """SQL of the deviations without their sign, as `normal_cdf` needs them for this column."""
    return f"least(abs({column}), {_MOST})"


def normal_cdf(column: str, size: str) -> str:
    """SQL of the chance that a standard normal number lies below `column`; `size` is a column of what `size_of` makes of it.

    Both are names of columns, not expressions: each stands in it many times, and DuckDB computes what is written many times over.
    """
    body = f"{_polynomial(_NUMERATOR, size)} / {_polynomial(_DENOMINATOR, size)}"
    tail = f"1 / ({size} + 1 / ({size} + 2 / ({size} + 3 / ({size} + 4 / ({size} + 0.65e0))))) / {_ROOT_2PI}e0"
    beyond = f"exp(-{size} * {size} / 2) * CASE WHEN {size} < {_TAIL_FROM}e0 THEN {body} ELSE {tail} END"
    # Beyond a positive number lies what is missing to one.
    return f"abs(({column} > 0)::DOUBLE - {beyond})"


def _polynomial(coefficients: tuple[float, ...], x: str) -> str:
    """Horner's rule, the highest power first."""
    sql = f"{coefficients[0]!r}e0" if "e" not in repr(coefficients[0]) else repr(coefficients[0])
    for coefficient in coefficients[1:]:
        sql = f"({sql} * {x} + {coefficient!r}e0)"
    return sql
