"""The client for programs with a loop, such as the console.

async with AsyncClient("state") as engine:
    for position in await engine.positions(only_open=True):
        print(position.spread, position.unrealised_usd)
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

from engine.api.access.roles import Role
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
from engine.client.files import AsyncFiles
from engine.client.identity import KeyAuth, LentAuth, trusts
from engine.client.mirror import Mirror
from engine.client.replies import PATIENCE_S, Engine, answered, engine_of, lost
from engine.client.rolls import AsyncRolls
from engine.client.streaming import Stream

T = TypeVar("T")


class AsyncClient(AsyncFiles, AsyncRolls):
    """One engine, asked by a program with a loop. Every method raises what `engine.client.errors` lists."""

    def __init__(
        self,
        where: Path | str,
        *,
        key: str | None = None,
        lent: LentAuth | None = None,
        ca: Path | None = None,
        by: str = "api",
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`where` is a state folder, unix:// or https://; the last needs a `key`, and `ca` where its certificate is our own.

        With a `key` the engine lets through what its role may, also over the socket in the state folder.
        `by` is in whose name words are said where a method names nobody; with a key it is the name of the key, whatever is said.
        Instead of a key, tokens of it may be `lent`.
        """
        self.address, self._by = address_of(where), by
        self.engine: Engine | None = None
        """Which engine answered last; None before the first answer."""
        socket = self.address.socket
        self._tls = trusts(ca) if socket is None else None
        self._auth = KeyAuth(key) if key is not None else lent
        transport = httpx.AsyncHTTPTransport(uds=str(socket)) if socket is not None else None
        self._http = httpx.AsyncClient(
            transport=transport, base_url=self.address.url, timeout=patience_s, auth=self._auth, verify=self._tls or True
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close_connection()

    async def close_connection(self) -> None:
        """Let go of the connection; the client is not used afterwards."""
        await self._http.aclose()

    @property
    def known_as(self) -> tuple[str, Role] | None:
        """Name and role of the key, as the engine knows it; None without a key and before the first answer."""
        given = self._auth.given if self._auth is not None else None
        return (given.name, given.role) if given is not None else None

    async def token(self) -> str:
        """A new token of the key, good for minutes, for a program that asks in its name."""
        assert isinstance(self._auth, KeyAuth), "only who has the key can ask for its tokens"
        return (await self._ask(calls.token(self._auth.key))).token

    async def status(self) -> Status:
        """Everything that decides whether the engine trades."""
        return await self._ask(calls.status())

    async def health(self) -> Health:
        """Whether the engine can do its work."""
        return await self._ask(calls.health())

    async def candidates(self, strategy: str | None = None) -> tuple[Candidate, ...]:
        """What the last look of each strategy, or of one, found, best first."""
        return await self._ask(calls.candidates(strategy))

    async def approvals(self) -> tuple[Approval, ...]:
        """Openings that wait for a person, oldest first."""
        return await self._ask(calls.approvals())

    async def approve(
        self, order_ref: str, shown_net: Shown = None, *, by: str | None = None, reason: str = "", once: str | None = None
    ) -> Outcome:
        """Say yes to a waiting opening, at the net that was shown. Raises Refused where it moved or is over.

        Said again with the same `once`, it is done once, and the second time refused with what became of the first.
        """
        return await self._ask(calls.approve(order_ref, by or self._by, reason, shown_net), once)

    async def decline(self, order_ref: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """Say no to a waiting opening."""
        return await self._ask(calls.decline(order_ref, by or self._by, reason))

    async def positions(self, *, only_open: bool = False) -> tuple[Position, ...]:
        """Positions with marks, legs, sides and exits."""
        return await self._ask(calls.positions(only_open))

    async def position(self, name: str) -> Position:
        """One position."""
        return await self._ask(calls.position(name))

    async def close_preview(
        self, position: str, *, side: Literal["put", "call"] | None = None, half: bool = False, short: bool = False
    ) -> ClosePreview:
        """What closing a position, or a portion of it, would do now."""
        return await self._ask(calls.close_preview(position, side, half, short))

    async def close(
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
        return await self._ask(calls.close(position, word), once)

    async def orders(self, *, only_working: bool = False) -> tuple[Order, ...]:
        """Orders, oldest first."""
        return await self._ask(calls.orders(only_working))

    async def order(self, order_ref: str) -> OrderDetail:
        """One order with what happened to it."""
        return await self._ask(calls.order(order_ref))

    async def cancel(self, order_ref: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """End an order."""
        return await self._ask(calls.cancel(order_ref, by or self._by, reason))

    async def edit(
        self, order_ref: str, *, quantity: int | None = None, worst: Shown = None, by: str | None = None, reason: str = ""
    ) -> Outcome:
        """Make a waiting opening safer: fewer spreads, a better worst price, or both."""
        return await self._ask(calls.edit(order_ref, calls.edit_word(by or self._by, reason, quantity, worst)))

    async def modify(self, order_ref: str, worst: Shown, *, by: str | None = None, reason: str = "") -> Outcome:
        """Make an opening that works safer: it is never priced below `worst` any more."""
        return await self._ask(calls.modify(order_ref, calls.edit_word(by or self._by, reason, None, worst)))

    async def order_preview(self, candidate: str, *, quantity: int | None = None, limit: Shown = None) -> OrderPreview:
        """What the order of a picked candidate would be now, with every gate and the broker's what-if."""
        return await self._ask(calls.order_preview(calls.pick_word(candidate, self._by, "", quantity, limit, None)))

    async def execute(
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
        return await self._ask(calls.execute(word), once)

    async def executions(self, limit: int = 500) -> tuple[Execution, ...]:
        """The last executions, newest first."""
        return await self._ask(calls.executions(limit))

    async def strategies(self) -> Strategies:
        """Every strategy with its last look."""
        return await self._ask(calls.strategies())

    async def why(self, strategy: str, at: datetime | None = None) -> Why:
        """Why a strategy trades or does not, now or at a past moment, which names its zone."""
        return await self._ask(calls.why(strategy, at))

    async def pause(self, strategy: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """Stop the openings of one strategy; its exits go on."""
        return await self._ask(calls.pause(strategy, by or self._by, reason))

    async def unpause(self, strategy: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """Allow the openings of one strategy again."""
        return await self._ask(calls.unpause(strategy, by or self._by, reason))

    async def sql(self, text: str, *, limit: int = 1_000, within_s: float = 10.0) -> Table:
        """The answer to one SELECT over the history."""
        return await self._ask(calls.sql(text, limit, within_s))

    async def halt(self, reason: str = "", *, by: str | None = None) -> Outcome:
        """Stop opening and cancel working entries; exits keep working."""
        return await self._ask(calls.halt(by or self._by, reason))

    async def resume(self, reason: str = "", *, by: str | None = None) -> Outcome:
        """Allow openings again after a halt."""
        return await self._ask(calls.resume(by or self._by, reason))

    async def flattening(self) -> Flatten:
        """What flattening would close, and what it would leave."""
        return await self._ask(calls.flattening())

    async def flatten(self, word: FlattenWord) -> Outcome:
        """Close everything that the engine holds. Raises Refused with the reason where it does not begin."""
        return await self._ask(calls.flatten(word))

    async def stop_flattening(self, reason: str = "", *, by: str | None = None) -> Outcome:
        """Stop it: what is left keeps the exits of its file."""
        return await self._ask(calls.stop_flattening(by or self._by, reason))

    async def arming(self, strategy: str) -> Arming:
        """What arming a strategy for real money would mean, and the arm that it has."""
        return await self._ask(calls.arming(strategy))

    async def arm(self, strategy: str, word: ArmWord) -> Outcome:
        """Let a strategy trade real money. Raises Refused with the reason where it may not."""
        return await self._ask(calls.arm(strategy, word))

    async def disarm(self, strategy: str, reason: str = "", *, by: str | None = None) -> Outcome:
        """End the arm of a strategy: it opens nothing more, and its exits go on."""
        return await self._ask(calls.disarm(strategy, by or self._by, reason))

    async def adoption(self, strategy: str = "", legs: Sequence[int] = ()) -> Adoption:
        """What the broker holds that is not ours; with `legs`, by contract number, what they would be as a position."""
        return await self._ask(calls.adoption(strategy, legs))

    async def adopt(self, strategy: str, legs: Mapping[int, int], reason: str, *, by: str | None = None) -> Outcome:
        """Take foreign options into the engine's hands: contracts as they were shown, short is negative, by contract number."""
        return await self._ask(calls.adopt(strategy, legs, by or self._by, reason))

    async def release(self, position: str, reason: str, *, by: str | None = None) -> Outcome:
        """Take a position out of the engine's hands for good."""
        return await self._ask(calls.release(position, by or self._by, reason))

    async def scan_start(self, filters: ScanFilters) -> Scan:
        """Begin a search over the newest snapshot; it ends where nobody asks for ten minutes."""
        return await self._ask(calls.scan_start(filters))

    async def scan_change(self, scan: str, filters: ScanFilters) -> Scan:
        """Have a search look for something else."""
        return await self._ask(calls.scan_change(scan, filters))

    async def scan_status(self, scan: str) -> Scan:
        """What a search looks for and when it looked last."""
        return await self._ask(calls.scan_status(scan))

    async def scan_results(self, scan: str) -> ScanResults:
        """What a search finds in the newest snapshot."""
        return await self._ask(calls.scan_results(scan))

    async def scan_stop(self, scan: str) -> Outcome:
        """End a search."""
        return await self._ask(calls.scan_stop(scan))

    async def presets(self) -> tuple[Preset, ...]:
        """Every preset of filters, by name."""
        return await self._ask(calls.presets())

    async def save_preset(self, preset: Preset) -> Outcome:
        """Keep a preset; one of the same name is replaced."""
        return await self._ask(calls.save_preset(preset))

    async def remove_preset(self, name: str) -> Outcome:
        """Forget a preset."""
        return await self._ask(calls.remove_preset(name))

    async def export_presets(self) -> str:
        """All presets as a file to share."""
        return (await self._ask(calls.export_presets())).text

    async def import_presets(self, text: str) -> Outcome:
        """Take the presets of such a file; those of the same names are replaced."""
        return await self._ask(calls.import_presets(text))

    async def lift(self, breaker: str, reason: str, *, strategy: str = "", by: str | None = None) -> Outcome:
        """Allow openings again after a breaker has tripped."""
        return await self._ask(calls.lift(breaker, by or self._by, reason, strategy))

    def scan_stream(self, scan: str, *, max_hz: float = HZ_DEFAULT) -> Stream:
        """What a search finds from now on: the topic `scan`, as `stream` tells others."""
        path = f"/v1/scan/stream?scan={quote(scan, safe='')}"
        return Stream(self.address, Mirror(("scan",), max_hz), self._headers, self._tls, path)

    def stream(self, *topics: Topic, max_hz: float = HZ_DEFAULT, strategy: str | None = None) -> Stream:
        """What the topics tell from now on, for ever: rows that are new, changed or gone, heartbeats, and a lost connection.

        At most `max_hz` times a second each; changes of state at once. A lost connection is restored and begins with snapshots.
        Its `want` changes the topics while it is followed.
        """
        return Stream(self.address, Mirror(topics, max_hz, strategy), self._headers, self._tls)

    async def _headers(self) -> dict[str, str]:
        """What a stream shows of who asks; a question before it renews the token where that is over."""
        if self._auth is None:
            return {}
        await self.status()
        return {"Authorization": f"Bearer {self._auth.token}"}

    async def _ask(self, call: Call[T], once: str | None = None) -> T:
        body = call.body.model_dump_json(exclude_defaults=True) if call.body is not None else None
        headers = {"Content-Type": "application/json", "Idempotency-Key": once or uuid4().hex} if body is not None else {}
        try:
            response = await self._http.request(call.method, call.path, content=body, params=call.query, headers=headers)
        except httpx.HTTPError as error:
            raise lost(error, self.address) from error
        self.engine = engine_of(response)
        return answered(call, response, self.address)
