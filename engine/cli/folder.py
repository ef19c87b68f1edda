"""Files and folders that a person names on the command line, read without trusting them to be what they seem.

A missing file, a pipe or a link that leads nowhere is a problem of that file like any other, so that one bad name does not
hide what is wrong with the rest.
"""

import difflib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.cli.options import strategies_in_force
from engine.cli.show import say
from engine.domain.errors import UserError
from engine.strategy.common import Common
from engine.strategy.model import Strategy
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE, parse_common, parse_strategies
from engine.strategy.problems import Parsed, Problem, in_order, render_all

SUFFIXES = (".yaml", ".yml")
SHARED = (COMMON_FILE, ACCOUNT_FILE, EVENTS_FILE)
FILES_MAX = 500
"""Of one folder; the engine takes no more either."""
BYTES_MAX = 1_000_000
"""Read at most this much of a file; the language refuses far less and says so."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


@dataclass(frozen=True, slots=True)
class Unread(Exception):
    """A file that could not be read: why, and the way out."""

    why: str
    hint: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a check of some files looks at, one folder's worth."""

    texts: Mapping[str, bytes]
    """By name as the trader would write it: the files beside those that were asked for stand first."""
    asked: frozenset[str]
    """Files whose problems are told: the ones that were named, and the shared ones beside them."""
    problems: tuple[Problem, ...]
    """Of files that cannot be read."""


def gather(paths: Sequence[Path]) -> list[Gathered]:
    """The named files, and what the engine would read beside them, folder by folder in the order of the names."""
    named: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(Path(os.path.normpath(path)) for path in paths):
        files = [file for file in _siblings(path) if file.name not in SHARED] if _is_folder(path) else [path]
        known = named.setdefault(path if _is_folder(path) and files else path.parent, [])
        known += [file for file in files or [path] if file not in known]
    return [_gathered(folder, files) for folder, files in named.items()]


def read(path: Path) -> bytes:
    """The first bytes of a regular file. Raises Unread; never waits for a pipe or a device."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            next(path.iterdir(), None)
        if stat.S_ISDIR(mode) and not any(file.name not in SHARED for file in _siblings(path)):
            raise Unread("this folder holds no strategy", "`spreads new NAME` writes a first one")
        if not stat.S_ISREG(mode):
            kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "no file")
            raise Unread(f"this is {kind}, not a file", "name a YAML file")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        if path.is_symlink():
            raise Unread("this link leads nowhere", "mend the link, or name the file itself") from None
        raise Unread("no such file", _similar(path)) from None
    except OSError as error:
        raise Unread(f"cannot be read: {error.strerror or error}", "name a file that you may read") from None


def load_strategy(path: Path) -> Strategy:
    """The strategy of one file, with common.yaml beside it; `FILE:NAME` is one of its variants. That it has warnings is said on
    stderr.

    Raises UserError with every problem of the file, and where it has several variants and none is named.
    """
    first, *others = load_strategies(path)
    if others:
        names = ", ".join(one.variant for one in (first, *others))
        raise UserError(f"{path} has variants: {names}; name one of them, as {path}:{first.variant}")
    return first


def load_strategies(path: Path) -> tuple[Strategy, ...]:
    """All strategies of one file, one for each variant, or the one that `FILE:NAME` names. Raises UserError."""
    path, variant = file_of(path), variant_of(path)
    try:
        text = read(path)
    except Unread as error:
        raise UserError(f"{path}: {error.why}\n         {error.hint}") from None
    if path.name in SHARED:
        raise UserError(f"{path}: this file holds no strategy; name one that does")
    parsed_common = common_beside(path)
    parsed = parse_strategies(text, str(path), parsed_common.value if parsed_common else None)
    problems = in_order((*(parsed_common.errors if parsed_common else ()), *parsed.problems))
    if parsed.value is None:
        raise UserError(f"{path} cannot be used:\n\n{render_all(problems)}")
    if problems:
        count = "1 warning" if len(problems) == 1 else f"{len(problems)} warnings"
        say(f"{path}: {count}; `spreads check {path}` tells")
    found = tuple(one for one in parsed.value if variant in {"", one.variant})
    if not found:
        names = [one.variant for one in parsed.value if one.variant]
        of_it = f"its variants: {', '.join(names)}" if names else f"it has none: name {path} alone"
        raise UserError(f"{path} has no variant {variant!r}; {of_it}")
    return found


def common_beside(path: Path) -> Parsed[Common] | None:
    """The common.yaml beside a file; None where there is none. Raises UserError where it cannot be read."""
    shared = path.parent / COMMON_FILE
    try:
        return parse_common(read(shared), str(shared)) if shared.exists() else None
    except Unread as error:
        raise UserError(f"{shared}: {error.why}") from None


def file_of(path: Path) -> Path:
    """The file of `FILE` or `FILE:NAME`."""
    return path.with_name(path.name.rsplit(":", 1)[0]) if variant_of(path) else path


def variant_of(path: Path) -> str:
    """The name behind the colon of `FILE:NAME`; empty where there is none."""
    file, colon, name = path.name.rpartition(":")
    return name if colon and file.endswith(SUFFIXES) else ""


def unread_problem(file: str, error: Unread) -> Problem:
    """The problem of a file that cannot be read, at its first character."""
    return Problem(file, 1, 1, 2, "error", error.why, None, error.hint)


def _gathered(folder: Path, files: Sequence[Path]) -> Gathered:
    """The files and their neighbours. A neighbour that cannot be read is only told of when the engine needs it."""
    shared = [folder / name for name in SHARED if (folder / name).exists() and folder / name not in files]
    others = [path for path in _siblings(folder) if path not in files and path not in shared]
    texts: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in [*others, *shared, *files]:
        try:
            texts[str(path)] = read(path)
        except Unread as error:
            if path not in others:
                problems.append(unread_problem(str(path), error))
    problems += [_unheard(path) for path in files if path.suffix not in SUFFIXES and str(path) in texts]
    return Gathered(texts, frozenset(str(path) for path in [*shared, *files]), tuple(problems))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name longer than any file's
        return False


def _siblings(folder: Path) -> Iterator[Path]:
    """The YAML files of a folder, sorted; hidden files and editors' swap files are passed over as the engine does."""
    try:
        entries = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))
    except OSError:
        return
    yield from entries[:FILES_MAX]


def _similar(path: Path) -> str:
    """Where the file may be instead."""
    places = (strategies_in_force(), path.parent)
    known = {found.name: found for place in places for found in _siblings(place) if found.is_file()}
    if path.parent == Path() and f"{path.name}.yaml" in known:
        return f"did you mean {known[f'{path.name}.yaml']}?"
    names = difflib.get_close_matches(path.name, known, n=1)
    return f"did you mean {known[names[0]]}?" if names else _listed(known.values())


def _listed(paths: Iterable[Path]) -> str:
    names = [str(path) for path in paths if path.name not in SHARED]
    if not names:
        return "`spreads new NAME` writes a strategy"
    return "there are: " + ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _unheard(path: Path) -> Problem:
    hint = f"rename it to {path.with_suffix('.yaml').name}" if path.stem else "give it a name that ends in .yaml"
    return Problem(str(path), 1, 1, 2, "warning", "the engine reads only files that end in .yaml or .yml", None, hint)
