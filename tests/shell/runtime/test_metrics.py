"""Numbers for Prometheus: what they are called and that they are what the engine counted."""

import pytest
from prometheus_client import generate_latest

from engine.metrics import Buckets, Reading, registry


def lines(reading: Reading) -> dict[str, float]:
    text = generate_latest(registry(lambda: reading)).decode()
    samples = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in samples}


def test_histogram_is_cumulative() -> None:
    found = lines(Reading(order_seconds=Buckets((0.1, 1.0), (3, 2, 1), 4.5)))

    assert found['ibkr_order_execution_seconds_bucket{le="0.1"}'] == 3
    assert found['ibkr_order_execution_seconds_bucket{le="1.0"}'] == 5
    assert found['ibkr_order_execution_seconds_bucket{le="+Inf"}'] == 6
    assert (found["ibkr_order_execution_seconds_count"], found["ibkr_order_execution_seconds_sum"]) == (6, 4.5)


@pytest.mark.parametrize("name", ["spreads_net_liquidation_usd", "spreads_day_pnl_usd", "spreads_beat_age_seconds"])
def test_unknown_value_is_left_out(name: str) -> None:
    known = Reading(net_liquidation_usd=1.0, day_pnl_usd=-2.0, beat_age_s=3.0)

    assert name not in lines(Reading())
    assert name in lines(known)


def test_labels_carry_what_was_counted() -> None:
    found = lines(
        Reading(candidates={"puts": 3}, decisions={"Send": 2}, obstacles={"open": 5}, halted=True, evictions=4, throttles=6)
    )

    assert found['spreads_candidates{strategy="puts"}'] == 3
    assert found['spreads_decisions_total{kind="Send"}'] == 2
    assert found['spreads_gate_stops_total{gate="open"}'] == 5
    assert (found["spreads_halted"], found["ibkr_subscription_evictions_total"], found["ibkr_throttle_events_total"]) == (1, 4, 6)


def test_usage_is_nothing_where_no_limit_is_known() -> None:
    assert lines(Reading(subscriptions=5))["ibkr_subscription_usage_pct"] == 0


def test_two_engines_in_one_process_do_not_meet() -> None:
    first, second = registry(lambda: Reading(beats=1)), registry(lambda: Reading(beats=2))

    assert b"spreads_beats_total 1.0" in generate_latest(first)
    assert b"spreads_beats_total 2.0" in generate_latest(second)
