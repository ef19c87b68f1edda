"""`spreads readiness`: what trading a strategy on paper has shown so far, and what it has still to show before real money."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
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
from engine.domain.errors import UserError
from engine.domain.facts.halts import Halted, Resumed
from engine.domain.facts.orders import OrderProposed, OrderUnknown
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.running import EngineStarted
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.ports import Line
from engine.runtime.clock import SystemClock
from engine.store.books import books
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategy

DECISIONS = 20
"""Fewer say little: of twenty trades that win four times in five, chance alone makes it thirteen to nineteen."""
FILLS = 10
"""Before the price of trading is known to a cent or two."""
STARTS = 2
"""A restart must have been lived through once, by day, with somebody watching."""
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
    """What trading a strategy on paper has shown, and what is missing before it may trade money. Exit code 1 when something is.

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
    checks = [*judged(shown, found.ledger, strategy), doctored(examine(settings, SystemClock().now).checks)]
    show_checks(checks, format)
    missing = sum(one.state == "fail" for one in checks)
    say(f"{name} has shown what paper can show" if not missing else f"{missing} of {len(checks)} are missing")
    return 1 if missing else 0


def judged(shown: Shown, ledger: Ledger, strategy: Strategy) -> list[Check]:
    """The checklist, from what was seen and what it adds up to."""
    orders = [order for order in ledger.orders.values() if order.proposed.position in shown.positions]
    return [
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
    for file in gathered.texts:
        found = parse_strategy(gathered.texts[file], file).value
        if found is not None and found.name == name:
            return load_strategy(Path(file))
    path = folder / f"{name}.yaml"
    if path.exists():
        return load_strategy(path)
    raise UserError(f"no strategy is called {name} in {folder}; `spreads check` lists its files")
