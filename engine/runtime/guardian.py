"""The guardian: watches over what is held, and takes the engine's place where the engine is dead or stuck.

watch     look for the engine's sign of life, in session; connect to nothing
judge     silent for too long: is anything held, and does TWS listen? Else nobody could do better
take      the lock of the state folder, from the process that holds it: asked to end, then ended
guard     run the same engine under its client id, by its journal, in which nothing can be opened, until a person takes it back

It is no second trader: with the lock it is the one writer, and what it knows is what the journal knows.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.broker.asking import machine_s
from engine.domain.errors import EngineError
from engine.domain.facts.running import EngineStopped, GuardianTookOver
from engine.domain.ledger import Ledger
from engine.log import logger
from engine.ports import Clock, Line
from engine.runtime.schedule import session_of
from engine.store.books import books
from engine.store.heartbeat import Doing, Trace, beaten, leave_trace
from engine.store.lock import GUARDIAN, Held, Lock, holds, is_suspended

log = logger(__name__)

LOOK_S = 5.0
"""Between two looks for a sign of life."""
LOOK_MAX_S = 3 * LOOK_S
"""Most that the time between two looks counts: who slept, or was stopped, has not watched meanwhile."""
LOOKED_WITHIN_S = 60.0
"""A guardian that has left no trace for longer hangs: it looks every few seconds, and ends a process in half a minute."""
END_S, KILL_S = 15.0, 10.0
"""How long a process has to end when it is asked to, and when it is killed. An engine's good-bye takes ten seconds."""
AGAIN_S = 60.0
"""Before it is tried again, where the engine's place could not be taken."""
HALT = "the guardian has taken the engine's place: {}; look at positions and orders in TWS, take it back, then resume"
LET_GO = "the guardian was told to let go"


@dataclass(frozen=True, slots=True)
class Takeover:
    """The engine's place, taken."""

    lock: Lock
    """Of the state folder, held."""
    fact: GuardianTookOver

    @property
    def reason(self) -> str:
        """Why openings are halted, for people."""
        return HALT.format(f"no sign of life for {self.fact.silent_s} s, {self.fact.ended}")


class Patience:
    """Counts the seconds for which the engine is silent, as the guardian has lived through them."""

    def __init__(self, beat: int | None = None) -> None:
        self.silent_s = 0.0
        self._beat = beat

    def look(self, beat: int | None, elapsed_s: float, *, counts: bool) -> None:
        """Take in one look: the sign of life, the seconds since the look before, and whether this is a time that counts."""
        if beat != self._beat:
            self._beat, self.silent_s = beat, 0.0
        elif counts:
            self.silent_s += min(elapsed_s, LOOK_MAX_S)

    def restart(self) -> None:
        self.silent_s = 0.0


