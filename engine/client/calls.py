"""Every question and every word that the API takes, as data: method, path, body, and the type of the answer.

Both clients send these, so that no path stands in two places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from engine.api.models.adoption import Adoption
from engine.api.models.approvals import Approval
from engine.api.models.arming import Arming, ArmWord
from engine.api.models.candidates import Candidate
from engine.api.models.edits import AcceptWord, HeldEdit
from engine.api.models.files import Checked, CheckWord
from engine.api.models.flatten import Flatten, FlattenWord
from engine.api.models.history import Question, Table
from engine.api.models.ideas import Ideas, ViewWord
from engine.api.models.keys import Token, TokenWord
from engine.api.models.migration import MigrateWord, Migration
from engine.api.models.orders import Execution, Order, OrderDetail, OrderPreview
from engine.api.models.plan import Plan, PlanWord
from engine.api.models.positions import ClosePreview, Position
from engine.api.models.rolls import RollPreview, RollWord
from engine.api.models.scan import Preset, PresetsText, Scan, ScanFilters, ScanResults
from engine.api.models.status import Health, Status
from engine.api.models.strategies import Strategies
from engine.api.models.why import Why
from engine.api.models.words import (
    AdoptLeg,
    AdoptWord,
    CloseWord,
    EditWord,
    LiftWord,
    Outcome,
    PickWord,
    PricedWord,
    ReleaseWord,
    Word,
)
from engine.domain.deeds import RollDeed

T = TypeVar("T")
Method = Literal["GET", "POST", "DELETE"]
Shown = Decimal | float | str | None
"""A net that a person was shown, USD per share, + received."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One question."""

    method: Method
    path: str
    answer: TypeAdapter[T]
    body: BaseModel | None = None
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    also: frozenset[int] = frozenset()
    """Statuses beside 200 that are answers of the same type."""


_STATUS, _HEALTH, _WHY = TypeAdapter(Status), TypeAdapter(Health), TypeAdapter(Why)
_CANDIDATES, _APPROVALS = TypeAdapter(tuple[Candidate, ...]), TypeAdapter(tuple[Approval, ...])
_POSITIONS, _POSITION, _CLOSE = TypeAdapter(tuple[Position, ...]), TypeAdapter(Position), TypeAdapter(ClosePreview)
_IDEAS = TypeAdapter(Ideas)
_ROLL = TypeAdapter(RollPreview)
_ORDERS, _ORDER, _EXECUTIONS = TypeAdapter(tuple[Order, ...]), TypeAdapter(OrderDetail), TypeAdapter(tuple[Execution, ...])
_ORDER_PREVIEW, _CHECKED, _TABLE = TypeAdapter(OrderPreview), TypeAdapter(Checked), TypeAdapter(Table)
_ARMING, _FLATTEN, _ADOPTION = TypeAdapter(Arming), TypeAdapter(Flatten), TypeAdapter(Adoption)
_SCAN, _RESULTS = TypeAdapter(Scan), TypeAdapter(ScanResults)
_PRESETS, _PRESETS_TEXT = TypeAdapter(tuple[Preset, ...]), TypeAdapter(PresetsText)
_TOKEN = TypeAdapter(Token)
_STRATEGIES, _OUTCOME = TypeAdapter(Strategies), TypeAdapter(Outcome)
_MIGRATION = TypeAdapter(tuple[Migration, ...])
_EDITS, _PLAN = TypeAdapter(tuple[HeldEdit, ...]), TypeAdapter(Plan)


def status() -> Call[Status]:
    return Call("GET", "/v1/status", _STATUS)


def token(key: str) -> Call[Token]:
    return Call("POST", "/v1/token", _TOKEN, TokenWord(key=key))


def health() -> Call[Health]:
    return Call("GET", "/health", _HEALTH, also=frozenset({503}))


def candidates(strategy: str | None) -> Call[tuple[Candidate, ...]]:
    return Call("GET", "/v1/candidates", _CANDIDATES, query=_told(strategy=strategy))


def approvals() -> Call[tuple[Approval, ...]]:
    return Call("GET", "/v1/approvals", _APPROVALS)


def approve(order_ref: str, by: str, reason: str, shown_net: Shown) -> Call[Outcome]:
    word = PricedWord(by=by, reason=reason, shown_net=_net(shown_net))
    return Call("POST", f"/v1/approvals/{_name(order_ref)}/approve", _OUTCOME, word)


def decline(order_ref: str, by: str, reason: str) -> Call[Outcome]:
    return Call("POST", f"/v1/approvals/{_name(order_ref)}/decline", _OUTCOME, Word(by=by, reason=reason))


def positions(only_open: bool) -> Call[tuple[Position, ...]]:
    return Call("GET", "/v1/positions", _POSITIONS, query=_told(open=only_open))


