"""What can go wrong, by name: parsed from text, drawn from a seed, and armed by time.

    what_if_silent              the next what-if is never answered
    reject=201x2                the next two new orders are refused with 201
    restart=120@23:45           TWS restarts at 23:45 New York time and is away for two minutes
    frozen=60@+300              quotes stand still for a minute, five minutes after the start

    NAME[=VALUE][@WHEN][xCOUNT]   WHEN is HH:MM[:SS] in New York, a date and time, or +SECONDS after the start

A *moment* happens once at its time. A *span* lasts VALUE seconds from its time on. An *armed* fault waits from its time
on for the next COUNT occasions.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK

Shape = Literal["moment", "span", "armed"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One name, what it does, and what VALUE means where it has one."""

    name: str
    shape: Shape
    sentence: str
    value: float | None = None
    meaning: str = ""


KINDS: tuple[FaultKind, ...] = (
    FaultKind("refuse", "span", "The port refuses connections.", 60, "seconds"),
    FaultKind("mute", "span", "Connections are accepted and never answered.", 60, "seconds"),
    FaultKind("client_id_taken", "armed", "The next client is told that its id is in use (326)."),
    FaultKind("close", "moment", "Every client is disconnected."),
    FaultKind("close_after", "armed", "The next client is disconnected after so many of its messages.", 20, "messages"),
    FaultKind("reset", "armed", "The connection is reset in the middle of the next message."),
    FaultKind("half_open", "moment", "Open connections stay open, and nothing goes through any more."),
    FaultKind("split", "span", "Every byte travels alone.", 10, "seconds"),
    FaultKind("slow", "span", "Every answer is this much later.", 2, "seconds of delay, for one minute"),
    FaultKind("drop", "armed", "The next message to a client is lost."),
    FaultKind("drop_request", "armed", "The next request of a client is lost."),
    FaultKind("link_lost", "span", "1100, and 1102 when it is back: subscriptions are kept.", 60, "seconds"),
    FaultKind("link_lost_data_lost", "span", "1100, and 1101 when it is back: subscriptions are lost.", 60, "seconds"),
    FaultKind("link_lost_unsaid", "span", "1100, and nothing is said when it is back.", 60, "seconds"),
    FaultKind("server_lost", "span", "2110, and 1102 when it is back.", 60, "seconds"),
    FaultKind("farm_lost", "span", "2103 and no market data, and 2104 when it is back.", 60, "seconds"),
    FaultKind("restart", "span", "Clients are disconnected and refused until TWS is back.", 120, "seconds"),
    FaultKind("competing", "span", "Another session takes the market data (10197).", 60, "seconds"),
    FaultKind("delayed", "span", "Only delayed data is available for new requests.", 3600, "seconds"),
    FaultKind("no_data", "span", "New requests are told that their data are not subscribed (354).", 3600, "seconds"),
    FaultKind("no_option_data", "span", "Data of options are not subscribed, those of underlyings are (354).", 3600, "seconds"),
    FaultKind("read_only", "span", "The API is read-only: whatever is about orders is refused (321).", 86_400, "seconds"),
    FaultKind("no_account", "span", "New clients are told of no account.", 86_400, "seconds"),
    FaultKind(
        "untrusted", "span", "Clients are disconnected before they are answered: their address is not trusted.", 86_400, "seconds"
    ),
    FaultKind("clock_ahead", "span", "TWS tells a time that is ahead by this much.", 30, "seconds, for a day"),
    FaultKind("frozen", "span", "Quotes stand still.", 60, "seconds"),
    FaultKind("crossed", "span", "Bid and ask of options change places.", 30, "seconds"),
    FaultKind("no_bids", "span", "Nobody bids for options.", 60, "seconds"),
    FaultKind("wide", "span", "Quotes of options are so many times as wide.", 5, "times, for one minute"),
    FaultKind("bad_print", "span", "The quote of the first option that is sold is four times what it is worth.", 8, "seconds"),
    FaultKind("trading_halted", "span", "Trading is halted: quotes stand still, nothing fills.", 300, "seconds"),
    FaultKind("no_greeks", "span", "Greeks are absent.", 60, "seconds"),
    FaultKind("margin_raised", "span", "The broker asks so many times the margin.", 1.5, "times, for a day"),
    FaultKind("bag_silent", "span", "Combinations have no quote of their own.", 600, "seconds"),
    FaultKind("account_not_ready", "span", "Account values come with AccountReady=false.", 60, "seconds"),
    FaultKind("account_slow", "span", "Account values are not told after a fill, only every three minutes.", 3600, "seconds"),
    FaultKind("what_if_silent", "armed", "The next what-if is never answered."),
    FaultKind("what_if_unset", "armed", "The next what-if is first answered without numbers."),
    FaultKind("what_if_error", "armed", "The next what-if is answered with an error.", 201, "error code"),
    FaultKind("preset_notice", "armed", "The next order is commented with 10349, and works."),
    FaultKind("tick_refused", "armed", "The next new order or change is refused with 110."),
    FaultKind("reject", "armed", "The next new order is refused.", 201, "error code"),
    FaultKind("reject_modify", "armed", "The next change is refused; the order works on as it was.", 201, "error code"),
    FaultKind("cancelled", "moment", "The oldest working order is cancelled by the system (202)."),
    FaultKind("order_lost", "armed", "The next new order vanishes on its way in."),
    FaultKind("ack_lost", "armed", "The next new order works, and its client hears nothing of that."),
    FaultKind("ack_after_fill", "armed", "The next new order is acknowledged after its fill."),
    FaultKind("duplicate_status", "armed", "The next order statuses come twice."),
    FaultKind("status_before_exec", "armed", "The next fill's status comes before its executions."),
    FaultKind("commission_first", "armed", "The next fill's commissions come before its executions."),
    FaultKind("commission_late", "armed", "The next fill's commissions come late.", 30, "seconds"),
    FaultKind("commission_never", "armed", "The next fill's commissions never come by themselves."),
    FaultKind("partial_fills", "span", "Whatever can be split fills in parts.", 600, "seconds"),
    FaultKind("exec_corrected", "armed", "An execution of the next fill is corrected by a cent.", 5, "seconds later"),
    FaultKind("exec_busted", "armed", "The next fill is taken back by the exchange.", 5, "seconds later"),
    FaultKind("fill_on_cancel", "armed", "The next order to be cancelled fills first."),
    FaultKind("fill_unheard", "armed", "The next order of a client that has gone fills."),
    FaultKind("id_jump", "moment", "The next valid order id jumps and is told.", 1000, "ids"),
    FaultKind("completed_extra_field", "armed", "The next completed combination has an empty field too many."),
    FaultKind("lines_taken", "span", "Other programs take the market data lines that are free (101).", 60, "seconds"),
    FaultKind("too_many_messages", "moment", "Every client is told that it sends too many messages (100)."),
    FaultKind("history_refused", "span", "Daily bars are refused for pacing (162).", 60, "seconds"),
    FaultKind("contracts_silent", "span", "Questions about contracts are not answered.", 60, "seconds"),
    FaultKind("contracts_endless", "armed", "The next list of options never ends."),
    FaultKind("multiplier", "armed", "The next option is told with another multiplier.", 0.5, "shares"),
    FaultKind("no_perm_id", "span", "Orders that work are shown as pending, without a permanent id.", 60, "seconds"),
    FaultKind("no_reference", "span", "Executions and completed orders are told without their reference.", 600, "seconds"),
    FaultKind("odd_times", "span", "Executions are told with a time that nobody can read.", 600, "seconds"),
    FaultKind("shared_exec_ids", "span", "The legs of a fill share all of the execution id but its last part.", 600, "seconds"),
    FaultKind("executions_late", "armed", "The next fill's executions come this much later than its status.", 45, "seconds"),
    FaultKind("what_if_no", "armed", "The next what-if is answered with numbers, and with words that say no."),
    FaultKind("inactive", "armed", "The next order goes inactive and comes back.", 0.6, "seconds later"),
    FaultKind("positions_late", "armed", "The next positions are told this much later.", 15, "seconds"),
    FaultKind("cancel_refused", "span", "Cancels are refused (10147), and the order works on.", 60, "seconds"),
    FaultKind("terms_changed", "span", "Options that are held are told with another trading class.", 60, "seconds"),
    FaultKind("foreign_leg", "armed", "The next fill has an execution in a contract that is no leg of its order."),
    FaultKind("by_hand", "moment", "Somebody trades the first position, or the first option, in TWS.", 1, "contracts, signed"),
    FaultKind("assigned", "moment", "The first short American option is assigned."),
)

