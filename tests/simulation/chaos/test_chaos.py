"""A short run of what `make chaos` does for days: four bursts of lies in the first hour of a day."""

from pathlib import Path

import pytest

from tests.simulation.chaos.days import trade
from tests.simulation.chaos.hour import trade as trade_hour
from tests.simulation.chaos.mutations import Mutator, samples


def test_books_agree_a_minute_after_each_burst_of_lies(tmp_path: Path) -> None:
    mutator = Mutator(1)

    outcome = trade(1, 1, tmp_path, mutator, bursts_max=4)

    assert outcome.faults == []
    assert outcome.bursts == 4
    assert outcome.messages > 800
    assert outcome.filled > 0
    assert mutator.fields.keys() == {fields[0] for fields in samples()}, "only what the TWS says itself is true"


@pytest.mark.long
def test_same_seed_tells_the_same_lies(tmp_path: Path) -> None:
    mutators = [Mutator(2), Mutator(2)]

    outcomes = [trade(2, 1, tmp_path / str(number), mutator, bursts_max=1) for number, mutator in enumerate(mutators)]

    assert outcomes[0] == outcomes[1]
    assert mutators[0].changed == mutators[1].changed


def test_every_kind_of_message_that_the_simulator_can_send_has_a_sample() -> None:
    kinds = [fields[0] for fields in samples()]

    assert len(kinds) == len(set(kinds)) == 84


def test_hour_in_which_much_goes_wrong_ends_with_books_that_agree(tmp_path: Path) -> None:
    hour = trade_hour(1, tmp_path)

    assert hour.faults == [], hour.told
    assert hour.filled >= 10
    assert hour.beats > 300
