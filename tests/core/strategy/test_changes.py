"""What is different between two versions of a file, in the trader's words, and whether more may be lost than before."""

from typing import Any

import pytest
from pydantic import BaseModel

from engine.strategy.account import Account
from engine.strategy.changes import NEITHER, Changes, changes_of, direction_of
from engine.strategy.common import Common
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_account, parse_common, parse_events, parse_strategy
from engine.strategy.problems import render_all
from tests import given


def account(text: str) -> Account:
    parsed = parse_account(f"schema: 1\n{text}\n")
    assert parsed.value is not None, render_all(parsed.problems)
    return parsed.value


def strategy(*changed: tuple[str, str]) -> Strategy:
    text = """\
schema: 1
name: puts
universe: [SPX, XSP]
when:
  - vix between 14 and 32
filters:
  - open_interest >= 200
spread:
  type: bull_put
  expiry: 30-60 days
  short_delta: 0.12-0.20
  width: $25-$50
  rules:
    - credit >= 10% of width
sizing: {risk: $500, contracts: 1-3}
limits: {open: 3, per_day: 2, per_expiry: 2, stop_for_day: -$900, open_risk: $1200}
entry:
  window: 10:00-15:30 New York
  approval: manual, expires in 10 min
  price: from mid, $0.05 every 15 s, no worse than 92% of mid, give up after 3 min
exits:
  - profit >= 50% of credit
  - loss >= 200% of credit
  - dte <= 21
"""
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    parsed = parse_strategy(text, "puts.yaml")
    assert parsed.value is not None, render_all(parsed.problems)
    return parsed.value


@pytest.mark.parametrize(
    ("before", "after", "said", "loosens"),
    [
        ("risk: {per_trade: $500}", "risk: {per_trade: $700}", "risk.per_trade was $500, is $700", True),
        ("risk: {per_trade: $700}", "risk: {per_trade: $500}", "risk.per_trade was $700, is $500", False),
        ("risk: {per_trade: $500}", "", "risk.per_trade was $500, is 1% of net liquidation", True),
        ("counts: {entries_per_day: 4}", "counts: {entries_per_day: 6}", "counts.entries_per_day was 4, is 6", True),
        ("greeks: {vega: 1%}", "greeks: {vega: 2%}", "greeks.vega was 1%, is 2%", True),
        ("greeks: {gamma_days: 3}", "greeks: {gamma_days: 2}", "greeks.gamma_days was 3, is 2", True),
        ("margin: {cushion_to_open: 30%}", "margin: {cushion_to_open: 25%}", "margin.cushion_to_open was 30%, is 25%", True),
        ("margin: {cushion_to_open: 25%}", "margin: {cushion_to_open: 30%}", "margin.cushion_to_open was 25%, is 30%", False),
        (
            "breakers: {stop_for_day: -2% of net liquidation}",
            "breakers: {stop_for_day: -3% of net liquidation}",
            "breakers.stop_for_day was -2% of net liquidation, is -3% of net liquidation",
            True,
        ),
        (
            "session: {open: 10:00-15:00 New York}",
            "session: {open: 09:45-15:00 New York}",
            "session.open was 10:00-15:00 New York, is 09:45-15:00 New York",
            True,
        ),
        (
            "session: {open: 10:00-15:00 New York}",
            "session: {open: 09:30-13:30 Chicago}",
            "session.open was 10:00-15:00 New York, is 09:30-13:30 Chicago",
            False,
        ),
        (
            "session: {close: 09:35-15:55 New York}",
            "session: {close: 09:35-15:00 New York}",
            "session.close was 09:35-15:55 New York, is 09:35-15:00 New York",
            True,
        ),
        ("stress: {spot: [5%, 10%]}", "stress: {spot: [5%]}", "stress.spot was [5%, 10%], is [5%]", True),
        (
            "groups: {sp500: [SPX, XSP, SPY]}",
            "groups: {sp500: [SPX, SPY]}",
            "groups.sp500 was [SPX, XSP, SPY], is [SPX, SPY]",
            True,
        ),
        ("groups: {a: [SPX, SPY], b: [QQQ, NDX]}", "groups: {a: [SPX, SPY]}", "groups.b was [QQQ, NDX], is gone", True),
        ("groups: {a: [SPX, SPY]}", "groups: {a: [SPX, SPY], b: [QQQ, NDX]}", "groups.b is new: [QQQ, NDX]", False),
        ("pricing: {rate: 4%}", "pricing: {rate: 5%}", "pricing.rate was 4%, is 5%", False),
        ("pricing: {dividend_yield: {SPY: 1%}}", "", "pricing.dividend_yield.SPY was 1%, is gone", False),
    ],
)
def test_change_of_the_account_is_said_and_loosening_is_called_that(before: str, after: str, said: str, loosens: bool) -> None:
    assert changes_of(account(before), account(after)) == Changes((said,), (said,) if loosens else ())


