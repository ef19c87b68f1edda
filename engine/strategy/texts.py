"""The scalars of the language, each declared once: pattern, meaning, wanted, examples."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy.positions import PydanticCustomError, Text, about
from engine.strategy.scalar import NUMBER, Scalar, decimal_of, shortened, words
from engine.strategy.values import (
    Amount,
    Base,
    ContractRange,
    DayRange,
    DeltaRange,
    ExpiryRule,
    NextMonthly,
    ShareOf,
    Usd,
    WidthRange,
)

LONGEST_DAYS = 1500
"""The longest listed options live about five years less; further away there is nothing to find."""

DASH = r"\s*(?:-|to)\s*"


def _reversed(text: Text, low: object, high: object, unit: str = "") -> PydanticCustomError:
    return about(text, f"the range runs backwards: {low} is more than {high}", f"write  {high}-{low}{unit}")


# --- counts and words ---------------------------------------------------------------------------------------------------------


def _count(text: Text, match: re.Match[str]) -> int:
    number = int(match[0].replace(",", ""))
    if not 1 <= number <= 100_000:
        raise about(text, f"found {match[0]}; wanted a whole number from 1", "write  1  |  5")
    return number


Count: TypeAlias = Annotated[
    int,
    Scalar(
        (int,), r"[0-9][0-9,]{0,8}", _count, "a whole number from 1", ("1", "5"), json_type="integer", json_bounds=(1, 100_000)
    ),
]

YesNo: TypeAlias = Annotated[bool, words("true", "false", wanted="true or false", means={"true": True, "false": False})]

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
            (f"version {text} of the language is newer than this engine reads", "write  schema: 1")
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

TICKER = r"[A-Z][A-Z0-9]{0,9}(?:[. ][A-Z]{1,2})?"
"""SPX, or BRK B with the letter of its class."""

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
    Scalar((), TICKER, _ticker, "a ticker in capitals", ("SPX", "SPY"), misread=_no_ticker),
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
    if re.fullmatch(rf"[0-9]{{1,4}}(?:{DASH}[0-9]{{1,4}})?", text):
        return f"{text} what? days are written out", f"write  {text} days"
    if text.startswith("-"):
        return f"'{text[:20]}' lies in the past: days count from today", "write  30-60 days"
    return None


_DAYS = rf"([0-9]{{1,4}})(?:{DASH}([0-9]{{1,4}}))?\s*(?:days|day|d)"

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
        "a range of days to expiry",
        ("30-60 days", "45 days", "next monthly"),
        misread=_bare_days,
    ),
]


def _delta(text: Text, digits: str, in_hundredths: bool) -> Decimal:
    number = decimal_of(text, digits)
    if in_hundredths and 0 < number < 1:
        plain = re.sub(r"\s*(?:deltas?|Δ)$", "", text.strip())
        hint = f"{plain}  |  16 delta" if all(float(part) <= 1 for part in re.findall(NUMBER, plain)) else "0.16  |  16 delta"
        raise about(text, f"'{shortened(text, 30)}' is hardly meant: 16 delta is 0.16", f"write  {hint}")
    delta = number / 100 if in_hundredths else number
    if delta > 1:
        whole = f"{shortened(text, 20)} delta" if not in_hundredths and number <= 100 and "." not in text else "16 delta"
        raise about(text, f"no option has a delta of {digits}", f"write  {whole}  |  0.16  |  0.12-0.20")
    return delta


def _deltas(text: Text, match: re.Match[str]) -> DeltaRange:
    in_hundredths = match[3] is not None
    low = _delta(text, match[1], in_hundredths)
    high = _delta(text, match[2] or match[1], in_hundredths)
    if low > high:
        raise _reversed(text, match[1], match[2], " delta" if in_hundredths else "")
    if high == 0:
        raise about(text, "no option that trades has a delta of 0", "write  0.12-0.20  |  16 delta")
    return DeltaRange(low, high)


Deltas: TypeAlias = Annotated[
    DeltaRange,
    Scalar(
        (DeltaRange,),
        rf"({NUMBER})(?:{DASH}({NUMBER}))?(\s*(?:delta|deltas|Δ))?",
        _deltas,
        "deltas between 0 and 1, without a sign",
        ("0.12-0.20", "16 delta"),
        json_type=("string", "number"),
        json_bounds=(0, 1),
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
        raise _reversed(text, f"${low}", f"${high}")
    if low <= 0:
        raise about(text, "a spread of no width is no spread", "write  $25-$50  |  $5")
    return WidthRange(low, high)


def _no_width(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"(?:{NUMBER})(?:{DASH}(?:{NUMBER}))?", text):
        return f"{text} what? a width is in dollars between the strikes", "write  " + re.sub(r"([0-9.,]+)", r"$\1", text)
    if re.fullmatch(rf"(?:{NUMBER})\s*\$", text):
        return f"'{text[:20]}': the $ stands before the number", f"write  ${text.rstrip('$ ')}"
    if text.startswith(("-$", "$-", "-")):
        return f"'{text[:20]}': a width is a distance, it has no sign", "write  $25-$50  |  $5"
    return None


Width: TypeAlias = Annotated[
    WidthRange,
    Scalar(
        (WidthRange,),
        rf"\$\s*({NUMBER})(?:{DASH}\$?\s*({NUMBER}))?",
        _width,
        "a distance in dollars",
        ("$25-$50", "$5"),
        misread=_no_width,
    ),
]


def _contracts(text: Text, match: re.Match[str]) -> ContractRange:
    high = int(match[2] or match[1])
    low = int(match[1]) if match[2] else min(1, high)
    if low > high > 0:
        raise _reversed(text, low, high)
    if low < 1 or not 1 <= high <= 1000:
        raise about(text, f"found {match[0]}; wanted 1 to 1000 contracts", "write  1  |  1-10")
    return ContractRange(low, high)


Contracts: TypeAlias = Annotated[
    ContractRange,
    Scalar(
        (ContractRange,), rf"([0-9]{{1,5}})(?:{DASH}([0-9]{{1,5}}))?", _contracts, "a number of spreads", ("1", "1-10"),
        json_type=("string", "integer"), json_bounds=(1, 1000),
    ),
]  # fmt: skip

# --- money --------------------------------------------------------------------------------------------------------------------

_BASES: dict[str, Base] = {
    "net liquidation": "net liquidation",
    "net_liquidation": "net liquidation",
    "NLV": "net liquidation",
    "buying power": "buying power",
    "buying_power": "buying power",
}
_SHARE_OF = rf"({NUMBER})\s*%\s+of\s+({'|'.join(_BASES)})"
DOLLARS = rf"\$\s*({NUMBER})"
_AMOUNT = rf"{DOLLARS}|{_SHARE_OF}"


def share_of(text: Text, digits: str) -> Decimal:
    share = decimal_of(text, digits) / 100
    if not 0 < share <= 1:
        raise about(text, f"{digits}% is not above 0% and at most 100%", "write  2% of net liquidation")
    return share


def _amount(text: Text, match: re.Match[str]) -> Amount:
    if match[1] is None:
        return ShareOf(share_of(text, match[2]), _BASES[match[3]])
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
    usd = decimal_of(text, match[1] or match[2])
    if usd == 0:
        raise about(text, "a stop at no loss at all stops before the first trade", "write  -$500, or remove the key")
    return Usd(-usd)


Loss: TypeAlias = Annotated[
    Usd,
    Scalar(
        (Usd,),
        rf"-\s*{DOLLARS}|\$\s*-\s*({NUMBER})",
        _loss,
        "a loss in dollars, with its minus",
        ("-$500", "-$1,500"),
        misread=lambda text: (
            (f"{text} is no loss", "write  -$500, or remove the key")
            if re.fullmatch(r"\$?\s*0+(?:\.0*)?", text)
            else (f"{text} is a gain: a loss has a minus", f"write  -${text.lstrip('$ ')}")
            if re.fullmatch(rf"\$?\s*(?:{NUMBER})", text)
            else (f"{text}: dollars have their sign", f"write  -${text.lstrip('- ')}")
            if re.fullmatch(rf"-\s*(?:{NUMBER})", text)
            else None
        ),
    ),
]
