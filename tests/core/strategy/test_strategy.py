"""The files that ship, and what a strategy is once it is read."""

import hashlib
import re
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.strategy.common import Common
from engine.strategy.conditions import ExitRule
from engine.strategy.explain import sentences
from engine.strategy.expressions.tree import Arithmetic, Measure
from engine.strategy.model import DEFAULT_DEBIT_WALK, DEFAULT_WALK, Policy, Strategy
from engine.strategy.parse import check_files, parse_strategy
from engine.strategy.problems import Parsed, render_all
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.spreads.verticals import BullCall, BullPut
from engine.strategy.template import template
from engine.strategy.values.meaning import (
    Amount,
    Auto,
    Budget,
    ContractRange,
    DayRange,
    DeltaRange,
    Manual,
    NextMonthly,
    PriceWalk,
    RollFor,
    ShareOf,
    Step,
    Usd,
    WidthRange,
    Window,
    WorstFromMid,
    WorstNatural,
    WorstShare,
)

FOLDER = Path(__file__).parents[3] / "strategies"
GOOD = (FOLDER / "spx_bull_put.yaml").read_text()
EXAMPLES = ("spx_bull_put", "spy_bear_call", "spx_bull_call")


def read(text: str, *changes: tuple[str, str], common: Common | None = None) -> Strategy:
    return value_of(parse_strategy(changed(text, *changes), "strategies/x.yaml", common))


def value_of(parsed: Parsed[Strategy]) -> Strategy:
    assert parsed.value is not None, render_all(parsed.problems)
    return parsed.value


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_files_that_ship_have_no_problem() -> None:
    texts = {str(path.relative_to(FOLDER.parent)): path.read_bytes() for path in sorted(FOLDER.glob("*.yaml"))}

    assert len(texts) >= 9
    assert render_all(check_files(texts)) == ""


def test_bull_put_of_the_documentation_is_read_as_meant() -> None:
    strategy = read(GOOD)

    assert isinstance(strategy.spread, BullPut)
    assert (strategy.spread.put_call, strategy.spread.is_credit, strategy.spread.short_is_higher) == ("P", True, True)
    assert strategy.spread.expiry == DayRange(30, 60)
    assert strategy.spread.short_delta == DeltaRange(Decimal("0.12"), Decimal("0.20"))
    assert strategy.spread.width == WidthRange(Decimal(25), Decimal(50))
    assert strategy.universe == ("SPX",)
    assert strategy.sizing.risk == ShareOf(Decimal("0.02"), "net liquidation")
    assert strategy.sizing.contracts == ContractRange(1, 10)
    assert strategy.limits.stop_for_day == Usd(Decimal(-1500))
    assert strategy.entry.window == Window(time(10), time(15, 30), "America/New_York")
    assert strategy.entry.approval == Manual(600)
    assert strategy.walk == PriceWalk(Step(usd=Decimal("0.05")), 15, WorstShare(Decimal("0.92"), "mid"), 180)
    assert [rule.action for rule in strategy.exits] == ["close", "close", "close", "roll"]
    assert strategy.roll is not None
    assert strategy.roll.for_ == RollFor(Decimal(0))
    assert (strategy.roll.to, strategy.roll.at_most, strategy.roll.otherwise) == (DayRange(30, 60), 2, "close")


def test_strategy_knows_its_version_by_the_bytes_of_its_file() -> None:
    strategy = read(GOOD)

    assert strategy.digest == hashlib.sha256(GOOD.encode()).hexdigest()
    assert strategy.file == "strategies/x.yaml"
    assert read(GOOD + "# a remark\n").digest != strategy.digest


def test_conditions_remember_their_line_and_are_equal_wherever_they_stand() -> None:
    strategy, moved = read(GOOD), read("# a remark\n" + GOOD)

    assert (strategy.when[0].line, strategy.when[0].column) == (11, 5)
    assert moved.when[0].line == 12
    assert moved.when == strategy.when


