"""Commands about a running engine: amounts and times as a person reads them, and a way out where no engine listens."""

import json
from pathlib import Path

import pytest

from tests.faces.conftest import Spreads
from tests.faces.given import engine_that_says

STATUS = {
    "version": "0.1.0",
    "mode": "paper",
    "at": "2026-11-23T15:00:00.123456+00:00",
    "trading": "halted",
    "halt": {"by": "trader", "reason": "lunch"},
    "session": {"open": "2026-11-23T14:30:00+00:00", "close": "2026-11-23T21:00:00+00:00", "is_open": True},
    "last_beat_age_s": 0.5448,
    "link_at": "2026-11-23T14:31:00.5+00:00",
    "net_liquidation": 499998.7,
    "available_funds": 480000.0,
    "cushion": 0.9913,
    "day_pnl": -1.3,
    "differences": ["SPY 580P: we hold 1, the broker 0"],
    "foreign": [],
    "notices": ["events.yaml knows FOMC to 2026-12-31 only"],
    "strategies": [
        {"name": "puts", "candidates": 2, "open": 1, "scanned_at": "2026-11-23T14:59:00.5+00:00", "file": "strategies/puts.yaml"}
    ],
}


def test_status_says_amounts_in_dollars_times_of_the_exchange_and_why_it_is_halted(spreads: Spreads) -> None:
    with engine_that_says(STATUS):
        told = spreads("status").out

    assert "at               Mon 2026-11-23 10:00:00 New York\n" in told
    assert "halt             by trader: lunch\n" in told
    assert "notice: events.yaml knows FOMC to 2026-12-31 only\n" in told
    assert "session          open, from Mon 2026-11-23 09:30:00 New York to Mon 2026-11-23 16:00:00 New York\n" in told
    assert "last beat age    0.5 s\n" in told
    assert "link at          Mon 2026-11-23 09:31:00 New York\n" in told
    assert "net liquidation  $499,998.70\n" in told
    assert "available funds  $480,000\n" in told
    assert "cushion          99.1%\n" in told
    assert "day pnl          -$1.30\n" in told
    assert "books differ: SPY 580P: we hold 1, the broker 0\n" in told
    assert "not ours" not in told
    assert "Mon 2026-11-23 09:59:00 New York" in told


@pytest.mark.parametrize(("round_s", "turns"), [(145.0, "; a round of those that take turns takes 145 s"), (None, "")])
def test_status_says_how_much_of_the_chain_is_fresh(spreads: Spreads, round_s: float | None, turns: str) -> None:
    chain = {"contracts": 904, "fresh": 212, "told": 904, "oldest_age_s": 148.2, "round_s": round_s}
    with engine_that_says({"chain": chain, "strategies": []}):
        told = spreads("status").out

    line = next(one for one in told.splitlines() if one.startswith("chain"))
    assert line.endswith(f"212 of 904 options that can pass were told within the last minute, the oldest 148 s{turns}")


def test_status_says_what_is_not_ours_and_how_it_becomes_so(spreads: Spreads) -> None:
    with engine_that_says({**STATUS, "foreign": ["2 of SPY 18 Dec 26 600C"]}):
        told = spreads("status").out

    assert "not ours: 2 of SPY 18 Dec 26 600C\n" in told
    assert "what is not ours is never traded; `spreads adopt` takes option legs into the engine's hands\n" in told


def test_status_says_what_has_tripped_and_the_words_that_lift_it(spreads: Spreads) -> None:
    trip = {
        "name": "stop_for_day", "strategy": "puts", "tripped_at": "2026-11-24T16:05:00+00:00", "value_usd": -1510.0,
        "bound_usd": -1500.0, "lifts": "next session", "lift": "spreads lift stop_for_day --strategy puts --reason TEXT",
    }  # fmt: skip

    with engine_that_says({**STATUS, "breakers": [trip]}):
        told = spreads("status").out

    assert (
        "tripped: stop_for_day of puts, Tue 2026-11-24 11:05:00 New York, -$1,510 at a bound of -$1,500, "
        "until the next session; earlier: spreads lift stop_for_day --strategy puts --reason TEXT\n"
    ) in told


