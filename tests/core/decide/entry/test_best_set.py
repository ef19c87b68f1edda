"""The best set of openings: equal to trying every set, within work that is counted."""

import random
from collections.abc import Sequence
from itertools import combinations

import pytest

from engine.decide.entry.best_set import BestSet, Option, best_set

BOOKS, SEED = 2_000, 20261201

Taken = tuple[tuple[int, ...], frozenset[int]]
"""What an opening takes of each limit, negative where it gives some back, and the contracts that it sells (below 0) and buys."""


class Book:
    """Limits that all chosen openings share: sums, some of which an opening may relieve, and contracts of one direction."""

    def __init__(self, drawn: random.Random) -> None:
        limits = drawn.randint(1, 4)
        self.bounds = [drawn.randint(2, 14) for _ in range(limits)]
        self.room = drawn.randint(1, 6)
        self.options = [
            Option(f"s{strategy}", drawn.choice([drawn.randint(-2, 6) / 4, drawn.uniform(0, 1)]), self._taken(drawn, limits))
            for strategy in range(drawn.randint(1, 5))
            for _ in range(drawn.randint(1, 3))
        ]
        drawn.shuffle(self.options)

    def _taken(self, drawn: random.Random, limits: int) -> Taken:
        return tuple(drawn.randint(-2, 8) for _ in range(limits)), frozenset(drawn.sample(range(-4, 5), drawn.randint(0, 2)))

    def fits(self, chosen: Sequence[Option[Taken]], option: Option[Taken]) -> bool:
        all_of_them = [one.opening for one in (*chosen, option)]
        sums = [sum(amounts) for amounts in zip(*(taken for taken, _ in all_of_them), strict=True)]
        contracts = set().union(*(contracts for _, contracts in all_of_them))
        if len(all_of_them) > self.room:
            return False
        is_one_way = all(-contract not in contracts for contract in contracts if contract)
        return is_one_way and all(used <= bound for used, bound in zip(sums, self.bounds, strict=True))


def tried(book: Book) -> tuple[float, int]:
    """Worth and number of the best of all sets, each opened in the order of its worth."""
    ordered = sorted(book.options, key=lambda option: -option.worth)
    best = (0.0, 0)
    for count in range(1, len(ordered) + 1):
        for chosen in combinations(ordered, count):
            if len({option.of for option in chosen}) < count or any(option.worth < 0 for option in chosen):
                continue
            if all(book.fits(chosen[:at], option) for at, option in enumerate(chosen)):
                best = max(best, (sum(option.worth for option in chosen), count))
    return best


def wrong_with(book: Book, found: BestSet[Taken]) -> list[str]:
    """What an answer must not be: without a proof, one file twice, beyond a limit, worth something else than it says."""
    chosen = found.chosen
    said = {
        "it is not proven to be the best": not found.is_exact,
        "two openings are of one": len({option.of for option in chosen}) < len(chosen),
        "it does not fit": not all(book.fits(chosen[:at], option) for at, option in enumerate(chosen)),
        "its worth is not the sum": sum(option.worth for option in chosen) != pytest.approx(found.worth),
    }
    return [text for text, holds in said.items() if holds]


@pytest.mark.slow
def test_best_set_is_that_of_trying_every_set_on_2000_random_books() -> None:
    drawn = random.Random(SEED)
    asked = list[int]()
    for number in range(BOOKS):
        book = Book(drawn)
        found = best_set(book.options, book.fits, 10_000, drawn.choice([None, book.room]))
        worth, count = tried(book)
        assert wrong_with(book, found) == [], f"book {number}"
        assert (found.worth, len(found.chosen)) == (pytest.approx(worth), count), f"book {number}"
        asked.append(found.asked)
    print(f"{BOOKS} books, seed {SEED}: asked {sum(asked) / BOOKS:.1f} times on average, {max(asked)} at most")


def test_work_is_bounded_and_it_is_said_that_the_set_may_not_be_the_best() -> None:
    options = [Option(n, 1.0 + n / 100, n) for n in range(30)]

    def fits(chosen: Sequence[Option[int]], option: Option[int]) -> bool:
        return len(chosen) < 10 and sum(one.opening for one in (*chosen, option)) % 7 != 3

    found = best_set(options, fits, 50)

    assert found.asked <= 50
    assert not found.is_exact
    assert found.chosen


def test_what_is_worth_nothing_is_opened_where_it_fits_and_what_is_worth_less_never() -> None:
    options = [Option("a", 0.0, 1), Option("b", -0.1, 1), Option("c", 0.5, 1)]

    found = best_set(options, lambda chosen, option: len(chosen) < 2, 100)

    assert [option.of for option in found.chosen] == ["c", "a"]
    assert best_set(options, lambda chosen, option: False, 100).chosen == ()
    assert best_set([], lambda chosen, option: True, 100).chosen == ()
