"""The fields of the model that are written as conditions, one kind for each relation, and the exit rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from engine.domain.deeds import PORTIONS, ROLLS, Deed
from engine.domain.parts import ALL, Portion, Side
from engine.strategy.aliases.actions import OTHER_ACTIONS
from engine.strategy.expressions.lexer import LONGEST_LINE
from engine.strategy.expressions.patterns import refused_pattern, words_pattern
from engine.strategy.expressions.reader import LineReader
from engine.strategy.expressions.tree import Compare, Condition, Expression, Measure, Number, Relation
from engine.strategy.loader.spelling import nearest
from engine.strategy.measures.index import declared_in
from engine.strategy.measures.market import BESIDE_SPREADS
from engine.strategy.source import Listed, Mapped, Text, about, complaint, texts_in
from engine.strategy.units import Unit
from engine.strategy.values.counts import NAME
from engine.strategy.values.scalar import shortened
from engine.strategy.way_out import Add, Remove, WayOut, Whole, is_later, turn, write, write_any

LeftSide: TypeAlias = Literal["let put side expire", "let call side expire"]
"""What lines below do not touch: a side that is left to expire."""
TestedRoll: TypeAlias = Literal["roll tested side", "roll untested side"]
"""A roll of the side whose sold leg has the greater delta, or of the other one: which that is, is known when it is due."""
Action: TypeAlias = Literal[Deed, LeftSide, TestedRoll, "let expire"]

RESTING = "close resting"
"""A close that is left at the broker as an order for the day, at the price at which its line would hold."""
_WRITTEN: Mapping[str, tuple[str, ...]] = {"close": ("close", RESTING), "close part": ("close 25%",)}
ACTIONS: tuple[str, ...] = tuple(word for action in get_args(Action) for word in _WRITTEN.get(action, (action,)))
"""As they are written, one of any percentage."""
_BY_WORD: Mapping[str, Action] = {action: action for action in get_args(Action) if action != "close part"}
_PART = re.compile(r"close ([1-9][0-9]?)%")
GROUPS = ("each side", "whole")
TESTED_ROLLS: frozenset[Action] = frozenset(get_args(TestedRoll))
LEFT_SIDES: Mapping[Action, Side] = {"let put side expire": "put", "let call side expire": "call"}
LET_EXPIRE: Literal["let expire"] = "let expire"
_ALWAYS = Compare(">=", Measure("dte", "position"), Number(0, Unit.DAYS))
"""What a line means that says only `let expire`: it holds as long as there is a position."""
_UNTIL = r"(?: (?:to|till|until|through) (?:the )?(?:expiry|expiration|close|end))?"
_WANTED = {"condition": "a condition", "ranking": "one number", "exit": "a condition"}
_TAKES = r"(?:close|sell|take off|take|scale out(?: of)?|exit|reduce by|partial(?: close)?)"
_OTHER_PART = re.compile(
    rf"(?:{_TAKES} )?(?:(?P<percent>[1-9][0-9]?) ?%|(?:a |one )?(?P<word>third|quarter|tenth|fifth)"
    r"|(?P<more>two thirds|three quarters))"
    r"(?: off)?(?: of (?:it|the position|position|the contracts|contracts|the spreads|spreads))?"
)
_SHARES = {"third": 33, "quarter": 25, "tenth": 10, "fifth": 20, "two thirds": 67, "three quarters": 75}
_ROLLED_SIDE = re.compile(
    r"roll(?: (?:up|down|out|over|forward))? (?:only )?(?:the )?(?:short )?(?P<side>put|call)s?(?: (?:side|spread|short|leg))?"
)
"""Other words for the roll of one side."""
_ROLLED_TESTED = re.compile(
    r"roll(?: (?:up|down|in|out|over|forward))? (?:only )?(?:the )?"
    r"(?:(?P<tested>tested|threatened|challenged|losing|breached|hurt)"
    r"|untested|unthreatened|unchallenged|winning|safe|profitable|far|other)"
    r"(?: (?:side|spread|wing|leg|strike))?"
)
"""Other words for the roll of the side that the market tests, or of the other."""
_LEAVES = re.compile(
    rf"(?:let (?:it |them )?)?expires?(?: worthless)?"
    rf"|(?:hold|held|keep|ride)(?: it| them)?{_UNTIL}|no (?:exit|close)|never close|let ride"
)
"""Other words for it, which other programs have."""


@dataclass(frozen=True, slots=True)
class ExitRule:
    condition: Condition
    action: Action = "close"
    percent: int | None = None
    """Of the spreads opened, where it closes a part."""
    rests: bool = False
    """Whether its close is left at the broker, at the price at which the line would hold."""
    side: Side | None = None
    """The side that a line below `each side:` looks at, and acts on; None where it is about the whole position."""

    @property
    def text(self) -> str:
        """Its condition as it is written, with the side that it looks at: what it is known by."""
        return self.condition.text if self.side is None else f"{self.side} side: {self.condition.text}"

    @property
    def portion(self) -> Portion:
        """How much of a position it closes, where it closes anything."""
        return Portion(percent=self.percent) if self.percent is not None else PORTIONS.get(self.action, ALL)

    @property
    def rolls(self) -> bool:
        """Whether it closes something to open what takes its place."""
        return self.action in ROLLS or self.action in TESTED_ROLLS

    @property
    def is_of_a_side(self) -> bool:
        """Whether what it does is about one side of a structure that has two."""
        return self.portion.side is not None or self.action in LEFT_SIDES or self.action in TESTED_ROLLS

    @property
    def deed(self) -> str:
        """Its action as it is written."""
        if self.rests:
            return RESTING
        return self.action if self.percent is None else f"close {self.percent}%"

    @property
    def lets_all_expire(self) -> bool:
        """The line has no condition: whatever comes to it is left to expire."""
        return self.action == LET_EXPIRE and self.condition.expression == _ALWAYS


@dataclass(frozen=True, slots=True)
class OneLine:
    """Metadata of a field that is one line of the language: `wants` a condition, a ranking or an exit rule over these
    relations.
    """

    wants: Literal["condition", "ranking", "exit"]
    relations: tuple[Relation, ...]
    examples: tuple[str, ...]
    actions: tuple[str, ...] = ACTIONS

    def value_of(self, written: object, info: ValidationInfo | None = None) -> object:
        """What `written` becomes; a value already read passes through. The context of a validation may say what the structure
        pays, and whether its underlyings are shares.
        """
        reader = LineReader(self.wants, self.relations, **((info.context or {}).get("line", {}) if info is not None else {}))
        if isinstance(written, Mapped) and (self.wants == "exit" or len(written) == 1):
            return self._keyed(written, reader)
        if isinstance(written, Listed | Mapped):
            wanted = "one number" if self.wants == "ranking" else "a condition"
            found = "a list" if isinstance(written, Listed) else "a key with a ':'"
            only = [text for text in texts_in(written) if reader.reads(text)] if isinstance(written, Listed) else []
            hint = write(only[0] if only else self.examples[0], place=written.span)
            raise complaint(written.span or written.place, f"found {found}; wanted {wanted} on one line", hint)
        if not isinstance(written, str):
            return written
        text = written if isinstance(written, Text) else Text(written)
        return self._exit_line(text, reader) if self.wants == "exit" else self._line(text, reader)

    def _line(self, text: Text, reader: LineReader) -> Condition | Expression:
        if self.wants == "condition" and _LEAVES.fullmatch(" ".join(text.casefold().replace("_", " ").split())):
            told = f"write it as  - {LET_EXPIRE}  in exits"
            hint = WayOut.of(told, Remove(), Add(f"- {LET_EXPIRE}", "exits", once=True))
            raise about(text, f"'{shortened(text, 30)}' is an action, and this line is a condition", hint)
        try:
            expression = reader.read(text)
        except PydanticCustomError as error:
            raise reader.led(text, error) from None
        return expression if self.wants == "ranking" else self._of(text, expression)

    def _of(self, text: Text, expression: Expression) -> Condition:
        return Condition(str(text), expression, text.place.line, text.place.column)

    def _exit_line(self, text: Text, reader: LineReader) -> ExitRule:
        words = " ".join(text.casefold().split())
        if words == LET_EXPIRE:
            return ExitRule(self._of(text, _ALWAYS), LET_EXPIRE)
        if _LEAVES.fullmatch(words.replace("_", " ")) or nearest(words, (LET_EXPIRE,)):
            raise about(text, f"'{shortened(text, 30)}' is no exit", write(LET_EXPIRE))
        try:
            return ExitRule(self._of(text, reader.read(text)))
        except PydanticCustomError as error:
            with_action = _with_action(text, reader)
            raise (with_action or reader.led(text, error)) from None

    def _keyed(self, written: Mapped, reader: LineReader) -> ExitRule:
        """An exit with its action; whatever else stands as `key: value` is told as the line that it may be."""
        if len(written) != 1:
            hint = _joined(written, reader) or "write  - short_delta >= 0.35: roll"
            raise complaint(written.span or next(iter(written)).place, "one exit is one condition and one action", hint)
        ((line, word),) = written.items()
        part = _PART.fullmatch(word) if isinstance(word, Text) else None
        rests = word == RESTING
        action: Action | None = "close part" if part else "close" if rests else _BY_WORD.get(str(word))
        if self.wants == "exit" and action is not None:
            try:
                return ExitRule(self._of(line, reader.read(line)), action, int(part[1]) if part else None, rests)
            except PydanticCustomError as error:
                raise reader.led(line, error) from None
        said = f"{line} {word}" if isinstance(word, Text) else str(line)
        meant = reader.meant(said) or reader.meant(said.replace("_", " "))
        if meant and (self.wants != "exit" or not reader.reads(line)):
            hint = turn(meant) if written.span is None else write(meant, place=written.span)
            raise about(line, f"found a key with a ':'; wanted {_WANTED[self.wants]} on one line", hint)
        if self.wants != "exit":
            told = reader.meant(str(line)) if reader.reads(line) else None
            hint = turn(told) if told else f"write  {self.examples[0]}"
            raise about(line, f"found a key with a ':'; wanted {_WANTED[self.wants]} on one line", hint)
        if nearest(line.casefold().replace("_", " "), GROUPS):
            raise about(line, f"'{line}' is a group of exits, not a line", "write it as a key below exits, without a dash")
        found = f"found '{shortened(word, 30)}'; " if isinstance(word, Text) and word else ""
        known = f"{found}wanted {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}"
        action_said = " ".join(word.casefold().split()) if isinstance(word, Text) else ""
        likely = _meant_by(action_said) or nearest(action_said, ACTIONS)
        options = [likely, *(one for one in ACTIONS if one != likely)] if likely else list(ACTIONS)
        if _meant_by(action_said) is None and (told := reader.later_action(action_said)) is not None:
            raise complaint(word.place, *told)
        raise complaint(word.place, known, write_any(options))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.value_of)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        declared = declared_in(*self.relations)
        names = ", ".join(declared)
        views = [name for name, found in declared_in("market").items() if found.unit is Unit.VOL or name in BESIDE_SPREADS]
        known = words_pattern([*declared, *(views if self.relations == ("spread",) else ())])
        pattern = known.replace("^", f"^{refused_pattern(declared.values())}", 1)
        if self.wants != "ranking":  # a name of the trader's, whose lines stand elsewhere
            pattern = f"^(?:{NAME}$|{pattern.removeprefix('^')})"
        refusal = (
            f"a word that is not known, a number without its unit or sign, or `of` without a percentage; numbers here: {names}"
        )
        line: dict[str, Any] = {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_LINE,
            "pattern": pattern,
            "patternErrorMessage": refusal,
            "description": f"Measures here: {names}",
            "examples": list(self.examples),
            "defaultSnippets": [
                *({"label": example, "body": example} for example in self.examples),
                *({"label": name, "description": found.sentence, "body": name} for name, found in declared.items()),
            ],
        }
        if self.wants != "exit":
            return line
        part = [{"type": "string", "pattern": f"^{_PART.pattern}$"}] if self.actions == ACTIONS else []
        act = {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"pattern": pattern, "patternErrorMessage": refusal},
            "additionalProperties": {"anyOf": [{"enum": list(self.actions)}, *part]},
        }
        return {"anyOf": [*({"const": LET_EXPIRE} for _ in part), line, act]}


def _meant_by(said: str) -> str | None:
    """The action that another program's word for one means; None where it is no such word."""
    if said in OTHER_ACTIONS:
        return OTHER_ACTIONS[said]
    if rolled := _ROLLED_SIDE.fullmatch(said):
        return f"roll {rolled['side']} side"
    if rolled := _ROLLED_TESTED.fullmatch(said):
        return "roll tested side" if rolled["tested"] else "roll untested side"
    found = _OTHER_PART.fullmatch(said)
    if found is None:
        return None
    percent = int(found["percent"]) if found["percent"] else _SHARES[found["word"] or found["more"]]
    return f"close {percent}%"