def test_defaults_are_the_safer_ones() -> None:
    short = (
        "schema: 1\nname: x\nuniverse: [SPY]\nspread: {type: bull_call, expiry: 30-60 days, width: $5}\nsizing: {risk: $500}\n"
    )

    parsed = parse_strategy(short, "x.yaml")

    strategy = value_of(parsed)
    assert (strategy.mode, strategy.enabled, strategy.is_unattended) == ("paper", True, False)
    assert strategy.entry.approval == Manual(600)
    assert strategy.sizing.contracts == ContractRange(1, 1)
    assert (strategy.limits.open, strategy.limits.per_day, strategy.limits.per_expiry) == (1, 1, 1)
    assert strategy.entry.window == Window(time(9, 45), time(15, 30))
    assert strategy.spread.rank == Arithmetic("*", Measure("return_on_risk", "spread"), Measure("pop", "spread"))
    assert strategy.spread.keep == 5
    assert strategy.walk == DEFAULT_DEBIT_WALK
    assert value_of(parse_strategy(short.replace("bull_call", "bear_call"), "x.yaml")).walk == DEFAULT_WALK
    assert [problem.message for problem in parsed.warnings] == ["no exit closes before expiry", "no exit limits a loss"]


def test_read_strategy_cannot_be_changed() -> None:
    strategy = read(GOOD)

    with pytest.raises(ValueError, match="frozen"):
        strategy.mode = "live"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("quoted", ["ON", "NO", "Y", '"TRUE"', "'NULL'", "BRK B", "BF.B"])
def test_tickers_that_look_like_words_are_tickers(quoted: str) -> None:
    strategy = read(GOOD, ("universe: [SPX]", f"universe: [{quoted}]"))

    assert strategy.universe == (quoted.strip("\"'"),)


def test_universe_of_a_shared_list_leaves_out_the_exceptions() -> None:
    common = Common(schema=1, lists={"indices": ("SPX", "NDX", "RUT")})

    strategy = read(GOOD, ("universe: [SPX]", "universe: {list: indices, except: [RUT]}"), common=common)

    assert strategy.universe == ("SPX", "NDX")


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("30-60 days", DayRange(30, 60)),
        ("30–60 days", DayRange(30, 60)),
        ("30 to 60 days", DayRange(30, 60)),
        ("45 days", DayRange(45, 45)),
        ("0-1 days", DayRange(0, 1)),
        ("next monthly", NextMonthly()),
    ],
)
def test_expiry_is_read_in_every_form(written: str, rule: DayRange | NextMonthly) -> None:
    text = changed(GOOD, ("expiry: 30-60 days", f"expiry: {written}"), ("  - dte <= 21\n", ""))

    assert read(text).spread.expiry == rule


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [("0.16", "0.16", "0.16"), ("16 delta", "0.16", "0.16"), ("10-20 delta", "0.1", "0.2"), (".1-.2", "0.1", "0.2")],
)
def test_delta_is_read_in_every_form(written: str, low: str, high: str) -> None:
    strategy = read(GOOD, ("short_delta: 0.12-0.20", f"short_delta: {written}"))

    assert strategy.spread.short_delta == DeltaRange(Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("$500", Usd(Decimal(500))),
        ("$1,500.50", Usd(Decimal("1500.50"))),
        ("0.5% of net liquidation", ShareOf(Decimal("0.005"), "net liquidation")),
        ("2 % of buying_power", ShareOf(Decimal("0.02"), "buying power")),
    ],
)
def test_risk_is_read_in_every_form(written: str, amount: Amount) -> None:
    text = changed(GOOD, ("risk: 2% of net liquidation", f"risk: {written}"), ("  open_risk: 10% of net liquidation\n", ""))

    assert read(text).sizing.risk == amount


