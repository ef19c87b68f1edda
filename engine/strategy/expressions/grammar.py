"""The order of a condition's parts, found by sqlglot over placeholders.

Every operand is handed over as `t<number of its token>`, so no word of the trader can mean something to SQL, and only
the node types below come back. `x% of y` is bracketed before, because it binds tighter than any sign; `event within 2
days` and `event today` become function calls.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from engine.strategy.expressions.lexer import Loose, Token
from engine.strategy.loader.spelling import nearest
from engine.strategy.measures.index import OF_OTHERS
from engine.strategy.source import PydanticCustomError, Text, about
from engine.strategy.way_out import WayOut, Write, strike, write

Tree: TypeAlias = exp.Expr
"""A node of sqlglot's tree."""

ALLOWED = (
    exp.Column, exp.Identifier, exp.Anonymous, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.GT,
    exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ, exp.Between, exp.In, exp.And, exp.Or, exp.Not,
)  # fmt: skip
"""Whatever else the SQL parser may build is refused."""

_SQL = {
    *("alter", "attach", "case", "cast", "collate", "copy", "create", "delete", "detach", "drop", "exists", "export", "from"),
    *("group", "having", "import", "insert", "install", "interval", "is", "join", "lateral", "like", "limit", "load", "null"),
    *("offset", "order", "over", "pragma", "select", "set", "table", "union", "update", "values", "where"),
}
"""Words that make sense in SQL only; none of them is a measure."""

_SPELLED = ("between", "within", "and", "or", "not", "days", "points", "delta", "minutes", "seconds")
"""Words of the language that are easily misspelled."""


def tree_of(text: Text, tokens: list[Token], way_out: str) -> Tree:
    """The line as a tree whose leaves are named t0, t1, … after the tokens.

    Raises a complaint where the line stops making sense; `way_out` shows a line that does.
    """
    if not tokens:
        raise about(text, "an empty condition", way_out)
    _spot_sql(text, tokens, way_out)
    _spot_beginning(text, tokens[0], way_out)
    _spot_neighbours(text, tokens, way_out)
    pieces = _pieces(text, tokens, way_out)
    sql = " ".join(piece for piece, _ in pieces)
    try:
        tree = _tree_over_placeholders(sql)
    except ParseError as error:
        raise _located(text, tokens, pieces, error, way_out) from None
    except (TokenError, RecursionError):
        raise about(text, "this condition cannot be read", way_out) from None
    if tree is None:
        raise about(text, "this is no comparison of numbers", way_out)
    return tree


@lru_cache(maxsize=1024)
def _tree_over_placeholders(sql: str) -> Tree | None:
    """The tree of a line whose operands are placeholders, None where it has a part that no condition has.

    Lines of one form have one tree, which is only read. Raises what sqlglot raises.
    """
    statements = sqlglot.parse(sql)
    tree = statements[0] if len(statements) == 1 else None
    if tree is None or not all(isinstance(node, ALLOWED) and _is_placeholder(node) for node in tree.walk()):
        return None
    return tree


def token_index(node: Tree) -> int | None:
    """The number of the token that a leaf or a function stands for; None for every other node."""
    match node:
        case exp.Column() | exp.Identifier() | exp.Anonymous():
            return int(node.name[1:])
        case _:
            return None


def _is_placeholder(node: Tree) -> bool:
    """Whether a name in the tree is one of ours; a word such as `in` can come back as a name where nothing is compared."""
    if not isinstance(node, exp.Column | exp.Identifier | exp.Anonymous):
        return True
    return re.fullmatch("t[0-9]+", node.name) is not None


def _spot_sql(text: Text, tokens: list[Token], way_out: str) -> None:
    """What looks like SQL and is none."""
    for token in tokens:
        if token.sort == "name" and token.text in _SQL:
            message = f"'{token.text}' is a word of SQL; a condition only compares numbers"
            raise about(text, message, way_out, token.start, token.end)
    for left, right in pairwise(tokens):
        if left.text == "/" and right.text == "*":
            raise about(text, "this begins a remark in SQL", "a remark begins with  #", left.start, right.end)


