"""What was looked at, how it stands, and what mends it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail", "unknown"]
"""fail: it would stop trading, or trade what nobody meant. warn: it will one day. unknown: it could not be looked at."""

MARKS: dict[State, str] = {"ok": "✓", "warn": "!", "fail": "✗", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's table."""

    name: str
    state: State
    found: str
    """What was found, in words."""
    mend: str = ""
    """One command or menu path; empty where nothing needs doing."""


def ok(name: str, found: str) -> Check:
    """A check that passed."""
    return Check(name, "ok", found)


def fail(name: str, found: str, mend: str) -> Check:
    """A check that stops trading."""
    return Check(name, "fail", found, mend)


def warn(name: str, found: str, mend: str) -> Check:
    """A check that will stop trading, or make it worse."""
    return Check(name, "warn", found, mend)


def unknown(name: str, found: str, mend: str = "") -> Check:
    """What could not be looked at."""
    return Check(name, "unknown", found, mend)
