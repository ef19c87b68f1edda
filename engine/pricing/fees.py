"""Estimated fees of option orders, from two dated tables: the broker's execution fee, and what exchanges charge customers for
options on their own indexes, which the broker passes on.

Clearing and regulatory fees of some cents come on top, and options on shares may bring rebates: neither is in here. Use it to
decide before the order; the broker's preview corrects it upwards, and after a fill its commission report is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.pricing.exact import Number, exact


@dataclass(frozen=True, slots=True)
class PremiumStep:
    """Fee of one contract, in USD, whose leg premium per share is at least `premium_from`."""

    premium_from: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class VolumeTier:
    """Fees for the contracts of a month beyond the first `contracts_above`; steps from the highest premium down."""

    contracts_above: int
    steps: tuple[PremiumStep, ...]


@dataclass(frozen=True, slots=True)
class CommissionTable:
    """Fees in force from `since`; tiers by ascending volume. `direct` is the fee per contract of a routed order."""

    since: date
    tiers: tuple[VolumeTier, ...]
    minimum_per_order: Decimal
    direct: Decimal


@dataclass(frozen=True, slots=True)
class FeeLeg:
    """One leg of an order: contracts per combination, and its premium per share (not negative)."""

    ratio: int
    premium: Number
    root: str = ""
    """Trading class; empty where no exchange charges a fee of its own."""


@dataclass(frozen=True, slots=True)
class ExchangeFee:
    """What an exchange charges a customer for one contract of a class of index options; steps from the highest premium down."""

    steps: tuple[PremiumStep, ...]
    contracts_from: int = 1
    """Smaller orders, counted in contracts of one leg, pay nothing."""


def _tier(contracts_above: int, *steps: tuple[str, str]) -> VolumeTier:
    return VolumeTier(contracts_above, tuple(PremiumStep(Decimal(p), Decimal(fee)) for p, fee in steps))


IBKR_TIERED = CommissionTable(
    since=date(2026, 11, 22),
    tiers=(
        _tier(0, ("0.10", "0.65"), ("0.05", "0.50"), ("0", "0.25")),
        _tier(10_000, ("0.05", "0.50"), ("0", "0.25")),
        _tier(50_000, ("0", "0.25")),
        _tier(100_000, ("0", "0.15")),
    ),
    minimum_per_order=Decimal("1.00"),
    direct=Decimal("1.00"),
)
"""US options at Interactive Brokers, tiered plan, as published on the given day."""


SHARE_FEES_SINCE = date(2026, 11, 22)
SHARE_FEE, SHARE_MINIMUM = Decimal("0.005"), Decimal("1.00")
"""US shares at Interactive Brokers: USD a share, and at least so many an order."""
SHARE_MOST = Decimal("0.01")
"""Never more than this part of what is traded."""


def _fee(*steps: tuple[str, str], contracts_from: int = 1) -> ExchangeFee:
    return ExchangeFee(tuple(PremiumStep(Decimal(premium), Decimal(fee)) for premium, fee in steps), contracts_from)


_SINGLE_PHLX, _PLAIN_CBOE = _fee(("0", "0.40")), _fee(("0", "0.18"))
_SECTOR, _MSCI_NEW = _fee(("0", "0.30")), _fee(("0", "0.05"))

EXCHANGE_FEES_SINCE = date(2024, 11, 1)
EXCHANGE_FEES: Mapping[str, ExchangeFee] = {
    "SPX": _fee(("1", "0.45"), ("0", "0.36")),
    "SPXW": _fee(("1", "0.58"), ("0", "0.49")),
    "XSP": _fee(("0", "0.07"), contracts_from=10),
    "OEX": _fee(("0", "0.35")),
    "XEO": _fee(("0", "0.35")),
    "DJX": _PLAIN_CBOE,
    "RUT": _PLAIN_CBOE,
    "RUTW": _PLAIN_CBOE,
    "RUI": _PLAIN_CBOE,
    "RLG": _PLAIN_CBOE,
    "RLV": _PLAIN_CBOE,
    "MRUT": _fee(("0", "0.02")),
    "VIX": _fee(("2", "0.45"), ("1", "0.30"), ("0.11", "0.17"), ("0", "0.05")),
    "VIXW": _fee(("2", "0.45"), ("1", "0.30"), ("0.11", "0.17"), ("0", "0.05")),
    "MXEA": _fee(("0", "0.25")),
    "MXEF": _fee(("0", "0.25")),
    "MXACW": _MSCI_NEW,
    "MXWLD": _MSCI_NEW,
    "SPEQX": _PLAIN_CBOE,
    "SPEQW": _PLAIN_CBOE,
    "CBTX": _PLAIN_CBOE,
    "CBTXW": _PLAIN_CBOE,
    "MBTX": _PLAIN_CBOE,
    "MBTXW": _PLAIN_CBOE,
    "NDX": _fee(("25", "0.75"), ("0", "0.50")),
    "NDXP": _fee(("25", "0.75"), ("0", "0.50")),
    "NQX": _fee(("0", "0")),
    "XND": _SINGLE_PHLX,
    "BKX": _SINGLE_PHLX,
    **dict.fromkeys(("SIXB", "SIXC", "SIXE", "SIXI", "SIXM", "SIXR", "SIXRE", "SIXT", "SIXU", "SIXV", "SIXY"), _SECTOR),
}
"""By root, USD a contract, for customers' combination orders.

