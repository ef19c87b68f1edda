"""The local API over a real unix socket: who may speak, what is answered, and that a promise is kept or refused."""

import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.api.server import loopback_socket, unix_socket
from engine.domain.errors import UserError
from engine.domain.facts.files import SharedFileLoaded, StrategyLoaded
from engine.domain.facts.halts import BreakerLifted, BreakerTripped
from engine.domain.facts.orders import LegFilled
from engine.domain.facts.positions import ExitBlocked, ExitFreed
from engine.domain.facts.searches import FunnelRecorded
from engine.domain.parts import some_of
from engine.metrics import Reading
from engine.runtime.control import BEAT_AGE_MAX_S
from engine.runtime.standing import Traffic
from engine.tally import Tally
from tests import given
from tests.shell.runtime.bench import MANUAL
from tests.shell.runtime.serving import REF, Api, asked, serve
from tests.shell.runtime.test_adoption import theirs


def test_status_says_what_in_the_files_will_soon_open_nothing() -> None:
    async def story(api: Api) -> None:
        assert (await api.get("/v1/status")).json()["notices"] == ["events.yaml knows FOMC to 2026-11-30 only"]

    serve(story, notices=["events.yaml knows FOMC to 2026-11-30 only"])


def test_every_answer_names_the_engine_and_its_version_also_a_refusal() -> None:
    async def story(api: Api) -> None:
        for answer in (await api.get("/v1/status"), await api.get("/v1/why/nobody")):
            assert answer.headers["Spreads-Engine"] == "sim, account DU1"
            assert answer.headers["Spreads-Version"] == (await api.get("/v1/status")).json()["version"]

    serve(story)


def test_status_tells_changed_limits_newest_first() -> None:
    async def story(api: Api) -> None:
        looser = SharedFileLoaded("account.yaml", "a" * 64, ("risk.open was 10%, is 20%",), loosens=True)
        tighter = SharedFileLoaded("account.yaml", "b" * 64, ("risk.open was 20%, is 5%",))
        for fact in (looser, tighter):
            api.bench.engine.record(fact, api.bench.clock.at)
        changed = (await api.get("/v1/status")).json()["changed"]
        assert [(row["direction"], row["changes"]) for row in changed] == [
            ("tightened", ["risk.open was 20%, is 5%"]),
            ("loosened", ["risk.open was 10%, is 20%"]),
        ]

    serve(story)


def test_status_says_whether_and_why_the_engine_trades() -> None:
    async def story(api: Api) -> None:
        api.bench.engine.record(StrategyLoaded("puts", "puts.yaml", MANUAL.digest), api.bench.clock.at)
        await asked(api)
        status = (await api.get("/v1/status")).json()
        assert (status["trading"], status["mode"], status["account"], status["connected"]) == ("on", "sim", "DU1", True)
        assert (status["waiting_approvals"], status["working_orders"], status["open_positions"]) == (1, 0, 0)
        assert status["differences"] == []
        assert status["net_liquidation"] == 100_000.0
        assert status["strategies"][0]["name"] == "puts"
        api.bench.broker.lose_link("cable")
        api.bench.engine.beat()
        status = (await api.get("/v1/status")).json()
        assert (status["trading"], status["link"]) == ("no connection to the broker", "cable")

    serve(story)


def test_health_tells_how_long_it_runs_whether_it_is_throttled_and_the_next_order_id() -> None:
    async def story(api: Api) -> None:
        api.bench.clock.at += timedelta(seconds=30)
        vitals = (await api.get("/health")).json()

        assert vitals["uptime_s"] >= 30
        assert (vitals["throttles"], vitals["is_throttled"], vitals["next_order_id"]) == (7, True, 42)
        assert vitals["resting"] == ["history"]

    serve(story, traffic=Traffic(lines_used=61, lines_max=100, queue=2, throttles=7, next_order_id=42, resting=("history",)))


def test_health_is_503_with_the_reason_when_the_engine_cannot_work() -> None:
    async def story(api: Api) -> None:
        well = await api.get("/health")
        assert well.status_code == 200
        assert (well.json()["healthy"], well.json()["because"]) == (True, None)

        api.bench.broker.lose_link("cable")
        api.bench.engine.beat()
        cut = await api.get("/health")
        assert (cut.status_code, cut.json()["because"]) == (503, "no connection to the broker")

        await api.bench.broker.connect()
        api.bench.engine.beat()
        assert (await api.get("/health")).json()["because"] == "not reconciled with the broker yet"

        await api.bench.beats(6, 1.0)
        assert (await api.get("/health")).status_code == 200
        api.bench.clock.at += timedelta(seconds=BEAT_AGE_MAX_S + 1)
        assert (await api.get("/health")).json()["because"] == "the last beat was 121 s ago"

    serve(story)