class Guardian:
    """One guardian of one state folder. `run` watches until `stop` is set; `release` ends a guard and goes back to watching."""

    def __init__(
        self,
        state: Path,
        clock: Clock,
        after_s: float,
        listens: Callable[[], Awaitable[bool]],
        guard: Callable[[Takeover, asyncio.Event], Awaitable[None]],
        say: Callable[[str], object],
    ) -> None:
        """`after_s`: silence that is too long. `listens`: whether a TWS can be reached. `guard`: runs the engine in which nothing
        can be opened, until its event is set.
        """
        self.stop = asyncio.Event()
        self._state, self._clock, self._after_s = state, clock, after_s
        self._listens, self._guard, self._say = listens, guard, say
        self._released: asyncio.Event | None = None
        self._looked_at: float | None = None
        """When it left a trace last, by its loop."""
        self._patience = Patience(beaten(state))
        self._had_tws = True
        self._words: tuple[Doing, str] = ("watching", "")
        """What was said last."""
        self._rests = False
        """Whether the engine is silent still and nothing can or need be done for a while."""

    @property
    def status(self) -> str | None:
        """What it does, in words, for the service manager; None where it has not looked for so long that it hangs."""
        at = self._looked_at
        is_late = at is not None and asyncio.get_running_loop().time() - at > LOOKED_WITHIN_S
        return None if is_late else ": ".join(self._words)

    @property
    def is_guarding(self) -> bool:
        return self._released is not None

    def release(self) -> bool:
        """Give the engine's place back; False where it was not taken."""
        if self._released is None:
            return False
        self._released.set()
        return True

    async def run(self) -> None:
        """Watch, and act where it must be. Raises nothing for what may be mended: it is said, and tried again."""
        time = asyncio.get_running_loop().time
        looked_at = time()
        self._trace("watching", f"the engine on {self._state}")
        while not self.stop.is_set():
            await _wait(self.stop, LOOK_S)
            now, elapsed_s = self._clock.now(), time() - looked_at
            looked_at = time()
            session = session_of(now)
            self._patience.look(beaten(self._state), elapsed_s, counts=session is not None and session.contains(now))
            if self._patience.silent_s < self._after_s:
                self._rests = self._rests and self._patience.silent_s > 0
                self._trace(*(self._words if self._rests else ("watching", f"the engine on {self._state}")))
                continue
            await self._act()
            looked_at = time()
        self._trace("stopped", "nobody watches")

    async def _act(self) -> None:
        """The engine is silent: take its place, if that helps."""
        try:
            held, was_stopped = _held(self._state)
        except (EngineError, OSError) as error:
            self._rest("the engine is silent, and its journal cannot be read: look yourself", str(error))
            return
        silent_s = round(self._patience.silent_s)
        if not held:
            self._rest("the engine is silent, and nothing is open or at work")
        elif was_stopped:
            self._rest(f"the engine was stopped in good order; nobody watches what is held: {held}")
        elif not await self._listens():
            self._had_tws = False
            self._rest(f"the engine is silent and no TWS listens; held: {held}")
        elif not self._had_tws:  # the engine comes back with TWS: it has the time that it always has
            self._had_tws = True
            self._patience.restart()
            self._trace("waiting", f"TWS listens again; the engine has {self._after_s:g} s; held: {held}")
        else:
            await self._replace(silent_s, held)

    async def _replace(self, silent_s: int, held: str) -> None:
        self._trace("ending", f"the engine is silent for {silent_s} s")
        try:
            lock, ended = await self._take()
        except EngineError as error:
            self._rest("the engine's place cannot be taken", str(error))
            return
        await self._hold(Takeover(lock, GuardianTookOver(silent_s, ended, held)))

    def _rest(self, text: str, more: str = "") -> None:
        """Nothing can or need be done; look again after a while."""
        self._patience.silent_s = max(0.0, self._after_s - AGAIN_S)
        self._trace("waiting", f"{text}: {more}" if more else text)
        self._rests = True

    async def _take(self) -> tuple[Lock, str]:
        """The lock, and what became of who held it. Raises EngineError where it cannot be had."""
        ended = "no process held the state folder"
        for number, patience_s in ((signal.SIGTERM, END_S), (signal.SIGKILL, KILL_S), (None, 0.0)):
            try:
                return Lock(self._state, GUARDIAN), ended
            except Held as held:
                if number is None or held.process is None or held.holder == GUARDIAN:
                    raise
                process = held.process
            if process == os.getpid() or not holds(process, self._state):
                raise EngineError(
                    f"process {process} is named by the lock of {self._state} and is not seen to hold it; is it in another"
                    " container? End it yourself"
                )
            if number is signal.SIGTERM and is_suspended(process):
                continue  # it would not hear that
            try:
                os.kill(process, number)
            except OSError as error:
                raise EngineError(
                    f"process {process} cannot be ended ({error.strerror}): run as the user of the engine"
                ) from error
            ended = f"process {process} was ended by {number.name}"
            lock = await self._wait_for_lock(patience_s)
            if lock is not None:
                return lock, ended
        raise AssertionError("the last look returns or raises")

    async def _wait_for_lock(self, patience_s: float) -> Lock | None:
        end = asyncio.get_running_loop().time() + machine_s(patience_s)
        while asyncio.get_running_loop().time() < end:
            with suppress(Held):
                return Lock(self._state, GUARDIAN)
            await asyncio.sleep(machine_s(0.1))
        return None

    async def _hold(self, takeover: Takeover) -> None:
        """Guard until a person takes it back, and go on leaving a trace meanwhile."""
        self._released = asyncio.Event()
        words = f"in the engine's place: {takeover.reason.partition(': ')[2].partition(';')[0]}; held: {takeover.fact.held}"
        self._trace("guarding", words)
        task = asyncio.ensure_future(self._guard(takeover, self._released))
        try:
            while not task.done():
                if self.stop.is_set():
                    self._released.set()
                await asyncio.wait({task}, timeout=LOOK_S if not self.stop.is_set() else None)
                self._trace("guarding", words)
            error = task.exception()
        finally:
            task.cancel()
            takeover.lock.release()
            self._released = None
        self._patience = Patience(beaten(self._state))
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is None:
            self._trace("watching", f"the engine on {self._state}; its place was given back")
        elif isinstance(error, EngineError | OSError | BaseExceptionGroup):
            log.error("guarding ended", problem=str(error))
            self._rest("guarding ended and is begun again", str(error))
        else:
            raise error

    def _trace(self, doing: Doing, text: str) -> None:
        """Leave the trace; what is new is said as well."""
        self._looked_at = asyncio.get_running_loop().time()
        leave_trace(self._state, Trace(doing, text, os.getpid(), self._clock.now(), round(self._patience.silent_s, 1)))
        if (doing, text) != self._words:
            self._words = doing, text
            self._say(f"{doing}: {text}")


async def led(engine: Awaitable[None], nudge: Callable[[], None], released: asyncio.Event) -> None:
    """Run an engine whose stop is `released` to its end; it is nudged then, so that it hears of it at once."""
    running, told = asyncio.ensure_future(engine), asyncio.ensure_future(released.wait())
    try:
        await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
        nudge()
        await running
    finally:
        told.cancel()
        running.cancel()


def _held(state: Path) -> tuple[str, bool]:
    """What the journal says is open and at work, empty where nothing is; and whether its engine was stopped in good order."""
    last: list[Line] = []

    def saw(line: Line) -> None:
        last[:] = [line]

    found = books(state, saw).ledger
    return _told(found), bool(last) and isinstance(last[0].fact, EngineStopped)


def _told(ledger: Ledger) -> str:
    positions = sum(1 for _ in ledger.open_positions())
    orders = sum(1 for order in ledger.working() if order.is_at_broker)
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in ((positions, "position"), (orders, "order")) if count]
    return " and ".join(parts)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
