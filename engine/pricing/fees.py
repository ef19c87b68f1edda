"""Estimated commissions of option orders, from a dated table.

Only the broker's execution fee: exchange, clearing and regulatory fees come on top and may be negative. Use it to
decide before the order; after a fill the broker's commission report is what counts.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def commission(
    legs: Sequence[FeeLeg],
    quantity: int,
    *,
    table: CommissionTable = IBKR_TIERED,
    contracts_this_month: int = 0,
    smart_routed: bool = True,
) -> Decimal:
    """Estimated fee in USD of one order for `quantity` combinations.

    Every leg is a contract: a condor counts four. The minimum holds for the order, not for a leg. Volume tiers
    apply contract by contract, after the `contracts_this_month` already traded.
    Raises ValueError when the order holds no contract.
    """
    if quantity < 1 or not legs or any(leg.ratio < 1 for leg in legs):
        raise ValueError(f"{quantity} combinations of {len(legs)} legs: an order holds at least one contract")
    if not smart_routed:
        return max(table.minimum_per_order, table.direct * quantity * sum(leg.ratio for leg in legs))
    total, done = Decimal(0), contracts_this_month
    for leg in legs:
        contracts = leg.ratio * quantity
        total += _leg_fee(table, abs(exact(leg.premium)), done, contracts)
        done += contracts
    return max(table.minimum_per_order, total)


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
