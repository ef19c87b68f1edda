"""Whatever is written, reading it raises nothing, and what is said about it is clear."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from engine.strategy.common import Common
from engine.strategy.expressions.checker import read_condition
from engine.strategy.expressions.tree import Relation
from engine.strategy.measures.index import DECLARATIONS
from engine.strategy.parse import check_files, parse_account, parse_events, parse_strategy
from engine.strategy.problems import render
from engine.strategy.source import Text
from tests.core.strategy.mending import applied
from tests.core.strategy.test_broken import assert_is_clear

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[3] / "strategies"
GOOD = (FOLDER / "spx_bull_put.yaml").read_text()
ACCOUNT = (FOLDER / "account.yaml").read_text()
EVENTS = (FOLDER / "events.yaml").read_text()

YAML_PIECES = (
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "  ",
    "\t",
    "&a ",
    "*a",
    "!!str ",
    "---\n",
    "|\n",
    ">\n",
    "'",
    '"',
    "#",
    "?",
    "\\",
)
WORD_PIECES = ("%", "$", "null", "true", "1e999", "nan", "-", "of", "and", "not", "(", ")", "99999999999999999999", "Δ")
ODD_PIECES = ("\u00a0", "–", "“", "\x00", "\u2028", "\ud800", "٣")
PIECES = st.sampled_from(YAML_PIECES + WORD_PIECES + ODD_PIECES)

WORDS = st.sampled_from(
    [declared.name for declared in DECLARATIONS]
    + [
        "and",
        "or",
        "not",
        "no",
        "between",
        "in",
        "of",
        "within",
        "(",
        ")",
        ",",
        "<",
        ">=",
        "=",
        "!=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "$",
    ]
    + [
        "15%",
        "$5",
        "5 s",
        "2 days",
        "0",
        "0.5",
        "16 delta",
        "15:45 New York",
        "1e5",
        "abs",
        "least",
        "greatest",
        ";",
        "'",
        "select",
        "::",
        "--",
    ]
)


@st.composite
def mutations(draw: st.DrawFn, text: str) -> str:
    """The text with a few pieces cut out, put in, doubled or swapped."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        piece = draw(st.one_of(PIECES, st.text(max_size=6), st.just(""), st.just(text[start:end] * 2)))
        text = text[:start] + piece + text[end:]
    return text


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(GOOD))
def test_reading_a_mutated_strategy_always_answers(text: str) -> None:
    parsed = parse_strategy(text, "x.yaml", Common(schema=1, lists={"indices": ("SPX",)}))

    assert (parsed.value is None) == bool(parsed.errors)
    for problem in parsed.problems:
        assert_is_clear(problem)
        assert render(problem).startswith(f"x.yaml:{problem.line}:")
        if problem.edits:
            assert applied(text, problem.edits) != text


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(ACCOUNT), mutations(EVENTS))
def test_reading_mutated_files_of_the_folder_always_answers(account: str, events: str) -> None:
    read = [parse_account(account), parse_events(events)]

    for parsed in read:
        assert (parsed.value is None) == bool(parsed.errors)
        for problem in parsed.problems:
            assert_is_clear(problem)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_reading_bytes_of_any_kind_always_answers(raw: bytes) -> None:
    problems = check_files({"strategies/x.yaml": raw})

    assert problems
    for problem in problems:
        assert_is_clear(problem)


@settings(max_examples=400)
@given(
    st.lists(WORDS, min_size=1, max_size=12).map(" ".join), st.sampled_from(["market", "leg", "spread", "position", "account"])
)
def test_reading_a_line_of_random_words_answers_or_has_a_meaning(line: str, relation: Relation) -> None:
    text = Text(line)

    first, again = outcome(text, relation), outcome(text, relation)

    assert first == again
    assert all(first)


def outcome(text: Text, relation: Relation) -> tuple[object, ...]:
    """The meaning of a line, or what is said about it."""
    try:
        return (read_condition(text, (relation,)),)
    except PydanticCustomError as refused:
        context = refused.context or {}
        return context["message"], context["hint"]