LINK_DOWN = ("link_lost", "link_lost_data_lost", "link_lost_unsaid", "server_lost")
"""While one of these lasts TWS has no connection to IBKR."""

_BY_NAME = {kind.name: kind for kind in KINDS}
_PATTERN = re.compile(
    r"(?P<name>[A-Za-z0-9_-]+?)(?:=(?P<value>-?[0-9]+(?:\.[0-9]+)?))?(?:@(?P<when>[0-9T:+.-]+))?(?:x(?P<count>[0-9]+))?"
)
_STAGED = frozenset(
    [
        *(
            "contracts_endless",
            "contracts_silent",
            "history_refused",
            "lines_taken",
            "too_many_messages",
            "by_hand",
            "assigned",
            "delayed",
            "half_open",
            "mute",
            "link_lost_unsaid",
            "multiplier",
            "no_perm_id",
            "no_reference",
        ),
        *("odd_times", "shared_exec_ids", "executions_late", "what_if_no", "inactive", "positions_late", "cancel_refused"),
        *("wide", "bad_print", "trading_halted", "margin_raised", "exec_busted"),
        *("terms_changed", "foreign_leg", "no_data", "no_option_data", "read_only", "no_account", "untrusted", "clock_ahead"),
    ]
)
"""Asked for by name: they need a person, or a moment that chance would not meet."""
_RANDOM = tuple(kind for kind in KINDS if kind.name not in _STAGED)
"""What a random schedule draws from: all that an engine should survive by itself."""

