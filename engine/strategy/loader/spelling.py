"""The word that was most likely meant by a misspelled one."""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS_PER_SLIP = 4
"""One slip of the hand is forgiven for so many letters, but never more than a third of them."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that takes the fewest slips to become this one, None where that would be another word."""
    most = max(1, (len(word) + 1) // _LETTERS_PER_SLIP) if len(word) > 2 else 0
    slips = {one: distance(word, one) for one in known if abs(len(one) - len(word)) <= most}
    likely = [one for one, count in slips.items() if count <= most]
    return min(likely, key=lambda one: slips[one], default=None)


def distance(left: str, right: str) -> int:
    """Slips of the hand from one word to the other: a letter too many, too few or another, and two that changed places."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for at, letter in enumerate(left, 1):
        before, above, row = row, before, [at]
        for column, other in enumerate(right, 1):
            best = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (letter != other))
            if at > 1 and column > 1 and letter == right[column - 2] and left[at - 2] == other:
                best = min(best, above[column - 2] + 1)
            row.append(best)
    return row[-1]


def recased(word: str, known: Iterable[str]) -> str | None:
    """The known word that this one is, written with other capitals."""
    return next((one for one in known if one.casefold() == word.casefold()), None)
