"""`spreads readiness`: on which rung a strategy stands, what it has shown there, and what is missing before the next."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from engine.cli.client import needs_journal
from engine.cli.doctor.check import Check, fail, ok, show_checks, warn
from engine.cli.doctor.doctor import examine
from engine.cli.folder import gather, load_strategy
from engine.cli.given import settings_of
from engine.cli.options import STATE, STRATEGIES, State, Strategies
from engine.cli.show import say
from engine.decide.risk.arms import PROVEN, proven
from engine.decide.risk.ladder import (
    BANDS,
    DAYS_RECORDED,
    RUNGS,
    SHADOWS_CLOSED,
    Band,
    measured,
    rung_of,
    why_lowered,
)
from engine.domain.errors import UserError
from engine.domain.facts.halts import Halted, Resumed
from engine.domain.facts.ladder import LadderRung
from engine.domain.facts.orders import OrderProposed, OrderUnknown
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.running import EngineStarted
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.ports import Line
from engine.runtime.clock import SystemClock
from engine.store.books import books
from engine.strategy.model import Strategy
from engine.strategy.parse import COMMON_FILE, parse_common, parse_strategies

DECISIONS = 20
"""Fewer say little: of twenty trades that win four times in five, chance alone makes it thirteen to nineteen."""
FILLS = 10
"""Before the price of trading is known to a cent or two."""
STARTS = 2
"""A restart must have been lived through once, by day, with somebody watching."""
_MEANS: dict[LadderRung, str] = {
    "record": "record: what it would open is noted once a day",
    "shadow": "shadow: what it would open is supposed to trade, and nothing is sent",
    "paper": "paper: it trades the paper account",
    "one lot": "one lot: one spread of real money at a time, under an arm",
    "live": "live: as many spreads as its file says, under an arm",
}
OURS = frozenset({"breaker", "engine"})
"""Who halts when no person does; a HALT file is a person's."""


@dataclass(slots=True)
class Shown:
    """What the journal tells of one strategy, on paper."""

    name: str
    mode: str = ""
    """Of the run that is being read."""
    decisions: int = 0
    simulated: int = 0
    """Decisions against a simulated TWS; they do not count."""
    positions: dict[str, None] = field(default_factory=dict[str, None])
    """Of this strategy, on paper."""
    rules: dict[str, str] = field(default_factory=dict[str, str])
    """The exit rule that was triggered last, by position."""
    halted_by: str = ""
    resumed: bool = False
    starts: int = 0
    unknown: int = 0

    def see(self, line: Line) -> None:
        """Take one line in."""
        match line.fact:
            case EngineStarted(mode=mode):
                self.mode = mode
                self.starts += mode == "paper"
            case OrderProposed(purpose="open", strategy=self.name) as proposed if self.mode == "paper":
                self.decisions += 1
                self.positions[proposed.position] = None
            case OrderProposed(purpose="open", strategy=self.name):
                self.simulated += 1
            case ExitTriggered(position=position, rule=rule, action=action) if position in self.positions and action != "keep":
                self.rules[position] = rule
            case Halted(by=by) if by not in OURS and self.mode == "paper":
                self.halted_by, self.resumed = by, False
            case Resumed() if self.halted_by:
                self.resumed = True
            case OrderUnknown() if self.mode == "paper":
                self.unknown += 1
            case _:
                pass


