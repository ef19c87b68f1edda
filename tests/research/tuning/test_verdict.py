"""The verdict on tables of results whose truth is known."""

from collections import Counter

import pytest

from engine.research.tuning.evidence import PRESENT, evidence_of, formula_power
from engine.research.tuning.verdict import Confirmed, verdict_of
from tests.research.tuning.given import SIZES, table

pytest.importorskip("arch", reason="needs the extra `research`")


def judged(count: int, planted: float) -> tuple[Counter[str], float]:
    """How often each verdict was given, and how often the deflated ratio's own formula would find it, on average."""
    words, power = Counter[str](), 0.0
    for seed in range(count):
        results, places = table(seed, planted)
        evidence = evidence_of(results, places, SIZES, 10, seed=seed)
        words[verdict_of(evidence).word] += 1
        power += formula_power(evidence, planted)
    return words, power / count


@pytest.mark.slow
def test_noise_is_not_adopted_and_a_plateau_is() -> None:
    noise, _ = judged(3, 0.0)
    plain, _ = judged(3, 4.0)

    assert noise["adopt"] == 0
    assert plain["adopt"] == 3


@pytest.mark.long
def test_verdicts_of_a_hundred_tables_err_no_more_often_than_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    found = {planted: judged(100, planted) for planted in (0.0, 2.0, 3.0)}

    with capsys.disabled():
        for planted, (words, power) in found.items():
            print(f"\nplanted {planted:g}: {dict(words)}; by the formula of the deflated ratio {power:.0%}")
    assert found[0.0][0]["adopt"] <= 5
    assert found[3.0][0]["adopt"] >= 80
    # The other questions take next to nothing away: it is adopted as often as the deflated ratio alone says.
    assert found[2.0][0]["adopt"] / 100 == pytest.approx(found[2.0][1], abs=0.10)


def test_gain_that_hangs_on_one_run_is_not_adopted() -> None:
    results, places = table(1, 4.0)
    evidence = evidence_of(results, places, SIZES, 10)

    found = verdict_of(evidence, [Confirmed("filled at natural", -200.0, 10.0)])

    assert evidence.best != PRESENT
    assert found.word == "look longer"
    assert found.why == "filled at natural: it made -$200, the present file +$10"


def test_present_file_that_nothing_beats_is_said_to_be_the_best() -> None:
    results, places = table(2)
    results[:, PRESENT] += 40.0

    found = verdict_of(evidence_of(results, places, SIZES, 10))

    assert (found.word, found.answers) == ("noise", ())
