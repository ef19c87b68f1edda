"""What the simulated account holds, as a drill looks at it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

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


def has_short_american(simulator: Simulator) -> bool:
    """Whether an option is sold that may be exercised early."""
    options = ((position.instrument.option, position.quantity) for position in simulator.holdings())
    return any(option is not None and quantity < 0 and option.rule.exercise == "American" for option, quantity in options)
