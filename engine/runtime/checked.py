"""A trader's file held against the language, as plain data."""

from engine.runtime.plain import Row
from engine.strategy.explain import sentences
from engine.strategy.parse import check_files, parse_strategies
from engine.strategy.problems import Problem, render_all


def checked_row(text: str, file: str) -> Row:
    """Every problem of one file by itself, and what it says where it has no error."""
    problems = check_files({file: text})
    is_good = not any(problem.severity == "error" for problem in problems)
    return {
        "is_good": is_good,
        "problems": [_problem_row(problem) for problem in problems],
        "rendered": render_all(problems),
        "meaning": _meaning(text, file) if is_good else [],
    }


def _meaning(text: str, file: str) -> list[str]:
    found = parse_strategies(text, file).value or ()
    return [sentence for strategy in found for sentence in sentences(strategy)]


def _problem_row(problem: Problem) -> Row:
    return {
        "line": problem.line,
        "column": problem.column,
        "end_column": problem.end_column,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
    }