_LONGEST_RANDOM_S = 180.0
_LASTS_S = {"slow": 60.0, "clock_ahead": 86_400.0, "wide": 60.0, "margin_raised": 86_400.0}
"""Spans whose value says how much, and not how long."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to come. `when` is an instant, or a time after the start; None: from the start on."""

    name: str
    value: float | None = None
    when: datetime | timedelta | str | None = None
    count: int = 1

    @property
    def kind(self) -> FaultKind:
        return kind_of(self.name)

    def number(self) -> float:
        """The value, or the kind's own."""
        value = self.kind.value if self.value is None else self.value
        assert value is not None, f"{self.name} has no value to ask for"
        return value

    def __str__(self) -> str:
        value = "" if self.value is None else f"={self.value:g}"
        return f"{self.name}{value}{_when_text(self.when)}{'' if self.count == 1 else f'x{self.count}'}"


def parse_fault(text: str) -> Fault:
    """The fault that the text names. Raises UserError when it is not written so, or there is no such fault."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise UserError(f"{text!r} is not a fault: write NAME[=VALUE][@WHEN][xCOUNT], as in restart=120@23:45")
    kind = kind_of(match["name"].replace("-", "_"))
    value = None if match["value"] is None else float(match["value"])
    if value is not None and kind.value is None:
        raise UserError(f"{text!r}: {kind.name} takes no value")
    if match["count"] is not None and kind.shape != "armed":
        raise UserError(f"{text!r}: {kind.name} happens at a time, not on so many occasions; leave x{match['count']} out")
    when = None if match["when"] is None else _when(text, match["when"])
    return Fault(kind.name, value, when, int(match["count"] or 1))


def kind_of(name: str) -> FaultKind:
    """Raises UserError, with the names that are close, where there is none of that name."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    close = difflib.get_close_matches(name, _BY_NAME, n=3, cutoff=0.4)
    advice = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(_BY_NAME)}"
    raise UserError(f"{name}: no such fault; {advice}")


def random_schedule(seed: int, begins: datetime, ends: datetime, count: int = 6) -> tuple[Fault, ...]:
    """So many faults at times between the two instants, drawn from the seed, soonest first."""
    chance = np.random.default_rng([seed, 0xFA017])
    drawn: list[tuple[datetime, Fault]] = []
    for _ in range(count):
        kind = _RANDOM[int(chance.integers(len(_RANDOM)))]
        at = begins + (ends - begins) * float(chance.random())
        at = at.replace(microsecond=0)
        value = None
        if kind.shape == "span" and kind.meaning == "seconds" and kind.value is not None:
            value = float(round(min(_LONGEST_RANDOM_S, kind.value * (0.2 + float(chance.random())))))
        drawn.append((at, Fault(kind.name, value, at)))
    return tuple(fault for _, fault in sorted(drawn, key=_first))


