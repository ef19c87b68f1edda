"""What choosing the best set of openings costs where limits have room for some of them: `python -m bench.best_set`.

Fifty strategies each offer an opening that passes every gate by itself, and the account has room for five a day. Work is how
often it was asked whether one opening fits beside others; it is bounded, so the time is.
"""

from statistics import median
from time import perf_counter

from engine.decide.decide import decide
from engine.decide.entry.best_set import best_set
from engine.decide.entry.book import WORK_MAX, Competition, Offer
from engine.decide.quotes import Rows
from engine.domain.decision import Propose
from tests import given

STRATEGIES, RUNS, MOST_MS = 50, 15, 250


def competition() -> tuple[Competition, list[Offer]]:
    """Fifty puts of different deltas over one chain."""
    files = [
        given.strategy(
            f"spread: {{type: bull_put, expiry: 20-30 days, short_delta: 0.{10 + n % 20}-0.{20 + n % 20}, width: $5-$10}}\n"
            "sizing: {risk: $1,000, contracts: 1-1}",
            f"puts{n}",
        )
        for n in range(STRATEGIES)
    ]
    limits = given.limits("counts: {entries_per_day: 5}")
    snapshot, rulebook = given.snapshot(None), given.rulebook(*files, account=limits)
    rows = Rows(snapshot.chain)
    made = [(one, decide(snapshot, given.rulebook(one, account=limits))) for one in files]
    offers = [Offer(file, one.order) for file, decided in made for one in decided if isinstance(one, Propose)]
    return Competition(snapshot, rulebook, rows), offers


def measured() -> tuple[float, int, int]:
    """Milliseconds of one choice, how often it asked, and how many strategies competed."""
    world, offers = competition()
    spent = list[float]()
    for _ in range(RUNS):
        began = perf_counter()
        world.result(offers)
        spent.append((perf_counter() - began) * 1000)
    found = best_set(world.options(offers), world.fits, WORK_MAX, world.room())
    return median(spent), found.asked, len(offers)


def main() -> None:
    spent, asked, offers = measured()
    print(f"best set of {offers} openings, room for five: {spent:.0f} ms, asked {asked} of at most {WORK_MAX} times")


if __name__ == "__main__":
    main()
