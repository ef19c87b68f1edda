"""Facts as a trader would tell them, one line each, in New York time."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from engine import words
from engine.cli.money import dollars, money
from engine.cli.rungs import of_ladder
from engine.domain.facts.account import Reconciled
from engine.domain.facts.files import (
    EditAccepted,
    EditHeld,
    SharedFileLoaded,
    StrategyArmed,
    StrategyDisarmed,
    StrategyLoaded,
    StrategyRefused,
    StrategyRemoved,
)
from engine.domain.facts.halts import (
    BreakerLifted,
    BreakerTripped,
    FlattenBegan,
    FlattenEnded,
    Halted,
    OpeningsPaused,
    OpeningsResumed,
    Resumed,
)
from engine.domain.facts.ladder import NotedClosed, OpeningNoted, RungLowered
from engine.domain.facts.orders import (
    ApprovalAsked,
    CancelRequested,
    LegFilled,
    OrderAbsent,
    OrderApproved,
    OrderCanceled,
    OrderDeclined,
    OrderDenied,
    OrderExpired,
    OrderPreviewed,
    OrderProposed,
    OrderRejected,
    OrderRepriced,
    OrderSent,
    OrderTightened,
    OrderUnknown,
)
from engine.domain.facts.positions import (
    ExitBlocked,
    ExitFreed,
    ExitTriggered,
    LegsExpired,
    OptionsExercised,
    PositionAdopted,
    PositionMigrated,
    PositionReleased,
    PositionSettled,
)
from engine.domain.facts.running import (
    EngineStarted,
    ErrorHeard,
    FactRefused,
    GuardianTookOver,
    LinkChanged,
    LoginReminded,
    LookMissed,
    RequestsRested,
    RestartTold,
)
from engine.domain.facts.searches import EntryDenied
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK
from engine.strategy.changes import direction_of
from engine.strategy.measures.index import declared_in
from engine.strategy.units import WEEKDAYS, Unit

INDENT = " " * 24
"""Where the text of a narrated line begins, behind its time and its word."""


class Narrator:
    """An observer of the engine that tells what a person would want to hear; everything else is in the journal."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.ledger: Ledger | None = None
        self._tell = tell
        self._blocked: dict[str, tuple[str, str]] = {}
        """What was told of a blocked exit, by position: each new try is in the journal, and no news."""

    def saw(self, fact: Fact, at: datetime) -> None:
        """Tell a fact, if it is worth a line."""
        text = self._sentence(fact)
        if text is not None:
            self._tell(f"{clock(at)}  {text}")

    def _sentence(self, fact: Fact) -> str | None:
        match fact:
            case EngineStarted():
                return f"engine {fact.version} started in mode {fact.mode}"
            case StrategyLoaded():
                return f"{_reload(fact)}{fact.strategy} from {fact.file}{_changes(fact)}"
            case StrategyRefused():
                return f"refused   {fact.file}; what was in force before stays in force\n{fact.problems}"
            case EditHeld():
                return f"WAITS     {fact.file} for a yes, `spreads accept` tells more: {'; '.join(fact.changes)}"
            case EditAccepted():
                return f"accepted  the edit of {fact.file} by {fact.by}{f': {fact.reason}' if fact.reason else ''}"
            case StrategyRemoved():
                return f"removed   {fact.strategy}: no new entries, exits go on"
            case SharedFileLoaded():
                return f"{_reload(fact)}{fact.file}{'' if fact.digest else ' is gone, its defaults hold'}{_changes(fact)}"
            case BreakerTripped():
                until = "the next session" if fact.lifts == "next session" else "a person lifts it"
                whose = f"{fact.strategy} " if fact.strategy else ""
                return f"TRIPPED   {whose}{fact.name}: {dollars(fact.value)} at a bound of {dollars(fact.bound)}, until {until}"
            case BreakerLifted():
                return f"lifted    {f'{fact.strategy} ' if fact.strategy else ''}{fact.name} by {fact.by}: {fact.reason}"
            case StrategyArmed():
                until, lots = (
                    f"{fact.expires_at:%Y-%m-%d %H:%M} UTC",
                    "one spread at a time" if fact.rung == "one lot" else "its own size",
                )
                return f"ARMED     {fact.strategy} by {fact.by} until {until}: {lots}, {dollars(fact.risk_usd)} a day"
            case OpeningNoted() | NotedClosed() | RungLowered():
                return of_ladder(fact)
            case StrategyDisarmed():
                return f"disarmed  {fact.strategy} by {fact.by}: {fact.reason}"
            case LinkChanged():
                return f"link      {words.link(fact.state)}: {fact.text}"
            case LookMissed():
                return f"NOBODY    {fact.text}"
            case LoginReminded():
                return f"LOGIN     {fact.text}"
            case RestartTold():
                return f"restart   of TWS {fact.phase}: {fact.text}"
            case GuardianTookOver():
                return f"GUARDIAN  {fact.silent_s} s without a sign of life of the engine; {fact.ended}; held: {fact.held}"
            case FlattenBegan():
                return f"FLATTEN   by {fact.by}: {fact.positions} open; every position of the engine is being closed"
            case FlattenEnded():
                return f"flatten   ended by {fact.by}: {fact.reason}"
            case Halted():
                return f"HALTED    by {fact.by}: {fact.reason}"
            case Resumed():
                return f"resumed   by {fact.by}"
            case OpeningsPaused():
                return f"paused    {fact.strategy} by {fact.by}{f': {fact.reason}' if fact.reason else ''}; its exits go on"
            case OpeningsResumed():
                return f"resumed   {fact.strategy} by {fact.by}"
            case Reconciled(differences=differences, foreign=foreign):
                if differences:
                    return "reconcile " + "; ".join(differences)
                return "reconcile our books agree with the broker's" + (f"; not ours: {', '.join(foreign)}" if foreign else "")
            case EntryDenied():
                return f"denied    {fact.strategy}: {fact.spread}: {fact.obstacle}"
            case ExitTriggered():
                word = {"alert": "alert   ", "keep": "kept    "}.get(fact.action, "exit    ")
                why = f": {fact.text}" if fact.text else ""
                return f"{word}  {self._name(fact.position)}: {fact.rule}{measures(fact.values)}{why}"
            case ExitBlocked():
                if self._blocked.get(fact.position) == (fact.rule, fact.obstacle):
                    return None
                self._blocked[fact.position] = (fact.rule, fact.obstacle)
                again = f"tried again by {clock(fact.again_at)}"
                return f"BLOCKED   {self._name(fact.position)}: {fact.rule}: {fact.obstacle}: {fact.text}; {again}"
            case ExitFreed():
                self._blocked.pop(fact.position, None)
                return f"freed     {self._name(fact.position)}: {fact.rule}: {fact.text}"
            case LegsExpired():
                return f"expired   of {fact.position}: {fact.reason}; the rest goes on"
            case OptionsExercised():
                return f"EXERCISED of {fact.position}: {fact.reason}; they are sold or bought back in the hours for closing"
            case PositionAdopted():
                exits = f"the exits of {fact.strategy}" if fact.strategy else "no exits but the guard before its expiry"
                return f"adopted   {fact.quantity} × {fact.spread} as {fact.order_ref} by {fact.by}, {exits}: {fact.reason}"
            case PositionReleased():
                return f"released  {fact.position} by {fact.by}: {fact.reason}"
            case PositionMigrated():
                return f"migrated  {fact.position} to the rules {fact.digest[:12]} by {fact.by}" + (
                    f": {fact.reason}" if fact.reason else ""
                )
            case PositionSettled():
                return f"settled   {fact.position} at {money(fact.value)}: {fact.reason}"
            case RequestsRested():
                return f"{'REQUESTS' if fact.until else 'requests'}  {fact.text}"
            case FactRefused() | ErrorHeard():
                return f"broker    {fact.text}"
            case _:
                return self._order(fact)

    def _order(self, fact: Fact) -> str | None:
        match fact:
            case OrderProposed():
                bound = "below" if fact.worst > 0 else "above"
                prices = f"at {money(fact.limit)}, not {bound} {money(fact.worst)}"
                return f"propose   {fact.purpose} {fact.quantity} × {fact.spread} {prices}  ({fact.reason})"
            case OrderPreviewed():
                change = fact.initial_margin_change
                margin = "" if change is None else f", initial margin {dollars(change, signed=True)}"
                return f"preview   {fact.outcome}{margin}" + (f": {fact.text}" if fact.text else "")
            case ApprovalAsked():
                return self._asked(fact)
            case OrderApproved():
                return f"approved  by {fact.by} at {money(fact.limit)}"
            case OrderSent():
                return f"sent      {fact.order_ref} at {money(fact.limit)}"
            case OrderRepriced():
                return f"repriced  {fact.order_ref} to {money(fact.limit)}, step {fact.step}"
            case LegFilled():
                return self._filled(fact)
            case CancelRequested(reason=reason):
                return f"cancel    {fact.order_ref}: {reason}"
            case OrderDenied():
                return f"denied    {fact.order_ref}: {fact.obstacle}{self._without(fact.order_ref)}"
            case OrderTightened():
                return f"safer     {fact.order_ref} by {fact.by}: {fact.quantity}, never below {fact.worst}"
            case OrderDeclined():
                return f"declined  {fact.order_ref} by {fact.by}" + (f": {fact.reason}" if fact.reason else "")
            case OrderExpired():
                return f"expired   {fact.order_ref}: {fact.reason}{self._without(fact.order_ref)}"
            case OrderCanceled():
                return f"canceled  {fact.order_ref}: {fact.reason}{self._without(fact.order_ref)}"
            case OrderRejected():
                return f"rejected  {fact.order_ref}: {fact.code} {fact.text}"
            case OrderUnknown():
                return f"unknown   {fact.order_ref}: {fact.reason}; asking the broker"
            case OrderAbsent():
                return f"absent    {fact.order_ref}: the broker knows nothing of it"
            case _:
                return None

    def _asked(self, fact: ApprovalAsked) -> str:
        """What a person needs for a yes: which order, for how much, what it can cost, until when."""
        order = self.ledger.orders.get(fact.order_ref) if self.ledger else None
        until = f"until {fact.expires_at.astimezone(NEW_YORK):%H:%M:%S} ({fact.reason})"
        if order is None:
            return f"approve?  {fact.order_ref} at {money(fact.shown_net)} {until}"
        risk = f"at risk {dollars(order.max_loss)}"
        return f"approve?  {fact.order_ref}: {order.quantity} × {order.spread} at {money(fact.shown_net)}, {risk}, {until}"

    def _name(self, position: str) -> str:
        """A position as its spread, where it is known."""
        known = self.ledger.positions.get(position) if self.ledger else None
        return position if known is None else f"{known.quantity} × {known.spread}"

    def _filled(self, fact: LegFilled) -> str | None:
        """One line when whole spreads are filled; single legs are in the journal."""
        order = self.ledger.orders.get(fact.order_ref) if self.ledger else None
        if order is None or not order.is_balanced or order.net_filled is None:
            return None
        done = "filled   " if order.remaining == 0 else "part     "
        text = f"{done} {order.filled}/{order.quantity} × {order.spread} at {money(order.net_filled)}"
        position = self.ledger.positions.get(order.proposed.position) if self.ledger else None
        if order.purpose == "close" and position is not None and self.ledger is not None:
            made, several = dollars(position.realised, signed=True), self.ledger.closings_of(position.id)
            is_one = sum(one.filled > 0 for one in several) == 1
            text += f": {made} before fees" if is_one else f"; all that was closed of the position: {made} before fees"
        return text if order.joins is None else f"{text}: a part of {order.joins} now"

    def _without(self, order_ref: str) -> str:
        """What becomes of the position that an opening was to join and does not."""
        order = self.ledger.orders.get(order_ref) if self.ledger else None
        return f"; {order.joins} goes on without it" if order is not None and order.joins is not None and not order.filled else ""


