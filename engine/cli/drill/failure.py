"""One failure that is drilled: what fails, when it comes, and what the engine is to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact

When = Literal["start", "asked", "at work", "held", "owed", "rolling"]
"""As the day begins, once an opening was previewed, once one works, once something is held, once an option is sold that may be
exercised early, or once what a roll closed is closed and its successor is proposed."""
Kill = Literal["", "sent", "acknowledged", "filled", "rolling"]
Act = Literal[
    "",
    "close",
    "cancel",
    "stop",
    "break a file",
    "change a file",
    "start another",
    "start another elsewhere",
    "start another beside",
    "fill the disk",
    "set the clock ahead",
    "set the clock back",
]
"""What somebody does at that moment, or what happens to the machine. Another engine is started on the same folder; elsewhere, on
a folder of its own under the same client id; or beside, on a folder and under a client id of its own."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure."""

    name: str
    says: str
    """What fails, as a person would tell it."""
    expects: str
    """What the engine is to do."""
    faults: tuple[str, ...] = ()
    """Of the simulated TWS, as `spreads sim --fault` writes them, without a time."""
    when: When = "at work"
    act: Act = ""
    at_once: bool = False
    """Whether it stands before the engine connects for the first time."""
    kill: Kill = ""
    """The engine is killed the moment such a fact is on disk."""
    down_s: float = 60.0
    """How long an engine stays away that was killed or stopped, or whose disk is full."""
    is_guarded: bool = False
    """Whether nobody starts a killed engine again, and a guardian watches."""
    is_answered: bool = True
    """Whether somebody says yes to openings."""
    at: str = ""
    """When it begins, New York, where that is its own; the faults then have times of their own."""
    day: date | None = None
    """On which day, where that is its own."""
    needs_person: bool = False
    """Whether something is left that only a person may end."""
    stops_with: str = ""
    """A word of what is in the way of openings to the end, where the failure goes on."""
    shows: tuple[type[Fact], ...] = ()
    """Facts that must be in the journal from then on."""
    minutes: int = 0
    """How long it is watched, where that is its own."""
    mode: Literal["sim", "paper"] = "sim"
    """What the engine is started for: TWS's weekly login concerns none on a simulator."""
    explores: bool = False
    """Whether lines take turns through the chain, and are few."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Strategies of the drill's own, by file, where the trader's need not do what fails; his limits stay."""
    dividends: Mapping[str, str] = field(default_factory=dict[str, str])
    """By symbol what TWS tells of its dividends, as the simulator's options write it."""
    refuses: str = ""
    """The gate that must have refused an opening."""
    closes_for: str = ""
    """A word of the rule for which something must have been closed."""
    leaves_nothing: bool = False
    """Whether nothing may be held any more before everything is closed."""


LINK = "sends nothing while the link is gone, connects again, asks the broker, then goes on"
LINKED = (LinkChanged,)
ASKS = "never sends again; asks the broker until it knows"
