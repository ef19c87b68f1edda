"""What one decision costs with a long history behind it, against the same decision with none: `python -m bench.decide`, and in
`make bench` beside the rest.

The fold holds 8,000 finished orders of past days. G: at most 1.2 times the decision of a ledger that holds none of them.
"""

import sys
from datetime import timedelta
from decimal import Decimal
from statistics import median
from time import perf_counter

from engine.decide.decide import decide
from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.orders import OrderCanceled
from engine.domain.ledger import Ledger
from tests import given

ORDERS = 8_000
PER_DAY = 40
DECISIONS = 200
MOST = 1.2
RULES = given.strategy(given.AUTO)


def with_history(orders: int) -> Ledger:
    """A ledger with so many finished orders: openings that were closed, and openings that did not fill."""
    known = given.ledger(at=given.NOW - timedelta(days=orders // PER_DAY + 5))
    for number in range(0, orders, 4):
        at = given.NOW - timedelta(days=1 + (orders - number) // PER_DAY)
        opening, other = (given.proposal(f"{kind}{number}", by=RULES) for kind in ("o", "f"))
        close = given.proposal(f"c{number}", position=f"o{number}", limit="-0.40", by=RULES)
        more = given.proposal(f"g{number}", by=RULES, of=given.spread(short=560, long=555))
        given.told(known, *given.opened(opening, at=at), *given.closed(close, at=at), at=at)
        given.told(known, *given.working(other), OrderCanceled(f"f{number}", "given up"), at=at)
        given.told(known, *given.working(more), OrderCanceled(f"g{number}", "given up"), at=at)
    held = given.proposal("held", by=RULES, of=given.spread(short=570, long=565))
    return given.told(known, EquityRecorded(Decimal(100_000), None, None, None), *given.opened(held, at=given.NOW))


def milliseconds(ledgers: list[Ledger]) -> list[float]:
    """Median of a decision on each ledger, taken in turns, so that a slow moment of the machine meets all of them."""
    rulebook, quotes = given.rulebook(RULES), given.chain()
    seen = [given.snapshot(known, quotes) for known in ledgers]
    spent: list[list[float]] = [[] for _ in ledgers]
    for _ in range(DECISIONS):
        for one, times in zip(seen, spent, strict=True):
            began = perf_counter()
            decide(one, rulebook)
            times.append((perf_counter() - began) * 1000)
    return [median(times) for times in spent]


def main() -> int:
    """Print both and their quotient; 1 where it is beyond the bound."""
    none, many = milliseconds([with_history(0), with_history(ORDERS)])
    times = many / none
    print(f"one decision, median of {DECISIONS}: {none:.2f} ms with no past orders, {many:.2f} ms with {ORDERS:,}: {times:.2f} x")
    print(f"at most {MOST} x: {'held' if times <= MOST else 'MISSED'}")
    return int(times > MOST)


if __name__ == "__main__":
    sys.exit(main())
