"""Faults as text: what is understood, and what is said of what is not."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.domain.errors import UserError
from engine.sim.faults import KINDS, Fault, Faults, catalogue, instant_of, parse_fault, random_schedule
from tests.simulation.sim.stage import MORNING


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("what_if_silent", Fault("what_if_silent")),
        ("what-if-silent", Fault("what_if_silent")),
        ("reject=103x2", Fault("reject", 103.0, count=2)),
        ("restart=120@23:45", Fault("restart", 120.0, "23:45")),
        ("frozen@+300", Fault("frozen", None, timedelta(seconds=300))),
        ("by_hand=-2@10:05:30", Fault("by_hand", -2.0, "10:05:30")),
    ],
)
def test_text_names_a_fault(text: str, fault: Fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("what_if_silnet", "did you mean what_if_silent"),
        ("zzzz", "known are refuse"),
        ("restart=soon", "write NAME[=VALUE]"),
        ("frozen@25:99", "is no time"),
        ("ack_lost=3", "takes no value"),
        ("restartx2", "leave x2 out"),
    ],
)
def test_text_that_is_no_fault_is_answered_with_advice(text: str, advice: str):
    with pytest.raises(UserError, match=advice.replace("[", r"\[")):
        parse_fault(text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_fault_reads_back_as_it_is_written(kind: object):
    fault = Fault(kind.name, kind.value, timedelta(seconds=5))

    assert parse_fault(str(fault)) == fault
    assert kind.sentence.endswith(".")


def test_catalogue_tells_of_every_fault():
    assert len(catalogue()) == len(KINDS)


@pytest.mark.parametrize(
    ("when", "instant"),
    [
        (None, MORNING),
        ("10:05", datetime(2026, 11, 23, 15, 5, tzinfo=UTC)),
        ("09:00", datetime(2026, 11, 24, 14, 0, tzinfo=UTC)),
        (timedelta(minutes=1), MORNING + timedelta(minutes=1)),
    ],
)
def test_time_of_day_is_the_next_one_in_new_york(when: object, instant: datetime):
    assert instant_of(when, MORNING) == instant


def test_armed_fault_waits_for_its_time_and_counts_occasions():
    faults = Faults(["reject@+60x2"], MORNING)

    taken = [faults.take("reject", MORNING + timedelta(seconds=at)) is not None for at in (0, 60, 61, 62)]

    assert taken == [False, True, True, False]


def test_span_is_on_until_it_ends():
    faults = Faults(["frozen=30@+10"], MORNING)

    begun = faults.begin_due(MORNING + timedelta(seconds=10))
    on = faults.on("frozen")
    early, ended = (faults.end_due(MORNING + timedelta(seconds=at)) for at in (39, 40))

    assert [fault.name for fault in begun] == ["frozen"]
    assert on == begun[0]
    assert (early, [fault.name for fault in ended], faults.on("frozen")) == ([], ["frozen"], None)


def test_random_schedule_is_the_same_for_the_same_seed():
    until = MORNING + timedelta(hours=6)

    first, same, other = (random_schedule(seed, MORNING, until, 12) for seed in (1, 1, 2))

    assert first == same != other
    assert len(first) == 12
    assert all(MORNING <= fault.when <= until for fault in first)
