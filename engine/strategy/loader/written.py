"""What stands behind a key, taken up again: as a value that reads, on one line, or in the line that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic_core import PydanticCustomError

from engine.strategy import guesses
from engine.strategy.source import Listed, Node, Text, texts_in
from engine.strategy.values.scalar import Scalar
from engine.strategy.way_out import Write, changes_of


def best_of(scalar: Scalar, said: str) -> str | None:
    """What was written, or the value that was meant by it, if it reads."""
    meant = scalar.meant_by(said)
    for text in (*meant, said) if scalar.guess in {guesses.deltas, guesses.days} else (said, *meant):
        if scalar.reads(text):
            return text
    try:
        scalar.value_of(Text(said))
    except PydanticCustomError as error:
        hint = (error.context or {}).get("hint", "")
        text = next((change.text for change in changes_of(hint) if isinstance(change, Write)), None)
        return text if text is not None and scalar.reads(text) and _share_a_number(said, text) else None
    return None


def _share_a_number(said: str, text: str) -> bool:
    """Whether what is offered is made of what was written, and no example."""
    digits = set(re.findall("[0-9]+", said.replace(",", "")))
    return bool(digits & set(re.findall("[0-9]+", text.replace(",", ""))))


def source_of(value: Node) -> str | None:
    """A value as it would stand on one line; None where it is too long for that."""
    match value:
        case Text():
            return str(value) or None
        case Listed():
            parts = [source_of(part) for part in value]
            return f"[{', '.join(part or '' for part in parts)}]" if all(parts) else None
        case _:
            pairs = [(key, source_of(part)) for key, part in value.items()]
            return f"{{{', '.join(f'{key}: {part}' for key, part in pairs)}}}" if all(part for _, part in pairs) else None


def lines_with(pattern: str, value: Node) -> Iterator[str]:
    """The line with what was written: its own sign where it has one, `between` for two numbers."""
    texts = [str(text).strip() for text in texts_in(value) if text.strip()]
    said = " ".join(texts)
    name = pattern.split(maxsplit=1)[0]
    if len(texts) == 2 and all(guesses.numbers_in(text) for text in texts):
        yield f"{name} between {texts[0]} and {texts[1]}"
    if re.match(r"[<>=≤≥]", said):
        yield f"{name} {said}"
    if re.search(r"[a-z]", said.casefold()) and name in said:
        yield said
    yield pattern.format(re.sub(r"^-\s*(?=[$0-9.])", "", said))
    yield f"{name} {said}"


def yes_or_no(said: str) -> bool | None:
    """What a word says that stands for yes or no; None where it does neither."""
    word = said.strip().casefold()
    return True if word in {"true", "yes", "on", "1"} else False if word in {"false", "no", "off", "0", "none"} else None
