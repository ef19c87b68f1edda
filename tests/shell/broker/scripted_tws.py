"""A TWS that says what a test tells it to: real wire codec, no market, no memory of orders.

Every request is decoded and written down. What it answers is its script: a table of request name and answer, which a test
changes. The standard script greets, has an empty book of everything and tells the time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.sim.wire.codec import decode, encode, encode_frame
from engine.sim.wire.errors import WireError
from engine.sim.wire.frames import FrameReader, fields_of, frame, greeting_reply, read_greeting
from engine.sim.wire.message import Message

VERSION = 178
ACCOUNT = "DU1"
BAG_CON_ID = 28812380
"""The contract number that TWS gives every combination."""
PERM_ID = 900_000
"""Of an order, less its order id."""

Answer = Callable[["ScriptedTws", Message], None]


class ScriptedTws:
    """One TWS; `connection` is the protocol factory of its listener."""

    def __init__(self, *, accounts: str = ACCOUNT, currency: str = "USD", next_order_id: int = 1) -> None:
        self.accounts = accounts
        self.currency = currency
        self.next_order_id = next_order_id
        self.client_id = 0
        self.heard: list[tuple[float, Message]] = []
        self.script: dict[str, Answer] = dict(STANDARD)
        self.transport: asyncio.Transport | None = None
        self.greets = True
        self.version = VERSION
        """What it greets with."""
        self.greeting: list[str] | None = None
        """Greets with these fields instead."""
        self.placed: dict[int, Message] = {}
        """The last message for every order id."""

    def connection(self) -> asyncio.Protocol:
        return _Connection(self)

    def asked(self, name: str) -> list[Message]:
        """Requests of this name, oldest first."""
        return [message for _, message in self.heard if message.name == name]

    def requested_at(self, name: str) -> list[float]:
        return [at for at, message in self.heard if message.name == name]

    @property
    def orders(self) -> list[Message]:
        """Orders and changes of orders, what-ifs left out."""
        return [message for message in self.asked("place_order") if not message.flag("what_if")]

    # Saying.

    def say(self, name: str, **values: Any) -> None:
        assert self.transport is not None
        if not self.transport.is_closing():
            self.transport.write(encode_frame(Message(name, values), VERSION))

    def garbled(self, name: str, wrong: Mapping[str, str], **values: Any) -> None:
        """A message of which some fields hold a text that they cannot hold."""
        fields = self.encoded(name, **values)
        for field, text in wrong.items():
            fields[_place(name, field, values)] = text
        self.say_fields(fields)

    def encoded(self, name: str, **values: Any) -> list[str]:
        return encode(Message(name, values), VERSION)

    def say_fields(self, fields: Sequence[str]) -> None:
        """Any fields, also such as no message has."""
        assert self.transport is not None
        if not self.transport.is_closing():
            self.transport.write(frame(fields))

    def error(self, request: int, code: int, text: str) -> None:
        self.say("error", req_id=request, code=code, text=text)

    def open_order(self, order_id: int, status: str, **changes: Any) -> None:
        """openOrder for an order that was placed, as TWS returns it: with its own number for the combination."""
        self.say("open_order", **(self.open_order_values(order_id, status) | changes))

    def open_order_values(self, order_id: int, status: str) -> dict[str, Any]:
        return open_order_values(self.placed[order_id], self.client_id, status)

    def status(self, order_id: int, status: str, filled: int = 0, remaining: int = 0, **changes: Any) -> None:
        values: dict[str, Any] = {
            "order_id": order_id,
            "status": status,
            "filled": Decimal(filled),
            "remaining": Decimal(remaining),
            "perm_id": PERM_ID + order_id,
            "client_id": self.client_id,
        }
        self.say("order_status", **(values | changes))

    def works(self, order_id: int, status: str = "Submitted") -> None:
        self.open_order(order_id, status)
        self.status(order_id, status)

    def execute(self, order_id: int, exec_id: str, con_id: int, side: str, shares: int, price: float, **changes: Any) -> None:
        """An execution of one leg, or of the whole combination where `con_id` is the combination's."""
        values: dict[str, Any] = {
            "req_id": -1,
            "order_id": order_id,
            "con_id": con_id,
            "symbol": "SPY",
            "sec_type": "BAG" if con_id == BAG_CON_ID else "OPT",
            "exchange": "SMART",
            "currency": "USD",
            "exec_id": exec_id,
            "time": "20261123 15:00:01 UTC",
            "account": ACCOUNT,
            "exec_exchange": "CBOE",
            "side": side,
            "shares": Decimal(shares),
            "price": price,
            "perm_id": PERM_ID + order_id,
            "client_id": self.client_id,
            "order_ref": self.placed[order_id].text("order_ref") if order_id in self.placed else "",
        }
        self.say("exec_details", **(values | changes))

    def commission(self, exec_id: str, amount: float, currency: str = "USD") -> None:
        self.say("commission_report", exec_id=exec_id, commission=amount, currency=currency)

    def hang_up(self) -> None:
        assert self.transport is not None
        self.transport.close()

    def receive(self, message: Message) -> None:
        self.heard.append((asyncio.get_running_loop().time(), message))
        if message.name == "place_order" and not message.flag("what_if"):
            self.placed[message.whole("order_id")] = message
        answer = self.script.get(message.name)
        if answer is not None:
            answer(self, message)


