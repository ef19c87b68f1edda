"""What people say to the engine, and what becomes of it: who, why, and at which price it was looked at."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.api.models.base import Model, Name, NeededReason, Net, Reason, Who
from engine.domain.parts import Portion


class Word(Model):
    """Who says something, and why."""

    by: Who = Field("api", examples=["ada"])
    """Who says so; over TCP the engine takes the name of the key instead."""
    reason: Reason = Field("", examples=["the close is near"])
    """Why; kept in the journal."""


class PricedWord(Word):
    """Who trades something, why, and at which price it was looked at."""

    shown_net: Net | None = Field(None, examples=["2.45"])
    """Net at mid that the person was shown, USD per share, + received. Where it moved since, nothing is sent; null where nobody
    was shown one."""


class CloseWord(PricedWord):
    """Who closes a position, or which portion of it."""

    side: Literal["put", "call"] | None = None
    """Its puts or its calls only; null for both."""
    half: bool = False
    """Half of the combinations, rounded up."""
    short: bool = False
    """What is owed only: the longs stay."""

    @property
    def portion(self) -> Portion:
        return Portion(self.side, self.half, self.short)


class EditWord(Word):
    """Who makes an opening safer, and how: fewer spreads, a better worst price, or both. Nothing else of an order is changed."""

    quantity: int | None = Field(None, ge=1, examples=[1])
    """Spreads from now on, fewer than before; null leaves them. An order that works keeps its size."""
    worst: Net | None = Field(None, examples=["8.20"])
    """It is never priced below this from now on, USD per share, + received; not less than before. Null leaves it."""


class PickWord(PricedWord):
    """Who has picked a candidate, and how many of it at which price. The order is for the day; there are no market orders."""

    candidate: Annotated[str, StringConstraints(max_length=300)] = Field(examples=["spx_bull_put:+1x750112301|-1x750112334"])
    """Its name, as the candidates tell it."""
    quantity: int | None = Field(None, ge=1, examples=[1])
    """Spreads, no more than the strategy's sizing gives; null takes what it gives."""
    limit: Net | None = Field(None, examples=["8.30"])
    """It is never priced below this, USD per share, + received, not below the strategy's own worst; null walks as the strategy
    does."""


class LiftWord(Model):
    """Who lifts a breaker, of which strategy, and why: lifting is not done without a reason."""

    by: Who = Field("api", examples=["ada"])
    """Who says so; over TCP the engine takes the name of the key instead."""
    reason: NeededReason = Field(examples=["hedged by hand"])
    """Why; kept in the journal."""
    strategy: Name = Field("", examples=["spx_bull_put"])
    """Whose breaker it is; empty for the account's."""


class ReleaseWord(Model):
    """Who takes a position out of the engine's hands, and why: it is not done without a reason."""

    by: Who = Field("api", examples=["ada"])
    """Who says so; over TCP the engine takes the name of the key instead."""
    reason: NeededReason = Field(examples=["closed by hand in TWS"])
    """Why; kept in the journal."""


class AdoptLeg(Model):
    """One foreign option, as the person saw it."""

    con_id: int = Field(examples=[750112301])
    """The broker's contract number."""
    quantity: int = Field(examples=[-2])
    """Contracts that the broker holds of it, short is negative: all of them are adopted."""


class AdoptWord(Model):
    """Who gives foreign options to the engine, as a position of which strategy, and why: it is not done without a reason."""

    by: Who = Field("api", examples=["ada"])
    """Who says so; over TCP the engine takes the name of the key instead."""
    reason: NeededReason = Field(examples=["opened by hand in TWS"])
    """Why; kept in the journal."""
    strategy: Name = Field("", examples=["spx_bull_put"])
    """Whose exits it shall keep; empty where only a person closes it, and the guard before its expiry."""
    legs: Annotated[tuple[AdoptLeg, ...], Field(min_length=1, max_length=8)]
    """What is adopted."""


class Outcome(Model):
    """What became of a word. What could not be done is answered with 409 and the reason instead."""

    done: bool = Field(examples=[True])
    """Whether it was done."""
    text: str = Field(examples=["approved at 2.45"])
    """What was done, as a person is told."""


class Problem(Model):
    """Why something was not done."""

    detail: str = Field(examples=["nothing was sent: closing it costs 2.60 now, you were shown 2.45; ask again to accept"])
    """What was found, and the way out where there is one."""
