"""The executions of our orders, each told once, whatever the order and the number of times in which TWS tells them.

Executions of a combination come as one row for the whole and one for each leg; only legs count. A commission may come before
its execution and waits for it. A row may name its order by a permanent id that nobody knows yet: it waits until another row
tells whose it is. A corrected execution has a new id and is told again, as is one that TWS tells again otherwise; the fold
replaces the old one.
"""

from dataclasses import replace

from ib_async import CommissionReport, Execution
from ib_async import Contract as IbContract

from engine.broker.orders.names import Names, RowNames, execution_fits
from engine.broker.translate import leg_filled, money
from engine.broker.unread import Unreadable
from engine.domain.facts.orders import CommissionReported, LegFilled
from engine.domain.facts.union import Fact
from engine.domain.spread import Action

EARLY_MAX = 1_000
"""Commissions and rows kept that found no execution and no order: those of other programs never will."""
KEPT_MAX = 20_000
"""Executions remembered, to know them again: years of spreads, a few megabytes."""
COMMISSION_MAX = 1_000_000

BAG = "BAG"
Known = tuple[str, int, Action]
"""Execution id, contract number and side."""


class Executions:
    """What TWS has told of executions; whose they are is asked of `names`."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._early: dict[str, CommissionReport] = {}
        self._unclaimed: dict[tuple[str, int], tuple[IbContract, Execution]] = {}
        self._by_id: dict[str, LegFilled] = {}
        self.account = ""
        """What happens in another one is none of ours."""
        self.fills: dict[Known, LegFilled] = {}
        self.commissions: dict[str, CommissionReported] = {}

    def execution(self, contract: IbContract, execution: Execution) -> tuple[Fact, ...]:
        """What is new in one row: nothing, a leg, or a leg and the commission that came before it.

        Raises Unreadable when the row is ours and cannot be meant, Disagreement when it names two orders.
        """
        names = RowNames(execution.orderRef, execution.permId, execution.orderId, execution.clientId)
        ref = self._names.match(names, execution_fits(contract, execution))
        if contract.secType == BAG:
            self._forget((execution.execId, contract.conId))
            return ()
        if not ref:
            if not names.ref and names.perm_id > 0:
                self._unclaimed[execution.execId, contract.conId] = (contract, execution)
                _keep(self._unclaimed, EARLY_MAX)
            return ()
        return self._filled(ref, contract, execution)

    def claim(self, perm_id: int) -> list[tuple[IbContract, Execution]]:
        """The rows that came with this permanent id alone, now that it is known to be an order of ours."""
        mine = [key for key, (_, execution) in self._unclaimed.items() if execution.permId == perm_id]
        return [self._unclaimed.pop(key) for key in mine]

    def commission(self, report: CommissionReport) -> tuple[Fact, ...]:
        """What is new in one report: nothing, or what a leg cost, also when TWS has revised it.

        Raises Unreadable when it is not in USD or no such amount.
        """
        fill = self._by_id.get(report.execId)
        if fill is None:
            self._early[report.execId] = report
            _keep(self._early, EARLY_MAX)
            return ()
        known = self.commissions.get(report.execId)
        told = None if known is None else (known.amount, known.con_id, known.action)
        return () if told == (money(report.commission), fill.con_id, fill.action) else self._paid(fill, report)

    def _forget(self, row: tuple[str, int]) -> None:
        """A row that was taken for a leg, because something of it was garbled, is none."""
        for known in [key for key in self.fills if key[:2] == row]:
            del self.fills[known]

    def _filled(self, ref: str, contract: IbContract, execution: Execution) -> tuple[Fact, ...]:
        if execution.acctNumber and self.account and execution.acctNumber != self.account:
            raise Unreadable("account", execution.acctNumber)
        fill = leg_filled(ref, contract, execution)
        key = (fill.exec_id, fill.con_id, fill.action)
        known, self._by_id[fill.exec_id] = self.fills.get(key), fill
        if known is not None and replace(known, perm_id=None) == replace(fill, perm_id=None):
            return ()
        self.fills[key] = fill
        if len(self.fills) > KEPT_MAX:
            oldest, _, _ = gone = next(iter(self.fills))
            del self.fills[gone]
            self._by_id.pop(oldest, None)
            self.commissions.pop(oldest, None)
        early = self._early.pop(execution.execId, None)
        try:
            return (fill,) if early is None else (fill, *self._paid(fill, early))
        except Unreadable:
            return (fill,)  # the report comes again with the next answer about the books, and is said then

    def _paid(self, fill: LegFilled, report: CommissionReport) -> tuple[Fact, ...]:
        amount = money(report.commission)
        if amount is None:
            return ()
        if report.currency not in {"USD", ""}:
            raise Unreadable("commission's currency", report.currency)
        if abs(amount) > COMMISSION_MAX:
            raise Unreadable("commission", report.commission)
        paid = CommissionReported(fill.order_ref, fill.exec_id, amount, fill.con_id, fill.action)
        self.commissions[fill.exec_id] = paid
        return (paid,)


def _keep(kept: dict[str, CommissionReport] | dict[tuple[str, int], tuple[IbContract, Execution]], most: int) -> None:
    """Let the oldest go where there are too many."""
    if len(kept) > most:
        kept.pop(next(iter(kept)))  # pyright: ignore[reportArgumentType] - a key of its own
