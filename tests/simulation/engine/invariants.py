"""What must hold after every beat, whatever happened: watched from the journal, the wire and the books of the broker.

on the way out   a send, a change and a cancel only after their line is on disk; no reference is sent twice
at the broker    one order for one reference, one live order for one structure, every short covered, no order without a line
in the fold      nothing executed that was not, exposure within the limits, the same legs as the broker once all is quiet
"""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from engine.decide.risk.exposure import exposure
from engine.domain.facts.orders import CancelRequested, LegFilled, OrderRepriced, OrderSent
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.ports import Broker, Journal, Line
from engine.sim.exchange.orders import Execution
from engine.sim.simulator import Simulator
from engine.store.checkpoint import verify

RISK_IN_ALL = Decimal("0.25")
"""Of net liquidation: `total` of the account's limits."""


class Invariants:
    """Of one life of an engine on one simulator."""

    def __init__(self, sim: Simulator, state: Path, executed: set[tuple[str, int, str]] | None = None) -> None:
        """`executed` are the executions of all lives so far: the broker tells those of its own day only."""
        self._sim, self._state = sim, state
        self._executed = executed if executed is not None else set[tuple[str, int, str]]()
        self._on_disk: Counter[tuple[str, type[Fact]]] = Counter()
        self._done: Counter[tuple[str, type[Fact]]] = Counter()
        self._read = 0
        self._ids: dict[str, set[tuple[int | None, int]]] = defaultdict(set)
        self.beats = 0

    def journal(self, journal: Journal) -> Journal:
        return _WatchedJournal(journal, self._on_disk)

    def broker(self, broker: Broker) -> Broker:
        return _WatchedBroker(broker, self._leaves)

    def remember(self) -> None:
        """Take in what the broker has executed by now, before its midnight or a death."""
        self._executed |= {_key(row) for row in self._sim.executions() if row.instrument is not None}

    def check(self, ledger: Ledger) -> None:
        """All that must hold between two beats."""
        self.beats += 1
        self._check_orders(ledger)
        self._check_closes(ledger)
        self.check_cover()
        self._check_fold(ledger)

    def check_at_rest(self, ledger: Ledger) -> None:
        """What must hold besides once nothing is on its way any more."""
        self.check(ledger)
        assert ledger.contracts_held() == self._sim.positions(), "the legs of the fold are not the broker's positions"
        working = {order.terms.order_ref for order in self._sim.orders() if order.is_working}
        known = {order.ref for order in ledger.working() if order.is_at_broker}
        assert working == known, f"working at the broker {working}, at the broker as far as we know {known}"
        theirs = {_key(row): (row.shares, row.price) for row in self._sim.executions() if row.instrument is not None}
        sent = [order for order in ledger.orders.values() if not order.is_adopted]
        ours = {_known(fill): (fill.quantity, fill.price) for order in sent for fill in order.fills.values()}
        assert ours == theirs, "an execution is missing, invented or has another price"
        assert verify(self._state) > 0, "the journal is empty"

    def _leaves(self, ref: str, kind: type[Fact]) -> None:
        self._done[ref, kind] += 1
        assert self._done[ref, kind] <= self._on_disk[ref, kind], f"{kind.__name__} of {ref} left before its line was on disk"
        assert kind is not OrderSent or self._done[ref, kind] == 1, f"{ref} was sent twice"

    def _check_orders(self, ledger: Ledger) -> None:
        received = self._sim.received
        for number in range(self._read, len(received)):
            request = received[number]
            if request.name == "place_order" and not request.message.flag("what_if"):
                ref = request.message.text("order_ref")
                self._ids[ref].add((request.client_id, request.message.whole("order_id")))
                assert len(self._ids[ref]) == 1, f"{ref} reached the broker as {sorted(self._ids[ref], key=str)}"
        self._read = len(received)
        structures: Counter[tuple[str, frozenset[int]]] = Counter()
        for order in self._sim.orders():
            ours = ledger.orders.get(order.terms.order_ref)
            assert ours is not None, f"the broker has {order.terms.order_ref}, of which there is no line"
            assert ours.sent_at is not None, f"{ours.ref} works at the broker without a line that it was sent"
            if order.is_working:
                # Two positions may each have become shares of one underlying, and each trades its own away.
                of = ours.strategy if ours.purpose == "open" else ours.proposed.position
                structures[of, frozenset(con_id for con_id, _ in order.terms.trades())] += 1
        assert all(count == 1 for count in structures.values()), f"two live orders for one thing: {structures}"

    def _check_closes(self, ledger: Ledger) -> None:
        """The closes that work at the broker, all together, take no contract that is not held there."""
        taken = Counter[int]()
        for order in self._sim.orders():
            ours = ledger.orders.get(order.terms.order_ref)
            if order.is_working and ours is not None and ours.purpose == "close":
                taken.update({leg.contract.con_id: leg.ratio * order.remaining for leg in ours.spread.legs})
        held = {position.instrument.con_id: abs(position.quantity) for position in self._sim.holdings()}
        over = {con_id: count for con_id, count in taken.items() if count > held.get(con_id, 0)}
        assert not over, f"closes at work take {over}, held are { ({con_id: held.get(con_id, 0) for con_id in over}) }"

    def check_cover(self) -> None:
        """A short is covered by a long of its right that expires no earlier."""
        net: Counter[tuple[str, date]] = Counter()
        for position in self._sim.holdings():
            option = position.instrument.option
            if option is not None:
                net[option.put_call, option.expiry] += position.quantity
        for put_call in "PC":
            owned = 0
            for right, expiry in sorted(net, key=lambda key: key[1], reverse=True):
                if right == put_call:
                    owned += net[right, expiry]
                    assert owned >= 0, f"a short is not covered: {net}"

    def _check_fold(self, ledger: Ledger) -> None:
        self.remember()
        for order in ledger.orders.values():
            known = {_known(fill) for fill in order.fills.values() if not fill.provisional and not order.is_adopted}
            assert known <= self._executed, f"{order.ref} has executions that the broker does not know"
            assert order.filled <= order.quantity, f"{order.ref} filled {order.filled} of {order.quantity}"
            assert order.proposed.position == order.ref or order.purpose == "close" or order.proposed.rolled_from == order.joins
        for position in ledger.positions.values():
            if not any(part.spread.is_shares for part in position.parts):  # shares are counted each
                assert 0 <= position.quantity <= position.opened, f"{position.id}: {position.closed} of {position.opened} closed"
        # No limit can keep what the holders of options decide: shares of an assignment come beside whatever was at risk.
        was_assigned = any(part.spread.is_shares for position in ledger.open_positions() for part in position.parts)
        if ledger.worth.equity is not None and not was_assigned:
            risk = exposure(ledger, self._sim.now()).risk()
            bound = RISK_IN_ALL * ledger.worth.equity.net_liquidation
            assert risk <= bound, f"${risk} at risk, the limits allow ${bound}"


