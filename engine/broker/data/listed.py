"""Reads one contract that TWS lists, and words the questions for it: what is none of those that were asked for is refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from ib_async import Contract as IbContract
from ib_async import ContractDetails

from engine.broker.translate import calendar_day, identifier, multiplier, put_call, strike
from engine.broker.unread import Unreadable
from engine.domain.contract import Contract, PutCall
from engine.ports import Underlying

STANDARD_MULTIPLIER = 100
SETTLES_WITHIN = timedelta(days=7)
"""From the last trading day to the expiration day: a night, over a weekend or holidays some more."""
_OCC = re.compile(r"([A-Z0-9 ]{6})([0-9]{6})([CP])([0-9]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """One request for contracts."""

    underlying: Underlying
    root: str
    listed: str
    """Last trading day, as TWS lists expiries: YYYYMMDD."""
    right: PutCall


def option_of(part: Part, details: ContractDetails, expiry_of: Callable[[str, date], date]) -> Contract:
    """The contract of one row. Raises Unreadable where it is none of those that were asked for, or contradicts itself."""
    contract = contract_of(details)
    must_be("OPT", "kind", contract.secType)
    must_be(part.underlying.symbol, "symbol", contract.symbol)
    must_be(part.root, "trading class", contract.tradingClass or part.root)
    must_be("USD", "currency", contract.currency)
    listed = calendar_day(contract.lastTradeDateOrContractMonth, "last trading day")
    expiry = (
        calendar_day(details.realExpirationDate, "expiration day") if details.realExpirationDate else expiry_of(part.root, listed)
    )
    if calendar_day(part.listed) not in {listed, expiry}:
        raise Unreadable("last trading day", contract.lastTradeDateOrContractMonth)
    if not timedelta(0) <= expiry - listed <= SETTLES_WITHIN:
        raise Unreadable("expiration day", details.realExpirationDate)
    if put_call(contract.right) != part.right:
        raise Unreadable("right", contract.right)
    shares = multiplier(contract.multiplier)
    if shares != STANDARD_MULTIPLIER:
        raise Unreadable("multiplier", contract.multiplier)
    option = Contract(
        con_id=identifier(contract.conId, "contract number"),
        underlying=part.underlying.symbol,
        root=part.root,
        expiry=expiry,
        strike=strike(contract.strike),
        put_call=part.right,
        multiplier=shares,
    )
    _must_agree(option, listed, contract.localSymbol)
    return option


def _must_agree(option: Contract, listed: date, symbol: str) -> None:
    """The exchanges' own symbol, where there is one, names the same contract: `SPY   261218P00600000`.

    Source: OCC, options symbology initiative: class, expiration day, right, and strike in thousandths.
    """
    named = _OCC.fullmatch(symbol)
    if named is None:
        return
    root, day, right, thousandths = named.groups()
    days = {f"{one:%y%m%d}" for one in (option.expiry, listed)}
    if root.strip() != option.root or day not in days or right != option.put_call or int(thousandths) != option.strike * 1000:
        raise Unreadable("symbol", symbol)


def must_be(wanted: str, field: str, told: str) -> None:
    if told != wanted:
        raise Unreadable(field, told)


def name_of(part: Part, details: ContractDetails) -> str:
    contract = contract_of(details)
    return f"contract {contract.conId} of {part.root} {part.listed} {contract.strike:g}{part.right}"


def contract_of(details: ContractDetails) -> IbContract:
    assert details.contract is not None, "ib_async decodes contract details with their contract"
    return details.contract


def by_symbol(symbol: str, kind: str) -> IbContract:
    return IbContract(symbol=symbol, secType=kind, exchange="SMART" if kind == "STK" else "", currency="USD")


def half_open(part: Part) -> IbContract:
    return IbContract(
        secType="OPT",
        symbol=part.underlying.symbol,
        lastTradeDateOrContractMonth=part.listed,
        right=part.right,
        multiplier=str(STANDARD_MULTIPLIER),
        exchange="SMART",
        currency="USD",
        tradingClass=part.root,
    )
