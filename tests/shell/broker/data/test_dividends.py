"""What TWS tells of dividends, as it writes it."""

from datetime import date

import pytest

from engine.broker.data.dividends import dividend_of
from engine.domain.chain import NextDividend


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("0.83,0.92,20130219,0.23", NextDividend(date(2013, 2, 19), 0.23)),
        ("0.0,0.0,,", NextDividend(None, 0.0)),
        ("0,,,", NextDividend(None, 0.0)),
        ("0.83,0.92,,", None),
        ("0.83,0.92,20130219,", None),
        ("0.83,0.92,2013-02-19,0.23", None),
        ("0.83,0.92,20130219,nan", None),
        ("0.83,0.92,20130219,-0.23", None),
        ("", None),
        (",,,", None),
        ("1,2,3", None),
    ],
)
def test_text_of_four_numbers(text: str, following: NextDividend | None) -> None:
    assert dividend_of(text) == following