def _key(row: Execution) -> tuple[str, int, str]:
    """An execution of a leg, by the fill that it is a part of: a simulator that is told to shortens the ids of its rows."""
    assert row.instrument is not None, "the row of a whole combination is no execution of a leg"
    return _fill(row.exec_id), row.instrument.con_id, "buy" if row.side == "BOT" else "sell"


def _known(fill: LegFilled) -> tuple[str, int, str]:
    return _fill(fill.exec_id), fill.con_id, fill.action


def _fill(exec_id: str) -> str:
    return ".".join(exec_id.split(".")[:2])


class _WatchedJournal:
    """Passes everything on and knows what is certain to be on disk."""

    def __init__(self, journal: Journal, on_disk: Counter[tuple[str, type[Fact]]]) -> None:
        self._journal, self._on_disk = journal, on_disk
        self._fresh: list[Fact] = []

    def append(self, fact: Fact, at: object) -> Line:
        line = self._journal.append(fact, at)  # type: ignore[arg-type]
        self._fresh.append(fact)
        return line

    def begin_sync(self) -> None:
        self._journal.begin_sync()

    def sync(self) -> None:
        self._journal.sync()
        for fact in self._fresh:
            if isinstance(fact, OrderSent | OrderRepriced | CancelRequested):
                self._on_disk[fact.order_ref, type(fact)] += 1
        self._fresh.clear()


class _WatchedBroker:
    """Passes everything on and asks, before something leaves, whether its line is on disk."""

    def __init__(self, broker: Broker, leaves: object) -> None:
        self._broker, self._leaves = broker, leaves

    def __getattr__(self, name: str) -> object:
        return getattr(self._broker, name)

    def send(self, order: object, limit: Decimal) -> None:
        self._leaves(order.ref, OrderSent)
        self._broker.send(order, limit)

    def reprice(self, order: object, limit: Decimal) -> None:
        self._leaves(order.ref, OrderRepriced)
        self._broker.reprice(order, limit)

    def cancel(self, order: object) -> None:
        self._leaves(order.ref, CancelRequested)
        self._broker.cancel(order)
