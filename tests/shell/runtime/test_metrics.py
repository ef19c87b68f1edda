"""Numbers for Prometheus: what they are called and that they are what the engine counted."""

import pytest
from prometheus_client import generate_latest

from engine.broker.gauges import BrokerGauges
from engine.metrics import Reading, registry
from engine.tally import Tally


def lines(reading: Reading) -> dict[str, float]:
    text = generate_latest(registry(lambda: reading)).decode()
    samples = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in samples}


def tally(bounds: tuple[float, ...], *values: float) -> Tally:
    made = Tally(bounds)
    for value in values:
        made.add(value)
    return made


def test_histogram_is_cumulative_and_a_value_at_a_bound_lies_below_it() -> None:
    found = lines(Reading(order_seconds=tally((0.1, 1.0), 0.05, 0.05, 0.1, 0.5, 1.0, 2.0)))

    assert found['ibkr_order_execution_seconds_bucket{le="0.1"}'] == 3
    assert found['ibkr_order_execution_seconds_bucket{le="1.0"}'] == 5
    assert found['ibkr_order_execution_seconds_bucket{le="+Inf"}'] == 6
    assert found["ibkr_order_execution_seconds_count"] == 6
    assert found["ibkr_order_execution_seconds_sum"] == pytest.approx(3.7)


def test_histogram_with_a_label_has_one_a_value() -> None:
    found = lines(Reading(slippage_usd={"open": tally((-0.01, 0.05), -0.02, 0.03), "close": tally((-0.01, 0.05))}))

    assert found['spreads_slippage_usd_bucket{le="-0.01",purpose="open"}'] == 1
    assert found['spreads_slippage_usd_bucket{le="+Inf",purpose="open"}'] == 2
    assert found['spreads_slippage_usd_bucket{le="+Inf",purpose="close"}'] == 0


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


def test_share_of_lines_is_of_the_limit_and_nothing_where_none_is_known() -> None:
    assert BrokerGauges(lines_used=61, lines_limit=122).lines_share_pct == 50
    assert BrokerGauges(lines_used=61).lines_share_pct == 0


def test_two_engines_in_one_process_do_not_meet() -> None:
    first, second = registry(lambda: Reading(beats=1)), registry(lambda: Reading(beats=2))

    assert b"spreads_beats_total 1.0" in generate_latest(first)
    assert b"spreads_beats_total 2.0" in generate_latest(second)
