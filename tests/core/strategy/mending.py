"""A reader of ways out who does what they say and nothing else: the edits of each problem, until there is none."""

from collections.abc import Callable, Sequence

from engine.strategy.parse import parse_strategy
from engine.strategy.problems import Edit, Problem

STEPS_MAX = 8


def mended(text: str, file: str = "x.yaml", steps_max: int = STEPS_MAX) -> tuple[str, list[Problem]]:
    """The text once every first way out is taken, and the problems met on the way; errors before warnings."""
    return mended_by(lambda now: parse_strategy(now, file).problems, text, steps_max)


def mended_by(check: Callable[[str], Sequence[Problem]], text: str, steps_max: int) -> tuple[str, list[Problem]]:
    """The same with the problems that `check` tells. No problem may come back, and none may be without a way out."""
    met: list[Problem] = []
    while (problem := _first(check(text))) is not None:
        story = "\n".join(f"{one.message} = {one.hint}" for one in [*met, problem])
        assert len(met) < steps_max, f"no end of problems:\n{story}\n{text}"
        assert problem.edits, f"nobody can follow this:\n{story}"
        assert problem.message not in {one.message for one in met if one.source_line == problem.source_line}, story
        met.append(problem)
        text = applied(text, problem.edits)
    return text, met


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text after these edits, the last of them made first, so that places stay true."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for edit in reversed(edits):
        start, end = _offset(text, edit.line, edit.column), _offset(text, edit.end_line, edit.end_column)
        text = text[:start] + edit.text + text[end:]
    return text


def _first(problems: Sequence[Problem]) -> Problem | None:
    return next(iter(sorted(problems, key=lambda problem: problem.severity == "warning")), None)


def _offset(text: str, line: int, column: int) -> int:
    return len("".join(one + "\n" for one in text.split("\n")[: line - 1])) + column - 1
