"""The scalars of the language, each declared once: pattern, meaning, wanted, examples."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy.positions import PydanticCustomError, Text, about
from engine.strategy.scalar import NUMBER, Scalar, decimal_of, words
from engine.strategy.values import (
    Amount,
    Auto,
    Base,
    Budget,
    ContractRange,
    DayRange,
    DeltaRange,
    ExpiryRule,
    Manual,
    NextMonthly,
    PriceWalk,
    RollFor,
    ShareOf,
    Step,
    Usd,
    WidthRange,
    Window,
    Worst,
    WorstFromMid,
    WorstNatural,
    WorstShare,
)

ZONES = {"New York": "America/New_York", "Chicago": "America/Chicago"}
"""Where US options trade. Both change to summer time on the same days, so a time in one is a time in the other."""

LONGEST_DAYS = 1500
"""The longest listed options live about five years less; further away there is nothing to find."""

_DASH = r"\s*(?:-|to)\s*"
_SECONDS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "seconds": 1,
    "min": 60,
    "minute": 60,
    "minutes": 60,
    "h": 3600,
    "hour": 3600,
    "hours": 3600,
}
_SPAN = r"([0-9]{1,5})\s*(seconds|second|sec|s|minutes|minute|min|hours|hour|h)"


def seconds_of(number: str, word: str) -> int:
    """A duration in seconds."""
    return int(number) * _SECONDS[word]


def _reversed(text: Text, low: object, high: object, unit: str = "") -> PydanticCustomError:
    return about(text, f"the range runs backwards: {low} is more than {high}", f"write  {high}-{low}{unit}")


# --- counts and words ---------------------------------------------------------------------------------------------------------


def _count(text: Text, match: re.Match[str]) -> int:
    number = int(match[0].replace(",", ""))
    if not 1 <= number <= 100_000:
        raise about(text, f"found {match[0]}; wanted a whole number from 1", "write  1  |  5")
    return number


Count: TypeAlias = Annotated[
    int, Scalar((int,), r"[0-9][0-9,]{0,8}", _count, "a whole number from 1", ("1", "5"), json_type="integer")
]

YesNo: TypeAlias = Annotated[bool, words("true", "false", wanted="true or false", means={"true": True, "false": False})]

SchemaVersion: TypeAlias = Annotated[
    int,
    Scalar(
        (int,),
        r"1",
        lambda text, match: 1,
        "schema: 1, the version of this language",
        ("1",),
        json_type="integer",
        misread=lambda text: (
            (f"schema {text} is newer than this version reads", "write  schema: 1")
            if text.isdecimal() and int(text[:9]) > 1
            else None
        ),
    ),
]


def _text(text: Text, match: re.Match[str]) -> str:
    return str(text).strip()


About: TypeAlias = Annotated[
    str, Scalar((), r"[\s\S]{0,2000}", _text, "a sentence of at most 2000 characters", ("Sell puts when they are dear.",))
]

Name: TypeAlias = Annotated[
    str,
    Scalar(
        (),
        r"[a-z][a-z0-9_]{0,39}",
        _text,
        "a name of small letters, digits and _, at most 40, beginning with a letter",
        ("spx_bull_put",),
        misread=lambda text: (
            f"'{text[:40]}' is no name for a strategy: small letters, digits and _, at most 40",
            "write  " + (re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_0123456789")[:40] or "spx_bull_put"),
        ),
    ),
]

_YAML_WORDS = {"true", "false", "null", "~"}


def _ticker(text: Text, match: re.Match[str]) -> str:
    if text.plain and text.lower() in _YAML_WORDS:
        kind = "nothing" if text.lower() in {"null", "~"} else "true/false"
        raise about(text, f"{text} reads as {kind} in YAML, but a ticker is text", f'quote it: "{text}"')
    return str(text).strip()


def _no_ticker(text: str) -> tuple[str, str] | None:
    if text.lower() in _YAML_WORDS or not text:
        return (
            "nothing stands here, but a ticker is text",
            'write  SPX, and quote a ticker that YAML reads as a word: "TRUE"',
        )
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9. ]{0,9}", text):
        return f"'{text}' is no ticker: they are written in capitals", f"write  {text.upper()}"
    return None


Ticker: TypeAlias = Annotated[
    str,
    Scalar((), r"[A-Z][A-Z0-9]{0,9}(?:[. ][A-Z]{1,2})?", _ticker, "a ticker in capitals", ("SPX", "SPY"), misread=_no_ticker),
]

# --- days, deltas, widths -----------------------------------------------------------------------------------------------------


def _days(text: Text, match: re.Match[str]) -> DayRange:
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise _reversed(text, low, high, " days")
    if high > LONGEST_DAYS:
        raise about(text, f"no option lives {high} days", "write  30-60 days")
    return DayRange(low, high)


def _bare_days(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"[0-9]{{1,4}}(?:{_DASH}[0-9]{{1,4}})?", text):
        return f"{text} what? days are written out", f"write  {text} days"
    if text.startswith("-"):
        return f"'{text[:20]}' lies in the past: days count from today", "write  30-60 days"
    return None


_DAYS = rf"([0-9]{{1,4}})(?:{_DASH}([0-9]{{1,4}}))?\s*(?:days|day|d)"

Days: TypeAlias = Annotated[
    DayRange, Scalar((DayRange,), _DAYS, _days, "a range of days to expiry", ("30-60 days", "45 days"), misread=_bare_days)
]


def _expiry(text: Text, match: re.Match[str]) -> ExpiryRule:
    if match[0] == "next monthly":
        return NextMonthly()
    if match[0] == "first after earnings":
        raise about(
            text,
            "'first after earnings' needs an earnings calendar, which is not available yet",
            "write  30-60 days  |  next monthly",
        )
    return _days(text, match)


Expiry: TypeAlias = Annotated[
    ExpiryRule,
    Scalar(
        (DayRange, NextMonthly),
        rf"{_DAYS}|next monthly|first after earnings",
        _expiry,
        "days to expiry",
        ("30-60 days", "45 days", "next monthly"),
        misread=_bare_days,
    ),
]


def _delta(text: Text, digits: str, in_hundredths: bool) -> Decimal:
    number = decimal_of(text, digits)
    delta = number / 100 if in_hundredths else number
    if delta > 1:
        raise about(text, f"no option has a delta of {digits}", "write  0.16  |  16 delta  |  0.12-0.20")
    return delta


def _deltas(text: Text, match: re.Match[str]) -> DeltaRange:
    in_hundredths = match[3] is not None
    low = _delta(text, match[1], in_hundredths)
    high = _delta(text, match[2] or match[1], in_hundredths)
    if low > high:
        raise _reversed(text, match[1], match[2], " delta" if in_hundredths else "")
    return DeltaRange(low, high)


Deltas: TypeAlias = Annotated[
    DeltaRange,
    Scalar(
        (DeltaRange,),
        rf"({NUMBER})(?:{_DASH}({NUMBER}))?(\s*(?:delta|deltas|Δ))?",
        _deltas,
        "deltas between 0 and 1, without a sign",
        ("0.12-0.20", "16 delta"),
        json_type=("string", "number"),
        misread=lambda text: (
            ("deltas are written without a sign, also for puts", f"write  {text.lstrip('- ').replace('--', '-')[:30]}")
            if text.startswith("-")
            else None
        ),
    ),
]


def _width(text: Text, match: re.Match[str]) -> WidthRange:
    low, high = decimal_of(text, match[1]), decimal_of(text, match[2] or match[1])
    if low > high:
        raise about(text, f"the range runs backwards: ${low} is more than ${high}", f"write  ${high}-${low}")
    if low <= 0:
        raise about(text, "a spread of no width is no spread", "write  $25-$50  |  $5")
    return WidthRange(low, high)


def _no_width(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"(?:{NUMBER})(?:{_DASH}(?:{NUMBER}))?", text):
        return f"{text} what? a width is in dollars between the strikes", "write  " + re.sub(r"([0-9.,]+)", r"$\1", text)
    if text.startswith(("-$", "$-", "-")):
        return f"'{text[:20]}': a width is a distance, it has no sign", "write  $25-$50  |  $5"
    return None


Width: TypeAlias = Annotated[
    WidthRange,
    Scalar(
        (WidthRange,),
        rf"\$\s*({NUMBER})(?:{_DASH}\$?\s*({NUMBER}))?",
        _width,
        "dollars between the two strikes",
        ("$25-$50", "$5"),
        misread=_no_width,
    ),
]


def _contracts(text: Text, match: re.Match[str]) -> ContractRange:
    high = int(match[2] or match[1])
    low = int(match[1]) if match[2] else 1
    if low > high:
        raise _reversed(text, low, high)
    if low < 1 or high > 1000:
        raise about(text, f"found {match[0]}; wanted 1 to 1000 contracts", "write  1  |  1-10")
    return ContractRange(low, high)


Contracts: TypeAlias = Annotated[
    ContractRange,
    Scalar(
        (ContractRange,), rf"([0-9]{{1,5}})(?:{_DASH}([0-9]{{1,5}}))?", _contracts, "a number of spreads", ("1", "1-10"),
        json_type=("string", "integer"),
    ),
]  # fmt: skip

# --- money --------------------------------------------------------------------------------------------------------------------

_BASES: dict[str, Base] = {"net liquidation": "net liquidation", "net_liquidation": "net liquidation", "NLV": "net liquidation"}
_BASES |= {"buying power": "buying power", "buying_power": "buying power"}
_SHARE_OF = rf"({NUMBER})\s*%\s+of\s+({'|'.join(_BASES)})"
_DOLLARS = rf"\$\s*({NUMBER})"
_AMOUNT = rf"{_DOLLARS}|{_SHARE_OF}"


def _share(text: Text, digits: str) -> Decimal:
    share = decimal_of(text, digits) / 100
    if not 0 < share <= 1:
        raise about(text, f"{digits}% is not between 0% and 100%", "write  2% of net liquidation")
    return share


def _amount(text: Text, match: re.Match[str]) -> Amount:
    if match[1] is None:
        return ShareOf(_share(text, match[2]), _BASES[match[3]])
    usd = decimal_of(text, match[1])
    if usd == 0:
        raise about(text, "$0 allows nothing at all", "write  $500, or  enabled: false  to pause the strategy")
    return Usd(usd)


def _no_amount(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"(?:{NUMBER})\s*%", text):
        return f"{text} of what?", f"write  {text} of net liquidation  |  {text} of buying power  |  $500"
    if re.fullmatch(NUMBER, text):
        return f"{text} what?", f"write  ${text}  |  2% of net liquidation"
    if text.startswith("-"):
        return f"'{text[:30]}': an amount at risk is written without a sign", f"write  {text.lstrip('- ')[:30]}"
    return None


Risk: TypeAlias = Annotated[
    Amount,
    Scalar(
        (Usd, ShareOf),
        _AMOUNT,
        _amount,
        "an amount of money",
        ("2% of net liquidation", "2% of buying power", "$500"),
        misread=_no_amount,
    ),
]


def _loss(text: Text, match: re.Match[str]) -> Usd:
    return Usd(-decimal_of(text, match[1]))


Loss: TypeAlias = Annotated[
    Usd,
    Scalar(
        (Usd,),
        rf"-\s*{_DOLLARS}|\$\s*-\s*({NUMBER})",
        lambda text, match: Usd(-decimal_of(text, match[1] or match[2])),
        "a loss in dollars, with its minus",
        ("-$500", "-$1,500"),
        misread=lambda text: (
            (f"{text} is a gain: a loss has a minus", f"write  -${text.lstrip('$ ')}")
            if re.fullmatch(rf"\$?\s*(?:{NUMBER})", text)
            else (f"{text}: dollars have their sign", f"write  -${text.lstrip('- ')}")
            if re.fullmatch(rf"-\s*(?:{NUMBER})", text)
            else None
        ),
    ),
]

# --- entry --------------------------------------------------------------------------------------------------------------------

_CLOCK = r"([0-9]{1,2}):([0-9]{2})"


def _time(text: Text, hour: str, minute: str) -> time:
    if int(hour) > 23 or int(minute) > 59:
        raise about(text, f"there is no {hour}:{minute} on a clock", "write  10:00-15:30 New York")
    return time(int(hour), int(minute))


def _window(text: Text, match: re.Match[str]) -> Window:
    start, end = _time(text, match[1], match[2]), _time(text, match[3], match[4])
    if start >= end:
        raise about(text, f"the window ends ({end:%H:%M}) before it begins ({start:%H:%M})", "write  10:00-15:30 New York")
    return Window(start, end, ZONES[match[5]])


Hours: TypeAlias = Annotated[
    Window,
    Scalar(
        (Window,),
        rf"{_CLOCK}{_DASH}{_CLOCK}\s+({'|'.join(ZONES)})",
        _window,
        "two times of day and the city whose clock is meant",
        ("10:00-15:30 New York", "09:00-14:30 Chicago"),
        misread=lambda text: (
            (f"{text} where?", f"write  {text} New York  |  {text} Chicago")
            if re.fullmatch(rf"{_CLOCK}{_DASH}{_CLOCK}", text)
            else None
        ),
    ),
]


def _span(text: Text, match: re.Match[str]) -> int:
    span = seconds_of(match[1], match[2])
    if not 1 <= span <= 86_400:
        raise about(text, f"{match[0]} is not between one second and one day", "write  10 min")
    return span


Seconds: TypeAlias = Annotated[
    int,
    Scalar(
        (int,),
        _SPAN,
        _span,
        "a duration",
        ("5 min", "30 s"),
        misread=lambda text: (f"{text} what?", f"write  {text} min  |  {text} s") if text.isdecimal() else None,
    ),
]

DEFAULT_EXPIRES_S = 600
"""An approval asked for ten minutes ago is about another market."""


def _approval(text: Text, match: re.Match[str]) -> Manual | Auto:
    expires_s = seconds_of(match[2], match[3]) if match[2] else DEFAULT_EXPIRES_S
    if not 1 <= expires_s <= 86_400:
        raise about(text, "an approval expires within a day", "write  manual, expires in 10 min")
    return Manual(expires_s) if match[1] == "manual" else Auto(expires_s)


ApprovalWord: TypeAlias = Annotated[
    Manual | Auto,
    Scalar(
        (Manual, Auto),
        rf"(manual|auto)(?:,\s*expires\s+in\s+{_SPAN})?",
        _approval,
        "how an order is approved",
        ("manual", "manual, expires in 10 min", "auto"),
    ),
]


def _budget(text: Text, match: re.Match[str]) -> Budget:
    usd, orders = decimal_of(text, match[1]), int(match[2])
    if usd <= 0 or orders < 1:
        raise about(text, "a budget of nothing never opens anything by itself", "write  approval: manual")
    return Budget(usd, orders)


BudgetPerDay: TypeAlias = Annotated[
    Budget,
    Scalar(
        (Budget,),
        rf"{_DOLLARS}\s+risk,\s*([0-9]{{1,4}})\s+orders?\s+per\s+day",
        _budget,
        "the risk and the orders of one day",
        ("$500 risk, 2 orders per day",),
    ),
]

_START = rf"from\s+(?:mid|{_DOLLARS}\s+better\s+than\s+mid)"
_STEP = rf"(?:{_DOLLARS}|({NUMBER})\s*%\s+of\s+half\s+width)\s+every\s+{_SPAN}"
_WORST = rf"no\s+worse\s+than\s+(?:({NUMBER})\s*%\s+of\s+(mid|width)|{_DOLLARS}\s+from\s+mid|(natural))"


def _walk(text: Text, match: re.Match[str]) -> PriceWalk:
    better, usd, share, every, every_word, worst_share, worst_of, worst_usd, natural, patience, patience_word = match.groups()
    step = Step(usd=decimal_of(text, usd)) if usd else Step(of_half_width=decimal_of(text, share) / 100)
    if not (step.usd or step.of_half_width):
        raise about(text, "a step of nothing never reaches a buyer", "write  $0.05 every 15 s")
    worst: Worst = WorstNatural() if natural else WorstFromMid(decimal_of(text, worst_usd)) if worst_usd else WorstShare(
        decimal_of(text, worst_share) / 100, "mid" if worst_of == "mid" else "width"
    )  # fmt: skip
    every_s, give_up_s = seconds_of(every, every_word), seconds_of(patience, patience_word)
    if every_s < 1 or give_up_s < every_s:
        raise about(text, "it gives up before the first step", "write  … every 15 s, …, give up after 3 min")
    if give_up_s > 86_400:
        raise about(text, "an order works for a day at most", "write  give up after 3 min")
    return PriceWalk(step, every_s, worst, give_up_s, decimal_of(text, better) if better else Decimal(0))


Walk: TypeAlias = Annotated[
    PriceWalk,
    Scalar(
        (PriceWalk,),
        rf"{_START},\s*{_STEP},\s*{_WORST},\s*give\s+up\s+after\s+{_SPAN}",
        _walk,
        "first price, step, worst price and patience, set off by commas",
        (
            "from mid, $0.05 every 15 s, no worse than 92% of mid, give up after 3 min",
            "from mid, 15% of half width every 15 s, no worse than natural, give up after 3 min",
        ),
    ),
]

# --- exits --------------------------------------------------------------------------------------------------------------------


def _roll_for(text: Text, match: re.Match[str]) -> RollFor:
    if match[1]:
        return RollFor(decimal_of(text, match[1]))
    return RollFor(-decimal_of(text, match[2])) if match[2] else RollFor(Decimal(0))


RollNet: TypeAlias = Annotated[
    RollFor,
    Scalar(
        (RollFor,),
        rf"a\s+credit(?:\s+of\s+{_DOLLARS})?|a\s+debit\s+up\s+to\s+{_DOLLARS}",
        _roll_for,
        "what the roll must bring",
        ("a credit", "a credit of $0.20", "a debit up to $0.50"),
    ),
]

# --- account ------------------------------------------------------------------------------------------------------------------


def _percent(text: Text, match: re.Match[str]) -> Decimal:
    share = decimal_of(text, match[1]) / 100
    if share > 1:
        raise about(text, f"{match[0]} is more than 100%", "write  25%")
    return share


Percent: TypeAlias = Annotated[
    Decimal,
    Scalar(
        (Decimal,),
        rf"({NUMBER})\s*%",
        _percent,
        "a percentage from 0% to 100%",
        ("25%",),
        misread=lambda text: (f"{text} what?", f"write  {text}%") if re.fullmatch(NUMBER, text) else None,
    ),
]

Drop: TypeAlias = Annotated[
    Decimal,
    Scalar(
        (Decimal,),
        rf"-\s*({NUMBER})\s*%\s+of\s+net\s+liquidation",
        lambda text, match: -_share(text, match[1]),
        "a loss as a part of net liquidation, with its minus",
        ("-2% of net liquidation",),
        misread=lambda text: (
            (f"{text} is a gain: a loss has a minus", f"write  -{text}") if text[:1].isdecimal() and "of" in text else None
        ),
    ),
]


def _date(text: Text, match: re.Match[str]) -> date:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise about(text, f"there is no {match[0]} in the calendar", "write  2027-06-30") from None


Day: TypeAlias = Annotated[
    date, Scalar((date,), r"([0-9]{4})-([0-9]{2})-([0-9]{2})", _date, "a date as year-month-day", ("2027-06-30",))
]
