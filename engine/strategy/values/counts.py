"""The scalars that are counts, words and names: each declared once with its pattern, meaning and examples."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from engine.domain.index_classes import index_meant, option_class
from engine.strategy import guesses
from engine.strategy.source import Text, about
from engine.strategy.values.meaning import ContractRange
from engine.strategy.values.scalar import DASH, Scalar, backwards, words
from engine.strategy.way_out import WayOut, Write, write


def _count(text: Text, match: re.Match[str]) -> int:
    number = int(match[0].replace(",", ""))
    if not 1 <= number <= 100_000:
        raise about(text, f"found {match[0]}; wanted a whole number from 1", write("1", "5"))
    return number


Count: TypeAlias = Annotated[
    int,
    Scalar(
        (int,),
        r"[0-9][0-9,]{0,8}",
        _count,
        "a whole number from 1",
        ("1", "5"),
        json_type="integer",
        json_bounds=(1, 100_000),
        guess=guesses.count,
    ),
]


def _contracts(text: Text, match: re.Match[str]) -> ContractRange:
    high = int(match[2] or match[1])
    low = int(match[1]) if match[2] else min(1, high)
    if low > high > 0:
        raise backwards(text, low, high)
    if low < 1 or not 1 <= high <= 1000:
        raise about(text, f"found {match[0]}; wanted 1 to 1000 contracts", write("1", "1-10"))
    return ContractRange(low, high)


Contracts: TypeAlias = Annotated[
    ContractRange,
    Scalar(
        (ContractRange,), rf"([0-9]{{1,5}})(?:{DASH}([0-9]{{1,5}}))?", _contracts, "a number of spreads", ("1", "1-10"),
        json_type=("string", "integer"), json_bounds=(1, 1000), guess=guesses.contracts,
    ),
]  # fmt: skip

YesNo: TypeAlias = Annotated[
    bool,
    words(
        "true",
        "false",
        wanted="true or false",
        means={"true": True, "false": False},
        also={
            "true": ("yes", "on", "y", "1", "active", "enabled"),
            "false": ("no", "off", "n", "0", "inactive", "disabled", "paused"),
        },
    ),
]

SchemaVersion: TypeAlias = Annotated[
    int,
    Scalar(
        (int,),
        r"1",
        lambda text, match: 1,
        "1, the version of this language",
        ("1",),
        json_type="integer",
        json_bounds=(1, 1),
        misread=lambda text: (
            (f"version {text} of the language is newer than this engine reads", write("1"))
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

NAME = r"[a-z][a-z0-9_]{0,39}"

Name: TypeAlias = Annotated[
    str,
    Scalar(
        (),
        NAME,
        _text,
        "a name of small letters, digits and _, at most 40, beginning with a letter",
        ("spx_bull_put",),
        misread=lambda text: (
            f"'{text[:40]}' is no name for a strategy: small letters, digits and _, at most 40",
            write(re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_").lstrip("0123456789_")[:40] or "spx_bull_put"),
        ),
    ),
]

TICKER = r"[A-Z][A-Z0-9]{0,9}(?:[. ][A-Z]{1,2})?"
"""SPX, or BRK B with the letter of its class."""

_YAML_WORDS = {"true", "false", "null", "~"}


def _ticker(text: Text, match: re.Match[str]) -> str:
    if text.plain and text.lower() in _YAML_WORDS:
        kind = "nothing" if text.lower() in {"null", "~"} else "true/false"
        raise about(
            text, f"{text} reads as {kind} in YAML, but a ticker is text", WayOut.of(f'quote it: "{text}"', Write(f'"{text}"'))
        )
    ticker = str(text).strip()
    root = option_class(ticker).underlying
    if root and ticker != root and ticker.startswith(root):
        raise about(text, f"{ticker} is a class of {root}'s options; wanted what they are written on", write(root))
    if (index := index_meant(ticker)) != ticker:
        raise about(text, f"{ticker} is no ticker at the broker; the index is {index}", write(index))
    return ticker


def _no_ticker(text: str) -> tuple[str, str] | None:
    if text.lower() in _YAML_WORDS or not text:
        return (
            "nothing stands here, but a ticker is text",
            'write  SPX, and quote a ticker that YAML reads as a word: "TRUE"',
        )
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9. ]{0,9}", text):
        return f"'{text}' is no ticker: they are written in capitals", write(text.upper())
    return None


Ticker: TypeAlias = Annotated[
    str,
    Scalar((), TICKER, _ticker, "a ticker in capitals", ("SPX", "SPY"), misread=_no_ticker, guess=guesses.tickers),
]