def readiness(
    name: str,
    *,
    state: State = STATE,
    strategies: Strategies = STRATEGIES,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """On which rung a strategy stands, what it has shown, and what is missing before the next. Exit code 1 when something is.

    The rungs: record, shadow, paper, one lot, live. Nobody is moved up by itself; a number out of its band moves one down.

    Parameters
    ----------
    name
        The strategy, by its name.
    format
        table or json.
    """
    needs_journal(state)
    strategy = _named(name, strategies)
    shown = Shown(name)
    found = books(state, shown.see)
    settings = settings_of({"state": state, "strategies": strategies})
    clock = SystemClock()
    now = clock.now()
    checks = [*judged(shown, found.ledger, strategy, now), doctored(examine(settings, clock.now).checks)]
    show_checks(checks, format)
    missing = sum(one.state == "fail" for one in checks)
    stands = rung_of(strategy, found.ledger, now)
    above = RUNGS[RUNGS.index(stands) + 1] if stands != RUNGS[-1] else None
    shows = f"{name} has shown what {stands} can show" + (f"; the next rung is {above}" if above else "")
    say(shows if not missing else f"{missing} of {len(checks)} are missing{f' before {above}' if above else ''}")
    return 1 if missing else 0


def judged(shown: Shown, ledger: Ledger, strategy: Strategy, at: datetime) -> list[Check]:
    """The checklist of the rung on which it stands, from what was seen and what it adds up to."""
    stands = rung_of(strategy, ledger, at)
    standing = [_rung(strategy, stands, ledger), *(_band(band, strategy, stands, ledger) for band in BANDS)]
    if stands == "record":
        return [standing[0], _recorded(strategy, ledger)]
    if stands == "shadow":
        return [*standing, _shadows(strategy, ledger)]
    if stands in {"one lot", "live"}:
        return [*standing, _proven(strategy, ledger), _stop(strategy), _unknown(ledger, shown)]
    orders = [order for order in ledger.orders.values() if order.proposed.position in shown.positions]
    return [
        *standing,
        _decisions(shown),
        _exits(shown, orders, strategy),
        _halt(shown),
        _stop(strategy),
        _slippage(orders),
        _restart(shown),
        _unknown(ledger, shown),
    ]


def doctored(checks: Iterable[Check]) -> Check:
    """Whether the doctor has nothing against trading."""
    failed = [check.name for check in checks if check.state == "fail"]
    return (
        fail("doctor", f"against it: {', '.join(failed)}", "spreads doctor") if failed else ok("doctor", "nothing would stop it")
    )


def _rung(strategy: Strategy, stands: LadderRung, ledger: Ledger) -> Check:
    lowered = ledger.ladder.lowered.get(strategy.name)
    if lowered is not None and lowered.rung == stands:
        told = f"{stands}, moved down from {lowered.before}: {why_lowered(lowered)}"
        return fail("rung", told, f"find out why, then spreads resume --strategy {strategy.name}")
    return ok("rung", _MEANS[stands])


def _band(band: Band, strategy: Strategy, stands: LadderRung, ledger: Ledger) -> Check:
    """A number that must stay where it is; too few to say is nothing against it."""
    value = measured(band, strategy.name, stands, ledger)
    if value is None:
        return ok(f"band {band.name}", f"{band.asks}: fewer than that yet; at least {band.least:.0%} is wanted")
    told = f"{band.asks}: {value:.0%}, at least {band.least:.0%} is wanted"
    return ok(f"band {band.name}", told) if value >= band.least else fail(f"band {band.name}", told, "it is moved one rung down")


def _recorded(strategy: Strategy, ledger: Ledger) -> Check:
    days = ledger.ladder.days.get(strategy.name, 0)
    told = f"an opening was noted on {days} of {DAYS_RECORDED} trading days"
    if days >= DAYS_RECORDED:
        return ok("recorded", f"{told}; write  mode: shadow")
    return fail("recorded", told, f"let it go on; `spreads why {strategy.name}` says what holds it back")


def _shadows(strategy: Strategy, ledger: Ledger) -> Check:
    closed = ledger.ladder.closed.get(strategy.name, 0)
    told = f"{closed} of {SHADOWS_CLOSED} supposed positions were seen to close, {len(ledger.ladder.open_of(strategy.name))} open"
    if closed >= SHADOWS_CLOSED:
        return ok("shadows", f"{told}; write  mode: paper")
    return fail("shadows", told, f"let it go on; `spreads why {strategy.name}` says what holds it back")


def _proven(strategy: Strategy, ledger: Ledger) -> Check:
    closed = proven(ledger, strategy.name)
    told = f"{closed} of {PROVEN} positions are closed in this account"
    if closed >= PROVEN:
        return ok("closed", f"{told}; spreads arm {strategy.name} --full")
    return fail("closed", told, f"let it go on, one spread at a time: spreads arm {strategy.name}")


def _decisions(shown: Shown) -> Check:
    simulated = f", and {shown.simulated} in simulation, which do not count" if shown.simulated else ""
    told = f"{shown.decisions} of {DECISIONS} on paper{simulated}"
    if shown.decisions >= DECISIONS:
        return ok("decisions", told)
    return fail("decisions", told, f"let it go on: spreads run --paper; `spreads why {shown.name}` says what holds it back")


def _exits(shown: Shown, orders: Iterable[Order], strategy: Strategy) -> Check:
    closed = [order.proposed.position for order in orders if order.proposed.purpose != "open" and order.filled]
    used = Counter(shown.rules[position] for position in closed if position in shown.rules)
    told = ", ".join(f"{rule} ({times})" for rule, times in used.items())
    rules = [rule.text for rule in strategy.exits if rule.action != "alert" and not rule.lets_all_expire]
    never = [rule for rule in rules if rule not in used]
    if not used:
        return fail("exits", "none has closed a position yet", "wait, or narrow one exit on paper, as  profit >= 10% of credit")
    if never:
        return warn(
            "exits", f"{told}; never yet: {', '.join(never)}", "a stop is tried with spreads sim --fault, not with the market"
        )
    return ok("exits", told)


def _halt(shown: Shown) -> Check:
    if not shown.halted_by:
        return fail(
            "halt", "no person has tried it on paper", 'spreads halt "trying it", then spreads status, then spreads resume'
        )
    if not shown.resumed:
        return fail("halt", f"halted by {shown.halted_by}, and never resumed", "spreads resume")
    return ok("halt", f"tried by {shown.halted_by}, and resumed")


def _stop(strategy: Strategy) -> Check:
    stop = strategy.limits.stop_for_day
    if stop is None:
        return fail("stop_for_day", "not set", f"in {strategy.file}, below limits:  stop_for_day: -$500")
    return ok("stop_for_day", f"set in {Path(strategy.file).name}")


def _slippage(orders: Iterable[Order]) -> Check:
    given = [
        order.proposed.limit - order.net_filled
        for order in orders
        if order.proposed.purpose == "open" and order.filled and order.net_filled is not None
    ]
    if len(given) < FILLS:
        return fail("slippage", f"{len(given)} of {FILLS} openings filled", "let it go on: spreads run --paper")
    mean = sum(given, Decimal(0)) / len(given)
    return ok("slippage", f"{len(given)} fills, ${mean:.3f} a share behind the first price, ${max(given):.2f} at the worst")


def _restart(shown: Shown) -> Check:
    if shown.starts < STARTS:
        return fail(
            "restart",
            f"{shown.starts} of {STARTS} starts on paper",
            "Ctrl-C, and spreads run --paper again, with a position open",
        )
    return ok("restart", f"{shown.starts} starts on one journal")


def _unknown(ledger: Ledger, shown: Shown) -> Check:
    left = [order.ref for order in ledger.orders.values() if order.state == "unknown"]
    if left:
        return fail("unknown orders", f"nobody knows what became of {', '.join(left)}", "spreads orders, and look in TWS")
    return ok("unknown orders", f"{shown.unknown} were, and all were found out" if shown.unknown else "none")


def _named(name: str, folder: Path) -> Strategy:
    """The strategy of this name in the folder. Raises UserError where none is."""
    if not folder.is_dir():
        raise UserError(f"no folder {folder}; name the one of your strategies with --strategies")
    (gathered,) = gather((folder,))
    shared = next((text for file, text in gathered.texts.items() if Path(file).name == COMMON_FILE), None)
    common = parse_common(shared).value if shared is not None else None
    for file in gathered.texts:
        for found in parse_strategies(gathered.texts[file], file, common).value or ():
            if found.name == name:
                return load_strategy(Path(f"{file}:{found.variant}" if found.variant else file))
    path = folder / f"{name}.yaml"
    if path.exists():
        return load_strategy(path)
    raise UserError(f"no strategy is called {name} in {folder}; `spreads check` lists its files")
