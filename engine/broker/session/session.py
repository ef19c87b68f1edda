"""One session with TWS: connects with a deadline, keeps asking whether TWS is there, and says when it is not.

A connection that stays open while TWS is gone (a half-open socket) looks alive for ever, so TWS is asked for the time every
few seconds. TWS may also say that it has lost IBKR and never that it is back: then what IBKR sends is evidence enough for a
fresh connection, and without any it is made after a while. What follows a loss is the loop's decision: it connects again when it
wants to.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ib_async import IB, StartupFetch

from engine.broker.asking import machine_s
from engine.broker.errors import Meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.session.clocks import Clocks
from engine.broker.session.link import Link
from engine.broker.unread import UNREADABLE
from engine.domain.errors import EngineError, Transient, UserError
from engine.domain.facts.running import LinkChanged
from engine.ports import Clock, Publish

STEP_S = 10.0
"""For each step of connecting. Gateway answers the greeting at once; loading the account may take some seconds."""
CONNECT_S = 3 * STEP_S
"""For all of it: socket and greeting, then the account and positions."""
HEARTBEAT_S = 10.0
"""Between two questions; the answer is due before the next one, so a dead link is noticed within 20 s."""
DEGRADED_S, DEGRADED_MAX_S = 90.0, 900.0
"""So long TWS may be without IBKR before a fresh connection is tried; doubled while the last one found it so again. Most losses
are over within a minute, the nightly reset takes an hour and a half."""
LIFE_AFTER_S = 10.0
"""What was under way when IBKR was lost may still arrive; what comes later than this was sent since."""
LIFE_PRICES = 5
"""Prices that show that IBKR's data flow again; one word on an order does as well."""
_TOO_OLD = "TWS/gateway version must be >= 972"
"""ib_async's word for a greeting with an API version below its own."""
CLOSE_S, CLOSE_STEP_S = 1.0, 0.05
"""For a connection to close in good order, looked at so often."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where TWS listens and who we are there."""

    host: str
    port: int
    client_id: int
    account: str | None
    """None takes the only one; with several it must be named."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Session:
    """The link's life. `lost` is called once with the reason when an established link is gone, before the fact is heard."""

    def __init__(
        self,
        ib: IB,
        address: Address,
        publish: Publish,
        clock: Clock,
        gauges: BrokerGauges,
        expected: Callable[[], str] = str,
    ) -> None:
        """`expected` says why the link may be gone now; empty where nothing is known of that."""
        self.link = Link(expected)
        self.lost: Callable[[str], None] | None = None
        self._ib = ib
        self._address = address
        self._publish = publish
        self._clocks = Clocks(clock, gauges, publish)
        self._gauges = gauges
        self.account = ""
        """Known once TWS has greeted."""
        self._has_connected = False
        self._refusal: EngineError | None = None
        self._greeted = False
        self._deadline: asyncio.Timeout | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._requested_at: float | None = None
        self._degraded_at = 0.0
        self._broken_at = 0.0
        """When TWS last said that it has no connection to IBKR, loop seconds."""
        self._prices_before: int | None = None
        self._answers = 0
        """Words on orders since then."""
        self._patience_s = DEGRADED_S
        self._changed = asyncio.Event()
        ib.disconnectedEvent += self._disconnected
        ib.client.apiError += self._closed

    @property
    def is_up(self) -> bool:
        """True when TWS is reachable and TWS itself reaches IBKR."""
        return self._ib.isConnected() and self.link.state == "up"

    async def connect(self) -> str:
        """The account, once TWS has greeted and loaded it; while TWS has lost IBKR, once that has ended one way or the other.

        Raises UserError where the trader must act and Transient where it may be tried again: what stops a first connect is
        taken for a wrong setting, the same after a good session for a restart of TWS.
        """
        if self._ib.isConnected():
            await self._out_of_doubt()
        if self._ib.isConnected():
            return self.account
        at = self._address
        self.say(self.link.look())
        self._refusal, self._greeted = None, False
        self.say(self.link.connecting(f"connecting to {at} as client {at.client_id}"))
        try:
            async with asyncio.timeout(machine_s(CONNECT_S)) as self._deadline:
                await self._ib.connectAsync(
                    at.host,
                    at.port,
                    at.client_id,
                    timeout=machine_s(STEP_S),
                    account=at.account or "",
                    raiseSyncErrors=True,
                    fetchFields=StartupFetch.ACCOUNT_UPDATES,
                )
        except (OSError, TimeoutError) as problem:
            refusal = self._refusal or self._explained(problem)
            self.say(self.link.down(str(refusal)))
            raise refusal from problem
        except UNREADABLE as problem:
            refusal = self._refusal or Transient(f"what TWS at {at} says at the start cannot be read: {problem!r}")
            self.say(self.link.down(str(refusal)))
            raise refusal from problem
        except asyncio.CancelledError:
            self.say(self.link.down("connecting was given up"))
            raise
        finally:
            self._deadline = None
        if self._refusal is not None:  # a cancellation is lost where the awaited answer came in the same moment
            await self.leave(str(self._refusal))
            self.say(self.link.down(str(self._refusal)))
            raise self._refusal
        self._has_connected = True
        self._gauges.connects += 1
        return self.account

    def begin(self) -> None:
        """The session is set up: say so and start to watch it. Raises Transient where it is gone again."""
        if not self._ib.isConnected():
            self.fell("TWS closed the connection")
            raise Transient(f"TWS at {self._address} closed the connection while it was set up; it may be tried again")
        if self.say(self.link.up(f"connected to {self._address}, account {self.account}")):
            self._patience_s = DEGRADED_S
        self._requested_at = None
        self._beat()

    def fell(self, reason: str) -> None:
        """The connection is gone before the session stood."""
        self._gone(reason)
        self.say(self.link.down(reason))

    async def leave(self, reason: str) -> None:
        """Close the connection once what was sent has left; an end that does not close its side is cut off."""
        self._drop(reason)
        for _ in range(int(CLOSE_S / CLOSE_STEP_S)):
            if self._ib.client.conn.transport is None:
                return
            await asyncio.sleep(machine_s(CLOSE_STEP_S))
        self._cut()

    # What TWS says.

    def accounts_heard(self, accounts: Sequence[str]) -> bool:
        """TWS greets with the accounts of the user; without a clear choice nothing is traded.

        True where the account is now known. A session that stands keeps its account, whatever is told later.
        """
        if self.link.state in {"up", "degraded"} and self._deadline is None:
            return False
        self._greeted = True
        wanted = self._address.account
        offered = ", ".join(accounts) or "none"
        if wanted is not None and wanted not in accounts:
            self._refuse(UserError(f"account {wanted} is not offered by TWS at {self._address}; it offers {offered}"))
        elif wanted is None and len(accounts) > 1:
            self._refuse(UserError(f"TWS at {self._address} offers the accounts {offered}; name one with --account"))
        elif accounts:
            self.account = wanted or accounts[0]
            return True
        return False

    def sign_of_life(self) -> None:
        """IBKR spoke of an order: heard while TWS says that it has no connection, it has one."""
        self._answers += 1

    def error(self, row: Meaning, text: str) -> bool:
        """Take a code that concerns the session; False where it changes nothing."""
        if row.link == "taken":
            at = self._address
            kind = Transient if self._has_connected else UserError
            self._refuse(kind(f"client id {at.client_id} is taken at {at}; {row.advice}, or wait a minute for an old session"))
            return True
        was_degraded = self.link.state == "degraded"
        changed = self.say(self.link.received(row, text, asyncio.get_running_loop().time()))
        if row.link in {"broken", "moved"}:
            self._broken(is_new=not was_degraded)
        elif row.link in {"restored", "restored_empty"}:
            self._patience_s = DEGRADED_S
        return changed

    def time_heard(self, seconds: int | None) -> None:
        """TWS's clock, UTC seconds since 1970, None where it cannot be read: the answer to the heartbeat all the same."""
        took_s = 0.0 if self._requested_at is None else asyncio.get_running_loop().time() - self._requested_at
        if seconds is not None:
            self._clocks.compare(seconds, took_s)
        if self._requested_at is not None:
            self._gauges.heartbeat_seconds_last = asyncio.get_running_loop().time() - self._requested_at
            self._requested_at = None

    # Inside.

    def _beat(self) -> None:
        self._timer = None
        if not self._ib.client.isConnected():
            self._gone("TWS closed the connection")
            return
        if self._requested_at is not None:
            self._drop(f"TWS has not answered for {HEARTBEAT_S:g} s; the connection is taken for dead")
            self._cut()
            return
        self.say(self.link.look())
        reason = self._why_anew()
        if reason is not None:
            self.give_up(reason)
            return
        loop = asyncio.get_running_loop()
        self._requested_at = loop.time()
        self._ib.client.reqCurrentTime()
        self._timer = loop.call_later(machine_s(HEARTBEAT_S), self._beat)

    def give_up(self, reason: str) -> None:
        """End a connection that answers and cannot be relied on; a fresh one starts with nothing owed."""
        self._drop(reason)
        self._cut()

    async def _out_of_doubt(self) -> None:
        """Return when TWS has IBKR again, or when the connection is given up."""
        while self.link.state == "degraded" and self._ib.isConnected():
            self._changed.clear()
            await self._changed.wait()

    def _broken(self, *, is_new: bool) -> None:
        """TWS says, or says again, that it has no connection to IBKR."""
        self._broken_at = asyncio.get_running_loop().time()
        self._prices_before, self._answers = None, 0
        if is_new:
            self._degraded_at = self._broken_at

    def _why_anew(self) -> str | None:
        """Why a fresh connection is due although TWS has not said that it has IBKR again; None while it is not."""
        if self.link.state != "degraded":
            return None
        now = asyncio.get_running_loop().time()
        if now - self._degraded_at >= machine_s(self._patience_s):
            waited, self._patience_s = self._patience_s, min(DEGRADED_MAX_S, 2 * self._patience_s)
            return f"TWS has been without IBKR for {waited:g} s and says nothing of it; connecting anew"
        if now - self._broken_at < machine_s(LIFE_AFTER_S):
            return None
        if self._prices_before is None:
            self._prices_before, self._answers = self._gauges.prices, 0
        elif self._answers or self._gauges.prices - self._prices_before >= LIFE_PRICES:
            return "IBKR's prices and answers come again though TWS has not said that it is back; connecting anew"
        return None

    def _drop(self, reason: str) -> None:
        """Leave the session. Requests under way end with an error, which ib_async's own leaving would not give them."""
        self._ib.wrapper.connectionClosed()
        self._gone(reason)
        self._ib.client.disconnect()

    def _cut(self) -> None:
        """A dead end never closes its side, and would hold up the next connect."""
        transport = self._ib.client.conn.transport
        if transport is not None:
            transport.abort()

    def _disconnected(self) -> None:
        self._gone("TWS closed the connection")

    def _gone(self, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.link.state in {"down", "connecting"}:
            return
        if self.lost is not None:
            self.lost(reason)
        self.say(self.link.down(reason))

    def _closed(self, text: str) -> None:
        """The socket closed or the greeting failed before the session stood."""
        if text.startswith("API connection failed"):
            return  # ib_async's word for any failure, which `connect` gets as an exception too
        at = self._address
        if text == _TOO_OLD:
            self._refuse(UserError(f"TWS at {at} speaks an API version that is too old: update TWS or IB Gateway"))
            return
        sentence = (
            f"TWS at {at} closed the connection at once: enable the API and trust this address in TWS, "
            f"Global Configuration, API, Settings (it said: {text})"
        )
        self._refuse(Transient(sentence))

    def _refuse(self, refusal: EngineError) -> None:
        """End the connecting under way now; what ib_async would do is wait for its full timeout."""
        if self._deadline is not None and self._refusal is None:
            self._refusal = refusal
            self._deadline.reschedule(asyncio.get_running_loop().time())

    def _explained(self, problem: OSError) -> EngineError:
        at = self._address
        if isinstance(problem, TimeoutError) and not self._greeted:
            return Transient(
                f"something listens at {at} but did not greet within {STEP_S:g} s: TWS may show a dialog that asks to accept "
                f"the connection, or this is not its API port (TWS 7496, paper 7497, Gateway 4001, paper 4002)"
            )
        if self._greeted:
            return Transient(f"TWS at {at} greeted but did not load account and positions: {problem or 'no answer in time'}")
        sentence = (
            f"nothing listens at {at}{_why(problem)}: start TWS or IB Gateway and enable its API, or give its port with --port"
        )
        return Transient(sentence) if self._has_connected else UserError(sentence)

    def say(self, change: LinkChanged | None) -> bool:
        """Tell a change of the link; whether there was one."""
        if change is not None:
            self._changed.set()
            self._publish(change)
        return change is not None


def _why(problem: OSError) -> str:
    """The system's words for it, in brackets; nothing where it has none, as for several addresses of one host."""
    return f" ({problem.strerror})" if problem.strerror and "[" not in problem.strerror else ""
