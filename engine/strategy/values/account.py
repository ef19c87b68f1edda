"""The scalars of account.yaml and events.yaml that strategies do not use: each declared once."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy import guesses
from engine.strategy.source import Text, about
from engine.strategy.values.money import share_of
from engine.strategy.values.scalar import NUMBER, Scalar, decimal_of
from engine.strategy.way_out import write, write_any


def _percent(text: Text, match: re.Match[str]) -> Decimal:
    share = decimal_of(text, match[1]) / 100
    if share > 1:
        raise about(text, f"{match[0]} is more than 100%", write("25%"))
    return share


Percent: TypeAlias = Annotated[
    Decimal,
    Scalar(
        (Decimal,),
        rf"({NUMBER})\s*%",
        _percent,
        "a percentage from 0% to 100%",
        ("25%",),
        misread=lambda text: (
            (f"{text} what?", write_any(list(dict.fromkeys([*guesses.percent(text), f"{text}%"]))))
            if re.fullmatch(NUMBER, text)
            else None
        ),
        guess=guesses.percent,
    ),
]


def _part(text: Text, match: re.Match[str]) -> Decimal:
    if (share := _percent(text, match)) == 0:
        raise about(text, f"{match[0]} opens nothing at all", write("25%", note=", or remove the key"))
    return share


Part: TypeAlias = Annotated[
    Decimal,
    Scalar(
        (Decimal,),
        rf"({NUMBER})\s*%",
        _part,
        "a percentage above 0% and at most 100%",
        ("25%",),
        misread=lambda text: (
            (f"{text} what?", write_any(list(dict.fromkeys([*guesses.percent(text), f"{text}%"]))))
            if re.fullmatch(NUMBER, text)
            else None
        ),
        guess=guesses.percent,
    ),
]

Drop: TypeAlias = Annotated[
    Decimal,
    Scalar(
        (Decimal,),
        rf"-\s*({NUMBER})\s*%\s+of\s+net\s+liquidation",
        lambda text, match: -share_of(text, match[1]),
        "a loss as a part of net liquidation, with its minus",
        ("-2% of net liquidation",),
        misread=lambda text: (
            (f"{text} is a gain: a loss has a minus", write(f"-{text}")) if text[:1].isdecimal() and "of" in text else None
        ),
        guess=guesses.drop,
    ),
]


def _date(text: Text, match: re.Match[str]) -> date:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise about(text, f"there is no {match[0]} in the calendar", write("2027-06-30")) from None


Day: TypeAlias = Annotated[
    date,
    Scalar(
        (date,),
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})",
        _date,
        "a date as year-month-day",
        ("2027-06-30",),
        guess=guesses.day,
    ),
]
