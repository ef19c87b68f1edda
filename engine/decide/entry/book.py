"""The openings of all strategies compete: the set with the best total rank that fits all limits together is opened, not the first
that matched.

What one strategy would rather open is said by its own rank; what is worth more to the book, by `book.rank` of account.yaml. A
later choice of a file never counts for more than an earlier one. An opening fits beside others where every gate that they have a
part in passes as if those had gone out: sums of risk, counts, greeks, margin, contracts of the other direction. Of the set one
order goes out in a beat; the others are searched anew beside it in the next one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.decide.entry.best_set import BestSet, Option, best_set
from engine.decide.exit.distances import worth
from engine.decide.order.measures import spread_values
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.breakers import ACCOUNT
from engine.decide.risk.exposure import exposure
from engine.decide.risk.gate import together, until_one_fails
from engine.decide.rulebook import Rulebook
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.searches import EntryDenied
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

GATE = "best_set"
WORK_MAX = 64
"""How often in a beat it is asked whether one opening fits beside others."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one strategy would open now."""

    strategy: Strategy
    first: OrderProposed
    """What it would rather open; it passed every gate by itself."""
    others: Sequence[OrderProposed] = ()
    """What it would open in its place, best first."""


@dataclass(frozen=True, slots=True)
class Competed:
    opened: OrderProposed | None
    """The first of the best set."""
    denied: tuple[EntryDenied, ...]
    """What each strategy whose opening is not in the set is told."""


@dataclass(frozen=True, slots=True)
class Competition:
    """The world in which offers are held against each other."""

    snapshot: Snapshot
    rulebook: Rulebook
    rows: Rows

    def needs_others(self, offers: Sequence[Offer]) -> bool:
        """Whether what the strategies would rather open does not go together, so that other choices of theirs are asked for."""
        chosen: list[Option[OrderProposed]] = []
        for option in sorted(self.options(offers), key=lambda option: -option.worth):
            if not self.fits(chosen, option):
                return True
            chosen.append(option)
        return False

    def result(self, offers: Sequence[Offer]) -> Competed:
        """Which opening goes out, and why the strategies that are not in the set open nothing now."""
        found = best_set(self.options(offers), self.fits, WORK_MAX, self.room())
        chosen = {option.of for option in found.chosen}
        denied = tuple(self._denied(offer, found) for offer in offers if offer.strategy.name not in chosen)
        if not found.chosen:
            return Competed(None, denied)
        first = found.chosen[0].opening
        if len(offers) > 1:
            first = replace(
                first, verdicts=(*first.verdicts, Verdict(GATE, "pass", _said(found), "the best total rank", ACCOUNT))
            )
        return Competed(first, denied)

    def room(self) -> int:
        """Openings that the counts of the account leave for this day and for the broker, at the most."""
        counts, ledger = self.rulebook.account.counts, self.snapshot.ledger
        today = len(exposure(ledger, self.snapshot.at).opened_today)
        at_broker = sum(order.is_at_broker and not order.rests for order in ledger.working())
        return min(counts.entries_per_day - today, counts.working_orders - at_broker)

    def options(self, offers: Iterable[Offer]) -> list[Option[OrderProposed]]:
        """Every choice of every strategy with what it is worth to the book."""
        options: list[Option[OrderProposed]] = []
        for offer in offers:
            least: float | None = None
            for order in (offer.first, *offer.others):
                value = self._rank(order)
                least = value if least is None else min(least, value)
                options.append(Option(offer.strategy.name, least, order))
        return options

    def _rank(self, order: OrderProposed) -> float:
        """What the book gains by it; nothing where that is not known, so that it takes the place of nothing else."""
        value = worth(self.rulebook.account.book.rank, spread_values(order, self.snapshot.at))
        return 0.0 if value is None else value

    def fits(self, chosen: Sequence[Option[OrderProposed]], option: Option[OrderProposed]) -> bool:
        """Whether it passes every gate that the others have a part in."""
        return self._obstacle(chosen, option.opening) is None

    def _obstacle(self, chosen: Sequence[Option[OrderProposed]], order: OrderProposed) -> Verdict | None:
        if not chosen:
            return None  # it passed every gate by itself
        beside = [opening for one in chosen if (opening := self._opening(one.opening)) is not None]
        asked = self._opening(order)
        if asked is None or len(beside) < len(chosen):
            return Verdict(GATE, "unknown", "a leg has no quote", "quotes of all legs", "engine")
        return first_obstacle(tuple(until_one_fails(together(asked, beside, self.snapshot, self.rulebook, self.rows))))

    def _opening(self, order: OrderProposed) -> Opening | None:
        strategy = next(one for one in self.rulebook.strategies if one.name == order.strategy)
        quote = spread_quote(order.spread, self.rows, "open")
        return None if quote is None else Opening(strategy, order.spread, order.quantity, order.max_loss, quote)

    def _denied(self, offer: Offer, found: BestSet[OrderProposed]) -> EntryDenied:
        order, rank = offer.first, self._rank(offer.first)
        if rank < 0:
            bound = "a rank of the book that is not below 0"
        else:
            stop = self._obstacle(found.chosen, order)
            room = f"; beside them {stop.gate} is {stop.value}, wanted {stop.bound}" if stop is not None else ""
            bound = f"{_said(found)}{room}"
        obstacle = Verdict(GATE, "fail", f"rank {rank:.4g}", bound, ACCOUNT)
        verdicts = (*order.verdicts, obstacle)
        return EntryDenied(order.strategy, order.snapshot, order.spread, order.quantity, obstacle, verdicts)


def _said(found: BestSet[OrderProposed]) -> str:
    names = ", ".join(str(option.of) for option in found.chosen)
    sure = "" if found.is_exact else f", the best found within {WORK_MAX} looks"
    return f"{names} rank {found.worth:.4g} together{sure}"
