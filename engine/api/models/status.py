"""Everything that decides whether the engine trades, each value with its age where it can age."""

from typing import Literal

from pydantic import Field

from engine.api.models.base import Instant, Model
from engine.api.models.edits import HeldEdit
from engine.api.models.strategies import StrategySummary
from engine.api.models.why import BlockedExit, Breaker, ChangedFile, RefusedFile
from engine.domain.facts.running import LinkState


class HaltState(Model):
    """Who halted the engine, and why."""

    by: str
    """A person, `breaker` or `engine`."""
    reason: str
    """Why."""


class GuardianState(Model):
    """What the guardian of this state folder does."""

    doing: Literal["watching", "waiting", "ending", "guarding", "stopped"]
    """It watches the engine; waits, as it can or need do nothing; ends the engine; is in its place; or was stopped."""
    text: str
    """The same in words."""
    age_s: float
    """Seconds since it looked last: it looks every few seconds."""


class ChainCoverage(Model):
    """How much of the options that can pass is quoted."""

    contracts: int = Field(examples=[904])
    """Options that can pass, or are held."""
    fresh: int = Field(examples=[212])
    """Told within the last minute, so that something may be opened on them."""
    told: int = Field(examples=[904])
    """Told at any time."""
    oldest_age_s: float | None = Field(examples=[148.0])
    """Seconds since the oldest quote of those was told."""
    round_s: float | None = Field(examples=[145.0])
    """Seconds in which every option that takes turns on the lines has had one; null where there are lines for all."""


class Session(Model):
    """The trading session of today."""

    open: Instant
    """When it opens."""
    close: Instant
    """When it closes."""
    is_open: bool
    """Whether it is open now."""


UsedLimitName = Literal["delta", "vega", "gamma", "stress", "total"]


class UsedLimit(Model):
    """One limit of account.yaml, and how much of it everything that is held or on its way uses."""

    limit: UsedLimitName
    """Delta, vega and gamma by what a move loses, the worst of a grid of moves, and all maximum losses together."""
    text: str = Field(examples=["1% either way"])
    """The move that it is about."""
    loss_usd: float | None = Field(examples=[570.0])
    """USD that would be lost so, at least 0; null where it is not known."""
    limit_usd: float | None = Field(examples=[1500.0])
    """USD that may be; an opening beyond it is denied. Null where it is not known."""
    used: float | None = Field(examples=[0.38])
    """The first as a share of the second; above 1 beyond it."""
    obstacle: str | None = None
    """Why it is not known; null where it is."""


class HeldBand(Model):
    """One band of account.yaml, and where everything that is held or on its way stands."""

    band: Literal["delta", "theta", "vega"]
    """Delta is beta-weighted, theta is of a day, vega of one point of volatility."""
    group: str | None = None
    """The group of strategies whose band it is; null where it is the account's."""
    value: float | None = Field(examples=[-38.0])
    """As the band is counted: USD, shares of an index, or a part of net liquidation; null where it is not known."""
    low: float = Field(examples=[-50.0])
    """The lower end, which belongs to it."""
    high: float = Field(examples=[100.0])
    """The upper end, which belongs to it."""
    text: str = Field(examples=["-38.0 shares of SPY"])
    """The value in words."""
    bound: str = Field(examples=["-50 to 100 of SPY"])
    """The band as account.yaml has it."""
    is_within: bool | None
    """Whether it stands between the ends; null where it is not known."""
    obstacle: str | None = None
    """Why it is not known; null where it is."""


class Exercised(Model):
    """Options of a position that were assigned or exercised."""

    position: str
    """Whose."""
    strategy: str
    """Whose position."""
    text: str
    """What happened."""
    reduced_because: str | None
    """Why something of the position is traded away; null where nothing is."""


