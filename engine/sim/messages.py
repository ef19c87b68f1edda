"""Turns what the exchange holds and says into messages of the protocol, filled as TWS fills them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, cast

from engine.domain.session import NEW_YORK
from engine.sim.exchange.instruments import ComboLeg, Instrument
from engine.sim.exchange.orders import (
    BAG_CON_ID,
    Commission,
    Execution,
    Order,
    OrderTerms,
    Preview,
    StatusShown,
)
from engine.sim.options import TimeFormat
from engine.sim.wire.codec import Message
from engine.sim.wire.kinds import Row, Value

Values: TypeAlias = dict[str, Value]

ECHOED = (
    "oca_group",
    "origin",
    "outside_rth",
    "hidden",
    "discretionary_amt",
    "good_after_time",
    "good_till_date",
    "fa_group",
    "fa_method",
    "fa_percentage",
    "model_code",
    "rule_80a",
    "percent_offset",
    "settling_firm",
    "block_order",
    "sweep_to_fill",
    "all_or_none",
    "min_qty",
    "e_trade_only",
    "firm_quote_only",
    "nbbo_price_cap",
    "trigger_method",
    "opt_out_smart_routing",
    "not_held",
    "algo_strategy",
    "algo_params",
    "cash_qty",
)
"""Fields of a request that TWS repeats in open_order."""

_ECHOED_DONE = tuple(
    name
    for name in ECHOED
    if name not in {"block_order", "e_trade_only", "firm_quote_only", "nbbo_price_cap", "opt_out_smart_routing"}
)


def echo_of(request: Row) -> Mapping[str, object]:
    """What an order's answers will repeat of its request."""
    return {name: request[name] for name in ECHOED if name in request}


def action_of(text: str) -> str:
    """BUY or SELL, also for a sale that says it is short; anything else as it came, to be refused."""
    action = text.upper()
    return "SELL" if action == "SSHORT" else action


def leg_of(row: Message) -> ComboLeg:
    """One leg of a combination as a request names it."""
    values = row.values
    return ComboLeg(
        con_id=row.whole("con_id"),
        ratio=row.whole("ratio"),
        action=action_of(row.text("action")),
        exchange=row.text("exchange") or "SMART",
        open_close=row.whole("open_close") if "open_close" in values else 0,
        short_sale_slot=row.whole("short_sale_slot") if "short_sale_slot" in values else 0,
        designated_location=row.text("designated_location") if "designated_location" in values else "",
        exempt_code=row.whole("exempt_code") if "exempt_code" in values else -1,
    )


def contract_values(instrument: Instrument, *, exchange: str | None = None) -> Values:
    """The contract as positions, executions and orders name it; `exchange` None leaves both exchange fields out."""
    option = instrument.option
    values: Values = {
        "con_id": instrument.con_id,
        "symbol": instrument.symbol,
        "sec_type": instrument.sec_type,
        "expiry": instrument.wire_expiry,
        "strike": 0.0 if option is None else float(option.strike),
        "right": "" if option is None else option.put_call,
        "multiplier": "" if option is None else str(option.multiplier),
        "currency": instrument.currency,
        "local_symbol": instrument.local_symbol,
        "trading_class": instrument.trading_class,
    }
    if exchange is not None:
        values["exchange"] = exchange
    return values


def bag_values(symbol: str) -> Values:
    """The contract of a combination: legs are told elsewhere."""
    return {
        "con_id": BAG_CON_ID,
        "symbol": symbol,
        "sec_type": "BAG",
        "exchange": "SMART",
        "currency": "USD",
        "local_symbol": str(BAG_CON_ID),
        "trading_class": "COMB",
    }


def error(req_id: int, code: int, text: str) -> Message:
    return Message("error", {"req_id": req_id, "code": code, "text": text})


def order_status(shown: StatusShown) -> Message:
    return Message(
        "order_status",
        {
            "order_id": shown.order_id,
            "status": shown.status,
            "filled": shown.filled,
            "remaining": shown.remaining,
            "avg_fill_price": shown.average_price,
            "perm_id": shown.perm_id,
            "parent_id": shown.parent_id,
            "last_fill_price": shown.last_price,
            "client_id": shown.client_id,
            "why_held": shown.why_held,
        },
    )


def open_order(order: Order, instrument: Instrument | None, status: str, fee: Decimal | None = None) -> Message:
    """The order as it works; `instrument` None for a combination, `fee` in USD once it is known."""
    values = _terms(order.terms, instrument)
    values |= {
        "order_id": order.order_id,
        "client_id": order.client_id,
        "perm_id": order.perm_id,
        "parent_id": order.terms.parent_id,
        "shares_allocation": f"{order.perm_id}.0/{order.terms.account}/100",
        "status": status,
    }
    if fee is not None:
        values |= {"commission": fee, "commission_currency": "USD"}
    return Message("open_order", values)


