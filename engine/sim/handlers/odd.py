"""What TWS was seen to say of orders and executions and should not: messages as they leave, changed as the faults in force say.

The exchange knows nothing of it: what is held, done and owed is true all the time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.sim.faults import Faults
from engine.sim.handlers.lines import Later
from engine.sim.wire.codec import Message

SAYS_NO = "Your order would be rejected."
NO_TIME = "11/23/2026 10 o'clock"
"""As no program writes a time."""
_WORKING = frozenset({"PreSubmitted", "Submitted"})
_FOREIGN_ROW, _FOREIGN_CON_ID = 99, 424_242_424
_COMBO = "BAG"


@dataclass(slots=True)
class OddMemory:
    """What was said oddly so far, by whatever session: who asks again hears the same."""

    shown: set[int] = field(default_factory=set[int])
    """Permanent ids of orders that were shown as working."""
    late: set[str] = field(default_factory=set[str])
    """Fills whose executions are not told yet."""
    foreign: dict[str, Message] = field(default_factory=dict[str, Message])
    """Executions that nobody did, by the execution beside which they are told."""


class Odd:
    """Between an order handler and its client; `send` takes what the handler says."""

    def __init__(
        self,
        faults: Faults,
        memory: OddMemory,
        send: Callable[[Message], None],
        later: Later,
        now: Callable[[], datetime],
    ) -> None:
        self._faults = faults
        self._shown, self._late, self._foreign = memory.shown, memory.late, memory.foreign
        self._send = send
        self._later = later
        self._now = now

    def send(self, message: Message) -> None:
        match message.name:
            case "open_order" | "order_status":
                self._order(message)
            case "completed_order" if self._faults.on("no_reference"):
                self._send(_with(message, order_ref=""))
            case "exec_details":
                self._execution(message)
            case "commission_report":
                self._told_later(message, message.text("exec_id"))
            case _:
                self._send(message)

    def _order(self, message: Message) -> None:
        status = message.text("status")
        if message.name == "open_order" and message.flag("what_if"):
            says_no = self._faults.take("what_if_no", self._now()) is not None
            self._send(_with(message, status="Inactive", warning_text=SAYS_NO) if says_no else message)
            return
        if status in _WORKING and self._faults.on("no_perm_id"):
            self._send(_with(message, perm_id=0, status="PendingSubmit"))
            return
        self._send(message)
        if message.name == "order_status" and status == "Submitted":
            self._goes_inactive(message)

    def _goes_inactive(self, message: Message) -> None:
        perm_id = message.whole("perm_id")
        is_new = perm_id not in self._shown
        self._shown.add(perm_id)
        fault = self._faults.take("inactive", self._now()) if is_new else None
        if fault is not None:
            self._send(_with(message, status="Inactive"))
            self._later(fault.number(), lambda: self._send(message))

    def _execution(self, message: Message) -> None:
        exec_id, now = message.text("exec_id"), self._now()
        is_live = message.whole("req_id") == -1
        if is_live and _fill_of(exec_id) not in self._late:
            late = self._faults.take("executions_late", now)
            if late is not None:
                fill = _fill_of(exec_id)
                self._late.add(fill)
                self._later(late.number(), lambda: self._late.discard(fill))
        if is_live and message.text("sec_type") != _COMBO and self._faults.take("foreign_leg", now) is not None:
            foreign = {"con_id": _FOREIGN_CON_ID, "exec_id": f"{_fill_of(exec_id)}.{_FOREIGN_ROW}.01", "local_symbol": "SPY1"}
            self._foreign[exec_id] = _with(message, **foreign)
        changes: dict[str, object] = {}
        if self._faults.on("no_reference"):
            changes["order_ref"] = ""
        if self._faults.on("odd_times"):
            changes["time"] = NO_TIME
        self._told_later(_with(message, **changes), exec_id)
        if exec_id in self._foreign:
            self._told_later(_with(self._foreign[exec_id], req_id=message.whole("req_id")), exec_id)

    def _told_later(self, message: Message, exec_id: str) -> None:
        """Now, or once the executions of its fill are told; an answer that asks for them meanwhile has none of them."""
        told = _with(message, exec_id=_short(exec_id)) if self._faults.on("shared_exec_ids") else message
        if _fill_of(exec_id) not in self._late:
            self._send(told)
        elif "req_id" not in message.values or message.whole("req_id") == -1:
            self._wait(told, exec_id)

    def _wait(self, message: Message, exec_id: str) -> None:
        def again() -> None:
            if _fill_of(exec_id) in self._late:
                self._wait(message, exec_id)
            else:
                self._send(message)

        self._later(1.0, again)


def _with(message: Message, **changes: object) -> Message:
    return replace(message, values={**message.values, **changes}) if changes else message  # pyright: ignore[reportArgumentType]


def _fill_of(exec_id: str) -> str:
    """The first two parts: rows of one fill share them."""
    return ".".join(exec_id.split(".")[:2])


def _short(exec_id: str) -> str:
    """Without the part that counts corrections: then the row is the last part, and all of the rest is shared."""
    return ".".join(exec_id.split(".")[:3])
