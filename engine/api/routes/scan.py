"""Searches of a client's own over the newest snapshot, and the presets of filters."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fastapi import APIRouter, HTTPException, WebSocket
from pydantic import ValidationError

from engine.api.models.base import Name
from engine.api.models.candidates import Candidate
from engine.api.models.scan import Preset, PresetsText, Scan, ScanFilters, ScanResults
from engine.api.models.words import Outcome
from engine.api.routes.answers import UNKNOWN, WRONG, unknown
from engine.api.stream.boards import Source
from engine.api.stream.hub import Hub
from engine.api.stream.session import Session
from engine.domain.errors import UserError
from engine.runtime.control import Control
from engine.runtime.scans import LOOKS_EVERY, Scans, Search, Wanted
from engine.store import presets as kept


def router(control: Control) -> APIRouter:
    """Everything under /scan and /filters."""
    routes = APIRouter(tags=["scan"])
    state = Path(control.identity.state)
    scans = Scans(control.snapshot, control.strategies_in_force, state)
    _of_scans(routes, control, scans)
    _of_presets(routes, state)
    return routes


def _of_scans(routes: APIRouter, control: Control, scans: Scans) -> None:
    @routes.post("/scan/start")
    async def start(filters: ScanFilters) -> Scan:
        """Begin a search. It changes no strategy, no data line and no order."""
        try:
            return _row(scans.start(_wanted(filters)), filters)
        except UserError as error:
            raise HTTPException(422, str(error)) from error

    @routes.delete("/scan/stop", responses=UNKNOWN)
    async def stop(scan: Name) -> Outcome:
        """End a search; it ends by itself where nobody has asked for ten minutes."""
        if not scans.stop(scan):
            _nothing(scan)
        return Outcome(done=True, text=f"stopped {scan}")

    @routes.get("/scan/status", responses=UNKNOWN)
    async def status(scan: Name) -> Scan:
        """What a search looks for and when it looked last."""
        return _told(_found(scans, scan))

    @routes.get("/scan/filters", responses=UNKNOWN)
    async def filters(scan: Name) -> ScanFilters:
        """What a search looks for."""
        return _told(_found(scans, scan)).filters

    @routes.post("/scan/filters", responses=UNKNOWN)
    async def change(scan: Name, filters: ScanFilters) -> Scan:
        """Have a search look for something else."""
        try:
            changed = scans.change(scan, _wanted(filters))
        except UserError as error:
            raise HTTPException(422, str(error)) from error
        return _told(changed) if changed is not None else _nothing(scan)

    @routes.get("/scan/results", responses=UNKNOWN)
    async def results(scan: Name) -> ScanResults:
        """What it finds in the newest snapshot; looked at no more than once a second."""
        search = _found(scans, scan)
        rows = await scans.look(search)
        looked_at = search.look.at if search.look is not None else control.now()
        found = tuple(Candidate.model_validate(row) for row in rows)
        return ScanResults(scan=scan, looked_at=looked_at, candidates=found)

    @routes.websocket("/scan/stream")
    async def stream(socket: WebSocket, scan: Name) -> None:
        """The topic `scan`: snapshots and deltas of one search, looked at again and again while somebody listens."""
        search = scans.find(scan)
        if search is None:
            await socket.close(4404, f"no search {scan}")
            return
        source = Source(Candidate, "candidate", lambda _: scans.rows(search))
        hub = Hub(control, {"scan": source}, follows=False)
        async with asyncio.TaskGroup() as both:
            looking = both.create_task(_keep_looking(scans, search, hub))
            await Session(hub, socket).run()
            looking.cancel()

    _ = (start, stop, status, filters, change, results, stream)


async def _keep_looking(scans: Scans, search: Search, hub: Hub) -> None:
    while scans.find(search.name) is not None:
        await scans.look(search)
        hub.beat()
        await asyncio.sleep(LOOKS_EVERY.total_seconds())


def _of_presets(routes: APIRouter, state: Path) -> None:
    @routes.get("/filters/presets", responses=WRONG)
    async def presets() -> list[Preset]:
        """Every preset, by name."""
        return _presets(state)

    @routes.post("/filters/presets")
    async def save(preset: Preset) -> Outcome:
        """Keep a preset; one of the same name is replaced."""
        others = [one for one in _presets(state) if one.name != preset.name]
        _keep(state, [*others, preset])
        return Outcome(done=True, text=f"kept {preset.name}")

    @routes.delete("/filters/presets/{name}", responses=UNKNOWN)
    async def remove(name: Name) -> Outcome:
        """Forget a preset."""
        known = _presets(state)
        if name not in {one.name for one in known}:
            unknown(f"no preset {name!r}; presets: {', '.join(one.name for one in known) or 'none'}")
        _keep(state, [one for one in known if one.name != name])
        return Outcome(done=True, text=f"forgot {name}")

    @routes.get("/filters/presets/export", responses=WRONG)
    async def export() -> PresetsText:
        """All presets as a file to share."""
        return PresetsText(text=kept.told([_plain(one) for one in _presets(state)]))

    @routes.post("/filters/presets/import")
    async def take(text: PresetsText) -> Outcome:
        """Take the presets of such a file; those of the same names are replaced. All of them, or none where one is wrong."""
        try:
            new = _checked(kept.taken(text.text, "the text"), "the text")
        except UserError as error:
            raise HTTPException(422, str(error)) from error
        names = {one.name for one in new}
        _keep(state, [*(one for one in _presets(state) if one.name not in names), *new])
        return Outcome(done=True, text=f"took {len(new)}: {', '.join(sorted(names))}")

    _ = (presets, save, remove, export, take)


def _presets(state: Path) -> list[Preset]:
    try:
        return sorted(_checked(kept.read(state), kept.FILE), key=lambda one: one.name)
    except UserError as error:
        raise HTTPException(422, str(error)) from error


def _checked(found: Sequence[kept.Saved], place: str) -> list[Preset]:
    presets: list[Preset] = []
    for number, one in enumerate(found, 1):
        try:
            presets.append(Preset.model_validate(one))
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise UserError(f"{place}: preset {number}, {where}: {problem['msg']}") from error
    return presets


def _keep(state: Path, presets: Sequence[Preset]) -> None:
    try:
        kept.write(state, [_plain(one) for one in sorted(presets, key=lambda one: one.name)])
    except UserError as error:
        raise HTTPException(422, str(error)) from error


def _plain(preset: Preset) -> kept.Saved:
    return preset.model_dump(mode="json", exclude_defaults=True)


def _wanted(filters: ScanFilters) -> Wanted:
    return Wanted(
        filters.strategy, filters.universe, filters.filters, filters.rules, filters.off, dict[str, object](filters.spread)
    )


def _told(search: Search) -> Scan:
    wanted = search.wanted
    filters = ScanFilters.model_validate(
        {
            "strategy": wanted.strategy,
            "universe": wanted.universe,
            "filters": wanted.filters,
            "rules": wanted.rules,
            "off": wanted.off,
            "spread": dict(wanted.spread),
        }
    )
    return _row(search, filters)


def _row(search: Search, filters: ScanFilters) -> Scan:
    whole = {**json.loads(json.dumps(search.written, default=str)), "strategy": filters.strategy, "off": filters.off}
    return Scan.model_validate({**search.row(), "filters": filters, "written": whole})


def _found(scans: Scans, name: str) -> Search:
    return scans.find(name) or _nothing(name)


def _nothing(name: str) -> NoReturn:
    unknown(f"no search {name!r} is going on; POST /v1/scan/start begins one")
