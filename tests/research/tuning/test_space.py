"""Ranges of numbers of a file: which number is meant, what is written there, and what is refused."""

import pytest

from engine.domain.errors import UserError
from engine.research.tuning.space import space_of
from tests.research.given import PUTS


@pytest.mark.parametrize(
    ("asked", "texts", "lines"),
    [
        ("short_delta: 0.10..0.50 step 0.05", ("0.10-0.35", "0.15-0.40", "0.20-0.45", "0.25-0.50"), ["short_delta: 0.10-0.35"]),
        ("short_delta: 0.20-0.30..0.40 step 0.05", ("0.30", "0.35", "0.40"), ["short_delta: 0.20-0.30"]),
        ("profit >= 50..90% of credit", ("50", "55", "60", "65", "70", "75", "80", "85", "90"), ["- profit >= 50% of credit"]),
        ("profit >= 50%..90% of credit step 20", ("50", "70", "90"), ["- profit >= 50% of credit"]),
        ("width: $2-$3..$9 step 2", ("$3", "$5", "$7", "$9"), ["width: $2-$3"]),
        ("expiry: 2..20 days step 3", ("2-11", "5-14", "8-17", "11-20"), ["expiry: 2-11 days"]),
        ("risk: $1,000..$3,000 step 1,000", ("$1000", "$2000", "$3000"), ["sizing: {risk: $1000, contracts: 2-2}"]),
        ("per_expiry: 1..4", ("1", "2", "3", "4"), ["limits: {open: 2, per_day: 1, per_expiry: 1}"]),
    ],
)
def test_range_stands_for_one_number_of_the_file(asked: str, texts: tuple[str, ...], lines: list[str]) -> None:
    space = space_of(PUTS, "puts.yaml", [asked])

    assert space.axes[0].texts == texts
    changed = [line.strip() for line in space.variant((0,)).splitlines() if line not in PUTS.splitlines()]
    assert changed == lines


def test_variants_are_all_that_the_ranges_say_and_the_present_file_has_its_place() -> None:
    space = space_of(PUTS, "puts.yaml", ["short_delta: 0.10..0.50 step 0.05", "profit >= 50..90% of credit step 20"])

    assert (space.sizes, space.count, space.present) == ((4, 3), 12, (2, 2))
    assert space.variant(space.present) == PUTS
    assert space.named((0, 1)) == {
        "short_delta: 0.10..0.50 step 0.05": "0.10-0.35",
        "profit >= 50..90% of credit step 20": "70",
    }


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (["short_delta 0.1"], "write a line of puts.yaml with one range for a number"),
        (["delta: 0.10..0.30"], "'delta: …' of puts.yaml is not there"),
        (["short_delta: 0.50..0.10"], "write the smaller number first"),
        (["short_delta: 0.10..0.20"], "is wider than that; to vary one end of it write it as 'short_delta: 0.20-0.10..0.20'"),
        (["short_delta: 1..2"], "no option has a delta of 1"),
        (["profit >= 0..400% of credit"], "profit"),
        (["risk: $1000..$3000 step 1"], "2001 values, at most 200 make sense"),
        (["width: $2-$3..$9", "width: $2..$9"], "two of the ranges vary the same number of puts.yaml:9"),
    ],
)
def test_range_that_means_nothing_is_refused_with_a_way_out(over: list[str], said: str) -> None:
    with pytest.raises(UserError) as refused:
        space_of(PUTS, "puts.yaml", over)

    assert said in str(refused.value)


def test_number_that_stands_twice_asks_for_more_of_the_line() -> None:
    twice = PUTS.replace("  - profit >= 90% of credit\n", "  - profit >= 90% of credit\n  - profit >= 50% of max_profit\n")

    with pytest.raises(UserError, match=r"stands 2 times \(lines 17, 18\)"):
        space_of(twice, "puts.yaml", ["profit >= 30..70%"])