@pytest.mark.parametrize(
    ("old", "new", "said", "loosens"),
    [
        ("mode", "mode: live", "mode was paper, is live", True),
        ("[SPX, XSP]", "[SPX, NDX]", "universe was [SPX, XSP], is [SPX, NDX]", True),
        ("[SPX, XSP]", "[SPX]", "universe was [SPX, XSP], is [SPX]", False),
        ("between 14 and 32", "between 14 and 35", "when: `vix between 14 and 32` is `vix between 14 and 35` now", True),
        ("between 14 and 32", "between 16 and 30", "when: `vix between 14 and 32` is `vix between 16 and 30` now", False),
        (">= 200\n", ">= 100\n", "filters: `open_interest >= 200` is `open_interest >= 100` now", True),
        ("  - open_interest >= 200\n", "  - open_interest >= 200\n  - volume >= 10\n", "filters: `volume >= 10` is new", False),
        (">= 10% of width", ">= 8% of width", "spread.rules: `credit >= 10% of width` is `credit >= 8% of width` now", True),
        ("30-60 days", "40-50 days", "spread.expiry was 30-60 days, is 40-50 days", False),
        ("0.12-0.20", "0.12-0.25", "spread.short_delta was 0.12-0.20, is 0.12-0.25", True),
        ("  short_delta: 0.12-0.20\n", "", "spread.short_delta was 0.12-0.20, is left out", True),
        ("$25-$50", "$25", "spread.width was $25-$50, is $25", False),
        ("risk: $500", "risk: 1% of buying power", "sizing.risk was $500, is 1% of buying power", True),
        ("1-3", "2-3", "sizing.contracts was 1-3, is 2-3", False),
        ("open: 3", "open: 4", "limits.open was 3, is 4", True),
        ("-$900", "-$700", "limits.stop_for_day was -$900, is -$700", False),
        ("-$900", "-$1,900", "limits.stop_for_day was -$900, is -$1,900", True),
        (", open_risk: $1200", "", "limits.open_risk was $1,200, is left out", True),
        ("10:00-15:30", "10:00-15:45", "entry.window was 10:00-15:30 New York, is 10:00-15:45 New York", True),
        (
            "expires in 10 min",
            "expires in 5 min",
            "entry.approval was manual, expires in 10 min, is manual, expires in 5 min",
            False,
        ),
        ("92% of mid", "80% of mid", "entry.price: no worse than 92% of mid is no worse than 80% of mid now", True),
        ("92% of mid", "95% of mid", "entry.price: no worse than 92% of mid is no worse than 95% of mid now", False),
        ("92% of mid", "natural", "entry.price: no worse than 92% of mid is no worse than natural now", True),
        ("  - dte <= 21\n", "  - dte <= 14\n", "exits: `dte <= 21` is `dte <= 14` now", True),
        ("  - dte <= 21\n", "  - dte <= 25\n", "exits: `dte <= 21` is `dte <= 25` now", False),
        ("200% of credit", "150% of credit", "exits: `loss >= 200% of credit` is `loss >= 150% of credit` now", False),
        ("200% of credit", "300% of credit", "exits: `loss >= 200% of credit` is `loss >= 300% of credit` now", True),
        ("  - dte <= 21\n", "  - dte <= 21: alert\n", "exits: `dte <= 21` is `dte <= 21: alert` now", True),
        ("  - dte <= 21\n", "  - dte <= 21\n  - let expire\n", "exits: `let expire` is new", True),
        ("  - loss >= 200% of credit\n", "", "exits: `loss >= 200% of credit` is gone", True),
        ("  - dte <= 21\n", "  - dte <= 21\n  - short_strike_breached\n", "exits: `short_strike_breached` is new", False),
    ],
)
def test_change_of_a_strategy_is_said_and_loosening_is_called_that(old: str, new: str, said: str, loosens: bool) -> None:
    after = strategy(("name: puts\n", "name: puts\nmode: live\n")) if old == "mode" else strategy((old, new))

    assert changes_of(strategy(), after) == Changes((said,), (said,) if loosens else ())


def test_more_automatic_approval_loosens_and_asking_again_does_not() -> None:
    auto = ("approval: manual, expires in 10 min", "approval: auto\n  auto_up_to: $500 risk, 1 orders per day")
    policy = ("approval: manual, expires in 10 min", "approval: {auto_when: [order_risk <= $300], else: ask}")
    wider = ("approval: manual, expires in 10 min", "approval: {auto_when: [order_risk <= $400], else: ask}")
    more = (auto[0], auto[1].replace("$500", "$900"))

    assert changes_of(strategy(), strategy(auto)).loosens
    dearer = ("entry.auto_up_to was $500 risk, 1 orders per day, is $900 risk, 1 orders per day",)
    larger = ("entry.approval.auto_when: `order_risk <= $300` is `order_risk <= $400` now",)
    assert changes_of(strategy(auto), strategy(more)) == Changes(dearer, looser=dearer)
    assert changes_of(strategy(policy), strategy(wider)) == Changes(larger, looser=larger)
    assert not changes_of(strategy(auto), strategy()).loosens
    assert not changes_of(strategy(auto), strategy(policy)).loosens


