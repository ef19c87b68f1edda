"""Account requests of one client: values, portfolio, positions, profit and loss; once, and as they change."""

from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.session import NEW_YORK
from engine.sim.exchange.account import Position
from engine.sim.handlers.context import Client, Context
from engine.sim.handlers.values import LEDGER_TAGS, Values, account_values
from engine.sim.messages import contract_values, error
from engine.sim.wire.codec import Message
from engine.sim.wire.kinds import Value

_TOO_MANY = "Error processing request.-'bS' : cause - Maximum number of account summary requests exceeded"
_LEDGER = "$LEDGER"


class AccountHandler:
    """What one client has subscribed to about the account."""

    def __init__(self, context: Context, client: Client) -> None:
        self._exchange = context.exchange
        self._account = context.exchange.account
        self._tape = context.tape
        self._options = context.options
        self.ready = True
        """False while TWS says that its account values are not to be trusted."""
        self._send = client.send
        self._now = context.now
        self._faults = context.faults
        self._later = context.later
        self._updates = False
        self._positions = False
        self._summaries: dict[int, frozenset[str]] = {}
        self._multi: dict[int, bool] = {}
        self._positions_multi: set[int] = set()
        self._pnl: dict[int, Message | None] = {}
        self._pnl_single: dict[int, tuple[int, Message | None]] = {}
        self._sent: dict[int, Values] = {}
        self._values_at: datetime | None = None
        self._pnl_at: datetime | None = None

    @property
    def wants_profits(self) -> bool:
        return bool(self._pnl or self._pnl_single)

    @property
    def wants_values(self) -> bool:
        return bool(self._updates or self._summaries or self._multi)

    # requests

    def updates(self, request: Message) -> None:
        self._updates = request.flag("subscribe") and self._is_ours(request)
        if self._updates:
            self._values_at = self._now()
            self._show_values(account_values(self._account, self._tape))
            for position in self._account.held():
                self._show_portfolio(position)
            self._show_time()
            self._send(Message("account_download_end", {"account": self._account.name}))

    def summary(self, request: Message) -> None:
        req_id = request.whole("req_id")
        if req_id not in self._summaries and len(self._summaries) >= self._options.max_summaries:
            self._send(error(req_id, 322, _TOO_MANY))
            return
        self._summaries[req_id] = frozenset(tag for tag in request.text("tags").split(",") if tag)
        self._sent.pop(req_id, None)
        self._show_summary(req_id, account_values(self._account, self._tape))
        self._send(Message("account_summary_end", {"req_id": req_id}))

    def cancel_summary(self, request: Message) -> None:
        self._summaries.pop(request.whole("req_id"), None)

    def updates_multi(self, request: Message) -> None:
        req_id = request.whole("req_id")
        if not self._is_ours(request):
            return
        self._multi[req_id] = request.flag("ledger_and_nlv")
        self._sent.pop(req_id, None)
        self._show_multi(req_id, account_values(self._account, self._tape))
        self._send(Message("account_update_multi_end", {"req_id": req_id}))

    def cancel_updates_multi(self, request: Message) -> None:
        self._multi.pop(request.whole("req_id"), None)

    def positions(self, _: Message) -> None:
        self._positions = True
        late = self._faults.take("positions_late", self._now())
        if late is not None:
            self._later(late.number(), self._show_positions)
        else:
            self._show_positions()

    def _show_positions(self) -> None:
        for account in (self._account, *self._exchange.others.values()):
            for position in account.held():
                self._show_position(position, account.name)
        self._send(Message("position_end", {}))

    def cancel_positions(self, _: Message) -> None:
        self._positions = False

    def positions_multi(self, request: Message) -> None:
        req_id = request.whole("req_id")
        if not self._is_ours(request):
            return
        self._positions_multi.add(req_id)
        for position in self._account.held():
            self._show_position_multi(req_id, position)
        self._send(Message("position_multi_end", {"req_id": req_id}))

    def cancel_positions_multi(self, request: Message) -> None:
        self._positions_multi.discard(request.whole("req_id"))

    def pnl(self, request: Message) -> None:
        req_id = request.whole("req_id")
        if self._is_ours(request):
            self._pnl[req_id] = None
            self._show_pnl(req_id)

    def cancel_pnl(self, request: Message) -> None:
        self._pnl.pop(request.whole("req_id"), None)

    def pnl_single(self, request: Message) -> None:
        req_id = request.whole("req_id")
        if self._is_ours(request):
            self._pnl_single[req_id] = (request.whole("con_id"), None)
            self._show_pnl_single(req_id)

    def cancel_pnl_single(self, request: Message) -> None:
        self._pnl_single.pop(request.whole("req_id"), None)

    # what happens by itself

    def moved(self, con_ids: list[int], *, values: bool = True) -> None:
        """Positions changed: they are told at once, and the account's values with them unless told not to."""
        for con_id in con_ids:
            position = self._account.positions.get(con_id)
            if position is None:
                continue
            if self._positions:
                self._show_position(position)
            for req_id in sorted(self._positions_multi):
                self._show_position_multi(req_id, position)
            if self._updates:
                self._show_portfolio(position)
        if values:
            self._show_all_values()

    def tick(self, now: datetime) -> None:
        """Sends what is due by now: profit and loss about once a second, values every few minutes."""
        if self.wants_profits and _is_due(self._pnl_at, now, self._options.pnl_every_s):
            self._pnl_at = now
            for req_id in self._pnl:
                self._show_pnl(req_id)
            for req_id in self._pnl_single:
                self._show_pnl_single(req_id)
        if self.wants_values and _is_due(self._values_at, now, self._options.account_every_s):
            self._values_at = now
            if self._updates:
                for position in self._account.held():
                    self._show_portfolio(position)
            self._show_all_values()

    def _show_all_values(self) -> None:
        if not self.wants_values:
            return
        values = account_values(self._account, self._tape)
        if self._updates:
            self._show_values(values)
            self._show_time()
        for req_id in self._summaries:
            self._show_summary(req_id, values)
        for req_id in self._multi:
            self._show_multi(req_id, values)

    def _show_values(self, values: Values) -> None:
        if not self.ready:
            values = values | {("AccountReady", ""): "false"}
        for (key, currency), value in values.items():
            row = {"key": key, "value": value, "currency": currency, "account": self._account.name}
            self._send(Message("account_value", row))
        for other in self._exchange.others.values():
            for (key, currency), value in account_values(other, self._tape).items():
                self._send(Message("account_value", {"key": key, "value": value, "currency": currency, "account": other.name}))

    def _show_time(self) -> None:
        self._send(Message("account_time", {"time": f"{self._now().astimezone(NEW_YORK):%H:%M}"}))

    def _show_summary(self, req_id: int, values: Values) -> None:
        tags = self._summaries[req_id]
        ledger = {"BASE" if tag == _LEDGER else tag.removeprefix(f"{_LEDGER}:") for tag in tags if tag.startswith(_LEDGER)}
        if "ALL" in ledger:
            ledger |= {"BASE", "USD"}
        shown = {key: value for key, value in values.items() if key[0] in tags or (key[0] in LEDGER_TAGS and key[1] in ledger)}
        for (tag, currency), value in self._fresh(req_id, shown).items():
            row = {"req_id": req_id, "account": self._account.name, "tag": tag, "value": value, "currency": currency}
            self._send(Message("account_summary", row))

    def _show_multi(self, req_id: int, values: Values) -> None:
        only_ledger = self._multi[req_id]
        shown = {key: value for key, value in values.items() if not only_ledger or key[1] == "BASE" or key[0] == "NetLiquidation"}
        for (key, currency), value in self._fresh(req_id, shown).items():
            row = {"req_id": req_id, "account": self._account.name, "key": key, "value": value, "currency": currency}
            self._send(Message("account_update_multi", row))

    def _fresh(self, req_id: int, shown: Values) -> Values:
        """The values that this request has not been told yet."""
        told = self._sent.get(req_id, {})
        self._sent[req_id] = shown
        return {key: value for key, value in shown.items() if told.get(key) != value}

    def _show_portfolio(self, position: Position) -> None:
        value = position.value(self._tape)
        scale = position.quantity * position.instrument.multiplier
        mark = value / scale if scale else self._tape.quote(position.instrument.con_id).mark or Decimal(0)
        contract = contract_values(position.instrument)
        contract["primary_exchange"] = position.instrument.primary_exchange
        if position.instrument.option is None:
            contract["right"] = "0"
        self._send(
            Message(
                "portfolio_value",
                contract
                | {
                    "position": position.quantity,
                    "market_price": _rounded(mark, 6),
                    "market_value": _rounded(value, 2),
                    "average_cost": _rounded(position.average_cost, 6),
                    "unrealized_pnl": _rounded(value - position.cost, 2),
                    "realized_pnl": _rounded(position.realized, 2),
                    "account": self._account.name,
                },
            )
        )

    def _show_position(self, position: Position, account: str = "") -> None:
        values = self._position_values(position)
        self._send(Message("position", values | {"account": account or self._account.name}))

    def _show_position_multi(self, req_id: int, position: Position) -> None:
        self._send(Message("position_multi", self._position_values(position) | {"req_id": req_id}))

    def _position_values(self, position: Position) -> dict[str, Value]:
        contract = contract_values(position.instrument, exchange="")
        if self._faults.on("terms_changed") and position.instrument.option is not None:
            contract |= {
                "trading_class": f"{position.instrument.trading_class}1",
                "local_symbol": f"{position.instrument.symbol}1",
            }
        return contract | {
            "account": self._account.name,
            "position": position.quantity,
            "avg_cost": _rounded(position.average_cost, 6),
        }

    def _show_pnl(self, req_id: int) -> None:
        message = Message(
            "pnl",
            {
                "req_id": req_id,
                "daily": _rounded(self._account.daily(self._tape), 6),
                "unrealized": _rounded(self._account.unrealized(self._tape), 6),
                "realized": _rounded(self._account.realized, 6),
            },
        )
        if message != self._pnl[req_id]:
            self._pnl[req_id] = message
            self._send(message)

    def _show_pnl_single(self, req_id: int) -> None:
        con_id, told = self._pnl_single[req_id]
        position = self._account.positions.get(con_id)
        values: dict[str, Value] = {"req_id": req_id}  # of what is not held: a position of 0, and no profits
        if position is not None:
            value = position.value(self._tape)
            values |= {
                "position": position.quantity,
                "daily": _rounded(position.daily(self._tape), 6),
                "unrealized": _rounded(value - position.cost, 6),
                "realized": _rounded(position.realized, 6),
                "value": _rounded(value, 6),
            }
        message = Message("pnl_single", values)
        if message != told:
            self._pnl_single[req_id] = (con_id, message)
            self._send(message)

    def _is_ours(self, request: Message) -> bool:
        """Whether the request names our account, or none; else it is refused."""
        account = request.text("account")
        if account in {"", "All", self._account.name}:
            return True
        req_id = request.whole("req_id") if "req_id" in request.values else -1
        self._send(error(req_id, 321, f"Error validating request.-'bP' : cause - Invalid account code '{account}'"))
        return False


def _is_due(last: datetime | None, now: datetime, every_s: float) -> bool:
    return last is None or now - last >= timedelta(seconds=every_s)


def _rounded(amount: Decimal, places: int) -> float:
    return float(round(amount, places))
