"""Carries the exchange's notices to the clients they concern, as late, doubled or out of order as the faults say."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.orders import (
    Charged,
    ErrorShown,
    Executed,
    Notice,
    OrderShown,
    PositionMoved,
    StatusShown,
)
from engine.sim.faults import LINK_DOWN, Faults
from engine.sim.session import Session

_CENT = Decimal("0.01")


class NoticeDispatcher:
    """Between the exchange and the sessions."""

    def __init__(
        self,
        exchange: Exchange,
        faults: Faults,
        sessions: Callable[[], Iterable[Session]],
        later: Callable[[float, Callable[[], None]], None],
        now: Callable[[], datetime],
        bag_commissions: bool,
    ) -> None:
        self._exchange = exchange
        self._faults = faults
        self._sessions = sessions
        self._later = later
        self._now = now
        self._bag_commissions = bag_commissions
        self._acknowledged: set[int] = set()
        """Permanent ids of orders that have been shown."""
        self._held: dict[int, list[Notice]] = {}
        """Acknowledgements that wait for the fill of their order, by permanent id."""

    def tell(self, notices: Sequence[Notice]) -> None:
        """Tells the notices of one event."""
        told = self._with_bag_commissions(list(notices))
        if any(isinstance(notice, Executed) for notice in told):
            told = self._shaped_fill(told)
        elif any(isinstance(notice, OrderShown) for notice in told):
            told = self._shaped_acknowledgement(told)
        if any(isinstance(n, StatusShown) for n in told) and self._faults.take("duplicate_status", self._now()):
            told = [copy for notice in told for copy in ([notice] * (2 if isinstance(notice, StatusShown) else 1))]
        self.deliver(told)

    def deliver(self, notices: Sequence[Notice]) -> None:
        """Sends to whoever is there; while the link is down nothing gets through, and nothing is said later."""
        if any(self._faults.on(name) for name in LINK_DOWN):
            notices = [notice for notice in notices if isinstance(notice, ErrorShown)]
        moved = [notice.con_id for notice in notices if isinstance(notice, PositionMoved)]
        for session in self._sessions():
            for notice in notices:
                session.orders.on_notice(notice)
            if moved:
                session.accounts.moved(moved, values=self._faults.on("account_slow") is None)

    def _shaped_acknowledgement(self, notices: list[Notice]) -> list[Notice]:
        shown = [notice.order.perm_id for notice in notices if isinstance(notice, OrderShown)]
        fresh = [perm_id for perm_id in shown if perm_id not in self._acknowledged]
        self._acknowledged |= set(shown)
        if not fresh:
            return notices
        if self._faults.take("ack_lost", self._now()):
            return [notice for notice in notices if not isinstance(notice, OrderShown | StatusShown)]
        if self._faults.take("ack_after_fill", self._now()):
            self._held[fresh[0]] = notices
            return []
        return notices

    def _shaped_fill(self, notices: list[Notice]) -> list[Notice]:
        now = self._now()
        rows: list[Notice] = [notice for notice in notices if isinstance(notice, Executed)]
        fees: list[Notice] = [notice for notice in notices if isinstance(notice, Charged)]
        rest = [notice for notice in notices if not isinstance(notice, Executed | Charged)]
        shown = [notice for notice in rest if isinstance(notice, OrderShown | StatusShown)]
        after = [notice for notice in rest if not isinstance(notice, OrderShown | StatusShown)]
        late = self._faults.take("commission_late", now)
        if late is not None:
            charged, fees = fees, []
            self._later(late.number(), lambda: self.deliver(charged))
        elif self._faults.take("commission_never", now):
            fees = []
        held = [notice for row in rows for notice in self._acknowledgement_held_for(row)]
        corrected = self._faults.take("exec_corrected", now)
        if corrected is not None:
            self._later(corrected.number(), lambda: self._correct(rows))
        busted = self._faults.take("exec_busted", now)
        if busted is not None:
            self._later(busted.number(), lambda: self._bust(rows))
        if self._faults.take("commission_first", now):
            return [*fees, *rows, *held, *shown, *after]
        if self._faults.take("status_before_exec", now):
            return [*held, *shown, *rows, *fees, *after]
        return [*rows, *held, *shown, *fees, *after]

    def _acknowledgement_held_for(self, row: Notice) -> list[Notice]:
        return self._held.pop(row.execution.perm_id, []) if isinstance(row, Executed) else []

    def _correct(self, rows: Sequence[Notice]) -> None:
        """Corrects the price of one leg, a cent to the worse."""
        for row in rows:
            if isinstance(row, Executed) and row.execution.instrument is not None:
                old = row.execution
                if old.exec_id in self._exchange.booking.executions:
                    worse = old.price + (_CENT if old.side == "BOT" else -_CENT)
                    corrected = self._exchange.booking.correct(old, max(Decimal(0), worse))
                    self.deliver([Executed(corrected), PositionMoved(corrected.instrument.con_id if corrected.instrument else 0)])
                return

    def _bust(self, rows: Sequence[Notice]) -> None:
        """Takes a fill back, leg by leg."""
        for row in rows:
            if isinstance(row, Executed) and row.execution.exec_id in self._exchange.booking.executions:
                taken = self._exchange.booking.bust(row.execution)
                moved = () if taken.instrument is None else (PositionMoved(taken.instrument.con_id),)
                self.deliver([Executed(taken), *moved])

    def _with_bag_commissions(self, notices: list[Notice]) -> list[Notice]:
        """Where TWS reports commissions for the combination's row too, a report of 0 for it."""
        charged = [notice for notice in notices if isinstance(notice, Charged)]
        if not self._bag_commissions or not charged:
            return notices
        rows = [notice.execution for notice in notices if isinstance(notice, Executed) and notice.execution.instrument is None]
        nothing = replace(charged[0].commission, amount=Decimal(0), realized=None)
        own = [Charged(row.client_id, replace(nothing, exec_id=row.exec_id)) for row in rows]
        place = notices.index(charged[0])
        return [*notices[:place], *own, *notices[place:]]