def test_waiting_order_is_shown_with_the_net_of_now_and_approved_in_a_beat() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        (ticket,) = (await api.get("/v1/approvals")).json()
        assert ticket["order_ref"] == REF
        assert ticket["net_now"] == pytest.approx(ticket["shown_net"])
        assert ticket["max_loss_usd"] > 0
        assert ticket["preview"] == "fits"
        assert ticket["expires_in_s"] == pytest.approx(600, abs=5)

        answer = await api.post_while_beating(f"/v1/approvals/{REF}/approve", by="trader")
        assert answer.status_code == 200
        assert answer.json()["text"].startswith("approved at")
        assert (await api.get("/v1/approvals")).json() == []
        (order,) = (await api.get("/v1/orders")).json()
        assert order["state"] in {"approved", "sent", "working"}

    serve(story)


def test_decline_keeps_its_reason() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        answer = await api.post_while_beating(f"/v1/approvals/{REF}/decline", by="trader", reason="too near")
        assert answer.json() == {"done": True, "text": "declined"}
        assert (await api.get("/v1/orders")).json()[0]["why"] == "too near"

    serve(story)


def test_word_that_cannot_be_done_is_409_and_says_why() -> None:
    async def story(api: Api) -> None:
        nothing = await api.post(f"/v1/approvals/{REF}x/approve", by="trader")
        assert nothing.status_code == 409
        assert nothing.json()["detail"] == f"no order {REF}x; `spreads approvals` lists what waits for an answer"

        await asked(api)
        api.bench.broker.data = "delayed"
        refused = await api.post_while_beating(f"/v1/approvals/{REF}/approve", by="trader")
        assert refused.status_code == 409
        assert refused.json()["detail"].startswith("nothing was sent")
        api.bench.broker.data = "live"

        await api.post_while_beating(f"/v1/approvals/{REF}/decline", by="trader")
        late = await api.post(f"/v1/approvals/{REF}/approve", by="trader")
        assert late.status_code == 409
        assert "does not wait for an answer: it is declined" in late.json()["detail"]

    serve(story)


def test_word_that_the_engine_never_heard_promises_nothing_and_does_nothing_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.control.ANSWER_PATIENCE_S", 0.05)

    async def story(api: Api) -> None:
        await asked(api)
        stalled = await api.post(f"/v1/approvals/{REF}/approve", by="trader")
        assert stalled.status_code == 409
        assert "nothing was promised" in stalled.json()["detail"]
        await api.bench.beats(3)
        assert api.bench.order().state == "previewed"
        assert api.bench.broker.sent == []

    serve(story)


@pytest.mark.parametrize(
    "word", [{"by": ""}, {"by": "x" * 61}, {"by": "trader\n"}, {"by": "<b>"}, {"who": "trader"}, {"reason": "x" * 501}]
)
def test_word_that_is_not_one_is_refused(word: dict[str, str]) -> None:
    async def story(api: Api) -> None:
        expected = 200 if word == {"by": "trader\n"} else 422
        assert (await api.post("/v1/halt", **word)).status_code == expected

    serve(story)


WEEK = BreakerTripped("breaker_week", "", Decimal(-5200), Decimal(-5000), "person", given.NOW.date())
STOP = BreakerTripped("stop_for_day", "puts", Decimal(-1510), Decimal(-1500), "next session", given.NOW.date())


def test_exit_that_is_due_and_cannot_act_is_shown_by_status_and_why_until_it_is_free() -> None:
    async def story(api: Api) -> None:
        engine, at = api.bench.engine, api.bench.clock.at
        for fact in (StrategyLoaded("puts", "puts.yaml", MANUAL.digest), *given.opened(given.proposal(by=MANUAL))):
            engine.record(fact, at)
        engine.record(ExitBlocked("o1", "dte <= 7", "no price", "never quoted", 1, at + timedelta(seconds=10)), at)
        (row,) = (await api.get("/v1/status")).json()["blocked_exits"]
        assert (await api.get("/v1/why/puts")).json()["blocked_exits"] == [row]
        assert (row["position"], row["rule"], row["obstacle"], row["since"]) == ("o1", "dte <= 7", "no price", at.isoformat())
        engine.record(ExitFreed("o1", "dte <= 7", "closed"), at)
        assert (await api.get("/v1/status")).json()["blocked_exits"] == []

    serve(story)


