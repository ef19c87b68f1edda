"""Times of executions as TWS and people write them: what cannot be read, or may mean two instants, is unknown."""

from datetime import UTC, datetime

import pytest

from engine.broker.orders.times import execution_time, zone_of

WINTER = datetime(2026, 11, 23, 15, 0, 1, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 14, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20261123 10:00:01 US/Eastern",
        "20261123 10:00:01 us/eastern",
        "20261123  10:00:01",
        "20261123 10:00:01",
        " 20261123 10:00:01  America/New_York ",
        "20261123 10:00:01 America/New_York",
        "20261123 10:00:01 EST",
        "20261123 10:00:01 est",
        "20261123 10:00:01 ET",
        "20261123 10:00:01 EST5EDT",
        "20261123 10:00:01 Eastern Standard Time",
        "20261123 10:00:01 EASTERN STANDARD TIME",
        "20261123 10:00:01 Eastern  Time (US & Canada)",
        "20261123  10:00:01  Eastern Standard Time",
        "20261123 11:00:01 EDT",
        "20261123 09:00:01 CST",
        "20261123 9:00:01 CT",
        "20261123 09:00:01 Central Standard Time",
        "20261123 09:00:01 US/Central",
        "20261123 08:00:01 MT",
        "20261123 08:00:01 MST",
        "20261123 07:00:01 PT",
        "20261123 07:00:01 Pacific Standard Time",
        "20261123-15:00:01",
        "20261123 - 15:00:01",
        "20261123 15:00:01 UTC",
        "20261123 15:00:01Z",
        "20261123 15:00:01 Universal",
        "20261123 15:00:01 GMT",
        "20261123 15:00:01 Greenwich Mean Time",
        "20261123 15:00:01 GMT Standard Time",
        "20261123 15:00:01 Coordinated Universal Time",
        "20261123 15:00:01 Europe/London",
        "20261123 16:00:01 BST",
        "20261123 16:00:01 CET",
        "20261123 16:00:01 MEZ",
        "20261123 16:00:01 Central European Standard Time",
        "20261123 16:00:01 Central European Time",
        "20261123 16:00:01 W. Europe Standard Time",
        "20261123 17:00:01 CEST",
        "20261123 17:00:01 EET",
        "20261123 23:00:01 HKT",
        "20261123 23:00:01 Hong Kong Time",
        "20261123 23:00:01 SGT",
        "20261123 23:00:01 Asia/Singapore",
        "20261124 00:00:01 JST",
        "20261124 00:00:01 Japan Standard Time",
        "20261124 01:00:01 AEST",
        "20261124 02:00:01 AEDT",
        "20261124 02:00:01 Australia/Sydney",
        "20261123 20:30:01 India Standard Time",
        "20261123 17:00:01 UTC+2",
        "20261123 17:00:01 UTC+02:00",
        "20261123 10:00:01 GMT-05:00",
        "20261123 10:00:01 gmt-5",
        "20261123 16:00:01 +01:00",
        "20261123 16:00:01+0100",
        "20261123 10:00:01-05:00",
        "20261123 10:00:01 Etc/GMT+5",
        "2026-11-23T10:00:01-05:00[America/New_York]",
        "2026-11-23 10:00:01 US/Eastern",
        "2026/11/23 10:00:01.250 US/Eastern",
        "2026-11-23T15:00:01.5Z",
    ],
)
def test_time_is_read_however_its_zone_is_written(text: str) -> None:
    assert execution_time(text, "America/New_York") == WINTER


@pytest.mark.parametrize(
    "text",
    [
        "20260701 10:00:01 US/Eastern",
        "20260701 10:00:01 EDT",
        "20260701 10:00:01 ET",
        "20260701 10:00:01 Eastern Daylight Time",
        "20260701 10:00:01 Eastern Standard Time",
        "20260701 09:00:01 EST",
        "20260701 15:00:01 BST",
        "20260701 15:00:01 British Summer Time",
        "20260701 16:00:01 CEST",
        "20260701 16:00:01 Central European Summer Time",
        "20260701 07:00:01 Pacific Daylight Time",
        "20260701  10:00:01",
    ],
)
def test_time_of_summer_is_read_by_the_clocks_of_its_zone(text: str) -> None:
    assert execution_time(text, "America/New_York") == SUMMER


def test_time_without_seconds_is_the_minute() -> None:
    assert execution_time("20261123 10:00 US/Eastern", "UTC") == WINTER.replace(second=0)


def test_time_without_a_zone_is_in_the_zone_that_tws_runs_in() -> None:
    assert execution_time("20261123  16:00:01", "Europe/Berlin") == WINTER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "now",
        "10:00:01",
        "20261123",
        "20261123 25:00:01 UTC",
        "20269999 10:00:01 UTC",
        "20261123 10:00:01 Nowhere/Land",
        "20261123 10:00:01 America",
        "20261123 10:00:01 ../../etc/passwd",
        "20261123 10:00:01 IST",
        "20261123 10:00:01 AST",
        "20261123 10:00:01 XYZ",
        "20261123 10:00:01 UTC+99",
        "20261123 10:00:01 +05:75",
        "20261101 01:30:00 US/Eastern",
        "20260308 02:30:00 US/Eastern",
        "11/23/2026 10:00:01 US/Eastern",
        "００００1123 10:00:01 UTC",
        "00001123 10:00:01 UTC",
        "99991231 23:59:59 -14:00",
    ],
)
def test_time_is_unknown_when_it_cannot_be_read_or_may_mean_two_instants(text: str) -> None:
    assert execution_time(text, "America/New_York") is None


def test_zone_is_unknown_when_nothing_is_named_so() -> None:
    assert [zone_of(name) for name in ("", "()", "[]", "Mars/Base")] == [None] * 4