@pytest.mark.parametrize(
    ("said", "loosens", "direction"),
    [
        (("risk.per_trade was 1%, is 2%",), True, "loosened"),
        (("pricing.rate was 4%, is 4.2%", "risk.per_trade was 2%, is 1%"), False, "tightened"),
        (("pricing.rate was 4%, is 4.2%", "spread.keep was 3, is 5"), False, "changed"),
        (("the file is b.yaml, it was a.yaml",), False, "changed"),
        (("when: `vix <= 30` is `vix <= 20` now",), False, "tightened"),
        (("it is gone: no event is known, and what asks for one opens nothing",), False, "tightened"),
    ],
)
def test_changes_that_were_told_say_which_way_the_limits_went(said: tuple[str, ...], loosens: bool, direction: str) -> None:
    assert direction_of(said, loosens=loosens) == direction


def test_files_that_say_the_same_have_no_changes() -> None:
    assert changes_of(strategy(), strategy(("- dte <= 21", "- dte  <=  21   # three weeks"))) == Changes(())
    assert changes_of(account(""), account("risk: {total: 25% of net liquidation}")) == Changes(())


def test_several_changes_are_said_in_the_order_of_the_file() -> None:
    found = changes_of(strategy(), strategy(("open: 3", "open: 2"), ("risk: $500", "risk: $600")))

    risk = "sizing.risk was $500, is $600"
    assert found == Changes((risk, "limits.open was 3, is 2"), looser=(risk,))


def test_lists_and_events_are_compared_too() -> None:
    def common(text: str) -> Common:
        value = parse_common(f"schema: 1\nlists: {text}\n").value
        assert value is not None
        return value

    before = parse_events("schema: 1\nhorizon: {FOMC: 2027-12-31}\nentries: [{date: 2027-12-08, what: FOMC}]\n").value
    after = parse_events("schema: 1\nhorizon: {FOMC: 2026-12-31}\nentries: [{date: 2026-12-09, what: FOMC}]\n").value

    assert changes_of(common("{funds: [SPY, QQQ]}"), common("{funds: [SPY, IWM]}")) == Changes(
        ("lists.funds was [SPY, QQQ], is [SPY, IWM]",), looser=("lists.funds was [SPY, QQQ], is [SPY, IWM]",)
    )
    assert before is not None
    assert after is not None
    assert changes_of(before, after) == Changes(
        (
            "horizon.FOMC was 2027-12-31, is 2026-12-31",
            "entries: FOMC 2027-12-08 is gone",
            "entries: FOMC 2026-12-09 is new",
        ),
        looser=("entries: FOMC 2027-12-08 is gone",),
    )


def test_every_limit_of_the_account_has_a_direction() -> None:
    """Twice as much and half as much of any number: one of the two loosens, or the number is no limit."""
    for path, value in leaves(account("")):
        if (
            path.split(".")[0] in {"session", "groups", "strategy_groups", "bands", "betas", "schema_version"}
            or path in NEITHER
            or path == "pricing.dividend_yield"
        ):
            continue
        more, less = (changed(account(""), path, scaled(value, factor)) for factor in (2, 0.5))

        assert changes_of(account(""), more).loosens != changes_of(account(""), less).loosens, path


