"""Ports: what the shell offers to the beat, as Protocols over domain types.

The adapters live in broker/, store/ and runtime/; fakes for tests are real classes behind the same port.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from engine.domain.chain import NextDividend
from engine.domain.contract import Contract, PutCall
from engine.domain.facts.orders import OrderPreviewed, OrderProposed
from engine.domain.facts.running import FactRefused
from engine.domain.facts.union import Fact
from engine.domain.order import Order
from engine.domain.snapshot import AccountValues, DataQuality

Publish = Callable[[Fact], None]
"""Takes a fact from the outside into the queue of the next beat; never blocks, may be called from callbacks."""


class Clock(Protocol):
    """The only source of time. Virtual in simulations."""

    def now(self) -> datetime:
        """UTC, aware."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One journal line."""

    seq: int
    at: datetime
    account: str
    fact: Fact


class Journal(Protocol):
    """Append-only. One writer."""

    def append(self, fact: Fact, at: datetime) -> Line:
        """Write one fact. It is on its way to disk; `sync` makes it certain."""
        ...

    def begin_sync(self) -> None:
        """Start to bring what is appended to disk, beside what the caller does next. Nothing is certain before `sync` returns."""
        ...

    def sync(self) -> None:
        """Return once every appended line is on disk. Called before every effect that leaves the machine."""
        ...


class QuoteSink(Protocol):
    """Where quotes land as they arrive; values are absent as None. Unknown contracts are ignored."""

    def option(
        self,
        con_id: int,
        at: float,
        *,
        bid: float | None = None,
        ask: float | None = None,
        bid_size: float | None = None,
        ask_size: float | None = None,
        last: float | None = None,
        volume: float | None = None,
        open_interest: float | None = None,
    ) -> None:
        """`at` is UTC seconds since 1970. A None leaves what was known."""
        ...

    def no_quote(self, con_id: int, side: str, at: float) -> None:
        """The broker says that there is no bid (or ask): what was known is withdrawn."""
        ...

    def greeks(
        self,
        con_id: int,
        iv: float | None,
        delta: float | None,
        gamma: float | None,
        theta: float | None,
        vega: float | None,
    ) -> None:
        """The broker's model greeks: theta per calendar day and vega per volatility point, per share."""
        ...

    def underlying(self, symbol: str, at: float, price: float | None) -> None:
        """The price that stands for the underlying, USD per share; None withdraws it."""
        ...

    def day_open(self, symbol: str, at: float, price: float) -> None:
        """The first price of the session, USD per share, as it was told at `at`: before the open, of the day before."""
        ...

    def share(self, con_id: int, at: float, bid: float | None, ask: float | None) -> None:
        """Both sides of the quote of a share, USD; None where there is none."""
        ...

    def underlying_volatility(self, symbol: str, iv30: float | None) -> None:
        """The broker's 30-day implied volatility of the underlying, decimal."""
        ...

    def dividend(self, symbol: str, following: NextDividend | None) -> None:
        """The next dividend of the underlying; None where it is not known."""
        ...

    def trading(self, symbol: str, at: float, is_halted: bool) -> None:
        """Whether the exchange has halted trading in the underlying, as it was told at `at`."""
        ...


@dataclass(frozen=True, slots=True)
class Underlying:
    """An underlying as the broker knows it."""

    symbol: str
    con_id: int
    kind: str
    """`IND` or `STK`, in the broker's words."""
    exchange: str
    primary_exchange: str
    currency: str


@dataclass(frozen=True, slots=True)
class ListedPart:
    """The contracts of one trading class, last trading day and right, as the broker told them."""

    root: str
    listed: str
    """Last trading day: YYYYMMDD."""
    right: PutCall
    contracts: tuple[Contract, ...]


@dataclass(frozen=True, slots=True)
class ContractList:
    """What the broker told of the options of one underlying."""

    underlying: Underlying
    told_at: datetime
    """Of the list that was told last."""
    strikes: Mapping[str, tuple[float, ...]]
    """By trading class, as the broker lists them for all its expiries together."""
    parts: tuple[ListedPart, ...]

    def contracts(self) -> Iterator[Contract]:
        """All of them."""
        return (contract for part in self.parts for contract in part.contracts)