def test_tripped_breakers_are_shown_with_their_moment_and_number_and_lifted_by_name_with_a_reason() -> None:
    async def story(api: Api) -> None:
        api.bench.engine.record(StrategyLoaded("puts", "puts.yaml", MANUAL.digest), api.bench.clock.at)
        for trip in (WEEK, STOP):
            api.bench.engine.record(trip, api.bench.clock.at)
        status = (await api.get("/v1/status")).json()
        assert status["trading"] == "breaker_week has tripped"
        assert status["breakers"] == [
            {
                "name": "breaker_week",
                "strategy": "",
                "tripped_at": api.bench.clock.at.isoformat(),
                "value_usd": -5200.0,
                "bound_usd": -5000.0,
                "lifts": "person",
                "lift": "spreads lift breaker_week --reason TEXT",
            },
            {
                "name": "stop_for_day",
                "strategy": "puts",
                "tripped_at": api.bench.clock.at.isoformat(),
                "value_usd": -1510.0,
                "bound_usd": -1500.0,
                "lifts": "next session",
                "lift": "spreads lift stop_for_day --strategy puts --reason TEXT",
            },
        ]
        assert [row["name"] for row in (await api.get("/v1/why/puts")).json()["breakers"]] == ["breaker_week", "stop_for_day"]

        assert (await api.post("/v1/breakers/breaker_week/lift", by="bob")).status_code == 422, "not without a reason"
        assert (await api.post("/v1/breakers/breaker_week/lift", by="bob", reason=" ")).status_code == 422
        wrong = await api.post("/v1/breakers/stop_for_day/lift", by="bob", reason="seen")
        assert wrong.status_code == 409
        assert wrong.json()["detail"] == (
            "stop_for_day of the account has not tripped; what has: breaker_week of the account: spreads lift breaker_week; "
            "stop_for_day of puts: spreads lift stop_for_day --strategy puts"
        )

        done = await api.post("/v1/breakers/breaker_week/lift", by="bob", reason="hedged")
        assert done.json()["text"] == (
            "lifting breaker_week of the account: openings are allowed again, and the fall is measured from $100,000"
        )
        api.bench.engine.beat()
        assert api.bench.of(BreakerLifted) == [BreakerLifted("breaker_week", "", "bob", "hedged", Decimal(100_000))]
        status = (await api.get("/v1/status")).json()
        assert (status["trading"], [row["name"] for row in status["breakers"]]) == ("on", ["stop_for_day"])
        await api.post("/v1/breakers/stop_for_day/lift", by="bob", reason="seen", strategy="puts")
        api.bench.engine.beat()
        assert (await api.get("/v1/status")).json()["breakers"] == []
        nothing = await api.post("/v1/breakers/breaker_week/lift", by="bob", reason="again")
        assert nothing.json()["detail"] == "breaker_week of the account has not tripped; nothing has"

    serve(story)


def test_resume_lifts_no_breaker() -> None:
    async def story(api: Api) -> None:
        api.bench.engine.record(WEEK, api.bench.clock.at)
        await api.post("/v1/halt", by="bob")
        api.bench.engine.beat()
        await api.post("/v1/resume", by="bob")
        api.bench.engine.beat()
        status = (await api.get("/v1/status")).json()
        assert (status["halt"], status["trading"]) == (None, "breaker_week has tripped")

    serve(story)


def test_halt_and_resume_are_heard_in_the_next_beat() -> None:
    async def story(api: Api) -> None:
        said = (await api.post("/v1/halt", by="trader", reason="lunch")).json()
        assert said["text"].startswith("halting")
        api.bench.engine.beat()
        status = (await api.get("/v1/status")).json()
        assert (status["trading"], status["halt"]) == ("halted", {"by": "trader", "reason": "lunch"})
        assert (await api.post("/v1/halt", by="bob")).json()["text"] == "halted already, by trader: lunch"
        assert (await api.get("/health")).status_code == 200, "a halt is no sickness"

        assert "halted by trader: lunch" in (await api.post("/v1/resume", by="bob")).json()["text"]
        api.bench.engine.beat()
        assert (await api.get("/v1/status")).json()["halt"] is None
        assert (await api.post("/v1/resume", by="bob")).json()["text"] == "not halted"

    serve(story)


def test_why_tells_the_funnel_and_404_names_what_is_known() -> None:
    async def story(api: Api) -> None:
        api.bench.engine.record(StrategyLoaded("puts", "puts.yaml", MANUAL.digest), api.bench.clock.at)
        await api.bench.until(lambda: bool(api.bench.of(FunnelRecorded)))
        why = (await api.get("/v1/why/puts")).json()
        assert why["funnel"]
        assert why["candidates"]
        nobody = await api.get("/v1/why/pust")
        assert nobody.status_code == 404
        assert "strategies: puts" in nobody.json()["detail"]

    serve(story)


