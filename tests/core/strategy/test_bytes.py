"""Files that are no text in UTF-8 are told as what they are, and nothing in them is taken for a strategy."""

import gzip
from pathlib import Path

import pytest

from engine.strategy.parse import parse_strategy

TEXT = (Path(__file__).parents[3] / "strategies" / "spx_bull_put.yaml").read_text()


@pytest.mark.parametrize(
    ("raw", "place", "message"),
    [
        (TEXT.encode("utf-16"), (1, 1), "this file is saved as UTF-16"),
        (TEXT.encode("utf-16-le"), (1, 1), "this file is saved as UTF-16"),
        (TEXT.encode("utf-16-be"), (1, 1), "this file is saved as UTF-16"),
        ("schema: 1".encode("utf-16-le"), (1, 1), "this file is saved as UTF-16"),
        (TEXT.encode("utf-32"), (1, 1), "this file is saved as UTF-32"),
        (bytes(1000), (1, 1), "this is no text but bytes that only a program reads"),
        (bytes(range(256)), (1, 1), "this is no text but bytes that only a program reads"),
        (b"PK\x03\x04" + bytes(99), (1, 1), "this is a spreadsheet, a document or an archive (.xlsx, .docx, .zip), not a text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), (1, 1), "this is a picture, not a text"),
        (gzip.compress(TEXT.encode()), (1, 1), "this is a compressed file (.gz), not a text"),
        (b"{\\rtf1\\ansi schema: 1}", (1, 1), "this is a document of a word processor (.rtf), not a text"),
        (
            TEXT.replace("spreads", "Sprünge", 1).encode("latin-1"),
            (4, 24),
            "this is not text in UTF-8: 'ü' of an older encoding stands here",
        ),
        (TEXT.replace("SPX", "S\0X", 1).encode(), (4, 14), "an invisible character stands here: U+0000, a zero byte"),
    ],
)
def test_bytes_that_are_no_text_are_told_as_what_they_are(raw: bytes, place: tuple[int, int], message: str) -> None:
    parsed = parse_strategy(raw, "x.yaml")

    assert parsed.value is None
    assert [((one.line, one.column), one.message) for one in parsed.problems] == [(place, message)]
    assert parsed.problems[0].hint


@pytest.mark.parametrize(("mark", "end"), [("\ufeff", "\n"), ("", "\r\n"), ("", "\r")])
def test_marks_and_ends_of_lines_of_other_systems_are_read(mark: str, end: str) -> None:
    raw = (mark + TEXT.replace("\n", end)).encode()

    assert parse_strategy(raw, "x.yaml").errors == ()
