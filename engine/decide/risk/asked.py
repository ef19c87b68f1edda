"""What a gate is asked about, and the sentences that it answers in."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.decide.entry.size import usd
from engine.decide.quotes import Rows
from engine.decide.risk.breakers import dollars
from engine.decide.risk.exposure import Exposure, Holding
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Verdict
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Spread
from engine.pricing.mark import Mark
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import Amount


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening to be held against the limits."""

    strategy: Strategy
    spread: Spread
    contracts: int
    max_loss: Decimal
    """USD for all contracts, fees included."""
    quote: Mark
    order_ref: str | None = None
    """The order itself where it exists already: it must not count against itself."""
    needed: Decimal | None = None
    """USD that the broker's what-if takes of the funds; None before it was asked and where it did not say."""
    after: Position | None = None
    """The position as it would be, where the opening joins one."""
    risked_before: Decimal = Decimal(0)
    """USD that this position can lose without it: of that the broker holds its margin already."""

    def holding(self, at: datetime) -> Holding:
        """What it adds to what is at risk once it is proposed."""
        return Holding(self.strategy.name, self.made, self.contracts, self.max_loss, at, is_working=True, beside=self.beside)

    @property
    def made(self) -> Spread:
        """The combination that it makes, with what it joins."""
        new = {leg.contract for leg in self.spread.legs}
        parts = self.after.parts if self.after is not None else ()
        return next((part.spread for part in parts if new <= {leg.contract for leg in part.spread.legs}), self.spread)

    @property
    def beside(self) -> tuple[tuple[Spread, int], ...]:
        """What stays open of the position that it joins, beside the combination that it makes."""
        parts = self.after.parts if self.after is not None else ()
        return tuple((part.spread, part.quantity) for part in parts if part.spread is not self.made)


@dataclass(frozen=True, slots=True)
class Asked:
    """A strategy that would open something, and the world it is asked in."""

    strategy: Strategy
    snapshot: Snapshot
    rulebook: Rulebook
    held: Exposure
    """What is at risk already, taken once for all gates."""
    about: tuple[Opening, Rows] | None = None
    """The opening and the quotes of its legs; None before anything is searched."""
    beside: tuple[Opening, ...] = ()
    """Openings that would go out before it, and count as if they had; `held` has them."""

    @property
    def opening(self) -> Opening:
        assert self.about is not None, "asked before anything was found"
        return self.about[0]

    @property
    def rows(self) -> Rows:
        assert self.about is not None, "asked before anything was found"
        return self.about[1]

    def is_ours(self, holding: Holding) -> bool:
        """Whether it is the strategy's own."""
        return holding.strategy == self.strategy.name


def at_most(name: str, value: int, bound: int, source: str) -> Verdict:
    """A count held against its bound."""
    return Verdict(name, "pass" if value <= bound else "fail", str(value), f"at most {bound}", source)


def at_most_usd(name: str, value: Decimal, bound: Decimal | None, source: str, age_s: float | None = None) -> Verdict:
    """An amount in USD held against its bound; unknown where the bound depends on an account value that is."""
    if bound is None:
        return Verdict(name, "unknown", dollars(value), "account value unknown", source, age_s)
    return Verdict(name, "pass" if value <= bound else "fail", dollars(value), f"at most {dollars(bound)}", source, age_s)


def at_most_amount(name: str, value: Decimal, bound: Amount, snapshot: Snapshot, source: str) -> Verdict:
    """The same where the bound may be a share of the account."""
    return at_most_usd(name, value, usd(bound, snapshot.account), source)
