"""A life after a life: what the last run left is neither lost nor done twice."""

from datetime import timedelta

from engine.domain.facts.orders import OrderUnknown
from engine.runtime.restart import leftovers
from tests.shell.runtime.bench import AUTO, Bench, play

REF = "spt-261123-0001"


def test_order_that_filled_between_two_lives_is_learnt_and_not_sent_again() -> None:
    async def first(bench: Bench) -> None:
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().state == "working")

    before = play(first, AUTO)

    async def second(bench: Bench) -> None:
        bench.broker.held, bench.broker.sent = before.broker.held, list(before.broker.sent)
        bench.broker.fill(REF, 2)
        bench.clock.at = before.clock.at + timedelta(minutes=3)
        for fact in leftovers(bench.ledger):
            bench.engine.record(fact, bench.clock.at)
        assert bench.order().state == "unknown"
        await bench.start()
        await bench.beats(3)

    after = play(second, AUTO, ledger=before.ledger, start=False)

    assert after.of(OrderUnknown)[0].reason == "the engine was restarted"
    assert after.order().state == "filled"
    assert after.ledger.positions[REF].quantity == 2
    assert [ref for ref, _ in after.broker.sent].count(REF) == 1
    assert after.ledger.halt is None