class Faults:
    """A schedule and how much of it has happened. Instants are UTC."""

    def __init__(self, schedule: Iterable[Fault | str], begins: datetime) -> None:
        faults = [parse_fault(fault) if isinstance(fault, str) else fault for fault in schedule]
        self._begins = begins
        self._waiting: list[tuple[datetime, Fault]] = []
        self._spans: dict[str, tuple[datetime, Fault]] = {}
        self._armed: list[tuple[datetime, Fault]] = []
        self._left: list[int] = []
        """Occasions that each armed fault still waits for."""
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault | str) -> None:
        """One fault more."""
        fault = parse_fault(fault) if isinstance(fault, str) else fault
        at = instant_of(fault.when, self._begins)
        if kind_of(fault.name).shape == "armed":
            self._armed.append((at, fault))
            self._left.append(fault.count)
        else:
            self._waiting.append((at, fault))
            self._waiting.sort(key=_first)

    def waits_for(self, name: str) -> bool:
        """Whether an armed fault of this name is left, now or later; asked for every message, so it is quick."""
        return bool(self._armed) and any(
            fault.name == name and left for (_, fault), left in zip(self._armed, self._left, strict=True)
        )

    def take(self, name: str, now: datetime) -> Fault | None:
        """An armed fault of this name, used up by one occasion."""
        for number, (at, fault) in enumerate(self._armed):
            if fault.name == name and at <= now and self._left[number] > 0:
                self._left[number] -= 1
                return fault
        return None

    def next_due(self) -> datetime | None:
        """When the next moment or span begins or ends."""
        times = [at for at, _ in self._waiting[:1]] + [end for end, _ in self._spans.values()]
        return min(times, default=None)

    def begin_due(self, now: datetime) -> list[Fault]:
        """Moments and spans that begin by now; spans are on from here."""
        due = [fault for at, fault in self._waiting if at <= now]
        self._waiting = [(at, fault) for at, fault in self._waiting if at > now]
        for fault in due:
            if fault.kind.shape == "span":
                seconds = _LASTS_S.get(fault.name) or fault.number()
                self._spans[fault.name] = (now + timedelta(seconds=seconds), fault)
        return due

    def end_due(self, now: datetime) -> list[Fault]:
        """Spans that end by now."""
        ended = [fault for end, fault in self._spans.values() if end <= now]
        for fault in ended:
            del self._spans[fault.name]
        return ended

    def on(self, name: str) -> Fault | None:
        """The span of this name that lasts at the moment."""
        span = self._spans.get(name)
        return None if span is None else span[1]


def instant_of(when: datetime | timedelta | str | None, begins: datetime) -> datetime:
    """The instant meant; a time of day is the next such time in New York, from the start on."""
    if when is None:
        return begins
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    if isinstance(when, timedelta):
        return begins + when
    clock = datetime.strptime(when if when.count(":") == 2 else f"{when}:00", "%H:%M:%S").time()  # noqa: DTZ007 - a clock alone
    local = begins.astimezone(NEW_YORK)
    at = datetime.combine(local.date(), clock, NEW_YORK)
    if at < local:
        at = datetime.combine(local.date() + timedelta(days=1), clock, NEW_YORK)
    return at.astimezone(UTC)


def catalogue() -> Sequence[tuple[str, str]]:
    """(how it is written, what it does) for each fault, for help texts."""
    return [
        (kind.name if kind.value is None else f"{kind.name}[={kind.value:g} {kind.meaning}]", kind.sentence) for kind in KINDS
    ]


def _when(text: str, when: str) -> datetime | timedelta | str:
    try:
        if when.startswith("+"):
            return timedelta(seconds=float(when[1:]))
        if "T" in when or "-" in when:
            at = datetime.fromisoformat(when)
            return at if at.tzinfo is not None else at.replace(tzinfo=NEW_YORK)
        instant_of(when, datetime(2000, 1, 1, tzinfo=UTC))
    except ValueError as problem:
        raise UserError(f"{text!r}: {when} is no time; write @23:45, @2026-11-23T10:00 or @+30") from problem
    return when


def _when_text(when: datetime | timedelta | str | None) -> str:
    match when:
        case None:
            return ""
        case datetime():
            return f"@{when:%Y-%m-%dT%H:%M:%S%z}"
        case timedelta():
            return f"@+{when.total_seconds():g}"
        case str():
            return f"@{when}"


def _first(pair: tuple[datetime, Fault]) -> datetime:
    return pair[0]