def _spot_beginning(text: Text, first: Token, way_out: str) -> None:
    if first.sort == "word" and first.text in {"and", "or", "in", "between"}:
        raise about(text, f"a condition cannot begin with '{first.text}'", strike(), first.start, first.end)


def _spot_neighbours(text: Text, tokens: list[Token], way_out: str) -> None:
    """Two operands side by side, or two comparisons: the commonest slips, and the parser would speak of something else."""
    for left, right in pairwise(tokens):
        if left.sort in {"number", "name"} and right.sort in {"number", "name"}:
            hint = _meant(text, left, right) or way_out
            raise about(text, f"a sign is missing between '{left.text}' and '{right.text}'", hint, left.start, right.end)
        if left.text == right.text == "-":
            line, remark = str(text)[: left.start].strip(), str(text)[right.end :].strip()
            way_out = WayOut.of("a remark begins with  #", Write(f"{line}  # {remark}", text.place))
            raise about(text, "two minus signs in a row", way_out, left.start, right.end)
        if _compares(left) and _compares(right):
            raise about(
                text, f"'{left.text} {right.text}' is no comparison", "write one of  <  <=  >  >=  =  !=", left.start, right.end
            )


def _meant(text: Text, left: Token, right: Token) -> WayOut | None:
    """What two operands side by side most likely were to be."""
    if left.kind is Loose.PERCENT and right.sort == "name":
        return write(f"{left.text} of {right.text}")
    meant = [nearest(token.text, _SPELLED) if token.sort == "name" else None for token in (right, left)]
    for token, word in zip((right, left), meant, strict=False):
        if word and word != token.text:
            start = token.start - left.start
            written = f"{text[left.start : left.start + start]}{word}{text[token.end : right.end]}"
            return WayOut.of(f"did you mean '{word}'?", Write(written))
    return None


def _closed(text: Text) -> WayOut:
    """The way out of a bracket that is open: it is closed at the end."""
    return WayOut.of("add  )", Write(f"{text})", text.place))


def _compares(token: Token) -> bool:
    return token.sort == "sign" and token.text in {"<", "<=", ">", ">=", "=", "!="}


def _pieces(text: Text, tokens: list[Token], way_out: str) -> list[tuple[str, int]]:
    """SQL word by word, each with the number of the token it comes from."""
    pieces: list[tuple[str, int]] = []
    closing: list[int] = []
    for at, token in enumerate(tokens):
        match token.sort, token.text:
            case "word", "of" if _is_of_other(tokens, at):
                pieces.append(("(", at))
                closing.append(at + 1)
            case "word", "of":
                _open_share(text, tokens, at, pieces, way_out)
                closing.append(_primary_end(text, tokens, at + 1))
            case "word", "within":
                _check_within(text, tokens, at)
                pieces.append(("(", at))
                closing.append(at + 1)
            case "word", "at":
                _check_at(text, tokens, at)
                pieces.append(("(", at))
                closing.append(_primary_end(text, tokens, at + 1))
            case "word", "today":
                _check_today(text, tokens, at)
                pieces.append(("( )", at))
            case "word", "first":
                _check_first(text, tokens, at)
            case "word", "no":
                pieces.append(("not", at))
            case "word" | "sign", word:
                pieces.append((word, at))
            case _:
                pieces.append((f"t{at}", at))
        pieces.extend((")", at) for end in closing if end == at)
        closing = [end for end in closing if end > at]
    return pieces


def _check_first(text: Text, tokens: list[Token], at: int) -> None:
    """`first` is the reader's word: what it counts stands behind it, in the brackets of a measure."""
    around = [token.text for token in tokens[at - 1 : at]] + [token.sort for token in tokens[at + 1 : at + 2]]
    if around != ["(", "number"]:
        message = "'first' stands in brackets before a number of minutes"
        raise about(text, message, "write  high_of(first 60 min)", tokens[at].start, tokens[at].end)


