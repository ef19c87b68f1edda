"""Turns what TWS says into facts of the trade: pure functions, and the assembler that makes sense of any order of arrival.

Sentinels end here: -1, NaN, the greatest double and its text become None once. Executions of a combination come as one row
for the whole and one for each leg; only legs count. A commission may arrive before its execution and then waits for it.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ib_async import CommissionReport, Execution, OrderState
from ib_async import Contract as IbContract

from engine.domain.facts import CommissionReported, Fact, LegFilled, OrderPreviewed
from engine.ports import BrokerPosition

HUGE = 1e300
"""Above it a number is TWS's mark for no number: the greatest double, printed in several ways."""
EARLY_MAX = 1_000
"""Commissions kept that found no execution: those of other programs' orders never will."""
KEPT_MAX = 20_000
"""Executions remembered, to know them again: years of spreads, a few megabytes."""

BAG = "BAG"
STANDING = {
    "PendingSubmit": "working",
    "ApiPending": "working",
    "PreSubmitted": "working",
    "Submitted": "working",
    "PendingCancel": "working",
    "Filled": "filled",
    "Cancelled": "canceled",
    "ApiCancelled": "canceled",
    "Inactive": "inactive",
}
"""TWS's words for the standing of an order, in the port's."""
ACKNOWLEDGED = frozenset({"PreSubmitted", "Submitted", "PendingCancel", "Filled"})
"""Words that say that IBKR holds the order; before them only TWS does."""


def number(value: float | str | None) -> float | None:
    """The value, or None where it is absent: empty, not a number, infinite or huge."""
    if value is None or value == "":
        return None
    try:
        read = float(value)
    except ValueError:
        return None
    return read if -HUGE < read < HUGE else None  # not so for what is no number either


def money(value: float | str | None) -> Decimal | None:
    """The exact decimal that TWS printed, or None where there is none."""
    if number(value) is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def price(value: float) -> float | None:
    """A quoted price; None where TWS says that there is none (-1, 0 or no number)."""
    read = number(value)
    return read if read is not None and read > 0 else None


def greek(value: float | None) -> float | None:
    """A greek or a volatility; None for TWS's -2 and for no number. No true greek of one share is as low as -2 but theta.

    A theta of exactly -2 is lost with it, as TWS itself cannot tell it from none.
    """
    read = number(value)
    return None if read in {-2.0, None} else read


def volatility(value: float | None) -> float | None:
    """An implied volatility, decimal; None for TWS's -1 and -2 and for no number."""
    read = number(value)
    return read if read is not None and read > 0 else None


def preview(order_ref: str, state: OrderState) -> OrderPreviewed | None:
    """The what-if's answer, or None where this answer is not the real one.

    TWS may answer twice, the first time with a warning and no numbers: the real one names the commission's currency.
    """
    initial = money(state.initMarginChange)
    if initial is None or not state.commissionCurrency:
        return None
    if state.commissionCurrency != "USD":
        text = f"the what-if answers in {state.commissionCurrency}; this engine reckons in USD only"
        return OrderPreviewed(order_ref, "unknown", None, None, None, None, text)
    commission = money(state.commission)
    return OrderPreviewed(
        order_ref=order_ref,
        outcome="fits",
        initial_margin_change=initial,
        maintenance_margin_change=money(state.maintMarginChange),
        equity_with_loan_change=money(state.equityWithLoanChange),
        commission=money(state.maxCommission) if commission is None else commission,
        text=state.warningText,
    )


def leg_filled(order_ref: str, contract: IbContract, execution: Execution) -> LegFilled:
    """The execution of one leg. Raises ValueError when side, quantity or price cannot be meant."""
    paid = money(execution.price)
    is_sound = paid is not None and paid >= 0 and execution.shares == int(execution.shares) >= 0
    if paid is None or not is_sound or execution.side not in {"BOT", "SLD"}:
        raise ValueError(f"execution {execution.execId}: {execution.side} {execution.shares} at {execution.price}")
    return LegFilled(
        order_ref=order_ref,
        exec_id=execution.execId,
        con_id=contract.conId,
        action="buy" if execution.side == "BOT" else "sell",
        quantity=int(execution.shares),
        price=paid,
        executed_at=execution.time,
        perm_id=execution.permId or None,
    )


