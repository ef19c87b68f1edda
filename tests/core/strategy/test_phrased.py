"""Plain sentences become files that pass every check; what is not understood is named, and nothing is made of it."""

import pytest

from engine.strategy.parse import check_files
from engine.strategy.phrased import EXAMPLES, NotUnderstood, strategy_text

SAID = {
    "sell 16 delta put spreads on SPY 45 days out, close at half": (
        "type: bull_put", "universe: [SPY]", "expiry: 40-50 days", "short_delta: 0.14-0.18", "- profit >= 50% of credit",
    ),
    "sell $5 wide iron condors on SPX, 0 dte, at 10:00, stop at 2x credit, let them expire": (
        "type: iron_condor", "expiry: 0 days", "width: $5", "at: 10:00 New York", "- loss >= 200% of credit", "- let expire",
    ),
    "buy call spreads on QQQ 30 to 45 days out when VIX is below 20, risk $500, three at a time": (
        "type: bull_call", "expiry: 30-45 days", "- vix < 20", "risk: $500", "open: 3",
    ),
    "sell call spreads on IWM, 20 delta, $5 wide, 30 days out": ("type: bear_call", "short_delta: 0.18-0.22", "width: $5"),
    "sell put credit spreads on SPY and QQQ, 45 DTE, 0.16 delta, take profit at 50%, out at 21 DTE": (
        "universe: [SPY, QQQ]", "short_delta: 0.14-0.18", "- dte <= 21",
    ),
    "sell a 30 delta put spread on SPY, 10 wide, 35-45 days, stop at 200%": ("short_delta: 0.28-0.32", "width: $10"),
    "open an iron condor on SPX 45 days out, 16 delta, $25 wide, close at 50% of max profit": ("type: iron_condor", "width: $25"),
    "sell iron condors on SPX six weeks out when iv rank is above 30%": ("- iv_rank > 30%", "expiry: 37-47 days"),
    "sell put spreads on SPX 0DTE at 10:00, 12:00 and 14:00, 10 delta, $10 wide": (
        "at: 10:00, 12:00, 14:00 New York, within 5 min", "per_day: 3",
    ),
    "buy put spreads on QQQ 60 days out, 40 delta, $10 wide": ("type: bear_put", "long_delta: 0.38-0.42"),
    "bull put spreads on SPY 45 dte": ("type: bull_put",),
    "bear call spreads on SPX, 15 delta, 30 dte, one a day": ("type: bear_call", "per_day: 1"),
    "sell weekly put spreads on SPY, 20 delta, risk 1% of the account": ("expiry: 5-9 days", "risk: 1% of net liquidation"),
    "sell monthly iron condors on IWM, $5 wide, 20 delta, for at least $0.80": ("expiry: next monthly", "- credit >= $0.80"),
    "sell put spreads on SPX 45 days out on Mondays and Fridays": ("- weekday in (Monday, Friday)",),
    "sell put spreads on SPX 45 days out, not on FOMC days": ("- no FOMC today",),
    "call calendars on SPX 15 days out when vix < 20": ("type: calendar", "right: call", "near: 12-18 days"),
    "put diagonal on SPY 30 days out": ("type: diagonal", "right: put"),
    "double calendars on SPX, 30 days out, 40 delta": ("type: double_calendar", "long_delta: 0.38-0.42"),
    "call butterflies on SPX, $50 wide, 30 days out": ("type: butterfly", "right: call", "width: $50"),
    "put broken wing butterflies on SPX 21 days out, $25 wide": ("type: broken_wing", "width: {near: $25, far: 2 x near}"),
    "iron butterflies on SPX 30 days out, $50 wide, close at 25%": ("type: iron_butterfly", "- profit >= 25% of credit"),
    "sell put spreads on SPX 45 days out, stop at $500, close at 50%": ("- loss >= $500",),
    "sell 16 delta put spreads on SPY 45 days out and close at 50% profit or 21 days": ("- profit >= 50%", "- dte <= 21"),
    "sell put spreads on SPX between 10:00 and 14:00, 7 days out, 10 delta": ("window: 10:00-14:00 New York",),
    "sell put spreads on SPY 45 days out, at most 3 open, two per day": ("open: 3", "per_day: 2"),
    "sell 10 point wide put spreads on SPX 30 dte hold to expiration": ("width: $10", "- let expire"),
    "sell put spreads on XSP 0 dte 10 delta when VIX is between 14 and 25, close at 15:45": (
        "- vix between 14 and 25", "- time >= 15:45 New York",
    ),
    "sell a 30 delta iron condor on SPX 0dte at 10am, 25 wide, stop at 2x credit, 2% of account": (
        "at: 10:00 New York", "risk: 2% of net liquidation", "width: $25", "short_delta: 0.28-0.32",
    ),
    "sell put spreads on SPY 45 days out, 16/5 delta, close at 3:45pm": (
        "short_delta: 0.14-0.18", "long_delta: 0.03-0.07", "- time >= 15:45 New York",
    ),
    "buy a QQQ call debit spread 60 days out, 60/40 delta, take profit at 80%": (
        "type: bull_call", "long_delta: 0.58-0.62", "short_delta: 0.38-0.42", "- profit >= 80% of debit",
    ),
    "open put calendars on IWM 30 days out at the money, exit at 20% profit or 7 days to expiry": (
        "type: calendar", "short_strike: at the money", "- profit >= 20% of debit", "- dte <= 7",
    ),
    "broken wing butterfly on SPX 21 days, 40 delta, 50/60 wide": ("type: broken_wing", "width: {near: $50, far: $60}"),
    "sell put spreads on SPX between 10am and 2pm, 7 days out, $500 max risk": (
        "window: 10:00-14:00 New York", "risk: $500",
    ),
    "sell iron condors on SPY 45 days out, max loss $800, 20 delta": ("risk: $800", "short_delta: 0.18-0.22"),
    "sell iron butterflies on SPX 30 days out, ATM, $50 wide": ("short_strike: at the money",),
}  # fmt: skip


@pytest.mark.parametrize("sentence", SAID)
def test_sentence_becomes_a_file_that_says_the_same_and_passes(sentence: str) -> None:
    name, text = strategy_text(sentence)

    told = [one for one in check_files({f"{name}.yaml": text}) if "there is no events.yaml" not in one.message]
    assert told == []
    for line in SAID[sentence]:
        assert line in text, text
    assert f"about: {sentence}" in text


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("sell 16 delta put spreads on SPY 45 days out and dance", "not understood: 'dance'"),
        ("sell put spreads on SPY 45 days out when the moon is full", "not understood as a condition of the market"),
        ("sell puts on SPY", "a lone short option is not traded"),
        ("buy gamma", "which structure?"),
        ("sell put spreads on SPY 10 days out, close at half or 15 days", "this does not fit together"),
        ("", "which structure?"),
        ("sell iron condors on SPX 45 days out, 25/50 wide", "an iron condor has one width"),
        ("sell SPX iron butterflies 45 dte, stop at 2x credit", "loses at most 172% of its credit"),
    ],
)
def test_what_is_not_understood_is_named(sentence: str, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says.replace("?", r"\?")):
        strategy_text(sentence)


def test_every_example_is_understood() -> None:
    assert set(EXAMPLES) <= set(SAID)


def test_name_is_made_of_what_is_traded_unless_one_is_given() -> None:
    sentence = "sell put spreads on SPY 45 days out"

    assert strategy_text(sentence)[0] == "spy_bull_put"
    assert strategy_text(sentence, "mine")[1].splitlines()[2] == "name: mine"