def open_order_values(placed: Message, client_id: int, status: str) -> dict[str, Any]:
    order_id = placed.whole("order_id")
    legs = tuple(
        {
            "con_id": leg.whole("con_id"),
            "ratio": leg.whole("ratio"),
            "action": leg.text("action"),
            "exchange": leg.text("exchange"),
        }
        for leg in placed.rows("legs")
    )
    return {
        "order_id": order_id,
        "con_id": BAG_CON_ID,
        "symbol": placed.text("symbol"),
        "sec_type": "BAG",
        "right": "?",
        "exchange": "SMART",
        "currency": "USD",
        "local_symbol": "SPY",
        "trading_class": "COMB",
        "action": placed.text("action"),
        "total_quantity": placed.size("total_quantity"),
        "order_type": "LMT",
        "lmt_price": placed.number("lmt_price"),
        "tif": placed.text("tif"),
        "account": placed.text("account"),
        "order_ref": placed.text("order_ref"),
        "client_id": client_id,
        "perm_id": PERM_ID + order_id,
        "legs": legs,
        "smart_routing_params": tuple(
            {"tag": row.text("tag"), "value": row.text("value")} for row in placed.rows("smart_routing_params")
        ),
        "status": status,
    }


def _place(name: str, field: str, values: Mapping[str, Any]) -> int:
    """Where the field stands, found by what changes with it."""
    for one, other in ((True, False), (987_654, 123_456), (Decimal(987_654), Decimal(123_456)), (9.5, 1.5), ("one", "other")):
        try:
            pair = [encode(Message(name, {**values, field: value}), VERSION) for value in (one, other)]
        except (WireError, TypeError, AttributeError):
            continue
        found = [at for at, (left, right) in enumerate(zip(*pair, strict=True)) if left != right]
        if found:
            return found[0]
    raise AssertionError(f"{name} has no field {field} that can be found")


class _Connection(asyncio.Protocol):
    def __init__(self, tws: ScriptedTws) -> None:
        self._tws = tws
        self._reader = FrameReader(greeting=True)
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._tws.transport = transport

    def data_received(self, data: bytes) -> None:
        for body in self._reader.feed(data):
            if self._greeted:
                self._tws.receive(decode("c2s", fields_of(body), VERSION))
            elif self._tws.greets:
                version = read_greeting(body).agreed_version()
                assert version == VERSION
                self._greeted = True
                assert self._tws.transport is not None
                if self._tws.greeting is not None:
                    self._tws.say_fields(self._tws.greeting)
                else:
                    self._tws.transport.write(greeting_reply(self._tws.version, "20261123 10:00:00 EST"))


def _start(tws: ScriptedTws, message: Message) -> None:
    tws.client_id = message.whole("client_id")
    tws.say("managed_accounts", accounts=tws.accounts)
    tws.say("next_valid_id", order_id=tws.next_order_id)
    tws.error(-1, 2104, "Market data farm connection is OK:usfarm")


def _account(tws: ScriptedTws, message: Message) -> None:
    account = message.text("account")
    for key, value in (
        ("NetLiquidation", "100000.50"),
        ("AvailableFunds", "90000"),
        ("LookAheadAvailableFunds", "89000"),
        ("BuyingPower", "360000"),
        ("ExcessLiquidity", "91000"),
    ):
        tws.say("account_value", key=key, value=value, currency=tws.currency, account=account)
    tws.say("account_value", key="AccountReady", value="true", currency="", account=account)
    tws.say("account_download_end", account=account)


def _executions(tws: ScriptedTws, message: Message) -> None:
    tws.say("exec_details_end", req_id=message.whole("req_id"))


def _say(name: str) -> Answer:
    def answer(tws: ScriptedTws, message: Message) -> None:
        tws.say(name)

    return answer


def _time(tws: ScriptedTws, message: Message) -> None:
    tws.say("current_time", time=1_795_446_000 + int(asyncio.get_running_loop().time()))


def _pnl(tws: ScriptedTws, message: Message) -> None:
    tws.say("pnl", req_id=message.whole("req_id"), daily=-12.5, unrealized=1.0, realized=-13.5)


STANDARD: Mapping[str, Answer] = {
    "start_api": _start,
    "req_positions": _say("position_end"),
    "req_account_updates": _account,
    "req_all_open_orders": _say("open_order_end"),
    "req_completed_orders": _say("completed_orders_end"),
    "req_executions": _executions,
    "req_current_time": _time,
    "req_pnl": _pnl,
}
