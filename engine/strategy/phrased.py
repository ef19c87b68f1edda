"""A plain sentence becomes a strategy file: `sell 16 delta put spreads on SPY 45 days out, close at half`.

Patterns only, no model: each clause that is known is taken out of the sentence and becomes a line; where words are left over that
nobody has understood, the sentence is refused and they are named. What the sentence does not say is filled in as `spreads new`
fills it in, so that the file passes every check.
"""

from __future__ import annotations

import re

from engine.strategy import guesses
from engine.strategy.explain_words import an
from engine.strategy.expressions.reader import LineReader
from engine.strategy.parse import parse_strategy
from engine.strategy.said import Said, written
from engine.strategy.spreads.structure import OfOneRight, OfTwoExpiries, Structure
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.structures import likely_structure, vertical_of


class NotUnderstood(ValueError):
    """A sentence, or a part of it, of which nobody knows what it means. The text says which, and what can be said."""


EXAMPLES = (
    "sell 16 delta put spreads on SPY 45 days out, close at half",
    "sell $5 wide iron condors on SPX, 0 dte, at 10:00, stop at 2x credit, let them expire",
    "buy call spreads on QQQ 30 to 45 days out when VIX is below 20, risk $500, three at a time",
)
_NUMBER = r"(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?|\.[0-9]+)"
_DELTA = r"(?:0?\.[0-9]+|[0-9]+)"
_AT_MOST = r"(?:at most\s+|up to\s+|no more than\s+)?"
_TIME = r"(?:[0-9]{1,2}:[0-9]{2}(?:\s*[ap]m)?|[0-9]{1,2}\s*[ap]m)\b"
_COUNTS = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}
_COUNT = rf"(?:[0-9]+|{'|'.join(_COUNTS)})"
_NO_TICKERS = frozenset(
    re.findall(
        "[A-Z]+",
        "A I AM PM AT ATM OTM DTE IV IVR VIX ET NY OR ON OUT TO IN IF PUT PUTS CALL CALLS SELL BUY FOMC CPI NFP AND THE",
    )
)
_SPARE = frozenset(
    re.findall(
        "[a-z]+",
        "sell sells selling sold buy buying bought open opening trade trading write enter put puts call calls spread spreads "
        "credit debit the a an on in of for with at to and or then out each every about around roughly near nearest them it when "
        "is are my position positions contract contracts short long please me only using use want strike strikes leg legs away "
        "expiry expiration dte days from now wide",
    )
)
"""Words that say nothing more once the clauses are taken out."""

_END = r"(?=$|[,;.]\s|[,;.]$|\s+and\s+(?:close|stop|take|get|exit|risk|let|hold|at\s+most)|\s+(?:close|stop|take|exit|risk)\b)"


def strategy_text(sentence: str, name: str = "") -> tuple[str, str]:
    """The name of the strategy, made from what it trades where none is given, and its file. Raises NotUnderstood."""
    said = Said(" ".join(sentence.split()).rstrip("."))
    _market(said)
    _leaving(said)
    _sizes(said)
    _times(said)
    kind = _structure(said)
    keys = _places(said, kind)
    tickers = _tickers(said)
    left = [word for word in re.findall(r"[^\s,;.:()]+", said.left) if word.casefold() not in _SPARE]
    if left:
        known = "; ".join(f'"{one}"' for one in EXAMPLES[:2])
        raise NotUnderstood(f"not understood: {' '.join(left)!r}. Say it in other words, or leave it out, e.g. {known}")
    name = name or "_".join([*(one.casefold() for one in tickers[:1]), kind[0].name()])
    text = written(said, kind[0], keys, tickers or ["SPX"], name, " ".join(sentence.split()))
    errors = parse_strategy(text, f"{name}.yaml").errors
    if errors:
        first = errors[0]
        raise NotUnderstood(f"this does not fit together: {first.message}; {first.hint.splitlines()[0]}")
    return name, text


