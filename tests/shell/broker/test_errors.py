"""The table of codes: complete where tws.md names one, and careful where it is silent."""

import pytest

from engine.broker.errors import MEANINGS, meaning
from engine.broker.session.link import Link, farm

NAMED = [
    100, 101, 103, 104, 105, 109, 110, 161, 162, 163, 165, 200, 201, 202, 300, 312, 313, 314, 315, 321, 322, 326, 329, 354,
    355, 356, 358, 359, 360, 366, 382, 383, 388, 399, 404, 413, 434, 460, 502, 504, 507, 1100, 1101, 1102, 1300, 2102, 2103,
    2104, 2105, 2106, 2107, 2108, 2109, 2110, 2137, 2157, 2158, 10000, 10001, 10002, 10006, 10011, 10058, 10089, 10090,
    10091, 10147, 10148, 10167, 10168, 10186, 10197, 10225, 10233, 10318, 10349,
]  # fmt: skip


@pytest.mark.parametrize("code", NAMED)
def test_code_that_matters_for_spreads_has_a_row_and_a_sentence(code: int):
    row = MEANINGS[code]

    assert row.code == code
    assert row.text
    assert "TWS says: hello" in row.sentence("hello.")


@pytest.mark.parametrize("code", [104, 105, 161, 202, 329, 10147, 10148, 10318, 109, 163, 382, 383, 4711])
def test_order_is_never_believed_dead_when_the_code_does_not_prove_it(code: int):
    assert meaning(code).order == "ask"


@pytest.mark.parametrize("code", [399, 404, 2109, 2137, 10167, 10233, 10349, 2199])
def test_order_lives_on_when_the_code_is_a_notice(code: int):
    assert meaning(code).order == "notice"


@pytest.mark.parametrize(
    ("code", "fails"),
    [(201, True), (354, True), (100, True), (4711, True), (202, False), (1100, False), (2104, False), (10167, False)],
)
def test_code_counts_as_a_failure_where_something_asked_for_was_not_done(code: int, fails: bool):
    assert meaning(code).is_failure is fails


def test_link_tells_each_change_once():
    link = Link()

    link.connecting("")
    told = [link.up("up"), link.received(meaning(1100), ""), link.received(meaning(2110), ""), link.received(meaning(1101), "")]

    assert [change.state if change else None for change in told] == ["up", "degraded", None, "up"]


def test_link_stays_degraded_when_tws_has_no_connection_while_we_connect():
    link = Link()

    link.connecting("")
    link.received(meaning(1100), "")

    assert link.up("connected") is None
    assert link.state == "degraded"


def test_attempts_that_fail_in_a_row_are_told_ever_more_seldom_and_another_reason_at_once():
    link = Link()
    link.connecting("")
    link.up("connected")
    link.down("closed")

    told: list[list[str]] = []
    for attempt in range(1, 10):
        reason = "client id in use" if attempt >= 7 else "nobody listens"
        said = [link.connecting("again"), link.down(reason)]
        told.append([change.text for change in said if change is not None])

    both = ["again", "nobody listens"]
    assert told == [both, both, [], both, [], [], ["client id in use"], ["again", "client id in use"], []]
    link.connecting("")
    assert link.up("connected") is not None
    link.down("closed")
    assert link.connecting("again") is not None, "counted anew once the session stood"


def test_data_is_broken_only_by_a_farm_of_the_united_states():
    link = Link()

    link.received(meaning(2103), "Market data farm connection is broken:hfarm")
    assert not link.is_data_broken
    link.received(meaning(2103), "Market data farm connection is broken:usopt")
    assert link.is_data_broken
    link.received(meaning(2104), "Market data farm connection is OK:usopt")

    assert not link.is_data_broken
    assert farm("Market data farm connection is OK:usfarm.nj") == "usfarm.nj"


def test_lost_market_data_leave_the_link_up_for_orders_and_are_told_with_what_brings_them_back():
    link = Link()
    link.connecting("")
    link.up("connected")

    told = [
        link.received(meaning(2103), "Market data farm connection is broken:usopt"),
        link.received(meaning(10197), "No market data during competing live session"),
        link.received(meaning(10197), "No market data during competing live session"),
        link.received(meaning(2104), "Market data farm connection is OK:usopt"),
        link.has_data_again(),
    ]

    assert [change.state if change else None for change in told] == ["no_data", "competing", None, None, "up"]
    assert all(change.passes_orders for change in told if change)
    assert link.state == "up"


def test_loss_is_told_as_a_restart_while_one_is_expected_and_as_a_loss_once_it_outlasts_it():
    because = ["TWS restarts"]
    link = Link(lambda: because[0])
    link.connecting("")
    link.up("connected")

    told = [link.down("closed"), link.connecting("again"), link.down("nobody listens"), link.look()]
    because[0] = ""
    told.append(link.look())

    assert [change.state if change else None for change in told] == ["restarting", None, None, None, "down"]
    assert told[0].text == "closed; TWS restarts"  # type: ignore[union-attr]


def test_loss_from_before_a_restart_becomes_one_when_its_time_comes():
    because = [""]
    link = Link(lambda: because[0])
    link.connecting("")
    link.up("connected")

    link.received(meaning(1100), "")
    because[0] = "IBKR resets its servers"
    change = link.look()

    assert change is not None
    assert (change.state, change.passes_orders, link.state) == ("restarting", False, "degraded")
    assert link.received(meaning(1102), "").state == "up"  # type: ignore[union-attr]