def what_if(
    client_id: int,
    order_id: int,
    perm_id: int,
    terms: OrderTerms,
    instrument: Instrument | None,
    shown: Preview,
    *,
    as_range: bool,
) -> Message:
    """The answer to a preview: margins before and after, and commission."""
    values = _terms(terms, instrument)
    values |= {"order_id": order_id, "client_id": client_id, "perm_id": perm_id, "what_if": True, "status": "PreSubmitted"}
    before, after = shown.before, shown.after
    for name, old, new in (
        ("init_margin", before.initial, after.initial),
        ("maint_margin", before.maintenance, after.maintenance),
        ("equity_with_loan", before.equity_with_loan, after.equity_with_loan),
    ):
        values |= {f"{name}_before": _cents(old), f"{name}_change": _cents(new - old), f"{name}_after": _cents(new)}
    values |= {
        "commission": None if as_range else shown.commission,
        "min_commission": shown.commission,
        "max_commission": shown.commission,
        "commission_currency": "USD",
        "warning_text": shown.warning,
    }
    return Message("open_order", values)


def unset_what_if(client_id: int, order_id: int, terms: OrderTerms, instrument: Instrument | None, warning: str) -> Message:
    """What TWS sometimes sends before the real answer: a warning and no numbers."""
    values = _terms(terms, instrument)
    values |= {"order_id": order_id, "client_id": client_id, "what_if": True, "status": "PreSubmitted", "warning_text": warning}
    return Message("open_order", values)


def completed_order(order: Order, instrument: Instrument | None) -> Message:
    """A done order: TWS tells no ids of its client and a total quantity of 0."""
    values = _terms(order.terms, instrument, _ECHOED_DONE)
    done_at = order.done_at or order.accepted_at
    values |= {
        "perm_id": order.perm_id,
        "total_quantity": 0,
        "status": order.status,
        "filled_quantity": order.filled,
        "completed_time": time_text(done_at, "zone"),
        "completed_status": order.done_text,
        "adjusted_trail_stop_price": order.terms.limit,
    }
    return Message("completed_order", values)


def exec_details(execution: Execution, req_id: int, times: TimeFormat) -> Message:
    """One execution; `req_id` -1 when it happens."""
    instrument = execution.instrument
    values = bag_values(execution.symbol) if instrument is None else contract_values(instrument, exchange=execution.exchange)
    values |= {
        "req_id": req_id,
        "order_id": execution.order_id,
        "exec_id": execution.exec_id,
        "time": time_text(execution.at, times),
        "account": execution.account,
        "exec_exchange": execution.exchange,
        "side": execution.side,
        "shares": execution.shares,
        "price": execution.price,
        "perm_id": execution.perm_id,
        "client_id": execution.client_id,
        "cum_qty": execution.cum_quantity,
        "avg_price": execution.average_price,
        "order_ref": execution.order_ref,
        "last_liquidity": 2,
    }
    return Message("exec_details", values)


def commission_report(commission: Commission) -> Message:
    return Message(
        "commission_report",
        {
            "exec_id": commission.exec_id,
            "commission": commission.amount,
            "currency": commission.currency,
            "realized_pnl": commission.realized,
        },
    )


def time_text(at: datetime, form: TimeFormat) -> str:
    """An instant as TWS prints it; the two forms without a zone are New York's and UTC's."""
    match form:
        case "zone":
            return f"{at.astimezone(NEW_YORK):%Y%m%d %H:%M:%S} US/Eastern"
        case "two_spaces":
            return f"{at.astimezone(NEW_YORK):%Y%m%d  %H:%M:%S}"
        case "utc":
            return f"{at:%Y%m%d-%H:%M:%S}"
        case "universal":
            return f"{at:%Y%m%d %H:%M:%S} Universal"


def _terms(terms: OrderTerms, instrument: Instrument | None, echoed: tuple[str, ...] = ECHOED) -> Values:
    values: Values = {name: cast("Value", terms.echo[name]) for name in echoed if name in terms.echo}
    values |= bag_values(terms.symbol) if instrument is None else contract_values(instrument, exchange="SMART")
    values |= {
        "right": "?" if instrument is None or instrument.option is None else instrument.option.put_call,
        "action": terms.action,
        "total_quantity": terms.quantity,
        "order_type": terms.order_type,
        "lmt_price": terms.limit if terms.limit is not None else 0.0,
        "tif": terms.tif,
        "account": terms.account,
        "order_ref": terms.order_ref,
    }
    if instrument is None:
        values |= {
            "combo_legs_description": ",".join(f"{leg.con_id}|{leg.sign * leg.ratio}" for leg in terms.legs),
            "legs": tuple(
                {
                    "con_id": leg.con_id,
                    "ratio": leg.ratio,
                    "action": leg.action,
                    "exchange": leg.exchange,
                    "open_close": leg.open_close,
                    "short_sale_slot": leg.short_sale_slot,
                    "designated_location": leg.designated_location,
                    "exempt_code": leg.exempt_code,
                }
                for leg in terms.legs
            ),
            "smart_routing_params": tuple({"tag": tag, "value": value} for tag, value in terms.smart_params),
        }
    return values


def _cents(amount: Decimal) -> Decimal:
    return round(amount, 2)
