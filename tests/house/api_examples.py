"""Records engine/api/examples.json: one question of every endpoint to an engine on the bench, and what it answered.

`make docs` runs it; a test asks again and holds what is committed against it.
"""

import asyncio
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.api.access.roles import RULES
from engine.domain.facts.files import StrategyLoaded
from engine.domain.facts.halts import BreakerTripped
from engine.runtime.held_edits import HeldEdit
from tests import given
from tests.shell.api.test_access import Port
from tests.shell.runtime.bench import MANUAL
from tests.shell.runtime.serving import REF
from tests.shell.runtime.test_adoption import theirs

PAGE = Path(__file__).parents[2] / "engine" / "api" / "examples.json"
STREAMS = ("/v1/stream", "/v1/scan/stream")
DRAWN = {
    "token": "eyJhbGciOiJIUzI1NiJ9…",
    "key": "spreads_1a2b3c4d_…",
    "scan": "4f2a91c0",
    "id": "1a2b3c4d",
    "took_ms": 1.5,
    "beats": 6,
}
"""What is drawn or measured anew each time, and what stands in its place."""
ROWS_SHOWN, DIGITS = 2, 6


class Recorder:
    """Asks, and keeps what was asked and answered."""

    def __init__(self, port: Port, token: str) -> None:
        self.port, self.token = port, token
        self.found: dict[str, dict[str, Any]] = {}
        self.masks: dict[str, str] = {str(port.folder): "state"}

    async def ask(self, method: str, template: str, body: object = None, **places: str) -> Any:
        query = {name: value for name, value in places.items() if f"{{{name}}}" not in template}
        path = template.format(**places) + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")
        key = {"Idempotency_Key": path}
        told = await self.port.ask_while_beating(method, path, self.token, body, **key)
        is_text = not told.headers["content-type"].startswith("application/json")
        answer = told.text.splitlines()[:3] if is_text else told.json()
        self.found[f"{method} {template}"] = {"body": body, "status": told.status_code, "answer": answer}
        return answer

    def masked(self) -> dict[str, dict[str, Any]]:
        return {name: self._masked(self.found[name], "") for name in sorted(self.found)}

    def _masked(self, value: Any, name: str) -> Any:
        match value:
            case dict():
                return {key: self._masked(part, key) for key, part in value.items()}
            case list():
                return [self._masked(part, "") for part in value[:ROWS_SHOWN]]
            case str() | float() | int() if name in DRAWN and not isinstance(value, bool):
                return DRAWN[name]
            case float():
                return round(value, DIGITS) + 0.0
            case str():
                for drawn, shown in self.masks.items():
                    value = value.replace(drawn, shown)
                return value
            case _:
                return value


async def story(port: Port) -> dict[str, dict[str, Any]]:
    """A morning on which everything is asked once."""
    engine, clock = port.bench.engine, port.bench.clock
    port.bench.broker.habits.fill = "at_once"
    (port.folder / "journal").mkdir()
    (port.folder / "strategies").mkdir()
    (port.folder / "strategies" / f"{MANUAL.digest}.yaml").write_text(given.strategy_text())
    engine.record(StrategyLoaded("puts", "strategies/puts.yaml", MANUAL.digest), clock.at)
    admin = port.key("admin", "ada")
    (port.folder / "strategies" / "puts.yaml").write_text(given.strategy_text().replace("$900", "$1,900"))
    waits = HeldEdit("strategies/puts.yaml", "b" * 64, ("sizing.risk was $900, is $1,900",))
    port.edits.holds(waits, loosens=True, affects=True)
    assert len(list(port.edits.settle())) == 1
    to = Recorder(port, await port.token(admin))
    to.masks[admin] = str(DRAWN["key"])
    await _reads(to)
    await _trades(to)
    await _stops(to)
    await _searches(to)
    await _adopts(to)
    await to.ask("POST", "/v1/token", {"key": admin})
    await to.ask("GET", "/v1/keys")
    await to.ask("DELETE", "/v1/keys/{key}", key="ada")
    return to.masked()


async def _reads(to: Recorder) -> None:
    for rule in RULES:
        if rule.method == "GET" and "{" not in rule.path and "/scan/" not in rule.path and rule.path not in STREAMS:
            if rule.path.endswith("api.json"):
                to.found[f"GET {rule.path}"] = {"body": None, "status": 200, "answer": {"info": {"title": "spreads"}}}
            elif rule.path not in {"/v1/executions", "/v1/positions", "/v1/keys"}:
                await to.ask("GET", rule.path)
    await to.ask("GET", "/v1/why/{strategy}", strategy="puts")
    await to.ask("GET", "/v1/orders/{order_ref}", order_ref=REF)
    await to.ask("GET", "/v1/strategies/{strategy}/arm", strategy="puts")
    await to.ask("POST", "/v1/ideas", {"view": "SPY 3% to 5% higher by 18 Dec, 70% sure", "top": 2})
    await to.ask("POST", "/v1/strategies/check", {"text": given.strategy_text(), "file": "puts.yaml"})
    await to.ask("POST", "/v1/strategies/plan", {"text": given.strategy_text().replace("$900", "$400"), "file": "puts.yaml"})
    await to.ask("GET", "/v1/strategies/{strategy}/plan", strategy="puts")
    await to.ask("POST", "/v1/sql", {"sql": "SELECT strategy, sum(realised) AS realised FROM trades GROUP BY strategy"})


