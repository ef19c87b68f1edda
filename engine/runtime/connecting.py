"""The broker session that a process begins with: on the first port of the mode that answers, for an account of its kind."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.broker.adapter import IbBroker
from engine.domain.errors import EngineError, Transient, UserError
from engine.domain.facts.union import Fact
from engine.domain.maintenance import Restart
from engine.log import logger
from engine.ports import Clock, ContractShelf, QuoteSink
from engine.runtime.background import RETRY_FIRST_S, RETRY_MAX_S
from engine.runtime.guardian import LET_GO
from engine.runtime.schedule import calendar_around

log = logger(__name__)


class NoBroker(UserError):
    """No TWS answers on any port of the mode."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where TWS is looked for, and as what it is asked."""

    host: str
    ports: Sequence[int]
    client_id: int
    mode: str
    """sim, paper or live: whether the account must be money or must not."""
    lines: int
    """Streams of quotes that may be open at once."""
    zone: str
    """That TWS runs in, for the times of executions that name none."""
    restart: Restart
    """When TWS starts itself anew each day."""


class Connector:
    """Makes the session of one process."""

    def __init__(self, gate: Gate, publish: Callable[[Fact], None], sink: QuoteSink, clock: Clock, shelf: ContractShelf) -> None:
        self._gate, self._publish, self._sink, self._clock, self._shelf = gate, publish, sink, clock, shelf

    async def waited(self, journal_id: str, account: str | None, last_order_id: int, stop: asyncio.Event) -> IbBroker:
        """A session as `connected` gives it, waited for however long that takes.

        Raises UserError where what answers is not what was asked for, EngineError where a guardian is told to let go meanwhile.
        """
        pause = RETRY_FIRST_S
        while True:
            try:
                return await self.connected(journal_id, account, last_order_id)
            except NoBroker as problem:
                log.warning("no TWS to guard through", problem=str(problem))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)
                if stop.is_set():
                    raise EngineError(f"{LET_GO} before TWS could be reached: {problem}") from problem
                pause = min(RETRY_MAX_S, pause * 2)

    async def connected(self, journal_id: str, account: str | None, last_order_id: int) -> IbBroker:
        """A session on the first port that answers.

        `account` is None where only the broker knows whose journal this will be; `last_order_id` is the highest ever used.
        Raises NoBroker where no port answers, UserError where the account is not of the mode.
        """
        refusals = list[EngineError]()
        for port in self._gate.ports:
            broker = IbBroker(
                self._gate.host,
                port,
                self._gate.client_id,
                account,
                self._publish,
                self._sink,
                self._clock,
                order_prefix=journal_id,
                last_order_id=last_order_id,
                lines=self._gate.lines,
                zone=self._gate.zone,
                calendar=calendar_around,
                restart=self._gate.restart,
                shelf=self._shelf,
            )
            try:
                found = await broker.connect()
            except (UserError, Transient) as error:
                await broker.disconnect()
                refusals.append(error)
                continue
            self._check_mode(found)
            return broker
        raise NoBroker("\n".join(str(error) for error in refusals))

    def _check_mode(self, account: str) -> None:
        """The account must be of the kind that was asked for: DU and DF are paper, everything else is money."""
        is_paper, mode = account.startswith(("DU", "DF")), self._gate.mode
        if mode == "live" and is_paper:
            raise UserError(f"account {account} is a paper account, but --live was asked for; start with --paper")
        if mode != "live" and not is_paper:
            raise UserError(f"account {account} holds real money, but --{mode} was asked for; log in to the paper account")
