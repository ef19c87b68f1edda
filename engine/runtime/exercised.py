"""Options that became shares, told from what the broker holds: the options are gone, and shares have come for them.

TWS sends no message of an assignment. Shares that are none of ours are taken out of the broker's count first, as they were when
the books agreed last. What then comes or goes beyond ours, while options of ours on them are gone that together make just so many
shares, and no others do, was delivered for these options.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, combinations

from engine.domain.contract import Contract, shares_of
from engine.domain.facts.positions import OptionsExercised
from engine.domain.ledger import Ledger
from engine.ports import BrokerPosition, BrokerState

SHARE = "STK"
"""The broker's word for the kind."""
DELIVERED_WITHIN = timedelta(days=5)
"""Shares of an expiry come the night after, by Monday or Tuesday at the latest."""
WAYS_MAX = 10
"""Options of one underlying that are gone at once; of more, every set of them is too much to try, and a person is asked."""
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Gone:
    """Options of ours that the broker holds no more."""

    contract: Contract
    contracts: int
    sign: int
    """+1 of options that were owned."""
    settled: str = ""
    """The position in whose settlement they were counted before; empty where our books hold them."""

    @property
    def shares(self) -> int:
        """What exercising, or the assignment, of all of them brings."""
        return self.sign * self.contracts * self.contract.multiplier * (1 if self.contract.put_call == "C" else -1)


def beside_foreign(ledger: Ledger, state: BrokerState) -> BrokerState:
    """The broker's state without the shares that were not ours when the books agreed last."""
    there = {position.con_id for position in state.positions}
    ours = {fact.share.con_id: fact.share.underlying for facts in ledger.ends.exercised.values() for fact in facts}
    gone = tuple(BrokerPosition(con_id, name, name, ZERO, SHARE) for con_id, name in ours.items() if con_id not in there)
    return replace(state, positions=(*(_less(position, ledger) for position in state.positions), *gone))


def foreign_quantity(position: BrokerPosition, ledger: Ledger) -> Decimal:
    """How many shares of a position were not ours when the books agreed last."""
    return next((one.quantity for one in ledger.foreign if one.name == position.text), ZERO)


def exercised(ledger: Ledger, state: BrokerState, now: datetime) -> Iterator[OptionsExercised]:
    """What became of options that are gone, for each position that held them, the oldest first.

    `state` is without foreign shares. Nothing is said while an order in options on the same shares is unknown, or where
    something cannot be read.
    """
    if state.unread_positions:
        return
    ours = ledger.contracts_held()
    unknown = {order.spread.underlying for order in ledger.working() if order.state == "unknown"}
    for position in state.positions:
        came = position.quantity - ours.get(position.con_id, 0)
        if position.kind != SHARE or not came or position.symbol in unknown:
            continue
        gone = [*_gone(position.symbol, ledger, state), *_settled(position.symbol, ledger, now)]
        ways = [some for some in _some_of(gone) if sum(one.shares for one in some) == came]
        if len(ways) == 1:
            share = shares_of(position.con_id, position.symbol)
            for one in ways[0]:
                yield from _of(one, share, ledger, now)


def _less(position: BrokerPosition, ledger: Ledger) -> BrokerPosition:
    foreign = foreign_quantity(position, ledger) if position.kind == SHARE else ZERO
    return replace(position, quantity=position.quantity - foreign) if foreign else position


def _gone(symbol: str, ledger: Ledger, state: BrokerState) -> list[_Gone]:
    """Options on these shares, settled in them, of which the broker holds less than our fills make."""
    ours = ledger.contracts_held()
    theirs = {position.con_id: position.quantity for position in state.positions}
    legs = {leg.contract for position in ledger.open_positions() for leg in position.legs if not leg.contract.is_share}
    found: list[_Gone] = []
    for contract in sorted(legs, key=lambda one: one.con_id):
        held = ours.get(contract.con_id, 0)
        sign = 1 if held > 0 else -1
        lacks = abs(held) - max(0, int(theirs.get(contract.con_id, ZERO)) * sign)
        if contract.underlying == symbol and lacks > 0 and not contract.rule.cash and contract.rule.exercise == "American":
            found.append(_Gone(contract, lacks, sign))
    return found


def _settled(symbol: str, ledger: Ledger, now: datetime) -> Iterator[_Gone]:
    """Options on these shares that our books settled lately as if in cash: the broker delivers the night after."""
    for name, (_, at) in ledger.ends.settled.items():
        position = ledger.positions.get(name)
        if position is None or name not in ledger.ends.levels or name in ledger.ends.exercised or now - at > DELIVERED_WITHIN:
            continue
        for lot in position.lots:
            contract, contracts = lot.leg.contract, lot.opened - lot.closed
            if contract.underlying == symbol and contracts > 0 and not contract.rule.cash:
                yield _Gone(contract, contracts, lot.leg.sign, name)


def _some_of(gone: Sequence[_Gone]) -> Iterator[tuple[_Gone, ...]]:
    if len(gone) <= WAYS_MAX:
        yield from chain.from_iterable(combinations(gone, count) for count in range(1, len(gone) + 1))


def _of(gone: _Gone, share: Contract, ledger: Ledger, now: datetime) -> Iterator[OptionsExercised]:
    """The facts of one option; several positions may hold it, and the oldest is taken first."""
    if gone.settled:
        yield replace(_fact(gone.settled, gone, share, now), contracts=0, price=ledger.ends.levels[gone.settled])
        return
    left = gone.contracts
    for position in ledger.open_positions():
        lot = next((lot for lot in position.lots if lot.leg.contract == gone.contract), None)
        taken = min(left, lot.held) if lot is not None and lot.leg.sign == gone.sign else 0
        if taken:
            left -= taken
            yield _fact(position.id, replace(gone, contracts=taken), share, now)


def _fact(position: str, gone: _Gone, share: Contract, now: datetime) -> OptionsExercised:
    contract, shares = gone.contract, gone.shares
    what = "was assigned" if gone.sign < 0 else "was exercised"
    how = "received" if shares > 0 else "delivered"
    text = f"{gone.contracts} × {contract} {what}: {abs(shares)} {share} {how} at {contract.strike.normalize():f}"
    return OptionsExercised(position, contract.con_id, gone.contracts, share, shares, contract.strike, text, now)