def position(contract: IbContract, quantity: float) -> BrokerPosition:
    text = contract.localSymbol or f"{contract.secType} {contract.symbol}"
    return BrokerPosition(contract.conId, contract.symbol, text, Decimal(str(quantity)).normalize())


class Executions:
    """The executions of our orders, each told once, whatever the order and the number of times TWS tells them.

    Ours are those whose reference begins with `prefix`, or whose permId belongs to such a one: TWS leaves the reference
    out of some rows. A corrected execution has a new id and is told again; the fold replaces the old one.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._refs: dict[int, str] = {}
        self._early: dict[str, CommissionReport] = {}
        self.fills: dict[str, LegFilled] = {}
        self.commissions: dict[str, CommissionReported] = {}

    def is_ours(self, order_ref: str) -> bool:
        return order_ref.startswith(self._prefix)

    def belongs(self, perm_id: int, order_ref: str) -> None:
        """TWS said that this permId is our order."""
        if perm_id and self.is_ours(order_ref):
            self._refs[perm_id] = order_ref

    def execution(self, contract: IbContract, execution: Execution) -> tuple[Fact, ...]:
        """What is new in one row: nothing, a leg, or a leg and the commission that came before it.

        Raises ValueError when the row is ours and cannot be meant.
        """
        self.belongs(execution.permId, execution.orderRef)
        order_ref = execution.orderRef or self._refs.get(execution.permId, "")
        if contract.secType == BAG or not self.is_ours(order_ref) or execution.execId in self.fills:
            return ()
        fill = self.fills[execution.execId] = leg_filled(order_ref, contract, execution)
        if len(self.fills) > KEPT_MAX:
            oldest = next(iter(self.fills))
            del self.fills[oldest]
            self.commissions.pop(oldest, None)
        early = self._early.pop(execution.execId, None)
        return (fill,) if early is None else (fill, *self._paid(fill, early))

    def commission(self, report: CommissionReport) -> tuple[Fact, ...]:
        """What is new in one report: nothing, or what a leg cost, also when TWS has revised it.

        Raises ValueError when it is not in USD.
        """
        known = self.commissions.get(report.execId)
        if known is not None and known.amount == money(report.commission):
            return ()
        fill = self.fills.get(report.execId)
        if fill is None:
            self._early[report.execId] = report
            if len(self._early) > EARLY_MAX:
                del self._early[next(iter(self._early))]
            return ()
        return self._paid(fill, report)

    def _paid(self, fill: LegFilled, report: CommissionReport) -> tuple[Fact, ...]:
        amount = money(report.commission)
        if amount is None:
            return ()
        if report.currency not in {"USD", ""}:
            raise ValueError(f"execution {report.execId}: a commission in {report.currency}; this engine reckons in USD only")
        fact = self.commissions[fill.exec_id] = CommissionReported(fill.order_ref, fill.exec_id, amount, fill.con_id, fill.action)
        return (fact,)


_ZONES = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "Eastern Standard Time": "America/New_York",
    "Eastern Daylight Time": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "Central Standard Time": "America/Chicago",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "Greenwich Mean Time": "Etc/GMT",
    "Coordinated Universal Time": "UTC",
    "Central European Standard Time": "Europe/Berlin",
    "Universal": "UTC",
}
"""Display names that TWS was seen to write instead of a zone's key."""
_TIME = re.compile(r"(\d{8})( +|-)(\d{2}:\d{2}:\d{2})(?: (.+))?")


def execution_time(text: str, zone: str) -> datetime | None:
    """The UTC instant of an execution; `zone` is TWS's own, for times that name none. None where it cannot be read.

    Four forms were seen: `20200114  11:08:15` in TWS's zone, `20251216 12:00:00 US/Eastern`, the same with a display name,
    and `20231214-20:57:37`, which is UTC.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    day, gap, clock, named = match.groups()
    key = _ZONES.get(named, named) if named else ("UTC" if gap == "-" else zone)
    try:
        local = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(key))
    except (ValueError, ZoneInfoNotFoundError):
        return None
    return local.astimezone(UTC)