def _is_of_other(tokens: list[Token], at: int) -> bool:
    """`price of VXN`: the number of another index or share."""
    around = tokens[at - 1 : at + 2] if at else []
    return len(around) == 3 and around[0].text in OF_OTHERS and around[0].sort == around[2].sort == "name"


def _open_share(text: Text, tokens: list[Token], at: int, pieces: list[tuple[str, int]], way_out: str) -> None:
    before = tokens[at - 1] if at else None
    if before is None or before.kind is not Loose.PERCENT:
        start = before.start if before else tokens[at].start
        raise about(text, "'of' belongs behind a percentage", way_out, start, tokens[at].end)
    share, number = pieces.pop()
    pieces.extend([("(", number), (share, number), ("*", at)])


def _primary_end(text: Text, tokens: list[Token], at: int) -> int:
    """The last token of the one operand that begins at `at`: a name, a call, a number or a bracket."""
    if at >= len(tokens):
        raise about(
            text,
            f"{tokens[at - 2].text} of what?",
            f"name the number behind  of,  as in  {tokens[at - 2].text} of width",
            tokens[at - 2].start,
            tokens[at - 1].end,
        )
    opens = at + 1 if tokens[at].sort == "name" and at + 1 < len(tokens) and tokens[at + 1].text == "(" else at
    if tokens[opens].text != "(":
        return at
    depth = 0
    for end in range(opens, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[end].text, 0)
        if depth == 0:
            return end
    raise about(text, "a bracket is not closed", _closed(text), tokens[opens].start, tokens[opens].end)


def _check_at(text: Text, tokens: list[Token], at: int) -> None:
    if at == 0 or tokens[at - 1].sort != "name" or at + 1 >= len(tokens) or tokens[at + 1].sort not in {"name", "number"}:
        way_out = "write  expected_value at realized_vol(20 days)  |  expected_value at 18%"
        raise about(text, "'at' stands between expected_value and a volatility", way_out, tokens[at].start, tokens[at].end)


def _check_within(text: Text, tokens: list[Token], at: int) -> None:
    token = tokens[at]
    if at == 0 or tokens[at - 1].sort != "name" or at + 1 >= len(tokens) or tokens[at + 1].sort != "number":
        raise about(
            text, "'within' stands between an event and a number of days", "write  no event within 2 days", token.start, token.end
        )


def _check_today(text: Text, tokens: list[Token], at: int) -> None:
    token = tokens[at]
    if at == 0 or tokens[at - 1].sort != "name":
        raise about(text, "'today' stands behind an event", "write  no event today", token.start, token.end)
    if at + 1 < len(tokens) and tokens[at + 1].sort in {"number", "name"}:
        after = tokens[at + 1]
        message = f"a sign is missing between 'today' and '{after.text}'"
        raise about(text, message, "join two conditions with  and", token.start, after.end)


def _located(
    text: Text, tokens: list[Token], pieces: list[tuple[str, int]], error: ParseError, way_out: str
) -> PydanticCustomError:
    """The parser's complaint at the token it stopped at, in our words."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0:
            return about(text, "this bracket closes nothing", strike(" )"), token.start, token.end)
    if depth:
        opened = next(token for token in reversed(tokens) if token.text == "(")
        return about(text, "a bracket is not closed", _closed(text), opened.start, opened.end)
    column = int(error.errors[0].get("col") or 1) if error.errors else 1
    token = tokens[_piece_at(pieces, column)]
    if token is tokens[-1]:
        told = strike() if token.sort == "word" else way_out
        return about(text, f"something is missing after '{token.text}'", told, token.start, token.end)
    return about(text, f"'{token.text}' makes no sense here", way_out, token.start, token.end)


def _piece_at(pieces: list[tuple[str, int]], column: int) -> int:
    """The number of the token that stands at a column (from 1) of the joined pieces."""
    end = 0
    for piece, number in pieces:
        end += len(piece) + 1
        if column <= end:
            return number
    return pieces[-1][1]
