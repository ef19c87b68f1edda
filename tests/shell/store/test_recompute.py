"""What `tests/recompute.py` finds in an archive is what the engine had: forwards in a market that has moved since the quotes."""

import math
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.store import chains
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore
from tests.recompute import Row, between, unnamed
from tests.shell.store.test_numbers import AT, FAR, MIDDLE, NEAR, NOW, RATE, options, quote

LATER = NOW + timedelta(seconds=20)


def archived(state: Path) -> list[Row]:
    """The near and the far expiry are quoted at 6,000, then the market goes to 6,060; the middle one is never quoted."""
    contracts, quotes = options(days=(NEAR, MIDDLE, FAR)), QuoteStore()
    quotes.layout(contracts, {"SPX": Carry(RATE, 0.0)})
    quotes.underlying("SPX", AT, 6000.0)
    for day, forward in ((NEAR, 6010.0), (FAR, 6050.0)):
        quote(quotes, [one for one in contracts if one.expiry == day], forward)
    quotes.snapshot(NOW)
    quotes.underlying("SPX", LATER.timestamp(), 6060.0)
    (path,) = chains.save(state, quotes.snapshot(LATER), "DU1", quotes.carries)
    return pq.ParquetFile(path).read().to_pylist()


def of(rows: list[Row], day: object) -> list[Row]:
    return [row for row in rows if row["expiry"] == day]


def test_a_forward_is_found_again_in_pairs_from_before_the_market_moved(tmp_path: Path) -> None:
    rows = archived(tmp_path)
    (near,) = {row["forward"] for row in of(rows, NEAR)}

    assert near == pytest.approx(6010.0 * 1.01, abs=0.05)
    assert list(unnamed(near, of(rows, NEAR))) == []
    assert list(unnamed(near / 1.01, of(rows, NEAR))), "what the pairs said at the level of then"


def test_without_the_level_of_then_it_is_not(tmp_path: Path) -> None:
    rows = archived(tmp_path)
    older = [{name: value for name, value in row.items() if name != "level_thousandths"} for row in of(rows, NEAR)]

    assert list(unnamed(older[0]["forward"], older))  # type: ignore[arg-type]


def test_a_forward_between_expiries_is_found_again(tmp_path: Path) -> None:
    rows = archived(tmp_path)
    here = of(rows, MIDDLE)[0]

    assert here["forward_from"] == 2
    assert list(between(here["forward"], here, rows)) == []  # type: ignore[arg-type]
    assert list(between(6060.0 * math.exp(RATE * 25 / 365), here, rows)), "what rate and yield would say"
