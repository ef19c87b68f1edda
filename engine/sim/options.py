"""What differs between installations of TWS, and what is not known of it: one option each.

Source: notes on the protocol by version and by observation; what could not be verified on an account is an option.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.sim.exchange.checks import HouseRules
from engine.sim.exchange.fills import FillModel
from engine.sim.wire.frames import NEWEST_VERSION

TimeFormat = Literal["zone", "two_spaces", "utc", "universal"]


@dataclass(frozen=True, slots=True)
class SimOptions:
    """Settings of one simulated TWS; the defaults are those of a paper account with live data."""

    version: int = NEWEST_VERSION
    """Highest server version it speaks."""
    cadence_s: float = 0.25
    """Least time between two updates of a stream: TWS sends aggregates four times a second."""
    idle_cadence_s: float | None = None
    """The same while no order works: a demonstration may look away when nothing is at stake. None: no difference."""
    held_every_s: float | None = None
    """While no order works, quotes of what the account holds are looked at this often, and at each step of the cadence at which
    their underlying has moved by `underlying_move` since the last look. They are told with their underlyings where one has moved
    by `held_move`: something is at stake then. None: they wait for the idle cadence."""
    held_move: float = 0.04
    """Part of a quote."""
    underlying_move: float = 0.0004
    """Part of the underlying's price: two points of SPX."""
    repeats_quotes: bool = False
    """Whether an update sends bid and ask again where they have not changed, so that their age tells of the line."""
    repeats_greeks: bool = False
    """Whether an update sends the model's answer again too: what was recorded of an option stands as long as its quote does."""
    match_every_s: float = 1.0
    """Working orders are held against the quotes this often, or at the cadence where that is longer."""
    max_lines: int = 100
    """Market data lines, all clients together."""
    max_summaries: int = 2
    """Account summaries at a time. Source: IBKR, API documentation of account summaries."""
    max_clients: int = 32
    messages_per_second: int = 50
    """What one client may send; more is answered with error 100."""
    pacing_strikes: int | None = 3
    """Errors 100 after which the client is disconnected; None: never."""
    other_accounts: Mapping[str, int] = field(default_factory=dict[str, int])
    """More accounts of the same login, by their cash in USD: named in the greeting, and their values and positions are told
    beside those of the first one. No order can be sent for them."""
    account_every_s: float = 180.0
    """Account values are sent this often while nothing trades. Source: IBKR, API documentation of account updates."""
    pnl_every_s: float = 1.0
    snapshot_wait_s: float = 11.0
    """How long a snapshot waits for values that are missing."""
    data: Literal["live", "delayed", "none"] = "live"
    """Market data the account has; delayed is sent only to clients that ask for it (10167), else 354 is said."""
    dividends: Mapping[str, str] = field(default_factory=dict[str, str])
    """By symbol what generic tick 456 tells, as TWS writes it: `6.9,7.1,20261218,1.90`; of any other symbol nothing is told."""
    not_subscribed_code: int = 354
    """What is said where data are not subscribed: 354, or 10089 where the API needs a subscription of its own."""
    missing_underlying: bool = False
    """Whether greeks need a subscription to the underlying that the account lacks (10090)."""
    history_pacing: Literal["none", "small bars", "all bars"] = "small bars"
    """Of which bars identical or too many requests are refused (162). Source: IBKR, historical data limitations: of those up to
    30 seconds; longer ones are slowed down."""
    execution_times: TimeFormat = "zone"
    bag_commissions: bool = False
    """Whether the row of a combination has a commission report of its own, of 0."""
    what_if_range: bool = False
    """Whether a preview tells only the least and the most commission."""
    master_client: int | None = None
    """The client that hears of all orders."""
    house: HouseRules = field(default_factory=HouseRules)
    fills: FillModel = field(default_factory=FillModel)
