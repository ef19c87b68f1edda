"""Contract requests of one client: details, option chains, symbols, price increments."""

from datetime import datetime
from decimal import Decimal

import numpy as np

from engine.domain.session import NEW_YORK, Session, trading_day
from engine.sim.exchange.instruments import Instrument
from engine.sim.exchange.rules import MARKET_RULES, market_rule, min_tick
from engine.sim.handlers.context import Client, Context
from engine.sim.messages import error
from engine.sim.wire.codec import Message
from engine.sim.wire.kinds import Value

OPTION_EXCHANGES = ("SMART", "AMEX", "BATS", "BOX", "CBOE", "ISE", "MIAX", "NASDAQOM", "PHLX", "PSE")
STOCK_EXCHANGES = ("SMART", "AMEX", "ARCA", "BATS", "IEX", "ISLAND", "NYSE")
_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,AON,AVGCOST,BASKET,COND,CONDORDER,DAY,GAT,GTC,GTD,GTT,IOC,LIT,LMT,MIT,MKT,MTL,NGCOMB,"
    "NONALGO,OCA,SCALE,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
HOURS_SHOWN_DAYS = 6
"""Calendar days of trading hours that contract details tell."""

SAMPLES = 16
"""Symbols that a pattern may find, as TWS bounds them."""

SECURITY_TYPES = frozenset(
    [
        "BAG",
        "BILL",
        "BOND",
        "CASH",
        "CFD",
        "CMDTY",
        "CONTFUT",
        "CRYPTO",
        "EC",
        "FOP",
        "FUND",
        "FUT",
        "FUT+CONTFUT",
        "IND",
        "IOPT",
        "NEWS",
        "OPT",
        "STK",
        "WAR",
    ]
)
"""What TWS reads as a security type; all but STK, IND and OPT have nothing listed here."""

WRONG_TYPE = "Please enter a valid security type"

_STOCK_TYPES = {"etf": "ETF", "stock": "COMMON", "index": ""}