def _market(said: Said) -> None:
    """`when VIX is below 20`, `only if iv rank is above 30%`, `on Mondays and Fridays`, `not on FOMC days`."""
    reader = LineReader("condition", ("market",))
    while found := said.take(rf"\b(?:only\s+)?(?:when|if|while)\s+(?P<line>[^,;]+?){_END}"):
        asked = re.sub(r"\bis (?=between\b)", "", found["line"].strip(), flags=re.IGNORECASE)
        whole = reader.meant(asked.casefold()) or reader.meant(asked)
        parts = [whole] if whole else re.split(r"\s+and\s+(?=[a-z$])", asked, flags=re.IGNORECASE)
        for part in parts:
            line = reader.meant(part)
            if line is None:
                raise NotUnderstood(f"not understood as a condition of the market: {part!r}; `spreads fields` lists the numbers")
            said.when.append(line)
    day = r"(?:mon|tues|wednes|thurs|fri)days?"
    if found := said.take(rf"\b(?:only\s+)?on\s+(?P<days>{day}(?:(?:\s*,\s*|\s+and\s+|\s*,\s*and\s+){day})*)"):
        days = [one.removesuffix("s").capitalize() for one in re.findall(day, found["days"], re.IGNORECASE)]
        said.when.append(f"weekday in ({', '.join(days)})")
    if found := said.take(r"\b(?:but\s+)?(?:not on|no|never on|avoid|skip)\s+(?P<event>fomc|cpi|nfp)(?:\s+days?)?"):
        said.when.append(f"no {found['event'].upper()} today")


def _leaving(said: Said) -> None:
    """`close at half`, `take profit at 50%`, `stop at 2x credit`, `out at 21 days`, `let it expire`."""
    leave = r"(?:close|take (?:profits?|it off|them off)|exit|get out|cover|buy back|out)"
    target = r"(?:\s+(?:of|the|max|full|profit|profits|credit|premium|debit|gain|is|made|it|has been))*"
    if (
        found := said.take(rf"\b{leave}(?:\s+(?:it|them|when|at|a|once))*\s+(?:half\b|(?P<of>[0-9]+)\s*(?:%|percent)){target}")
    ) or (found := said.take(r"\b(?P<of>[0-9]+)\s*(?:%|percent)\s+(?:profit(?: target)?|target)|\bhalf (?:the )?profit")):
        said.profit = found["of"] or "50"
    stop = r"(?:stop(?:\s+(?:loss|out))?|close|exit)(?:\s+(?:it|them|at|when|a|loss|of))*"
    if found := said.take(rf"\bstop(?:\s+(?:loss|out))?(?:\s+(?:it|them|at|when|a|loss|of))*\s+\$(?P<usd>{_NUMBER})"):
        said.loss = f"${found['usd']}"
    elif found := said.take(rf"\b{stop}\s+(?P<times>{_NUMBER})\s*(?:x|times)(?:\s+(?:the|credit|premium|received|debit))*"):
        said.loss = f"{float(found['times'].replace(',', '')) * 100:g}%"
    elif found := said.take(
        rf"\bstop(?:\s+(?:loss|out))?(?:\s+(?:it|them|at|when|a|loss|of))*\s+(?:(?P<of>[0-9]+)\s*(?:%|percent)|twice|double){target}"
    ):
        said.loss = f"{found['of'] or 200}%"
    before = r"(?:\s*(?:dte|days?)(?:\s+(?:left|to go|before (?:expiry|expiration)|to (?:expiry|expiration)|out))?)"
    if (
        found := said.take(
            rf"\b(?:or\s+)?(?:{leave}|be out)?(?:\s+(?:it|them|at|or|and|with|in))*\s*\b(?:at|with|or)\s+(?P<days>[0-9]+){before}"
        )
    ) or (
        found := said.take(r"\b(?:close|exit|be out)(?:\s+(?:it|them))?\s+(?P<days>[0-9]+)\s*days? before (?:expiry|expiration)")
    ):
        said.days_left = int(found["days"])
    if said.take(
        r"\b(?:and\s+)?(?:let (?:it|them) expire"
        r"|hold (?:it |them )?(?:to|till|until|through) (?:the )?(?:expiry|expiration|close))"
    ):
        said.expires = True
    elif found := said.take(rf"\b(?:close|exit|be out)(?:\s+(?:it|them))?\s+(?:at|by)\s+(?P<at>{_TIME})"):
        said.time = _clock(found["at"])