class ContractShelf(Protocol):
    """Where lists of contracts outlive a process."""

    def load(self, symbol: str) -> ContractList | None:
        """What was kept last of this underlying; None where nothing is, or nothing that can be used."""
        ...

    def keep(self, found: ContractList) -> None:
        """Keep this in the place of what was kept. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class DailyBars:
    """Daily history of an underlying, oldest first, today excluded."""

    days: tuple[date, ...]
    closes: tuple[float, ...]
    implied_volatilities: tuple[float, ...]
    """30-day implied volatility at each close, decimal; may be shorter than closes or empty."""
    volumes: tuple[float, ...] = ()
    """Shares traded on each day; empty where the broker counts none on one of them."""


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order as the broker reports it when asked."""

    order_ref: str
    """Empty where it is not of this program: neither of this journal nor of another one's."""
    perm_id: int
    order_id: int
    status: str
    """working, filled, canceled, inactive or the broker's own word."""
    filled: Decimal
    text: str
    client_id: int = 0
    """The session that sent it; 0 where the broker does not say."""
    legs: tuple[tuple[int, int], ...] = ()
    """Contract number and contracts for one of the whole, what the order buys positive, by contract number."""
    quantity: Decimal | None = None
    """Of the whole, ordered; None where the broker does not say."""
    ended_at: datetime | None = None
    """When a completed order ended; None where it did not, or where the time cannot be read."""


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """What the account holds of one instrument, and its terms as the broker tells them; what it does not tell is None."""

    con_id: int
    symbol: str
    text: str
    """The instrument in the broker's words, for people."""
    quantity: Decimal
    """Contracts or shares, short is negative."""
    kind: str = ""
    """`OPT`, `STK` or the broker's own word."""
    root: str | None = None
    """Trading class."""
    last_trade: date | None = None
    """Last day on which it trades: of options that settle in the morning the session before their expiration day."""
    strike: Decimal | None = None
    put_call: str | None = None
    multiplier: Decimal | None = None
    average_cost: Decimal | None = None
    """USD per contract or share, commissions included, always positive."""
    currency: str | None = None
    """In which it is traded, and its cost told."""


@dataclass(frozen=True, slots=True)
class BrokerState:
    """Everything the broker answers when asked what it holds of ours; the base of every reconciliation."""

    account: str
    open_orders: tuple[BrokerOrder, ...]
    completed_orders: tuple[BrokerOrder, ...]
    executions: tuple[Fact, ...]
    """LegFilled and CommissionReported of today's executions that carry one of our refs."""
    positions: tuple[BrokerPosition, ...]
    unknown_refs: tuple[str, ...] = ()
    """References of executed orders that this program gave in another journal, each once."""
    refused: tuple[FactRefused, ...] = ()
    """What was told of our orders and contradicts itself: matched with nothing."""
    unread: tuple[str, ...] = ()
    """What was told, may concern us and cannot be read, for people: what stands there is not known."""
    unread_positions: frozenset[int] = frozenset()
    """Contracts of which the account holds something, and nobody can read how much."""


class Broker(Protocol):
    """One session with the broker. What happens later (acknowledgements, fills, losses of the link) is heard as facts."""

    @property
    def is_connected(self) -> bool: ...

    @property
    def data(self) -> DataQuality: ...

    @property
    def account(self) -> AccountValues: ...

    @property
    def clock_skew_s(self) -> float | None:
        """By how many seconds the broker's clock is ahead of ours, as far as that is certain; None until it has told the time."""
        ...

    @property
    def quotes_told(self) -> tuple[int, int]:
        """Streams of which something was told since they were opened, and all that are open."""
        ...

    async def connect(self) -> str:
        """Connect and return the account.

        Raises Transient when it may be tried again, UserError when the trader must act (wrong port or account, client id taken).
        """
        ...

    async def disconnect(self) -> None: ...

    def recall(self, orders: Iterable[Order]) -> None:
        """Take what the journal knows of orders that the broker may still speak of: their references and permanent ids."""
        ...

    async def state(self) -> BrokerState:
        """Ask for open orders, completed orders, executions and positions. Raises Transient when an answer stays away."""
        ...

    async def underlying(self, symbol: str) -> Underlying: ...

    async def chain(self, underlying: Underlying, expiries: Callable[[date], bool], band: float) -> Sequence[Contract]:
        """Contracts whose expiry is wanted and whose strike lies within `band` (a fraction) of the spot price."""
        ...

    @property
    def unfinished_chains(self) -> frozenset[str]:
        """Underlyings of whose chain some expiry was not had; it is asked for again with the next question for the chain."""
        ...

    async def daily_bars(self, underlying: Underlying, days: int) -> DailyBars: ...

    def watch(self, options: Iterable[Contract], underlyings: Iterable[Underlying], exploring: Iterable[Contract] = ()) -> None:
        """Make the streamed quotes exactly these, most important first; excess over the broker's lines rotates. Those that
        explore take turns on the lines that are left."""
        ...

    def requote(self, options: Iterable[Contract]) -> None:
        """Ask anew for quotes that stream and were not told for long: the broker then tells them as they stand."""
        ...

    def refresh_account(self) -> None:
        """Ask for every account value anew; they are told as any others. Never raises: without a link nothing is asked."""
        ...

    async def preview(self, order: OrderProposed) -> OrderPreviewed:
        """The what-if. Always answers, within the deadline; silence and nonsense are `unknown`."""
        ...

    def send(self, order: Order, limit: Decimal) -> None:
        """Place it. Called once per order_ref, after its OrderSent is on disk. Raises Transient if it surely did not leave."""
        ...

    def reprice(self, order: Order, limit: Decimal) -> None: ...

    def cancel(self, order: Order) -> None: ...
