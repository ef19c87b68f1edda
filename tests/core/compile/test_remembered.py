"""A search is not made where nothing has changed that it reads, and finds what a search that remembers nothing finds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.entry.together import FROM
from engine.domain.candidate import Candidate
from engine.domain.chain import CHAIN_SCHEMA, ChainSnapshot
from engine.domain.clocks import NUMBERS_STAND_FOR
from engine.strategy.model import Strategy
from tests.core.compile import given as make
from tests.core.compile.test_oracle import KINDS, chain_of, declared

MOVING = ("bid", "ask", "iv", "delta", "worth", "volume", "forward", "spot", "quoted_at")
LADDER = [make.option(strike, side) for strike in range(90, 111) for side in ("C", "P")]
NAMES = ["SPX"]


def with_cells(chain: ChainSnapshot, column: str, cells: dict[int, float]) -> ChainSnapshot:
    """The same contracts in the same rows; some numbers of a column are others."""
    values = np.array(chain.table.column(column).to_pylist(), np.float64)
    values[list(cells)] = list(cells.values())
    at = CHAIN_SCHEMA.get_field_index(column)
    return replace(
        chain, table=chain.table.set_column(at, CHAIN_SCHEMA.field(at), pa.array(values).cast(CHAIN_SCHEMA.field(at).type))
    )


def look(finder: Finder, strategy: Strategy, chain: ChainSnapshot, now: datetime = make.NOW) -> tuple[Candidate, ...]:
    return finder.scan(strategy, finder.rows(chain, {}, now), NAMES, now)


def moved(chain: ChainSnapshot, chance: Random) -> ChainSnapshot:
    """A few numbers of one column, somewhat higher or lower, or gone; or none at all."""
    column, rows = chance.choice(MOVING), range(chain.table.num_rows)
    values = chain.table.column(column).to_pylist()
    some = chance.sample(rows, min(len(rows), chance.choice((0, 1, 3))))
    return with_cells(chain, column, {row: chance.choice((1.1, 0.9, float("nan"))) * values[row] for row in some})


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(seed=st.integers(0, 10**9), strategy=declared([*KINDS, "iron_condor", "butterfly"]))
def test_each_look_finds_what_one_that_remembers_nothing_finds(seed: int, strategy: Strategy) -> None:
    chance, chain, now = Random(seed), chain_of(seed), make.NOW
    finder, forgetful = Finder(Scanner()), Finder(Scanner())

    for _ in range(6):
        assert look(finder, strategy, chain, now) == look(forgetful, strategy, chain, now)

        forgetful.keep_only(())
        chain = moved(chain, chance)
        now += timedelta(seconds=chance.choice((0.1, 20)))


@pytest.mark.slow
def test_strategies_that_search_together_find_what_each_finds_that_remembers_nothing() -> None:
    chance, chain, now = Random(4), make.chain(LADDER), make.NOW
    alike = tuple(
        make.strategy(rules=[f"credit >= {n}% of width"], width="$2-$6", name=f"number_{n}", keep=3) for n in range(FROM)
    )
    finder, forgetful = Finder(Scanner()), Finder(Scanner())
    finder.together(alike)

    for _ in range(12):
        together = finder.rows(chain, {}, now)
        for strategy in alike:
            assert finder.scan(strategy, together, NAMES, now) == look(forgetful, strategy, chain, now)
        forgetful.keep_only(())
        chain, now = moved(chain, chance), now + timedelta(seconds=0.1)

    assert finder.unchanged


def same(chain: ChainSnapshot) -> ChainSnapshot:
    return chain


def call_bid_moves(chain: ChainSnapshot) -> ChainSnapshot:
    return with_cells(chain, "bid", {0: 9.0})


def unread_column_moves(chain: ChainSnapshot) -> ChainSnapshot:
    return with_cells(chain, "vega", dict.fromkeys(range(chain.table.num_rows), 0.3))


@pytest.mark.parametrize("moves", [same, call_bid_moves, unread_column_moves], ids=lambda moves: moves.__name__)
def test_nothing_is_searched_where_nothing_has_changed_that_the_search_reads(
    moves: Callable[[ChainSnapshot], ChainSnapshot],
) -> None:
    finder, puts, chain = Finder(Scanner()), make.strategy(width="$2-$6"), make.chain(LADDER)

    before = look(finder, puts, chain)
    after = look(finder, puts, moves(chain), make.NOW + timedelta(seconds=1))

    assert finder.unchanged == 1
    assert [one.spread for one in after] == [one.spread for one in before]
    assert after[0].age_s is not None
    assert before[0].age_s is not None


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [(make.strategy(), NUMBERS_STAND_FOR.total_seconds()), (make.strategy(filters=["quote_age <= 5 s"]), 5.0)],
    ids=["older than anything is opened on", "older than the strategy wants"],
)
def test_what_was_found_is_gone_once_its_quotes_are_too_old_though_no_number_has_moved(
    strategy: Strategy, seconds: float
) -> None:
    finder, chain = Finder(Scanner()), make.chain(LADDER)

    assert look(finder, strategy, chain)

    assert look(finder, strategy, chain, make.NOW + timedelta(seconds=seconds)) == ()
    assert finder.unchanged == 0


@pytest.mark.parametrize(
    "chosen",
    [{"expiry": "nearest 30 days, within 20-40 days"}, {"rules": ["expected_value at realized_vol(20 days) > -$900"]}],
    ids=str,
)
def test_nothing_is_remembered_of_what_hangs_on_more_than_its_own_legs(chosen: dict[str, object]) -> None:
    finder, chain = Finder(Scanner()), make.chain(LADDER)
    strategy = make.strategy(**chosen)  # pyright: ignore[reportArgumentType]

    for _ in range(3):
        look(finder, strategy, chain)

    assert finder.unchanged == 0


def test_a_search_that_fails_leaves_nothing_to_be_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    scanner = Scanner()
    finder, strategy, chain = Finder(scanner), make.strategy(width="$2-$6"), make.chain(LADDER)
    look(finder, strategy, chain)
    dearer = with_cells(chain, "bid", dict.fromkeys(range(42), 0.0))

    def fails(*_: object, **__: object) -> Sequence[object]:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(scanner, "rows", fails)
        with pytest.raises(MemoryError):
            look(finder, strategy, dearer)

    assert look(finder, strategy, dearer) == ()


def test_other_contracts_in_the_rows_are_searched() -> None:
    finder, strategy = Finder(Scanner()), make.strategy(width="$2-$6")

    found = [look(finder, strategy, make.chain(LADDER)) for _ in range(2)]

    assert found[0] == found[1]
    assert finder.unchanged == 0
