"""What a service manager hears: ready, alive for as long as there are beats, leaving; and nothing where nobody listens."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.runtime.service import ServiceManager, service_manager


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """An address, and the next word that was said to it."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(5)
        yield address, lambda: listener.recv(4096).decode()


class Timers:
    """Keeps what is to be called later."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Callable[[], object]]] = []

    def call_later(self, delay: float, callback: Callable[[], object]) -> None:
        self.due.append((delay, callback))


def test_manager_hears_of_the_start_and_of_the_stop(heard: tuple[str, Callable[[], str]]) -> None:
    address, said = heard
    manager = service_manager({"NOTIFY_SOCKET": address}, 7)
    assert manager is not None

    manager.ready("trades\non")
    manager.leaving()

    assert (said(), said()) == ("READY=1\nSTATUS=trades on", "STOPPING=1")


def test_manager_that_watches_is_told_three_times_a_period_while_there_are_beats(heard: tuple[str, Callable[[], str]]) -> None:
    address, said = heard
    manager = service_manager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "180000000", "WATCHDOG_PID": "7"}, 7)
    assert manager is not None
    timers, status = Timers(), ["openings: on", None, "openings: halted"]

    manager.keep_told(timers, lambda: status.pop(0))
    for _ in range(2):
        timers.due[-1][1]()

    assert [delay for delay, _ in timers.due] == [60.0, 60.0, 60.0]
    assert (said(), said()) == ("WATCHDOG=1\nSTATUS=openings: on", "WATCHDOG=1\nSTATUS=openings: halted")


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}],
)
def test_nobody_is_told_where_nobody_wants_to_hear(environment: dict[str, str]) -> None:
    assert service_manager(environment, 7) is None


@pytest.mark.parametrize(
    "watch", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "8"}]
)
def test_manager_that_does_not_watch_this_process_is_not_kept_told(watch: dict[str, str], tmp_path: Path) -> None:
    manager = service_manager({"NOTIFY_SOCKET": str(tmp_path / "notify"), **watch}, 7)
    assert manager is not None
    timers = Timers()

    manager.keep_told(timers, lambda: "alive")

    assert manager.period_s is None
    assert timers.due == []


def test_manager_that_is_gone_hurts_nobody(tmp_path: Path) -> None:
    gone = ServiceManager(str(tmp_path / "gone"), 3.0)

    gone.ready("began")

    assert not (tmp_path / "gone").exists()


def test_name_that_is_no_path_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0spreads-test-notify")
        listener.settimeout(5)
        ServiceManager("@spreads-test-notify").leaving()

        assert listener.recv(100) == b"STOPPING=1"
