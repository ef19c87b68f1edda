"""What makes an opening smaller than its risk allows: its premium, Kelly, volatility, and the market in which it is halved.

Each answers like a gate. What is not known is never a pass: nothing is opened then. Everything is rounded down.
"""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from engine.decide.entry.size import money, usd
from engine.decide.risk.breakers import dollars
from engine.decide.rulebook import Rulebook
from engine.domain.candidate import Candidate
from engine.domain.gate import Verdict
from engine.domain.snapshot import Snapshot
from engine.pricing.sizing import by_kelly, scaled_by_volatility
from engine.strategy.model import Strategy


def scaled(
    strategy: Strategy, candidate: Candidate, quantity: int, snapshot: Snapshot, rulebook: Rulebook
) -> tuple[int, tuple[Verdict, ...]]:
    """The spreads that are left of so many, and a verdict for each key that had a word in it. None are left where a number is
    unknown, or where they are fewer than `contracts` wants.
    """
    verdicts: list[Verdict] = []
    for verdict, left in _steps(strategy, candidate, quantity, snapshot, rulebook):
        enough = left is not None and left >= strategy.sizing.contracts.low
        answer = "unknown" if left is None else "pass" if enough else "fail"
        verdicts.append(Verdict(verdict.gate, answer, verdict.value, verdict.bound, strategy.name))
        quantity = left or 0
        if not enough:
            return 0, tuple(verdicts)
    return quantity, tuple(verdicts)


def _steps(
    strategy: Strategy, candidate: Candidate, quantity: int, snapshot: Snapshot, rulebook: Rulebook
) -> Iterator[tuple[Verdict, int | None]]:
    """Each key of sizing in turn, with the spreads that it leaves; None where it needs what nobody knows."""
    sizing, account = strategy.sizing, snapshot.account
    if sizing.premium is not None:
        most, one = usd(sizing.premium, account), abs(money(candidate.net * candidate.spread.multiplier))
        fits = None if most is None else quantity if one == 0 else int((most / one).to_integral_value(ROUND_FLOOR))
        bound = "account value unknown" if most is None else f"at most {dollars(most)} for all of them"
        quantity = quantity if fits is None else min(quantity, fits)
        yield (
            Verdict("premium", "pass", f"{dollars(one)} a spread, {quantity} of them", bound, ""),
            None if fits is None else quantity,
        )
    if sizing.kelly is not None:
        fits = _by_kelly(candidate, sizing.kelly, account.net_liquidation)
        quantity = quantity if fits is None else min(quantity, fits)
        value = "the expected value or the account value is not known" if fits is None else f"{quantity} spreads"
        bound = f"{float(sizing.kelly) * 100:g}% of Kelly by the expected value of its view"
        yield Verdict("kelly", "pass", value, bound, ""), None if fits is None else quantity
    if sizing.volatility is not None:
        market = snapshot.market.get(candidate.spread.underlying)
        now = market.iv30 if market is not None else None
        if now is not None and now > float(sizing.volatility):
            quantity = scaled_by_volatility(quantity, sizing.volatility, Decimal(repr(now)))
        value = "iv30 is not known" if now is None else f"iv30 {now * 100:.1f}%, {quantity} spreads"
        bound = f"all of them up to {float(sizing.volatility) * 100:g}%"
        yield Verdict("volatility", "pass", value, bound, ""), None if now is None else quantity
    if sizing.half_when is not None:
        is_half = _is_half(strategy, candidate.spread.underlying, snapshot, rulebook)
        told = "it is not known" if is_half is None else f"half of {quantity}" if is_half else f"all {quantity}"
        quantity = quantity // 2 if is_half else quantity
        yield Verdict("half when", "pass", told, sizing.half_when.text, ""), None if is_half is None else quantity


def _by_kelly(candidate: Candidate, part: Decimal, net_liquidation: Decimal | None) -> int | None:
    """By the smallest expected value of the file's views: the chance of winning all or losing all that has it."""
    values = [view.expected_value for view in candidate.views]
    known = [value for value in values if value is not None]
    if net_liquidation is None or not known or len(known) < len(values):
        return None
    win, loss = money(candidate.max_profit), money(candidate.max_loss)
    if win <= 0 or loss <= 0:
        return 0
    chance = (money(min(known)) + loss) / (win + loss)
    return by_kelly(net_liquidation, min(Decimal(1), max(Decimal(0), chance)), win, loss, money(candidate.fees), part)


def _is_half(strategy: Strategy, underlying: str, snapshot: Snapshot, rulebook: Rulebook) -> bool | None:
    """Whether the market is one in which the strategy opens half."""
    assert strategy.sizing.half_when is not None, "asked where it is said"
    asked = strategy.model_copy(update={"when": (strategy.sizing.half_when,), "digest": f"{strategy.digest} half when"})
    answers = rulebook.finder.market(asked, snapshot.market, snapshot.at, snapshot.session, snapshot.calendar)
    return next((line.holds for line in answers.get(underlying, ())), None)
