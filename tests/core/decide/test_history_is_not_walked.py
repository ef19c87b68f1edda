"""A decision looks at what works, what is open and what is of today, and never at every order that ever was."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.domain.decision import Propose
from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.orders import OrderCanceled
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Answer
from tests import given

RULES = given.strategy(given.AUTO)


class Counted(dict):  # type: ignore[type-arg]
    """Counts every entry that is looked at, one by one or in passing."""

    looked_at = 0

    def __getitem__(self, key: str) -> object:
        self.looked_at += 1
        return super().__getitem__(key)

    def get(self, key: str, default: object = None) -> object:
        self.looked_at += 1
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            self.looked_at += 1
            yield key

    def values(self) -> Iterator[object]:  # type: ignore[override]
        return (self[key] for key in dict.keys(self))

    def items(self) -> Iterator[tuple[str, object]]:  # type: ignore[override]
        return ((key, self[key]) for key in dict.keys(self))


def with_history(days: int) -> Ledger:
    """For each past day an opening, its close, and an opening that did not fill; and a position of today."""
    known = given.ledger(at=given.NOW - timedelta(days=days + 5))
    for day in range(days):
        at = given.NOW - timedelta(days=days + 1 - day)
        opening = given.proposal(f"o{day}", by=RULES)
        failed = given.proposal(f"f{day}", by=RULES, of=given.spread(short=560, long=555))
        close = given.proposal(f"c{day}", position=f"o{day}", limit="-0.40", by=RULES)
        given.told(known, *given.opened(opening, at=at), *given.closed(close, at=at), at=at)
        given.told(known, *given.working(failed), OrderCanceled(f"f{day}", "given up"), at=at)
    held = given.proposal("held", by=RULES, of=given.spread(short=570, long=565))
    an_hour_ago = given.NOW - timedelta(hours=1)
    given.told(known, EquityRecorded(Decimal(100_000), None, None, None), at=an_hour_ago)
    given.told(known, *given.opened(held, at=an_hour_ago), at=an_hour_ago)
    return known


def looks(days: int, *facts: Fact) -> int:
    known = given.told(with_history(days), *facts, at=given.NOW)
    known.orders, known.positions = Counted(known.orders), Counted(known.positions)
    seen = given.snapshot(known, answers=(Answer("w", True, "trader"),))
    made = decide(seen, given.rulebook(RULES))
    assert facts or any(isinstance(one, Propose) for one in made)
    return known.orders.looked_at + known.positions.looked_at


@pytest.mark.parametrize(
    "facts", [(), (given.proposal("w", by=RULES, worst="0.74"), given.previewed("w"))], ids=["entry", "approval"]
)
def test_decision_looks_at_no_more_orders_for_a_longer_history(facts: tuple[Fact, ...]) -> None:
    assert looks(200, *facts) == looks(1, *facts)
