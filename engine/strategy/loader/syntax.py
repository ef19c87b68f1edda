"""What YAML's parser complains about, in the words of someone who only wants to write a strategy."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError

from engine.strategy.source import NOWHERE, Place
from engine.strategy.way_out import WayOut, Write, strike, write

_QUOTE = "put the text in quotes"

_ACTIONS = ("action", "do", "then", "act")
"""What other programs call what an exit does."""

STRAY_LIST = (
    "this list belongs to no key: the line above it has its value already",
    "write its key on a line of its own above it:  when  |  filters  |  rules  |  exits",
)
"""What is said of a list below a key that has a value."""

DASH_ALONE = "a dash without a space begins no part of a list"

_NO_COLON = "this line has no ':' with a space behind it"

_KEY = re.compile(r"([a-z_]+)(?:\s*[:=]\s*|\s+|$)(.*)")
"""A key and its value, set off by anything."""

_LONGEST_OFFER = 120
"""Characters of a line that is shown again as it should be."""

_SENTENCES: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a ':' stands where none can be",
        "put text with ': ' in it in quotes, or check the indentation of this line and the one above",
    ),
    ("could not find expected ':'", _NO_COLON, write("key: value")),
    ("expected a comment or a line break", "a text cannot begin with '>' or '|' in YAML", "begin with a number:  iv_rank >= 25%"),
    ("expected chomping or indentation", "a text cannot begin with '>' or '|' in YAML", "begin with a number:  iv_rank >= 25%"),
    ("incompatible YAML document", "this names a version of YAML that is not known", "remove the line"),
    ("expected ',' or ']'", "this list is not closed", "close it with  ]  and set its parts off by commas"),
    ("expected ',' or '}'", "this { is not closed", "close it with  }  and set its parts off by commas"),
    ("found unexpected end of stream", "a quote is opened and not closed", "close it with the same quote"),
    ("found unexpected document separator", "a quote is opened and not closed", "close it with the same quote"),
    ("unknown escape character", "a \\ in double quotes begins a special character", "use single quotes"),
    ("sequence entries are not allowed", "a list cannot begin here", "begin it on its own line, indented below its key"),
    ("block sequence entries", "a list cannot begin here", "begin it on its own line, indented below its key"),
    ("expected <block end>", "this line does not fit the lines above", "keys of one level begin in the same column"),
    ("did not find expected", "this line does not fit the lines above", "keys of one level begin in the same column"),
    ("found undefined tag", "'!' begins a YAML tag; tags are not used here", _QUOTE),
    ("expected the node content", "a value is missing here", write("key: value")),
    ("expected '<document start>'", "this does not belong to what stands above", "keys of one level begin in the same column"),
    ("expected alphabetic or numeric character", "& and * have a meaning of their own in YAML", _QUOTE),
    ("incorrectly indented", "this line is not indented as the lines above", "keys of one level begin in the same column"),
)


def in_trade_words(error: MarkedYAMLError, lines: list[str]) -> tuple[Place, str, str]:
    """Where, what, and the way out."""
    mark = error.problem_mark or error.context_mark
    place = NOWHERE if mark is None else _place(mark.line, mark.column, lines)
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation or line[place.column - 1 : place.column] == "\t":
        column = line.index("\t") + 1
        place = Place(place.line, column, column + 1)
        return place, "a tab stands here; YAML is indented with spaces", _without_tabs(lines)
    problem = str(error.problem or "")
    if "cannot start any token" in problem:
        character = line[place.column - 1 : place.column]
        return place, f"a text cannot begin with '{character}' in YAML", _in_quotes(line, place)
    if line[place.column - 1 : place.column] in {"]", "}"} and "parsing a block" in str(error.context or ""):
        return place, f"this {line[place.column - 1]} closes nothing", strike()
    if found := re.match(r"(\s*[a-z_]+:\s+)\[([^\]\[]*)\](\s*\S.*)$", re.split(r"\s#", line)[0].rstrip()):
        whole = Place(place.line, len(found[1]) + 1, len(found[0]) + 1)
        return whole, "in YAML nothing stands behind the ] of a list", write(f"{found[2].strip()}{found[3]}")
    if line.lstrip().startswith("- ") and ("block end" in problem or "did not find expected" in problem):
        message, hint = _beside_groups(lines, place) or STRAY_LIST
        return Place(place.line, place.column, len(line) + 1), message, hint
    if "mapping values" in problem and (above := _without_colon(lines, place)) is not None:
        return above
    for part, message, hint in _SENTENCES:
        if part in problem:
            began = error.context_mark
            if began is not None and ("not closed" in message or "has no ':'" in message):
                place = _place(began.line, began.column, lines)
                written = lines[place.line - 1][place.column - 1 :]
                if "not closed" in message:
                    return place, message, _closed(lines, place, hint)
                written = re.split(r"\s#", written)[0].rstrip()
                whole = Place(place.line, place.column, place.column + len(written))
                if len(written) > _LONGEST_OFFER:
                    return place, message, hint
                if written[:1] == "-":
                    return whole, DASH_ALONE, write(f"- {written[1:].strip()}")
                if found := _KEY.match(written):
                    return whole, message, write(f"{found[1]}: {found[2]}".rstrip())
            return place, message, _mended(part, lines, place, hint)
    return (
        place,
        "this cannot be read as YAML",
        "keys of one level begin in the same column, and text with : # [ { in it stands in quotes",
    )


_GROUPS = {"each side": "whole", "whole": "each side"}
"""Groups of exits, and what the lines beside one of them may be meant for."""


def _beside_groups(lines: list[str], place: Place) -> tuple[str, WayOut] | None:
    """What is told of a list beside a group of exits: its lines want a group too."""
    line = lines[place.line - 1]
    indent = line[: len(line) - len(line.lstrip())]
    keys = [found[1] for above in lines[: place.line - 1] if (found := re.match(rf"{indent}([a-z ]+):\s*(?:#.*)?$", above))]
    other = _GROUPS.get(keys[-1]) if keys and indent else None
    if other is None or other in keys:
        return None
    hint = WayOut.of(f"put  {other}:  on a line of its own above it", Write(f"{other}:\n{indent}{line.strip()}"))
    return f"beside '{keys[-1]}' the other exits stand below '{other}'", hint


def _without_colon(lines: list[str], place: Place) -> tuple[Place, str, WayOut] | None:
    """What is told of the line above, where it is a key without its colon: YAML stumbles over the colon of the next one."""
    number = next((at for at in range(place.line - 1, 0, -1) if lines[at - 1].strip() and lines[at - 1].strip()[:1] != "#"), 0)
    if not number:
        return None
    written = re.split(r"\s#", lines[number - 1])[0].rstrip()
    indents = [len(line) - len(line.lstrip()) for line in (lines[place.line - 1], written)]
    said, found = written.strip(), _KEY.match(written.strip())
    if (
        found is None
        or not found[2]
        or ": " in said
        or said.endswith(":")
        or indents[0] > indents[1]
        or len(said) > _LONGEST_OFFER
    ):
        return None
    whole = Place(number, indents[1] + 1, len(written) + 1)
    return whole, _NO_COLON, write(f"{found[1]}: {found[2]}")


def _without_tabs(lines: list[str]) -> WayOut:
    """Two spaces for each tab before a line's first letter."""
    changes: list[Write] = []
    for number, line in enumerate(lines, 1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            changes.append(Write(indent.replace("\t", "  "), Place(number, 1, len(indent) + 1)))
    return WayOut.of("use two spaces for each level", *changes)


def _in_quotes(line: str, place: Place) -> WayOut:
    """The text from here to the end of the line in quotes, without a remark behind it."""
    text = re.split(r"\s#", line[place.column - 1 :])[0].rstrip()
    whole = Place(place.line, place.column, place.column + len(text))
    return WayOut.of(_QUOTE, Write(f'"{text}"', whole)) if '"' not in text else WayOut.of(_QUOTE)


def _closed(lines: list[str], place: Place, hint: str) -> WayOut:
    """The bracket or quote that is missing, at the end of the line on which the other one stands."""
    line = lines[place.line - 1]
    text = re.split(r"\s#", line)[0].rstrip()
    opened = line[place.column - 1 : place.column]
    closing = {"[": "]", "{": "}"}.get(opened, opened)
    return (
        WayOut.of(hint, Write(closing, Place(place.line, len(text) + 1, len(text) + 1))) if opened in "[{\"'" else WayOut.of(hint)
    )


def _mended(part: str, lines: list[str], place: Place, hint: str) -> WayOut | str:
    """The way out of a line that does not fit: indented as the one above, or its value in quotes."""
    line = lines[place.line - 1]
    pair = re.match(r"(\s*(?:- )?)([a-z_]+):\s+(\S.*)", line)
    if pair and ": " in pair[3] and "mapping values" in part:
        start = pair.start(3) + 1
        return _in_quotes(line, Place(place.line, start, start + 1)).reworded(hint)
    if pair and pair[2] in _ACTIONS and place.line > 1 and lines[place.line - 2].lstrip().startswith("- "):
        condition = re.split(r"\s#", lines[place.line - 2])[0].rstrip()
        end = Place(place.line - 1, len(condition) + 1, len(condition) + 1)
        action = re.split(r"\s#", pair[3])[0].rstrip()
        told = f"write the action behind its condition:  {condition.strip()}: {action}"
        return WayOut.of(told, Write(f": {action}", end), Write("", Place(place.line, 1, len(line) + 1)))
    above = next((one for one in reversed(lines[: place.line - 1]) if one.strip() and not one.lstrip().startswith("#")), "")
    indent, wanted = (len(one) - len(one.lstrip()) for one in (line, above))
    wanted += 2 if above.rstrip().endswith(":") else 0
    if indent == wanted or hint == _QUOTE:
        return hint
    return WayOut.of(hint, Write(" " * wanted, Place(place.line, 1, indent + 1)))


def _place(line: int, column: int, lines: list[str]) -> Place:
    """A mark of the parser, which counts from 0, kept inside the text: at its very end stands no line."""
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line -= 1
        column = len(lines[line]) - 1 if line < len(lines) else 0
    column = max(0, column)
    return Place(line + 1, column + 1, column + 2)
