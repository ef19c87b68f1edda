"""What the machine and the folders say: disk, rights, strategies, events, calendar."""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.cli.compiling import compile_problems
from engine.cli.doctor.check import Check, fail, ok, warn
from engine.cli.folder import Gathered, gather
from engine.cli.horizon import outdated
from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.ports import ContractList
from engine.runtime.schedule import calendar_around
from engine.store.contracts import FOLDER as CONTRACTS_FOLDER
from engine.store.contracts import told as kept_lists
from engine.store.folder import no_folder
from engine.strategy.model import Strategy
from engine.strategy.parse import COMMON_FILE, check_files, parse_common, parse_strategies

DISK_NEEDED, DISK_WARNED = 200 * 1024 * 1024, 2 * 1024 * 1024 * 1024
"""Bytes: below the first a trading day with its chains may not fit any more; the second lasts for months."""
CALENDAR_WARNED = timedelta(days=180)


def disk(state: Path) -> Check:
    """Whether the state folder's disk has room."""
    place = next(path for path in (state, *state.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    told = f"{free / 1024**3:,.1f} GB free"
    mend = "make room: spreads prune --chain-days 90; or name a folder on another disk: SPREADS_STATE"
    if free < DISK_NEEDED:
        return fail("disk", told, mend)
    return warn("disk", told, mend) if free < DISK_WARNED else ok("disk", told)


def contracts(state: Path, symbols: Sequence[str], now: datetime) -> Check:
    """How old what is kept of the contracts of these underlyings is: a start with those of today asks TWS little."""
    name, kept = "contracts", dict(kept_lists(state))
    broken = [symbol for symbol, found in kept.items() if found is None]
    if broken:
        return warn(
            name, f"what is kept of {', '.join(broken)} cannot be used; TWS is asked for it", f"rm -r {state / CONTRACTS_FOLDER}"
        )
    told = [_kept_of(symbol, kept.get(symbol), now) for symbol in symbols]
    return ok(name, "; ".join(told) or "nothing is traded yet")


def _kept_of(symbol: str, found: ContractList | None, now: datetime) -> str:
    if found is None:
        return f"{symbol}: none kept, asked for at the start"
    hours = (now - found.told_at).total_seconds() / 3600
    asked = "used at a start" if found.told_at.date() == now.astimezone(UTC).date() else "of another day, asked anew at the start"
    return f"{symbol}: {sum(1 for _ in found.contracts()):,}, {hours:.1f} h old, {asked}"


def rights(state: Path) -> Check:
    """Whether the state folder can be written by this user, and read by nobody else."""
    name = "state folder"
    try:
        if not state.exists() and not state.is_symlink():
            parent = next(path for path in state.absolute().parents if path.exists())
            if os.access(parent, os.W_OK | os.X_OK):
                return ok(name, f"{state} will be made at the first start")
            return fail(
                name, f"{state} is not there and cannot be made in {parent}", "name another one: SPREADS_STATE, or --state"
            )
        if (wrong := no_folder(state)) is not None:
            return fail(name, f"{state}: {wrong}", "name a folder: SPREADS_STATE, or --state")
        found = state.stat()
    except PermissionError:
        return fail(name, f"{state} may not be looked at by you", "run as the user who runs the engine")
    if not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        return fail(name, f"{state} cannot be read and written by you", f"sudo chown -R $USER {state}; chmod 700 {state}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        told = f"{state} may be entered by others ({stat.S_IMODE(found.st_mode):o}): who can reach the socket in it can trade"
        return fail(name, told, f"chmod 700 {state}")
    return ok(name, f"{state}, yours alone")


def files(strategies: Path, now: datetime) -> tuple[list[Check], list[Strategy]]:
    """Checks of the strategies and of events.yaml, and the strategies that can be read."""
    if not strategies.is_dir():
        return [fail("strategies", f"no folder {strategies}", "spreads init")], []
    try:
        (gathered,) = gather((strategies,))
    except ValueError:
        return [fail("strategies", f"{strategies} cannot be looked through", "spreads check")], []
    problems = [*gathered.problems, *(found for found in check_files(gathered.texts) if found.file in gathered.asked)]
    errors = [problem for problem in problems if problem.severity == "error"]
    read = list(_read(gathered))
    enabled = [strategy for strategy in read if strategy.enabled]
    if errors:
        first = f"{errors[0].file}: {errors[0].message}"
        return [fail("strategies", f"{len(errors)} errors, the first: {first}", f"spreads check {strategies}")], read
    compiled = [problem for problem in compile_problems(gathered) if problem.severity == "error"]
    if compiled:
        return [fail("strategies", compiled[0].message, f"spreads check {strategies}")], read
    if not enabled:
        return [fail("strategies", f"none in {strategies} is enabled", "spreads new NAME, or enabled: true in a file")], read
    warnings = len(problems)
    told = f"{len(enabled)} enabled: {', '.join(strategy.name for strategy in enabled)}"
    checks = [
        warn("strategies", f"{told}; {warnings} warnings", f"spreads check {strategies}") if warnings else ok("strategies", told)
    ]
    notices = list(outdated(gathered.texts, trading_day(now)))
    checks += [warn("events.yaml", notice, f"edit {strategies / 'events.yaml'}") for notice in notices]
    if not notices:
        checks.append(ok("events.yaml", "reaches far enough for what the strategies ask"))
    return checks, read


def calendar(now: datetime) -> Check:
    """How far the exchange's calendar reaches."""
    last = calendar_around(now).sessions[-1].day
    if last - trading_day(now) < CALENDAR_WARNED:
        return warn("exchange calendar", f"known to {last}", "pip install --upgrade exchange-calendars")
    return ok("exchange calendar", f"known to {last}")


def underlyings(strategies: Sequence[Strategy]) -> tuple[str, ...]:
    """What the enabled strategies trade, in the order of their files."""
    return tuple(dict.fromkeys(symbol for strategy in strategies if strategy.enabled for symbol in strategy.universe))


def _read(gathered: Gathered) -> Iterator[Strategy]:
    by_name = {Path(file).name: text for file, text in gathered.texts.items()}
    common = parse_common(by_name[COMMON_FILE]).value if COMMON_FILE in by_name else None
    for file, text in gathered.texts.items():
        if Path(file).name not in {COMMON_FILE, "account.yaml", "events.yaml"}:
            try:
                found = parse_strategies(text, file, common).value
            except UserError:
                continue
            yield from found or ()