async def _adopts(to: Recorder) -> None:
    """Somebody has opened a spread in TWS, and gives it to the engine."""
    bench, (short, long) = to.port.bench, (leg.contract for leg in given.spread("bull_put", 565, 560).legs)
    bench.broker.foreign = (theirs(short, -1), theirs(long, 1, "120"))
    await bench.beats(2, seconds=70)
    legs = [{"con_id": short.con_id, "quantity": -1}, {"con_id": long.con_id, "quantity": 1}]
    await to.ask("GET", "/v1/adoption", strategy="puts", legs=f"{short.con_id}&legs={long.con_id}")
    await to.ask("POST", "/v1/adoption", {"strategy": "puts", "legs": legs, "reason": "opened by hand"})


async def _trades(to: Recorder) -> None:
    bench, ref = to.port.bench, {"order_ref": REF}
    await to.ask("POST", "/v1/approvals/{order_ref}/edit", {"quantity": 1, "reason": "half"}, **ref)
    await to.ask("POST", "/v1/approvals/{order_ref}/approve", {}, **ref)
    await bench.until(lambda: bench.ledger.positions.get(REF) is not None)
    for path in ("/v1/executions", "/v1/positions"):
        await to.ask("GET", path)
    await to.ask("GET", "/v1/positions/{position}", position=REF)
    await to.ask("GET", "/v1/migration", name=REF)
    await to.ask("POST", "/v1/migration", {"positions": [REF], "digest": MANUAL.digest, "reason": "the new stop for all"})
    shown = await to.ask("GET", "/v1/positions/{position}/close", position=REF)
    await to.ask("GET", "/v1/positions/{position}/roll", position=REF)
    await to.ask("POST", "/v1/positions/{position}/roll", {"what": "roll", "reason": "more time"}, position=REF)
    await to.ask("POST", "/v1/orders/{order_ref}/modify", {"worst": "1.50"}, **ref)
    await to.ask("POST", "/v1/orders/{order_ref}/cancel", {"reason": "changed my mind"}, **ref)
    await to.ask("POST", "/v1/positions/{position}/close", {"shown_net": str(shown["mid"])}, position=REF)
    await bench.until(lambda: not bench.ledger.positions[REF].is_open)
    await to.ask("POST", "/v1/positions/{position}/release", {"reason": "closed by hand"}, position=REF)
    await to.ask("POST", "/v1/approvals/{order_ref}/decline", {"reason": "too near"}, **ref)
    candidate = to.found["GET /v1/candidates"]["answer"][0]["candidate"]
    await to.ask("POST", "/v1/orders/preview", {"candidate": candidate, "quantity": 1})
    await to.ask("POST", "/v1/orders/execute", {"candidate": candidate, "quantity": 1, "reason": "looks good"})


async def _stops(to: Recorder) -> None:
    bench = to.port.bench
    trip = BreakerTripped("breaker_week", "", Decimal(-5200), Decimal(-5000), "person", bench.clock.at.date())
    bench.engine.record(trip, bench.clock.at)
    await to.ask("POST", "/v1/breakers/{name}/lift", {"reason": "hedged by hand"}, name="breaker_week")
    accepted = {"file": "strategies/puts.yaml", "digest": "b" * 64, "reason": "as planned"}
    await to.ask("POST", "/v1/edits/accept", accepted)
    await to.ask("POST", "/v1/strategies/{strategy}/pause", {"reason": "CPI tomorrow"}, strategy="puts")
    await bench.beats(1)
    await to.ask("POST", "/v1/strategies/{strategy}/resume", {}, strategy="puts")
    await to.ask("POST", "/v1/halt", {"reason": "lunch"})
    await bench.beats(1)
    await to.ask("POST", "/v1/resume", {})
    await to.ask("POST", "/v1/flatten", {"account": "4567", "positions": 2, "reason": "I am leaving"})
    await to.ask("POST", "/v1/flatten/stop", {})
    arm = {"account": "7890", "risk_usd": "2000", "days": 30, "reason": "ready"}
    await to.ask("POST", "/v1/strategies/{strategy}/arm", arm, strategy="puts")
    await to.ask("POST", "/v1/strategies/{strategy}/disarm", {}, strategy="puts")


async def _searches(to: Recorder) -> None:
    filters = {"strategy": "puts", "rules": ["credit >= 15% of width"], "spread": {"keep": 20}}
    scan = (await to.ask("POST", "/v1/scan/start", filters))["scan"]
    to.masks[scan] = str(DRAWN["scan"])
    await to.ask("POST", "/v1/scan/filters", {**filters, "off": ["credit >= 15% of width"]}, scan=scan)
    for name in ("results", "status", "filters"):
        await to.ask("GET", f"/v1/scan/{name}", scan=scan)
    await to.ask("DELETE", "/v1/scan/stop", scan=scan)
    await to.ask("POST", "/v1/filters/presets", {"name": "income", "line": "sym=SPX credit>5", "filters": filters})
    text = (await to.ask("GET", "/v1/filters/presets/export"))["text"]
    await to.ask("GET", "/v1/filters/presets")
    await to.ask("POST", "/v1/filters/presets/import", {"text": text})
    await to.ask("DELETE", "/v1/filters/presets/{name}", name="income")


def recorded() -> str:
    """The text of examples.json."""

    async def run(folder: Path) -> dict[str, dict[str, Any]]:
        port = Port(folder)
        await port.bench.start()
        await port.bench.until(lambda: bool(port.bench.ledger.orders) and port.bench.order().asked is not None)
        async with port.client:
            return await story(port)

    with tempfile.TemporaryDirectory() as folder:
        return json.dumps(asyncio.run(run(Path(folder))), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(recorded(), encoding="utf-8")