def leaves(model: BaseModel, above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        found += leaves(value, f"{above}{name}.") if isinstance(value, BaseModel) else [(f"{above}{name}", value)]
    return found


def scaled(value: Any, factor: float) -> Any:
    match value:
        case int():
            return int(value * factor)
        case tuple():
            return tuple(scaled(part, factor) for part in value)
        case _ if hasattr(value, "fraction"):
            return type(value)(value.fraction * type(value.fraction)(factor), value.base)
        case _:
            return value * type(value)(factor)


def changed(of: Account, path: str, value: Any) -> Account:
    group, name = path.split(".")
    return of.model_copy(update={group: getattr(of, group).model_copy(update={name: value})})


def test_quiet_strategy_of_these_tests_is_like_itself() -> None:
    assert changes_of(given.strategy(), given.strategy()) == Changes(())


WITH_TIMES = ("window: 10:00-15:30 New York", "at: 12:00, 12:30 New York, within 5 min")


@pytest.mark.parametrize(
    ("old", "new", "said", "loosens"),
    [
        ("per_day: 2", "per_day: 2, apart: 30 min", "limits.apart was left out, is 30 min", False),
        ("per_day: 2, apart: 30 min", "per_day: 2", "limits.apart was 30 min, is left out", True),
        ("per_day: 2, apart: 30 min", "per_day: 2, apart: 20 min", "limits.apart was 30 min, is 20 min", True),
        ("per_day: 2, apart: 20 min", "per_day: 2, apart: 1 h", "limits.apart was 20 min, is 60 min", False),
        ("per_day: 2, strikes_apart: $25", "per_day: 2, strikes_apart: $10", "limits.strikes_apart was $25, is $10", True),
        ("per_day: 2", "per_day: 2, losses_per_day: 1", "limits.losses_per_day was left out, is 1", False),
        ("per_day: 2, losses_per_day: 1", "per_day: 2", "limits.losses_per_day was 1, is left out", True),
    ],
)
def test_limit_that_keeps_openings_apart_loosens_as_it_shrinks(old: str, new: str, said: str, *, loosens: bool) -> None:
    before, after = strategy(("per_day: 2", old)), strategy(("per_day: 2", new))

    assert changes_of(before, after) == Changes((said,), (said,) if loosens else ())


@pytest.mark.parametrize(
    ("old", "new", "said", "loosens"),
    [
        ("12:00, 12:30", "12:30", "entry.at was 12:00, 12:30 New York, within 5 min, is 12:30 New York, within 5 min", False),
        ("12:30", "12:00, 12:30", "entry.at was 12:30 New York, within 5 min, is 12:00, 12:30 New York, within 5 min", True),
    ],
)
def test_more_times_loosen(old: str, new: str, said: str, *, loosens: bool) -> None:
    before, after = (strategy((WITH_TIMES[0], f"at: {times} New York, within 5 min")) for times in (old, new))

    assert changes_of(before, after) == Changes((said,), (said,) if loosens else ())


def test_opening_again_after_a_stop_loosens() -> None:
    line = "approval: manual, expires in 10 min"
    without = strategy()
    once = strategy((line, f"{line}\n  again: after a stop, once"))
    twice = strategy((line, f"{line}\n  again: after a stop, 2 times, not before 15 min"))

    said = ("entry.again was left out, is after a stop, once",)
    assert changes_of(without, once) == Changes(said, looser=said)
    assert changes_of(once, without).loosens is False
    assert changes_of(once, twice).loosens is True


@pytest.mark.parametrize(
    ("old", "new", "said", "loosens"),
    [
        (
            "nearest 16 delta, within 13-19 delta",
            "0.13-0.19",
            "spread.short_delta was nearest 0.16, within 0.13-0.19, is 0.13-0.19",
            True,
        ),
        (
            "0.13-0.19",
            "nearest 16 delta, within 13-19 delta",
            "spread.short_delta was 0.13-0.19, is nearest 0.16, within 0.13-0.19",
            False,
        ),
        (
            "0.12-0.20\n  short_strike: 1%-2% from price",
            "0.12-0.20\n  short_strike: 1%-3% from price",
            "spread.short_strike was 1%-2% from price, is 1%-3% from price",
            True,
        ),
        (
            "0.12-0.20\n  long_price: at most $0.10",
            "0.12-0.20\n  long_price: at most $0.05",
            "spread.long_price was at most $0.10, is at most $0.05",
            False,
        ),
        (
            "0.12-0.20\n  short_strike: $30 from price",
            "0.12-0.20\n  short_strike: at the money",
            "spread.short_strike was $30 from price, is at the money",
            True,
        ),
    ],
)
def test_place_of_a_leg_that_takes_in_more_loosens(old: str, new: str, said: str, *, loosens: bool) -> None:
    before, after = (strategy(("short_delta: 0.12-0.20", f"short_delta: {text}")) for text in (old, new))

    assert changes_of(before, after) == Changes((said,), (said,) if loosens else ())


@pytest.mark.parametrize(
    ("before", "after", "loosens"),
    [
        ("half when: vix >= 25", "half when: vix >= 30", True),
        ("half when: vix >= 25", "half when: vix >= 20", False),
        ("half when: vix >= 25", "contracts: 1-5", True),
        ("contracts: 1-5", "half when: vix >= 25, contracts: 1-5", False),
        ("premium: $500", "premium: $600", True),
        ("kelly: 25%", "kelly: 20%", False),
        ("volatility: 16%", "volatility: 20%", True),
    ],
)
def test_what_makes_a_position_smaller_loosens_where_it_makes_less_of_it_smaller(before: str, after: str, loosens: bool) -> None:
    rules = "spread: {type: bull_put, expiry: 20-30 days, width: $5, rules: [expected_value at realized_vol(20 days) > $0]}\n"
    old, new = (given.strategy(f"{rules}sizing: {{risk: $900, {said}}}") for said in (before, after))

    assert changes_of(old, new).loosens is loosens
