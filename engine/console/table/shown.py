"""How the values of columns are written: functions from a value as it is to text."""

from collections.abc import Callable
from datetime import date, datetime

from engine import words
from engine.console.table.columns import as_text

Show = Callable[[object], str]


def number(digits: int = 2) -> Show:
    """With so many decimals."""
    return lambda value: words.number(_number(value), digits)


def signed(digits: int = 0) -> Show:
    """With its sign."""
    return lambda value: words.signed(_number(value), digits)


def percent(value: object) -> str:
    """A share of one."""
    return words.percent(_number(value))


def age(value: object) -> str:
    """Seconds."""
    return words.age(_number(value))


def countdown(value: object) -> str:
    """Seconds that are left."""
    left = _number(value)
    return words.ABSENT if left is None else words.countdown(left)


def day(value: object) -> str:
    """A day and its month."""
    return f"{value:%d %b}" if isinstance(value, date) else words.ABSENT


def clock(value: object) -> str:
    """The time of day in New York."""
    return words.clock(value) if isinstance(value, datetime) else words.ABSENT


def moment(value: object) -> str:
    """Day and time in New York."""
    return f"{day(value)} {words.clock(value, seconds=False)}" if isinstance(value, datetime) else words.ABSENT


def either(yes: str, no: str = "") -> Show:
    """A word where it is so."""
    return lambda value: yes if value else no if value is not None else as_text(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