def _sizes(said: Said) -> None:
    """`risk $500`, `risking 1% of the account`, `three at a time`, `one a day`, `at least $1 of credit`."""
    account = r"\s+of\s+(?:the\s+|my\s+)?(?:account|net liquidation|capital|equity|portfolio)"
    each = r"(?:\s+(?:a|per|each|in each) (?:trade|position))?"
    if (
        found := said.take(
            rf"\b(?:risk(?:ing|s)?|max(?:imum)? (?:risk|loss))(?:\s+of)?\s+{_AT_MOST}"
            rf"(?:\$(?P<usd>{_NUMBER})|(?P<of>{_NUMBER})\s*(?:%|percent)(?:{account})?){each}"
        )
    ) or (
        found := said.take(
            rf"(?:\$(?P<usd>{_NUMBER})\s+(?:max(?:imum)?\s+)?risk|\b(?P<of>{_NUMBER})\s*(?:%|percent){account}){each}"
        )
    ):
        said.risk = f"${found['usd']}" if found["usd"] else f"{found['of']}% of net liquidation"
    if found := said.take(
        rf"\b{_AT_MOST}(?P<count>{_COUNT})\s+(?:at a time|open(?:\s+at (?:a time|once))?|at once|positions?)\b"
    ):
        said.open = _count(found["count"])
    if found := said.take(
        rf"\b(?:at most\s+|up to\s+|no more than\s+)?(?P<count>{_COUNT}|once|twice)\s+(?:a|per|each|every)\s+day\b"
    ):
        said.per_day = {"once": 1, "twice": 2}.get(found["count"].casefold()) or _count(found["count"])
    elif said.take(r"\b(?:every|each) day\b|\bdaily\b"):
        said.per_day = 1
    if found := said.take(
        rf"\bfor\s+(?:at least\s+|a credit of (?:at least )?|a minimum of )?\$(?P<usd>{_NUMBER})"
        r"(?:\s+or more|\s+credit|\s+of credit)*"
    ):
        said.rules.append(f"credit >= ${found['usd']}")
    elif found := said.take(r"\b(?:credit of )?at least\s+(?P<of>[0-9]+)\s*% of (?:the )?width(?:\s+in credit)?"):
        said.rules.append(f"credit >= {found['of']}% of width")


def _times(said: Said) -> None:
    """`at 10:00`, `between 10:00 and 14:00`."""
    if found := said.take(
        rf"\b(?:between|from)\s+(?P<first>{_TIME})\s+(?:and|to|until)\s+(?P<last>{_TIME})(?:\s+(?:new york|ny|et|eastern))?"
    ):
        said.window = f"{_clock(found['first'])}-{_clock(found['last'])} New York"
    elif found := said.take(rf"\bat\s+(?P<at>{_TIME}(?:(?:\s*,\s*|\s+and\s+){_TIME})*)(?:\s+(?:new york|ny|et|eastern))?"):
        times = [_clock(one) for one in re.findall(_TIME, found["at"], re.IGNORECASE)]
        said.at = f"{', '.join(times)} New York, within 5 min"
        said.per_day = said.per_day or len(times)


def _clock(said: str) -> str:
    found = re.match(r"([0-9]{1,2})(?::([0-9]{2}))?\s*([ap]m)?", said, re.IGNORECASE)
    assert found is not None, "only what looks like a time is asked for"
    is_late = (found[3] or "").casefold() == "pm" and int(found[1]) < 12
    return f"{int(found[1]) + 12 * is_late:02d}:{found[2] or '00'}"


