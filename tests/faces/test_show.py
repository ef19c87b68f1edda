"""Rows on stdout: for people aligned and short, for programs plain and whole."""

import json
import math
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.cli.show import Row, complain, pairs, say, show

ROWS: list[Row] = [
    {"name": "a[b]", "net": 1.5, "money": Decimal("1234.500000"), "at": datetime(2026, 11, 23, 17, tzinfo=UTC), "flag": True},
    {"name": "esc\x1b[31m", "net": math.nan, "money": None, "at": None, "flag": False, "legs": [{"strike": 1.0}]},
]
COLUMNS = ("name", "net", "money", "at", "flag", "legs")


def test_table_aligns_numbers_and_shows_what_is_absent_as_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, COLUMNS, "table")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(COLUMNS)
    assert "a[b]" in lines[1]
    assert "1,234.5" in lines[1]
    assert "\x1b" not in lines[2]
    assert lines[2].split()[1:3] == ["-", "-"]


WAITING: Row = {
    "order_ref": "spa8ff9-261123-0001",
    "spread": "SPXW 24 Jun 16 1975/1950P bull_put",
    "net": 4.4,
    "max_loss": 12060.25,
    "why": "not filled in time, to be decided anew, because the market went away from the last price of it",
}


@pytest.mark.parametrize("columns", [20, 30, 50, 80, 99])
def test_row_that_a_terminal_has_no_room_for_is_a_block_with_every_value_whole(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))

    show([WAITING, WAITING], tuple(WAITING), "table")

    shown = capsys.readouterr()
    first, second = shown.out.split("\n\n")
    assert [line.split()[0] for line in first.splitlines() if line[0] != " "] == list(WAITING)
    assert first + "\n" == second
    assert {"spa8ff9-261123-0001", "12,060.25", "1975/1950P"} <= set(shown.out.split())
    assert columns < 40 or max(len(line) for line in shown.out.splitlines()) <= columns
    assert shown.err == ""


def test_table_on_a_terminal_folds_sentences_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "130")
    monkeypatch.setenv("TERM", "xterm")

    show([WAITING], tuple(WAITING), "table")

    lines = re.sub("\x1b\\[[0-9]*m", "", capsys.readouterr().out).splitlines()
    assert lines[0].split() == list(WAITING)
    assert lines[1].startswith("spa8ff9-261123-0001  SPXW 24 Jun 16 1975/1950P bull_put  4.40  12,060.25  not filled")
    assert all(line.startswith(" " * 60) for line in lines[2:])
    assert max(len(line) for line in lines) <= 130


@pytest.mark.parametrize("columns", [30, 80])
def test_narration_on_a_terminal_goes_on_below_itself_and_cuts_no_name(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    told = "Mon 09:45:00  approve?  spea9ad-261116-0001: 2 × SPY 11 Dec 26 625/630C bear_call at 0.70 credit, at risk $879.20"
    picture = (
        "refused   puts.yaml\n    4 |  short_dleta: 0.12-0.20 and a line that no terminal has room for\n      |  ^^^^^^^^^^^"
    )

    say(told, " " * 24)
    complain("2 orders wait: name the one you mean, as in `spreads approve spea9ad-261116-0001`")
    folded = capsys.readouterr().err.splitlines()
    say(picture)

    assert max(len(line) for line in folded) <= columns
    assert sum("spea9ad-261116-0001" in line for line in folded) == 2
    assert " ".join(" ".join(folded).split()).startswith(" ".join(told.split()))
    assert folded[1].startswith(" " * 24 if columns == 80 else "  s")
    assert capsys.readouterr().err == f"{picture}\n"


def test_narration_that_no_terminal_shows_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("word " * 100 + "end")

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_csv_holds_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, COLUMNS, "csv")

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "a[b],1.5,1234.5,2026-11-23T17:00:00+00:00,true,"
    assert lines[2].endswith(',,,,false,"[{""strike"": 1.0}]"')


def test_json_holds_every_key_and_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, ("name",), "json")

    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["money"] == 1234.5
    assert rows[1]["net"] is None
    assert rows[1]["legs"] == [{"strike": 1.0}]


def test_no_rows_are_said_on_stderr_and_leave_stdout_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    show([], COLUMNS, "table", empty="nothing")
    show([], COLUMNS, "json")

    told = capsys.readouterr()
    assert (told.out, told.err) == ("[]\n", "nothing\n")


def test_pairs_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    pairs([("a", 1), ("longer", None)])

    assert capsys.readouterr().out == "a       1\nlonger  -\n"


def test_column_that_needs_one_decimal_has_two(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[Row] = [{"fees": Decimal("2.6000"), "whole": Decimal("80.00"), "ratio": 0.5}, {"fees": Decimal(3)}]

    show(rows, ("fees", "whole", "ratio"), "table")

    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [["2.60", "80", "0.50"], ["3.00", "-", "-"]]