def test_policy_and_automatic_approval_are_read() -> None:
    manual = "approval: manual, expires in 10 min"

    policy = read(
        GOOD, (manual, "approval: {auto_when: [order_risk <= $300, post_trade_margin <= 40%], else: decline, expires: 5 min}")
    )
    auto = read(GOOD, (manual, "approval: auto\n  auto_up_to: $500 risk, 2 orders per day"))

    assert isinstance(policy.entry.approval, Policy)
    assert (policy.entry.approval.otherwise, policy.entry.approval.expires_s) == ("decline", 300)
    assert [rule.text for rule in policy.entry.approval.auto_when] == ["order_risk <= $300", "post_trade_margin <= 40%"]
    assert auto.entry.approval == Auto(600)
    assert auto.entry.auto_up_to == Budget(Decimal(500), 2)
    assert policy.is_unattended
    assert auto.is_unattended


@pytest.mark.parametrize(
    ("written", "walk"),
    [
        (
            "from mid, 15% of half width every 20 s, no worse than natural, give up after 5 min",
            PriceWalk(Step(of_half_width=Decimal("0.15")), 20, WorstNatural(), 300),
        ),
        (
            "from $0.10 better than mid, $0.05 every 1 min, no worse than $0.20 from mid, give up after 1 hour",
            PriceWalk(Step(usd=Decimal("0.05")), 60, WorstFromMid(Decimal("0.20")), 3600, Decimal("0.10")),
        ),
        (
            "from mid, $0.01 every 5 s, no worse than 12% of width, give up after 30 s",
            PriceWalk(Step(usd=Decimal("0.01")), 5, WorstShare(Decimal("0.12"), "width"), 30),
        ),
    ],
)
def test_price_is_read_in_every_form(written: str, walk: PriceWalk) -> None:
    strategy = read(GOOD, ("from mid, $0.05 every 15 s, no worse than 92% of mid, give up after 3 min", written))

    assert strategy.walk == walk


@pytest.mark.parametrize(("written", "least"), [("a credit of $0.20", "0.20"), ("a debit up to $0.50", "-0.50")])
def test_roll_names_what_it_must_bring(written: str, least: str) -> None:
    strategy = read(GOOD, ("for: a credit", f"for: {written}"))

    assert strategy.roll is not None
    assert strategy.roll.for_ == RollFor(Decimal(least))


def test_time_of_day_can_close_a_position() -> None:
    strategy = read(GOOD, ("  - dte <= 21", "  - dte <= 21\n  - time >= 15:45 New York: alert"))

    assert isinstance(strategy.exits[3], ExitRule)
    assert (strategy.exits[3].condition.text, strategy.exits[3].action) == ("time >= 15:45 New York", "alert")


def test_text_saved_on_windows_with_a_byte_order_mark_is_read() -> None:
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()

    strategy = value_of(parse_strategy(raw, "x.yaml"))

    assert strategy.when == read(GOOD).when
    assert strategy.when[0].line == 11


def test_debit_structure_has_its_own_side_of_the_mid() -> None:
    text = (FOLDER / "spx_bull_call.yaml").read_text()

    strategy = read(text)

    assert isinstance(strategy.spread, BullCall)
    assert (strategy.spread.put_call, strategy.spread.is_credit, strategy.spread.short_is_higher) == ("C", False, True)
    wrong = parse_strategy(text.replace("105% of mid", "95% of mid"), "x.yaml")
    assert [problem.message for problem in wrong.problems] == ["a debit gets worse above the mid, not below it"]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_new_strategy_passes_every_check(structure: str) -> None:
    parsed = parse_strategy(template(f"my_{structure}", structure, "SPY"), "x.yaml")

    assert parsed.problems == ()
    assert value_of(parsed).spread.type == structure


@pytest.mark.parametrize("name", EXAMPLES)
def test_strategy_is_explained_in_sentences(name: str, snapshot: SnapshotAssertion) -> None:
    strategy = read((FOLDER / f"{name}.yaml").read_text())

    said = "\n".join(sentences(strategy))

    assert said == snapshot
    for condition in (*strategy.when, *strategy.filters, *strategy.spread.rules):
        assert condition.text in said


