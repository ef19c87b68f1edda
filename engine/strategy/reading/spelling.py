"""The word that was most likely meant by a misspelled one, and how a way out offers it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word most like this one, None where none is alike enough; `likeness` is 1 for the word itself."""
    return next(iter(get_close_matches(word, list(known), 1, likeness)), None)


def recased(word: str, known: Iterable[str]) -> str | None:
    """The known word that this one is, written with other capitals."""
    return next((one for one in known if one.casefold() == word.casefold()), None)
