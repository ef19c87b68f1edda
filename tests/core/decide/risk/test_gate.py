"""Every gate: what passes, what fails and what is not known, each with its numbers. Unknown is never a pass."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.quotes import spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.breakers import strategy_result
from engine.decide.risk.gate import gate, strategy_obstacle
from engine.domain.chain import ChainSnapshot
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderRejected, OrderRepriced, OrderUnknown
from engine.domain.facts.union import Fact
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.ledger import Ledger
from engine.domain.maintenance import Window
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg, Spread
from tests import given

ALL = """
halt paused looked_at reconciled clock market_data hours quotes open per_day per_expiry open_risk stop_for_day per_trade hard_cap
width per_underlying per_expiry_risk per_strategy per_group total new_per_day contracts_per_order
contracts_per_trade entries_per_day working_orders orders_per_structure covered opposite_legs messages_per_minute
messages_per_fill account_values buying_power_used available_funds cushion_to_open breaker_day breaker_week breaker_peak
failures_in_a_row unknown_orders delta vega gamma stress own_exits
"""


def verdicts(
    snapshot: Snapshot | None = None,
    *,
    limits: str = "",
    strategy: str = "",
    of: Spread | None = None,
    contracts: int = 1,
    loss: float = 430,
    order_ref: str | None = None,
) -> dict[str, Verdict]:
    """What each gate says of an opening of one spread that can lose $430."""
    now = snapshot or given.snapshot()
    rules, spread, rows = given.strategy(strategy), of or given.spread(), given.rows(now.chain)
    quote = spread_quote(spread, rows, "open")
    assert quote is not None
    opening = Opening(rules, spread, contracts, Decimal(str(loss)), quote, order_ref)
    return {one.gate: one for one in gate(opening, now, given.rulebook(rules, account=given.limits(limits)), rows)}


def result_of_the_day(known: Ledger, chain: ChainSnapshot) -> Decimal | None:
    found = strategy_result("puts", given.snapshot(known, chain), given.rows(chain))
    return found.value if found is not None else None


def with_position(*facts: Fact, quantity: int = 1, **more: object) -> Ledger:
    return given.ledger(*given.opened(given.proposal(quantity=quantity, **more), net="0.80"), *facts)  # type: ignore[arg-type]


def test_opening_passes_every_gate_on_an_ordinary_day() -> None:
    found = verdicts(strategy='limits: {open: 1, stop_for_day: "-$500", open_risk: $1000}')

    assert {name for name, one in found.items() if one.answer != "pass"} == set()
    assert set(found) == set(ALL.split())


@pytest.mark.parametrize(
    ("change", "name", "answer"),
    [
        ({"is_connected": False}, "reconciled", "unknown"),
        ({"restart": Window("TWS restarts", given.NOW, given.NOW + timedelta(minutes=10))}, "restart", "fail"),
        ({"clock_skew_s": None}, "clock", "unknown"),
        ({"clock_skew_s": -2.1}, "clock", "fail"),
        ({"clock_skew_s": 2.0}, "clock", "pass"),
        ({"data": "delayed"}, "market_data", "fail"),
        ({"data": "unknown"}, "market_data", "unknown"),
        ({"session": None}, "hours", "fail"),
        ({"at": given.NOW - timedelta(minutes=16)}, "hours", "fail"),
        ({"at": given.SESSION.close - timedelta(minutes=30)}, "hours", "fail"),
        ({"market": {"SPY": given.market(is_halted=True)}}, "trading_halt", "fail"),
        ({"account": given.account(None)}, "per_trade", "unknown"),
        ({"account": given.account(None)}, "buying_power_used", "unknown"),
        ({"account": given.account(None)}, "delta", "unknown"),
        ({"account": given.account(None)}, "breaker_week", "unknown"),
        ({"account": given.account(available_funds=None)}, "buying_power_used", "unknown"),
        ({"account": given.account(excess_liquidity=None)}, "cushion_to_open", "unknown"),
        ({"account": given.account(excess_liquidity=24_900)}, "cushion_to_open", "fail"),
        ({"account": given.account(available_funds=50_429)}, "buying_power_used", "fail"),
        ({"account": given.account(available_funds=50_430)}, "buying_power_used", "pass"),
        ({"account": given.account(look_ahead_available_funds=400)}, "available_funds", "fail"),
        ({"account": given.account(look_ahead_available_funds=None)}, "available_funds", "pass"),
        ({"account": given.account(day_pnl=-2000)}, "breaker_day", "fail"),
        ({"account": given.account(day_pnl=-1999)}, "breaker_day", "pass"),
        ({"account": given.account(95_000)}, "breaker_week", "fail"),
        ({"account": given.account(95_300)}, "breaker_week", "pass"),
        ({"account": given.account(90_000)}, "breaker_peak", "fail"),
    ],
)
def test_gate_answers_what_the_instant_says(change: dict[str, object], name: str, answer: str) -> None:
    now = given.snapshot(**{"at": given.NOW, **change})  # type: ignore[arg-type]

    assert verdicts(now)[name].answer == answer


def test_halt_and_disagreeing_books_stop_openings() -> None:
    halted = verdicts(given.snapshot(given.ledger(Halted("trader", "lunch"))))
    differing = verdicts(given.snapshot(given.ledger(Reconciled(("1 of SPY 580P",)))))

    assert (halted["halt"].answer, halted["halt"].value) == ("fail", "halted by trader")
    assert differing["reconciled"].answer == "unknown"


def test_strategy_for_paper_never_trades_real_money() -> None:
    live = given.ledger()
    live.mode = "live"

    assert verdicts(given.snapshot(live))["mode"].answer == "fail"
    assert "mode" not in verdicts(given.snapshot(live), strategy="mode: live")


def test_old_or_bad_quotes_stop_an_opening() -> None:
    stale = given.chain(p580={"quoted_at": given.NOW.timestamp() - 16})
    crossed = given.chain(p580={"bid": 9.0, "ask": 8.0})

    old, bad = (verdicts(given.snapshot(quotes=chain))["quotes"] for chain in (stale, crossed))

    assert (old.answer, old.value, old.bound) == ("fail", "16.0 s old", "15 s")
    assert bad.answer == "fail"


@pytest.mark.parametrize(
    ("limits", "name", "value", "bound", "answer"),
    [
        ("risk: {per_trade: $431}", "per_trade", "$430", "at most $431", "pass"),
        ("risk: {per_trade: $429}", "per_trade", "$430", "at most $429", "fail"),
        ("risk: {hard_cap: $429}", "hard_cap", "$430", "at most $429", "fail"),
        ("risk: {width: $499}", "width", "$500", "at most $499", "fail"),
        ("risk: {per_underlying: $800}", "per_underlying", "$853", "at most $800", "fail"),
        ("risk: {per_expiry: $854}", "per_expiry_risk", "$853", "at most $854", "pass"),
        ("risk: {per_expiry: $850}", "per_expiry_risk", "$853", "at most $850", "fail"),
        ("risk: {per_strategy: $850}", "per_strategy", "$853", "at most $850", "fail"),
        ("risk: {per_group: $850}", "per_group", "$853", "at most $850", "fail"),
        ("risk: {total: $850}", "total", "$853", "at most $850", "fail"),
        ("risk: {new_per_day: $429}", "new_per_day", "$430", "at most $429", "fail"),
        ("counts: {contracts_per_order: 1}", "contracts_per_order", "1", "at most 1", "pass"),
        ("counts: {entries_per_day: 1}", "entries_per_day", "1", "at most 1", "pass"),
    ],
)
def test_limit_of_the_account_says_value_bound_and_source(limits: str, name: str, value: str, bound: str, answer: str) -> None:
    known = given.ledger(*given.opened(given.proposal(of=given.spread(short=570, long=565)), net="0.80"))
    known.orders["o1"] = replace(known.orders["o1"], proposed_at=given.NOW - timedelta(days=1))

    verdict = verdicts(given.snapshot(known), limits=limits, loss=430.4)[name]

    assert (verdict.value, verdict.bound, verdict.answer, verdict.source) == (value, bound, answer, "account.yaml")


@pytest.mark.parametrize(
    ("strategy", "name", "value", "bound"),
    [
        ("limits: {open: 1}", "open", "2", "at most 1"),
        ("limits: {open: 2, per_expiry: 1}", "per_expiry", "2", "at most 1"),
        ("limits: {open: 2, per_day: 1}", "per_day", "2", "at most 1"),
        ("limits: {open: 2, open_risk: $900}", "open_risk", "$953", "at most $900"),
    ],
)
def test_limit_of_the_strategy_counts_what_it_holds(strategy: str, name: str, value: str, bound: str) -> None:
    known = given.ledger(*given.opened(given.proposal(of=given.spread(short=570, long=565)), net="0.80"))

    verdict = verdicts(given.snapshot(known), strategy=strategy, loss=530.4)[name]

    assert (verdict.value, verdict.bound, verdict.answer, verdict.source) == (value, bound, "fail", "puts")


def test_order_does_not_count_against_itself() -> None:
    known = given.ledger(given.proposal(), given.previewed())

    found = verdicts(given.snapshot(known), strategy="limits: {open: 1, per_day: 1}", order_ref="o1")

    assert {name for name, one in found.items() if one.answer != "pass"} == set()


def test_opening_that_waits_counts_as_held() -> None:
    found = verdicts(given.snapshot(given.ledger(given.proposal())), strategy="limits: {open: 1}")

    assert found["open"].value == "2"
    assert found["orders_per_structure"].answer == "fail"


def test_partly_filled_opening_counts_its_whole_risk_once() -> None:
    order = given.proposal(of=given.spread(short=570, long=565), quantity=2, limit="0.80", worst="0.80")
    known = given.ledger(*given.working(order), *given.fills(order, 1))

    assert verdicts(given.snapshot(known), loss=100)["total"].value == "$945"


@pytest.mark.parametrize(("name", "value"), [("open", "2"), ("per_expiry", "2"), ("per_day", "2"), ("entries_per_day", "2")])
def test_partly_filled_opening_counts_once(name: str, value: str) -> None:
    order = given.proposal(of=given.spread(short=570, long=565), quantity=2, limit="0.80", worst="0.80")
    known = given.ledger(*given.working(order), *given.fills(order, 1, at=given.NOW))

    assert verdicts(given.snapshot(known))[name].value == value


def test_partly_filled_opening_is_one_order_of_its_structure() -> None:
    order = given.proposal(quantity=2, limit="0.80", worst="0.80")
    known = given.ledger(*given.working(order), *given.fills(order, 1, at=given.NOW))

    assert verdicts(given.snapshot(known))["orders_per_structure"].value == "2"


def test_no_contract_is_traded_both_ways() -> None:
    known = with_position()
    close = given.proposal("c1", position="o1", limit="-0.40")
    below = given.spread(short=575, long=570)

    sold_against_held = verdicts(given.snapshot(known), of=below)["opposite_legs"]
    same_way = verdicts(given.snapshot(known), of=given.spread(short=580, long=570))["opposite_legs"]
    while_it_closes = verdicts(given.snapshot(given.told(known, close)), of=given.spread(short=580, long=570))["opposite_legs"]

    assert (sold_against_held.answer, sold_against_held.value) == ("fail", "SPY 2026-12-18 575P")
    assert same_way.answer == "pass"
    assert while_it_closes.answer == "fail"


def test_messages_of_the_last_minute_are_counted() -> None:
    order = given.proposal(of=given.spread(short=570, long=565))
    known = given.ledger(*given.working(order))
    given.told(known, *(OrderRepriced("o1", Decimal("0.79"), n) for n in range(30)), at=given.NOW - timedelta(seconds=59))

    verdict = verdicts(given.snapshot(known))["messages_per_minute"]

    assert (verdict.value, verdict.answer) == ("31", "fail")
    assert verdicts(given.snapshot(known, at=given.NOW + timedelta(minutes=2)))["messages_per_minute"].answer == "pass"


def test_many_messages_for_few_fills_stop_openings() -> None:
    order = given.proposal(of=given.spread(short=570, long=565), quantity=3)
    known = given.ledger(*given.working(order), *(OrderRepriced("o1", Decimal("0.79"), n) for n in range(40)))

    assert verdicts(given.snapshot(known))["messages_per_fill"].answer == "fail"
    given.told(known, *given.fills(order, 1), *given.fills(order, 1))
    assert verdicts(given.snapshot(known))["messages_per_fill"].answer == "pass"


def test_rejections_and_unknown_orders_stop_openings() -> None:
    known = given.ledger()
    for number in range(3):
        given.told(known, *given.sent(given.proposal(f"o{number}")), OrderRejected(f"o{number}", 201, "no"))
    for number in range(3, 5):
        given.told(known, *given.sent(given.proposal(f"o{number}")), OrderUnknown(f"o{number}", "silence"))

    found = verdicts(given.snapshot(known))

    assert (found["failures_in_a_row"].value, found["failures_in_a_row"].answer) == ("3", "fail")
    assert (found["unknown_orders"].value, found["unknown_orders"].answer) == ("2", "fail")


@pytest.mark.parametrize("name", ["delta", "vega", "gamma", "stress"])
def test_greeks_are_unknown_when_a_leg_that_is_held_has_none(name: str) -> None:
    held = given.proposal(of=given.spread(short=570, long=565))
    chain = given.chain(p565={"iv": None, "delta": None})

    assert verdicts(given.snapshot(given.ledger(*given.opened(held)), chain))[name].answer == "unknown"


@pytest.mark.parametrize(
    ("limits", "name"),
    [("greeks: {delta: 0.001%}", "delta"), ("greeks: {vega: 0.001%}", "vega"), ("stress: {worst_loss: 0.1%}", "stress")],
)
def test_greeks_beyond_their_share_fail(limits: str, name: str) -> None:
    assert verdicts(limits=limits)[name].answer == "fail"


def test_gamma_counts_what_expires_within_days() -> None:
    assert verdicts(limits="greeks: {gamma_days: 24, gamma: 0.001%}")["gamma"].answer == "pass"
    assert verdicts(limits="greeks: {gamma_days: 25, gamma: 0.001%}")["gamma"].answer == "fail"


def test_day_is_measured_from_its_first_value_when_the_broker_has_no_result() -> None:
    known = given.ledger()
    account = given.account(97_900, day_pnl=None)

    assert verdicts(given.snapshot(known, account=account))["breaker_day"].answer == "fail"


def test_day_is_unknown_when_its_first_value_is_of_another_day() -> None:
    known = given.ledger()
    given.told(known, EquityRecorded(Decimal(100_000), None, None, None), at=given.NOW - timedelta(days=3))

    assert verdicts(given.snapshot(known, account=given.account(day_pnl=None)))["breaker_day"].answer == "unknown"


def test_result_of_the_day_counts_losses_of_old_positions_and_not_their_gains() -> None:
    today, old = given.NOW - timedelta(minutes=20), given.NOW - timedelta(days=4)
    lost = given.chain(p580={"bid": 5.00, "ask": 5.02}, p575={"bid": 3.00, "ask": 3.02})
    won = given.chain(p580={"bid": 0.40, "ask": 0.42}, p575={"bid": 0.20, "ask": 0.22})

    def result(opened_at, chain):
        known = given.ledger(*given.opened(given.proposal(limit="0.80"), at=opened_at))
        return result_of_the_day(known, chain)

    assert result(old, lost) == result(today, lost) == (Decimal("0.80") - 2) * 100 - Decimal("1.30")
    assert result(today, won) == Decimal("60") - Decimal("1.30")
    assert result(old, won) == 0


def test_result_of_the_day_counts_a_part_that_was_closed() -> None:
    chain = given.chain(p580={"bid": 1.99, "ask": 2.01}, p575={"bid": 1.19, "ask": 1.21})
    close = given.proposal("c1", position="o1", limit="-1.80")
    known = given.ledger(*given.opened(given.proposal(quantity=2), at=given.NOW), *given.closed(close))

    result = result_of_the_day(known, chain)

    assert result == Decimal("-100") + 0 - Decimal("3.90")


def test_result_of_the_day_is_unknown_without_quotes() -> None:
    chain = given.chain(p580={"ask": None})
    rules = 'limits: {open: 3, per_day: 3, per_expiry: 3, stop_for_day: "-$500"}'

    assert result_of_the_day(with_position(), chain) is None
    found = verdicts(given.snapshot(with_position(), chain), strategy=rules, of=given.spread(short=570, long=565))
    assert found["stop_for_day"].answer == "unknown"


def test_nothing_is_searched_for_a_strategy_that_may_not_open() -> None:
    rules = given.strategy("limits: {open: 1}")
    rulebook = given.rulebook(rules)

    assert strategy_obstacle(rules, given.snapshot(), rulebook) is None
    assert (found := strategy_obstacle(rules, given.snapshot(with_position()), rulebook)) is not None
    assert found.gate == "open"
    assert (halted := strategy_obstacle(rules, given.snapshot(given.ledger(Halted("t", ""))), rulebook)) is not None
    assert halted.gate == "halt"


def test_first_obstacle_is_a_fail_before_an_unknown() -> None:
    unknown, fail, passed = (Verdict(name, name, "", "", "") for name in ("unknown", "fail", "pass"))  # type: ignore[arg-type]

    assert first_obstacle((passed, unknown, fail)) is fail
    assert first_obstacle((passed, unknown)) is unknown
    assert first_obstacle((passed,)) is None


def test_cushion_is_that_of_the_account_after_the_order() -> None:
    thin = given.snapshot(account=given.account(excess_liquidity=25_400))

    assert verdicts(thin)["cushion_to_open"].answer == "fail"
    assert verdicts(thin, loss=400)["cushion_to_open"].answer == "pass"


@pytest.mark.parametrize("name", ["buying_power_used", "available_funds", "cushion_to_open"])
def test_margin_is_held_against_what_the_broker_takes_where_that_is_more_than_can_be_lost(name: str) -> None:
    account = given.account(available_funds=51_000, look_ahead_available_funds=1_000, excess_liquidity=26_000)
    now, rules, rows = given.snapshot(account=account), given.strategy(), given.rows()
    quote = spread_quote(given.spread(), rows, "open")
    assert quote is not None

    def answer(needed: int | None) -> str:
        opening = Opening(rules, given.spread(), 1, Decimal(430), quote, needed=None if needed is None else Decimal(needed))
        return next(one.answer for one in gate(opening, now, given.rulebook(rules), rows) if one.gate == name)

    assert [answer(needed) for needed in (None, 300, 1_000, 1_001)] == ["pass", "pass", "pass", "fail"]


def test_sold_leg_whose_bid_is_missing_counts_at_its_ask_in_the_result_of_the_day() -> None:
    known = given.ledger(*given.opened(given.proposal(), net="0.80", at=given.NOW))
    cheap = given.chain(p580={"bid": None, "ask": 0.45}, p575={"bid": 0.02, "ask": 0.04})
    dear = given.chain(p580={"bid": None, "ask": 3.00}, p575={"bid": 1.19, "ask": 1.21})

    assert result_of_the_day(known, cheap) == Decimal("36.70")
    assert result_of_the_day(known, dear) is None, "a quote that lost a side, and no option that is worth next to nothing"


def test_structure_that_sells_more_than_its_longs_cover_is_not_opened() -> None:
    ratio = Spread("ratio", (Leg(given.contract(580), "sell", 2), Leg(given.contract(575), "buy")))

    assert verdicts()["covered"].answer == "pass"
    assert (verdicts(of=ratio)["covered"].answer, verdicts(of=ratio)["covered"].value) == ("fail", "1 × SPY 2026-12-18 580P")
