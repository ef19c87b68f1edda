"""Exits: when positions close, what must hold longer before it is believed, and what expires."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.decide.exit.exits import exits
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.breakers import strategy_result
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import (
    ConfirmExit,
    Decision,
    Propose,
    Settle,
    TriggerExit,
)
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderAbsent, OrderCanceled, OrderUnknown
from engine.domain.index_classes import option_class
from engine.domain.session import Session
from engine.domain.snapshot import ExitHits
from tests import given
from tests.core.decide.watching import PUTS, acts, costs, kinds, look, position, seconds, watched


def test_profit_closes_at_once_and_asks_no_more_than_natural() -> None:
    triggered, proposed = look(position(quantity=2), costs("0.39"))

    assert isinstance(triggered, TriggerExit)
    assert (triggered.fact.rule, triggered.fact.action) == ("profit >= 50% of credit", "close")
    assert triggered.fact.values["profit"] == pytest.approx(82)
    assert isinstance(proposed, Propose)
    order = proposed.order
    assert (order.purpose, order.position, order.quantity, order.reason) == ("close", "o1", 2, "profit >= 50% of credit")
    assert (order.limit, order.worst, order.max_loss) == (Decimal("-0.39"), Decimal("-0.41"), 0)
    assert (order.order_ref, order.digest) == ("spt-261123-0002", PUTS.digest)


def test_nothing_closes_when_no_rule_holds() -> None:
    assert look(position(), costs("0.80")) == []


def test_stop_is_believed_after_three_looks_over_fifteen_seconds() -> None:
    found = watched(position(), [costs("2.50", at=seconds(n)) for n in (0, 5, 10, 14, 15)])

    assert [kinds(one) for one in found] == [["ConfirmExit"]] * 4 + [["TriggerExit", "Propose"]]
    (_, proposed) = found[-1]
    assert isinstance(proposed, Propose)
    assert (proposed.order.limit, proposed.order.worst) == (Decimal("-2.50"), Decimal("-4.98"))


def test_stop_is_not_believed_when_two_looks_are_far_apart() -> None:
    found = watched(position(), [costs("2.50", at=seconds(n)) for n in (0, 20)])

    assert [kinds(one) for one in found] == [["ConfirmExit"]] * 2


def test_one_bad_print_closes_nothing_and_counting_starts_again() -> None:
    prints = ["2.50", "0.80", "2.50", "2.50", "2.50"]

    found = watched(position(), [costs(net, at=seconds(10 * n)) for n, net in enumerate(prints)])

    assert [kinds(one) for one in found] == [["ConfirmExit"]] * 4 + [["TriggerExit", "Propose"]]
    assert isinstance(found[1][0], ConfirmExit)
    assert found[1][0].count == 0


def test_same_quotes_looked_at_again_confirm_nothing() -> None:
    found = watched(position(), [costs("2.50", at=seconds(n)) for n in range(0, 25, 5)], is_fresh=False)

    assert [kinds(one) for one in found] == [[]] * 5


def test_stop_that_was_out_of_sight_for_a_minute_is_counted_from_the_start() -> None:
    found = watched(position(), [costs("2.50", at=seconds(n)) for n in (0, 5, 70)])

    assert isinstance(found[-1][0], ConfirmExit)
    assert found[-1][0].count == 1


@pytest.mark.parametrize("change", [{"bid": 9.0}, {"ask": None}, {"quoted_at": given.NOW.timestamp() - 121}])
def test_nothing_closes_on_quotes_that_are_not_clean(change: dict[str, float | None]) -> None:
    assert kinds(look(position(), costs("0.20", **change))) == []


def test_nothing_closes_where_no_leg_was_quoted_within_half_a_minute() -> None:
    assert acts(look(position(), costs("0.20", age_s=31))) == []
    assert kinds(look(position(), costs("0.20", age_s=30))) == ["TriggerExit", "Propose"]


def test_leg_that_is_not_told_anew_is_as_it_was_while_the_other_one_is_told() -> None:
    quiet = {"quoted_at": given.NOW.timestamp() - 120}

    assert kinds(look(position(), costs("0.20", **quiet))) == ["TriggerExit", "Propose"]


def test_stop_does_not_wait_for_a_leg_that_was_quiet_before_it_held() -> None:
    quiet = {"bid": 1.19, "ask": 1.21, "quoted_at": given.NOW.timestamp() - 60}
    short = ({"bid": 3.69, "ask": 3.71, "quoted_at": seconds(n).timestamp() - 1} for n in (0, 5, 10, 15))

    found = watched(position(), [given.chain(at=seconds(5 * n), p580=sold, p575=quiet) for n, sold in enumerate(short)])

    assert [kinds(one) for one in found] == [["ConfirmExit"]] * 3 + [["TriggerExit", "Propose"]]


@pytest.mark.parametrize("leg", ["p580", "p575"])
def test_stop_waits_for_the_leg_whose_print_made_it_hold(leg: str) -> None:
    def at(n: int) -> ChainSnapshot:
        fresh, standing = seconds(n).timestamp() - 1, given.NOW.timestamp() - 1
        sold = {"bid": 3.69, "ask": 3.71, "quoted_at": standing if leg == "p580" else fresh}
        bought = {"bid": 1.19, "ask": 1.21, "quoted_at": standing if leg == "p575" else fresh}
        return given.chain(at=seconds(n), p580=sold, p575=bought)

    found = watched(position(), [at(n) for n in range(0, 60, 5)])

    assert [kinds(one) for one in found[:6]] == [["ConfirmExit"]] * 6
    assert kinds(found[6]) == ["ConfirmExit", "BlockExit"]
    assert not any("Propose" in kinds(one) for one in found)


@pytest.mark.parametrize(
    "change",
    [
        {"is_connected": False},
        {"data": "delayed"},
        {"session": None},
        {"session": Session(given.SESSION.day, given.NOW - timedelta(minutes=4), given.SESSION.close)},
    ],
)
def test_nothing_closes_where_no_order_could_be_sent(change: dict[str, object]) -> None:
    limits = "session: {close: 10:05-15:55 New York}" if change.get("session") else ""

    assert look(position(), costs("0.20"), limits=limits, **change) == []


def test_close_on_its_way_is_not_decided_again_and_one_that_ended_leaves_a_pause() -> None:
    close = given.proposal("c1", position="o1", limit="-0.40")
    known = position()

    given.told(known, *given.working(close))
    assert look(known, costs("0.20")) == []
    given.told(known, OrderUnknown("c1", "silence"))
    assert look(known, costs("0.20")) == []
    given.told(known, OrderAbsent("c1"))
    assert look(known, costs("0.20", at=seconds(19))) == []
    assert kinds(look(known, costs("0.20", at=seconds(20)))) == ["BlockExit", "TriggerExit", "Propose"]


def test_rest_is_closed_after_a_partly_filled_close() -> None:
    close = given.proposal("c1", position="o1", quantity=3, limit="-0.40")
    known = given.told(position(quantity=3), *given.working(close), *given.fills(close, 1), OrderCanceled("c1", ""))

    (_, proposed) = look(known, costs("0.20", at=seconds(20)))

    assert isinstance(proposed, Propose)
    assert proposed.order.quantity == 2


def test_two_closes_in_one_look_have_references_of_their_own_and_leave_no_gap() -> None:
    chain = given.chain(p580={"bid": 1.0, "ask": 1.02}, p575={"bid": 0.90, "ask": 0.92}, p570={"bid": 0.85, "ask": 0.87})

    found = look(position("o1", "o2"), chain)

    refs = [one.order.order_ref for one in found if isinstance(one, Propose)]
    assert refs == ["spt-261123-0003", "spt-261123-0004"]


def test_first_rule_that_holds_wins() -> None:
    rules = given.strategy("exits:\n  - dte <= 25\n  - profit >= 10% of credit")

    (triggered, _) = look(position(by=rules), costs("0.20"), strategy=rules)

    assert isinstance(triggered, TriggerExit)
    assert triggered.fact.rule == "dte <= 25"


def test_position_keeps_the_rules_it_was_opened_with_and_without_them_takes_the_present_ones() -> None:
    newer = given.strategy("exits:\n  - profit >= 1% of credit")

    assert exits(
        given.snapshot(position(), costs("0.70")), given.rulebook(newer, also=(PUTS,)), Rows(costs("0.70"))
    ) == []  # fmt: skip
    assert kinds(look(position(), costs("0.70"), strategy=newer)) == ["TriggerExit", "Propose"]


@pytest.mark.parametrize("line", ["profit >= 10% of credit", "short_delta >= 0.01"])
def test_alert_is_given_once_while_it_holds_and_once_more_after_it_did_not(line: str) -> None:
    rules = given.strategy(f"exits:\n  - {line}: alert\n  - loss >= 400% of credit")
    holds = [costs("0.60", at=seconds(5 * n)) for n in range(8)]
    worse = {"p580": {"delta": 0.0, "bid": 3.0, "ask": 3.01}, "p575": {"bid": 2.0, "ask": 2.01}}
    gone = given.chain(at=seconds(40), **worse)
    again = [costs("0.60", at=seconds(45 + 5 * n)) for n in range(8)]

    found = watched(position(by=rules), [*holds, gone, *again], rules)

    alerts = [n for n, one in enumerate(found) if "TriggerExit" in kinds(one)]
    assert len(alerts) == 2
    assert not any("Propose" in kinds(one) for one in found)


# Rolls.

ROLL = """\
exits:
  - short_delta >= 0.01: roll
  - loss >= 400%% of credit
