"""`spreads backup`, `restore`, `upgrade` and `prune`: what is kept, proved equal, and read by the next version."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from cyclopts import Parameter

from engine.cli.client import VERSION, needs_journal, runs
from engine.cli.doctor.check import Check, fail, ok, show_checks, warn
from engine.cli.options import STATE, STRATEGIES, State, Strategies
from engine.cli.show import is_attended, is_yes, pairs, say
from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.runtime.archive import Archive
from engine.runtime.clock import SystemClock
from engine.runtime.schedule import session_of
from engine.store import backup as kept
from engine.store.backup import Manifest
from engine.store.books import Books, books
from engine.store.journal import FOLDER
from engine.store.lines import account_on_file, is_newer
from engine.store.retention import lay_aside, old_chains, remove

CHAIN_DAYS_LEAST = 30
"""A month of chains is what a search is looked back on with."""


def backup(*, to: Path | None = None, state: State = STATE, strategies: Strategies = STRATEGIES) -> None:
    """Save journal, checkpoints, chains, explanations and strategies into one file, also while an engine trades.

    No key, token, certificate or settings file is in it. `spreads restore FILE --verify` proves that it is good.

    Parameters
    ----------
    to
        The file to write; spreads-ACCOUNT-TIME.tar.gz in the current folder when not given.
    """
    needs_journal(state)
    now = SystemClock().now()
    target = to or Path(f"spreads-{account_on_file(state / FOLDER) or 'account'}-{now:%Y%m%dT%H%M%SZ}.tar.gz")
    manifest = kept.save(state, strategies, target, VERSION, now)
    print(target)
    say(f"{_told(manifest)}; copy it to another machine, and try it there: spreads restore {target.name} --verify")


def restore(
    file: Path,
    folder: Annotated[Path | None, Parameter(show_default=False)] = None,
    *,
    verify: bool = False,
) -> None:
    """Put a backup back into an empty folder, fold its journal and prove that nothing is lost or different.

    Parameters
    ----------
    file
        What `spreads backup` wrote.
    folder
        Where state/ and strategies/ are to be; it must be empty or not be there.
    verify
        Only prove it: put it into a folder that is removed again.
    """
    if not file.is_file():
        raise UserError(f"{file}: no such file; name what `spreads backup` wrote")
    if (folder is None) != verify:
        raise UserError("name a folder to restore into, or say --verify to only prove the backup")
    if folder is None:
        with TemporaryDirectory(prefix="spreads-restore-") as room:
            restored = kept.restore(file, Path(room) / "restored")
    else:
        restored = kept.restore(file, folder)
    manifest = restored.manifest
    pairs(
        [
            ("account", manifest.account),
            ("saved", f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC by version {manifest.version}"),
            ("journal", f"{manifest.seq:,} lines, each follows the one before it; the last hash is {manifest.hash}"),
            ("orders", f"{manifest.counts.orders:,} with {manifest.counts.fills:,} fills of legs"),
            ("positions", f"{manifest.counts.positions:,}, {manifest.counts.open_positions} open"),
            ("books", "equal to what was saved" if restored.is_same_code else "equal in number; another version folds otherwise"),
        ]
    )
    if folder is None:
        say("the backup is good; nothing was kept of the trial")
    else:
        say(f"next:  cd {folder}; spreads upgrade --check; spreads run")
        say("what was traded after the backup is not in it: it is shown as foreign. Never run two engines on one account")


def upgrade(*, check: bool = False, state: State = STATE, format: Literal["table", "json"] = "table") -> int:  # noqa: A002
    """Look whether this version can take over a state folder: its facts, open positions and their rules. Changes nothing.

    Run it with the new version before it is started, and after going back to an old one. Exit code 1 when it should not start.

    Parameters
    ----------
    check
        Must be said; the program itself is upgraded with pip or by another image.
    format
        table or json.
    """
    if not check:
        raise UserError("say --check; the program is upgraded with  pip install --upgrade ibkr-spreads  or by another image")
    needs_journal(state)
    found = books(state)
    checks = list(
        upgraded(
            found, state, is_running=runs(state), now=SystemClock().now(), newest=_newest(Path(), account_on_file(state / FOLDER))
        )
    )
    show_checks(checks, format)
    failed = sum(one.state == "fail" for one in checks)
    can = f"version {VERSION} can take over; start it, then  spreads status"
    say(f"{failed} of {len(checks)} speak against starting" if failed else can)
    return 1 if failed else 0


def prune(*, chain_days: int | None = None, journal: bool = False, yes: bool = False, state: State = STATE) -> int:
    """Let go of old archived chains, or lay a journal aside that is over; nothing that an open position needs.

    It shows what would go, and asks; without a terminal it needs --yes. `SPREADS_CHAIN_DAYS` does the first at every start.

    Parameters
    ----------
    chain_days
        Chains older than so many days go, except while a position lives that is older.
    journal
        Move the journal aside, so that the next start begins a new one: refused while anything is open, at the broker, or was
        sent today.
    yes
        Do it without asking.
    """
    needs_journal(state)
    now = SystemClock().now()
    if (chain_days is None) == (not journal):
        raise UserError("say what is to go: --chain-days DAYS, or --journal")
    if chain_days is not None and chain_days < CHAIN_DAYS_LEAST:
        raise UserError(f"--chain-days {chain_days}: at least {CHAIN_DAYS_LEAST}")
    if chain_days is not None:
        days = old_chains(state, books(state).ledger, trading_day(now), chain_days)
        if not days:
            say(f"nothing is older than {chain_days} days, or an open position needs it")
            return 0
        say(f"{len(days)} days, {days[0].folder.name} to {days[-1].folder.name}, {sum(day.size for day in days) / 1e6:,.1f} MB")
        if not _agreed(yes, "remove them?"):
            return 1
        remove(days)
        say("removed")
        return 0
    say("the next start begins a new journal; what the old one knows of peaks and breakers is not carried over")
    if not _agreed(yes, "lay the journal aside?"):
        return 1
    target = lay_aside(state, now)
    print(target)
    say(f"it can still be asked: spreads trades --state {target}")
    return 0


def _agreed(yes: bool, question: str) -> bool:
    if yes:
        return True
    if not is_attended():
        raise UserError("nobody is at the terminal to be asked: say --yes")
    return is_yes(f"{question} [y/N] ")


def upgraded(found: Books, state: Path, *, is_running: bool, now: datetime, newest: Manifest | None) -> Iterator[Check]:
    """What speaks for and against starting this version on these books."""
    written = found.started.version if found.started is not None else "?"
    if is_newer(written):
        way_back = f"pip install ibkr-spreads=={written}"
        if found.odd:
            yield fail("version", f"this is {VERSION}, older than {written}, which ran last", way_back)
        else:
            yield warn("version", f"this is {VERSION}, older than {written}, which ran last; it can read all of it", way_back)
    else:
        yield ok("version", f"this is {VERSION}; {written} ran last")
    if found.odd:
        yield fail(
            "facts", found.odd[0], f"start the version that wrote them, {written}: on what cannot be read nothing is opened"
        )
    else:
        yield ok("facts", f"all {found.head.seq:,} lines can be read")
    yield _rules(found, state)
    asked = [order.ref for order in found.ledger.orders.values() if order.is_at_broker and order.purpose == "open"]
    if asked:
        yield warn(
            "working orders", f"openings at the broker: {', '.join(asked)}", "stop the engine in good order: it cancels them"
        )
    else:
        yield ok("working orders", "no opening is at the broker")
    if is_running:
        yield warn("engine", "runs; two never share a folder", "stop it (Ctrl-C, systemctl stop spreads), then start the new one")
    else:
        yield ok("engine", "none runs on this folder")
    session = session_of(now)
    if session is not None and session.open <= now < session.close:
        yield warn("market", "is open: exits wait while no engine runs", "upgrade after the close")
    else:
        yield ok("market", "is closed")
    if newest is None:
        yield warn("backup", "none of this account in this folder", "spreads backup")
    elif newest.seq < found.head.seq:
        yield warn("backup", f"the newest here is {found.head.seq - newest.seq:,} lines old", "spreads backup")
    else:
        yield ok("backup", "there is one of the last line")


def _rules(found: Books, state: Path) -> Check:
    """Whether the version of a strategy that each open position keeps can still be read."""
    archive = Archive(state / "strategies")
    held = list(found.ledger.open_positions())
    lost = [one.id for one in held if archive.strategy(one.digest) is None]
    if lost:
        return fail(
            "open positions",
            f"the rules of {', '.join(lost)} cannot be read by this version",
            "go back to the version before, or close them first: spreads close POSITION",
        )
    return ok("open positions", f"{len(held)}, and the rules of each can be read")


def _newest(folder: Path, account: str | None) -> Manifest | None:
    """What the newest backup of an account in a folder says of itself; None where there is none that can be read."""
    for path in sorted(folder.glob(f"spreads-{account}-*.tar.gz"))[-1:]:
        with suppress(UserError):
            return kept.manifest_of(path)
    return None


def _told(manifest: Manifest) -> str:
    size = sum(one.size for one in manifest.files.values())
    return (
        f"{manifest.account}: {manifest.seq:,} lines, {manifest.counts.open_positions} open positions,"
        f" {len(manifest.files)} files, {size / 1e6:,.1f} MB before packing"
    )