def _error_of(text: Text, reader: LineReader) -> PydanticCustomError:
    """What is wrong with a line that does not read."""
    try:
        reader.read(text)
    except PydanticCustomError as error:
        return error
    raise AssertionError("only a line that does not read is asked for")


_ANY_PART = rf"{_TAKES} [1-9][0-9]? ?%(?: of (?:it|the position|position|the contracts|contracts|the spreads|spreads))?"
_CONDITION_KEYS = frozenset({"when", "if", "condition", "rule", "trigger", "on", "exit"})
_ACTION_KEYS = frozenset({"do", "then", "action", "act", "actions"})


def _joined(written: Mapped, reader: LineReader) -> WayOut | None:
    """The way out of a condition and an action under keys of their own."""
    line = next((value for key, value in written.items() if key.casefold() in _CONDITION_KEYS), None)
    word = next((value for key, value in written.items() if key.casefold() in _ACTION_KEYS), None)
    if not isinstance(line, Text) or not isinstance(word, Text) or len(written) != 2:
        return None
    said = " ".join(word.casefold().split())
    action = said if said in ACTIONS else _meant_by(said)
    meant = reader.meant(line)
    if action is None or meant is None:
        return None
    exit_line = meant if action == "close" else f"{meant}: {action}"
    return WayOut.of(f"write  {exit_line}", Whole(exit_line))


