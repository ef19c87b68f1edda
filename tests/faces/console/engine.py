"""An engine as the console knows it: answers of the API's own models, which a test changes, and what was said to it."""

import typing
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from engine.api.models.adoption import Adoption
from engine.api.models.approvals import Approval
from engine.api.models.candidates import Candidate
from engine.api.models.history import Table
from engine.api.models.ideas import Ideas
from engine.api.models.orders import Execution, OrderDetail, OrderPreview
from engine.api.models.plan import Plan
from engine.api.models.positions import ClosePreview, Position
from engine.api.models.rolls import RollPreview
from engine.api.models.scan import Preset, Scan, ScanFilters, ScanResults
from engine.api.models.status import Status
from engine.api.models.strategies import Strategies
from engine.api.models.why import Why
from engine.api.models.words import Outcome
from engine.client.errors import NoEngine, Refused, Unknown, Wrong
from tests.faces.console.answers import (
    AT,
    adoption,
    approval,
    candidate,
    closed_positions,
    ideas,
    order,
    picked,
    plan,
    position,
    preview,
    roll_preview,
    status,
    strategies,
    why,
)

SEARCHED: dict[str, Any] = {
    "strategy": "spx_bull_put",
    "universe": ["SPX"],
    "filters": ["open_interest >= 200"],
    "rules": ["credit >= 8% of width", "pop >= 70%"],
    "spread": {"type": "bull_put", "expiry": "30-60 days", "short_delta": "0.12-0.20", "width": "$25-$50"},
}

M = TypeVar("M", bound=BaseModel)


def made(model: type[M], told: Mapping[str, Any]) -> M:
    """An answer; what a later version of the API tells beside it is absent, empty or no."""
    wanted = {name: field.annotation for name, field in model.model_fields.items() if field.is_required() and name not in told}
    return model.model_validate({**told, **{name: _nothing(kind) for name, kind in wanted.items()}})


def _nothing(kind: Any) -> Any:
    if kind in {bool, int}:
        return kind()
    return None if type(None) in typing.get_args(kind) else ()


