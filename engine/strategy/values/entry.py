"""The scalars that say when, with whose approval, at which price and for which roll: each declared once."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy import guessed_times, guesses
from engine.strategy.source import Text, about
from engine.strategy.values.meaning import (
    Auto,
    Budget,
    Manual,
    PriceWalk,
    RollFor,
    Step,
    Window,
    Worst,
    WorstFromMid,
    WorstNatural,
    WorstShare,
)
from engine.strategy.values.scalar import DASH, DOLLARS, NUMBER, Scalar, decimal_of, shortened
from engine.strategy.way_out import WayOut, write

ZONES = {"New York": "America/New_York", "Chicago": "America/Chicago"}
"""Where US options trade. Both change to summer time on the same days, so a time in one is a time in the other."""

SECONDS = {
    "seconds": 1,
    "second": 1,
    "sec": 1,
    "s": 1,
    "minutes": 60,
    "minute": 60,
    "min": 60,
    "hours": 3600,
    "hour": 3600,
    "h": 3600,
}
"""Seconds in each word for a duration, a longer word before one that it begins with."""

DURATION = "|".join(SECONDS)
_SPAN = rf"([0-9]{{1,5}})\s*({DURATION})"


def _seconds(number: str, word: str) -> int:
    return int(number) * SECONDS[word]


_CLOCK = r"([0-9]{1,2}):([0-9]{2})"


def _time(text: Text, hour: str, minute: str) -> time:
    if int(hour) > 23 or int(minute) > 59:
        raise about(text, f"there is no {hour}:{minute} on a clock", write("10:00-15:30 New York"))
    return time(int(hour), int(minute))


def _window(text: Text, match: re.Match[str]) -> Window:
    start, end = _time(text, match[1], match[2]), _time(text, match[3], match[4])
    if start >= end:
        raise about(text, f"the window ends ({end:%H:%M}) before it begins ({start:%H:%M})", _turned(text, match))
    return Window(start, end, ZONES[match[5]])


def _turned(text: Text, match: re.Match[str]) -> WayOut:
    """The window with its ends in order; an afternoon that was written as 3:30 is one."""
    start, end = _time(text, match[1], match[2]), _time(text, match[3], match[4])
    if end.hour < 9 <= end.hour + 12 and end.replace(hour=end.hour + 12) > start:
        return write(f"{start:%H:%M}-{end.replace(hour=end.hour + 12):%H:%M} {match[5]}")
    return write(f"{end:%H:%M}-{start:%H:%M} {match[5]}") if end < start else write("10:00-15:30 New York")


Hours: TypeAlias = Annotated[
    Window,
    Scalar(
        (Window,),
        rf"{_CLOCK}{DASH}{_CLOCK}\s+({'|'.join(ZONES)})",
        _window,
        "two times of day and the city whose clock is meant",
        ("10:00-15:30 New York", "09:00-14:30 Chicago"),
        misread=lambda text: (
            (f"{text} where?", write(f"{text} New York", f"{text} Chicago"))
            if re.fullmatch(rf"{_CLOCK}{DASH}{_CLOCK}", text)
            else None
        ),
        guess=lambda text: [] if re.fullmatch(rf"{_CLOCK}{DASH}{_CLOCK}", text) else guessed_times.hours(text),
    ),
]


def _span(text: Text, match: re.Match[str]) -> int:
    span = _seconds(match[1], match[2])
    if not 1 <= span <= 86_400:
        raise about(text, f"{match[0]} is not between one second and one day", write("10 min"))
    return span


Seconds: TypeAlias = Annotated[
    int,
    Scalar(
        (int,),
        _SPAN,
        _span,
        "a duration",
        ("5 min", "30 s"),
        misread=lambda text: (f"{text} what?", write(f"{text} min", f"{text} s")) if text.isdecimal() else None,
        guess=guessed_times.span,
    ),
]

DEFAULT_EXPIRES_S = 600
"""An approval asked for ten minutes ago is about another market."""


def _approval(text: Text, match: re.Match[str]) -> Manual | Auto:
    expires_s = _seconds(match[2], match[3]) if match[2] else DEFAULT_EXPIRES_S
    if not 1 <= expires_s <= 86_400:
        raise about(text, "an approval expires within a day", write("manual, expires in 10 min"))
    return Manual(expires_s) if match[1] == "manual" else Auto(expires_s)


ApprovalWord: TypeAlias = Annotated[
    Manual | Auto,
    Scalar(
        (Manual, Auto),
        rf"(manual|auto)(?:,\s*expires\s+in\s+{_SPAN})?",
        _approval,
        "manual or auto",
        ("manual", "manual, expires in 10 min", "auto"),
        guess=guesses.approval,
    ),
]


def _budget(text: Text, match: re.Match[str]) -> Budget:
    usd, orders = decimal_of(text, match[1]), int(match[2])
    if usd <= 0 or orders < 1:
        raise about(text, "a budget of nothing never opens anything by itself", write("approval: manual"))
    return Budget(usd, orders)


BudgetPerDay: TypeAlias = Annotated[
    Budget,
    Scalar(
        (Budget,),
        rf"{DOLLARS}\s+risk,\s*([0-9]{{1,4}})\s+orders?\s+per\s+day",
        _budget,
        "a risk and a number of orders for one day",
        ("$500 risk, 2 orders per day",),
        guess=guesses.budget,
    ),
]

_START = rf"from\s+(?:mid|{DOLLARS}\s+better\s+than\s+mid)"
_STEP = rf"(?:{DOLLARS}|({NUMBER})\s*%\s+of\s+half\s+width)\s+every\s+{_SPAN}"
_WORST = rf"no\s+worse\s+than\s+(?:({NUMBER})\s*%\s+of\s+(mid|width)|{DOLLARS}\s+from\s+mid|(natural))"


_GIVE_UP = rf"give\s+up\s+after\s+{_SPAN}"

_PARTS = (
    (_START, "the first price", "from mid"),
    (_STEP, "the step", "$0.05 every 15 s"),
    (_WORST, "the worst price", "no worse than 92% of mid"),
    (_GIVE_UP, "the patience", "give up after 3 min"),
)
"""The parts of a price in their order: pattern, what it is, and an example."""


def walk_from(text: str) -> list[str]:
    """A whole price, with the parts that are written and the usual ones for those that are not."""
    said = " ".join(text.casefold().replace("_", " ").split())
    worst = re.search(
        rf"(?:({NUMBER})\s*%|\b(natural|market|marketable|ask|bid)\b|({DOLLARS}|{NUMBER})\s+(?:from|off|below|above|worse))", said
    )
    every = re.search(rf"(?:({DOLLARS}|{NUMBER})|({NUMBER})\s*%(?: of half width)?)\s*(?:every|each|per|/)\s*{_SPAN}", said)
    patience = re.search(rf"(?:give\s+up|cancel|timeout|after|for)\D*?{_SPAN}", said)
    better = re.search(rf"({DOLLARS})\s+better", said)
    beside = re.search(rf"\bmid\s*[-+]\s*\$?\s*({NUMBER})(?!\s*%)", said)
    amount = (every[1] or "").lstrip("$ ") if every else ""
    step = f"${amount}" if amount else f"{every[3]}% of half width" if every and every[3] else "15% of half width"
    pace = f"{every[4]} {every[5]}" if every else "15 s"
    start = f"from ${better[2]} better than mid" if better else "from mid"
    limit = "natural"
    if worst and worst[1] and (every is None or worst.start() != every.start()):
        limit = f"{worst[1]}% of {'width' if 'of width' in said else 'mid'}"
    elif beside:
        limit = f"${beside[1]} from mid"
    elif worst and worst[3]:
        limit = f"${worst[3].lstrip('$ ')} from mid"
    elif not (worst and worst[2]):
        limit = "92% of mid"
    until = f"{patience[1]} {patience[2]}" if patience else "3 min"
    return [f"{start}, {step} every {pace}, no worse than {limit}, give up after {until}"]


def _no_walk(text: str) -> tuple[str, str] | None:
    """The first part that is wrong, where there are four."""
    written = [part.strip() for part in text.split(",")]
    if len(written) != len(_PARTS):
        return None
    for part, (pattern, what, example) in zip(written, _PARTS, strict=True):
        if not re.fullmatch(pattern, part):
            return f"'{shortened(part, 50)}' is no {what.removeprefix('the ')}", write(example, note="  in its place")
    return None


def _walk(text: Text, match: re.Match[str]) -> PriceWalk:
    better, usd, share, every, every_word, worst_share, worst_of, worst_usd, natural, patience, patience_word = match.groups()
    step = Step(usd=decimal_of(text, usd)) if usd else Step(of_half_width=decimal_of(text, share) / 100)
    if not (step.usd or step.of_half_width):
        raise about(text, "a step of nothing never reaches a buyer", write("$0.05 every 15 s"))
    worst: Worst = WorstNatural() if natural else WorstFromMid(decimal_of(text, worst_usd)) if worst_usd else WorstShare(
        decimal_of(text, worst_share) / 100, "mid" if worst_of == "mid" else "width"
    )  # fmt: skip
    if isinstance(worst, WorstShare) and worst.fraction == 0:
        raise about(text, "0% gives the spread away", write(_PARTS[2][2]), *match.span(6))
    every_s, give_up_s = _seconds(every, every_word), _seconds(patience, patience_word)
    if every_s < 1 or give_up_s < every_s:
        raise about(text, "it gives up before the first step", _patient(text, every_s))
    if give_up_s > 86_400:
        raise about(text, "an order works for a day at most", write("give up after 3 min"))
    return PriceWalk(step, every_s, worst, give_up_s, decimal_of(text, better) if better else Decimal(0))


def _patient(text: Text, every_s: int) -> WayOut:
    """The price with a patience of twelve steps."""
    patience = max(every_s, 5) * 12
    told = f"{patience // 60} min" if patience % 60 == 0 else f"{patience} s"
    return write(re.sub(r"give\s+up\s+after\s+.*", f"give up after {told}", str(text)))


Walk: TypeAlias = Annotated[
    PriceWalk,
    Scalar(
        (PriceWalk,),
        rf"{_START},\s*{_STEP},\s*{_WORST},\s*{_GIVE_UP}",
        _walk,
        "a first price, a step, a worst price and a patience, set off by commas",
        (
            "from mid, $0.05 every 15 s, no worse than 92% of mid, give up after 3 min",
            "from mid, 15% of half width every 15 s, no worse than natural, give up after 3 min",
        ),
        misread=_no_walk,
        guess=walk_from,
    ),
]


def _roll_for(text: Text, match: re.Match[str]) -> RollFor:
    if match[1]:
        return RollFor(decimal_of(text, match[1]))
    return RollFor(-decimal_of(text, match[2])) if match[2] else RollFor(Decimal(0))


RollNet: TypeAlias = Annotated[
    RollFor,
    Scalar(
        (RollFor,),
        rf"a\s+credit(?:\s+of\s+{DOLLARS})?|a\s+debit\s+up\s+to\s+{DOLLARS}",
        _roll_for,
        "a credit or a debit",
        ("a credit", "a credit of $0.20", "a debit up to $0.50"),
        guess=guesses.roll_net,
    ),
]
