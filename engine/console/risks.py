"""The curve of a candidate, an approval and a position, made of what the API says of their legs."""

import math
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

from engine.api.models.candidates import CandidateLeg, CandidateNumbers
from engine.api.models.positions import Position
from engine.console.charts.payoff import Risk
from engine.domain.calendar import WEEKDAYS
from engine.domain.index_classes import option_class
from engine.domain.session import years_between
from engine.pricing.curve import Curve, CurveLeg


def years_until(root: str, expiry: date, at: datetime) -> float:
    """Years from a moment until the options of a class and an expiry settle."""
    return years_between(at, WEEKDAYS.settles_at(option_class(root), expiry))


def of_candidate(one: CandidateNumbers, combinations: int, multiplier: int, at: datetime, net: float | None = None) -> Risk:
    """So many combinations of a candidate, opened at `net`, USD per share, or at its own."""
    legs = tuple(
        CurveLeg(
            1 if leg.action == "buy" else -1,
            leg.ratio,
            leg.put_call,
            leg.strike,
            years_until(one.root, leg.expiry, at),
            leg.iv if leg.iv and leg.iv > 0 else None,
        )
        for leg in one.legs
    )
    rate = _carry(one.spot, one.forward, min(leg.years for leg in legs))
    return Risk(Curve(legs, one.net if net is None else net, rate), multiplier * combinations, one.spot, at)


def of_position(position: Position, at: datetime) -> Risk | None:
    """What is left of a position, at what its legs were opened for; None where nothing is, or shares are part of it."""
    held = [leg for leg in position.legs if leg.held]
    legs: list[CurveLeg] = []
    for leg in held:
        if leg.put_call is None or leg.strike is None or leg.expiry is None:
            return None
        years = years_until(leg.contract.split(" ", 1)[0], leg.expiry, at)
        volatility = leg.iv if leg.iv and leg.iv > 0 else None
        legs.append(CurveLeg(1 if leg.action == "buy" else -1, leg.held, leg.put_call, leg.strike, years, volatility))
    if not legs:
        return None
    net = math.fsum((-1 if leg.action == "buy" else 1) * leg.held * leg.opening_price for leg in held)
    return Risk(Curve(tuple(legs), net), position.multiplier, position.underlying_now, at)


def strikes_of(legs: Sequence[CandidateLeg]) -> str:
    """The strikes as traders write them: 5895/5870P, 580/590P 610/620C."""
    parts = [(leg.put_call, f"{leg.strike:g}") for leg in legs]
    return " ".join(f"{'/'.join(text for _, text in group)}{side}" for side, group in groupby(parts, key=lambda part: part[0]))


def _carry(spot: float | None, forward: float | None, years: float) -> float:
    """What the forward grows by, a year; 0 where it is not known."""
    if not spot or not forward or forward <= 0 or years <= 0:
        return 0.0
    return math.log(forward / spot) / years
