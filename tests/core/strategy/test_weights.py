"""A universe with weights: read, refused with a way out, told, compared, and held against every opening."""

from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.domain.decision import DenyEntry, Propose
from engine.strategy.changes import changes_of
from engine.strategy.explain import sentences
from engine.strategy.parse import parse_strategy
from engine.strategy.spelled import spelled
from engine.strategy.universe import shares_of
from tests import given
from tests.core.strategy.mending import applied

FILE = """\
schema: 1
name: shared
universe: {universe}
spread:
  type: bull_put
  expiry: 30-60 days
  width: $5
sizing: {{risk: $500}}
limits: {limits}
exits: [profit >= 50% of credit, loss >= 200% of credit, dte <= 21]
"""
LIMITS = "{open: 9, open_risk: $3,000}"


def text(universe: str, limits: str = LIMITS) -> str:
    return FILE.format(universe=universe, limits=limits)


def test_each_ticker_has_its_share_of_the_risk() -> None:
    parsed = parse_strategy(text("{SPY: 40%, QQQ: 30%, IWM: 30%}"), "shared.yaml")

    assert parsed.problems == ()
    assert parsed.value is not None
    assert parsed.value.universe[:] == ("SPY", "QQQ", "IWM")
    assert shares_of(parsed.value.universe) == {"SPY": Decimal("0.4"), "QQQ": Decimal("0.3"), "IWM": Decimal("0.3")}
    assert spelled(parsed.value.universe) == "{SPY: 40%, QQQ: 30%, IWM: 30%}"
    assert "Of that, SPY takes at most 40%, QQQ takes at most 30% and IWM takes at most 30%." in sentences(parsed.value)


@pytest.mark.parametrize(
    ("universe", "limits", "says", "mends"),
    [
        ("{SPY: 60%, QQQ: 50%}", LIMITS, "the shares add up to 110%", True),
        ("{SPY: 40, QQQ: 30%}", LIMITS, "found '40'; wanted the share of the risk that SPY takes", True),
        ("{SPY: 0%, QQQ: 30%}", LIMITS, "a share is above 0% and at most 100%", True),
        ("{SPY: much, QQQ: 30%}", LIMITS, "wanted the share of the risk", True),
        ("{SPY: 40%, QQQ: 30%}", "{open: 9}", "these are shares of limits.open_risk", True),
        ("{SPY: 10%, QQQ: 30%}", LIMITS, "SPY has less than one position may risk", True),
        ("{SPY, QQQ}", LIMITS, "tickers stand in braces", True),
    ],
)
def test_weights_that_cannot_be_are_told_with_a_way_out(universe: str, limits: str, says: str, mends: bool) -> None:
    written = text(universe, limits)

    told = parse_strategy(written, "shared.yaml").errors

    assert says in told[0].message
    assert not parse_strategy(applied(written, told[0].edits), "shared.yaml").errors


def test_greater_share_loosens_and_a_smaller_one_tightens() -> None:
    def read(universe: str) -> object:
        parsed = parse_strategy(text(universe), "shared.yaml")
        assert parsed.value is not None
        return parsed.value

    even, less, none = read("{SPY: 50%, QQQ: 50%}"), read("{SPY: 50%, QQQ: 30%}"), read("[SPY, QQQ]")

    assert changes_of(even, less).said == ("universe was {SPY: 50%, QQQ: 50%}, is {SPY: 50%, QQQ: 30%}",)  # type: ignore[arg-type]
    assert [changes_of(*pair).loosens for pair in ((even, less), (less, even), (even, none), (none, even))] == [  # type: ignore[arg-type]
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(("share", "opens"), [("25%", False), ("90%", True)])
def test_opening_stays_within_the_share_of_its_underlying(share: str, *, opens: bool) -> None:
    lines = f"universe: {{SPY: {share}}}\nsizing: {{risk: $450}}\nexits: [dte <= 2]\n"
    lines += "limits: {open: 5, per_day: 3, per_expiry: 3, open_risk: $2,000}"
    file = given.strategy(lines)
    held = given.proposal("o1", by=file, of=given.spread(short=555, long=550))

    found = decide(given.snapshot(given.ledger(*given.opened(held))), given.rulebook(file))

    assert any(isinstance(one, Propose) for one in found) is opens
    if not opens:
        (denied,) = (one.fact for one in found if isinstance(one, DenyEntry))
        assert (denied.obstacle.gate, denied.obstacle.source) == ("share", "25% of open_risk of puts")