def test_status_says_which_exit_is_due_and_cannot_act(spreads: Spreads) -> None:
    blocked = {
        "position": "o1", "strategy": "puts", "spread": "SPY 18 Dec 26 580/575P bull_put", "rule": "loss >= 200% of credit",
        "obstacle": "no price", "text": "nobody offers one of its legs", "tries": 3, "since": "2026-11-24T16:05:00+00:00",
        "again_at": "2026-11-24T16:07:00+00:00",
    }  # fmt: skip

    with engine_that_says({**STATUS, "blocked_exits": [blocked]}):
        told = spreads("status").out

    assert (
        "exit blocked: SPY 18 Dec 26 580/575P bull_put (o1), loss >= 200% of credit: no price: nobody offers one of its legs; "
        "since Tue 2026-11-24 11:05:00 New York, tried again by Tue 2026-11-24 11:07:00 New York\n"
    ) in told


def test_breaker_is_not_lifted_without_a_reason(spreads: Spreads) -> None:
    told = spreads("lift", "breaker_week", "--reason", " ")

    assert told.code == 2
    assert "a breaker is lifted for a reason: say --reason TEXT" in told.err


def test_status_for_programs_is_what_the_engine_said(spreads: Spreads) -> None:
    with engine_that_says(STATUS):
        told = spreads("status", "--format", "json").out

    assert json.loads(told) == STATUS


def test_engine_of_a_demonstration_is_pointed_at(spreads: Spreads) -> None:
    Path("state").mkdir()

    alone = spreads("approvals")
    with engine_that_says([], Path("state/demo")):
        pointed = spreads("approvals")

    assert (alone.code, pointed.code) == (1, 1)
    assert "no engine runs on state; start one with" in alone.err
    assert pointed.err == "spreads: no engine runs on state; one runs on state/demo: say --state state/demo\n"


def test_resume_without_an_engine_removes_the_file_that_halt_left(spreads: Spreads) -> None:
    Path("state").mkdir()

    halted, resumed, again = spreads("halt", "lunch"), spreads("resume"), spreads("resume")

    assert halted.code == resumed.code == 0
    assert "wrote state/HALT" in halted.err
    assert "removed state/HALT" in resumed.err
    assert not Path("state/HALT").exists()
    assert again.code == 1


@pytest.mark.parametrize("words", [("halt", "lunch"), ("resume",), ("approve", "o1"), ("decline", "o1")])
def test_who_stops_or_answers_is_told_which_engine_heard_it(words: tuple[str, ...], spreads: Spreads) -> None:
    with engine_that_says({"done": True, "text": "as you say"}, Path("books")):
        told = spreads(*words, "--state", "books")
    with engine_that_says({"detail": "not now"}, status=409):
        refused = spreads(*words)

    assert (told.code, told.out) == (0, "paper, account DU1234567, engine on books: as you say\n")
    if words[0] != "halt":
        assert (refused.code, refused.err) == (1, "spreads: paper, account DU1234567, engine on state: not now\n")


def test_reason_is_heard_whatever_bytes_it_has_and_however_long_it_is(spreads: Spreads) -> None:
    with engine_that_says({"done": True, "text": "halting"}) as heard:
        told = spreads("halt", "smoke \udcff " + "x" * 1000)

    assert told.code == 0
    assert heard[0]["reason"].startswith("smoke ? x")
    assert len(heard[0]["reason"]) == 500


def test_word_that_the_engine_does_not_take_is_told_by_its_name(spreads: Spreads) -> None:
    problem = {"loc": ["body", "by"], "msg": "String should match pattern '^[\\w .@:-]+$'"}
    with engine_that_says({"detail": [problem]}, status=422):
        told = spreads("decline", "o1", "--by", "a;b")

    assert (told.code, told.err) == (2, "spreads: by: String should match pattern '^[\\w .@:-]+$'\n")


def test_health_is_an_exit_code_with_its_reason(spreads: Spreads) -> None:
    with engine_that_says({"healthy": True, "because": None}):
        well = spreads("health")
    with engine_that_says({"healthy": False, "because": "no connection to the broker"}, status=503):
        sick = spreads("health")
    gone = spreads("health")

    assert (well.code, well.out) == (0, "paper, account DU1234567, engine on state: healthy\n")
    assert sick.code == 1
    assert sick.err.endswith("no connection to the broker\n")
    assert gone.code == 1