roll: {to: 50-60 days, for: a credit, at_most: %s, else: %s}
"""


def test_roll_without_a_successor_closes_and_says_why() -> None:
    rules = given.strategy(ROLL % (1, "close"))

    found = watched(position(by=rules), [costs("0.60", at=seconds(8 * n)) for n in range(3)], rules)

    (triggered,) = [one for one in found[-1] if isinstance(one, TriggerExit)]
    assert (triggered.fact.action, triggered.fact.text) == ("close", "not rolled: no spread is found that could follow")
    (proposed,) = [one for one in found[-1] if isinstance(one, Propose)]
    assert proposed.order.reason == "short_delta >= 0.01"


@pytest.mark.parametrize(("otherwise", "reasons"), [("close", ["short_delta >= 0.01"]), ("alert", []), ("keep", [])])
def test_position_that_was_rolled_often_enough_is_closed_or_only_reported(otherwise: str, reasons: list[str]) -> None:
    rules = given.strategy(ROLL % (1, otherwise))
    known = given.ledger(
        *given.opened(given.proposal("o0", of=given.spread(short=590, long=585), by=rules), net="0.80"),
        *given.closed(
            given.proposal(
                "c0", of=given.spread(short=590, long=585), position="o0", limit="-1.00", rule="x", roll="roll", by=rules
            )
        ),
        *given.opened(given.proposal("o1", by=rules, rolled_from="o0"), net="0.80"),
    )

    found = watched(known, [costs("0.60", at=seconds(8 * n)) for n in range(4)], rules)

    proposed = [one.order.reason for looked in found for one in looked if isinstance(one, Propose)]
    assert proposed[:1] == reasons
    assert any("TriggerExit" in kinds(one) for one in found)


# The last day.

LAST_DAY = Session(given.EXPIRY, datetime(2026, 12, 18, 14, 30, tzinfo=UTC), datetime(2026, 12, 18, 21, 0, tzinfo=UTC))
HALF_DAY = Session(given.EXPIRY, LAST_DAY.open, datetime(2026, 12, 18, 18, 0, tzinfo=UTC))
NO_RULES = given.strategy("exits:\n  - loss >= 900% of credit")
STOP_ONLY = given.strategy("exits:\n  - loss >= 200% of credit")


def last_day(clock: str, spot: float | None, *, session: Session = LAST_DAY, root: str = "SPY", **more: object) -> list[Decision]:
    at = datetime(2026, 12, 18, *map(int, clock.split(":")), tzinfo=UTC)
    underlying = "SPX" if root == "SPXW" else root
    of = given.spread(root=root, underlying=underlying)
    known = given.ledger(*given.opened(given.proposal(of=of, by=NO_RULES), net="0.80"))
    rows = given.options((575, 580, 585), at=at, spot=spot or 600, root=root, underlying=underlying)
    for row in rows:
        row["spot"] = spot
    fields = {"session": session, "market": {underlying: given.market(underlying, spot)}, **more}
    return look(known, given.chain(rows, at=at), strategy=NO_RULES, **fields)


@pytest.mark.parametrize(
    ("clock", "spot", "closes"),
    [("17:59", 579.0, False), ("18:00", 579.0, True), ("18:00", 591.0, True), ("18:00", 593.0, False), ("18:00", None, True)],
)
def test_short_near_the_money_is_not_carried_into_a_physical_expiry(clock: str, spot: float | None, closes: bool) -> None:
    assert ("Propose" in kinds(last_day(clock, spot))) is closes


def test_guard_does_not_wait_for_a_stop_that_is_not_believed_yet() -> None:
    at = datetime(2026, 12, 18, 19, 0, tzinfo=UTC)
    known = given.ledger(*given.opened(given.proposal(by=STOP_ONLY), net="0.80"))
    rows = given.options((575, 580), at=at, spot=577)
    chain = given.chain(rows, at=at, p580={"bid": 3.40, "ask": 3.50}, p575={"bid": 0.55, "ask": 0.60})

    found = look(known, chain, strategy=STOP_ONLY, session=LAST_DAY, market={"SPY": given.market(price=577.0)})

    assert kinds(found) == ["ConfirmExit", "Propose"]


def test_contract_whose_terms_have_changed_is_guarded_however_far_its_old_strike_is_from_the_money() -> None:
    """After a reverse split the price is ten times what the strike was made for."""
    at = datetime(2026, 12, 18, 18, 0, tzinfo=UTC)
    known = given.ledger(*given.opened(given.proposal(by=NO_RULES), net="0.80"))
    chain = given.chain(given.options((575, 580), at=at, spot=6000), at=at)
    fields: dict[str, object] = {"session": LAST_DAY, "market": {"SPY": given.market("SPY", 6000.0)}}

    assert look(known, chain, strategy=NO_RULES, **fields) == []
    short = given.spread().legs[0].contract.con_id
    given.told(known, Reconciled(("its terms have changed",), changed=(short,)))

    assert kinds(look(known, chain, strategy=NO_RULES, **fields)) == ["Propose"]


def test_guard_begins_earlier_on_a_half_day() -> None:
    assert kinds(last_day("14:59", 579.0, session=HALF_DAY)) == []
    assert kinds(last_day("15:00", 579.0, session=HALF_DAY)) == ["Propose"]


def test_cash_settled_options_need_no_guard() -> None:
    assert last_day("19:00", 579.0, root="SPXW") == []


def test_position_settles_half_an_hour_after_its_expiry_at_the_last_price() -> None:
    early, due = (last_day(clock, 577.0) for clock in ("21:29", "21:30"))

    assert early == []
    (settled,) = due
    assert isinstance(settled, Settle)
    assert settled.fact.value == Decimal("-3.0")
    assert "577" in settled.fact.reason


@pytest.mark.parametrize(("spot", "value"), [(600.0, "0"), (577.5, "-2.5"), (570.0, "-5")])
def test_settlement_is_the_worth_of_the_legs(spot: float, value: str) -> None:
    (settled,) = last_day("21:30", spot)

    assert isinstance(settled, Settle)
    assert settled.fact.value == Decimal(value)


def test_settlement_without_a_price_waits() -> None:
    assert last_day("21:30", None) == []


@pytest.mark.parametrize(
    ("at", "session", "value"),
    [
        (datetime(2026, 12, 19, 15, 0, tzinfo=UTC), None, "-5"),
        (datetime(2026, 12, 21, 14, 0, tzinfo=UTC), "before", "-5"),
        (datetime(2026, 12, 21, 15, 0, tzinfo=UTC), "in", "-2"),
        (datetime(2026, 12, 22, 15, 0, tzinfo=UTC), "in", "-1"),
    ],
)
def test_settlement_that_was_missed_takes_the_close_of_that_day_once_another_session_has_opened(at, session, value: str) -> None:
    today = Session(at.date(), at.replace(hour=14, minute=30), at.replace(hour=21)) if session else None
    known = given.ledger(*given.opened(given.proposal(by=NO_RULES), net="0.80"))
    market = {"SPY": given.market(price=560.0, closes=(570.0, 579.0, 578.0))}

    (settled,) = look(known, given.chain(at=at), strategy=NO_RULES, session=today, market=market)

    assert isinstance(settled, Settle)
    assert settled.fact.value == Decimal(value)


def test_am_settled_options_settle_in_the_morning() -> None:
    of = given.spread(root="SPX", underlying="SPX", expiry=date(2026, 12, 18))
    known = given.ledger(*given.opened(given.proposal(of=of, by=NO_RULES), net="0.80"))
    market = {"SPX": given.market("SPX", 577.0)}

    def at(clock: tuple[int, int]) -> list[Decision]:
        when = datetime(2026, 12, 18, *clock, tzinfo=UTC)
        return look(known, given.chain(at=when), strategy=NO_RULES, session=LAST_DAY, market=market)

    assert at((14, 59)) == []
    assert kinds(at((15, 0))) == ["Settle"]


# The account.


def test_thin_cushion_closes_the_position_that_frees_most_once_it_is_believed() -> None:
    known = given.told(position(), *given.opened(given.proposal("o2", of=given.spread(short=560, long=555), quantity=2, by=PUTS)))
    even = {"p560": {"bid": 2.0, "ask": 2.02}, "p555": {"bid": 1.2, "ask": 1.22}}
    even |= {"p580": {"bid": 2.0, "ask": 2.02}, "p575": {"bid": 1.2, "ask": 1.22}}
    chains = [given.chain(at=seconds(8 * n), **even) for n in range(3)]

    found = watched(known, chains, account=given.account(excess_liquidity=9_000))

    assert [kinds(one) for one in found] == [["ConfirmExit"], ["ConfirmExit"], ["Propose"]]
    (proposed,) = found[-1]
    assert isinstance(proposed, Propose)
    assert (proposed.order.position, proposed.order.quantity) == ("o1", 1)
    assert proposed.order.reason == "cushion below 10%: it is 9.0%"


def test_thin_cushion_closes_the_next_position_where_the_dearest_has_no_quote_that_stands() -> None:
    known = position("o1", "o2")
    thin = given.account(excess_liquidity=9_000)

    def later(seconds_later: float, *, quiet: str) -> ChainSnapshot:
        at = seconds(seconds_later)
        told = {row: {"quoted_at": at.timestamp() - (3600 if row == quiet else 1)} for row in ("p580", "p575", "p570")}
        return given.chain(at=at, **told)

    for quiet, closed in (("p580", "o2"), ("p570", "o1")):
        found = watched(known, [later(8 * n, quiet=quiet) for n in range(3)], account=thin, strategy=NO_RULES)
        (proposed,) = acts(found[-1])
        assert isinstance(proposed, Propose)
        assert proposed.order.position == closed


def test_cushion_that_recovers_is_forgotten() -> None:
    known = position()
    thin = look(known, costs("0.80"), account=given.account(excess_liquidity=9_000))
    hits = {("account", "cushion below 10%"): ExitHits(given.NOW, given.NOW, 1)}

    recovered = look(known, costs("0.80", at=seconds(5)), exit_hits=hits)

    assert kinds(thin) == ["ConfirmExit"]
    assert recovered == [ConfirmExit("account", "cushion below 10%", seconds(5), 0)]


# What a trader would lose money by.


def test_hours_of_closing_are_those_of_the_city_that_is_named() -> None:
    at = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)  # 14:30 in Chicago

    assert kinds(look(position(), costs("0.20", at=at), limits="session: {close: 08:35-14:55 Chicago}")) == [
        "TriggerExit",
        "Propose",
    ]


@pytest.mark.parametrize("bid", [None, 0.0])
def test_legs_without_a_bid_do_not_hide_the_profit(bid: float | None) -> None:
    chain = given.chain(p580={"bid": bid, "ask": 0.05}, p575={"bid": bid, "ask": 0.03})

    (_, proposed) = look(position(), chain)

    assert isinstance(proposed, Propose)
    assert proposed.order.worst == Decimal("-0.05")


def test_exits_and_people_see_one_result_of_a_position_whose_bought_leg_nobody_bids_for() -> None:
    rules = given.strategy("exits:\n  - profit >= $1")
    known = given.ledger(*given.opened(given.proposal(by=rules), net="0.80", at=given.NOW - timedelta(hours=1)))
    chain = given.chain(p580={"bid": 0.48, "ask": 0.52}, p575={"bid": None, "ask": 0.40})
    mark = spread_quote(known.positions["o1"].spread, Rows(chain), "close")

    (triggered, proposed) = look(known, chain, strategy=rules)
    result = strategy_result("puts", given.snapshot(known, chain), Rows(chain))

    assert isinstance(triggered, TriggerExit)
    assert isinstance(proposed, Propose)
    assert mark is not None
    assert triggered.fact.values["profit"] == 30
    assert known.positions["o1"].unrealised(mark.mid) == 30
    assert result is not None
    assert result.value == Decimal("28.70")  # its fees apart
    assert proposed.order.limit == Decimal("-0.50")


def test_sold_leg_whose_bid_is_not_known_makes_no_profit_out_of_nothing() -> None:
    chain = given.chain(p580={"bid": None, "ask": 1.90}, p575={"bid": 1.19, "ask": 1.21})

    assert acts(look(position(), chain)) == []


def test_leg_that_is_given_away_may_be_quoted_long_ago() -> None:
    old = given.NOW.timestamp() - 600
    chain = given.chain(p580={"bid": 0.01, "ask": 0.02}, p575={"bid": None, "ask": 0.01, "quoted_at": old})

    assert kinds(look(position(), chain)) == ["TriggerExit", "Propose"]


def test_loss_told_as_a_negative_profit_is_a_stop_like_any_other() -> None:
    rules = given.strategy("exits:\n  - profit <= -$100")

    found = watched(position(by=rules), [costs("2.50", at=seconds(n)) for n in (0, 8, 16)], rules)

    assert [kinds(one) for one in found] == [["ConfirmExit"], ["ConfirmExit"], ["TriggerExit", "Propose"]]
    (_, proposed) = found[-1]
    assert isinstance(proposed, Propose)
    assert proposed.order.worst == Decimal("-4.98")  # its fees of 0.013 a share included, no more than expiry could cost


def test_print_that_only_stands_there_confirms_no_stop() -> None:
    standing = [costs("2.50", at=seconds(n), age_s=1 + n) for n in (0, 5, 10, 15, 20)]

    found = watched(position(), [*standing, costs("2.50", at=seconds(25))])

    assert [kinds(one) for one in found] == [["ConfirmExit"]] * 5 + [["TriggerExit", "Propose"]]


def test_alert_is_not_lost_while_its_print_only_stands_there() -> None:
    rules = given.strategy("exits:\n  - loss >= 100% of credit: alert")
    standing = [costs("2.50", at=seconds(n), age_s=1 + n) for n in (0, 5, 10, 15, 20)]

    found = watched(position(by=rules), [*standing, costs("2.50", at=seconds(25))], rules)

    assert "TriggerExit" in kinds(found[-1])


def test_cost_beyond_the_width_is_a_bad_quote_and_no_reason_to_pay() -> None:
    found = watched(position(), [costs("5.50", at=seconds(8 * n)) for n in range(4)])

    assert [acts(one) for one in found] == [[]] * 4


def test_guard_closes_at_the_width_where_quotes_say_more() -> None:
    at = datetime(2026, 12, 18, 19, 0, tzinfo=UTC)
    known = given.ledger(*given.opened(given.proposal(by=NO_RULES), net="0.80"))
    rows = given.options((575, 580), at=at, spot=560)
    wide = given.chain(rows, at=at, p580={"bid": 20.0, "ask": 20.9}, p575={"bid": 14.0, "ask": 15.4})
    market = {"SPY": given.market(price=560.0)}

    (proposed,) = look(known, wide, strategy=NO_RULES, session=LAST_DAY, market=market)

    assert isinstance(proposed, Propose)
    assert proposed.order.limit == Decimal("-5")


@pytest.mark.parametrize(("spot", "closes"), [(586.0, True), (570.0, True), (560.0, False)])
def test_bought_leg_in_the_money_is_not_carried_into_a_physical_expiry_either(spot: float, closes: bool) -> None:
    at = datetime(2026, 12, 18, 19, 0, tzinfo=UTC)
    of = given.spread("bull_call", short=605, long=580)
    known = given.ledger(*given.opened(given.proposal(of=of, limit="-6.00", by=NO_RULES)))
    chain = given.chain(given.options((580, 605), at=at, spot=spot), at=at)
    market = {"SPY": given.market(price=spot)}

    assert ("Propose" in kinds(look(known, chain, strategy=NO_RULES, session=LAST_DAY, market=market))) is closes


@pytest.mark.parametrize(
    ("day", "clock", "spot", "closes"),
    [(17, 17, 579.0, False), (17, 18, 579.0, True), (17, 18, 600.0, False), (16, 19, 579.0, False)],
)
def test_am_settled_options_near_the_money_are_not_carried_over_their_last_night(
    day: int, clock: int, spot: float, closes
) -> None:
    at = datetime(2026, 12, day, clock, 0, tzinfo=UTC)
    of = given.spread(root="SPX", underlying="SPX")
    known = given.ledger(*given.opened(given.proposal(of=of, by=NO_RULES), net="0.80"))
    chain = given.chain(given.options((575, 580), at=at, spot=spot, root="SPX", underlying="SPX"), at=at)
    session = Session(at.date(), at.replace(hour=14, minute=30), at.replace(hour=21, minute=0))
    market = {"SPX": given.market("SPX", spot)}

    assert ("Propose" in kinds(look(known, chain, strategy=NO_RULES, session=session, market=market))) is closes


LET_EXPIRE = "universe: [SPX]\nexits:\n  - profit >= 50% of credit\n  - loss >= 200% of credit\n"


def test_cash_settled_options_that_the_file_lets_expire_are_not_guarded_against_their_last_night() -> None:
    at = datetime(2026, 12, 17, 19, 0, tzinfo=UTC)
    of = given.spread(root="SPX", underlying="SPX")
    leaves, guards = (given.strategy(LET_EXPIRE + last) for last in ("  - let expire", "  - dte <= 0"))
    chain = given.chain(given.options((575, 580), at=at, spot=579.0, root="SPX", underlying="SPX"), at=at)
    fields = {
        "session": Session(at.date(), at.replace(hour=14, minute=30), at.replace(hour=21, minute=0)),
        "market": {"SPX": given.market("SPX", 579.0)},
    }

    left, guarded = (
        look(given.ledger(*given.opened(given.proposal(of=of, by=by), net="1.90")), chain, strategy=by, **fields)
        for by in (leaves, guards)
    )

    assert left == []
    assert kinds(guarded) == ["Propose"]


def test_shares_are_guarded_whatever_the_file_of_an_index_lets_expire() -> None:
    at = datetime(2026, 12, 18, 19, 0, tzinfo=UTC)
    leaves = given.strategy(LET_EXPIRE + "  - let expire")
    known = given.ledger(*given.opened(given.proposal(by=leaves), net="3.00"))
    chain = given.chain(given.options((575, 580), at=at, spot=577.0), at=at)

    found = look(known, chain, strategy=leaves, session=LAST_DAY, market={"SPY": given.market(price=577.0)})

    assert kinds(found) == ["Propose"]


def test_lines_after_the_one_that_lets_expire_are_not_looked_at() -> None:
    late = given.strategy("universe: [SPX]\nexits:\n  - dte <= 30: let expire\n  - profit >= 50% of credit")
    of = given.spread(root="SPXW", underlying="SPX")
    known = given.ledger(*given.opened(given.proposal(of=of, by=late), net="0.80"))
    rows = given.options((575, 580), root="SPXW", underlying="SPX")
    chain = given.chain(rows, p580={"bid": 1.00, "ask": 1.02}, p575={"bid": 0.90, "ask": 0.92})

    assert look(known, chain, strategy=late, market={"SPX": given.market("SPX")}) == []


JUNETEENTH = given.calendar(date(2025, 1, 1), date(2025, 12, 31), date(2025, 6, 19))


@pytest.mark.parametrize(
    ("root", "expiry", "at", "closes"),
    [
        ("SPX", date(2025, 6, 20), datetime(2025, 6, 17, 18, 0, tzinfo=UTC), False),
        ("SPX", date(2025, 6, 20), datetime(2025, 6, 18, 18, 0, tzinfo=UTC), True),
        ("VIX", date(2025, 6, 18), datetime(2025, 6, 17, 18, 0, tzinfo=UTC), True),
        ("VIXW", date(2025, 6, 25), datetime(2025, 6, 24, 18, 0, tzinfo=UTC), True),
        ("MXEA", date(2025, 6, 20), datetime(2025, 6, 18, 18, 0, tzinfo=UTC), True),
        ("XSP", date(2025, 6, 20), datetime(2025, 6, 20, 18, 0, tzinfo=UTC), False),
    ],
    ids=[
        "two sessions before",
        "the session before, behind a holiday",
        "VIX",
        "VIX weekly",
        "settled a close later",
        "cash at its close",
    ],
)
def test_guard_acts_on_the_last_trading_day_of_the_calendar(root: str, expiry: date, at: datetime, closes: bool) -> None:
    underlying = option_class(root).underlying
    of = given.spread(root=root, underlying=underlying, expiry=expiry)
    known = given.ledger(*given.opened(given.proposal(of=of, by=NO_RULES), net="0.80"))
    rows = given.options((575, 580), expiries=(expiry,), at=at, spot=579.0, root=root, underlying=underlying)
    fields = {
        "session": JUNETEENTH.session(at.date()),
        "calendar": JUNETEENTH,
        "market": {underlying: given.market(underlying, 579.0)},
    }

    assert ("Propose" in kinds(look(known, given.chain(rows, at=at), strategy=NO_RULES, **fields))) is closes


def test_position_whose_legs_have_stopped_trading_waits_for_its_settlement() -> None:
    """Settled at the close of Friday, last traded on Wednesday: a close could only be rejected."""
    at, expiry = datetime(2025, 6, 20, 18, 0, tzinfo=UTC), date(2025, 6, 20)
    of = given.spread(root="MXEA", underlying="MXEA", expiry=expiry)
    known = given.ledger(*given.opened(given.proposal(of=of, by=STOP_ONLY), net="0.80"))
    rows = given.options((575, 580), expiries=(expiry,), at=at, spot=579.0, root="MXEA", underlying="MXEA")
    fields = {"session": JUNETEENTH.session(expiry), "calendar": JUNETEENTH, "market": {"MXEA": given.market("MXEA", 579.0)}}

    assert look(known, given.chain(rows, at=at), strategy=STOP_ONLY, **fields) == []


def test_settlement_that_was_missed_counts_sessions_and_not_weekdays() -> None:
    """The close of Wednesday the 18th is the last but one before Monday the 23rd: the 19th was a holiday."""
    at, expiry = datetime(2025, 6, 23, 15, 0, tzinfo=UTC), date(2025, 6, 18)
    known = given.ledger(*given.opened(given.proposal(of=given.spread(expiry=expiry), by=NO_RULES), net="0.80"))
    market = {"SPY": given.market(price=560.0, closes=(570.0, 578.0, 590.0))}

    (settled,) = look(
        known, given.chain(at=at), strategy=NO_RULES, session=JUNETEENTH.session(at.date()), calendar=JUNETEENTH, market=market
    )

    assert isinstance(settled, Settle)
    assert settled.fact.value == Decimal("-2")
    assert settled.fact.expired_at == datetime(2025, 6, 18, 20, 0, tzinfo=UTC)


def test_position_of_which_the_broker_does_not_hold_a_leg_is_left_to_a_person() -> None:
    known = position()
    con_id = known.positions["o1"].spread.legs[1].contract.con_id
    thin = given.account(excess_liquidity=9_000)

    given.told(known, Reconciled(("580P: our fills make +1, the broker holds 0",), missing=(con_id,)))
    found = watched(known, [costs("0.20", at=seconds(8 * n)) for n in range(4)], account=thin)
    given.told(known, Reconciled(("something else",), missing=(1,)))

    assert not any("Propose" in kinds(one) for one in found)
    assert "Propose" in kinds(look(known, costs("0.20")))
