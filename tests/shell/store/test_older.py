"""Lines of versions that told in words what is a field of the fact today are read with that field."""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import msgspec
import pytest

from engine.domain.deeds import RollDeed
from engine.domain.facts.account import Foreign, Reconciled
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.positions import ExitBlocked
from engine.domain.facts.searches import Asked, FunnelRecorded, FunnelStep
from engine.domain.facts.union import Fact
from engine.ports import Line
from engine.store.codec import FIRST_HASH, decode, encode
from tests import given

AT = given.NOW


def without(fact: Fact, *keys: str, within: str | None = None) -> bytes:
    """The line of a fact as a version wrote it that did not know these keys, of the fact or of each part of it."""
    held = json.loads(encode(Line(1, AT, "DU1", fact), FIRST_HASH).raw)
    for place in [held] if within is None else held[within]:
        for key in keys:
            del place[key]
    return msgspec.json.encode(held) + b"\n"


def close(reason: str, rule: str | None = None, asked_by: str | None = None) -> OrderProposed:
    fact = given.proposal("c1", position="o1", reason=reason, asked_by=asked_by)
    return replace(fact, rule=rule)


@pytest.mark.parametrize(
    ("written", "rule", "roll"),
    [
        (close("roll short: dte <= 14"), "dte <= 14", "roll short"),
        (close("roll put side: short_delta >= 0.3"), "short_delta >= 0.3", "roll put side"),
        (close("roll: dte <= 21"), "dte <= 21", "roll"),
        (close("profit >= 50% of credit"), "profit >= 50% of credit", None),
        (close("by ann: roll short: I want to", asked_by="ann"), None, None),
        (given.proposal("o2", reason="roll of o1: rank 1", rolled_from="o1"), None, None),
    ],
)
def test_close_of_an_older_version_tells_its_roll_by_its_reason(
    written: OrderProposed, rule: str | None, roll: RollDeed | None
) -> None:
    fact = decode(without(written, "rule", "roll")).fact

    assert fact == replace(written, rule=rule, roll=roll)


def test_reason_of_today_is_not_read() -> None:
    fact = close("roll short: so said the person", asked_by="ann")
    mine = close("roll: somebody wrote this", rule="x")

    assert [decode(encode(Line(1, AT, "DU1", one), FIRST_HASH).raw).fact for one in (fact, mine)] == [fact, mine]


@pytest.mark.parametrize(("rule", "frees"), [("cushion below 5%", True), ("loss >= 200% of credit", False)])
def test_blocked_exit_of_an_older_version_tells_whether_the_cushion_asked(rule: str, frees: bool) -> None:
    blocked = ExitBlocked("o1", rule, "no price", "nobody offers it", 1, datetime(2026, 11, 23, 15, tzinfo=AT.tzinfo))

    assert decode(without(blocked, "frees_margin")).fact == replace(blocked, frees_margin=frees)


def test_funnel_of_an_older_version_tells_which_steps_are_of_the_market() -> None:
    market = FunnelStep("when vix <= 20", 1, 0, "vix <= 20", (Asked("SPY", True, {"vix": 14.0}),))
    funnel = FunnelRecorded("puts", "S1", (market, FunnelStep("puts, 20-30 days", 40, 3)), 0)

    assert decode(without(funnel, "line", within="steps")).fact == funnel


def test_reconciliation_of_an_older_version_tells_how_much_is_not_ours() -> None:
    agreed = Reconciled(
        (), ("SPY +200", "BRK B -0.5"), foreign_held=(Foreign("SPY", Decimal(200)), Foreign("BRK B", Decimal("-0.5")))
    )

    assert decode(without(agreed, "foreign_held")).fact == agreed