def position(name: str) -> Call[Position]:
    return Call("GET", f"/v1/positions/{_name(name)}", _POSITION)


def close_preview(name: str, side: Literal["put", "call"] | None, half: bool, short: bool) -> Call[ClosePreview]:
    return Call("GET", f"/v1/positions/{_name(name)}/close", _CLOSE, query=_told(side=side, half=half, short=short))


def close(name: str, word: CloseWord) -> Call[Outcome]:
    return Call("POST", f"/v1/positions/{_name(name)}/close", _OUTCOME, word)


def close_word(by: str, reason: str, shown_net: Shown, side: Literal["put", "call"] | None, half: bool, short: bool) -> CloseWord:
    return CloseWord(by=by, reason=reason, shown_net=_net(shown_net), side=side, half=half, short=short)


def roll_preview(name: str, what: RollDeed) -> Call[RollPreview]:
    return Call("GET", f"/v1/positions/{_name(name)}/roll", _ROLL, query=_told(what=what))


def roll(name: str, what: RollDeed, by: str, reason: str, shown_net: Shown) -> Call[Outcome]:
    word = RollWord(by=by, reason=reason, shown_net=_net(shown_net), what=what)
    return Call("POST", f"/v1/positions/{_name(name)}/roll", _OUTCOME, word)


def orders(only_working: bool) -> Call[tuple[Order, ...]]:
    return Call("GET", "/v1/orders", _ORDERS, query=_told(working=only_working))


def order(order_ref: str) -> Call[OrderDetail]:
    return Call("GET", f"/v1/orders/{_name(order_ref)}", _ORDER)


def cancel(order_ref: str, by: str, reason: str) -> Call[Outcome]:
    return Call("POST", f"/v1/orders/{_name(order_ref)}/cancel", _OUTCOME, Word(by=by, reason=reason))


def executions(limit: int) -> Call[tuple[Execution, ...]]:
    return Call("GET", "/v1/executions", _EXECUTIONS, query=_told(limit=limit))


def strategies() -> Call[Strategies]:
    return Call("GET", "/v1/strategies", _STRATEGIES)


def why(strategy: str, at: datetime | None) -> Call[Why]:
    return Call("GET", f"/v1/why/{_name(strategy)}", _WHY, query=_told(at=at.isoformat() if at else None))


def halt(by: str, reason: str) -> Call[Outcome]:
    return Call("POST", "/v1/halt", _OUTCOME, Word(by=by, reason=reason))


def resume(by: str, reason: str) -> Call[Outcome]:
    return Call("POST", "/v1/resume", _OUTCOME, Word(by=by, reason=reason))


def edit(order_ref: str, word: EditWord) -> Call[Outcome]:
    return Call("POST", f"/v1/approvals/{_name(order_ref)}/edit", _OUTCOME, word)


def modify(order_ref: str, word: EditWord) -> Call[Outcome]:
    return Call("POST", f"/v1/orders/{_name(order_ref)}/modify", _OUTCOME, word)


def edit_word(by: str, reason: str, quantity: int | None, worst: Shown) -> EditWord:
    return EditWord(by=by, reason=reason, quantity=quantity, worst=_net(worst))


def pick_word(candidate: str, by: str, reason: str, quantity: int | None, limit: Shown, shown_net: Shown) -> PickWord:
    return PickWord(candidate=candidate, by=by, reason=reason, quantity=quantity, limit=_net(limit), shown_net=_net(shown_net))


def order_preview(word: PickWord) -> Call[OrderPreview]:
    return Call("POST", "/v1/orders/preview", _ORDER_PREVIEW, word)


def execute(word: PickWord) -> Call[Outcome]:
    return Call("POST", "/v1/orders/execute", _OUTCOME, word)


def ideas(view: str, each: int, top: int) -> Call[Ideas]:
    return Call("POST", "/v1/ideas", _IDEAS, ViewWord(view=view, each=each, top=top))


def pause(strategy: str, by: str, reason: str) -> Call[Outcome]:
    return Call("POST", f"/v1/strategies/{_name(strategy)}/pause", _OUTCOME, Word(by=by, reason=reason))


def unpause(strategy: str, by: str, reason: str) -> Call[Outcome]:
    return Call("POST", f"/v1/strategies/{_name(strategy)}/resume", _OUTCOME, Word(by=by, reason=reason))


def check(text: str, file: str) -> Call[Checked]:
    return Call("POST", "/v1/strategies/check", _CHECKED, CheckWord(text=text, file=file))


def sql(text: str, limit: int, within_s: float) -> Call[Table]:
    return Call("POST", "/v1/sql", _TABLE, Question(sql=text, limit=limit, within_s=within_s))


def flattening() -> Call[Flatten]:
    return Call("GET", "/v1/flatten", _FLATTEN)