def test_positions_carry_what_they_would_bring_now() -> None:
    async def story(api: Api) -> None:
        given.told(api.bench.ledger, *given.opened(given.proposal("o9"), net="0.80"))
        (position,) = (await api.get("/v1/positions")).json()
        assert (position["position"], position["quantity"], position["state"]) == ("o9", 1, "open")
        assert position["unrealised_usd"] is not None
        assert position["max_loss_usd"] == 422.6

    serve(story)


def test_loss_that_nothing_bounds_is_no_number_and_is_told() -> None:
    async def story(api: Api) -> None:
        calls = given.spread("bear_call", 600, 605)
        long = some_of(calls, [1])
        contract = long.legs[0].contract
        sold = LegFilled("c9", "c9.a.00.01", contract.con_id, "sell", 1, Decimal("0.10"), given.NOW, given.perm_id("c9"))
        given.told(api.bench.ledger, *given.opened(given.proposal("o9", of=calls), net="0.80"))

        given.told(api.bench.ledger, *given.working(given.proposal("c9", of=long, position="o9", limit="0.10")), sold)

        (position,) = (await api.get("/v1/positions")).json()
        assert (position["state"], position["max_loss_usd"]) == ("open", None)

    serve(story)


IBKR = {
    "ibkr_connection_status", "ibkr_active_subscriptions", "ibkr_subscription_usage_pct", "ibkr_subscription_evictions_total",
    "ibkr_request_queue_size", "ibkr_order_execution_seconds", "ibkr_throttle_events_total", "ibkr_api_errors_total",
}  # fmt: skip


def test_metrics_have_the_names_that_monitoring_expects() -> None:
    reading = Reading(
        connected=True,
        subscriptions_pct=50.0,
        order_seconds=Tally((1.0,)),
        api_errors={354: 2},
        beat_age_s=1.0,
        decisions={"Send": 1},
    )

    async def story(api: Api) -> None:
        answer = await api.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        text = answer.text
        families = {family.name: family for family in text_string_to_metric_families(text)}
        typed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
        assert typed >= IBKR
        assert all(name.startswith(("spreads_", "ibkr_")) for name in typed)
        assert 'ibkr_api_errors_total{error_code="354"} 2.0' in text
        assert "ibkr_subscription_usage_pct 50.0" in text
        assert families["ibkr_connection_status"].samples[0].value == 1.0

    serve(story, reading=reading)


def test_socket_of_an_earlier_life_is_taken_over_and_a_path_too_long_is_the_traders_mistake() -> None:
    with tempfile.TemporaryDirectory() as folder:
        unix_socket(Path(folder)).close()
        unix_socket(Path(folder)).close()
        long = Path(folder) / ("x" * 100)
        long.mkdir()
        with pytest.raises(UserError, match="too long for a unix socket"):
            unix_socket(long)


def test_loopback_port_that_is_taken_is_the_traders_mistake() -> None:
    first = loopback_socket(0)
    try:
        with pytest.raises(UserError, match="choose another --metrics-port"):
            loopback_socket(first.getsockname()[1])
    finally:
        first.close()


def test_position_is_looked_at_and_closed_by_a_person() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        api.bench.broker.habits.fill = "at_once"
        await api.post_while_beating(f"/v1/approvals/{REF}/approve", by="trader")
        await api.bench.until(lambda: bool(api.bench.ledger.positions))
        quantity = api.bench.ledger.positions[REF].quantity

        seen = (await api.get(f"/v1/positions/{REF}/close")).json()
        assert seen["obstacle"] is None
        assert [(leg["action"], leg["quantity"]) for leg in seen["legs"]] == [("buy", quantity), ("sell", quantity)]
        assert seen["worst"] <= seen["mid"] < 0
        assert seen["realises_at_mid_usd"] == pytest.approx((seen["opening_net"] + seen["mid"]) * 100 * quantity)

        moved = await api.post_while_beating(f"/v1/positions/{REF}/close", by="trader", shown_net="-0.10")
        assert (moved.status_code, "you were shown 0.10" in moved.json()["detail"]) == (409, True)
        done = await api.post_while_beating(f"/v1/positions/{REF}/close", by="trader", shown_net=seen["mid"])
        closing = api.bench.ledger.closings_of(REF)
        assert (done.status_code, done.json()["text"]) == (200, f"closing {quantity} by order {closing[0].ref}")
        await api.bench.until(lambda: not api.bench.ledger.positions[REF].is_open)
        assert [order.approved_by for order in api.bench.ledger.closings_of(REF)] == ["trader"]
        again = await api.post_while_beating(f"/v1/positions/{REF}/close", by="trader")
        assert (again.status_code, again.json()["detail"]) == (409, "nothing was sent: it is closed already")

        assert (await api.get("/v1/positions/nothing/close")).status_code == 404

    serve(story)


