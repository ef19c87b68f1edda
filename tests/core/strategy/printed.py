"""A reader of what `spreads check` prints, who knows the file and nothing else: no edit, no tree, no parser of the language.

It does what the first sentence of a way out says, with the place and the carets that stand beside it:

    write  A  |  B          A in place of what is marked
    add  key: value  in S   one more key in a section, or a line in its list
    write it as  L  in S    the marked entry goes there
    did you mean 'A'?       A in place of what is marked
    remove it               the marked entry goes
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = re.compile(r"(?P<file>[^:\n]+):(?P<line>[0-9]+):(?P<column>[0-9]+): (?P<warning>warning: )?(?P<message>.*)")


@dataclass(frozen=True, slots=True)
class Printed:
    """One problem as it was printed; columns from 0."""

    line: int
    start: int
    end: int
    message: str
    hint: str
    is_warning: bool


def printed_problems(text: str) -> list[Printed]:
    """What stands in the output of a check, in its order."""
    found: list[Printed] = []
    for block in text.split("\n\n"):
        lines = block.split("\n")
        head = _HEAD.match(lines[0])
        if head is None:
            continue
        carets = next((line.partition("|")[2].count("^") for line in lines if re.fullmatch(r" +\| +\^+", line)), 1)
        hint = next((line.partition("= ")[2] for line in lines if line.startswith("        = ")), "")
        start = int(head["column"]) - 1
        found.append(Printed(int(head["line"]), start, start + carets, head["message"], hint, head["warning"] is not None))
    return found


def followed(text: str, problem: Printed) -> str | None:
    """The file after the first way out of a problem; None where its sentence names none that can be followed."""
    hint = problem.hint
    if found := re.match(r"write it as  (.+?)  in ([a-z_. ]+?)(?:  | and |:|$)", hint):
        return _added(_removed(text, problem), found[1], found[2])
    if found := re.match(r"add  (.+?)(?:  in ([a-z_. ]+?))?(?:  .*)?$", hint):
        return _added(text, found[1], found[2] or "")
    if found := re.match(r"move  (.+?)  to the end", hint):
        return _moved_to_the_end(text, found[1])
    if found := re.match(r"write  (.+?)  and add  (.+?)  in ([a-z_. ]+)", hint):
        return _added(_replaced(text, problem, found[1]), found[2], found[3])
    if found := re.match(r"write each on its own line:  (.+)", hint):
        return _split(text, problem, found[1].split("  and  "))
    if found := re.match(r"write  (.+?)(?:  |$)", hint):
        return _replaced(text, problem, found[1])
    if found := re.match(r"did you mean '(.+?)'", hint):
        return _replaced(text, problem, found[1])
    if hint.startswith("remove it"):
        return _removed(text, problem)
    if hint.startswith("use two spaces"):
        return "\n".join(re.sub(r"^[ \t]*", lambda indent: indent[0].replace("\t", "  "), line) for line in text.split("\n"))
    if found := re.match(r"it stands already in line ([0-9]+): keep one", hint):
        return _without_lines(text, problem.line, problem.line)
    return None


def _replaced(text: str, problem: Printed, new: str) -> str:
    """New text in place of what is marked: for `key: value` the whole entry, for a value as it is."""
    lines = text.split("\n")
    line = lines[problem.line - 1]
    marked = line[problem.start : problem.end]
    entry = re.match(r"(\w+(?: side)?):(?: |$)", new)
    if (entry and not re.match(r"\w+(?: side)?\s*[:=]?\s", marked + " ")) or (
        entry and ":" not in marked and re.fullmatch(r"\w+", marked)
    ):
        return _with_entry(lines, problem, new)
    if entry and not marked.startswith(entry[1]) and re.match(rf"\s*{entry[1]}:", line[: problem.start] or " "):
        return _with_entry(lines, problem, new)
    lines[problem.line - 1] = line[: problem.start] + new + line[problem.end :]
    return "\n".join(lines)


def _entries(new: str) -> list[str]:
    """`type: bull_put, expiry: 45 days` are two."""
    return [new] if re.search(r"[\[{\"]", new) else re.split(r", (?=[a-z_]+: )", new)


def _with_entry(lines: list[str], problem: Printed, new: str) -> str:
    """An entry in place of the one in which the mark stands."""
    at, line = problem.line - 1, lines[problem.line - 1]
    opened = line.rfind("{", 0, problem.start)
    if opened >= 0 and "}" in line[problem.start :]:
        start = max(opened, line.rfind(", ", 0, problem.start) + 1) + 1
        ends = [end for end in (line.find(", ", problem.start), line.find("}", problem.start)) if end >= 0]
        lines[at] = line[:start].rstrip(" ") + (" " if line[start - 1] == " " else "") + new + line[min(ends) :]
        return "\n".join(lines)
    indent = len(line) - len(line.lstrip())
    last = _last_of(lines, at)
    return "\n".join([*lines[:at], *(" " * indent + one for one in _entries(new)), *lines[last + 1 :]])


def _last_of(lines: list[str], at: int) -> int:
    """The last line of an entry: what is indented more, and the dashes of its list."""
    indent, last = len(lines[at]) - len(lines[at].lstrip()), at
    for number in range(at + 1, len(lines)):
        line = lines[number]
        deeper = len(line) - len(line.lstrip()) > indent
        if line.strip() and not deeper:
            break
        last = number if line.strip() else last
    return last


def _removed(text: str, problem: Printed) -> str:
    """Without the entry that is marked, and without a section that would be left empty."""
    lines = text.split("\n")
    at, line = problem.line - 1, lines[problem.line - 1]
    before = line[: problem.start]
    if ("{" in before or "[" in before) and before.strip(" -") != "":
        return _removed_within(lines, problem)
    last = _last_of(lines, at)
    lines = [*lines[:at], *lines[last + 1 :]]
    indent = len(line) - len(line.lstrip())
    above = next((number for number in range(at - 1, -1, -1) if lines[number].strip()), 0)
    below = next((one for one in lines[at:] if one.strip()), "")
    is_empty = lines[above].split("  #")[0].rstrip().endswith(":") and len(below) - len(below.lstrip()) < max(indent, 1)
    if is_empty and len(lines[above]) - len(lines[above].lstrip()) < indent:
        del lines[above]
    return "\n".join(lines)


def _removed_within(lines: list[str], problem: Printed) -> str:
    line = lines[problem.line - 1]
    opened = max(line.rfind("{", 0, problem.start), line.rfind("[", 0, problem.start))
    closed = min(at for at in (line.find("}", problem.start), line.find("]", problem.start)) if at >= 0)
    inside, at = _parts(line[opened + 1 : closed]), problem.start - opened - 1
    kept, offset = [], 0
    for part in inside:
        if not offset <= at < offset + len(part) + 1:
            kept.append(part.strip())
        offset += len(part) + 1
    if not kept and opened > 0:
        return "\n".join([*lines[: problem.line - 1], *lines[problem.line :]])
    lines[problem.line - 1] = line[: opened + 1] + ", ".join(kept) + line[closed:]
    return "\n".join(lines)


def _parts(text: str) -> list[str]:
    """What commas set off, but for those of thousands and those in quotes."""
    if re.search(r"[a-z]: ", text):
        return re.split(r",(?=\s*[a-z_]+(?: side)?: )", text)
    return re.split(r",(?![0-9]{3}(?![0-9]))(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", text)


def _added(text: str, new: str, section: str) -> str:
    """With one more entry in a section, `exits` or `spread.rules`, which is made where it is not there."""
    lines = text.rstrip("\n").split("\n")
    path = [part for part in section.split(".") if part]
    if path == ["exits"] and re.search(r"^exits:\s*$\n+\s+(?:each side|whole):", text, re.MULTILINE):
        path = ["exits", "whole"]
    at, indent, depth = -1, 0, 0
    first, end = 0, len(lines)
    for part in path:
        found = next((n for n in range(first, end) if re.match(rf" {{{indent}}}{re.escape(part)}:", lines[n])), None)
        if found is None:
            break
        at, first, depth = found, found + 1, depth + 1
        end = _last_of(lines, found) + 1
        deeper = [len(line) - len(line.lstrip()) for line in lines[first:end] if line.strip() and line.lstrip()[:1] != "#"]
        indent = min(deeper, default=indent + 2)
    if depth < len(path):
        made = [f"{' ' * (indent + 2 * n)}{part}:" for n, part in enumerate(path[depth:])]
        made.append(f"{' ' * (indent + 2 * len(made))}{new}")
        return "\n".join([*lines[:end], *made, *lines[end:], ""])
    if path and re.search(r"[\]}]\s*(?:#.*)?$", lines[at]) and _opens_after(lines[at]):
        closes = max(lines[at].rfind("}"), lines[at].rfind("]"))
        said = new.removeprefix("- ")
        if "," in re.sub(r",(?=[0-9]{3}(?![0-9]))", "", said) and said[:1] != '"' and "{" not in said:
            key, colon, value = said.partition(": ") if not new.startswith("- ") else ("", "", said)
            said = f'{key}{colon}"{value}"'
        comma = "" if lines[at][closes - 1] in "{[" else ", "
        lines[at] = lines[at][:closes] + comma + said + lines[at][closes:]
        return "\n".join([*lines, ""])
    where = end
    if new.startswith("- ") and new != "- let expire":
        where = next((n for n in range(first, end) if lines[n].strip() == "- let expire"), end)
    if new == "- let expire" and any(line.strip() == new for line in lines):
        return "\n".join([*lines, ""])
    return "\n".join([*lines[:where], " " * indent + new, *lines[where:], ""])


def _opens_after(line: str) -> bool:
    return bool(re.match(r"\s*[a-z ]+:\s*[\[{]", line))


def _moved_to_the_end(text: str, what: str) -> str:
    lines = text.split("\n")
    at = next(n for n, line in enumerate(lines) if line.strip() == f"- {what}")
    line = lines.pop(at)
    last = at
    while last < len(lines) and lines[last].startswith(line[: len(line) - len(line.lstrip()) + 2]):
        last += 1
    return "\n".join([*lines[:last], line, *lines[last:]])


def _split(text: str, problem: Printed, news: list[str]) -> str:
    lines = text.split("\n")
    line = lines[problem.line - 1]
    before = line[: len(line) - len(line.lstrip())]
    return "\n".join([*lines[: problem.line - 1], *(f"{before}- {new}" for new in news), *lines[problem.line :]])


def _without_lines(text: str, first: int, last: int) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[: first - 1], *lines[last:]])
