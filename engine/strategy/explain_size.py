"""The sentences about how big a position is, and what all of a strategy may not exceed."""

from __future__ import annotations

from engine.strategy.explain_words import all_of, amount_of, duration, listed, money, plain, positions
from engine.strategy.model import Strategy
from engine.strategy.universe import shares_of


def _smaller(strategy: Strategy) -> list[str]:
    """What makes a position smaller than its risk allows."""
    sizing, said = strategy.sizing, list[str]()
    if sizing.premium is not None:
        said.append(f"All its spreads together bring, or cost, at most {amount_of(sizing.premium)}.")
    if sizing.kelly is not None:
        said.append(
            f"It risks at most {plain(float(sizing.kelly) * 100)}% of what Kelly would, by the expected value of its view."
        )
    if sizing.volatility is not None:
        most = plain(float(sizing.volatility) * 100)
        said.append(f"Above an iv30 of {most}% it is smaller in proportion: half of it at twice that.")
    if sizing.half_when is not None:
        said.append(
            f"It has half that size, rounded down, while {all_of([sizing.half_when])}; while that is unknown nothing is opened."
        )
    return said


def size_told(strategy: Strategy) -> list[str]:
    """How big a position may be, and what all of them together may not exceed."""
    contracts, limits = strategy.sizing.contracts, strategy.limits
    count = "one spread" if contracts.high == 1 else f"{contracts.low} to {contracts.high} spreads"
    said = [
        f"One position risks at most {amount_of(strategy.sizing.risk)}, fees included, and has {count}.",
        *_smaller(strategy),
        f"At most {positions(limits.open)} may be open, {limits.per_expiry} in one expiration.",
        f"At most {limits.per_day} may be opened on one day.",
    ]
    if limits.open_among is not None:
        said.insert(-1, f"Open positions of every strategy that says open_among: {limits.open_among} are counted with them.")
    if limits.group is not None:
        said.append(f"What all strategies of the group {limits.group} may do together stands in account.yaml, strategy_groups.")
    if limits.open_risk is not None:
        said.append(f"All its open positions together risk at most {amount_of(limits.open_risk)}.")
        of_each = [f"{name} takes at most {plain(float(part) * 100)}%" for name, part in shares_of(strategy.universe).items()]
        said += [f"Of that, {listed(of_each)}."] if of_each else []
    if limits.stop_for_day is not None:
        said.append(
            f"At a day's result of -${money(-limits.stop_for_day.usd)}, realised and unrealised, it stops opening for the day."
        )
    if limits.losses_per_day is not None:
        losses = "one position" if limits.losses_per_day == 1 else f"{limits.losses_per_day} positions"
        said.append(f"After {losses} closed at a loss on one day it opens nothing more until the next.")
    if limits.loss_per_week is not None:
        most = amount_of(limits.loss_per_week)
        said.append(
            f"Once the positions that were closed since Monday have lost {most} together, it opens nothing more this week."
        )
    if limits.apart is not None:
        said.append(f"Two openings are at least {duration(limits.apart.seconds)} apart.")
    if limits.strikes_apart is not None:
        said.append(f"Of one expiration it sells no strike less than ${money(limits.strikes_apart.usd)} from one that is sold.")
    said.append("The account's own limits hold besides.")
    return said