class Status(Model):
    """The engine at one moment."""

    version: str
    """Of the engine's program."""
    mode: Literal["sim", "paper", "live"]
    """What it was started for."""
    account: str = Field(examples=["DU1234567"])
    """The broker's account."""
    state: str
    """Folder of its journal."""
    at: Instant
    """The moment that all of this is about, by the engine's clock."""
    trading: str = Field(examples=["on"])
    """`on`, `halted`, or why nothing can be opened."""
    breakers: tuple[Breaker, ...]
    """Those that stand, oldest first."""
    blocked_exits: tuple[BlockedExit, ...]
    """Exits that are due and cannot act."""
    exercised: tuple[Exercised, ...]
    """Options that became shares, of positions that are open."""
    ending: tuple[str, ...]
    """Positions of which legs end within three sessions, each with what is done about them."""
    held_edits: tuple[HeldEdit, ...]
    """Edits that loosen what trades without asking, and wait for a person."""
    halt: HaltState | None
    """Null where it is not halted."""
    flatten: HaltState | None
    """Who wants every position closed, and why; null where nobody does."""
    guardian: GuardianState | None
    """The second process that takes the engine's place where it is dead or stuck; null where none ever watched."""
    connected: bool
    """Whether the broker can be reached."""
    link: str
    """What was said when the link last changed."""
    link_state: LinkState | None = Field(default=None, examples=["up"])
    """How the session with TWS stands: `up`; `competing` (another login has the market data) and `no_data` (a market data farm is
    broken), in which orders pass and nothing is priced; `degraded` (TWS has lost IBKR), `restarting` (the same, or no TWS, at a
    time at which that is expected), `connecting` and `down`. Null where nothing was said yet."""
    link_at: Instant | None
    """When the link last changed."""
    link_age_s: float | None = Field(default=None, examples=[7200.0])
    """Seconds since the link last changed."""
    login_ends_at: Instant | None = None
    """When the session of TWS with IBKR ends next, and wants a person's login: on a Sunday; null on a simulator."""
    data: Literal["live", "frozen", "delayed", "unknown"]
    """Quality of the market data."""
    session: Session | None
    """Null on a day without one."""
    last_beat_age_s: float | None
    """Seconds since the engine last decided."""
    beats: int
    """Decisions since the start."""
    lines_used: int | None = Field(examples=[61])
    """Streaming quotes in use; null where nobody counts them."""
    lines_turning: int | None = Field(default=None, examples=[40])
    """Of these, those on which the rest of the chain takes turns; they give way to what is wanted."""
    lines_max: int | None = Field(examples=[100])
    """Streaming quotes that the engine may use."""
    queue: int | None = Field(examples=[0])
    """Messages to the broker that wait for their turn."""
    resting: tuple[str, ...] = ()
    """Classes of questions to the broker that are not asked now, since they failed: `contracts`, `history`."""
    chain: ChainCoverage | None = None
    """Null where nobody counts it."""
    net_liquidation: float | None = Field(examples=[104210.0])
    """USD; null where it was told too long ago."""
    available_funds: float | None
    """USD; null where it was told too long ago."""
    buying_power: float | None
    """USD; null where it was told too long ago."""
    cushion: float | None
    """Excess liquidity over net liquidation, 0 to 1."""
    day_pnl: float | None = Field(examples=[312.0])
    """USD, realised and unrealised since the previous close, a loss is negative."""
    account_age_s: float | None
    """Seconds since the account's values were told."""
    limits: tuple[UsedLimit, ...] = ()
    """Of account.yaml, with what of each is used."""
    bands: tuple[HeldBand, ...] = ()
    """Each band of delta, theta and vega of account.yaml, with where what is held stands."""
    open_positions: int
    """Positions of which something is left."""
    working_orders: int
    """Orders that the broker may hold."""
    waiting_approvals: int
    """Openings that wait for a person."""
    differences: tuple[str, ...]
    """Where our books differ from the broker's; openings wait until it is empty."""
    foreign: tuple[str, ...]
    """Positions at the broker that are not ours."""
    refused: tuple[RefusedFile, ...]
    """Files whose present text is not in force."""
    changed: tuple[ChangedFile, ...]
    """Changed limits of the last seven days, newest first."""
    notices: tuple[str, ...]
    """What in the trader's files will soon open nothing."""
    strategies: tuple[StrategySummary, ...]
    """In force, by name."""


class Health(Model):
    """Whether the engine can do its work. A closed market and a halt by a person are no sickness."""

    healthy: bool
    """False is answered with 503."""
    because: str | None = Field(examples=["no connection to the broker"])
    """Why it cannot; null where it can."""
    uptime_s: float = Field(examples=[86_400.0])
    """Seconds since the engine started."""
    throttles: int | None = Field(examples=[3])
    """Times that messages to the broker had to wait for its limit; null where nobody counts them."""
    is_throttled: bool
    """Whether messages wait for that limit now."""
    next_order_id: int | None = Field(examples=[42])
    """Lowest number that the next order at the broker can have; null where nobody counts them."""
    resting: tuple[str, ...] = ()
    """Classes of questions to the broker that are not asked now, since they failed: `contracts`, `history`."""
