"""Options that are left to expire because the file says so: in cash a way to trade, in shares refused."""

import pytest

from engine.strategy.explain import sentences
from engine.strategy.parse import parse_strategy
from engine.strategy.problems import Problem

FILE = """\
schema: 1
name: zero
universe: [{ticker}]
spread: {{type: bull_put, expiry: {expiry}, short_delta: 0.08-0.15, width: $5-$25}}
sizing: {{risk: $900}}
exits:
  - {first}
{rest}
"""


def told(*exits: str, ticker: str = "SPX", expiry: str = "0 days", stop: str = "loss >= 200% of credit") -> tuple[Problem, ...]:
    rest = "\n".join(f"  - {line}" for line in exits)
    return parse_strategy(FILE.format(first=stop, rest=rest, ticker=ticker, expiry=expiry), "zero.yaml").problems


@pytest.mark.parametrize("line", ["let expire", "time >= 15:00 New York: let expire", "Let expire"])
@pytest.mark.parametrize("expiry", ["0 days", "0-1 days", "30-60 days"])
def test_let_expire_is_an_exit_without_a_word(line: str, expiry: str) -> None:
    assert told(line, expiry=expiry) == ()


def test_file_that_lets_expire_knows_it_and_says_so_in_its_sentences() -> None:
    text = FILE.format(first="loss >= 200% of credit", rest="  - let expire", ticker="SPX", expiry="0 days")

    strategy = parse_strategy(text, "zero.yaml").value

    assert strategy is not None
    assert strategy.lets_expire
    assert [rule.action for rule in strategy.exits] == ["close", "let expire"]
    assert "What none of these closes is left to expire, and is settled in cash." in sentences(strategy)


def test_condition_may_let_expire_too() -> None:
    text = FILE.format(first="time >= 15:00 New York: let expire", rest="", ticker="SPX", expiry="0 days")

    strategy = parse_strategy(text, "zero.yaml").value

    assert strategy is not None
    assert not strategy.lets_expire
    assert "A position is left to expire when time >= 15:00 New York." in sentences(strategy)


def test_days_of_zero_are_no_mistake() -> None:
    assert told("time >= 15:45 New York") == ()
    assert told() == ()


@pytest.mark.parametrize(
    ("line", "column", "instead"),
    [
        ("let expire", 5, "time >= 15:45 New York"),
        ("time >= 15:00 New York: let expire", 29, "close"),
    ],
)
def test_what_is_settled_in_shares_is_not_left_to_expire(line: str, column: int, instead: str) -> None:
    (problem,) = told(line, ticker="SPY")

    assert problem.severity == "error"
    assert problem.message == "SPY options are settled in shares, so a position is not left to expire"
    assert problem.hint == f"write  {instead}"
    assert (problem.line, problem.column) == (8, column)
    assert told(f"    - {line}"[6:][: column - 5] + instead, ticker="SPY") == ()


def test_shares_on_their_last_day_want_a_close() -> None:
    (problem,) = told(ticker="SPY")

    assert (problem.severity, problem.message) == (
        "warning",
        "no exit closes before expiry, and SPY options are settled in shares",
    )
    assert problem.hint == "add  - time >= 15:45 New York  in exits"


def test_nothing_comes_after_let_expire() -> None:
    (problem,) = told("let expire", "profit >= 50% of credit")

    assert (problem.line, problem.severity) == (9, "warning")
    assert problem.message == "this is never looked at: what stands above lets everything expire"
    assert problem.hint == "move  let expire  to the end"


@pytest.mark.parametrize("word", ["expire", "let it expire", "hold", "hold to expiration", "hold until expiry", "let_expire"])
def test_other_words_for_it_lead_there(word: str) -> None:
    (problem,) = told(word)

    assert problem.hint == "write  let expire"


@pytest.mark.parametrize(
    ("expiry", "line"), [("0 days", "time >= 15:45 New York"), ("7-10 days", "dte <= 6"), ("30-60 days", "dte <= 21")]
)
def test_way_out_of_a_late_exit_fits_the_days_that_are_searched(expiry: str, line: str) -> None:
    problems = told(ticker="SPY", expiry=expiry)

    assert [problem.hint for problem in problems] == [f"add  - {line}  in exits"]
    assert told(line, ticker="SPY", expiry=expiry) == ()


CONDOR = FILE.replace("type: bull_put", "type: iron_condor")


def told_of_condor(*exits: str, ticker: str = "SPX") -> tuple[Problem, ...]:
    text = CONDOR.format(
        first="loss >= 200% of credit", rest="\n".join(f"  - {line}" for line in exits), ticker=ticker, expiry="0 days"
    )
    return parse_strategy(text, "zero.yaml").problems


@pytest.mark.parametrize("side", ["put", "call"])
def test_one_side_may_be_left_to_expire(side: str) -> None:
    line = f"{side}_side_profit >= 90% of {side}_side_credit: let {side} side expire"

    assert told_of_condor(line, "time >= 15:45 New York") == ()
    text = CONDOR.format(first=line, rest="  - time >= 15:45 New York", ticker="SPX", expiry="0 days")
    strategy = parse_strategy(text, "zero.yaml").value
    assert strategy is not None
    assert not strategy.lets_expire
    assert any(f"has its {side} side left to expire" in sentence for sentence in sentences(strategy))


def test_side_of_a_structure_without_sides_leads_to_the_whole() -> None:
    (problem,) = told("time >= 15:00 New York: let put side expire")

    assert problem.message == "a bull_put has no sides: all of its legs are of one right"
    assert problem.hint == "write  let expire"


def test_side_that_is_settled_in_shares_is_not_left() -> None:
    problems = told_of_condor("time >= 15:00 New York: let put side expire", "time >= 15:45 New York", ticker="SPY")

    assert [problem.hint for problem in problems] == ["write  close"]


@pytest.mark.parametrize(("word", "action"), [("let puts expire", "let put side expire"), ("hold calls", "let call side expire")])
def test_other_words_for_a_side_lead_there(word: str, action: str) -> None:
    (problem,) = told_of_condor(f"time >= 15:00 New York: {word}", "time >= 15:45 New York")

    assert problem.hint is not None
    assert problem.hint.startswith(f"write  {action}")
