"""A problem in a trader's file, and how it is shown: place, what is wrong, the line with carets, the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T_co = TypeVar("T_co", covariant=True)

_SHOWN_COLUMNS = 160
"""A longer source line is cut around its problem, so that the carets stay visible in a terminal."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Text in place of the characters from one place up to another, which is no part of them; all count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Line and columns count from 1, in characters; `end_column` is the first column after the marked text.

    `hint` is the way out, and `edits` what its first alternative does to the file, in order of place; none where nobody can
    know what was meant. `is_later` says that the language does not have yet what was asked for, and that the edits lead to
    what comes nearest. `source_line` is None where the file cannot be shown as text.
    """

    file: str
    line: int
    column: int
    end_column: int
    severity: Literal["error", "warning"]
    message: str
    source_line: str | None
    hint: str
    edits: tuple[Edit, ...] = ()
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T_co]):
    """What a file became, or None when it has errors; and everything there is to say about it, in order of place."""

    value: T_co | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "warning")


def render(problem: Problem) -> str:
    """The problem as text of two to five lines that editors make clickable."""
    mark = "warning: " if problem.severity == "warning" else ""
    lines = [f"{problem.file}:{problem.line}:{problem.column}: {mark}{problem.message}"]
    if problem.source_line is not None:
        shown, start = _cut(problem.source_line, problem.column - 1)
        length = max(1, min(problem.end_column - problem.column, len(shown) - start))
        lines.append(f"{problem.line:>7} | {shown}")
        lines.append(f"        | {' ' * start}{'^' * length}".rstrip())
    lines.extend(f"        = {line}" for line in problem.hint.splitlines())
    return "\n".join(lines)


def render_all(problems: Iterable[Problem]) -> str:
    """All problems, one blank line between two."""
    return "\n\n".join(render(problem) for problem in problems)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by place; at one place the errors come first. One that is said twice is kept once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.file, p.line, p.column, p.severity, p.message)))


def _cut(line: str, start: int) -> tuple[str, int]:
    """The part of a line to show, and where `start` falls in it."""
    printable = "".join(character if character.isprintable() else "�" for character in line)
    if len(printable) <= _SHOWN_COLUMNS:
        return printable, start
    first = max(0, start - _SHOWN_COLUMNS // 2)
    dots = "…" if first else ""
    return dots + printable[first : first + _SHOWN_COLUMNS], start - first + len(dots)