def _count(said: str) -> int:
    return _COUNTS.get(said.casefold()) or int(said)


_SHAPES = (
    r"double calendars?|double diagonals?|iron condors?|iron (?:butterfl(?:y|ies)|fl(?:y|ies))|"
    r"(?:put |call )?broken[- ]wing(?:s)?(?: (?:put |call )?butterfl(?:y|ies))?|(?:put |call )?butterfl(?:y|ies)|"
    r"(?:put |call )?calendars?(?: spreads?)?|(?:put |call )?diagonals?(?: spreads?)?|condors?"
)


def _structure(said: Said) -> tuple[type[Structure], str]:
    """The structure, and the right where it is a key."""
    if found := said.take(rf"\b(?P<shape>{_SHAPES})\b"):
        shape = found["shape"].casefold()
        right = "call" if "call" in shape else "put"
        one = re.sub(r"flies$", "fly", re.sub(r"\b(?:put|call)s?\b|\bspreads?\b", "", shape).strip())
        meant = likely_structure(re.sub(r"\bfly$", "butterfly", one.removesuffix("s")), list(STRUCTURES))
        if meant is not None:
            return STRUCTURES[meant], right
    is_bought = re.search(r"\b(?:buy|buying|bought|debit|long)\b", said.left, re.IGNORECASE) is not None
    if named := said.take(r"\b(?:bull|bear)\s+(?:put|call)(?:\s+spreads?)?\b"):
        meant = likely_structure(named[0], list(STRUCTURES))
        if meant is not None:
            return STRUCTURES[meant], ""
    right = re.search(r"\b(put|call)s?\b", said.left, re.IGNORECASE)
    is_spread = re.search(
        r"\bspreads?\b|\bverticals?\b|\b(?:put|call)\s+(?:credit|debit)|\bpcs\b|\bccs\b", said.left, re.IGNORECASE
    )
    if right is None or is_spread is None:
        names = ", ".join(STRUCTURES).replace("_", " ")
        raise NotUnderstood(f"which structure? one of: {names}; a lone short option is not traded")
    said.take(r"\bverticals?\b")
    return STRUCTURES[vertical_of(right[1].casefold(), is_debit=is_bought)], ""


