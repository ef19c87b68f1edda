"""A reader of ways out who does what they say, word for word, and nothing else.

write  X          in place of what is marked
write it as  X  in Y     what is marked goes, with what stands below it, and X is added to Y
add  X  in Y      X is added to Y; without Y to what is marked, or to the file
remove …          what is marked goes
did you mean 'X'? X in place of what is marked
"""

import re

from ruamel.yaml import YAML

from engine.strategy.parse import parse_strategy
from engine.strategy.problems import Problem

STEPS_MAX = 8


def mended(text: str, file: str = "x.yaml") -> tuple[str, list[Problem]]:
    """The text once every first way out is taken, and the problems met on the way; errors before warnings."""
    met: list[Problem] = []
    for _ in range(STEPS_MAX):
        parsed = parse_strategy(text, file)
        problem = next(iter((*parsed.errors, *parsed.warnings)), None)
        if problem is None:
            return text, met
        met.append(problem)
        text = applied(text, problem)
    raise AssertionError("no end of problems:\n" + "\n".join(f"{one.message} = {one.hint}" for one in met))


def applied(text: str, problem: Problem) -> str:
    """The text after the first way out of a problem."""
    hint = problem.hint.splitlines()[0]
    if found := re.match(r"write it as  (.+?)  in ([a-z_.]+)", hint):
        return _added(_without(text, problem), found[1], found[2])
    if found := re.match(r"write  (.+?)(?:   |  \||  or |$)", hint):
        return _replaced(text, problem, found[1])
    if found := re.match(r"did you mean '(.+?)'", hint):
        return _replaced(text, problem, found[1])
    if found := re.match(r"add  (.+?)(?:  in ([a-z_.]+)|   |$)", hint):
        return _added(text, found[1], found[2] or _section(problem, found[1]))
    if hint.startswith("remove"):
        return _without(text, problem)
    raise AssertionError(f"nobody can follow this: {problem.message} = {problem.hint}")


def _replaced(text: str, problem: Problem, new: str) -> str:
    lines = text.split("\n")
    line = lines[problem.line - 1]
    end = min(problem.end_column - 1, len(line))
    lines[problem.line - 1] = line[: problem.column - 1] + new + line[end:]
    return "\n".join(lines)


def _without(text: str, problem: Problem) -> str:
    """Without the marked entry: on a line of its own with everything indented below it, in brackets with its comma."""
    lines = text.split("\n")
    line = lines[problem.line - 1]
    before, after = line[: problem.column - 1], line[problem.end_column - 1 :]
    if before.strip(" -"):
        inside = re.sub(r",\s*$", "", before) + re.sub(
            r"^[^,\]}]*,?", "" if before.rstrip().endswith(("[", "{")) else ",", after, count=1
        )
        lines[problem.line - 1] = re.sub(r",\s*([\]}])", r"\1", inside)
        return "\n".join(lines)
    indent = len(line) - len(line.lstrip())
    below = problem.line
    while below < len(lines) and lines[below].strip() and len(lines[below]) - len(lines[below].lstrip()) > indent:
        below += 1
    return "\n".join(lines[: problem.line - 1] + lines[below:])


def _section(problem: Problem, new: str) -> str:
    """What is marked, where that is a key; else the file itself, or its exits."""
    marked = (problem.source_line or "")[problem.column - 1 : problem.end_column - 1].strip().rstrip(":")
    if problem.line == 1 or not re.fullmatch("[a-z_]+", marked):
        return "exits" if new.startswith("- ") else ""
    return marked


def _added(text: str, new: str, section: str) -> str:
    """With a key or a line added to a section, through a round trip as a careful editor would make it."""
    yaml = YAML()
    yaml.width = 500
    tree = yaml.load(text)
    node = tree
    *above, last = [part for part in section.split(".") if part] or [""]
    for part in above:
        node = node[part]
    item = yaml.load(new.removeprefix("- "))
    if new.startswith("- "):
        node.setdefault(last, [])
        node[last].append(item)
    else:
        target = node if not last else node.setdefault(last, {})
        target.update(item)
    out: list[str] = []
    yaml.dump(tree, _Lines(out))
    return "".join(out)


class _Lines:
    def __init__(self, out: list[str]) -> None:
        self._out = out

    def write(self, text: bytes | str) -> int:
        self._out.append(text.decode() if isinstance(text, bytes) else text)
        return len(text)
