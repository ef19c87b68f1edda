"""Signs of life in the state folder: the engine touches a file at every beat, the guardian writes into one what it does.

Neither is a fact, and nothing is decided by their times: a guardian looks whether the file was touched since it looked last.
"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

BEAT_FILE, TRACE_FILE = "beat", "guardian"
LOOKED_WITHIN = timedelta(minutes=2)
"""A guardian that left no trace for longer watches no more: it looks every few seconds, and ends a process in half a minute."""
Doing = Literal["watching", "waiting", "ending", "guarding", "stopped"]


class Trace(msgspec.Struct, frozen=True):
    """What a guardian does."""

    doing: Doing
    text: str
    """In words, for people."""
    process: int
    at: datetime
    """When it looked last, UTC, by its clock."""
    silent_s: float = 0.0
    """For how long it has missed the engine's sign of life."""


def beat(state: Path) -> None:
    """Leave a sign of life. A folder that is full can still be touched; one that is gone is told elsewhere."""
    _touch(state / BEAT_FILE)


def beaten(state: Path) -> int | None:
    """What changes with every sign of life; None where there never was one."""
    try:
        return (state / BEAT_FILE).stat().st_mtime_ns
    except OSError:
        return None


def leave_trace(state: Path, trace: Trace) -> None:
    """Say what the guardian does, whole or not at all; on a full disk the old words stay and the file is touched."""
    path = state / TRACE_FILE
    trial = path.with_suffix(".tmp")
    try:
        trial.write_bytes(msgspec.json.encode(trace) + b"\n")
        trial.replace(path)
    except OSError:
        _touch(path)


def trace_of(state: Path) -> Trace | None:
    """What the guardian said last; None where none ever watched, or nothing can be read."""
    try:
        return msgspec.json.decode((state / TRACE_FILE).read_bytes(), type=Trace)
    except (OSError, msgspec.DecodeError):
        return None


def _touch(path: Path) -> None:
    with suppress(OSError):
        try:
            os.utime(path)
        except FileNotFoundError:
            path.touch(0o600)
