"""The filter line: field, operator, value; what is no filter is told and changes nothing."""

import pytest

from engine.console.filters import as_number, compiled, completed
from engine.console.table.columns import Column
from engine.domain.errors import UserError
from tests.faces.console.answers import candidate
from tests.faces.console.conftest import Opened

COLUMNS = (
    Column("sym", "sym", 5),
    Column("net", "net", 7, is_number=True),
    Column("pop", "PoP", 5, is_number=True),
    Column("strategy", "strategy", 10),
)
ALIASES = {"credit": "net"}
ROWS = {
    "a": ("SPX", 8.45, 0.78, "bull_put"),
    "b": ("SPY", 1.02, 0.82, "bear_call"),
    "c": ("SPX", None, 0.60, "condor"),
}


def passing(text: str) -> str:
    passes = compiled(text, COLUMNS, ALIASES)
    assert passes is not None
    return "".join(key for key, values in ROWS.items() if passes(values))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("sym=SPX", "ac"),
        ("sym=spx", "ac"),
        ("sym!=SPX", "b"),
        ("credit>5", "a"),
        ("net<=1.02", "b"),
        ("credit > 1  pop >= 80%", "b"),
        ("pop<0.8 sym=SPX", "ac"),
        ("strategy~put", "a"),
        ("bear", "b"),
        ("net>=0", "ab"),
        ("net>$1,000", ""),
    ],
)
def test_filter_lets_through_what_holds_and_nothing_unknown(text: str, keys: str) -> None:
    assert passing(text) == keys


def test_empty_filter_asks_nothing() -> None:
    assert compiled("  ", COLUMNS, ALIASES) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("symm=SPX", "no field 'symm'; did you mean sym?"),
        ("zzz=1", "no field 'zzz'"),
        ("net>", "net> wants a value"),
        ("net>much", "net>much: 'much' is not a number"),
    ],
)
def test_what_is_no_filter_is_told(text: str, told: str) -> None:
    with pytest.raises(UserError) as problem:
        compiled(text, COLUMNS, ALIASES)

    assert str(problem.value) == told


def test_last_word_is_completed_to_a_field() -> None:
    assert completed("sym=SPX cr", COLUMNS, ALIASES) == "sym=SPX credit"
    assert completed("sym=SPX", COLUMNS, ALIASES) is None
    assert completed("zz", COLUMNS, ALIASES) is None


@pytest.mark.parametrize(("text", "value"), [("1,755", 1755), ("$500", 500), ("25%", 0.25), ("−3", -3), (".5", 0.5), ("x", None)])
def test_numbers_as_people_write_them(text: str, value: float | None) -> None:
    assert as_number(text) == value


@pytest.mark.asyncio
async def test_count_changes_with_every_letter_and_esc_shows_all_again(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_candidates = [candidate(number, net=5.0 + number) for number in range(20)]
        await at.press("2", "slash", *"credit>1")
        assert "20 · by score" in at.lines[2]

        await at.press("5")
        assert "9 of 20" in at.lines[2]

        await at.press("x")
        assert "'15x' is not a number" in at.lines[2]
        assert at.app.view is not None
        assert at.app.view.table is not None
        assert len(at.app.view.table.rows.order) == 9

        await at.press("escape")
        assert "20 · by score" in at.lines[2]


@pytest.mark.asyncio
async def test_tab_completes_a_field(desk: Opened) -> None:
    async with desk() as at:
        await at.press("2", "slash", *"strat", "tab")

        assert at.lines[2].startswith(" / strategy")
