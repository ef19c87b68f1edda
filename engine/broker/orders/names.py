"""Which of our orders a row of TWS is about. An order is known by what names it, in this order:

1. our reference;
2. the permanent id that TWS gave it, also one that the journal holds;
3. for an order that was sent since this connection was made and has no permanent id yet: client id and order id, together with
   contract, side and quantity. TWS gives such numbers out again, so across a connection they name nothing.

Where two of them disagree the row is matched with nothing, and that is said: somebody copied an order, or TWS is garbled.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ib_async import Contract as IbContract
from ib_async import Execution
from ib_async import Order as IbOrder

SURE = 2
"""So many rows that tell the same permanent id are believed against one answer about the books that tells another."""


@dataclass(frozen=True, slots=True)
class RowNames:
    """How one row names its order; empty and 0 where it does not."""

    ref: str
    perm_id: int
    order_id: int
    client_id: int
    account: str = ""
    """In which the order is."""

    def __str__(self) -> str:
        return f"reference {self.ref or 'none'}, permanent id {self.perm_id}, order id {self.order_id} of client {self.client_id}"


@dataclass(frozen=True, slots=True)
class Sent:
    """An order as it left on this connection."""

    ref: str
    action: str
    quantity: int
    legs: Mapping[int, int]
    """Contracts in the whole order by contract number, what it buys positive."""


Fits = Callable[[Sent], bool]
"""Whether contract, side and quantity of a row are those of an order."""


@dataclass(slots=True)
class _Bond:
    perm_id: int
    rows: int
    """How many rows told it."""


class Disagreement(Exception):
    """A row whose names are those of different orders; `refs` are the orders of ours that it may be about."""

    def __init__(self, names: RowNames, refs: Iterable[str], why: str) -> None:
        super().__init__(f"told under {names}: {why}")
        self.refs = tuple(sorted(refs))


class Names:
    """The names of our orders; `prefix` begins every reference that this journal gives."""

    def __init__(self, prefix: str, client_id: int) -> None:
        self._prefix = prefix
        self._client_id = client_id
        self.account = ""
        """Where our orders are; empty while TWS has not greeted."""
        self._bonds: dict[str, _Bond] = {}
        self._refs: dict[int, str] = {}
        self._sent: dict[int, Sent] = {}
        self.on_bound: Callable[[str, int], None] = lambda _ref, _perm_id: None
        """Called when an order's permanent id has become known: rows that came with it alone are now somebody's."""

    def is_ours(self, ref: str) -> bool:
        return ref.startswith(self._prefix)

    def recall(self, ref: str, perm_id: int) -> None:
        """The journal knows this order by this permanent id."""
        if perm_id > 0 and self.is_ours(ref) and perm_id not in self._refs:
            self._bind(ref, perm_id, rows=SURE)

    def sent(self, order_id: int, order: Sent) -> None:
        self._sent[order_id] = order

    def new_connection(self) -> None:
        """Order ids name nothing any more."""
        self._sent.clear()

    def perm_id_of(self, ref: str) -> int:
        """0 while nobody knows it."""
        bond = self._bonds.get(ref)
        return bond.perm_id if bond is not None else 0

    def match(self, names: RowNames, fits: Fits) -> str:
        """The reference of our order that the row is about; empty where it is none of ours. Raises Disagreement."""
        by_ref = names.ref if self.is_ours(names.ref) else ""
        by_perm = self._refs.get(names.perm_id, "") if names.perm_id > 0 else ""
        by_id = self._by_id(names, fits, is_last=not by_ref and not by_perm and not names.ref)
        meant = {ref for ref in (by_ref, by_perm, by_id) if ref}
        if names.ref and not by_ref and meant:
            raise Disagreement(names, meant, f"the reference is not ours, and the rest is that of {', '.join(sorted(meant))}")
        if len(meant) > 1:
            raise Disagreement(names, meant, f"these are names of {' and of '.join(sorted(meant))}")
        if not meant:
            return ""
        [ref] = meant
        if names.account and self.account and names.account != self.account:
            raise Disagreement(names, meant, f"it is in account {names.account}, and ours are in {self.account}")
        known = self.perm_id_of(ref)
        if names.perm_id > 0 and known and known != names.perm_id:
            raise Disagreement(names, meant, f"order {ref} is known under permanent id {known}")
        if names.perm_id > 0:
            self._bind(ref, names.perm_id)
        return ref

    def mentioned(self, names: RowNames) -> set[str]:
        """The orders of ours that any of the names is of; what else the row says could not be read."""
        by_id = self._sent.get(names.order_id) if names.client_id == self._client_id else None
        named = (
            names.ref if self.is_ours(names.ref) else "",
            self._refs.get(names.perm_id, ""),
            by_id.ref if by_id is not None else "",
        )
        return {ref for ref in named if ref}

    def mentioned_by(self, order: IbOrder) -> set[str]:
        return self.mentioned(RowNames(order.orderRef, order.permId, order.orderId, order.clientId))

    def settle(self, pairs: Iterable[tuple[str, int]]) -> None:
        """What a whole answer tells of our references and their permanent ids: it outweighs a bond that one row made."""
        told: dict[str, set[int]] = {}
        for ref, perm_id in pairs:
            if self.is_ours(ref) and perm_id > 0:
                told.setdefault(ref, set()).add(perm_id)
        for ref, perm_ids in told.items():
            bond = self._bonds.get(ref)
            if len(perm_ids) > 1 or (bond is not None and (bond.rows >= SURE or bond.perm_id in perm_ids)):
                continue
            [perm_id] = perm_ids
            if self._refs.get(perm_id, ref) == ref:
                if bond is not None:
                    del self._refs[bond.perm_id], self._bonds[ref]
                self._bind(ref, perm_id)

    def _by_id(self, names: RowNames, fits: Fits, *, is_last: bool) -> str:
        sent = self._sent.get(names.order_id) if names.client_id == self._client_id else None
        if sent is None or (sent.ref in self._bonds and names.perm_id > 0):
            return ""
        if fits(sent):
            return sent.ref
        if is_last:
            raise Disagreement(names, (sent.ref,), f"contract, side or quantity are not those of {sent.ref}, sent under this id")
        return ""

    def _bind(self, ref: str, perm_id: int, rows: int = 1) -> None:
        bond = self._bonds.get(ref)
        if bond is not None:
            bond.rows += rows
            return
        self._bonds[ref] = _Bond(perm_id, rows)
        self._refs[perm_id] = ref
        self.on_bound(ref, perm_id)


def execution_fits(contract: IbContract, execution: Execution) -> Fits:
    """A row of the whole combination fits by side, one of a leg by contract and side too; neither tells more than was ordered."""
    buys = execution.side == "BOT"

    def fits(sent: Sent) -> bool:
        if contract.secType == "BAG":
            return buys == (sent.action == "BUY") and execution.shares <= sent.quantity
        wanted = sent.legs.get(contract.conId, 0)
        return buys == (wanted > 0) and execution.shares <= abs(wanted)

    return fits


def order_fits(contract: IbContract, order: IbOrder) -> Fits:
    legs = legs_of(contract, order)

    def fits(sent: Sent) -> bool:
        one = tuple(sorted((con_id, wanted // sent.quantity) for con_id, wanted in sent.legs.items()))
        return order.action == sent.action and order.totalQuantity == sent.quantity and legs in {(), one}

    return fits


def any_fits(_: Sent) -> bool:
    """For rows that tell neither contract nor side: a status, which speaks of this connection's orders by their ids."""
    return True


def legs_of(contract: IbContract, order: IbOrder) -> tuple[tuple[int, int], ...]:
    """Contract number and contracts for one of the whole, what the order buys positive, by contract number.

    Empty for a combination whose legs are not told.
    """
    turn = 1 if order.action == "BUY" else -1
    if not contract.comboLegs and contract.secType == "BAG":
        return ()
    if not contract.comboLegs:
        return ((contract.conId, turn),)
    return tuple(sorted((leg.conId, turn * leg.ratio * (1 if leg.action == "BUY" else -1)) for leg in contract.comboLegs))