class ContractHandler:
    """Answers from the listing as it is at the moment of the question."""

    def __init__(self, context: Context, client: Client) -> None:
        self._tape = context.tape
        self._now = context.now
        self._faults = context.faults
        self._send = client.send

    def details(self, request: Message) -> None:
        req_id = request.whole("req_id")
        if self._faults.on("contracts_silent") is not None:
            return
        if request.text("sec_type") == "BAG":
            text = "'BAG' isn't supported for contract data request. Please enter a valid security type"
            self._send(error(req_id, 321, f"Error validating request.-'bI' : cause - {text}"))
            return
        if not names_a_type(request):
            self._send(error(req_id, 321, f"Error validating request.-'bI' : cause - {WRONG_TYPE}"))
            return
        found = self.find(request)
        if not found:
            self._send(error(req_id, 200, "No security definition has been found for the request"))
            return
        shown = self._tape.sessions(trading_day(self._now()), HOURS_SHOWN_DAYS)
        hours = ";".join(_hours(day, session) for day, session in shown)
        for instrument in found:
            self._send(self._details(req_id, instrument, hours))
        is_endless = found[0].option is not None and self._faults.take("contracts_endless", self._now()) is not None
        if not is_endless:
            self._send(Message("contract_details_end", {"req_id": req_id}))

    def chain(self, request: Message) -> None:
        """Expiries and strikes of each trading class, once for SMART and once for CBOE."""
        req_id, symbol = request.whole("req_id"), request.text("symbol")
        if self._faults.on("contracts_silent") is not None:
            return
        under = self._tape.underlying(symbol)
        wanted = request.whole("under_con_id")
        if under is None or (wanted and wanted != under.con_id):
            self._send(error(req_id, 200, "No security definition has been found for the request"))
            return
        listing, days = self._tape.market.listing, self._tape.last_trade_days()
        for exchange in ("SMART", "CBOE"):
            for root in listing.trading_classes(symbol):
                rows = np.flatnonzero(listing.root == listing.roots.index(root))
                rows = rows[listing.u[rows] == listing.underlyings.index(symbol)]
                values: dict[str, Value] = {
                    "req_id": req_id,
                    "exchange": exchange,
                    "under_con_id": under.con_id,
                    "trading_class": root,
                    "multiplier": str(listing.multiplier[rows[0]]),
                    "expirations": tuple(str(day).replace("-", "") for day in np.unique(days[rows])),
                    "strikes": tuple(np.unique(listing.strike[rows]).tolist()),
                }
                self._send(Message("sec_def_opt_param", values))
        self._send(Message("sec_def_opt_param_end", {"req_id": req_id}))

    def symbols(self, request: Message) -> None:
        pattern = request.text("pattern").strip().upper()
        known = self._tape.market.underlyings.values()
        found = [u for u in known if pattern and (u.symbol.startswith(pattern) or pattern in u.name.upper())][:SAMPLES]
        samples = tuple(
            {
                "con_id": underlying.con_id,
                "symbol": underlying.symbol,
                "sec_type": underlying.security_type,
                "primary_exchange": underlying.primary_exchange,
                "currency": underlying.currency,
                "derivative_sec_types": ("OPT",) if underlying.roots else (),
                "description": underlying.name,
            }
            for underlying in found
        )
        self._send(Message("symbol_samples", {"req_id": request.whole("req_id"), "samples": samples}))

    def rule(self, request: Message) -> None:
        number = request.whole("market_rule_id")
        if number not in MARKET_RULES:
            self._send(error(-1, 321, f"Error validating request.-'bC' : cause - No market rule has the id {number}."))
            return
        increments = tuple({"low_edge": low, "increment": step} for low, step in MARKET_RULES[number])
        self._send(Message("market_rule", {"market_rule_id": number, "increments": increments}))

    def smart_components(self, request: Message) -> None:
        rows = tuple({"bit": bit, "exchange": name, "letter": name[0]} for bit, name in enumerate(OPTION_EXCHANGES[1:]))
        self._send(Message("smart_components", {"req_id": request.whole("req_id"), "components": rows}))

    def find(self, request: Message) -> list[Instrument]:
        """The instruments that fit what is told of them; what is not told fits anything."""
        con_id = request.whole("con_id")
        if con_id:
            known = self._tape.instrument(con_id)
            return [known] if known is not None and self._tape.is_listed(con_id) else []
        if request.text("sec_type") in {"STK", "IND"}:
            under = self._tape.underlying(request.text("symbol") or request.text("local_symbol"))
            return (
                [under] if under is not None and under.sec_type == request.text("sec_type") and _goes_to(request, under) else []
            )
        return self._options(request) if request.text("sec_type") == "OPT" else []

    def _options(self, request: Message) -> list[Instrument]:
        listing = self._tape.market.listing
        symbol = request.text("symbol")
        local, root = request.text("local_symbol"), request.text("trading_class")
        if request.text("exchange") not in {"", *OPTION_EXCHANGES} or request.text("currency") not in {"", "USD"}:
            return []
        if (symbol and symbol not in listing.underlyings) or not (symbol or local):
            return []  # an option is looked for by its underlying or by its own symbol
        keep = np.ones(len(listing), dtype=np.bool_)
        if symbol:
            keep &= listing.u == listing.underlyings.index(symbol)
        if local:  # its parts rule out almost all, before symbols are made to compare
            strike = local[13:]
            if not (strike.isascii() and strike.isdigit() and len(strike) == 8):
                return []
            keep &= listing.strike == int(strike) / 1000
            root = root or local[:6].rstrip()
        if root:
            keep &= listing.root == (listing.roots.index(root) if root in listing.roots else -1)
        if request.text("expiry"):
            days = np.datetime_as_string(self._tape.last_trade_days(), unit="D")
            keep &= np.char.startswith(np.char.replace(days, "-", ""), request.text("expiry"))
        if request.number("strike") is not None:
            keep &= listing.strike == request.number("strike")
        if request.text("right") not in {"", "0", "?"}:
            keep &= listing.sign == (1 if request.text("right").startswith("C") else -1)
        if request.text("multiplier"):
            keep &= listing.multiplier.astype(str) == request.text("multiplier")
        found = [self._tape.instrument(int(con_id)) for con_id in listing.con_id[keep]]
        return [one for one in found if one is not None and (not local or one.local_symbol == local)]

    def _details(self, req_id: int, instrument: Instrument, hours: str) -> Message:
        option = instrument.option
        under = self._tape.market.underlyings[instrument.symbol]
        exchanges = STOCK_EXCHANGES if instrument.sec_type == "STK" else OPTION_EXCHANGES
        if instrument.sec_type == "IND":
            exchanges = (instrument.exchange,)
        values: dict[str, Value] = {
            "req_id": req_id,
            "symbol": instrument.symbol,
            "sec_type": instrument.sec_type,
            "last_trade_date": self._last_trade(instrument),
            "strike": Decimal(0) if option is None else option.strike,
            "right": "" if option is None else option.put_call,
            "exchange": instrument.exchange,
            "currency": instrument.currency,
            "local_symbol": instrument.local_symbol,
            "market_name": instrument.trading_class,
            "trading_class": instrument.trading_class,
            "con_id": instrument.con_id,
            "min_tick": min_tick(instrument),
            "multiplier": "" if option is None else self._multiplier(option.multiplier),
            "order_types": _ORDER_TYPES,
            "valid_exchanges": ",".join(exchanges),
            "under_con_id": 0 if option is None else instrument.under_con_id,
            "long_name": under.name,
            "primary_exchange": instrument.primary_exchange,
            "contract_month": "" if option is None else f"{option.expiry:%Y%m}",
            "time_zone_id": "US/Eastern",
            "trading_hours": hours,
            "liquid_hours": hours,
            "agg_group": 2 if option is not None else 1,
            "under_symbol": "" if option is None else instrument.symbol,
            "under_sec_type": "" if option is None else under.security_type,
            "market_rule_ids": ",".join([str(market_rule(instrument))] * len(exchanges)),
            "real_expiration_date": "" if option is None else f"{option.expiry:%Y%m%d}",
            "stock_type": "" if option is not None else _STOCK_TYPES[instrument.kind],
        }
        return Message("contract_details", values)

    def _multiplier(self, shares: int) -> str:
        odd = self._faults.take("multiplier", self._now())
        return str(shares) if odd is None else f"{odd.number():.1f}"

    def _last_trade(self, instrument: Instrument) -> str:
        row = None if instrument.option is None else self._tape.market.row(instrument.con_id)
        if row is None:
            return instrument.wire_expiry
        last = datetime.fromtimestamp(float(self._tape.market.listing.last_trade[row]), NEW_YORK)
        return f"{last:%Y%m%d %H:%M} US/Eastern"


def names_a_type(request: Message) -> bool:
    """Whether a contract that is not named by its number says what it is."""
    return request.whole("con_id") != 0 or request.text("sec_type") in SECURITY_TYPES


def _goes_to(request: Message, instrument: Instrument) -> bool:
    exchanges = {"", instrument.exchange, instrument.primary_exchange}
    if instrument.sec_type == "STK":
        exchanges |= set(STOCK_EXCHANGES)
    return request.text("exchange") in exchanges and request.text("currency") in {"", instrument.currency}


def _hours(day: object, session: Session | None) -> str:
    stamp = f"{day:%Y%m%d}"
    if session is None:
        return f"{stamp}:CLOSED"
    opens, closes = session.open.astimezone(NEW_YORK), session.close.astimezone(NEW_YORK)
    return f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}"
