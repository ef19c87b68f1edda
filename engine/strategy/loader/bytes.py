"""Bytes that are no text in UTF-8: what they are instead, where that shows, and the way out."""

from __future__ import annotations

from engine.strategy.source import NOWHERE, Place

_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"PK\x03\x04",
        "a spreadsheet, a document or an archive (.xlsx, .docx, .zip)",
        "save the strategy as plain text",
    ),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet or a document (.xls, .doc)", "save the strategy as plain text"),
    (b"{\\rtf", "a document of a word processor (.rtf)", "save it as plain text"),
    (b"%PDF", "a PDF", "write the strategy as plain text"),
    (b"\x89PNG", "a picture", "write the strategy as plain text"),
    (b"\xff\xd8\xff", "a picture", "write the strategy as plain text"),
    (b"\x1f\x8b", "a compressed file (.gz)", "unpack it:  gunzip"),
    (b"SQLite format 3", "a database", "write the strategy as plain text"),
)
"""By what the file begins with: what it is, and what to do."""

_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
"""What editors put before text that they do not save as UTF-8."""

_LOOKED_AT = 512

_NEVER_TYPED, _MOST_NEVER_TYPED = frozenset({*range(9), *range(14, 32)} - {27}), 0.1
"""Bytes that no keyboard puts into a text, and how many there may be of them."""

_NEVER_LATIN, _MOST_NEVER_LATIN = frozenset(range(128, 256)), 0.5
"""Bytes that are no letter of a to z, and how many there may be of them in a text of an older encoding."""

_NO_TEXT = NOWHERE, "this is no text but bytes that only a program reads", "write the strategy as plain text, saved as UTF-8"


def no_text(raw: bytes) -> tuple[Place, str, str] | None:
    """Place, message and way out where bytes are no text in UTF-8; None where they are."""
    for beginning, what, hint in _KINDS:
        if raw.startswith(beginning):
            return NOWHERE, f"this is {what}, not a text", hint
    saved_as = next((name for mark, name in _MARKS if raw.startswith(mark)), None) or _wide(raw)
    if saved_as is not None:
        return NOWHERE, f"this file is saved as {saved_as}", "save it as UTF-8"
    if _share(raw, _NEVER_TYPED) > _MOST_NEVER_TYPED:
        return _NO_TEXT
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _NO_TEXT if _share(raw, _NEVER_LATIN) > _MOST_NEVER_LATIN else _undecoded(raw, error.start)
    return None


def _share(raw: bytes, of: frozenset[int]) -> float:
    start = raw[:_LOOKED_AT]
    return sum(byte in of for byte in start) / max(1, len(start))


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: of letters of a to z every second byte is zero."""
    start = raw[:_LOOKED_AT]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    least = max(4, len(start) * 2 // 5)
    return "UTF-16" if (even >= least) != (odd >= least) else None


def _undecoded(raw: bytes, at: int) -> tuple[Place, str, str]:
    """The first byte that is no UTF-8, with the letter that it is in the encoding of older editors."""
    line = raw.count(b"\n", 0, at) + 1
    begins = raw.rfind(b"\n", 0, at) + 1
    column = len(raw[begins:at].decode("utf-8", "replace")) + 1
    letter = "" if raw[at : at + 1] == b"\xed" else raw[at : at + 1].decode("cp1252", "replace")
    shown = f": '{letter}' of an older encoding stands here" if letter and letter.isprintable() and letter != "�" else ""
    return Place(line, column, column + 1), f"this is not text in UTF-8{shown}", "save the file as UTF-8 text"