class FakeEngine:
    """Answers what it was given, refuses where it was told to, and keeps what was said to it."""

    def __init__(self) -> None:
        self.is_there = True
        self.refusal: str | None = None
        self.said: list[tuple[Any, ...]] = []
        self.searches: list[ScanFilters] = []
        self.told_plans: Mapping[str, Mapping[str, Any]] = {"spx_bull_put": plan()}
        self.told_status: Mapping[str, Any] = status()
        self.told_candidates = [candidate(number) for number in range(3)]
        self.told_approvals = [approval()]
        self.told_positions = [position()]
        self.told_orders = [
            order(),
            order(
                "sp1-261118-0002",
                state="filled",
                filled=2,
                net_filled=8.4,
                commission_usd=2.6,
                proposed_at=AT - timedelta(days=5),
                changed_at=AT - timedelta(days=5),
                net_now=None,
                natural_now=None,
                approved_by="ada",
                reprices=1,
            ),
            order(
                "sp1-261120-0003",
                state="rejected",
                proposed_at=AT - timedelta(days=3),
                changed_at=AT - timedelta(days=3),
                net_now=None,
                why="the account has not enough margin; TWS says: insufficient funds; close or shrink something",
            ),
        ]
        self.told_trades = [position(), *closed_positions()]
        self.told_strategies = strategies()
        self.told_executions: list[dict[str, Any]] = []
        self.told_presets: list[Preset] = []

    def _hear(self) -> None:
        if not self.is_there:
            raise NoEngine("no engine answers at unix://state/engine.sock")

    def _take(self, *word: Any) -> Outcome:
        self._hear()
        self.said.append(word)
        if self.refusal is not None:
            raise Refused(self.refusal)
        return Outcome(done=True, text=f"{word[0]} done")

    async def status(self) -> Status:
        self._hear()
        return made(Status, self.told_status)

    async def candidates(self) -> tuple[Candidate, ...]:
        self._hear()
        return tuple(made(Candidate, one) for one in self.told_candidates)

    async def approvals(self) -> tuple[Approval, ...]:
        self._hear()
        return tuple(made(Approval, one) for one in self.told_approvals)

    async def positions(self, *, only_open: bool = False) -> tuple[Position, ...]:
        self._hear()
        return tuple(made(Position, one) for one in (self.told_positions if only_open else self.told_trades))

    async def orders(self) -> tuple[Any, ...]:
        self._hear()
        return tuple(self._detail(one) for one in self.told_orders)

    def _detail(self, one: dict[str, Any]) -> OrderDetail:
        steps = [{"at": one["proposed_at"], "kind": "OrderProposed", "text": "proposed: 2 at 8.45, never below 7.95"}]
        return made(OrderDetail, one | {"timeline": steps, "timeline_is_whole": True})

    async def order(self, ref: str) -> OrderDetail:
        self._hear()
        found = next((one for one in self.told_orders if one["order_ref"] == ref), None)
        if found is None:
            raise Unknown(f"no order {ref}")
        return self._detail(found)

    async def executions(self, limit: int) -> tuple[Execution, ...]:
        self._hear()
        return tuple(made(Execution, one) for one in self.told_executions[:limit])

    async def strategies(self) -> Strategies:
        self._hear()
        return made(Strategies, self.told_strategies)

    async def why(self, strategy: str) -> Why:
        self._hear()
        return made(Why, why() | {"strategy": strategy})

    async def plan_beside(self, strategy: str) -> Plan:
        self._hear()
        if strategy not in self.told_plans:
            raise Unknown(f"what runs of {strategy} is what its file says, and no draft lies beside it")
        return made(Plan, self.told_plans[strategy])

    async def close_preview(self, name: str, **portion: Any) -> ClosePreview:
        self._hear()
        return made(ClosePreview, preview())

    async def ideas(self, view: str) -> Ideas:
        self._hear()
        self.said.append(("ideas", view))
        if "SPX" not in view:
            raise Wrong("no view of a price: say it as in SPX within 2% by 18 Dec")
        return made(Ideas, ideas())

    async def roll_preview(self, name: str, *, what: str) -> RollPreview:
        self._hear()
        return made(RollPreview, roll_preview(what))

    async def roll(self, name: str, net: float | None, *, what: str, by: str) -> Outcome:
        return self._take("roll", name, net, what, by)

    async def adoption(self, strategy: str = "", legs: Sequence[int] = ()) -> Adoption:
        self._hear()
        return made(Adoption, adoption(legs, strategy))

    async def adopt(self, strategy: str, legs: Mapping[int, int], reason: str, *, by: str) -> Outcome:
        return self._take("adopt", strategy, dict(legs), reason, by)

    async def release(self, name: str, reason: str, *, by: str) -> Outcome:
        return self._take("release", name, reason, by)

    async def presets(self) -> tuple[Preset, ...]:
        self._hear()
        return tuple(self.told_presets)

    async def save_preset(self, preset: Preset) -> Outcome:
        self.told_presets.append(preset)
        return self._take("save_preset", preset.name)

    async def remove_preset(self, name: str) -> Outcome:
        self.told_presets = [one for one in self.told_presets if one.name != name]
        return self._take("remove_preset", name)

    async def approve(self, ref: str, net: float | None, *, by: str) -> Outcome:
        return self._take("approve", ref, net, by)

    async def decline(self, ref: str, reason: str, *, by: str) -> Outcome:
        return self._take("decline", ref, reason, by)

    async def close(self, name: str, net: float | None, *, side: str | None, half: bool, short: bool, by: str) -> Outcome:
        return self._take("close", name, net, side, half, short, by)

    async def cancel(self, ref: str, reason: str, *, by: str) -> Outcome:
        return self._take("cancel", ref, reason, by)

    async def order_preview(self, candidate: str, *, quantity: int | None) -> OrderPreview:
        self._hear()
        return made(OrderPreview, picked(candidate, quantity))

    async def execute(self, candidate: str, net: float | None, *, quantity: int | None, by: str) -> Outcome:
        return self._take("execute", candidate, net, quantity, by)

    async def edit(self, ref: str, *, quantity: int | None, worst: Decimal | None, by: str) -> Outcome:
        return self._take("edit", ref, quantity, worst, by)

    async def modify(self, ref: str, worst: Decimal | None, *, by: str) -> Outcome:
        return self._take("modify", ref, worst, by)

    async def scan_start(self, filters: ScanFilters) -> Scan:
        self._hear()
        self.searches.append(filters)
        return self._scan(filters)

    async def scan_change(self, scan: str, filters: ScanFilters) -> Scan:
        self._hear()
        if any("nonsense" in line for line in filters.rules or ()):
            raise Wrong("scan.yaml:9:7: no measure 'nonsense'")
        self.searches.append(filters)
        return self._scan(filters)

    async def scan_results(self, scan: str) -> ScanResults:
        self._hear()
        asked = self.searches[-1]
        found = self.told_candidates[: 2 + len(asked.off)]
        return made(ScanResults, {"scan": scan, "looked_at": AT, "candidates": [made(Candidate, one) for one in found]})

    async def scan_stop(self, scan: str) -> Outcome:
        return self._take("scan_stop", scan)

    def _scan(self, filters: ScanFilters) -> Scan:
        written = SEARCHED | {"off": filters.off} | ({"rules": filters.rules} if filters.rules is not None else {})
        return made(Scan, {"scan": "4f2a91c0", "filters": filters, "written": written, "started_at": AT})

    async def pause(self, strategy: str, reason: str, *, by: str) -> Outcome:
        return self._take("pause", strategy, reason, by)

    async def unpause(self, strategy: str, *, by: str) -> Outcome:
        return self._take("unpause", strategy, by)

    async def sql(self, text: str) -> Table:
        self._hear()
        if "nonsense" in text:
            raise Wrong("the query was refused: syntax error at or near nonsense")
        self.said.append(("sql", text))
        rows = (("spx_bull_put", 4, 49.2), ("spy_condor", 0, None))
        return Table(columns=("strategy", "trades", "pnl"), types=("VARCHAR",) * 3, rows=rows, is_cut=False, took_ms=3.2)

    async def halt(self, reason: str, *, by: str) -> Outcome:
        return self._take("halt", reason, by)

    async def resume(self, reason: str, *, by: str) -> Outcome:
        return self._take("resume", reason, by)
