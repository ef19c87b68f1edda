"""A strategy as the trader declares it. The string below a field describes it; editors show it.

One key of the file is one field here, one kind of structure is one class in `spreads.py`. How text becomes values stands in
`values/` and `conditions.py`, what is checked across fields in `validation/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, Tag

from engine.strategy.conditions import AutoCondition, ExitRule, LegCondition, MarketCondition
from engine.strategy.exit_groups import Exits, groups_of, rules_in
from engine.strategy.expressions.tree import Condition
from engine.strategy.named import Conditions, Named, Uses, Variants
from engine.strategy.spreads.pairs import RollExpiries, RollTo
from engine.strategy.spreads.structure import Pays
from engine.strategy.spreads.union import Spread
from engine.strategy.universe import Universe
from engine.strategy.values.account import Part
from engine.strategy.values.counts import About, Contracts, Count, Name, SchemaVersion, YesNo
from engine.strategy.values.entry import DEFAULT_EXPIRES_S, ApprovalWord, BudgetPerDay, Hours, RollNet, Seconds, Walk
from engine.strategy.values.meaning import (
    Auto,
    ContractRange,
    DayRange,
    DaysAfter,
    ExpiryRule,
    Manual,
    PriceWalk,
    SameExpiry,
    Step,
    Window,
    WorstFromMid,
    WorstShare,
)
from engine.strategy.values.money import Loss, Risk
from engine.strategy.values.scalar import words
from engine.strategy.values.times import AtTimes, Reentry, StrikesApart, TimeApart
from engine.strategy.values.view import StandingView
from engine.strategy.viewed import Views
from engine.strategy.written import Written


class Sizing(Written):
    risk: Risk
    """The most one position may lose, fees included."""
    contracts: Contracts = ContractRange(1, 1)
    """How many spreads one order may have; one when nothing is said."""
    premium: Risk | None = None
    """The most that one position may bring, or cost, at mid: what bounds a credit that is small against its risk."""
    kelly: Part | None = None
    """How much of the Kelly fraction one position may risk at the most, by the `expected_value at …` of rules or rank."""
    volatility: Part | None = None
    """iv30 up to which a position has its full size; above it, it has less in proportion."""
    half_when: MarketCondition | None = Field(None, alias="half when")
    """The market in which a position has half its size, rounded down: `vix >= 25`."""


class Limits(Written):
    open: Count = 1
    """Positions of this strategy open at the same time."""
    open_among: Name | None = None
    """A name that several files share: `open` counts the positions of all strategies that have it, `vix_regime`."""
    group: Name | None = None
    """A group of `strategy_groups` in account.yaml, whose limits all strategies that name it share: `vol_book`."""
    per_day: Count = 1
    """Openings on one day."""
    per_expiry: Count = 1
    """Positions open in one expiry."""
    open_risk: Risk | None = None
    """Sum of the maximum losses of this strategy's open positions."""
    stop_for_day: Loss | None = None
    """Result of the day, realised and unrealised, at which this strategy opens nothing more."""
    losses_per_day: Count | None = None
    """Positions closed at a loss on one day, after which this strategy opens nothing more until the next."""
    loss_per_week: Risk | None = None
    """What its positions closed since Monday may have lost together, fees included, before it opens nothing more that week."""
    apart: TimeApart | None = None
    """Least time between two openings: `30 min`."""
    strikes_apart: StrikesApart | None = None
    """Least distance of a sold strike from those that this strategy has sold of the same kind and expiry: `$25`."""


class Policy(Written):
    """Approval by rule: what fulfils every condition is sent without asking."""

    auto_when: Annotated[tuple[AutoCondition, ...], Field(min_length=1)]
    """All of these must hold, and none may be unknown."""
    otherwise: Annotated[Literal["ask", "decline"], words("ask", "decline", wanted="ask or decline")] = Field("ask", alias="else")
    """What happens to an order that does not fulfil them."""
    expires_s: Seconds = Field(DEFAULT_EXPIRES_S, alias="expires")
    """How long a person has to answer."""