def clock(at: datetime) -> str:
    """A time of a trading day, New York."""
    return f"{at.astimezone(NEW_YORK):%a %H:%M:%S}"


def measures(values: Mapping[str, float | None]) -> str:
    """The numbers that a rule looked at, in brackets and with their units."""
    told = ", ".join(f"{name} {measured(name, value)}" for name, value in values.items())
    return f" ({told})" if told else ""


def measured(name: str, value: float | None) -> str:
    """A number that a rule looked at as the trader would write it; `name` may carry arguments, as in sma(50) or sma_50."""
    if value is None:
        return "unknown"
    declared = _MEASURES.get(name.partition("(")[0]) or _MEASURES.get(re.sub(r"(_[0-9.+-]+)+$", "", name))
    match declared.unit if declared else Unit.NUMBER:
        case Unit.USD | Unit.USD_PER_SHARE:
            return dollars(Decimal(repr(value)))
        case Unit.RATIO | Unit.VOL:
            return f"{value:.1%}"
        case Unit.DAYS | Unit.COUNT:
            return f"{value:g}"
        case Unit.MINUTES:
            return f"{value:g} min"
        case Unit.SECONDS:
            return f"{value:g} s"
        case Unit.CLOCK:
            return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
        case Unit.WEEKDAY:
            return WEEKDAYS[int(value) - 1] if 1 <= value <= len(WEEKDAYS) else "weekend"
        case Unit.FLAG:
            return "yes" if value else "no"
        case Unit.POINTS | Unit.DELTA | Unit.NUMBER:
            return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"


_MEASURES = declared_in("position", "market", "spread")


def _reload(fact: StrategyLoaded | SharedFileLoaded) -> str:
    if not fact.changes:
        return "loaded    "
    direction = direction_of(fact.changes, loosens=fact.loosens)
    return f"{direction.upper() if fact.loosens else direction:<10}"


def _changes(fact: StrategyLoaded | SharedFileLoaded) -> str:
    return f": {'; '.join(fact.changes)}" if fact.changes else ""
