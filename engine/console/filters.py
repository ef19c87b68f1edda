"""The filter line: `sym=SPX credit>5 dte<45`, every term must hold. A word alone is looked for in all texts of a row."""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.console.table.columns import Column, Values
from engine.console.table.rows import Passes
from engine.domain.errors import UserError

TERM = re.compile(r"^(?P<field>[\w.]+)(?P<op><=|>=|!=|=|<|>|~)(?P<value>.*)$")
NUMBER = re.compile(r"^[-+−]?\$?(?P<digits>\d[\d,]*\.?\d*|\.\d+)(?P<percent>%?)$")


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison."""

    at: int
    """Place of the column; -1 for all texts."""
    op: str
    value: str | float


def compiled(text: str, columns: Sequence[Column], aliases: dict[str, str]) -> Passes | None:
    """Whether a row passes; None where there is nothing to ask.

    Raises UserError, with the nearest field, for what is no filter.
    """
    terms = [_term(word, columns, aliases) for word in _words(text)]
    if not terms:
        return None
    tests = [_test(term, columns) for term in terms]
    return lambda values: all(test(values) for test in tests)


def completed(text: str, columns: Sequence[Column], aliases: dict[str, str]) -> str | None:
    """The text with its last word made a field that begins so; None where there is none."""
    head, _, word = text.rpartition(" ")
    if not word or not re.fullmatch(r"[\w.]+", word):
        return None
    names = [*(column.name for column in columns), *aliases]
    found = next((name for name in names if name.startswith(word) and name != word), None)
    return None if found is None else f"{head} {found}".lstrip()


def _words(text: str) -> list[str]:
    """The terms; blanks around an operator belong to it."""
    return re.sub(r"\s*(<=|>=|!=|=|<|>|~)\s*", r"\1", text.strip()).split()


def _term(word: str, columns: Sequence[Column], aliases: dict[str, str]) -> Term:
    found = TERM.match(word)
    if found is None:
        return Term(-1, "~", word.lower())
    field, op, value = found["field"], found["op"], found["value"]
    names = [column.name for column in columns]
    name = aliases.get(field, field)
    if name not in names:
        close = difflib.get_close_matches(field, [*names, *aliases], n=1, cutoff=0.5)
        raise UserError(f"no field {field!r}" + (f"; did you mean {close[0]}?" if close else ""))
    at = names.index(name)
    if not value:
        raise UserError(f"{field}{op} wants a value")
    if not columns[at].is_number:
        return Term(at, op, value.lower())
    number = as_number(value)
    if number is None:
        raise UserError(f"{field}{op}{value}: {value!r} is not a number")
    return Term(at, op, number)


def as_number(text: str) -> float | None:
    """The number as people write it: 1,755, $500, 25% (of one), −3."""
    found = NUMBER.match(text)
    if found is None:
        return None
    value = float(found["digits"].replace(",", "")) / (100 if found["percent"] else 1)
    return -value if text[0] in "-−" else value


def _test(term: Term, columns: Sequence[Column]) -> Callable[[Values], bool]:
    at, op, wanted = term.at, term.op, term.value
    if at < 0:
        texts = [place for place, column in enumerate(columns) if not column.is_number]
        return lambda values: any(str(wanted) in str(values[place]).lower() for place in texts if values[place] is not None)
    return lambda values: _holds(values[at], op, wanted)


def _holds(value: object, op: str, wanted: str | float) -> bool:
    """An unknown value passes nothing."""
    if value is None:
        return False
    if isinstance(wanted, str):
        text = str(value).lower()
        return wanted in text if op == "~" else _compare(text, op, wanted)
    if not isinstance(value, int | float):
        return False
    return str(wanted) in str(value) if op == "~" else _compare(value, op, wanted)


def _compare(value: str | float, op: str, wanted: str | float) -> bool:
    first, second = (value, wanted) if type(value) is type(wanted) else (float(value), float(wanted))
    match op:
        case "=":
            return first == second
        case "!=":
            return first != second
        case "<":
            return first < second  # type: ignore[operator]
        case "<=":
            return first <= second  # type: ignore[operator]
        case ">":
            return first > second  # type: ignore[operator]
        case _:
            return first >= second  # type: ignore[operator]
