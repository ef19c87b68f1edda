"""What changes in a running engine, a plain line each: for a screen reader, a pipe, a terminal without colours.

Nothing is drawn over and nothing is asked: each line that waits for a person ends with the command that answers it.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Annotated, cast

from cyclopts import Parameter

from engine.cli.amounts import dollars, instant, money
from engine.cli.client import ask, rows
from engine.cli.options import STATE, State
from engine.cli.remote import warnings
from engine.cli.show import Row, line
from engine.domain.errors import EngineError
from engine.domain.order import OVER

EVERY_S = 1.0
"""Between two looks."""
EXECUTIONS = 50
"""Of the newest: what filled whole between two looks is found by them."""


def watch(*, state: State = STATE, once: Annotated[bool, Parameter(show_default=False)] = False) -> int:
    """Tell what changes, a line each, until Ctrl-C: approvals that wait, orders, what stops trading and what wants a person.

    Nothing is drawn over, so it suits a screen reader, a pipe and a log. What it tells first is how things stand.

    Parameters
    ----------
    once
        Only how things stand now.
    """
    news, lost = News(), ""
    heard = ask(state, "GET", "/v1/status")
    line(heard.engine)
    while True:
        try:
            status, approvals = cast("Row", ask(state, "GET", "/v1/status").found), rows(state, "/v1/approvals")
            orders = rows(state, "/v1/orders?working=true")
            executed = [str(row["order_ref"]) for row in rows(state, f"/v1/executions?limit={EXECUTIONS}")]
            orders += [cast("Row", ask(state, "GET", f"/v1/orders/{ref}").found) for ref in news.ended(orders, executed)]
            for told in news.of(status, approvals, orders):
                line(f"{instant(status['at'])}: {told}")
            if lost:
                line("the engine answers again")
            lost = ""
        except EngineError as error:
            if once:
                raise
            if not lost:
                line(f"{error}; it is asked again")
            lost = str(error)
        if once:
            return 0
        time.sleep(EVERY_S)


class News:
    """What was told, so that nothing is told twice."""

    def __init__(self) -> None:
        self._trading = ""
        self._warned: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._orders: dict[str, tuple[object, ...]] = {}
        """How each order stood that works, or did when it was looked at last."""
        self._executed: set[str] | None = None
        """Orders whose executions are known; None before the first look, at which what is over is no news."""

    def ended(self, working: Sequence[Row], executed: Sequence[str]) -> list[str]:
        """The orders that are over since the last look, by references of those that work and of the newest executions."""
        refs, known = {str(row["order_ref"]) for row in working}, self._executed
        self._executed = {*executed}
        over = [ref for ref in self._orders if ref not in refs]
        if known is not None:
            over += [ref for ref in dict.fromkeys(executed) if ref not in {*known, *refs, *over}]
        return over

    def of(self, status: Row, approvals: Sequence[Row], orders: Sequence[Row]) -> Iterator[str]:
        """What is new since the last look, in sentences."""
        trading = "trading is on" if status["trading"] == "on" else f"nothing is opened: {status['trading']}"
        if trading != self._trading:
            yield trading
        self._trading = trading
        yield from self._of_warnings(status)
        yield from self._of_approvals(approvals)
        yield from self._of_orders(orders)

    def _of_warnings(self, status: Row) -> Iterator[str]:
        found = {_subject(told): told for told in warnings(status)}
        yield from (told for subject, told in found.items() if subject not in self._warned)
        yield from (f"no longer: {told}" for subject, told in self._warned.items() if subject not in found)
        self._warned = found

    def _of_approvals(self, approvals: Sequence[Row]) -> Iterator[str]:
        found = {str(row["order_ref"]): row for row in approvals}
        for ref, row in found.items():
            if ref not in self._waiting:
                yield (
                    f"waits for you: {row['quantity']} × {row['spread']} at {money(row['net_now'])}, can lose"
                    f" {dollars(row['max_loss_usd'])}, {row['strategy']}; `spreads approve {ref}` or `spreads decline {ref}`"
                )
        self._waiting = set(found)

    def _of_orders(self, orders: Sequence[Row]) -> Iterator[str]:
        found = {str(row["order_ref"]): (row["state"], row["filled"], row["limit"]) for row in orders}
        before = self._orders
        self._orders = {ref: stood for ref, stood in found.items() if stood[0] not in OVER}
        yield from (_order(row) for row in orders if before.get(str(row["order_ref"])) != found[str(row["order_ref"])])


def _order(row: Row) -> str:
    """An order as it stands."""
    what = f"{'opening' if row['purpose'] == 'open' else 'closing'} {row['quantity']} × {row['spread']}"
    filled = f", {row['filled']} filled at {money(row['net_filled'])}" if row["filled"] else ""
    why = f": {row['why']}" if row["why"] else ""
    return f"{row['order_ref']}, {what}: {str(row['state']).replace('_', ' ')} at {money(row['limit'])}{filled}{why}"


def _subject(told: str) -> str:
    """What a warning is about: without the times and ages that follow, which change with every look."""
    return told.partition(";")[0]
