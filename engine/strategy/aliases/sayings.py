"""How traders say conditions among themselves: patterns in small letters, and what stands in the language in their place.

They are applied one after the other; `phrases` puts declared names and signs in afterwards, and the caller reads what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from engine.strategy.expressions.tree import Relation
from engine.strategy.guesses import NUMBER
from engine.strategy.units import WEEKDAYS

Saying: TypeAlias = tuple[str, str | Callable[[re.Match[str]], str]]

_BARS = r"([0-9]+)[\s-]*min(?:ute)?s?[\s-]*(?:bars?|candles?|chart)"
"""`5-min bars`."""

SPELLED: tuple[Saying, ...] = (
    (rf"\b([0-9]+)\s*(?:x\s*)?(?<![0-9]){_BARS}", r"\1 bars of \2 min"),
    (rf"\b(ema|sma|rsi|trend)\s*\(?\s*([0-9]+)\s*\)?\s*(?:on|of|in)\s*(?:the\s+)?{_BARS}", r"\1(\2 bars of \3 min)"),
    (r"[`“”\"]|(?<![a-z])'|'(?![a-z])", ""),
    (r"\s*&&\s*|\s+&\s+", " and "),
    (r"\s*\|\|\s*|\s+\|\s+", " or "),
    (r"=>|≥|> =", ">="),
    (r"=<|≤|< =", "<="),
    (r"≠|=!|! =", "!="),
    (r"(?<=[0-9])\s*(?:percent|per cent|pct|prozent)\b", "%"),
    (r"(?<=[0-9])\s+%", "%"),
    (r"(?<=[0-9])\s*(?:bucks|dollars?|usd)\b", " usd"),
    (rf"(?:usd|us\$|€|£)\s*({NUMBER})|({NUMBER})\s*usd", r"$\1\2"),
    (rf"({NUMBER})\s*\$(?!\s*[0-9])", r"$\1"),
    (rf"(?<![0-9.,])(\$?{NUMBER}%?)\s*\+(?=\s|$)", r">= \1"),
    (
        r"\b(iv[ _]?(?:rank|percentile)|ivr|ivp)\s+(?:over|of|in|for)\s+(?:the\s+)?(?:last\s+|past\s+)?([0-9]+)[\s-]*days?\b",
        lambda found: f"{'iv_percentile' if 'p' in found[1] else 'iv_rank'}({found[2]} days)",
    ),
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
    (
        (
            r"\b(?:is |be )?(?:greater than or equal to|greater or equal to|more than or equal to|at least|no less than"
            r"|not less than|not below|minimum(?: of)?|(?<![0-9])(?<![0-9] )min)\b"
        ),
        ">=",
    ),
    (
        (
            r"\b(?:is |be )?(?:less than or equal to|less or equal to|at most|no more than|not more than|not above|up to"
            r"|maximum(?: of)?|max(?! profit| loss| gain| risk))\b"
        ),
        "<=",
    ),
    (
        (
            r"\b(?:is |be |goes |rises |gets |trades )?(?:greater than|more than|above|over|exceeds|higher than|larger than"
            r"|bigger than)\b"
        ),
        ">",
    ),
    (r"\b(?:is |be |goes |falls |drops |gets |trades )?(?:less than|below|under|lower than|smaller than|beneath)\b", "<"),
    (r"\b(?:is not|isn't|not equal to|does not equal)\s*(?=[0-9$.])", "!= "),
    (r"\b(profit|gain|loss|days held|minutes held)\s+(?:is|hits|reaches|gets to|of at|at|comes to)\s*(?=[0-9$.])", r"\1 >= "),
    (r"\bdte\s+(?:is|hits|reaches|gets to|comes to|at)\s*(?=[0-9])", "dte <= "),
    (r"\b(?:is|equals|equal to|reaches|hits|of at|are)\s*(?=[0-9$.<>=-])", "= "),
    (r"= (?=[<>!=])", ""),
    (r"\bin(?: the)? range(?: of)?\b|\bfrom\b(?=\s*[$0-9.])|\bin\b(?=\s*[$0-9.])", "between"),
    (r"\b(?:of|at|on|to|in) the\b", lambda found: found[0].split()[0]),
    (r"\b(?:an|the|my|our|must|should|has to|have to|needs to)\b|\ba\b(?! credit| debit)", ""),
    (rf"([<>=]\s*{NUMBER})\s*dte\b", r"\1"),
    (r"(?<=[0-9])(?:st|nd|rd|th)\s+percentile\b", "%"),
)
"""Signs and words of other languages."""

PARTS: tuple[Saying, ...] = (
    (r"\b(?:one )?third of\b", "33% of"),
    (r"\btwo thirds of\b", "67% of"),
    (r"\b(?:one )?quarter of\b", "25% of"),
    (r"\bthree quarters of\b", "75% of"),
    (r"\b(?:one )?half(?: of)?\b(?=\s*(?:of|credit|debit|width|max|premium))", "50% of"),
    (r"\b(?:one )?half$", "50%"),
    (r"\b(?:twice|double)\b", "200% of"),
    (r"\b(?:triple|thrice)\b", "300% of"),
    (r"of\s+of", "of"),
)
"""Parts and multiples in words."""

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

COUNTS: tuple[Saying, ...] = (
    *((rf"\b{word}\b(?=\s+(?:days?|weeks?|dte|x\b|times))", str(number)) for number, word in enumerate(_DIGITS)),
    (rf"\b({NUMBER}) weeks?\b", lambda found: f"{int(Decimal(found[1]) * 7)} days"),
    (r"(?<=[0-9])\s+(?:contracts?|lots?|options?|shares?|strikes? wide|points? wide|wide)\b", ""),
)
"""Numbers in words, weeks, and what is counted."""


def _of_mark(share: float) -> str:
    """A price to close, as a share of the credit: what is lost or earned then."""
    return f"loss >= {share - 100:g}% of credit" if share > 100 else f"profit >= {100 - share:g}% of credit"


_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri)(?:day)?s?"
_DAYS = rf"{_DAY}(?:(?:\s*(?:,|/|;|\band\b|\bor\b)+\s*|\s+){_DAY})*"
_ON_DAYS = (
    r"^(?:weekdays?|days?|dow|day of week|days of week|trading days?|entry days?|today)?\s*(?:is|are|=|:)?\s*"
    r"(?P<never>(?:(?:not?|never|avoid|skip|except|exclude)\b|!=|<>)\s*)?(?:(?:trade|enter|open|only|in|on|between)\b\s*)*"
    rf"[\[({{]?\s*(?:(?P<first>{_DAY})\s*(?:-|\bto\b|\bthru\b|\bthrough\b|\buntil\b)\s*(?P<last>{_DAY})|(?P<days>{_DAYS}))"
    r"\s*[\])}]?(?: only)?$"
)


def _weekday(said: str) -> str:
    return next(day for day in WEEKDAYS if day.casefold().startswith(said[:2]))


def _weekdays(found: re.Match[str]) -> str:
    """Days of the week as a condition: `mon, wed` is `weekday in (Monday, Wednesday)`."""
    never = found["never"]
    if found["first"]:
        first, last = _weekday(found["first"]), _weekday(found["last"])
        return f"weekday {'not ' if never else ''}between {first} and {last}"
    days = [_weekday(day) for day in re.findall(_DAY, found["days"])]
    if len(days) == 1:
        return f"weekday {'!=' if never else '='} {days[0]}"
    return f"weekday {'not ' if never else ''}in ({', '.join(dict.fromkeys(days))})"


_LEAVE = r"(?:close|exit|take|get out|sell|buy back|out)(?: out| it| position| trade| spread)?"
_SENTENCES: dict[Relation, tuple[Saying, ...]] = {
    "market": (
        (_ON_DAYS, _weekdays),
        (
            (
                r"^(?:only |trade |enter |on )*(?P<which>first|1st|last)(?: (?:trading|business|week))? ?day"
                r"(?: of(?: each| every)? month| in month)$"
            ),
            lambda found: f"{'last' if found['which'] == 'last' else 'first'}_trading_day",
        ),
        (r"^(?:only )?(?:at |on )?(?:month end|end of month)$", "last_trading_day"),
        (r"^(?:only )?(?:at |on )?(?:month start|start of month|beginning of month)$", "first_trading_day"),
        (r"\b(?:spx|spy|qqq|iwm|ndx|rut|xsp|underlying|stock|index|market|price|spot)(?:'s)? (?=(?:change|move|chg)\b)", ""),
        (
            (
                rf"(?:price |spx |spy |spot )?(>=?|<=?)\s*({NUMBER})[\s-]*(?:day|d|dma|ma|sma|period)?\s*(?:simple )?"
                r"(?:moving average|dma|sma|ma)\b"
            ),
            r"price \1 sma(\2 days)",
        ),
        (rf"\brsi[\s_]*\(?\s*({NUMBER})\s*(?:days?|d|bars?|periods?)?(?:\s*\))?(?![0-9.])(?=\s*[<>=])", r"rsi(\1 days)"),
        (rf"\bema[\s_]*\(?\s*({NUMBER})\s*(?:days?|d|bars?|periods?)?(?:\s*\))?(?![0-9.])", r"ema(\1 days)"),
        (rf"({NUMBER})[\s-]*(?:day|d)?[\s-]*(?:ema|exponential moving average)\b", r"ema(\1 days)"),
        (
            (
                rf"\b(rank|percentile) of \(? ?iv30 ?- ?(?:realized_vol|rv|hv)[ (]*({NUMBER})(?: days?)?[ )]*"
                r"(?=\s*(?:[<>=]|between|$))"
            ),
            r"vol_premium_\1(\2 days) ",
        ),
        (r"\b(?:vix )?(?:term structure )?(?:is )?in contango\b|^contango$", "vix / vix3m < 1"),
        (r"\b(?:vix )?(?:term structure )?(?:is )?in backwardation\b|^backwardation$", "vix / vix3m > 1"),
        (rf"\b(?:sma|ma|dma)[\s_]*\(?\s*({NUMBER})\s*(?:days?|d|bars?|periods?)?\s*\)?", r"sma(\1 days)"),
        (rf"({NUMBER})[\s-]*(?:day|d)?[\s-]*(?:dma|sma|ma|moving average)\b", r"sma(\1 days)"),
        (rf"\b(?:hv|rv|realized vol(?:atility)?|historical vol(?:atility)?)[\s_]*\(?({NUMBER})\)?", r"realized_vol(\1 days)"),
        (
            (
                r"\b(?:avoid|skip|not on|exclude|without|no (?:trades?|trading|entries|entry)(?: on| before| during)?|not before"
                r"|except)\s+(?=fomc|cpi|nfp|event|fed)"
            ),
            "no ",
        ),
        (r"\b(?:fed|fomc)(?: meetings?| decisions?| announcements?| minutes)?(?: days?)?\b", "fomc"),
        (r"\bwithin(?: the)? next\b", "within"),
        (r"\bcpi(?: release| report| print)?(?: days?)?\b", "cpi"),
        (r"\b(?:nfp|jobs|payrolls?|non-?farm payrolls?)(?: report| release)?(?: days?)?\b", "nfp"),
        (r"\b(?:(?:major |economic |news |macro )*(?:events?|news|releases?))(?: days?)?\b", "event"),
        (rf"\b(fomc|cpi|nfp|event) (?:in|for|over|during)(?: next)? ({NUMBER}) days?", r"\1 within \2 days"),
        (r"\b(fomc|cpi|nfp|event) (?:tomorrow|within a day|in a day|within 24 ?h(?:ours)?)", r"\1 within 1 days"),
        (r"\b(fomc|cpi|nfp|event) (?:this|within a|in a) week", r"\1 within 7 days"),
        (r"\bno (fomc|cpi|nfp)\s*(?:/|,|\bor\b|\band\b)\s*(?:no )?(fomc|cpi|nfp)\b(.*)$", r"no \1\3 and no \2\3"),
        (r"\bno (fomc|cpi|nfp|event)(?! within| today)", r"no \1 today"),
        (r"\b(time|clock)\s+(?:is )?(?:after|past|from)\b", r"\1 >="),
        (r"\b(time|clock)\s+(?:is )?(?:before|until|till|by)\b", r"\1 <="),
        (r"^(?:after|not before|from)\s+(?=[0-9]{1,2}(?::|\s*[ap]m))", "time >= "),
        (r"^(?:before|not after|until)\s+(?=[0-9]{1,2}(?::|\s*[ap]m))", "time <= "),
        (r"\bno earnings$", "days_to_earnings > 7"),
        (r"\bno earnings (?:this|within a|in a|in one|next) week\b", "days_to_earnings > 7"),
        (
            rf"(?<!no )(?<!not )\bearnings (?:within|in|for|after|over)(?: the)?(?: next)? ({NUMBER}) days?",
            r"days_to_earnings <= \1",
        ),
        (r"^(?:trend(?:ing)?(?: is)? up|up ?trend|bullish(?: trend)?)$", "trend(20 days) > 0%"),
        (r"^(?:trend(?:ing)?(?: is)? down|down ?trend|bearish(?: trend)?)$", "trend(20 days) < 0%"),
        (
            (
                rf"^(?:wait |market |after )*(?:open (?:for|since)|after(?: the)? open)? ?({NUMBER}) ?min(?:ute)?s?"
                r"(?: after(?: the)? (?:market )?open(?:ing)?)?$"
            ),
            lambda found: f"time >= {(570 + int(found[1])) // 60}:{(570 + int(found[1])) % 60:02d} new york",
        ),
        (r"\bno earnings (?:today|tomorrow)\b", "days_to_earnings > 1"),
        (
            rf"\bno (?:ex[- ]?)?dividends?(?: date)? (?:within|in|for|before)(?: next)? ({NUMBER}) days?",
            r"days_to_ex_dividend > \1",
        ),
        (rf"\bnot? earnings (?:within|in|for|before)(?: next)? ({NUMBER}) days?", r"days_to_earnings > \1"),
    ),
    "position": (
        (r"\bloss\s*[<>](=?)\s*-\s*", r"loss >\1 "),
        (
            rf"^trail(?:ing)?(?:[ -]?(?:stop(?:[ -]?loss)?|profits?|loss))?(?: of| at| by| =|:)?\s*(\$?{NUMBER}%?)(?: of .*)?$",
            lambda found: f"best_profit - profit >= {found[1]}{' of max_profit' if found[1].endswith('%') else ''}",
        ),
        (
            (
                rf"^(?:move |set )?(?:stop(?:[ -]?loss)? )?(?:to )?break[ -]?even(?: stop)?(?: after| at| once| when)"
                rf"(?: profit| gain)?(?: of| >=| >| =)?\s*({NUMBER}%)(?: of .*| profit)?$"
            ),
            r"best_profit >= \1 of max_profit and profit <= $0",
        ),
        (r"^max(?:imum)?[ _]loss(?: is)?(?: reached| hit)$", "loss >= 95% of max_loss"),
        (
            r"\b(?:price|spot|spx|spy|underlying|stock|index)\s*(?:<=?|>=?)\s*short[ _](?:strike|put|call|leg)\b",
            "short_strike_breached",
        ),
        (
            rf"\b(?:mark|price|debit|spread price|(?:cost|debit) to close)\s*(>=?|<=?|=)\s*({NUMBER})% of (credit|premium)\b",
            lambda found: _of_mark(float(found[2])),
        ),
        (
            (
                rf"^(?:{_LEAVE}|take profits?|profit target|tp|target)(?: profits?)?(?: at| when| if| on|:|=)?\s*({NUMBER}%)"
                r"(?: of)?(?: max(?:imum)? profit| profit)?$"
            ),
            r"profit >= \1",
        ),
        (r"^max(?:imum)? loss(?: at| of|:|=)?\s*\$?([1-9][0-9]{2,5}(?:\.[0-9]+)?)$", r"loss >= $\1"),
        (
            rf"^(?:stop(?:[ -]?loss| out)?|sl|loss|max loss|cut losses?)(?: at| when| if| of|:|=)?\s*-?(\$?{NUMBER}%?)",
            r"loss >= \1",
        ),
        (
            (
                rf"^(?:{_LEAVE}|at|time|by)?(?: at| by| on)?\s*({NUMBER})\s*"
                r"(?:dte|days? (?:to|before|until|left|remaining).*|days|d)$"
            ),
            r"dte <= \1",
        ),
        (rf"\bdte\s*({NUMBER})", r"dte <= \1"),
        (
            (
                rf"^(?:{_LEAVE} )?(?:at |on |by )?(?:one |1 |the )?(?:days? )?before (?:expiry|expiration|it expires)"
                r"(?: day)?$"
            ),
            "dte <= 1",
        ),
        (
            rf"^(?:{_LEAVE} )?(?:at |on |by )?(?:expiry|expiration)(?: day)? (?:at|by|after|>=)\s*(?=[0-9])",
            "dte <= 0 and time >= ",
        ),
        (rf"^(?:buy|bought) (?:it |back |it back |to close )+(?:at|for|below|under|<=?|=)?\s*\$?({NUMBER})$", r"mark <= $\1"),
        (
            (
                rf"^(?:(?:{_LEAVE}|stop)(?: when| if| at| once)? )?(?:it |position |trade |spread )?(?:is )?"
                rf"(?:down|loses|lost|losing)(?: by| >=| =)?\s*(?=\$?{NUMBER})"
            ),
            "loss >= ",
        ),
        (
            (
                rf"^(?:(?:{_LEAVE})(?: when| if| at| once)? )?(?:it |position |trade |spread )?(?:is )?"
                rf"(?:up|gains|gained|makes|made|earns|earned)(?: by| >=| =)?\s*(?=\$?{NUMBER})"
            ),
            "profit >= ",
        ),
        (r"^(?:at )?(?:expiry|expiration) day$", "dte <= 0"),
        (r"\b(time|clock)\s+(?:is )?(?:after|past|from)\b", r"\1 >="),
        (r"\b(time|clock)\s+(?:is )?(?:before|until|till|by)\b", r"\1 <="),
        (
            rf"^(?:{_LEAVE} )?(?:at |by |before )?(?:end of day|eod|market close|close|before close|end of session)$",
            "time >= 15:45 new york",
        ),
        (
            rf"^(?:{_LEAVE}|time)(?: time| exit)?(?: at| by| after| =|:)?\s*(?=[0-9]{{1,2}}(?::[0-9]{{2}}|\s*[ap]\.?m))",
            "time >= ",
        ),
        (r"^(?:close|exit|stop|get out|stop out)(?: when| if| at| on)?\s+(?=[a-z])", ""),
        (rf"^({NUMBER})% of ([a-z_ ]+)$", lambda found: f"{'loss' if float(found[1]) > 100 else 'profit'} >= {found[0]}"),
        (rf"\b(?:after|held for)\s+({NUMBER})\s*days?(?: in trade| held)?$", r"days_held >= \1"),
        (
            (
                r"\b(?:price |spot |underlying )?(?:touches|breaches|crosses|hits|tests|reaches|at|through) short "
                r"(?:strike|leg|put|call)\b"
            ),
            "short_strike_breached",
        ),
    ),
    "leg": (
        (
            rf"\bstrike\s*<=?\s*({NUMBER})% of (?:price|spot|underlying|stock|index)\b",
            lambda found: f"moneyness >= {100 - float(found[1]):g}%",
        ),
        (
            rf"\bstrike\s*>=?\s*({NUMBER})% of (?:price|spot|underlying|stock|index)\b",
            lambda found: f"moneyness >= {float(found[1]) - 100:g}%",
        ),
    ),
    "spread": (
        (
            (
                rf"\b(?:credit|premium)\s*(>=?|<=?)\s*({NUMBER})% of "
                r"(?:max[_ ]?loss|risk|max[_ ]?risk|capital|margin|buying[_ ]power)\b"
            ),
            r"return_on_risk \1 \2%",
        ),
        (
            (
                r"\bbreak[ -]?even(?:s| price)?\s*(?:>=?|<=?|is|at)?\s*(?:price|spot|underlying|current price)?"
                rf"\s*[+-]?\s*({NUMBER})%"
                r"(?: (?:away|off|out|from price|from spot|of price))?"
            ),
            r"breakeven_distance >= \1%",
        ),
        (r"\b(?:credit|premium)\s*/\s*(?:max[_ ]?loss|risk|max[_ ]?risk|capital)\b", "return_on_risk"),
        (
            r"(?<![0-9:])([1-9][0-9]?)\s*:\s*([1-9][0-9]?)(?![0-9:])",
            lambda found: f"{round(100 * int(found[1]) / int(found[2]))}%",
        ),
        (r"\b(short|long)(?: leg| strike| put| call)?\s+delta\b", r"\1_delta"),
    ),
    "account": (),
}
SENTENCES: dict[Relation, tuple[Saying, ...]] = {**_SENTENCES, "side": _SENTENCES["position"]}
"""Sentences by what the line is about."""