def _places(said: Said, kind: tuple[type[Structure], str]) -> dict[str, str]:
    """Keys of the spread: days, delta, width."""
    structure, right = kind
    keys = _example(structure)
    if issubclass(structure, OfOneRight):
        keys["right"] = right
    if found := said.take(rf"\b(?P<first>{_DELTA})\s*/\s*(?P<second>{_DELTA})[\s-]*deltas?\b"):
        both = ("long_delta", "short_delta") if structure.pays == "debit" else ("short_delta", "long_delta")
        ranges = [guesses.deltas(found[one]) for one in ("first", "second")]
        if not all(ranges) or not all(one in structure.model_fields for one in both):
            raise NotUnderstood(f"{found[0].strip()!r} are no two deltas of {_an(structure)}")
        _forget_legs(keys)
        keys |= {key: one[0] for key, one in zip(both, ranges, strict=True)}
    if found := said.take(
        rf"\b(?:the\s+)?(?:(?P<one>{_DELTA})(?:\s*(?:-|to)\s*(?P<two>{_DELTA}))?[\s-]*deltas?"
        rf"|deltas? (?:of )?(?P<other>{_DELTA}))\b"
    ):
        delta = guesses.deltas(" ".join(one for one in (found["one"] or found["other"], found["two"]) if one))
        key = next((one for one in _leg_keys(structure, "delta") if one in structure.model_fields), None)
        if not delta or key is None:
            raise NotUnderstood(f"{found[0].strip()!r} is no delta of {_an(structure)}")
        _forget_legs(keys)
        keys[key] = delta[0]
    if said.take(r"\b(?:at|on)[- ]the[- ]money\b|\batm\b"):
        key = next((one for one in _leg_keys(structure, "strike") if one in structure.model_fields), None)
        if key is None:
            raise NotUnderstood(f"no leg of {_an(structure)} is told where to stand by its strike")
        _forget_legs(keys)
        keys[key] = "at the money"
    if found := said.take(
        rf"\$?(?P<near>{_NUMBER})\s*/\s*\$?(?P<far>{_NUMBER})[\s-]*(?:points?|dollars?|\$)?[\s-]*(?:wide|wings?|width)\b"
    ):
        if "near" not in keys.get("width", ""):
            raise NotUnderstood(f"{found[0].strip()!r}: {_an(structure)} has one width")
        keys["width"] = f"{{near: ${found['near']}, far: ${found['far']}}}"
    if found := said.take(
        rf"\$?(?P<one>{_NUMBER})(?:\s*(?:-|to)\s*\$?(?P<two>{_NUMBER}))?[\s-]*(?:points?|dollars?|\$)?[\s-]*(?:wide|wings?|width)\b"
    ):
        if "width" not in structure.model_fields:
            raise NotUnderstood(f"{_an(structure)} has no width")
        wide = "-".join(f"${one}" for one in (found["one"], found["two"]) if one)
        keys["width"] = f"{{near: {wide}, far: 2 x near}}" if "near" in keys.get("width", "") else wide
    days = said.take(
        r"\b0\s*dte\b|\b(?:about |around |roughly )?(?P<days>[0-9]+(?:\s*(?:-|to)\s*[0-9]+)?)[\s-]*(?:days?|dte)"
        r"(?:\s+(?:out|to (?:expiry|expiration)|away|from now|till expiry))*"
    )
    days = days or said.take(
        rf"\b(?:about |around )?(?:a|{_COUNT})\s+(?:weeks?|months?)(?:\s+(?:out|away|to expiry))?"
        r"|\b(?:monthly|weekly|weeklies|monthlies)\b|\b(?:same|to)[- ]?day\b|\btoday's expiry\b"
    )
    if days is not None:
        text = re.sub(r"^\s*(?:a|one)\b", "1", re.sub(r"\bweeklies\b", "weekly", days[0].strip(), flags=re.IGNORECASE))
        found_days = guesses.days(text)
        if not found_days:
            raise NotUnderstood(f"which days are {days[0].strip()!r}?")
        far = f"{{near: {found_days[0]}, far: 25-35 days after near}}"
        keys["expiry"] = far if issubclass(structure, OfTwoExpiries) else found_days[0]
    return keys


def _leg_keys(structure: type[Structure], of: str) -> tuple[str, ...]:
    """Keys that say where the leg stands that is meant where none is named, the likeliest first."""
    is_bought = structure.pays == "debit" and "body_delta" not in structure.model_fields
    return tuple(f"{leg}_{of}" for leg in (("long", "short") if is_bought else ("short", "body", "long")))


def _forget_legs(keys: dict[str, str]) -> None:
    """Without what the example says of where legs stand: the sentence says it."""
    for leg in ("short", "long", "body"):
        for of in ("delta", "strike"):
            keys.pop(f"{leg}_{of}", None)


def _an(structure: type[Structure]) -> str:
    return an(structure.name().replace("_", " "))


def _example(structure: type[Structure]) -> dict[str, str]:
    lines = (line.split("  #")[0].strip() for line in structure.example.keys)
    return {line.partition(": ")[0]: line.partition(": ")[2] for line in lines}


def _tickers(said: Said) -> list[str]:
    found = [word for word in re.findall(r"(?<![A-Za-z])[A-Z]{1,5}(?![A-Za-z])", said.left) if word not in _NO_TICKERS]
    for word in found:
        said.left = re.sub(rf"(?<![A-Za-z]){word}(?![A-Za-z])", " ", said.left, count=1)
    return list(dict.fromkeys(found))
