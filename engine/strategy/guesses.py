"""What was most likely meant by a value that other programs, or people among themselves, write differently.

Each function turns a text into the language's own writing of it, the likeliest first, or into nothing. The numbers are those
that were written; only units, signs and order are put right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from engine.domain.index_classes import index_meant

Amount = TypeVar("Amount", int, Decimal)
NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_LONGEST_DAYS = 1500
_OF_DEVIATIONS = {"0.5": "0.31", "1": "0.16", "1.0": "0.16", "1.5": "0.07", "2": "0.03", "2.0": "0.03"}
"""About which delta an option has that is so many standard deviations away."""
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_EUROPEAN = re.compile(r"(?<![0-9.,])([1-9][0-9]{0,2})((?:\.[0-9]{3})+)(?:,([0-9]{1,2}))?(?![0-9.,])")
_MOST_PERCENT = 20
"""A bare number above it is no percentage out of the money, but a strike, which the market passes by."""
_NEAREST = re.compile(r"\b(?:nearest|closest)\b")
_ACCOUNT = re.compile(r"\b(?:account|equity|portfolio|capital|balance|nlv|net[ _]?liq\w*|nav|total)\b", re.IGNORECASE)
_POWER = re.compile(r"\b(?:bp|bpr|buying[ _]?power|margin)\b", re.IGNORECASE)


def numbers_in(text: str) -> list[Decimal]:
    """Every number, without its sign; 5k is 5,000, and 1.500,50 are fifteen hundred and a half."""
    text = re.sub(r"\.{2,}|…", " ", text)
    text = re.sub(r"(?<![0-9.,])0,([0-9]{1,3})(?![0-9])", r"0.\1", text)  # a decimal comma: no thousand begins with 0
    text = re.sub(rf"\b({'|'.join(_WORDS)})\b", lambda word: str(_WORDS.index(word[1].casefold())), text, flags=re.IGNORECASE)
    text = re.sub(
        rf"({NUMBER})\s*hundred\b", lambda found: str(Decimal(found[1].replace(",", "")) * 100), text, flags=re.IGNORECASE
    )
    text = re.sub(r"\s*\bthousand\b", "k", text, flags=re.IGNORECASE)
    text = _EUROPEAN.sub(lambda number: number[1] + number[2].replace(".", "") + (f".{number[3]}" if number[3] else ""), text)
    found = re.findall(rf"({NUMBER})\s*([kK]\b)?", text)
    return [Decimal(digits.replace(",", "")) * (1000 if k else 1) for digits, k in found]


def days(text: str) -> list[str]:
    """Days to expiry: `45 DTE`, `30 to 45`, `6 weeks`, `monthly`, `today`."""
    said = " ".join(text.casefold().replace("_", " ").split())
    if is_date(text):
        return []  # a date passes by; how many days it is away changes every day
    if re.search(r"\bmonthl(?:y|ies)\b|\bthird friday\b", said):
        between = numbers_in(re.sub(r"[^0-9]+", " ", said))
        within = [f"monthly, within {int(min(between))}-{int(max(between))} days"] if len(set(between)) == 2 else []
        if len(between) == 1 and _NEAREST.search(said) and 21 <= between[0] <= _LONGEST_DAYS:
            day = int(between[0])
            within = [f"monthly nearest {day} days, within {day - 21}-{day + 21} days"]
        return [*within, "next monthly"]
    if re.search(r"\b(?:to|same) ?day\b|\bexpir(?:y|ation) day\b|\bdaily\b", said) and not re.search("[1-9]", said):
        return ["0 days"]
    if re.search(r"\btomorrow\b|\bnext day\b", said):
        return ["1-3 days"]
    if re.search(r"\bweekl(?:y|ies)\b", said):
        return ["5-9 days"]
    if re.search(r"\bfriday\b", said) and not re.search("[0-9]", said):
        return ["1-7 days"]
    length = 7 if re.search(r"w(?:ee)?ks?\b", said) else 30 if re.search(r"months?\b", said) else 1
    found = [int(number * length) for number in numbers_in(said) if number == int(number) and number * length <= _LONGEST_DAYS]
    if not found:
        return []
    if len(found) == 1 and _NEAREST.search(said) and found[0] > 0:
        within = around_days(found[0])[0]
        return [f"nearest {found[0]} days, within {within}", within]
    if chosen := _chosen(found):
        return [f"nearest {chosen[0]} days, within {chosen[1]}-{chosen[2]} days"]
    if len(found) == 1:
        return _one_day(found[0], said, is_counted_in_days=length == 1)
    if re.search(r"\+\s*/?\s*-|±", said):
        return [f"{max(0, found[0] - found[1])}-{found[0] + found[1]} days"]
    low, high = min(found[:2]), max(found[:2])
    return [f"{low}-{high} days"] if low < high else around_days(low)


def _chosen(found: Sequence[Amount]) -> tuple[Amount, Amount, Amount] | None:
    """Of three numbers the one that lies between the others, then these: `nearest 45, within 38-52`, `38 to 52, ideally 45`."""
    if len(found) != 3:
        return None
    low, wanted, high = sorted(found)
    return (wanted, low, high) if low < high else None


_LATER = re.compile(r"\b(?:later|after|behind|beyond|past|further|out)\b|^\+")


def later_days(text: str) -> list[str]:
    """Days to the expiry of what is bought, which may be counted from that of what is sold: `7 days later`, `+30 days`."""
    said = " ".join(text.casefold().replace("_", " ").split())
    if not _LATER.search(said):
        return days(text)
    bare = re.sub(rf"{_LATER.pattern}|\b(?:the|than|near|front|short|sold|first|one|leg)\b", " ", said)
    return [f"{one} after near" for one in days(bare) if re.fullmatch(r"[0-9-]+ days?", one)]


def is_date(text: str) -> bool:
    """Whether it is a day of the calendar: `2026-12-18`, `18.12.2026`, `18DEC26`, `20261218`."""
    months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    named = re.search(rf"[0-9]{{1,2}}[-.\s]*(?:{months})|(?:{months})[a-z]*[-.\s]*[0-9]", text.casefold())
    return bool(named or day(text) or re.search(r"[0-9]{8}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}", text))


def around_days(day: int) -> list[str]:
    """A day that is meant roughly, because most days have no expiry: a range about it, and the day itself."""
    if day == 0:
        return ["0 days"]
    if day < 7:
        return [f"{day}-{day + 2} days", f"{day} day{'s' * (day > 1)}"]
    reach = 2 if day < 14 else 3 if day < 20 else 5
    return [f"{day - reach}-{day + reach} days", f"{day} days"]


def deltas(text: str) -> list[str]:
    """Deltas: `-0.16`, `16`, `10 to 20`, `0.12, 0.20`, `at the money`."""
    if re.search(r"\batm\b|at the money", text.casefold()):
        return ["0.45-0.55"]
    if deviations := re.search(rf"({NUMBER})\s*(?:sd|σ|sigmas?|std\w*|standard dev\w*)\b", text.casefold()):
        delta = _OF_DEVIATIONS.get(deviations[1])
        return around_delta(Decimal(delta)) if delta else []
    found = [number / 100 if number > 1 else number for number in numbers_in(text)]
    if (chosen := _chosen(found)) and chosen[1] > 0 and chosen[2] <= 1:
        return [f"nearest {_two(chosen[0])}, within {_two(chosen[1])}-{_two(chosen[2])}"]
    found = found[:2]
    if not found or max(found) > 1 or max(found) == 0:
        return []
    if len(found) == 1 and re.search(r"<|at most|up to|under|below|max", text.casefold()):
        return [f"0.01-{_two(found[0])}"]
    if len(found) == 1 and re.search(r">|at least|over|above|min", text.casefold()) and found[0] < Decimal("0.5"):
        return [f"{_two(found[0])}-0.50"]
    if len(found) == 1 and _NEAREST.search(text.casefold()):
        return [f"nearest {_two(found[0])}, within {around_delta(found[0])[0]}", *around_delta(found[0])]
    if len(found) == 1 or found[0] == found[1]:
        return around_delta(found[0])
    return [f"{_two(min(found))}-{_two(max(found))}"]


def around_delta(delta: Decimal) -> list[str]:
    """A delta that is meant roughly, because hardly any option has just that: a range about it, and the delta itself."""
    reach = Decimal("0.02")
    return [f"{_two(max(Decimal('0.01'), delta - reach))}-{_two(min(Decimal(1), delta + reach))}", _two(delta)]


def width(text: str) -> list[str]:
    """Dollars between two strikes: `5`, `$5 or $10`, `25 wide`, `10 points`."""
    found = sorted({number for number in numbers_in(text) if number > 0})[:2]
    if not found or re.search(r"%|\bstrikes?\b", text.casefold()):
        return []
    return ["-".join(f"${_comma(number)}" for number in found)]


def strike(text: str) -> list[str]:
    """Where a strike stands: `ATM`, `2% OTM`, `$30 OTM`, `1 to 2 percent below the price`."""
    said = text.casefold()
    if re.search(r"\batm\b|\bat the money\b|\bat-the-money\b", said):
        return ["at the money"]
    found = sorted({number for number in numbers_in(said) if number > 0})[:2]
    if not found or re.search(r"\bitm\b|in the money|delta|\bsd\b|\bstd|\bdeviations?\b|\bsigmas?\b|σ|\bexpected\b|\bem\b", said):
        return []
    is_bare = re.fullmatch(rf"\s*{NUMBER}\s*", said) is not None
    if is_bare and found[0] > _MOST_PERCENT:
        return []
    if "%" in said or is_bare or re.search(r"\bper ?cent\b|\bpct\b", said):
        return ["-".join(f"{_plain(number)}%" for number in found) + " from price"]
    return ["-".join(f"${_comma(number)}" for number in found) + " from price"]


def leg_price(text: str) -> list[str]:
    """What one leg costs: `3.50`, `about $3.50`, `<= 0.05`, `3.40 to 3.60`."""
    found = sorted({number for number in numbers_in(text) if number > 0})
    if not found or "%" in text:
        return []
    if chosen := _chosen(found):
        wanted, low, high = (_comma(number) for number in chosen)
        return [f"nearest ${wanted}, within ${low}-${high}"]
    found = found[:2]
    if len(found) == 2:
        return ["-".join(f"${_comma(number)}" for number in found)]
    price = found[0]
    if re.search(r"<|at most|up to|under|below|max|no more|cheaper", text.casefold()):
        return [f"at most ${_comma(price)}"]
    reach = max(Decimal("0.05"), (price / 10).quantize(Decimal("0.01")))
    return [f"nearest ${_comma(price)}, within ${_comma(max(Decimal('0.01'), price - reach))}-${_comma(price + reach)}"]


def risk(text: str) -> list[str]:
    """Money at risk: `500`, `2%`, `2% of account`, `0.02`, `5k`, `500 USD`."""
    found = numbers_in(text)
    if len(found) != 1 or found[0] == 0:
        return []
    number = found[0]
    is_share = "%" in text or re.search(r"\bper ?cent\b|\bpct\b", text.casefold())
    if is_share or (number < 1 and "$" not in text):
        share = number if is_share else number * 100
        if share > 100:
            return []
        bases = ["buying power"] if _POWER.search(text) else ["net liquidation"]
        bases += [] if _POWER.search(text) or _ACCOUNT.search(text) else ["buying power"]
        return [f"{_plain(share)}% of {base}" for base in bases]
    return [f"${_comma(number)}"]


def loss(text: str) -> list[str]:
    """A loss in dollars, with its minus."""
    found = numbers_in(text)
    return [f"-${_comma(found[0])}"] if len(found) == 1 and found[0] > 0 and "%" not in text else []


def drop(text: str) -> list[str]:
    """A loss as a share of the account, with its minus."""
    found = numbers_in(text)
    return [f"-{_plain(found[0])}% of net liquidation"] if len(found) == 1 and 0 < found[0] <= 100 and "$" not in text else []


def percent(text: str) -> list[str]:
    """A share of a whole: `0.25` and `25` are 25%."""
    found = numbers_in(text)
    if len(found) != 1 or found[0] > 100:
        return []
    number = found[0] * 100 if 0 < found[0] < 1 and "%" not in text else found[0]
    return [f"{_plain(number)}%"]


def count(text: str) -> list[str]:
    """How many: `3 max`, `2 per day`, `1.0`; no money and no share."""
    if re.search(r"[%$]", text):
        return []
    found = numbers_in(text)
    return [f"{int(found[0])}"] if len(found) == 1 and found[0] == int(found[0]) and found[0] >= 1 else []


def contracts(text: str) -> list[str]:
    """How many spreads: `2 contracts`, `max 5`, `up to 5`, `2, 5`; no money and no share."""
    if re.search(r"[%$]", text):
        return []
    found = [int(number) for number in numbers_in(text) if number == int(number) and 1 <= number <= 1000]
    if len(found) == 1:
        return [f"1-{found[0]}" if re.search(r"max|up to|<", text.casefold()) and found[0] > 1 else f"{found[0]}"]
    return [f"{min(found)}-{max(found)}"] if len(found) == 2 else []


def approval(text: str) -> list[str]:
    """Who says yes: `automatic`, `confirm`, `manual 10 min`.

    A `yes` may mean that a yes is asked for, or that it is given: the first comes first, as nothing is sent by it.
    """
    said = text.casefold()
    patience = re.search(r"([0-9]+)\s*(min|m\b|sec|s\b|h\b)", said)
    expires = f", expires in {patience[1]} {'min' if patience[2][0] == 'm' else patience[2][0]}" if patience else ""
    if re.search(r"\b(?:manual|confirm\w*|ask|human|person|me|off|no|none|false|semi)\b", said):
        return [f"manual{expires}"]
    if re.search(r"\b(?:yes|true|on|required?|needed)\b", said):
        return [f"manual{expires}", f"auto{expires}"]
    return [f"auto{expires}"] if re.search(r"\b(?:auto\w*|full\w*|always|unattended)\b", said) else []


def budget(text: str) -> list[str]:
    """What may be opened without asking: `$500`, `$500, 2 orders`."""
    money = re.search(rf"\$\s*({NUMBER})", text)
    rest = numbers_in(text.replace(money[0], "")) if money else numbers_in(text)
    usd = money[1] if money else _comma(rest.pop(0)) if rest else None
    return [f"${usd} risk, {int(rest[0]) if rest and rest[0] >= 1 else 1} orders per day"] if usd else []


def roll_net(text: str) -> list[str]:
    """What a roll must bring: `credit`, `0.20 credit`, `debit`, `even`."""
    found = numbers_in(text)
    if "debit" in text.casefold():
        return [f"a debit up to ${_two(found[0]) if found else '0.10'}"]
    if found and found[0] > 0:
        return [f"a credit of ${_two(found[0])}"]
    return ["a credit"] if found or re.search(r"\b(?:credit|even|zero|scratch)\b", text.casefold()) else []


def day(text: str) -> list[str]:
    """A date as year-month-day: `12/31/2027`, `31 Dec 2027`."""
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    named = re.search(rf"\b({'|'.join(months)})[a-z]*\b", text.casefold())
    found = [int(part) for part in re.findall("[0-9]+", text)]
    year = next((part for part in found if 1900 <= part <= 2999), None)
    rest = [part for part in found if part != year]
    if year is None:
        return []
    if named and len(rest) == 1:
        month, number = months.index(named[1]) + 1, rest[0]
    elif len(rest) == 2:
        month, number = (rest[1], rest[0]) if rest[0] > 12 or "." in text else rest
    else:
        return []
    return [f"{year}-{month:02d}-{number:02d}"] if 1 <= month <= 12 and 1 <= number <= 31 else []


def tickers(text: str) -> list[str]:
    """Tickers: `spx, spy`, `$SPX`, `^RUT`, `SPX.X`, `BRK/B`."""
    found: list[str] = []
    for word in re.split(r"[\s,;|]+", text.upper().replace("BRK.B", "BRK/B")):
        bare = re.sub(r"^(?:I:|[$^./])|\.(?:X|US|IND)$|:(?:IND|US)$", "", word.strip("'\"[]()"))
        bare = re.sub(r"[/-]([A-Z]{1,2})$", r".\1", bare)
        if re.fullmatch(r"[A-Z][A-Z0-9]{0,9}(?:\.[A-Z]{1,2})?", bare):
            found.append(index_meant(bare))
    return list(dict.fromkeys(found))


def _one_day(number: int, said: str, *, is_counted_in_days: bool) -> list[str]:
    if re.search(r"<|\bmax\w*|\bunder\b|\bbelow\b|\bup to\b|\bless\b|\bat most\b|\bwithin\b", said):
        return [f"0-{number} days"]
    if re.search(r">|\+|\bmin\w*|\bover\b|\babove\b|\bmore\b|\bat least\b", said) and number:
        return [f"{number}-{min(number * 2, _LONGEST_DAYS)} days"]
    return around_days(number)[: None if is_counted_in_days else 1]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _comma(number: Decimal) -> str:
    return f"{number:,f}".removesuffix(".0").removesuffix(".00") if number == int(number) else f"{number:,f}"


def _two(number: Decimal) -> str:
    """At least two decimals, as deltas are written."""
    return f"{number:f}" if -number.as_tuple().exponent > 2 else f"{number:.2f}"  # type: ignore[operator]
