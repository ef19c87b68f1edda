"""The clock of a run: it begins where the journal ends, and says it when the machine's clock is set."""

from datetime import datetime

from engine.domain.facts.halts import Halted
from engine.domain.facts.running import ErrorHeard
from engine.runtime.clock import SteadyClock
from engine.runtime.engine import Engine
from engine.runtime.inbox import Inbox


def keep_time(engine: Engine, clock: SteadyClock, inbox: Inbox, last_at: datetime | None) -> None:
    """Have the engine told of steps of the machine's clock; `last_at` is when the journal's last line was written.

    Where that is far ahead of the clock nothing is opened in this run.
    """

    def stepped(text: str, must_stop: bool) -> None:
        inbox.publish(Halted("engine", text) if must_stop and engine.ledger.halt is None else ErrorHeard(0, text))

    clock.on_step, engine.leaps = stepped, lambda: clock.leaps
    if last_at is not None and not clock.not_before(last_at):
        stepped(
            f"the journal's last line is of {last_at:%Y-%m-%d %H:%M} UTC, far ahead of the machine's clock: set the clock right"
            " and start again",
            True,
        )
