"""The fields of the model that are written as conditions, one kind for each relation, and the exit rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from engine.strategy.expressions import Compare, Condition, Expression, Measure, Number, Relation
from engine.strategy.language.checker import read_condition, read_ranking
from engine.strategy.language.lexer import LONGEST_LINE, words_pattern
from engine.strategy.measures import declared_in
from engine.strategy.positions import Listed, Mapped, Text, about, complaint
from engine.strategy.scalars.scalar import shortened
from engine.strategy.units import Unit
from engine.strategy.way_out import write, write_any

Deed: TypeAlias = Literal["close", "roll", "alert"]
"""What an exit does to a position."""
Action: TypeAlias = Literal[Deed, "let expire"]

ACTIONS: tuple[Action, ...] = get_args(Action)

LET_EXPIRE: Literal["let expire"] = "let expire"
_ALWAYS = Compare(">=", Measure("dte", "position"), Number(0, Unit.DAYS))
"""What a line means that says only `let expire`: it holds as long as there is a position."""
_UNTIL = r"(?: (?:to|till|until|through) (?:the )?(?:expiry|expiration|close|end))?"
_LEAVES = re.compile(
    rf"(?:let (?:it |them )?)?expires?|(?:hold|held|keep|ride)(?: it| them)?{_UNTIL}|no (?:exit|close)|never close|let ride"
)
"""Other words for it, which other programs have."""


@dataclass(frozen=True, slots=True)
class ExitRule:
    condition: Condition
    action: Action = "close"

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

    def value_of(self, written: object) -> object:
        """What `written` becomes; a value already read passes through."""
        if self.wants == "exit" and isinstance(written, Mapped):
            return self._exit(written)
        if isinstance(written, Listed | Mapped):
            wanted = "one number" if self.wants == "ranking" else "a condition"
            found = "a list" if isinstance(written, Listed) else "a key with a ':'"
            raise complaint(written.place, f"found {found}; wanted {wanted} on one line", write(self.examples[0]))
        if not isinstance(written, str):
            return written
        text = written if isinstance(written, Text) else Text(written)
        if self.wants == "ranking":
            return read_ranking(text, self.relations)
        return self._exit_line(text) if self.wants == "exit" else self._condition(text)

    def _condition(self, text: Text) -> Condition:
        return Condition(str(text), read_condition(text, self.relations), text.place.line, text.place.column)

    def _exit_line(self, text: Text) -> ExitRule:
        words = " ".join(text.casefold().split())
        if words == LET_EXPIRE:
            return ExitRule(Condition(LET_EXPIRE, _ALWAYS, text.place.line, text.place.column), LET_EXPIRE)
        if _LEAVES.fullmatch(words.replace("_", " ")):
            raise about(text, f"'{shortened(text, 30)}' is no exit", write(LET_EXPIRE))
        return ExitRule(self._condition(text))

    def _exit(self, written: Mapped) -> ExitRule:
        if len(written) != 1:
            raise complaint(written.place, "one exit is one condition and one action", write("- short_delta >= 0.35: roll"))
        ((line, word),) = written.items()
        condition = self._condition(line)
        action: Action | None = next((action for action in ACTIONS if action == word), None)
        if action is None:
            raise complaint(word.place, f"wanted {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}", write_any(ACTIONS))
        return ExitRule(condition, action)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.value_of)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        declared = declared_in(*self.relations)
        names = ", ".join(declared)
        views = [name for name, found in declared_in("market").items() if found.unit is Unit.VOL]
        pattern = words_pattern([*declared, *(views if self.relations == ("spread",) else ())])
        refusal = f"there is a word here that is not known; numbers here: {names}"
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
        act = {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"pattern": pattern, "patternErrorMessage": refusal},
            "additionalProperties": {"enum": list(ACTIONS)},
        }
        return {"anyOf": [{"const": LET_EXPIRE}, line, act]}


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
    OneLine("exit", ("position",), ("profit >= 50% of credit", "loss >= 200% of credit", "dte <= 21", "time >= 15:45 New York")),
]