Sources: Cboe's fee schedule of 1 November 2024; for SPXW its execution surcharge of 0.13 on top, as Interactive Brokers lists
it; for Nasdaq PHLX and ISE the pages of exchange fees at Interactive Brokers, which carry no date. Approximate: the classes that
Cboe's schedule does not name (its fee for other indexes stands for them), the dearest step of VIX combinations, XND and BKX.
"""


def exchange_fee(root: str, premium: Number, contracts: int = 1) -> Decimal:
    """USD that the exchange takes for one of so many contracts of a leg; 0 for shares."""
    fee = EXCHANGE_FEES.get(root)
    if fee is None or contracts < fee.contracts_from:
        return Decimal(0)
    paid = abs(exact(premium))
    return next(step.fee for step in fee.steps if paid >= step.premium_from)


def commission(
    legs: Sequence[FeeLeg],
    quantity: int,
    *,
    table: CommissionTable = IBKR_TIERED,
    contracts_this_month: int = 0,
    smart_routed: bool = True,
) -> Decimal:
    """Estimated fee in USD of one order for `quantity` combinations: the broker's and the exchange's.

    Every leg is a contract: a condor counts four. The broker's minimum holds for the order, not for a leg, and the
    exchange's fee comes on top. Volume tiers apply contract by contract, after the `contracts_this_month` already traded.
    Raises ValueError when the order holds no contract.
    """
    if quantity < 1 or not legs or any(leg.ratio < 1 for leg in legs):
        raise ValueError(f"{quantity} combinations of {len(legs)} legs: an order holds at least one contract")
    passed_on = sum(
        (exchange_fee(leg.root, leg.premium, leg.ratio * quantity) * leg.ratio * quantity for leg in legs), Decimal(0)
    )
    if not smart_routed:
        return max(table.minimum_per_order, table.direct * quantity * sum(leg.ratio for leg in legs)) + passed_on
    total, done = Decimal(0), contracts_this_month
    for leg in legs:
        contracts = leg.ratio * quantity
        total += _leg_fee(table, abs(exact(leg.premium)), done, contracts)
        done += contracts
    return max(table.minimum_per_order, total) + passed_on


def share_commission(shares: int, price: Number) -> Decimal:
    """Estimated fee, USD, of an order for so many shares at this price: the plan without tiers, as published on the given day."""
    full = max(SHARE_MINIMUM, SHARE_FEE * shares)
    return min(full, SHARE_MOST * exact(price) * shares)


def flat_table(fee_per_contract: Number, minimum_per_order: Number, since: date) -> CommissionTable:
    """A table with one fee for every contract, for brokers and tests that have no steps."""
    fee = exact(fee_per_contract)
    return CommissionTable(since, (VolumeTier(0, (PremiumStep(Decimal(0), fee),)),), exact(minimum_per_order), fee)


def _leg_fee(table: CommissionTable, premium: Decimal, done: int, contracts: int) -> Decimal:
    """Fee of `contracts` equal contracts when `done` were traded before, split where a tier begins."""
    total, end = Decimal(0), done + contracts
    ceilings = [tier.contracts_above for tier in table.tiers[1:]]
    for tier, ceiling in zip(table.tiers, [*ceilings, max(end, 1)], strict=True):
        in_tier = min(end, max(ceiling, 0)) - max(done, tier.contracts_above)
        if in_tier > 0:
            total += in_tier * next(step.fee for step in tier.steps if premium >= step.premium_from)
    return total
