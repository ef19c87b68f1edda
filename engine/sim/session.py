"""One client from startApi on: requests to the handlers that answer them."""

from collections.abc import Callable

from engine.sim.handlers.accounts import AccountHandler
from engine.sim.handlers.context import Client, Context
from engine.sim.handlers.contracts import ContractHandler
from engine.sim.handlers.history import HistoryHandler
from engine.sim.handlers.orders import OrderHandler
from engine.sim.handlers.quotes import QuoteHandler
from engine.sim.messages import error
from engine.sim.wire.codec import Message

Handler = Callable[[Message], None]

FARMS = (
    (2104, "Market data farm connection is OK:usfarm.nj"),
    (2104, "Market data farm connection is OK:usopt"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)
"""What TWS says of its data farms when a client has connected."""

_IGNORED = frozenset({"set_server_log_level", "req_news_bulletins", "verify_request", "verify_message"})
_EMPTY_ANSWERS = {
    "req_family_codes": "family_codes",
    "req_mkt_depth_exchanges": "mkt_depth_exchanges",
    "req_news_providers": "news_providers",
    "req_soft_dollar_tiers": "soft_dollar_tiers",
    "req_user_info": "user_info",
}
_REFUSALS = {
    "req_mkt_depth": (10092, "Deep market data is not supported for this combination of security type/exchange"),
    "req_tick_by_tick": (10189, "Failed to request tick-by-tick data:No market data permissions"),
    "req_historical_ticks": (10187, "Failed to request historical ticks:No data"),
    "req_histogram_data": (162, "Historical Market Data Service error message:HMDS query returned no data"),
    "req_fundamental_data": (430, "We are sorry, but fundamentals data for the security specified is not available."),
    "req_news_article": (10172, "Failed to request news article:No data available"),
    "req_historical_news": (10276, "News feed is not allowed."),
    "req_wsh_meta_data": (10276, "News feed is not allowed."),
    "req_wsh_event_data": (10276, "News feed is not allowed."),
    "request_fa": (321, "Error validating request.-'bN' : cause - FA data operations ignored for non FA customers."),
    "replace_fa": (321, "Error validating request.-'bN' : cause - FA data operations ignored for non FA customers."),
    "req_scanner_subscription": (162, "Historical Market Data Service error message:No items retrieved"),
}

_WRITES = frozenset(
    {
        *("place_order", "cancel_order", "req_global_cancel"),
        *("req_open_orders", "req_all_open_orders", "req_auto_open_orders", "req_completed_orders"),
    }
)
"""What a read-only API refuses: also to show orders, which may be changed by who sees them."""
_READ_ONLY = "Error validating request.-'cd' : cause - The API interface is currently in Read-Only mode."


class Session:
    """The handlers of one client, and what it is told when it comes and goes."""

    def __init__(self, context: Context, client: Client) -> None:
        self.client_id = client.id
        self._context = context
        self._send = client.send
        contracts = ContractHandler(context, client)
        history = HistoryHandler(context, client, contracts.find)
        self.quotes = QuoteHandler(context, client, contracts.find)
        self.accounts = AccountHandler(context, client)
        self.orders = OrderHandler(context, client, contracts.find)
        self._handlers = self._table(contracts, history)

    def greet(self, account: str) -> None:
        """What TWS says first: accounts, the next order id, its farms."""
        self._tell_accounts(account)
        self.tell_next_id()
        for code, text in FARMS:
            self._send(error(-1, code, text))

    def handle(self, request: Message) -> None:
        """Answers one request."""
        handler = self._handlers.get(request.name)
        if request.name in _WRITES and self._context.faults.on("read_only"):
            self._send(error(request.whole("order_id") if "order_id" in request.values else -1, 321, _READ_ONLY))
        elif handler is not None:
            handler(request)
        elif request.name in _EMPTY_ANSWERS:
            req_id = {"req_id": request.values["req_id"]} if "req_id" in request.values else {}
            self._send(Message(_EMPTY_ANSWERS[request.name], req_id))
        elif request.name not in _IGNORED and not request.name.startswith("cancel_"):
            code, text = _REFUSALS.get(request.name, (321, f"Error validating request : cause - {request.name} is not simulated"))
            req_id = request.values.get("req_id")
            self._send(error(req_id if isinstance(req_id, int) else -1, code, text))

    def say(self, code: int, text: str) -> None:
        """A message about the whole connection."""
        self._send(error(-1, code, text))

    def tell_next_id(self) -> None:
        self._send(Message("next_valid_id", {"order_id": self._context.exchange.ids.next_order_id}))

    def end(self) -> None:
        """The client has gone: its lines are free again."""
        self.quotes.lose()

    def paces(self) -> list[float]:
        """Seconds after which something is due for this client."""
        options = self._context.options
        paces = [options.pnl_every_s] if self.accounts.wants_profits else []
        return [*paces, options.account_every_s] if self.accounts.wants_values else paces

    def _table(self, contracts: ContractHandler, history: HistoryHandler) -> dict[str, Handler]:
        quotes, accounts, orders = self.quotes, self.accounts, self.orders
        return {
            "req_current_time": self._time,
            "req_managed_accounts": self._accounts,
            "req_ids": orders.ids,
            "req_contract_details": contracts.details,
            "req_sec_def_opt_params": contracts.chain,
            "req_matching_symbols": contracts.symbols,
            "req_market_rule": contracts.rule,
            "req_smart_components": contracts.smart_components,
            "req_mkt_data": quotes.start,
            "cancel_mkt_data": quotes.cancel,
            "req_market_data_type": quotes.data_type,
            "req_historical_data": history.bars,
            "cancel_historical_data": history.cancel,
            "req_real_time_bars": history.live_bars,
            "req_head_timestamp": history.begins,
            "req_account_updates": accounts.updates,
            "req_account_summary": accounts.summary,
            "cancel_account_summary": accounts.cancel_summary,
            "req_account_updates_multi": accounts.updates_multi,
            "cancel_account_updates_multi": accounts.cancel_updates_multi,
            "req_positions": accounts.positions,
            "cancel_positions": accounts.cancel_positions,
            "req_positions_multi": accounts.positions_multi,
            "cancel_positions_multi": accounts.cancel_positions_multi,
            "req_pnl": accounts.pnl,
            "cancel_pnl": accounts.cancel_pnl,
            "req_pnl_single": accounts.pnl_single,
            "cancel_pnl_single": accounts.cancel_pnl_single,
            "place_order": orders.place,
            "cancel_order": orders.cancel,
            "req_global_cancel": orders.cancel_all,
            "req_open_orders": orders.open_orders,
            "req_all_open_orders": orders.all_open_orders,
            "req_auto_open_orders": orders.auto_open_orders,
            "req_completed_orders": orders.completed_orders,
            "req_executions": orders.executions,
        }

    def _time(self, _: Message) -> None:
        ahead = self._context.faults.on("clock_ahead")
        seconds = self._context.now().timestamp() + (0.0 if ahead is None else ahead.number())
        self._send(Message("current_time", {"time": int(seconds)}))

    def _accounts(self, _: Message) -> None:
        self._tell_accounts(self._context.exchange.account.name)

    def _tell_accounts(self, account: str) -> None:
        told = ",".join((account, *self._context.exchange.others))
        self._send(Message("managed_accounts", {"accounts": "" if self._context.faults.on("no_account") else told}))