def _with_action(text: Text, reader: LineReader) -> PydanticCustomError | None:
    """The complaint about an action that stands within the line: in quotes, behind an arrow, or as its verb."""
    words = {**{action: action for action in ACTIONS}, **OTHER_ACTIONS}
    names = "|".join([*(re.escape(word) for word in sorted(words, key=len, reverse=True)), _ANY_PART])
    said = " ".join(text.casefold().split())
    behind = re.fullmatch(rf"(.+?)\s*(?::|->|=>|→|,|;|\bthen\b|\s-)\s*({names})(?: it| me| position)?", said)
    behind = behind or re.fullmatch(rf"(?:if|when)\s+(.+?)\s+({names})(?: it| me| position)?", said)
    before = re.fullmatch(rf"({names})(?: it| me| position)?\s*(?:at|when|if|on|:|with)\s+(.+)", said)
    line, word = (behind[1], behind[2]) if behind else (before[2], before[1]) if before else ("", "")
    meant = reader.meant(line) if line else None
    if meant is None:
        inner = Text.at(line, text.place, exact=False, plain=text.plain) if line and not reader.reads(line) else None
        led = reader.led(inner, _error_of(inner, reader)) if inner is not None else None
        return led if led is not None and is_later((led.context or {}).get("hint", "")) else None
    action = words.get(word) or _meant_by(word)
    # The verb may say what the number is of: who stops has lost it.
    hint = turn(reader.meant(said) or meant if action == "close" else f"{meant}: {action}")
    quoted = (
        "the quotes hold the action as a part of the condition"
        if not text.plain
        else f"'{shortened(text, 40)}' has its action within"
    )
    return about(text, quoted, hint)


MarketCondition: TypeAlias = Annotated[
    Condition, OneLine("condition", ("market",), ("iv_rank >= 25%", "vix between 14 and 32", "no FOMC within 2 days"))
]
LegCondition: TypeAlias = Annotated[
    Condition, OneLine("condition", ("leg",), ("open_interest >= 200", "quote_width <= 10% of mid", "quote_age <= 5 s"))
]
SpreadRule: TypeAlias = Annotated[
    Condition,
    OneLine("condition", ("spread",), ("credit >= 15% of width", "pop >= 70%", "expected_value at realized_vol(20 days) > $0")),
]
AutoCondition: TypeAlias = Annotated[
    Condition,
    OneLine("condition", ("account", "spread"), ("max_loss <= $300", "post_trade_margin <= 40%", "order_risk <= $1,000")),
]
Ranking: TypeAlias = Annotated[Expression, OneLine("ranking", ("spread",), ("return_on_risk * pop", "return_on_risk", "pop"))]
Exit: TypeAlias = Annotated[
    ExitRule,
    OneLine(
        "exit",
        ("position", "market"),
        ("profit >= 50% of credit", "loss >= 200% of credit", "dte <= 21", "time >= 15:45 New York"),
    ),
]
