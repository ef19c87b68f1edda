"""Which calls are a person's look at the engine, and that they are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from engine.api.access.roles import Role, Rule
from engine.domain.facts.running import PersonLooked
from engine.domain.ledger import Ledger

OF_PROGRAMS = frozenset({"/health", "/metrics", "/v1/token", "/v1/openapi.json", "/v1/asyncapi.json"})
"""What monitoring asks, and what a program asks before anything else."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Keeps the looks of people; what comes too soon after the last is no news."""

    now: Callable[[], datetime]
    ledger: Callable[[], Ledger]
    keep: Callable[[PersonLooked], None]

    def saw(self, name: str, role: Role, rule: Rule | None, status: int) -> None:
        """Take a call in: `name` is that of its key, empty over the socket in the state folder.

        A key of a viewer may be a program's that looks by itself, and is nobody's look.
        """
        if rule is None or rule.path in OF_PROGRAMS or status >= 400 or (name and role == "viewer"):
            return
        ledger = self.ledger()
        if ledger.mode != "sim" and ledger.looks.is_news(self.now()):
            self.keep(PersonLooked(name or "the socket in the state folder", f"{rule.method} {rule.path}"))
