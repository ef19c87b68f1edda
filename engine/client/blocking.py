"""The client for programs that wait for each answer.

with Client("state") as engine:
    for position in engine.positions(only_open=True):
        print(position.spread, position.unrealised_usd)
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

from engine.api.models.adoption import Adoption
from engine.api.models.approvals import Approval
from engine.api.models.arming import Arming, ArmWord
from engine.api.models.candidates import Candidate
from engine.api.models.flatten import Flatten, FlattenWord
from engine.api.models.history import Table
from engine.api.models.orders import Execution, Order, OrderDetail, OrderPreview
from engine.api.models.positions import ClosePreview, Position
from engine.api.models.scan import Preset, Scan, ScanFilters, ScanResults
from engine.api.models.status import Health, Status
from engine.api.models.strategies import Strategies
from engine.api.models.stream import HZ_DEFAULT, Topic
from engine.api.models.why import Why
from engine.api.models.words import Outcome
from engine.client import calls
from engine.client.address import address_of
from engine.client.calls import Call, Shown
from engine.client.files import Files
from engine.client.identity import KeyAuth, trusts
from engine.client.mirror import Mirror, Update
from engine.client.replies import PATIENCE_S, Engine, answered, engine_of, lost
from engine.client.rolls import Rolls
from engine.client.streaming import follow_blocking

T = TypeVar("T")


class Client(Files, Rolls):
    """One engine, asked one thing after the other. Every method raises what `engine.client.errors` lists."""

    def __init__(
        self,
        where: Path | str,
        *,
        key: str | None = None,
        ca: Path | None = None,
        by: str = "api",
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`where` is a state folder, unix:// or https://; the last needs a `key`, and `ca` where its certificate is our own.

        `by` is in whose name words are said where a method names nobody; over https it is the name of the key, whatever is said.
        """
        self.address, self._by = address_of(where), by
        self.engine: Engine | None = None
        """Which engine answered last; None before the first answer."""
        socket = self.address.socket
        self._tls = trusts(ca) if socket is None else None
        self._auth = KeyAuth(key) if key is not None else None
        transport = httpx.HTTPTransport(uds=str(socket)) if socket is not None else None
        self._http = httpx.Client(
            transport=transport, base_url=self.address.url, timeout=patience_s, auth=self._auth, verify=self._tls or True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close_connection()

    def close_connection(self) -> None:
        """Let go of the connection; the client is not used afterwards."""
        self._http.close()

    def status(self) -> Status:
        """Everything that decides whether the engine trades."""
        return self._ask(calls.status())

    def health(self) -> Health:
        """Whether the engine can do its work."""
        return self._ask(calls.health())

    def candidates(self, strategy: str | None = None) -> tuple[Candidate, ...]:
        """What the last look of each strategy, or of one, found, best first."""
        return self._ask(calls.candidates(strategy))

    def approvals(self) -> tuple[Approval, ...]:
        """Openings that wait for a person, oldest first."""
        return self._ask(calls.approvals())

    def approve(
        self, order_ref: str, shown_net: Shown = None, *, by: str | None = None, reason: str = "", once: str | None = None
    ) -> Outcome:
        """Say yes to a waiting opening, at the net that was shown. Raises Refused where it moved or is over.

        Said again with the same `once`, it is done once, and the second time refused with what became of the first.
        """
        return self._ask(calls.approve(order_ref, by or self._by, reason, shown_net), once)

    def decline(self, order_ref: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """Say no to a waiting opening."""
        return self._ask(calls.decline(order_ref, by or self._by, reason))

    def positions(self, *, only_open: bool = False) -> tuple[Position, ...]:
        """Positions with marks, legs, sides and exits."""
        return self._ask(calls.positions(only_open))

    def position(self, name: str) -> Position:
        """One position."""
        return self._ask(calls.position(name))

    def close_preview(
        self, position: str, *, side: Literal["put", "call"] | None = None, half: bool = False, short: bool = False
    ) -> ClosePreview:
        """What closing a position, or a portion of it, would do now."""
        return self._ask(calls.close_preview(position, side, half, short))

    def close(
        self,
        position: str,
        shown_net: Shown = None,
        *,
        side: Literal["put", "call"] | None = None,
        half: bool = False,
        short: bool = False,
        by: str | None = None,
        reason: str = "",
        once: str | None = None,
    ) -> Outcome:
        """Close a position, or a portion of it, at the net that was shown. Raises Refused where it moved or cannot be closed."""
        word = calls.close_word(by or self._by, reason, shown_net, side, half, short)
        return self._ask(calls.close(position, word), once)

    def orders(self, *, only_working: bool = False) -> tuple[Order, ...]:
        """Orders, oldest first."""
        return self._ask(calls.orders(only_working))

    def order(self, order_ref: str) -> OrderDetail:
        """One order with what happened to it."""
        return self._ask(calls.order(order_ref))

    def cancel(self, order_ref: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """End an order."""
        return self._ask(calls.cancel(order_ref, by or self._by, reason))

    def edit(
        self, order_ref: str, *, quantity: int | None = None, worst: Shown = None, by: str | None = None, reason: str = ""
    ) -> Outcome:
        """Make a waiting opening safer: fewer spreads, a better worst price, or both."""
        return self._ask(calls.edit(order_ref, calls.edit_word(by or self._by, reason, quantity, worst)))

    def modify(self, order_ref: str, worst: Shown, *, by: str | None = None, reason: str = "") -> Outcome:
        """Make an opening that works safer: it is never priced below `worst` any more."""
        return self._ask(calls.modify(order_ref, calls.edit_word(by or self._by, reason, None, worst)))

    def order_preview(self, candidate: str, *, quantity: int | None = None, limit: Shown = None) -> OrderPreview:
        """What the order of a picked candidate would be now, with every gate and the broker's what-if."""
        return self._ask(calls.order_preview(calls.pick_word(candidate, self._by, "", quantity, limit, None)))

    def execute(
        self,
        candidate: str,
        shown_net: Shown = None,
        *,
        quantity: int | None = None,
        limit: Shown = None,
        by: str | None = None,
        reason: str = "",
        once: str | None = None,
    ) -> Outcome:
        """Have the order of a picked candidate proposed, at the net that was shown."""
        word = calls.pick_word(candidate, by or self._by, reason, quantity, limit, shown_net)
        return self._ask(calls.execute(word), once)

    def executions(self, limit: int = 500) -> tuple[Execution, ...]:
        """The last executions, newest first."""
        return self._ask(calls.executions(limit))

    def strategies(self) -> Strategies:
        """Every strategy with its last look."""
        return self._ask(calls.strategies())

    def why(self, strategy: str, at: datetime | None = None) -> Why:
        """Why a strategy trades or does not, now or at a past moment, which names its zone."""
        return self._ask(calls.why(strategy, at))

    def pause(self, strategy: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """Stop the openings of one strategy; its exits go on."""
        return self._ask(calls.pause(strategy, by or self._by, reason))

    def unpause(self, strategy: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """Allow the openings of one strategy again."""
        return self._ask(calls.unpause(strategy, by or self._by, reason))

    def sql(self, text: str, *, limit: int = 1_000, within_s: float = 10.0) -> Table:
        """The answer to one SELECT over the history."""
        return self._ask(calls.sql(text, limit, within_s))

    def halt(self, reason: str = "", *, by: str | None = None) -> Outcome:
        """Stop opening and cancel working entries; exits keep working."""
        return self._ask(calls.halt(by or self._by, reason))

    def resume(self, reason: str = "", *, by: str | None = None) -> Outcome:
        """Allow openings again after a halt."""
        return self._ask(calls.resume(by or self._by, reason))

    def flattening(self) -> Flatten:
        """What flattening would close, and what it would leave."""
        return self._ask(calls.flattening())

    def flatten(self, word: FlattenWord) -> Outcome:
        """Close everything that the engine holds. Raises Refused with the reason where it does not begin."""
        return self._ask(calls.flatten(word))

    def stop_flattening(self, reason: str = "", *, by: str | None = None) -> Outcome:
        """Stop it: what is left keeps the exits of its file."""
        return self._ask(calls.stop_flattening(by or self._by, reason))

    def arming(self, strategy: str) -> Arming:
        """What arming a strategy for real money would mean, and the arm that it has."""
        return self._ask(calls.arming(strategy))

    def arm(self, strategy: str, word: ArmWord) -> Outcome:
        """Let a strategy trade real money. Raises Refused with the reason where it may not."""
        return self._ask(calls.arm(strategy, word))

    def disarm(self, strategy: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """End the arm of a strategy: it opens nothing more, and its exits go on."""
        return self._ask(calls.disarm(strategy, by or self._by, reason))

    def adoption(self, strategy: str = "", legs: Sequence[int] = ()) -> Adoption:
        """What the broker holds that is not ours; with `legs`, by contract number, what they would be as a position."""
        return self._ask(calls.adoption(strategy, legs))

    def adopt(self, strategy: str, legs: Mapping[int, int], reason: str, *, by: str | None = None) -> Outcome:
        """Take foreign options into the engine's hands: contracts as they were shown, short is negative, by contract number."""
        return self._ask(calls.adopt(strategy, legs, by or self._by, reason))

    def release(self, position: str, reason: str, *, by: str | None = None) -> Outcome:
        """Take a position out of the engine's hands for good."""
        return self._ask(calls.release(position, by or self._by, reason))

    def scan_start(self, filters: ScanFilters) -> Scan:
        """Begin a search over the newest snapshot; it ends where nobody asks for ten minutes."""
        return self._ask(calls.scan_start(filters))

    def scan_change(self, scan: str, filters: ScanFilters) -> Scan:
        """Have a search look for something else."""
        return self._ask(calls.scan_change(scan, filters))

    def scan_status(self, scan: str) -> Scan:
        """What a search looks for and when it looked last."""
        return self._ask(calls.scan_status(scan))

    def scan_results(self, scan: str) -> ScanResults:
        """What a search finds in the newest snapshot."""
        return self._ask(calls.scan_results(scan))

    def scan_stop(self, scan: str) -> Outcome:
        """End a search."""
        return self._ask(calls.scan_stop(scan))

    def presets(self) -> tuple[Preset, ...]:
        """Every preset of filters, by name."""
        return self._ask(calls.presets())

    def save_preset(self, preset: Preset) -> Outcome:
        """Keep a preset; one of the same name is replaced."""
        return self._ask(calls.save_preset(preset))

    def remove_preset(self, name: str) -> Outcome:
        """Forget a preset."""
        return self._ask(calls.remove_preset(name))

    def export_presets(self) -> str:
        """All presets as a file to share."""
        return (self._ask(calls.export_presets())).text

    def import_presets(self, text: str) -> Outcome:
        """Take the presets of such a file; those of the same names are replaced."""
        return self._ask(calls.import_presets(text))

    def lift(self, breaker: str, reason: str, *, strategy: str = "", by: str | None = None) -> Outcome:
        """Allow openings again after a breaker has tripped."""
        return self._ask(calls.lift(breaker, by or self._by, reason, strategy))

    def scan_stream(self, scan: str, *, max_hz: float = HZ_DEFAULT) -> Iterator[Update]:
        """What a search finds from now on: the topic `scan`, as `stream` tells others."""
        path = f"/v1/scan/stream?scan={quote(scan, safe='')}"
        return follow_blocking(self.address, Mirror(("scan",), max_hz), self._headers, self._tls, path)

    def stream(self, *topics: Topic, max_hz: float = HZ_DEFAULT, strategy: str | None = None) -> Iterator[Update]:
        """What the topics tell from now on, for ever: rows that are new, changed or gone, heartbeats, and a lost connection.

        At most `max_hz` times a second each; changes of state at once. A lost connection is restored and begins with snapshots.
        """
        return follow_blocking(self.address, Mirror(topics, max_hz, strategy), self._headers, self._tls)

    def _headers(self) -> dict[str, str]:
        """What a stream shows of who asks; a question before it renews the token where that is over."""
        if self._auth is None:
            return {}
        self.status()
        return {"Authorization": f"Bearer {self._auth.token}"}

    def _ask(self, call: Call[T], once: str | None = None) -> T:
        body = call.body.model_dump_json(exclude_defaults=True) if call.body is not None else None
        headers = {"Content-Type": "application/json", "Idempotency-Key": once or uuid4().hex} if body is not None else {}
        try:
            response = self._http.request(call.method, call.path, content=body, params=call.query, headers=headers)
        except httpx.HTTPError as error:
            raise lost(error, self.address) from error
        self.engine = engine_of(response)
        return answered(call, response, self.address)