def test_times_and_what_follows_a_stop_are_explained() -> None:
    text = (FOLDER / "spx_bull_put.yaml").read_text()
    at = "entry:\n  at: 12:00, 12:30 New York\n  again: after a stop, once, not before 15 min\n"
    limits = "limits:\n  per_day: 2\n  apart: 20 min\n  strikes_apart: $25\n  losses_per_day: 2\n"

    sections = re.split(r"\n(?=\w)", text)
    kept = [section for section in sections if not section.startswith(("entry:", "limits:"))]
    said = sentences(read("\n".join([*kept, at, limits])))

    late = "5 minutes later at the latest"
    for sentence in (
        f"It opens at 12:00 and 12:30 New York, one position for each time, {late}; a time that passed is passed.",
        "After a position closed at a loss it opens again, once a day, 15 minutes after it at the earliest.",
        "After 2 positions closed at a loss on one day it opens nothing more until the next.",
        "Two openings are at least 20 minutes apart.",
        "Of one expiration it sells no strike less than $25 from one that is sold.",
    ):
        assert sentence in said


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("short_delta: nearest 16 delta, within 13-19 delta", "a delta nearest to 0.16 of its expiration, within 0.13 to 0.19"),
        ("short_strike: at the money", "the sold put has the strike nearest to the price of the underlying"),
        ("short_strike: 1%-2% from price", "the sold put has a strike 1% to 2% out of the money"),
        ("short_strike: $30 from price", "the sold put has the strike nearest to $30 out of the money"),
        (
            "short_price: nearest $3.50, within $3-$4",
            "the sold put has the price nearest to $3.50 of its expiration, within $3 to $4",
        ),
        ("long_price: at most $0.05", "the bought put has a price of at most $0.05"),
        ("expiry: nearest 45 days, within 38-52 days", "the expiration is the one nearest to 45 days, within 38 to 52 days"),
    ],
)
def test_place_of_a_leg_is_explained(key: str, sentence: str) -> None:
    keys = {"type": "bull_put", "expiry": "30-60 days", "short_delta": "0.12-0.20", "width": "$25-$50"}
    name, value = key.split(": ", 1)
    spread = "".join(f"  {one}: {said}\n" for one, said in (keys | {name: value}).items())
    text = f"schema: 1\nname: x\nuniverse: [SPX]\nspread:\n{spread}sizing: {{risk: $5000}}\nexits: [dte <= 21]\n"

    assert any(sentence in said for said in sentences(read(text)))


MANUAL = "approval: manual, expires in 10 min"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (MANUAL, "approval: {auto_when: [max_loss <= $300]}", "max_loss is the risk of one spread, and an order may have 10"),
        (
            MANUAL,
            "approval: manual\n  auto_up_to: $500 risk, 2 orders per day",
            "this budget is for  approval: auto  and changes nothing here",
        ),
        (
            MANUAL,
            "approval: auto\n  auto_up_to: $500 risk, 9 orders per day",
            "its 9 orders never bind: limits.per_day allows 2",
        ),
        ("expiry: 30-60 days", "expiry: 45 days", "only an expiry exactly 45 days away fits, on most days there is none"),
        ("short_delta: 0.12-0.20", "short_delta: 16 delta", "only a delta of exactly 0.16 fits, and hardly any option has it"),
        ("- volume >= 10", "- dte >= 10", "this is always true with  expiry: 30-60 days"),
        ("- pop >= 70%", "- width <= $60", "this is always true with  width: $25-$50"),
        ("dte <= 21", "dte <= 40", "with  expiry: 30-60 days  some positions would be closed at once"),
        ("0.35: roll", "0.35: alert", "no exit rolls, so this never happens"),
        ("universe: [SPX]", "universe: [SPX, SPX]", "SPX is named twice"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(old: str, new: str, message: str) -> None:
    parsed = parse_strategy(changed(GOOD, (old, new)), "x.yaml")

    assert [problem.message for problem in parsed.warnings] == [message]
    assert parsed.value is not None


def test_live_without_a_daily_stop_is_a_warning() -> None:
    parsed = parse_strategy(changed(GOOD, ("mode: paper", "mode: live"), ("  stop_for_day: -$1,500", "")), "x.yaml")

    assert [problem.message for problem in parsed.warnings] == ["mode: live, but no stop_for_day is set"]
