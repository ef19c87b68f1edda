"""The account's values: what cannot be read is unknown, and the currency that it is kept in is the account's word."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.broker.data.account import Account

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


def account(*rows: tuple[str, str, str]) -> Account:
    made = Account(Clock())
    made.reset("DU1")
    for tag, text, currency in rows:
        made.value(tag, text, currency, "DU1")
    return made


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "lots", "1.7976931348623157E308", "1e15"])
def test_value_that_cannot_be_read_makes_the_one_before_unknown(text: str) -> None:
    told = account(("NetLiquidation", "100000", "USD"), ("AvailableFunds", "90000", "USD"), ("NetLiquidation", text, "USD"))

    assert told.values.net_liquidation is None
    assert told.values.available_funds == Decimal(90000)


def test_value_is_known_again_when_it_is_told_again() -> None:
    told = account(("NetLiquidation", "lots", "USD"), ("NetLiquidation", "100001", "USD"))

    assert told.values.net_liquidation == Decimal(100001)


RATES = [("ExchangeRate", "1.00", "USD"), ("ExchangeRate", "1.08", "EUR"), ("ExchangeRate", "1.00", "BASE")]


@pytest.mark.parametrize(
    ("rows", "currency"),
    [
        ([], None),
        ([("NetLiquidation", "1", "USD")], "USD"),
        ([("NetLiquidation", "1", "EUR")], "EUR"),
        ([("NetLiquidation", "1", "USD"), ("NetLiquidation", "1", "BASE")], "USD"),
        ([("NetLiquidation", "1", "USD"), ("CashBalance", "1", "EUR"), ("NetLiquidationByCurrency", "1", "EUR")], "USD"),
        ([("NetLiquidation", "108", "USD"), ("NetLiquidation", "100", "EUR"), *RATES], "USD"),
        ([*RATES, ("NetLiquidation", "100", "EUR"), ("NetLiquidation", "108", "USD")], "USD"),
        ([("NetLiquidation", "108", "USD"), ("NetLiquidation", "100", "EUR"), ("NetLiquidation", "100", "BASE")], "EUR"),
        ([("NetLiquidation", "108", "USD"), ("NetLiquidation", "100", "EUR")], None),
        ([("NetLiquidation", "lots", "USD")], "USD"),
    ],
)
def test_currency_is_the_accounts_own_and_not_that_of_the_last_row(
    rows: list[tuple[str, str, str]], currency: str | None
) -> None:
    assert account(*rows).base_currency == currency


def test_values_are_as_old_as_they_were_last_told_or_confirmed() -> None:
    clock = Clock()
    told = Account(clock)
    told.reset("DU1")
    told.value("NetLiquidation", "100000", "USD", "DU1")
    clock.at += timedelta(minutes=3)
    told.value("CashBalance", "5", "EUR", "DU1")
    assert told.values.reported_at == START
    told.reported()

    assert told.values.reported_at == START + timedelta(minutes=3)


def test_values_of_a_reset_are_not_believed_and_do_not_grow_younger() -> None:
    clock = Clock()
    told = Account(clock)
    told.reset("DU1")
    told.value("NetLiquidation", "100000", "USD", "DU1")
    clock.at += timedelta(minutes=3)
    told.value("AccountReady", "false", "", "DU1")
    told.value("NetLiquidation", "0", "USD", "DU1")
    told.reported()

    assert (told.values.net_liquidation, told.values.reported_at) == (Decimal(100000), START)
    told.value("AccountReady", "true", "", "DU1")
    told.value("NetLiquidation", "99999", "USD", "DU1")
    assert told.values.net_liquidation == Decimal(99999)


def test_values_of_another_account_are_not_ours() -> None:
    told = account()
    told.value("NetLiquidation", "5", "USD", "DU2")

    assert told.values.net_liquidation is None
