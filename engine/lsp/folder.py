"""A file as it is typed, among those that the engine would read beside it: what `spreads check` says of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.domain.errors import UserError
from engine.runtime.reading import read_folder
from engine.strategy.loader.document import read_document
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE, check_files
from engine.strategy.problems import Problem
from engine.strategy.viewed import views_written

SHARED = (ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE)
SUFFIXES = (".yaml", ".yml")


def kind_of(path: Path) -> str:
    """Which schema a file has, by its name."""
    return path.stem if path.name in SHARED else "strategy"


def is_ours(path: Path, text: str) -> bool:
    """Whether a YAML file is one of the engine's: it says `schema:` at its top, or lies beside one that only the engine has."""
    says = any(line.startswith("schema:") for line in text.splitlines())
    return path.suffix in SUFFIXES and (says or path.name in SHARED or any((path.parent / name).exists() for name in SHARED))


def problems_of(path: Path, text: str) -> Sequence[Problem]:
    """Every problem of the text, by place, with the files beside it as they lie on disk."""
    if not is_ours(path, text):
        return ()
    try:
        beside: dict[str, str | bytes] = {name: found for name, found in read_folder(path.parent).items() if name != path.name}
    except UserError:  # a folder that cannot be read says nothing about this text
        beside = {}
    shared = {name: found for name, found in beside.items() if name in SHARED}
    others = {name: found for name, found in beside.items() if name not in SHARED}
    found = check_files({**others, **shared, path.name: text})
    return [_here(problem, text, path.name) for problem in found if path.name in {problem.file, _user_of(problem)}]


def views_here(path: Path, text: str) -> dict[str, str]:
    """The views of a price that a file may name, its own before those of the common.yaml beside it, with what they say."""
    try:
        shared = (path.parent / COMMON_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # none is there, or none that can be read
        shared = ""
    found: dict[str, str] = {}
    for source in (shared, text):
        found |= {name: str(view) for name, view in views_written(read_document(source, path.name).tree).items()}
    return found


def _user_of(problem: Problem) -> str | None:
    """The file on whose account something is wrong in common.yaml."""
    used = re.search(r" \(used by (.+?\.ya?ml)(?::.+)?\)$", problem.message)
    return used[1] if used else None


def _here(problem: Problem, text: str, file: str) -> Problem:
    """The problem as it is told in a file: one of common.yaml at the line that takes something from there, without its edits."""
    if problem.file == file:
        return problem
    lines = text.splitlines()
    line = next((number for number, one in enumerate(lines, 1) if one.startswith("use:")), 1)
    where = f"{problem.file}:{problem.line}: {problem.message}"
    return replace(problem, file=file, line=line, column=1, end_column=len(lines[line - 1]) + 1, message=where, edits=())
