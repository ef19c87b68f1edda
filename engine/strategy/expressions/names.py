"""A name in a line becomes the measure that is declared under it, or a complaint that says which may have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from engine.domain.chain import EVENT_KINDS
from engine.strategy.expressions.grammar import Tree
from engine.strategy.expressions.lexer import FUNCTIONS, Loose, Token
from engine.strategy.expressions.line import Line
from engine.strategy.expressions.tree import Measure, NamedView, Number, Relation, View
from engine.strategy.loader.spelling import nearest
from engine.strategy.measures.declaration import LONGEST_BAR, Declaration
from engine.strategy.measures.index import declared_in, find_measures
from engine.strategy.source import PydanticCustomError, about
from engine.strategy.units import Unit
from engine.strategy.way_out import did_you_mean, strike, write

_RELATION_WORDS: dict[Relation, str] = {
    "market": "the market (when)",
    "leg": "one option (filters)",
    "spread": "a spread (rules, rank)",
    "side": "one side of a position (exits: each side)",
    "position": "an open position (exits)",
    "account": "the account (auto_when)",
}


def measure_of(line: Line, node: Tree) -> tuple[Declaration, Measure]:
    """The declared measure that a leaf or a call names, with its arguments checked."""
    token = line.token(node)
    after = [(word.sort, word.text) for word in line.tokens[line.tokens.index(token) + 1 :][:1]]
    other = declared_in("market").get(token.text) if after == [("word", "of")] and isinstance(node, exp.Anonymous) else None
    if other is not None and "market" in line.relations:
        named = line.token(node.expressions[0])
        return other, Measure(other.name, "market", of=str(line.text)[named.start : named.end].upper())
    declared = line.declared.get(token.text)
    if declared is None:
        raise _unknown(line, token, called=isinstance(node, exp.Anonymous))
    if any(word.text == "at" and word.sort == "word" for word in line.tokens[line.tokens.index(token) + 1 :][:1]):
        return declared, Measure(declared.name, declared.relation, at=_view(line, node, declared))
    return declared, Measure(declared.name, declared.relation, _arguments(line, node, declared))


def _view(line: Line, node: Tree, declared: Declaration) -> View:
    """The volatility, or the view of a price, behind `at`."""
    token, child = line.token(node), node.expressions[0]
    example = write("expected_value at realized_vol(20 days)", "expected_value at 18%")
    if not declared.takes_view:
        raise line.wrong(node, f"'{declared.name}' is taken at no volatility", write(declared.name))
    if line.relations[0] != "spread":
        raise line.wrong(node, "a view stands in rules and rank", write(token.text, note="  here, and ask for the view in rules"))
    named = line.token(child)
    if named.sort == "number":
        if named.kind is not Loose.PERCENT or not 0 < named.value <= _HIGHEST_VIEW:
            raise line.wrong_at(named, f"'{named.text}' is no volatility between 0% and {_HIGHEST_VIEW:.0%} a year", example)
        return Number(named.value, Unit.VOL)
    if named.text in line.views and not child.expressions:
        return NamedView(named.text, line.views[named.text])
    market = declared_in("market").get(named.text)
    if market is None or market.unit is not Unit.VOL:
        if market is None and line.views:
            hint = did_you_mean(nearest(named.text, line.views), f"views here: {', '.join(line.views)}")
            raise line.wrong_at(named, f"'{named.text}' is neither a view of this file nor a volatility", hint)
        raise line.wrong_at(named, f"'{named.text}' is no volatility of the underlying", example)
    return Measure(market.name, "market", _arguments(line, child, market))


_HIGHEST_VIEW = 5.0
"""500% a year: more than any index or share has moved over a month."""


def _arguments(line: Line, node: Tree, declared: Declaration) -> tuple[float, ...]:
    given = list(node.expressions) if isinstance(node, exp.Anonymous) else []
    wanted = declared.argument
    if wanted is None:
        if isinstance(node, exp.Anonymous):
            _refuse_days(line, node, declared)
            raise line.wrong(node, f"'{declared.name}' takes nothing in brackets", write(declared.name))
        return ()
    example = write(f"{declared.name}({wanted.example})")
    if not given and wanted.default is not None:
        return (wanted.default,)
    if not given and wanted.is_optional and not isinstance(node, exp.Anonymous):
        return ()
    tokens = [line.token(one) for one in given if isinstance(one, exp.Column)]
    if declared.most_bars is not None and [token.kind for token in tokens] == [Loose.BARE, Loose.DURATION]:
        of_bars = write(f"{declared.name}({tokens[0].text} bars of {tokens[1].text})")
        raise line.wrong(node, f"'{declared.name}' wants bars in so many words", of_bars)
    if len(given) != 1 or not isinstance(given[0], exp.Column) or line.token(given[0]).sort != "number":
        raise line.wrong(node, f"'{declared.name}' wants one number of {wanted.unit.value} in brackets", example)
    token = line.token(given[0])
    if token.kind is Loose.BARS:
        return _bars(line, token, declared)
    if wanted.before and line.tokens[line.tokens.index(token) - 1].text != wanted.before:
        hint = write(f"{declared.name}({wanted.before} {token.text})")
        raise line.wrong(node, f"'{declared.name}' wants the {wanted.before} minutes of the session", hint)
    if token.kind is Loose.DURATION and wanted.unit is Unit.MINUTES:
        token = replace(token, value=token.value / 60, kind=Unit.MINUTES)
    if token.kind not in {wanted.unit, Loose.BARE, Loose.ZERO} or not wanted.low <= token.value <= wanted.high or token.value % 1:
        message = f"'{declared.name}' wants {wanted.low} to {wanted.high} {wanted.unit.value}"
        raise line.wrong_at(token, message, example)
    return (token.value,)


def _bars(line: Line, token: Token, declared: Declaration) -> tuple[float, ...]:
    """How many bars, and how many minutes each of them has."""
    if declared.most_bars is None:
        counted = write(f"{declared.name}({declared.argument.example})") if declared.argument else write(declared.name)
        raise line.wrong_at(token, f"'{declared.name}' is not counted in bars", counted)
    if not 2 <= token.value <= declared.most_bars or token.value % 1:
        message = f"'{declared.name}' wants 2 to {declared.most_bars} bars"
        raise line.wrong_at(token, message, write(f"{declared.name}(9 bars of 5 min)"))
    if not 1 <= token.bar_minutes <= LONGEST_BAR or token.bar_minutes % 1:
        message = f"a bar has 1 to {LONGEST_BAR} whole minutes"
        raise line.wrong_at(token, message, write(f"{declared.name}({token.value:g} bars of 5 min)"))
    return token.value, token.bar_minutes


def _refuse_days(line: Line, node: Tree, declared: Declaration) -> None:
    """`vix today`: the brackets were not written but made from a word that belongs behind an event."""
    name = line.token(node)
    word, *after = line.tokens[line.tokens.index(name) + 1 :]
    message = f"'{word.text}' belongs behind an event, and '{declared.name}' is none"
    if word.text == "today":
        raise line.wrong_at(word, message, strike())
    if word.text == "within":
        days = str(line.text)[word.start : after[0].end]
        raise about(line.text, message, write(f"event {days}"), name.start, after[0].end)


def _unknown(line: Line, token: Token, *, called: bool) -> PydanticCustomError:
    name = token.text
    viewed = [known for known, declared in line.declared.items() if declared.takes_view]
    if viewed and [(word.sort, word.text) for word in line.tokens[line.tokens.index(token) + 1 :][:1]] == [("word", "at")]:
        return line.wrong_at(token, f"no such number '{name}', which could be taken at a view", write(*viewed))
    if called and any(word.text == "within" for word in line.tokens):
        meant = nearest(name, [kind.casefold() for kind in EVENT_KINDS])
        known = f"events here: {', '.join(EVENT_KINDS)}, and  event  for all of them"
        return line.wrong_at(token, f"no such event '{name}'", did_you_mean(meant, known))
    if called:
        meant = nearest(name, [*(known for known, declared in line.declared.items() if declared.argument), *FUNCTIONS])
        return line.wrong_at(token, f"no such function '{name}'", did_you_mean(meant, f"functions here: {', '.join(FUNCTIONS)}"))
    here = f"numbers here: {', '.join(line.declared)}"
    elsewhere: list[Relation] = [declared.relation for declared in find_measures(name) if declared.name == name]
    if "position" in elsewhere:
        elsewhere = [relation for relation in elsewhere if relation != "side"]
    if elsewhere:
        message = f"'{name}' is a number of {_all_of(elsewhere)}; this line is about {_all_of(line.relations)}"
        return line.wrong_at(token, message, here)
    meant = nearest(name, line.declared)
    if meant is None:
        return line.wrong_at(token, f"no such number '{name}'", here)
    like = meant.split("_")[0]
    return line.wrong_at(
        token, f"no such number '{name}'", did_you_mean(meant, f"`spreads fields {like}` lists what can be used")
    )


def _all_of(relations: Iterable[Relation]) -> str:
    return " and ".join(_RELATION_WORDS[relation] for relation in relations)
