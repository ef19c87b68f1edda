"""Tells a service manager that the engine is ready, alive and leaving: systemd's protocol, one datagram a word.

Source: systemd, sd_notify(3) and sd_watchdog_enabled(3). Nothing here can hurt the engine: what cannot be told is not told.
"""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

SOCKET, PERIOD, WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
"""The variables of the environment in which a service manager says where and how often it wants to hear."""
PART = 3
"""So many times within its period it is told: one word that is late must not end the engine."""


class Timers(Protocol):
    """What of an event loop is needed."""

    def call_later(self, delay: float, callback: Callable[[], object]) -> object: ...


class ServiceManager:
    """The service manager that started this process."""

    def __init__(self, address: str, period_s: float | None = None) -> None:
        """`address` is a path, or a name behind `@`. `period_s`: it kills who is silent for longer; None: it does not watch."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.period_s = period_s

    def ready(self, text: str) -> None:
        """The start is over."""
        self._tell("READY=1", f"STATUS={text}")

    def leaving(self) -> None:
        """The stop has begun."""
        self._tell("STOPPING=1")

    def keep_told(self, timers: Timers, status: Callable[[], str | None]) -> None:
        """Tell it, again and again, that the engine lives, and what it does: for as long as `status` has words for that.

        Where it has none the engine hangs, and the manager, which hears nothing any more, starts it again.
        """
        if self.period_s is None:
            return
        text = status()
        if text is not None:
            self._tell("WATCHDOG=1", f"STATUS={text}")
        timers.call_later(self.period_s / PART, lambda: self.keep_told(timers, status))

    def _tell(self, *words: str) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(" ".join(word.splitlines()) for word in words).encode(), self._address)


def service_manager(environment: Mapping[str, str], process: int) -> ServiceManager | None:
    """The one that started this process; None where nobody wants to hear."""
    address = environment.get(SOCKET, "")
    if not address.startswith(("/", "@")):
        return None
    period = environment.get(PERIOD, "")
    is_watched = period.isdecimal() and int(period) > 0 and environment.get(WATCHED, str(process)) == str(process)
    return ServiceManager(address, int(period) / 1_000_000 if is_watched else None)
