"""What failed inside this program: said, left alone for a while that grows, and never the end of the engine."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.decide.apart import described
from engine.domain.facts.halts import Halted
from engine.domain.facts.running import ErrorHeard
from engine.domain.facts.union import Fact
from engine.log import logger

log = logger(__name__)

REST_FIRST, REST_MAX = timedelta(seconds=1), timedelta(minutes=1)
"""How long a part that failed is left alone, doubled each time."""
REST_EXITS_MAX = timedelta(seconds=8)
"""An exit is tried again soon: it is what protects."""
FORGIVEN_AFTER = timedelta(minutes=10)
"""A part that has worked for so long begins with the short rest again, and its failure is said again."""
EXITS = ("exits", "order ")
"""What the places of parts begin with that protect what is open."""


@dataclass(slots=True)
class _Fault:
    times: int
    last_at: datetime
    until: datetime
    text: str


class Faults:
    """Places that failed, and until when each is left alone."""

    def __init__(self) -> None:
        self._known: dict[str, _Fault] = {}
        self.count = 0

    def resting(self, now: datetime) -> frozenset[str]:
        return frozenset(place for place, fault in self._known.items() if fault.until > now)

    def failed(self, place: str, text: str, now: datetime, *, halt: Halted | None) -> Fact | None:
        """What is to be written down of a failure: the halt that it makes, a line where the engine is halted, or nothing new."""
        self.count += 1
        known = self._known.get(place)
        if known is None or now - known.last_at > FORGIVEN_AFTER:
            known = None
        times = known.times + 1 if known is not None else 1
        longest = REST_EXITS_MAX if place.startswith(EXITS) else REST_MAX
        self._known[place] = _Fault(times, now, now + min(longest, REST_FIRST * 2 ** min(times - 1, 10)), text)
        if halt is None:
            return Halted("engine", f"{place} failed: {text}. {WAY_OUT}")
        if known is not None and known.text == text:
            return None
        return ErrorHeard(0, f"{place} failed as well: {text}")


WAY_OUT = (
    "Nothing is opened; exits go on where they can. Look at what is open in TWS and report this with the log;"
    " `spreads resume` opens again, and halts again if it still fails"
)


KEEP_UP_FIRST_S, KEEP_UP_MAX_S = 1.0, 60.0
"""Before work that failed beside the beat is begun again; doubled each time, and short again once it has worked for so long."""


async def kept_up(name: str, work: Callable[[], Awaitable[object]], say: Callable[[str], object]) -> None:
    """Runs what goes on beside the beat until it ends by itself; what it raises is said once, and it is begun again."""
    clock, pause_s, said = asyncio.get_running_loop().time, KEEP_UP_FIRST_S, ""
    while True:
        began = clock()
        try:
            await work()
            return
        except Exception as error:
            log.exception("what goes on beside the beat failed", work=name)
            text = f"{name} failed: {described(error)}; it is begun again"
        if clock() - began > KEEP_UP_MAX_S:
            pause_s, said = KEEP_UP_FIRST_S, ""
        if text != said:
            say(text)
        said = text
        await asyncio.sleep(pause_s)
        pause_s = min(KEEP_UP_MAX_S, pause_s * 2)
