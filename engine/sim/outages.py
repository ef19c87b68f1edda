"""Begins and ends the faults that have a time: of the link, of the data, of the account."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.orders import Notice
from engine.sim.faults import LINK_DOWN, Fault, Faults
from engine.sim.listener import Listener
from engine.sim.server import Connection
from engine.sim.session import Session
from engine.sim.tape import DataFaults, MarketTape

_LOST = "Connectivity between IBKR and Trader Workstation has been lost."
_KEPT = "Connectivity between IBKR and Trader Workstation has been restored - data maintained."
_RENEW = "Connectivity between IBKR and Trader Workstation has been restored - data lost."
_SERVER_LOST = "Connectivity between Trader Workstation and server is broken. It will be restored automatically."
_FARM = "usopt"

_SAID_AT_BEGIN = {
    "link_lost": (1100, _LOST),
    "link_lost_data_lost": (1100, _LOST),
    "link_lost_unsaid": (1100, _LOST),
    "server_lost": (2110, _SERVER_LOST),
    "farm_lost": (2103, f"Market data farm connection is broken:{_FARM}"),
}
_SAID_AT_END = {
    "link_lost": (1102, _KEPT),
    "link_lost_data_lost": (1101, _RENEW),
    "server_lost": (1102, _KEPT),
    "farm_lost": (2104, f"Market data farm connection is OK:{_FARM}"),
}


class Premises(Protocol):
    """What of the simulator an outage touches."""

    @property
    def tape(self) -> MarketTape: ...

    @property
    def exchange(self) -> Exchange: ...

    @property
    def faults(self) -> Faults: ...

    def sessions(self) -> Sequence[Session]: ...

    def connections(self) -> Sequence[Connection]: ...

    def tell(self, notices: Sequence[Notice]) -> None: ...

    def release_held(self) -> None: ...


class Outages:
    """Turns the schedule's moments and spans into what happens."""

    def __init__(self, premises: Premises, listener: Listener) -> None:
        self._at = premises
        self._listener = listener
        self._fills = premises.exchange.fills
        self._reopening: asyncio.Task[None] | None = None
        self._moments: dict[str, Callable[[Fault, datetime], None]] = {
            "close": self._close,
            "too_many_messages": self._complain,
            "half_open": self._half_open,
            "cancelled": self._cancel_oldest,
            "id_jump": self._jump,
            "by_hand": self._trade_by_hand,
            "assigned": self._assign,
        }

    @property
    def link_is_down(self) -> bool:
        return any(self._at.faults.on(name) for name in LINK_DOWN)

    @property
    def data_is_down(self) -> bool:
        return self.link_is_down or self._at.faults.on("farm_lost") is not None

    def turn(self, now: datetime) -> None:
        """Ends and begins what is due by now."""
        for fault in self._at.faults.end_due(now):
            self._end(fault)
        for fault in self._at.faults.begin_due(now):
            moment = self._moments.get(fault.name)
            if moment is not None:
                moment(fault, now)
            else:
                self._begin(fault)

    def _begin(self, fault: Fault) -> None:
        self._set_data_faults()
        if fault.name in _SAID_AT_BEGIN:
            for session in self._at.sessions():
                session.say(*_SAID_AT_BEGIN[fault.name])
        match fault.name:
            case "refuse":
                self._listener.shut()
            case "restart":
                self._listener.shut()
                for connection in self._at.connections():
                    connection.close()
            case "competing":
                for session in self._at.sessions():
                    session.quotes.compete(True)
            case "account_not_ready":
                for session in self._at.sessions():
                    session.accounts.ready = False
            case "trading_halted":
                for session in self._at.sessions():
                    session.quotes.halt()
            case _:
                pass

    def _end(self, fault: Fault) -> None:
        self._set_data_faults()
        if fault.name == "link_lost_data_lost":
            for session in self._at.sessions():
                session.quotes.lose()
        if fault.name in _SAID_AT_END:
            for session in self._at.sessions():
                session.say(*_SAID_AT_END[fault.name])
        match fault.name:
            case "refuse" | "restart" if not (self._at.faults.on("refuse") or self._at.faults.on("restart")):
                self._reopening = asyncio.get_running_loop().create_task(self._listener.reopen())
            case "competing":
                for session in self._at.sessions():
                    session.quotes.compete(False)
            case "account_not_ready":
                for session in self._at.sessions():
                    session.accounts.ready = True
            case "trading_halted":
                for session in self._at.sessions():
                    session.quotes.halt()
            case "link_lost" | "link_lost_data_lost" | "link_lost_unsaid" | "server_lost" if not self.link_is_down:
                self._at.release_held()
            case _:
                pass

    def _set_data_faults(self) -> None:
        on = self._at.faults.on
        self._at.tape.change_data_faults(
            DataFaults(
                frozen=on("frozen") is not None,
                no_bids=on("no_bids") is not None,
                crossed=on("crossed") is not None,
                no_greeks=on("no_greeks") is not None,
                halted=on("trading_halted") is not None,
                widened=wide.number() if (wide := on("wide")) is not None else 1.0,
                spiked=self._first_sold() if on("bad_print") else None,
            )
        )
        exchange = self._at.exchange
        exchange.is_halted = on("trading_halted") is not None
        exchange.account.asks = Decimal(str(raised.number())) if (raised := on("margin_raised")) is not None else Decimal(1)
        exchange.fills = replace(self._fills, partial=1.0) if on("partial_fills") else self._fills

    def _close(self, _: Fault, __: datetime) -> None:
        for connection in self._at.connections():
            connection.close()

    def _complain(self, _: Fault, __: datetime) -> None:
        for session in self._at.sessions():
            session.say(100, "Max rate of messages per second has been exceeded:max=50 rec=51 (1)")

    def _half_open(self, _: Fault, __: datetime) -> None:
        for connection in self._at.connections():
            connection.muted = True

    def _cancel_oldest(self, _: Fault, now: datetime) -> None:
        working = self._at.exchange.working()
        if working:
            self._at.tell(self._at.exchange.end(working[0], "Cancelled by system", "The order was cancelled by the system.", now))

    def _jump(self, fault: Fault, _: datetime) -> None:
        self._at.exchange.ids.next_order_id += int(fault.number())
        for session in self._at.sessions():
            session.tell_next_id()

    def _trade_by_hand(self, fault: Fault, _: datetime) -> None:
        held, listed = self._at.exchange.account.held(), self._at.tape.market.listing.con_id
        con_id = held[0].instrument.con_id if held else int(listed[len(listed) // 2]) if len(listed) else 0
        price = self._at.tape.quote(con_id).mark
        if price is not None:
            self._at.tell(self._at.exchange.trade_by_hand(con_id, int(fault.number()), price))

    def _first_sold(self) -> int | None:
        """The first option that the account owes."""
        held = self._at.exchange.account.held()
        return next((one.instrument.con_id for one in held if one.instrument.option is not None and one.quantity < 0), None)

    def _assign(self, _: Fault, __: datetime) -> None:
        for position in self._at.exchange.account.held():
            option = position.instrument.option
            if option is not None and position.quantity < 0 and option.rule.exercise == "American":
                self._at.tell(self._at.exchange.assign(option.con_id))
                return
