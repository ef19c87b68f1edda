"""A structure that does not ship, declared here as one class: it is searched, bounded, explained and watched like the others.

This is what adding a structure takes: the class joins the union `Spread`, this file becomes its test, the docs say what it is.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compile.funnel import compile_funnel
from engine.compile.pairs import Meeting
from engine.compile.wording import rights, side_text, width_text
from engine.decide.subscriptions import Guess, subscriptions
from engine.domain.spread import Leg, Spread
from engine.domain.structure import Join, LegShape, Shape
from engine.strategy.model import Strategy
from engine.strategy.spreads.structure import Example, OfOneExpiry, OfOneRight, Pays
from engine.strategy.values.meaning import DeltaRange, WidthRange
from engine.strategy.values.spread import Deltas, Width
from tests import given as domain
from tests.core.compile import given as make
from tests.core.compile.test_oracle import CREDIT, RANKS, SPREAD, assert_finds_the_same, conditions

pytestmark = pytest.mark.slow


class OneRightCondor(OfOneExpiry, OfOneRight):
    """Sell two options of one right at two strikes, buy one at the same distance outside of either."""

    pays: ClassVar[Pays] = "debit"
    says: ClassVar[str] = "sells two {right}s and buys one below and one above them, all with the same expiration"
    also: ClassVar[str] = "put_condor, call_condor"
    example: ClassVar[Example] = Example(("right: put", "width: $10", "body: $5-$20"), ("debit <= 40% of width",), ("dte <= 7",))
    type: Literal["one_right_condor"] = "one_right_condor"
    body_delta: Deltas | None = None
    """Delta of the lower of the two options that are sold, without its sign."""
    width: Width
    """Distance from a sold strike to the bought one beyond it."""
    body: Width
    """Distance between the sold strikes."""

    @property
    def shape(self) -> Shape:
        right = self.put_call
        legs = (
            LegShape("lower", "buy", right),
            LegShape("low_body", "sell", right),
            LegShape("high_body", "sell", right),
            LegShape("upper", "buy", right),
        )
        joins = (
            Join("low_body", "lower", "above"),
            Join("high_body", "low_body", "above"),
            Join("upper", "high_body", "same distance"),
        )
        return Shape(legs, joins)

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.body_delta if role == "low_body" else None

    def reach_of(self, role: str) -> WidthRange | None:
        return {"low_body": self.width, "high_body": self.body, "upper": self.width}.get(role)


def condor(
    *,
    rules: Sequence[str] = (),
    rank: str = "return_on_risk",
    keep: int = 5,
    universe: Sequence[str] = ("SPX",),
    **keys: object,
) -> Strategy:
    made = make.strategy(universe=universe)
    spread = {"type": "one_right_condor", "right": "put", "expiry": "0-60 days", "width": "$5", "body": "$5"}
    spread |= {"rules": list(rules), "rank": rank, "keep": keep} | keys
    return made.model_copy(update={"spread": OneRightCondor.model_validate(spread)})


@st.composite
def declared(draw: st.DrawFn) -> Strategy:
    widths = st.sampled_from(["$2.50", "$5-$10", "$1-$30"])
    told = {name: declared for name, declared in SPREAD.items() if name not in CREDIT}
    rules = draw(st.lists(conditions(told), max_size=1))
    deltas = draw(st.sampled_from([None, "0.10-0.80"]))
    return condor(
        rules=rules,
        rank=draw(st.sampled_from(RANKS)),
        keep=draw(st.sampled_from([1, 5, 500])),
        right=draw(st.sampled_from(["put", "call"])),
        width=draw(widths),
        body=draw(widths),
        **({"body_delta": deltas} if deltas else {}),
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9), strategy=declared(), meeting=st.sampled_from(["bucket", "group"]))
def test_sql_finds_what_plain_loops_find(seed: int, strategy: Strategy, meeting: Meeting) -> None:
    assert_finds_the_same(seed, strategy, meeting)


def test_its_worth_is_bounded_by_its_wings() -> None:
    strikes = (570, 580, 590, 600)
    of = Spread(
        "one_right_condor",
        tuple(Leg(domain.contract(strike, "P"), "buy" if strike in {570, 600} else "sell") for strike in strikes),
    )

    assert (of.floor, of.cap) == (0, 10)
    assert (of.max_loss(Decimal("-3.40")), of.max_profit(Decimal("-3.40"))) == (Decimal("3.40"), Decimal("6.60"))
    assert of.worth(Decimal(585)) == 10


def test_it_is_told_in_words_and_has_a_funnel() -> None:
    spread = condor(body_delta="0.20-0.40").spread

    assert rights(spread) == "puts"
    assert side_text(spread, "low_body") == "low body has a bid and a delta of 0.20-0.40"
    assert width_text(spread) == "low body $5 away, high body $5 away, upper $5 away"
    assert "low body $5 away, high body $5 away, upper $5 away" in compile_funnel(condor()).steps


def test_data_lines_go_to_its_legs() -> None:
    listed = [domain.contract(strike) for strike in range(540, 661, 5)]

    found = subscriptions((condor(universe=("SPY",)),), listed, {"SPY": Guess(600.0, 0.2)}, domain.ledger(), domain.NOW, 8)

    assert len({one.strike for one in found}) >= 6