def _is_mapping(written: object) -> str:
    return "policy" if isinstance(written, Mapping | Policy) else "word"


Approval: TypeAlias = Annotated[
    Annotated[Policy, Tag("policy")] | Annotated[ApprovalWord, Tag("word")], Discriminator(_is_mapping)
]

DEFAULT_WINDOW = Window(time(9, 45), time(15, 30))
"""Wide quotes rule the first quarter of an hour, and the last half hour belongs to those who must trade."""

DEFAULT_WALK = PriceWalk(Step(of_half_width=Decimal("0.15")), 15, WorstShare(Decimal("0.92"), "mid"), 180)
"""From mid by 15% of half the width every 15 s, no worse than 92% of mid (108% for a debit), give up after three minutes."""

DEFAULT_DEBIT_WALK = PriceWalk(Step(of_half_width=Decimal("0.15")), 15, WorstShare(Decimal("1.08"), "mid"), 180)

DEFAULT_WALKS: Mapping[Pays, PriceWalk] = {
    "credit": DEFAULT_WALK,
    "debit": DEFAULT_DEBIT_WALK,
    "either": PriceWalk(Step(of_half_width=Decimal("0.15")), 15, WorstFromMid(Decimal("0.10")), 180),
}
"""A share of a price near zero is no bound, so what may bring a credit or cost a debit ends $0.10 from mid."""


class Entry(Written):
    window: Hours = DEFAULT_WINDOW
    """When orders may be opened."""
    at: AtTimes | None = None
    """Times of the day in place of a window, one opening for each: `12:00, 12:30 New York, within 5 min`."""
    again: Reentry | None = None
    """What follows a position that was closed at a loss: `after a stop, 2 times, not before 15 min`."""
    approval: Approval = Manual(DEFAULT_EXPIRES_S)
    """manual, auto, or a policy."""
    auto_up_to: BudgetPerDay | None = None
    """With `approval: auto`, the risk and the orders of one day above which a person is asked."""
    price: Walk | None = None
    """How the limit price is worked from mid toward natural."""


_SAME = {"the same": ("same", "keep", "kept", "unchanged", "hold", "same strikes", "keep strikes")}
"""What other programs call strikes that stay."""


class Roll(Written):
    to: RollTo
    """Days to expiration of what takes its place: `30-60 days`, `the same expiry`, or of a calendar or a diagonal that is rolled
    as a whole `{near: 20-30 days, far: 50-70 days}`."""
    strikes: Annotated[Literal["the same"], words("the same", wanted="the same", also=_SAME)] | None = None
    """`the same` keeps the strikes and looks for another expiry; left out, they are chosen anew."""
    for_: RollNet = Field(alias="for")
    """What closing and opening together must bring."""
    at_most: Count = 1
    """How often one position may be rolled."""
    otherwise: Annotated[Literal["close", "alert", "keep"], words("close", "alert", "keep", wanted="close, alert or keep")] = (
        Field("close", alias="else")
    )
    """What happens when it cannot be rolled, decided before anything is sent."""

    @property
    def near(self) -> DayRange | None:
        """The days of what is sold; None where it keeps its expiry."""
        to = self.to.near if isinstance(self.to, RollExpiries) else self.to
        return to if isinstance(to, DayRange) else None

    @property
    def expiries(self) -> tuple[ExpiryRule, ...]:
        """The days that it looks into: one rule, or that of what is sold and that of what is bought; none where it keeps them."""
        if not isinstance(self.to, RollExpiries):
            return () if isinstance(self.to, SameExpiry) else (self.to,)
        near, far = self.to.near, self.to.far
        return (near, far.behind(near) if isinstance(far, DaysAfter) else far)


