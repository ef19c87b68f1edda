"""What is to be sent now, of what was heard: nothing twice, nothing in quiet hours that can wait, no loss of the link that mends
itself at once. It is told the time, sends nothing itself and never grows."""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from engine.decide.exit.ending import Ending
from engine.domain.facts.orders import ApprovalAsked
from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day
from engine.notify.choice import Choice
from engine.notify.links import PATH, Links, Question
from engine.notify.messages import Message, digest, message_of

WAITING_MAX, HELD_MAX, KEYS_MAX = 200, 50, 1_000
"""Messages between two looks · kept of quiet hours · keys that are remembered."""
AGAIN_AFTER = timedelta(minutes=15)
"""The same is said again after so long, with how often it came meanwhile."""
LINK_PATIENCE = timedelta(seconds=20)
"""A link that comes back within it was a hiccup; a page in less than a minute is early enough."""
DIGEST_LATE = timedelta(hours=1)
"""An engine that starts later than this after the hour of the digest waits for the next day."""


class Outbox:
    """Hears facts and says what is due."""

    def __init__(
        self,
        choice: Choice,
        ledger: Ledger,
        is_loss_expected: Callable[[datetime], bool],
        endings: Callable[[], Mapping[str, Ending]] = dict,
        links: Links | None = None,
    ) -> None:
        """`endings` says what becomes of the positions that end within days, for the digest; `links` lead to the pages."""
        self.dropped = 0
        """Messages that found no room."""
        self.repeated = 0
        """Messages that said what had been said."""
        self._choice, self._ledger, self._is_loss_expected, self._endings = choice, ledger, is_loss_expected, endings
        self._links = links
        self._waiting: deque[Message] = deque()
        self._held: list[Message] = []
        self._held_more = 0
        self._said: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        """When a key was sent last, and how often it came since."""
        self._lost: tuple[datetime, Message] | None = None
        """A loss of the link that was not told yet."""
        self._is_loss_told = False
        self._loss_told_at: datetime | None = None
        self._digested: date | None = None

    def hear(self, fact: Fact, at: datetime) -> None:
        """Take a fact in; costs a beat next to nothing."""
        message = message_of(fact, at, self._ledger)
        if message is None or message.kind not in self._choice.tell:
            return
        if isinstance(fact, LinkChanged):
            self._link(fact, message, at)
        elif isinstance(fact, ApprovalAsked):
            self._wait(self._with_link(message, fact))
        else:
            self._wait(message)

    def due(self, now: datetime) -> list[Message]:
        """What is to be sent now, oldest first."""
        self._tell_loss(now)
        if self._is_time_for_digest(now):
            self._digested = trading_day(now)
            self._wait(digest(self._ledger, now, self._endings()))
        is_quiet, due = self._choice.is_quiet(now), list[Message]()
        if not is_quiet:
            due += self._released()
        while self._waiting:
            message = self._waiting.popleft()
            if is_quiet and not message.is_urgent:
                self._hold(message)
                continue
            fresh = self._fresh(message, now)
            if fresh is not None:
                due.append(fresh)
        return due

    def _with_link(self, message: Message, fact: ApprovalAsked) -> Message:
        if self._choice.web is None or self._links is None:
            return message
        link = self._links.text_of(Question(fact.order_ref, fact.expires_at))
        return replace(message, body=f"{message.body}\nlook and answer: {self._choice.web}{PATH}{link}")

    def _link(self, fact: LinkChanged, message: Message, at: datetime) -> None:
        """A loss is told once it has lasted; a link that comes and goes is told as lost once in a while."""
        if fact.state != "up":
            if self._lost is None and not self._is_loss_told:
                self._lost = (at, message)
            return
        if self._is_loss_told:
            self._wait(message)
        self._lost, self._is_loss_told = None, False

    def _tell_loss(self, now: datetime) -> None:
        told_at = self._loss_told_at
        if self._lost is None or now - self._lost[0] < LINK_PATIENCE or self._is_loss_expected(now):
            return
        if told_at is None or now - told_at >= AGAIN_AFTER:
            self._wait(self._lost[1])
            self._lost, self._is_loss_told, self._loss_told_at = None, True, now

    def _wait(self, message: Message) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self.dropped += 1
        else:
            self._waiting.append(message)

    def _hold(self, message: Message) -> None:
        if len(self._held) >= HELD_MAX:
            self._held_more += 1
        else:
            self._held.append(message)

    def _released(self) -> list[Message]:
        """What came in quiet hours, as one message."""
        if not self._held:
            return []
        lines = [message.title for message in self._held]
        if self._held_more:
            lines.append(f"and {self._held_more} more")
        kind, count = self._held[0].kind, len(self._held) + self._held_more
        self._held, self._held_more = [], 0
        return [Message(kind, "quiet hours", f"while it was quiet: {count}", "\n".join(lines))]

    def _fresh(self, message: Message, now: datetime) -> Message | None:
        """The message, unless the same was said a moment ago; with how often it came meanwhile where it did."""
        last_at, missed = self._said.get(message.key, (None, 0))
        if last_at is not None and now - last_at < AGAIN_AFTER:
            self._said[message.key] = (last_at, missed + 1)
            self.repeated += 1
            return None
        self._said[message.key] = (now, 0)
        self._said.move_to_end(message.key)
        while len(self._said) > KEYS_MAX:
            self._said.popitem(last=False)
        return replace(message, title=f"{message.title} (×{missed + 1})") if missed else message

    def _is_time_for_digest(self, now: datetime) -> bool:
        if "digest" not in self._choice.tell or self._digested == trading_day(now):
            return False
        equity_at = self._ledger.worth.equity_at
        was_open = equity_at is not None and trading_day(equity_at) == trading_day(now)
        return was_open and timedelta(0) <= now - self._choice.digest_at(now) < DIGEST_LATE
