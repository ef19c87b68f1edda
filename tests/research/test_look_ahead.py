"""No decision depends on what comes after it."""

from datetime import datetime, time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.domain.facts.union import Fact
from engine.domain.session import trading_day
from tests.research import given
from tests.research.test_paper import CALM, FALLING

KNOWN = 4
"""Sessions that two recordings share."""


def heard(ran: given.Ran, sessions: int) -> list[tuple[datetime, Fact]]:
    """What was written in the first sessions of a run."""
    days = [end.day for end in ran.ends][:sessions]
    return [(line.at, line.fact) for line in ran.journal.lines if trading_day(line.at) in days]


@pytest.mark.slow
def test_another_future_changes_nothing_of_what_was_done_before_it(tmp_path: Path) -> None:
    # given: the same four sessions, then calm, a fall, or nothing
    futures = {"calm": CALM[KNOWN:], "falling": FALLING[KNOWN:], "none": []}
    clocks = (time(10, 0), time(15, 0))

    # when
    found = {}
    for name, future in futures.items():
        chain = given.recording(tmp_path / f"{name}.parquet", [*CALM[:KNOWN], *future], clocks=clocks)
        found[name] = heard(given.run(tmp_path / name, chain), KNOWN)

    # then
    assert len(found["calm"]) > 20
    assert found["falling"] == found["calm"]
    assert found["none"] == found["calm"]


@pytest.mark.slow
def test_day_volume_and_last_trade_beside_a_quote_before_the_close_are_unknown(tmp_path: Path) -> None:
    # given: recorded after the close, told at 15:15; one recording knows another volume and last trade of the same day
    chain = given.recording(tmp_path / "chain.parquet", CALM[:3], clocks=(time(16, 15),))
    rows = pq.read_table(chain)
    other = tmp_path / "other.parquet"
    columns = {name: rows[name] for name in rows.column_names}
    pq.write_table(rows.from_pydict({**columns, "volume": [0.0] * rows.num_rows, "last": [9.0] * rows.num_rows}), other)
    text = given.PUTS.replace("sizing:", "filters:\n  - volume >= 10\nsizing:")
    texts = {"account.yaml": given.LIMITS, "puts.yaml": text}

    # when
    said = [given.run(tmp_path / path.stem, path, texts=texts, said_at=time(15, 15)) for path in (chain, other)]

    # then: the filter on volume is unknown in both, and nothing is opened
    assert heard(said[0], 3) == heard(said[1], 3)
    assert not said[0].rig.ledger.orders
