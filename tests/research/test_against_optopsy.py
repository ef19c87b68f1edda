"""What a run of a year enters, against the pairs that another program makes of the same recording."""

from datetime import time
from pathlib import Path

import pytest

from bench import agreement
from bench.research import Recorded, asked
from engine.research.backtest import backtest, opened

YUM = Path(__file__).parents[2].parent / "shared" / "data" / "yum_eod_2017.parquet"


@pytest.mark.long
@pytest.mark.skipif(not agreement.is_installed(), reason="needs optopsy, which comes with the extra `bench`")
@pytest.mark.skipif(not YUM.is_file(), reason="needs the recording of YUM's year")
def test_every_entry_of_a_year_has_the_mid_that_optopsy_gives_it_or_a_reason_why_it_has_none(tmp_path: Path) -> None:
    # given
    request = asked(tmp_path / "busy", Recorded(YUM, "YUM", time(15, 15)), 6)
    entries = agreement.Entries()

    # when
    backtest(request, opened(request), None, observers=(entries,))

    # then
    found = agreement.agreed(YUM, entries)
    print(f"{found.kept} entries are among the pairs, {found.dropped} are not")
    assert found.kept > 200
    assert (found.apart, found.unexplained) == ((), ())
