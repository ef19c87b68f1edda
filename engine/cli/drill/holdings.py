"""What the simulated account holds, as a drill looks at it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from engine.domain.contract import Contract
from engine.domain.ledger import Ledger
from engine.sim.simulator import Simulator


def uncovered(simulator: Simulator) -> Iterator[str]:
    """Shorts that no long of their right covers which lives as long, as words."""
    net: Counter[tuple[str, str, date]] = Counter()
    for position in simulator.holdings():
        option = position.instrument.option
        if option is not None:
            net[position.instrument.symbol, option.put_call, option.expiry] += position.quantity
    owned: Counter[tuple[str, str]] = Counter()
    for symbol, right, expiry in sorted(net, key=lambda key: key[2], reverse=True):
        owned[symbol, right] += net[symbol, right, expiry]
        if owned[symbol, right] < 0:
            yield f"a short {symbol} {right} was not covered"


def both_ways(ledger: Ledger) -> Iterator[str]:
    """Contracts that one position is long of and another one short, as words: at the broker they are one, or none."""
    signs: dict[str, set[int]] = {}
    for position in ledger.open_positions():
        for leg in position.legs:
            signs.setdefault(str(leg.contract), set()).add(leg.sign)
    yield from (f"{contract} was held both ways" for contract, known in signs.items() if len(known) > 1)


def without_bids(ledger: Ledger, simulator: Simulator) -> list[str]:
    """Positions of which only bought options are left that nobody bids for: a flatten lists and leaves them."""
    open_now = list(ledger.open_positions())
    return [one.id for one in open_now if all(leg.sign > 0 and not _bid(leg.contract, simulator) for leg in one.legs)]


def _bid(contract: Contract, simulator: Simulator) -> Decimal | None:
    return None if contract.is_share else simulator.tape.quote(contract.con_id).bid


def has_short_american(simulator: Simulator) -> bool:
    """Whether an option is sold that may be exercised early."""
    options = ((position.instrument.option, position.quantity) for position in simulator.holdings())
    return any(option is not None and quantity < 0 and option.rule.exercise == "American" for option, quantity in options)
