"""Every known failure of programs like this one is a drill, or is said to be none of the engine's, and why.

Two tables of known failures lie beside some clones: `PAINS` is what users suffered, `GUARDS` is what goes wrong unattended. A row
is known by its number and by a word that stands in it.
"""

import re
from pathlib import Path

import pytest

from engine.cli.drill.catalogue import CATALOGUE

SHARED = Path(__file__).parents[3] / "shared" / "docs"
NOT_DRILLED = "not drilled: "

PAINS: dict[int, tuple[str, str]] = {
    1: ("weekend", "login-late link-lost-unsaid closed refused killed-for-good"),
    2: ("second of the scheduled", "restart-at-night restart-while-sending"),
    3: ("modify", "link-lost change-rejected"),
    4: ("1100", "link-lost filled-while-away killed-while-it-filled"),
    5: ("before the order acknowledgement", "acknowledged-late status-first commission-first executions-late partial"),
    6: ("leg count", "rejected partial"),
    7: ("does not match", "change-mismatched"),
    8: ("tick", "tick-refused"),
    9: ("never answers", "contracts-silent answer-lost question-lost half-open"),
    10: ("What-if", "what-if-unset what-if-silent what-if-no what-if-error"),
    11: ("Pacing", "pacing history-refused"),
    12: ("tickers", "lines-taken"),
    13: ("Chain load", "contracts-endless contracts-silent"),
    14: ("Greeks", "no-greeks delayed"),
    15: ("steals", "competing"),
    16: ("2FA", "login-late"),
    17: ("streams stay dead", "link-lost-data frozen"),
    18: ("approve", "nobody-answers"),
    19: ("Manual close", "by-hand"),
    20: ("Assignment", "assigned"),
    21: ("pin risk", "expiry-day half-day"),
    22: ("no bid", "no-bids closed-without-bids bad-print filled-while-canceled"),
    23: (
        "Why did it not",
        f"{NOT_DRILLED}a question and no failure; `spreads why` answers it, and each drill says what was in the way",
    ),
    24: ("Rolls", "killed-rolling roll-rejected roll-without-successor"),
    25: ("config", "file-broken file-changed"),
}
GUARDS: dict[int, tuple[str, str]] = {
    1: ("legging", "partial killed-filling foreign-leg"),
    2: ("full re-send", "partial-then-canceled closed-in-parts"),
    3: ("duplicate", "order-lost acknowledgement-lost killed-sending"),
    4: ("Cancelled but", "preset-notice inactive cancel-refused"),
    5: ("clientId", "id-taken another-engine another-engine-elsewhere"),
    6: ("103", "id-used id-jump"),
    7: ("105", "change-mismatched"),
    8: ("nightly reset", "restart-at-night restart login-late"),
    9: ("1101", "link-lost link-lost-data"),
    10: ("10197", "competing"),
    11: ("stale", "frozen"),
    12: ("delayed", "delayed no-data no-option-data"),
    13: ("NaN", "what-if-unset no-bids no-greeks"),
    14: ("model greeks", "no-greeks"),
    15: ("wide markets", "wide"),
    16: ("crossed", "no-bids crossed"),
    17: ("halted", "trading-halted"),
    18: ("bad print", "bad-print"),
    19: ("double fill", "filled-while-canceled closed-in-parts"),
    20: ("110", "tick-refused"),
    21: (
        "sign",
        f"{NOT_DRILLED}nothing outside turns a sign; every drill holds each price that left against floor and cap",
    ),
    22: ("precautionary", "inactive preset-notice rejected"),
    23: ("what-if", "what-if-unset what-if-no what-if-error"),
    24: ("margin raised", "margin-raised"),
    25: ("netting", "wanted-both-ways"),
    26: ("expired", "expiry-day"),
    27: ("assignment", "assigned"),
    28: ("long left", "assigned"),
    29: ("dividend", "dividend"),
    30: ("adjusted", "adjusted terms-changed"),
    31: ("AM/PM", "morning-settlement"),
    32: ("half day", "half-day"),
    33: ("DST", "clocks-change"),
    34: ("calendar horizon", f"{NOT_DRILLED}a calendar does not end while it runs; `spreads doctor` says how far it reaches"),
    35: ("BAG", "contracts-silent"),
    36: ("twice", "status-twice shared-execution-ids"),
    37: ("commissions", "commission-late commission-never commission-first"),
    38: ("pacing", "pacing"),
    39: ("lines", "lines-taken"),
    40: ("shutdown", "stopped"),
    41: ("reload", "file-changed file-broken"),
    42: ("clock skew", "clock-wrong clock-set-ahead clock-set-back"),
    43: ("two engines", "another-engine another-engine-elsewhere another-engine-beside"),
    44: ("GTC", "canceled-by-broker"),
    45: ("bust", "corrected busted"),
    46: (
        "paper differs",
        f"{NOT_DRILLED}a simulated TWS cannot show it; one lot with real money does, on the ladder's last rung but one",
    ),
    47: ("illiquid", "wide bad-print"),
    48: ("outlives", "partial killed-filling assigned"),
    49: ("non-USD", f"{NOT_DRILLED}such an account is refused at the start, so nothing runs that could fail"),
    50: ("silent stop", "killed-for-good"),
}


@pytest.mark.parametrize(("number", "row"), [*PAINS.items(), *GUARDS.items()], ids=lambda one: str(one)[:30])
def test_known_failure_is_a_drill_or_says_why_it_is_none(number: int, row: tuple[str, str]) -> None:
    _, tried = row
    drills = {one.name for one in CATALOGUE}

    assert tried.startswith(NOT_DRILLED) or set(tried.split()) <= drills, f"{number}: {set(tried.split()) - drills}"


@pytest.mark.parametrize(
    ("file", "part", "known"),
    [("failure-modes.md", "## 25 pains", PAINS), ("domain.md", "## 4.", GUARDS)],
    ids=["pains", "guards"],
)
def test_every_row_of_the_tables_is_known(file: str, part: str, known: dict[int, tuple[str, str]]) -> None:
    if not (SHARED / file).exists():
        pytest.skip("the tables of known failures are not beside this clone")
    text = (SHARED / file).read_text(encoding="utf-8")
    table = (
        text[text.index(part) :].partition("\n## ")[0] if text[text.index(part) :].count("\n## ") else text[text.index(part) :]
    )
    rows = {int(number): words for number, words in re.findall(r"^\| (\d+) \| (.*)$", table, re.MULTILINE)}

    assert rows.keys() == known.keys()
    assert [number for number, (word, _) in known.items() if word.lower() not in rows[number].lower()] == []
