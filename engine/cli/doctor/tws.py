"""Asks a TWS or IB Gateway, over its own protocol, what an engine would meet there. Nothing that it asks changes anything.

1. connect, and greet: which version it speaks, and which local time it tells
2. startApi: the accounts of the user, the next order id
3. the time; the value of the account; the open orders of this client: there are none, but a read-only API refuses to say so
4. a market data line for each underlying, ended as soon as its kind of data is known
5. of the first underlying its options, and a line for one of them: their data are another subscription

A client library would hide the steps; here the one that fails is told.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from engine.cli.doctor.option import likely
from engine.domain.index_classes import INDEX_CLASSES, is_index
from engine.sim.wire.codec import Message, decode, encode_frame
from engine.sim.wire.errors import WireError
from engine.sim.wire.frames import NEWEST_VERSION, OLDEST_VERSION, FrameReader, fields_of, greeting
from engine.sim.wire.kinds import Value

PORTS: Mapping[int, str] = {
    7497: "TWS, paper",
    4002: "IB Gateway, paper",
    7496: "TWS, live",
    4001: "IB Gateway, live",
}
"""Where TWS and Gateway listen unless they were told otherwise."""
CLIENT_ID = 999_002
"""Far from the numbers that people give to their programs, and from those of the other commands."""
TRIES = 3
"""Client ids that are tried: an earlier doctor's session may linger for some seconds."""
KNOCK_S = 2.0
"""For a connection; a TWS in another room of the house answers within milliseconds."""
ANSWER_S = 8.0
"""For everything that is asked: TWS gathers account values for up to three seconds after a login."""
READ_ONLY = "read-only"
"""What TWS says, in small letters, where the API may only look."""

Step = Literal["refused", "silent", "closed", "no TWS", "id taken", "answered"]
"""How far it came: nobody listens, accepted and never answered, hung up, something else answered, every id taken, all of it."""
Quality = Literal["live", "frozen", "delayed", "none", "taken", "unknown"]
_QUALITIES: dict[int, Quality] = {1: "live", 2: "frozen", 3: "delayed", 4: "delayed"}
_DATA_CODES: dict[int, Quality] = {
    354: "none",
    10089: "none",
    10090: "none",
    10091: "none",
    10186: "none",
    10168: "none",
    10167: "delayed",
    10197: "taken",
    200: "unknown",
    101: "unknown",
}
"""What a code that is addressed to a line says of its data."""
_TIME, _SUMMARY, _ORDERS = "time", "summary", "orders"
_SUMMARY_ID, _DETAILS_ID, _CHAIN_ID, _OPTION_ID, _FIRST_LINE = 1, 2, 3, 4, 10
_PRICES = frozenset({1, 2, 4, 9, 66, 67, 68, 75})
"""Ticks that tell a price: bid, ask, last and close, live and delayed."""
_NO_SUCH_CONTRACT = 200


@dataclass(slots=True)
class Answers:
    """What one TWS said. What was not said is None."""

    host: str
    port: int
    step: Step = "refused"
    why: str = ""
    """In the words of the system or of TWS, where it did not come to an end."""
    version: int | None = None
    local_time: str = ""
    """Of the machine that TWS runs on, as it greeted."""
    greeted_at: datetime | None = None
    """By our clock, UTC."""
    accounts: tuple[str, ...] = ()
    told_accounts: bool = False
    read_only: bool | None = None
    ahead_s: float | None = None
    """How far TWS's clock is ahead of ours; negative where it is behind. It tells whole seconds."""
    net_liquidation: float | None = None
    currency: str = ""
    data: dict[str, Quality] = field(default_factory=dict[str, Quality])
    """By underlying, and of one option as `SPX options`."""
    link_lost: str = ""
    """What TWS said of its own connection to IBKR, where that is broken."""

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


def listens(host: str, port: int) -> bool:
    """Whether somebody takes connections at this address."""
    try:
        with socket.create_connection((host, port), KNOCK_S):
            return True
    except OSError:
        return False


def ask(host: str, port: int, underlyings: Sequence[str], now: Callable[[], datetime], patience_s: float = ANSWER_S) -> Answers:
    """What the TWS at this address says. Never raises for what it may meet there."""
    answers = Answers(host, port)
    for number in range(TRIES):
        answers = Answers(host, port)
        try:
            with socket.create_connection((host, port), KNOCK_S) as connection:
                answers.step = "silent"
                _Talk(connection, answers, now, patience_s).hold(CLIENT_ID + number, underlyings)
        except (TimeoutError, ConnectionRefusedError, socket.gaierror) as error:
            answers.why = answers.why or str(error)
        except (ConnectionError, EOFError) as error:
            answers.step, answers.why = ("closed", str(error)) if answers.step == "silent" else (answers.step, answers.why)
        except (WireError, ValueError) as error:
            answers.step, answers.why = "no TWS", str(error)
        except OSError as error:
            answers.why = error.strerror or str(error)
        if answers.step != "id taken":
            break
    return answers


