"""The scalars that say which spread is looked for, in days, deltas and dollars of width: each declared once."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy import guesses
from engine.strategy.source import Text, about
from engine.strategy.values.meaning import (
    DayRange,
    DaysAfter,
    DeltaRange,
    ExpiryRule,
    LaterRule,
    NextMonthly,
    SameExpiry,
    TimesNear,
    WidthRange,
)
from engine.strategy.values.scalar import DASH, DOLLARS, NUMBER, Scalar, backwards, decimal_of, shortened
from engine.strategy.way_out import write, write_any

_LONGEST_DAYS = 1500
"""The longest listed options live about five years less; further away there is nothing to find."""


def _days(text: Text, match: re.Match[str]) -> DayRange:
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise backwards(text, low, high, " days")
    if high > _LONGEST_DAYS:
        raise about(text, f"no option lives {high} days", write("30-60 days"))
    return DayRange(low, high)


def _bare_days(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"[0-9]{{1,4}}(?:{DASH}[0-9]{{1,4}})?", text):
        return f"{text} what? days are written out", write_any(guesses.days(text))
    if guesses.is_date(text):
        message = f"'{shortened(text, 20)}' is a date, and dates pass by: days to expiry are counted anew each day"
        return message, write("30-60 days", "next monthly")
    if text.startswith("-"):
        return f"'{text[:20]}' lies in the past: days count from today", write("30-60 days")
    return None


_DAYS = rf"([0-9]{{1,4}})(?:{DASH}([0-9]{{1,4}}))?\s*(?:days|day|d)"

Days: TypeAlias = Annotated[
    DayRange,
    Scalar(
        (DayRange,),
        _DAYS,
        _days,
        "a range of days to expiry",
        ("30-60 days", "45 days"),
        misread=_bare_days,
        guess=guesses.days,
    ),
]


def _days_or_same(text: Text, match: re.Match[str]) -> DayRange | SameExpiry:
    return _days(text, match) if match[1] else SameExpiry()


RollDays: TypeAlias = Annotated[
    DayRange | SameExpiry,
    Scalar(
        (DayRange, SameExpiry),
        rf"{_DAYS}|(?:the\s+)?same\s+expiry",
        _days_or_same,
        "a range of days to expiry, or the same expiry",
        ("30-60 days", "45 days", "the same expiry"),
        misread=_bare_days,
        guess=guesses.days,
    ),
]


_NEAREST = rf"(?:(monthly)\s+)?nearest\s+([0-9]{{1,4}})\s*days?,\s*within\s+([0-9]{{1,4}}){DASH}([0-9]{{1,4}})\s*days"


_MONTHLY = rf"monthly,\s*within\s+([0-9]{{1,4}}){DASH}([0-9]{{1,4}})\s*days"


def _expiry(text: Text, match: re.Match[str]) -> ExpiryRule:
    if match[0] == "next monthly":
        return NextMonthly()
    if match[4]:
        monthly, nearest, low, high = match[3] or "", int(match[4]), int(match[5]), int(match[6])
        if not low <= nearest <= high <= _LONGEST_DAYS:
            reach = 21 if monthly else 7
            around = f"nearest {nearest} days, within {max(0, nearest - reach)}-{nearest + reach} days"
            raise about(text, f"{nearest} days do not lie within {low}-{high} days", write(f"{monthly} {around}".strip()))
        return DayRange(low, high, nearest, is_monthly=bool(monthly))
    if match[7]:
        low, high = int(match[7]), int(match[8])
        if not low <= high <= _LONGEST_DAYS:
            raise backwards(text, low, high, " days")
        return DayRange(low, high, is_monthly=True)
    if match[0] == "first after earnings":
        raise about(
            text,
            "'first after earnings' needs an earnings calendar, which is not available yet",
            write("30-60 days", "next monthly"),
        )
    return _days(text, match)


_ANY_EXPIRY = rf"{_DAYS}|{_NEAREST}|{_MONTHLY}|next monthly|first after earnings"

Expiry: TypeAlias = Annotated[
    ExpiryRule,
    Scalar(
        (DayRange, NextMonthly),
        _ANY_EXPIRY,
        _expiry,
        "a range of days to expiry",
        ("30-60 days", "nearest 45 days, within 38-52 days", "monthly, within 30-60 days", "next monthly"),
        misread=_bare_days,
        guess=guesses.days,
    ),
]


def _later(text: Text, match: re.Match[str]) -> LaterRule:
    if match[9] is None:
        return _expiry(text, match)
    low, high = int(match[9]), int(match[10] or match[9])
    if low > high:
        raise backwards(text, low, high, " days after near")
    if low == 0:
        message = "what is bought expires later than what is sold, or what is sold would stand alone"
        raise about(text, message, write("7 days after near", "25-35 days after near"))
    if high > _LONGEST_DAYS:
        raise about(text, f"no option lives {high} days", write("25-35 days after near"))
    return DaysAfter(low, high)


LaterExpiry: TypeAlias = Annotated[
    LaterRule,
    Scalar(
        (DayRange, NextMonthly, DaysAfter),
        rf"{_ANY_EXPIRY}|([0-9]{{1,4}})(?:{DASH}([0-9]{{1,4}}))?\s*days?\s+after\s+near",
        _later,
        "a range of days to expiry",
        ("50-90 days", "25-35 days after near", "nearest 60 days, within 50-70 days", "next monthly"),
        misread=_bare_days,
        guess=guesses.later_days,
    ),
]


def _delta(text: Text, digits: str, in_hundredths: bool) -> Decimal:
    number = decimal_of(text, digits)
    if in_hundredths and 0 < number < 1:
        plain = re.sub(r"\s*(?:deltas?|Δ)$", "", text.strip())
        hint = f"{plain}  |  16 delta" if all(float(part) <= 1 for part in re.findall(NUMBER, plain)) else "0.16  |  16 delta"
        raise about(text, f"'{shortened(text, 30)}' is hardly meant: 16 delta is 0.16", write(hint))
    delta = number / 100 if in_hundredths else number
    if delta > 1:
        whole = f"{shortened(text, 20)} delta" if not in_hundredths and number <= 100 and "." not in text else "16 delta"
        if re.fullmatch(NUMBER, text.strip()) and (near := guesses.deltas(text)):
            raise about(text, f"no option has a delta of {digits}", write(near[0], whole))
        raise about(text, f"no option has a delta of {digits}", write(f"{whole}", "0.16", "0.12-0.20"))
    return delta


def _deltas(text: Text, match: re.Match[str]) -> DeltaRange:
    if match[4] is not None:
        return _nearest_delta(text, match)
    in_hundredths = match[3] is not None
    low = _delta(text, match[1], in_hundredths)
    high = _delta(text, match[2] or match[1], in_hundredths)
    if low > high:
        raise backwards(text, match[1], match[2], " delta" if in_hundredths else "")
    if high == 0:
        raise about(text, "no option that trades has a delta of 0", write("0.12-0.20", "16 delta"))
    return DeltaRange(low, high)


def _nearest_delta(text: Text, match: re.Match[str]) -> DeltaRange:
    nearest, of_nearest, first, last, of_range = match.group(4, 5, 6, 7, 8)
    wanted, low, high = (
        _delta(text, digits, unit is not None) for digits, unit in ((nearest, of_nearest), (first, of_range), (last, of_range))
    )
    if not 0 < low <= wanted <= high:
        around = guesses.around_delta(wanted)[0] if wanted else "0.13-0.19"
        told = f"{match[6]}-{match[7]}{match[8] or ''}"
        raise about(text, f"{nearest} does not lie within {told}", write(f"nearest {wanted or '0.16'}, within {around}"))
    return DeltaRange(low, high, wanted)


_DELTA_WORD = r"(\s*(?:deltas?|Δ))?"


Deltas: TypeAlias = Annotated[
    DeltaRange,
    Scalar(
        (DeltaRange,),
        rf"({NUMBER})(?:{DASH}({NUMBER}))?{_DELTA_WORD}"
        rf"|nearest\s+({NUMBER}){_DELTA_WORD},\s*within\s+({NUMBER}){DASH}({NUMBER}){_DELTA_WORD}",
        _deltas,
        "deltas between 0 and 1, without a sign",
        ("0.12-0.20", "nearest 16 delta, within 13-19 delta"),
        json_type=("string", "number"),
        json_bounds=(0, 1),
        misread=lambda text: (
            ("deltas are written without a sign, also for puts", write_any(guesses.deltas(text)))
            if text.startswith("-")
            else None
        ),
        guess=guesses.deltas,
    ),
]


def _width(text: Text, match: re.Match[str]) -> WidthRange:
    low, high = decimal_of(text, match[1]), decimal_of(text, match[2] or match[1])
    if low > high:
        raise backwards(text, f"${low}", f"${high}")
    if low <= 0:
        raise about(text, "a spread of no width is no spread", write("$25-$50", "$5"))
    return WidthRange(low, high)


def _no_width(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"(?:{NUMBER})(?:{DASH}(?:{NUMBER}))?", text):
        return f"{text} what? a width is in dollars between the strikes", write(re.sub(r"([0-9.,]+)", r"$\1", text))
    if re.fullmatch(rf"(?:{NUMBER})\s*\$", text):
        return f"'{text[:20]}': the $ stands before the number", write(f"${text.rstrip('$ ')}")
    if text.startswith(("-$", "$-", "-")):
        return f"'{text[:20]}': a width is a distance, it has no sign", write("-".join(guesses.width(text)))
    return None


Width: TypeAlias = Annotated[
    WidthRange,
    Scalar(
        (WidthRange,),
        rf"{DOLLARS}(?:{DASH}\$?\s*({NUMBER}))?",
        _width,
        "a distance in dollars",
        ("$25-$50", "$5"),
        misread=_no_width,
        guess=guesses.width,
    ),
]


def _far_width(text: Text, match: re.Match[str]) -> WidthRange | TimesNear:
    if match[3] is None:
        return _width(text, match)
    factor = decimal_of(text, match[3])
    if factor in {0, 1}:
        what = "a spread of no width is no spread" if factor == 0 else "both wings are equally wide, which is a butterfly"
        raise about(text, what, write("2 x near"))
    return TimesNear(factor)


FarWidth: TypeAlias = Annotated[
    WidthRange | TimesNear,
    Scalar(
        (WidthRange, TimesNear),
        rf"{DOLLARS}(?:{DASH}\$?\s*({NUMBER}))?|({NUMBER})\s*(?:x|×|times)\s*near",
        _far_width,
        "a distance in dollars, or so many times the near one",
        ("$50-$100", "2 x near", "$10"),
        misread=_no_width,
        guess=guesses.width,
    ),
]
