"""What YAML's parser complains about, in the words of someone who only wants to write a strategy."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError

from engine.strategy.positions import NOWHERE, Place
from engine.strategy.way_out import strike, write

_QUOTE = "put the text in quotes"

_SENTENCES: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a ':' stands where none can be",
        "put text with ': ' in it in quotes, or check the indentation of this line and the one above",
    ),
    ("could not find expected ':'", "this line has no ':' with a space behind it", write("key: value")),
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
        return (
            Place(place.line, column, column + 1),
            "a tab stands here; YAML is indented with spaces",
            "use two spaces for each level",
        )
    problem = str(error.problem or "")
    if "cannot start any token" in problem:
        character = line[place.column - 1 : place.column]
        return place, f"a text cannot begin with '{character}' in YAML", _QUOTE
    if line[place.column - 1 : place.column] in {"]", "}"} and "parsing a block" in str(error.context or ""):
        return place, f"this {line[place.column - 1]} closes nothing", strike()
    for part, message, hint in _SENTENCES:
        if part in problem:
            began = error.context_mark
            if began is not None and ("not closed" in message or "has no ':'" in message):
                place = _place(began.line, began.column, lines)
                written = lines[place.line - 1][place.column - 1 :]
                if "not closed" not in message and written[:1] == "-":
                    return place, "a dash without a space begins no part of a list", write(f"- {written[1:].strip()[:40]}")
            return place, message, hint
    return (
        place,
        "this cannot be read as YAML",
        "keys of one level begin in the same column, and text with : # [ { in it stands in quotes",
    )


def _place(line: int, column: int, lines: list[str]) -> Place:
    """A mark of the parser, which counts from 0, kept inside the text: at its very end stands no line."""
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line -= 1
        column = len(lines[line]) - 1 if line < len(lines) else 0
    column = max(0, column)
    return Place(line + 1, column + 1, column + 2)