Mode = Literal["record", "shadow", "paper", "live"]
_MODES = {
    "record": ("observe", "watch", "log only"),
    "paper": ("demo", "sim", "simulated", "simulation", "test", "dry run", "paper trading"),
    "live": ("real", "production", "prod"),
}
"""What other programs call the ways to trade."""


class Declared(Written):
    """What one strategy says."""

    schema_version: SchemaVersion = Field(alias="schema")
    """Version of this language."""
    name: Name
    """Name of the strategy, as in `spreads why NAME`."""
    about: About = ""
    """What it is for, in a sentence."""
    enabled: YesNo = True
    """false stops entries; exits of open positions go on."""
    mode: Annotated[Mode, words(*get_args(Mode), wanted="record, shadow, paper or live", also=_MODES)] = "paper"
    """record or shadow send nothing and note what would be; paper; live for real money, once it is armed."""
    use: Uses = ()
    """Presets of common.yaml: their keys hold where this file has none of its own, sections key by key."""
    universe: Universe
    """Underlyings, or a list of common.yaml: {list: indices, except: [RUT]}."""
    when: tuple[MarketCondition, ...] = ()
    """The market must look like this, else nothing is searched."""
    filters: tuple[LegCondition, ...] = ()
    """What every option must fulfil that may become a leg."""
    spread: Spread
    """Which structure, and what it must fulfil."""
    sizing: Sizing
    """How big one position may be."""
    limits: Limits = Limits()
    """What this strategy may not exceed."""
    entry: Entry = Entry()
    """When, with whose approval and at which price it opens."""
    exits_as_written: Exits = Field((), alias="exits")
    """When positions are closed, rolled or reported, the first that is true wins: lines, or `each side` and `whole` of them."""
    roll: Roll | None = None
    """What `roll` means in exits."""

    @property
    def market_lines(self) -> tuple[Condition, ...]:
        """What is asked of the market before anything is opened."""
        return (*self.when, self.sizing.half_when) if self.sizing.half_when is not None else self.when

    @cached_property
    def exits(self) -> tuple[ExitRule, ...]:
        """Every rule that its positions are asked for; a line about each side stands once for the puts and once for the calls."""
        return rules_in(self.exits_as_written)

    @property
    def exit_lines(self) -> tuple[ExitRule, ...]:
        """The lines as they are written, each once: those about each side first."""
        of_each, whole = groups_of(self.exits_as_written)
        return (*of_each, *whole)

    @property
    def lets_expire(self) -> bool:
        """What no exit closes is left to expire, because the file says so."""
        return any(rule.lets_all_expire for rule in self.exits)


class StrategyFile(Declared):
    """What one file says."""

    conditions: Conditions = Field(default_factory=dict[str, Named])
    """Conditions by name, before those of common.yaml: a line that is such a name stands for their lines."""
    views: Views = Field(default_factory=dict[str, StandingView])
    """Views of a price by name, before those of common.yaml, which `expected_value at NAME` takes in rules and rank."""
    variants: Variants = Field(default_factory=dict[str, object])
    """Several strategies of one file: by name, the keys that are others in it. Each is called NAME_VARIANT."""


class Strategy(Declared):
    """A strategy and the file it comes from."""

    digest: str
    """Which version decided: SHA-256, in hexadecimal, of the file's bytes, and of what it takes from common.yaml and the name of
    its variant where there is any.
    """
    file: str
    """Name of the file, as given to the reader."""
    variant: str = ""
    """Its name among the variants of the file; empty where the file has none."""
    takes: tuple[str, ...] = ()
    """What it takes from common.yaml, by kind and name: preset out_at_half, condition calm."""

    @property
    def walk(self) -> PriceWalk:
        """How prices are worked, the default for the structure where the file says nothing."""
        return self.entry.price or DEFAULT_WALKS[self.spread.pays]

    @property
    def is_unattended(self) -> bool:
        """Orders may be sent without a person being asked."""
        return isinstance(self.entry.approval, Auto | Policy)