class _Talk:
    """One connection, from the greeting to the last answer."""

    def __init__(self, connection: socket.socket, answers: Answers, now: Callable[[], datetime], patience_s: float) -> None:
        self._connection, self._answers, self._now = connection, answers, now
        self._reader = FrameReader()
        self._ends = time.monotonic() + patience_s
        self._version = 0
        self._missing: set[str] = set()
        self._lines: dict[int, str] = {}
        self._asked_at = now()
        self._price: float | None = None
        """Of the first underlying, as far as it was told."""
        self._first = ""
        self._chain: tuple[str, Sequence[str], Sequence[float]] = ("", (), ())
        """Class, expiries and strikes of its options: those of the class with most expiries."""
        self._options: list[tuple[str, float]] = []
        """Options that may still be asked for."""

    def hold(self, client_id: int, underlyings: Sequence[str]) -> None:
        """Ask everything. Raises what sockets and frames raise, and EOFError where TWS hangs up."""
        self._connection.sendall(greeting())
        bodies = self._bodies()
        self._greeted(next(bodies, b""))
        self._send(Message("start_api", {"client_id": client_id}))
        messages = self._readable(bodies)
        for message in messages:
            self._hear(message)
            if self._answers.step == "id taken":
                return
            if self._answers.told_accounts:
                break
        self._answers.step = "answered"
        self._ask(underlyings)
        while self._missing:
            message = next(messages, None)
            if message is None:
                return
            self._hear(message)

    def _readable(self, bodies: Iterator[bytes]) -> Iterator[Message]:
        """What of it can be read: a message that is new to us, or odd, says nothing against what the others tell."""
        for body in bodies:
            with suppress(WireError):
                yield decode("s2c", fields_of(body), self._version)

    def _greeted(self, body: bytes) -> None:
        fields = fields_of(body) if body else []
        if len(fields) != 2 or not fields[0].isdigit():
            raise ValueError(f"it greets with {body[:40]!r}") if body else EOFError("it hung up without a word")
        self._version = int(fields[0])
        if not OLDEST_VERSION <= self._version <= NEWEST_VERSION:
            raise ValueError(f"it speaks version {self._version} of the protocol; {OLDEST_VERSION} to {NEWEST_VERSION} are known")
        self._answers.version, self._answers.local_time, self._answers.greeted_at = self._version, fields[1], self._now()

    def _ask(self, underlyings: Sequence[str]) -> None:
        self._missing = {_TIME, _SUMMARY, _ORDERS}
        self._asked_at = self._now()
        self._send(Message("req_current_time", {}))
        self._send(Message("req_open_orders", {}))
        summary = {"req_id": _SUMMARY_ID, "group": "All", "tags": "NetLiquidation"}
        self._send(Message("req_account_summary", summary))
        self._send(Message("req_market_data_type", {"market_data_type": 1}))
        for number, symbol in enumerate(underlyings):
            req_id = _FIRST_LINE + number
            self._lines[req_id] = symbol
            self._missing.add(symbol)
            self._send(Message("req_mkt_data", {"req_id": req_id, **_contract(symbol)}))
        if underlyings:
            self._first = underlyings[0]
            self._missing.add(_options_of(self._first))
            self._send(Message("req_contract_details", {"req_id": _DETAILS_ID, **_contract(self._first)}))

    def _hear(self, message: Message) -> None:
        answers = self._answers
        match message.name:
            case "managed_accounts":
                answers.accounts = tuple(name for name in message.text("accounts").split(",") if name)
                answers.told_accounts = True
            case "current_time":
                sent, came = self._asked_at.timestamp(), self._now().timestamp()
                # Told in whole seconds, cut off: half a second is added back.
                answers.ahead_s = message.whole("time") + 0.5 - (sent + came) / 2
                self._missing.discard(_TIME)
            case "account_summary" if answers.net_liquidation is None:
                self._value(message.text("value"), message.text("currency"))
            case "account_summary_end":
                self._missing.discard(_SUMMARY)
            case "open_order_end":
                answers.read_only = answers.read_only or False
                self._missing.discard(_ORDERS)
            case "market_data_type":
                self._quality(message.whole("req_id"), _QUALITIES.get(message.whole("market_data_type"), "unknown"))
            case "tick_price" if message.whole("req_id") == _FIRST_LINE and message.whole("tick_type") in _PRICES:
                price = message.values.get("price")
                self._price = float(price) if isinstance(price, float | Decimal) and price > 0 else self._price
            case "contract_details" if message.whole("req_id") == _DETAILS_ID and not self._chain[0]:
                kind = _contract(self._first)["sec_type"]
                of = {"symbol": self._first, "under_sec_type": kind, "under_con_id": message.whole("con_id")}
                self._send(Message("req_sec_def_opt_params", {"req_id": _CHAIN_ID, **of}))
            case "sec_def_opt_param":
                self._listed(message)
            case "sec_def_opt_param_end":
                _, expirations, strikes = self._chain
                self._options = likely(expirations, strikes, self._price, self._now().date())
                self._ask_option()
            case "error":
                self._error(message.whole("req_id"), message.whole("code"), message.text("text"))
            case _:
                pass

    def _value(self, value: str, currency: str) -> None:
        with suppress(ValueError):  # told as what is not known
            self._answers.net_liquidation, self._answers.currency = float(value), currency

    def _listed(self, message: Message) -> None:
        """Keep the class with most expiries: the one that is listed at SMART stands first, and is not replaced by its equal."""
        days, strikes = (message.values.get(name) for name in ("expirations", "strikes"))
        if not isinstance(days, tuple) or not isinstance(strikes, tuple):
            return
        listed = [float(strike) for strike in strikes if isinstance(strike, float)]
        told = message.text("trading_class"), [str(day) for day in days], listed
        if len(told[1]) > len(self._chain[1]):
            self._chain = told

    def _ask_option(self) -> None:
        name = _options_of(self._first)
        if not self._options:
            self._answers.data.setdefault(name, "unknown")
            self._missing.discard(name)
            return
        expiry, strike = self._options.pop(0)
        self._lines[_OPTION_ID] = name
        option: dict[str, Value] = {
            "req_id": _OPTION_ID, "symbol": self._first, "sec_type": "OPT", "expiry": expiry, "strike": strike, "right": "P",
            "multiplier": "100", "exchange": "SMART", "currency": "USD", "trading_class": self._chain[0],
        }  # fmt: skip
        self._send(Message("req_mkt_data", option))

    def _error(self, req_id: int, code: int, text: str) -> None:
        answers = self._answers
        if code == 326:
            answers.step, answers.why = "id taken", text
        elif code in {1100, 2110}:
            answers.link_lost = text
        elif code == 321 and READ_ONLY in text.casefold():
            answers.read_only = True
            self._missing.discard(_ORDERS)
        elif req_id == _OPTION_ID and code == _NO_SUCH_CONTRACT:
            self._ask_option()
        elif req_id in {_DETAILS_ID, _CHAIN_ID}:
            self._ask_option()  # nothing is listed, or it may not be told: not known
        elif req_id in self._lines and code in _DATA_CODES:
            self._quality(req_id, _DATA_CODES[code])
        elif req_id == _SUMMARY_ID:
            self._missing.discard(_SUMMARY)

    def _quality(self, req_id: int, quality: Quality) -> None:
        """What is worse is believed; the line is given back."""
        symbol = self._lines.get(req_id)
        if symbol is None:
            return
        if symbol not in self._answers.data:
            self._send(Message("cancel_mkt_data", {"req_id": req_id}))
        if self._answers.data.get(symbol, "live") == "live":
            self._answers.data[symbol] = quality
        self._missing.discard(symbol)

    def _send(self, message: Message) -> None:
        self._connection.sendall(encode_frame(message, self._version))

    def _bodies(self) -> Iterator[bytes]:
        """Frames as they come. Raises TimeoutError when patience ends before the session has begun; after that it just ends."""
        while True:
            left = self._ends - time.monotonic()
            if left <= 0:
                if self._answers.step == "silent":
                    raise TimeoutError("no answer")
                return
            self._connection.settimeout(left)
            try:
                chunk = self._connection.recv(65536)
            except TimeoutError:
                continue
            if not chunk:
                raise EOFError("it hung up")
            yield from self._reader.feed(chunk)


def _options_of(symbol: str) -> str:
    return f"{symbol} options"


def _contract(symbol: str) -> dict[str, str]:
    if not is_index(symbol):
        return {"symbol": symbol, "sec_type": "STK", "exchange": "SMART", "currency": "USD"}
    exchange = next((found.exchange for found in INDEX_CLASSES.values() if found.underlying == symbol), "CBOE")
    return {"symbol": symbol, "sec_type": "IND", "exchange": exchange, "currency": "USD"}


def local_instant(answers: Answers) -> datetime | None:
    """The wall clock of TWS's machine as it greeted, without its zone, as if it were UTC; None where it cannot be read."""
    try:
        return datetime.strptime(" ".join(answers.local_time.split()[:2]), "%Y%m%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
