"""What the engine, its connection and its faces did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LinkState = Literal["down", "connecting", "restarting", "degraded", "no_data", "competing", "up"]
"""How the session with TWS stands.

down, connecting: there is none. restarting: there is none, or TWS has no connection to IBKR, at a time when that is expected.
degraded: TWS has no connection to IBKR. no_data: a market data farm is broken. competing: another login of the user takes the
market data. Orders pass in the last two, and nothing is priced.
"""


@dataclass(frozen=True, slots=True)
class EngineStarted:
    version: str
    mode: Literal["sim", "paper", "live"]
    lease: str
    """Starts every order_ref of this journal, so that two journals on one account never share one."""


@dataclass(frozen=True, slots=True)
class EngineStopped:
    reason: str


@dataclass(frozen=True, slots=True)
class GuardianTookOver:
    """The engine was dead or stuck while something was held: the guardian is in its place and opens nothing."""

    silent_s: int
    """Seconds of the session for which the engine gave no sign of life."""
    ended: str
    """What became of the engine's process."""
    held: str
    """What was open and at work, as the journal knew it."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    state: LinkState
    code: int | None
    text: str

    @property
    def passes_orders(self) -> bool:
        """Whether IBKR hears of orders, and we of what becomes of them."""
        return self.state in {"up", "competing", "no_data"}


@dataclass(frozen=True, slots=True)
class RestartTold:
    """The daily restart of TWS is near, or is over: everything is as it was before it."""

    phase: Literal["near", "over"]
    text: str


@dataclass(frozen=True, slots=True)
class LoginReminded:
    """A person was reminded of the login that TWS wants once a week."""

    ends_at: datetime
    """When the session of TWS with IBKR ends, or ended."""
    text: str


@dataclass(frozen=True, slots=True)
class PersonLooked:
    """A person looked at the engine: a command, the console, a call of the API; of many in an hour the first."""

    by: str
    how: str
    """What was asked."""


@dataclass(frozen=True, slots=True)
class LookMissed:
    """It was said that nobody looks."""

    looked_at: datetime
    """When somebody did last."""
    is_paused: bool
    """Whether openings without a question are paused; else they soon are."""
    text: str


@dataclass(frozen=True, slots=True)
class RequestsRested:
    """A class of questions to the broker kept failing and is not asked for a while, or is asked as before; no other one waits."""

    of: str
    until: datetime | None
    """When one of them is tried again; None where they are asked as before."""
    text: str


@dataclass(frozen=True, slots=True)
class FactRefused:
    """The broker told something that cannot follow what is known; it changed nothing and entries wait for a reconciliation."""

    kind: str
    order_ref: str
    text: str


@dataclass(frozen=True, slots=True)
class RequestHandled:
    """Somebody has asked for something that changes what is done: who, from where, what, and what became of it."""

    by: str
    role: str
    """What they may do: viewer, trader, operator or admin."""
    where: str
    """The address that it came from."""
    what: str
    """Method, path and body, as far as 300 characters go."""
    status: int
    """Of the answer, as HTTP has them: 200 was done, 409 was not."""
    text: str
    """What was answered."""


@dataclass(frozen=True, slots=True)
class ErrorHeard:
    """A broker error that concerns no single order."""

    code: int
    text: str
