"""The table of index classes: what each root is, and what is refused because it is not in it."""

import pytest

from engine.domain.index_classes import INDEX_CLASSES, INDEXES, is_known, option_class, refusal


@pytest.mark.parametrize(
    ("root", "settlement", "trades_until"),
    [
        ("SPX", "AM", "session before"),
        ("SPXW", "PM", "expiration"),
        ("XSP", "PM", "expiration"),
        ("VIX", "AM", "session before"),
        ("VIXW", "AM", "session before"),
        ("DJX", "AM", "session before"),
        ("NDX", "AM", "session before"),
        ("NDXP", "PM", "expiration"),
        ("NQX", "PM", "expiration"),
        ("XND", "PM", "expiration"),
        ("RUT", "AM", "session before"),
        ("RUTW", "PM", "expiration"),
        ("MRUT", "PM", "expiration"),
        ("MXEA", "PM", "session before"),
        ("MXEF", "PM", "session before"),
        ("XEO", "PM", "expiration"),
    ],
)
def test_index_class_is_european_in_cash_and_settles_as_its_exchange_says(root: str, settlement: str, trades_until: str) -> None:
    of = option_class(root)

    assert (of.exercise, of.cash, of.settlement, of.trades_until) == ("European", True, settlement, trades_until)


def test_oex_is_the_one_index_that_can_be_exercised_early() -> None:
    assert {root for root, of in INDEX_CLASSES.items() if of.exercise == "American"} == {"OEX"}


@pytest.mark.parametrize("root", ["SPY", "QQQ", "AAPL", "F"])
def test_share_or_fund_is_american_and_delivered_after_the_close_of_its_expiration_day(root: str) -> None:
    of = option_class(root)

    assert (of.exercise, of.cash, of.settlement, of.trades_until) == ("American", False, "PM", "expiration")


def test_every_class_names_its_index_and_its_exchange() -> None:
    assert all(of.underlying and of.exchange and of.cash and of.multiplier == 100 for of in INDEX_CLASSES.values())
    assert {of.underlying for of in INDEX_CLASSES.values()} == set(INDEXES)


@pytest.mark.parametrize(
    ("root", "underlying", "of_index", "known"),
    [
        ("SPXW", "SPX", True, True),
        ("SPXQ", "SPX", True, False),
        ("SPXQ", "SPX", False, False),
        ("DAX", "DAX", True, False),
        ("MXUSA", "MXUSA", False, False),
        ("AAPL", "AAPL", False, True),
    ],
)
def test_class_of_an_index_is_known_only_by_the_table(root: str, underlying: str, of_index: bool, known: bool) -> None:
    assert is_known(root, underlying, of_index=of_index) is known


def test_refusal_names_the_class_and_what_can_be_traded_instead() -> None:
    assert "SPXQ: " in refusal("SPXQ", "SPX")
    assert "SPX, SPXW" in refusal("SPXQ", "SPX")
    assert "take DAX out of `universe`" in refusal("DAX", "DAX")
