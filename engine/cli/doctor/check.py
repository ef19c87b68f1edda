"""What was looked at, how it stands, and what mends it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engine.cli.show import pairs, show

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


def show_checks(checks: Iterable[Check], form: Literal["table", "json"]) -> None:
    """Print checks: a line each, and below it what mends it; or as JSON."""
    if form == "json":
        plain = [{"check": one.name, "state": one.state, "found": one.found, "mend": one.mend} for one in checks]
        show(plain, ["check", "state", "found", "mend"], "json")
        return
    pairs((f"{MARKS[one.state]} {one.name}", f"{one.found}\n→ {one.mend}" if one.mend else one.found) for one in checks)