def test_position_is_released_by_a_person_with_a_reason_and_once() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        api.bench.broker.habits.fill = "at_once"
        await api.post_while_beating(f"/v1/approvals/{REF}/approve", by="trader")
        await api.bench.until(lambda: bool(api.bench.ledger.positions))

        assert (await api.post(f"/v1/positions/{REF}/release", by="bob")).status_code == 422, "not without a reason"
        early = await api.post(f"/v1/positions/{REF}/release", by="bob", reason="mine")
        assert (early.status_code, "late fills may be on their way" in early.json()["detail"]) == (409, True)
        await api.bench.beats(1, seconds=60)
        done = await api.post(f"/v1/positions/{REF}/release", by="bob", reason="mine")
        await api.bench.until(lambda: not api.bench.ledger.positions[REF].is_open)

        assert done.status_code == 200
        assert api.bench.ledger.positions[REF].close_reason == "released by bob: mine"
        again = await api.post(f"/v1/positions/{REF}/release", by="bob", reason="mine")
        assert (again.status_code, again.json()["detail"]) == (
            409,
            f"nothing was released: {REF} is closed already, released by bob: mine",
        )

    serve(story)


def test_foreign_spread_is_shown_and_adopted_by_a_person_with_a_reason() -> None:
    short, long = (leg.contract for leg in given.spread().legs)

    async def story(api: Api) -> None:
        api.bench.broker.foreign = (theirs(short, -1), theirs(long, 1, "120"))
        await api.bench.beats(2, seconds=70)
        listed = (await api.get("/v1/adoption")).json()
        assert [(row["con_id"], row["quantity"]) for row in listed["foreign"]] == [(long.con_id, 1), (short.con_id, -1)]
        legs = f"legs={short.con_id}&legs={long.con_id}"
        bare = (await api.get(f"/v1/adoption?strategy=puts&legs={short.con_id}")).json()
        assert (bare["position"], "its exits were not written" in bare["obstacle"]) == (None, True)
        shown = (await api.get(f"/v1/adoption?strategy=puts&{legs}")).json()
        assert (shown["obstacle"], shown["position"]["opening_net"]) == (None, pytest.approx(0.80))
        word = {"strategy": "puts", "legs": [{"con_id": short.con_id, "quantity": -1}, {"con_id": long.con_id, "quantity": 1}]}

        assert (await api.post("/v1/adoption", **word)).status_code == 422, "not without a reason"
        other = await api.post("/v1/adoption", reason="mine", **(word | {"strategy": "calls"}))
        assert (other.status_code, "no strategy 'calls' is in force" in other.json()["detail"]) == (409, True)
        done = await api.post("/v1/adoption", by="bob", reason="opened by hand", **word)
        name = done.json()["text"].split(" as ")[1].split(":")[0]
        await api.bench.until(lambda: name in api.bench.ledger.positions)

        assert done.status_code == 200
        order = (await api.get(f"/v1/orders/{name}")).json()
        assert (order["state"], order["timeline_is_whole"], order["reason"]) == ("filled", True, "adopted by bob: opened by hand")
        assert "adopted by bob" in order["timeline"][0]["text"]
        assert (await api.get("/v1/executions")).json() == [], "nothing of it was executed here"
        again = await api.post("/v1/adoption", by="bob", reason="opened by hand", **word)
        assert (again.status_code, "not among them" in again.json()["detail"]) == (409, True)

    serve(story)


def test_order_is_canceled_by_a_person() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        await api.post_while_beating(f"/v1/approvals/{REF}/approve", by="trader")
        await api.bench.until(lambda: api.bench.order().state == "working")

        done = await api.post_while_beating(f"/v1/orders/{REF}/cancel", by="trader", reason="changed my mind")

        assert (done.status_code, done.json()["text"]) == (200, f"canceling {REF}")
        await api.bench.until(lambda: api.bench.order().state == "canceled")
        late = await api.post_while_beating(f"/v1/orders/{REF}/cancel", by="trader")
        assert (late.status_code, late.json()["detail"]) == (409, f"nothing was canceled: {REF} is canceled")

    serve(story)
