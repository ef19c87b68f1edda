"""A study over a recording, run in this process."""

import json
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.domain.errors import UserError
from engine.research.backtest import Request, backtest, opened
from engine.research.rig import Terms
from engine.research.tuning.search import AT_ONCE, Where
from engine.research.tuning.space import space_of
from engine.research.tuning.trials import Job, by_month, digest, read, run, shared_files
from engine.research.tuning.tune import Tuned, tune
from tests.faces.conftest import Spreads, spreads
from tests.research import given
from tests.research.test_paper import CALM
from tests.research.tuning.given import Here

__all__ = ["spreads"]

pytest.importorskip("arch", reason="needs the extra `research`")
pytest.importorskip("optuna", reason="needs the extra `research`")

EXPIRY = date(2017, 12, 15)
OVER = ["short_delta: 0.05..0.50 step 0.05", "profit >= 30..90% of credit step 20"]


def asked(tmp_path: Path, days: int) -> Request:
    folder = given.files(tmp_path / "mine")
    chain = given.recording(tmp_path / "chain.parquet", CALM[:days], clocks=(time(11, 0),))
    return Request((folder / "puts.yaml",), None, (chain,), None, None, None, None, Terms(Decimal(100_000), None, None))


def studied(request: Request, out: Path, most: int, here: Here, said: list[str]) -> Tuned:
    space = space_of(given.PUTS, "puts.yaml", OVER)
    return tune(request, opened(request), space, Where(out, here), most, 3, said.append)


@pytest.mark.slow
def test_study_goes_on_where_it_was_and_never_writes_the_file(tmp_path: Path) -> None:
    # given: a study that ends after four of twenty-four variants, and those around the best
    request, here, said = asked(tmp_path, 4), Here(), list[str]()
    first = studied(request, tmp_path / "study", AT_ONCE, here, said)
    ran = here.count

    # when: the same again, and then more
    again = studied(request, tmp_path / "study", AT_ONCE, here, said)
    assert here.count == ran, "all of it is kept"
    more = studied(request, tmp_path / "study", 3 * AT_ONCE, here, said)

    # then
    assert again.study.evidence == first.study.evidence
    assert again.verdict == first.verdict
    assert here.count > ran
    assert set(first.study.whole) <= set(more.study.whole)
    assert more.study.evidence.trials == 1 + len(more.study.whole) + len(more.study.given_up)
    assert request.strategies[0].read_text() == given.PUTS
    for place, trial in more.study.whole.items():
        assert len(trial.made) == 4, place


def test_variant_makes_what_a_backtest_of_its_file_makes(tmp_path: Path) -> None:
    # given
    request = asked(tmp_path, 5)
    space = space_of(given.PUTS, "puts.yaml", OVER)
    text = space.variant((2, 0))

    # when
    found = read(run(Job(request, text, shared_files(request), tmp_path / "prepared")))

    # then
    request.strategies[0].write_text(text)
    result = backtest(request, opened(request), None)
    assert found.made.sum() == pytest.approx(float(result.made))
    assert found.trades == len(result.trades)
    assert found.days == tuple(day.day for day in result.days)


def test_result_is_named_by_all_that_makes_it(tmp_path: Path) -> None:
    request = asked(tmp_path, 1)
    job = Job(request, given.PUTS, shared_files(request), None)
    other = Job(request, given.PUTS.replace("0.20", "0.21"), job.shared, None)
    limits = Job(request, given.PUTS, (("account.yaml", b"schema: 1\n"),), None)

    assert len({digest(one) for one in (job, other, limits)}) == 3
    assert digest(job) == digest(Job(request, given.PUTS, job.shared, tmp_path)), "prepared chains change nothing"


def test_variant_that_falls_behind_the_best_is_given_up(tmp_path: Path) -> None:
    # given: a session in each of nine months, and a best that made a thousand in each
    tables = []
    for month in range(1, 10):
        first = date(2017, month, 6)
        path = given.recording(tmp_path / f"{month}.parquet", [100.0], clocks=(time(11, 0),), expiries=(EXPIRY,), first=first)
        tables.append(pq.read_table(path))
    chain = tmp_path / "chain.parquet"
    pq.write_table(pa.concat_tables(tables), chain)
    folder = given.files(tmp_path / "mine")
    request = Request((folder / "puts.yaml",), None, (chain,), None, None, None, None, Terms(Decimal(100_000), None, None))
    job = Job(request, given.PUTS, shared_files(request), None)

    # when
    whole, behind = read(run(job)), read(run(replace(job, best_months=(1_000.0,) * 9)))

    # then: six months are waited for, and the seventh begins
    assert whole.is_whole
    assert len(whole.months) == 9
    assert not behind.is_whole
    assert len(behind.months) == 6


def test_results_are_summed_by_month(tmp_path: Path) -> None:
    days = [given.FIRST, given.EXPIRY, given.EXPIRY.replace(month=4)]
    assert by_month(days, np.array([1.0, 2.0, -5.0])) == (3.0, -5.0)


def test_wrong_range_is_one_clear_error(spreads: Spreads, tmp_path: Path) -> None:
    request = asked(tmp_path, 1)

    ran = spreads("tune", request.strategies[0], "--over", "short_dleta: 0.1..0.3", "--chain", request.chains[0])

    assert ran.code == 2
    assert "'short_dleta: …'" in ran.err
    assert "Traceback" not in ran.err


def test_file_of_a_study_that_is_damaged_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run it again"):
        read(json.dumps({}).encode())