def flatten(word: FlattenWord) -> Call[Outcome]:
    return Call("POST", "/v1/flatten", _OUTCOME, word)


def stop_flattening(by: str, reason: str) -> Call[Outcome]:
    return Call("POST", "/v1/flatten/stop", _OUTCOME, Word(by=by, reason=reason))


def edits() -> Call[tuple[HeldEdit, ...]]:
    return Call("GET", "/v1/edits", _EDITS)


def plan(text: str, file: str) -> Call[Plan]:
    return Call("POST", "/v1/strategies/plan", _PLAN, PlanWord(text=text, file=file))


def plan_beside(strategy: str) -> Call[Plan]:
    return Call("GET", f"/v1/strategies/{quote(strategy, safe='')}/plan", _PLAN)


def migration(name: str) -> Call[tuple[Migration, ...]]:
    return Call("GET", "/v1/migration", _MIGRATION, query={"name": name})


def migrate(positions: Sequence[str], digest: str, by: str, reason: str) -> Call[Outcome]:
    word = MigrateWord(by=by, reason=reason, positions=tuple(positions), digest=digest)
    return Call("POST", "/v1/migration", _OUTCOME, word)


def accept_edit(file: str, digest: str, by: str, reason: str) -> Call[Outcome]:
    return Call("POST", "/v1/edits/accept", _OUTCOME, AcceptWord(by=by, reason=reason, file=file, digest=digest))


def arming(strategy: str) -> Call[Arming]:
    return Call("GET", f"/v1/strategies/{_name(strategy)}/arm", _ARMING)


def arm(strategy: str, word: ArmWord) -> Call[Outcome]:
    return Call("POST", f"/v1/strategies/{_name(strategy)}/arm", _OUTCOME, word)


def disarm(strategy: str, by: str, reason: str) -> Call[Outcome]:
    return Call("POST", f"/v1/strategies/{_name(strategy)}/disarm", _OUTCOME, Word(by=by, reason=reason))


def scan_start(filters: ScanFilters) -> Call[Scan]:
    return Call("POST", "/v1/scan/start", _SCAN, filters)


def scan_change(scan: str, filters: ScanFilters) -> Call[Scan]:
    return Call("POST", "/v1/scan/filters", _SCAN, filters, query=_told(scan=scan))


def scan_status(scan: str) -> Call[Scan]:
    return Call("GET", "/v1/scan/status", _SCAN, query=_told(scan=scan))


def scan_results(scan: str) -> Call[ScanResults]:
    return Call("GET", "/v1/scan/results", _RESULTS, query=_told(scan=scan))


def scan_stop(scan: str) -> Call[Outcome]:
    return Call("DELETE", "/v1/scan/stop", _OUTCOME, query=_told(scan=scan))


def presets() -> Call[tuple[Preset, ...]]:
    return Call("GET", "/v1/filters/presets", _PRESETS)


def save_preset(preset: Preset) -> Call[Outcome]:
    return Call("POST", "/v1/filters/presets", _OUTCOME, preset)


def remove_preset(name: str) -> Call[Outcome]:
    return Call("DELETE", f"/v1/filters/presets/{_name(name)}", _OUTCOME)


def export_presets() -> Call[PresetsText]:
    return Call("GET", "/v1/filters/presets/export", _PRESETS_TEXT)


def import_presets(text: str) -> Call[Outcome]:
    return Call("POST", "/v1/filters/presets/import", _OUTCOME, PresetsText(text=text))


def lift(name: str, by: str, reason: str, strategy: str) -> Call[Outcome]:
    return Call("POST", f"/v1/breakers/{_name(name)}/lift", _OUTCOME, LiftWord(by=by, reason=reason, strategy=strategy))


def adoption(strategy: str, legs: Sequence[int]) -> Call[Adoption]:
    return Call("GET", "/v1/adoption", _ADOPTION, query=_told(strategy=strategy or None, legs=list(legs) or None))


def adopt(strategy: str, legs: Mapping[int, int], by: str, reason: str) -> Call[Outcome]:
    seen = tuple(AdoptLeg(con_id=con_id, quantity=quantity) for con_id, quantity in legs.items())
    return Call("POST", "/v1/adoption", _OUTCOME, AdoptWord(by=by, reason=reason, strategy=strategy, legs=seen))


def release(position: str, by: str, reason: str) -> Call[Outcome]:
    return Call("POST", f"/v1/positions/{_name(position)}/release", _OUTCOME, ReleaseWord(by=by, reason=reason))


def _name(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def _net(shown: Shown) -> Decimal | None:
    """A net as the exact number that was shown."""
    return None if shown is None else Decimal(str(shown))


def _told(**query: object) -> dict[str, Any]:
    """What is not None, as text of a query."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items() if value is not None}
