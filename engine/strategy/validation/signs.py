"""A line about a number with a sign becomes the line about the number without it."""

from __future__ import annotations

import re

from engine.strategy.guesses import NUMBER

_BETWEEN = re.compile(rf"between\s*-\s*({NUMBER}[^-]*?)\s+and\s*-\s*({NUMBER}\S*)")
_COMPARED = re.compile(rf"([<>])(=?\s*)-\s*(?=\$?{NUMBER})")


def unsigned(text: str) -> str:
    """`delta <= -0.20` is `delta >= 0.20` without its sign, and the ends of a range change places."""
    text = _BETWEEN.sub(r"between \2 and \1", " ".join(text.split()))
    return _COMPARED.sub(lambda found: f"{'<' if found[1] == '>' else '>'}{found[2]}", text)
