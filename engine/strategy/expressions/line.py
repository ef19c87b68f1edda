"""One line of the language taken apart: its tokens, its tree, the measures that may stand in it, and the words of each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlglot import exp

from engine.strategy.expressions.grammar import Tree, token_index, tree_of
from engine.strategy.expressions.lexer import FUNCTIONS, Token, tokens_of
from engine.strategy.expressions.tree import Relation
from engine.strategy.measures.declaration import Declaration
from engine.strategy.measures.index import declared_in
from engine.strategy.source import PydanticCustomError, Text, about
from engine.strategy.values.view import StandingView

Pays: TypeAlias = Literal["credit", "debit"] | None
"""What opening the structure brings or costs, None where that is not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line while it is read. `declared` has the measures of its relations by name; `way_out` shows a line that would
    be right in its place; `pays` is what the structure is opened for, `views` are the views of prices that it may name.
    """

    text: Text
    relations: tuple[Relation, ...]
    way_out: str
    declared: Mapping[str, Declaration]
    tokens: tuple[Token, ...]
    tree: Tree
    pays: Pays = None
    views: Mapping[str, StandingView] = field(default_factory=dict[str, StandingView])

    def token(self, node: Tree) -> Token:
        """The token that a leaf or a call stands for."""
        index = token_index(node)
        assert index is not None, "only leaves and calls stand for a token"
        return self.tokens[index]

    def words(self, node: Tree) -> str:
        """A part as written."""
        start, end = self._span(node)
        return str(self.text)[start:end]

    def has_measure(self, node: Tree) -> bool:
        """Whether anything in a part can change from one look to the next."""
        tokens = (self.token(leaf) for leaf in _leaves(node))
        return any(token.sort == "name" and token.text not in FUNCTIONS for token in tokens)

    def wrong(self, node: Tree, message: str, hint: str) -> PydanticCustomError:
        """A complaint about a part."""
        return about(self.text, message, hint, *self._span(node))

    def wrong_at(self, token: Token, message: str, hint: str) -> PydanticCustomError:
        """A complaint about one token."""
        return about(self.text, message, hint, token.start, token.end)

    def _span(self, node: Tree) -> tuple[int, int]:
        found = [self.token(leaf) for leaf in _leaves(node)]
        if not found:
            return 0, len(self.text)
        start, end = min(token.start for token in found), max(token.end for token in found)
        inside = [token for token in self.tokens if start <= token.start and token.end <= end]
        opened = sum({"(": 1, ")": -1}.get(token.text, 0) for token in inside)
        for token in self.tokens:  # the brackets behind the last argument of a call belong to it
            if opened > 0 and token.text == ")" and token.start >= end:
                end, opened = token.end, opened - 1
        return start, end


def line_of(
    text: Text, relations: Sequence[Relation], way_out: str, pays: Pays = None, views: Mapping[str, StandingView] | None = None
) -> Line:
    """The line taken apart, its names not yet looked up. Raises a complaint where it cannot be read."""
    declared = declared_in(*relations)
    tokens = _joined(tokens_of(text, way_out), declared)
    return Line(text, tuple(relations), way_out, declared, tuple(tokens), tree_of(text, tokens, way_out), pays, views or {})


def _joined(tokens: list[Token], declared: Mapping[str, Declaration]) -> list[Token]:
    """`max profit` is read as `max_profit`."""
    joined: list[Token] = []
    for token in tokens:
        before = joined[-1] if joined else None
        name = f"{before.text}_{token.text}" if before else ""
        if before and before.sort == token.sort == "name" and name in declared:
            joined[-1] = Token("name", name, before.start, token.end)
        else:
            joined.append(token)
    return joined


def _leaves(node: Tree) -> list[Tree]:
    """What stands for a token in a part: its operands and calls."""
    return list(node.find_all(exp.Column, exp.Anonymous))
