"""Values as other programs and people write them: the way out is made of what was written, and it passes."""

import pytest

from tests.core.strategy.mending import mended

FILE = {
    "universe": "[SPX]",
    "type": "bull_put",
    "expiry": "30-60 days",
    "short_delta": "0.12-0.20",
    "width": "$25-$50",
    "risk": "$500",
    "contracts": "1",
    "stop_for_day": "-$900",
    "window": "10:00-15:30 New York",
    "approval": "manual",
    "price": "from mid, $0.05 every 15 s, no worse than 92% of mid, give up after 3 min",
    "for": "a credit",
    "mode": "paper",
    "enabled": "true",
    "open": "2",
}
TEXT = """\
schema: 1
name: x
mode: {mode}
enabled: {enabled}
universe: {universe}
spread:
  type: {type}
  expiry: {expiry}
  short_delta: {short_delta}
  width: {width}
sizing:
  risk: {risk}
  contracts: {contracts}
limits:
  open: {open}
  stop_for_day: {stop_for_day}
entry:
  window: {window}
  approval: {approval}
  price: {price}
exits:
  - profit >= 50% of credit
  - loss >= 200% of credit
  - dte <= 21: roll
roll:
  to: 30-60 days
  for: {for}
"""


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("expiry", "45", "40-50 days"),
        ("expiry", "45 DTE", "40-50 days"),
        ("expiry", "30 to 45 DTE", "30-45 days"),
        ("expiry", "30-45DTE", "30-45 days"),
        ("expiry", "6 weeks", "37-47 days"),
        ("expiry", "35 +/- 5", "30-40 days"),
        ("expiry", "[30, 45]", "30-45 days"),
        ("expiry", "{min: 30, max: 45}", "30-45 days"),
        ("expiry", "monthly", "next monthly"),
        ("expiry", "at least 30", "30-60 days"),
        ("short_delta", "-0.16", "0.14-0.18"),
        ("short_delta", "16", "0.14-0.18"),
        ("short_delta", "-16 delta", "0.14-0.18"),
        ("short_delta", "0.10, 0.25", "0.10-0.25"),
        ("short_delta", "[10, 25]", "0.10-0.25"),
        ("short_delta", "{min: 0.1, max: 0.2}", "0.10-0.20"),
        ("width", "5", "$5"),
        ("width", "10 or 15", "$10-$15"),
        ("width", "$5 or $10", "$5-$10"),
        ("width", "25 wide", "$25"),
        ("width", "[5, 10]", "$5-$10"),
        ("width", "10 points", "$10"),
        ("risk", "5,000", "$5,000"),
        ("risk", "5k", "$5,000"),
        ("risk", "500 USD", "$500"),
        ("risk", "3%", "3% of net liquidation"),
        ("risk", "3% of account", "3% of net liquidation"),
        ("risk", "0.03", "3% of net liquidation"),
        ("risk", "4% of BP", "4% of buying power"),
        ("contracts", "2 contracts", "2"),
        ("contracts", "up to 5", "1-5"),
        ("stop_for_day", "$750", "-$750"),
        ("stop_for_day", "750", "-$750"),
        ("stop_for_day", "-1,500", "-$1,500"),
        ("window", "9:45-15:30", "9:45-15:30 New York"),
        ("window", "9:45am - 3:15pm ET", "09:45-15:15 New York"),
        ("window", "after 10:30", "10:30-15:30 New York"),
        ("window", "11:00", "11:00-11:15 New York"),
        ("window", "[10:15, 15:00]", "10:15-15:00 New York"),
        ("approval", "confirm", "manual"),
        ("approval", "manual (5 min)", "manual, expires in 5 min"),
        ("price", "mid", "from mid, 15% of half width every 15 s, no worse than 92% of mid, give up after 3 min"),
        ("price", "market", "from mid, 15% of half width every 15 s, no worse than natural, give up after 3 min"),
        ("price", "mid, 0.10 every 20 s", "from mid, $0.10 every 20 s, no worse than 92% of mid, give up after 3 min"),
        ("for", "credit", "a credit"),
        ("for", "0.25 credit", "a credit of $0.25"),
        ("for", "debit of $0.40", "a debit up to $0.40"),
        ("mode", "Live", "live"),
        ("mode", "PAPER", "paper"),
        ("enabled", "no", "false"),
        ("enabled", "On", "true"),
        ("open", "3 max", "3"),
        ("universe", "[spx]", "SPX"),
        ("universe", "[$SPX, ^RUT]", "SPX"),
        ("universe", "SPX, RUT", "[SPX, RUT]"),
        ("universe", "SPX", "[SPX]"),
        ("type", "put credit spread", "bull_put"),
    ],
)
def test_value_of_another_program_is_led_to_its_own_numbers(key: str, written: str, meant: str) -> None:
    text = TEXT.format(**(FILE | {key: written}))

    after, (first, *_) = mended(text)

    assert first.hint.startswith((f"write  {meant}", f"did you mean '{meant}'")), first.hint
    assert meant in after


@pytest.mark.parametrize("written", ["mid", "market"])
def test_price_that_is_led_to_is_on_the_right_side_of_a_debit(written: str) -> None:
    debit = FILE | {"type": "bull_call", "price": written}
    text = TEXT.format(**debit).replace("of credit", "of debit").replace("200%", "50%")

    after, _ = mended(text)

    assert ("no worse than 108% of mid" if written == "mid" else "no worse than natural") in after
