"""The scan as a stranger would write it: loops over options, no SQL, nothing shared with the compiler but the language's tree.

Three-valued logic is spelled out, the normal distribution is math.erfc, and every formula stands here a second time. What
differs by less than a billionth is equal: 8.25 - 6.25 is 2.00, whatever its last bit.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.domain.structure import Join
from engine.strategy.expressions.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Expression,
    In,
    Measure,
    NamedView,
    Not,
    Number,
    Or,
)
from engine.strategy.model import Strategy
from engine.strategy.spreads.calendars import DoubleDiagonal, TwoCalendars
from engine.strategy.spreads.flies import BrokenWing, Fly
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.verticals import Vertical
from engine.strategy.spreads.wings import TwoWings
from engine.strategy.values.meaning import DayRange, DaysAfter, PriceRange, StrikeAt, TimesNear
from tests.core.compile import later_loops

ROUNDING = 1e-9
Option = dict[str, float | None]
Lookup = Callable[[Measure], float | None]


@dataclass(frozen=True, slots=True)
class Hit:
    rows: tuple[int, ...]
    """Row number of each leg, in the order of the shape."""
    score: float


def search(strategy: Strategy, options: Sequence[Option]) -> list[Hit]:
    """Every spread that passes, best first; equal scores by the row numbers of the legs."""
    listed = _chosen_days(strategy.spread, options)
    expiring = [option | {"expires": [option["dte"] in days[option["underlying_id"]] for days in listed]} for option in options]
    legs = [option for option in expiring if any(option["expires"]) and may_be_leg(strategy, option)]
    hits = [hit for chosen in combinations(strategy.spread, legs) if (hit := _judge(strategy, chosen)) is not None]
    return sorted(hits, key=lambda hit: (-round(hit.score, 10), hit.rows))


def _chosen_days(spread: Structure, options: Sequence[Option]) -> list[dict[float, set[float]]]:
    """Days to expiry that each rule wants, by underlying: where one is the nearest, of all that are listed."""
    chosen: list[dict[float, set[float]]] = []
    for rule in _expiries(spread):
        listed: dict[float, set[float]] = {}
        for one in options:
            days = listed.setdefault(one["underlying_id"], set())
            if _expires(rule, one):
                days.add(one["dte"])
        if rule.nearest is not None:
            listed = {
                name: {min(days, key=lambda day: (abs(day - rule.nearest), day))} if days else days
                for name, days in listed.items()
            }
        chosen.append(listed)
    return chosen


def _chosen_legs(spread: Structure, legs: Sequence[Option]) -> dict[str, set[float]]:
    """Rows of the options that may be the leg of a role, of each group the nearest where one is asked for."""
    chosen: dict[str, set[float]] = {}
    for role in spread.shape.roles:
        groups: dict[float, list[Option]] = {}
        for option in legs:
            if _may_be(spread, role, option):
                groups.setdefault(option["group_id"], []).append(option)
        wanted = _nearest_to(spread, role)
        rows: set[float] = set()
        for some in groups.values():
            if wanted is None:
                rows |= {option["row_id"] for option in some}
            else:
                value, target = wanted
                known = [option for option in some if value(option) is not None]
                best = min(known, key=lambda one: (round(abs(value(one) - target), 9), one["row_id"]), default=None)
                rows |= set() if best is None else {best["row_id"]}
        chosen[role] = rows
    return chosen


def _nearest_to(spread: Structure, role: str) -> tuple[Callable[[Option], float | None], float] | None:
    deltas = _deltas(spread, role)
    if deltas is not None and deltas.nearest is not None:
        return (lambda option: abs(option["delta"])), float(deltas.nearest)
    for place in spread.places_of(role):
        if place.nearest is not None:
            return (lambda option, place=place: _place_of(place, option)), float(place.nearest)
    return None


def _place_of(place: object, option: Option) -> float | None:
    """What a place is about: the middle of the quote, or the distance out of the money."""
    if isinstance(place, PriceRange):
        return _mid(option)
    if isinstance(place, StrikeAt):
        level = option["level_of"](place.text)
        return None if level is None else option["strike"] - level
    spot = option["spot"]
    if spot is None:
        return None
    return option["put_call"] * (option["strike"] / spot - 1 if place.is_share else option["strike"] - spot)


def _stands(place: object, option: Option) -> bool:
    value = _place_of(place, option)
    if value is None:
        return False
    if isinstance(place, StrikeAt):
        return abs(value) <= 0.01 * option["level_of"](place.text) + ROUNDING
    low = -math.inf if place.low is None else float(place.low)
    return low - ROUNDING <= value <= float(place.high) + ROUNDING


def may_be_leg(strategy: Strategy, option: Option) -> bool:
    rights = {1 if leg.put_call == "C" else -1 for leg in strategy.spread.shape.legs}
    if option["put_call"] not in rights or not any(_expires(rule, option) for rule in _expiries(strategy.spread)):
        return False
    bid, ask = option["bid"], option["ask"]
    if bid is None or ask is None or option["fee"] is None or bid < 0 or ask <= 0 or bid >= ask:
        return False
    return all(truth(line.expression, lambda measure: leg_measure(measure.name, option)) is True for line in strategy.filters)


def combinations(spread: Structure, legs: Sequence[Option]) -> Iterator[dict[str, Option]]:
    """The options by role, wherever they meet as the shape says."""
    joins = {join.leg: join for join in spread.shape.joins}
    standing = _chosen_legs(spread, legs)
    series: dict[tuple[object, ...], list[Option]] = {}
    of_class: dict[tuple[object, ...], list[Option]] = {}
    for option in legs:
        of_class.setdefault((option["class_id"], option["put_call"]), []).append(option)
        series.setdefault((option["class_id"], option["dte"], option["put_call"]), []).append(option)

    def chosen(roles: Sequence[str], so_far: dict[str, Option]) -> Iterator[dict[str, Option]]:
        if not roles:
            yield so_far
            return
        role = roles[0]
        first = next(iter(so_far.values()), None)
        right = 1 if spread.shape.leg(role).put_call == "C" else -1
        among: Sequence[Option] = legs
        if first is not None:
            among = series.get((first["class_id"], first["dte"], right), [])
            if spread.shape.is_later(role):
                among = of_class.get((first["class_id"], right), [])
        for option in among:
            if option["row_id"] in standing[role] and (role not in joins or _meets(spread, joins[role], so_far, option)):
                yield from chosen(roles[1:], so_far | {role: option})

    order = [spread.shape.legs[0].role, *joins]
    return chosen(order, {})


def _may_be(spread: Structure, role: str, option: Option) -> bool:
    leg, bounds = spread.shape.leg(role), _deltas(spread, role)
    if not option["expires"][-1 if spread.shape.is_later(role) else 0]:
        return False
    if not all(_stands(place, option) for place in spread.places_of(role)):
        return False
    if option["put_call"] != (1 if leg.put_call == "C" else -1) or (leg.action == "sell" and option["bid"] <= 0):
        return False
    if bounds is None:
        return True
    return option["delta"] is not None and float(bounds.low) <= abs(option["delta"]) <= float(bounds.high)


def _meets(spread: Structure, join: Join, so_far: Mapping[str, Option], option: Option) -> bool:
    other = so_far[join.meets]
    if option["class_id"] != other["class_id"]:
        return False
    if option["dte"] <= other["dte"] if join.is_later else option["dte"] != other["dte"]:
        return False
    legs_of_far = [so_far[one.leg] for one in spread.shape.joins if one.is_later and one.leg in so_far]
    if join.is_later and isinstance(spread.expiry.far, DaysAfter):
        apart = spread.expiry.far
        if not apart.min_days <= option["dte"] - other["dte"] <= apart.max_days:
            return False
    if join.is_later and any(option["dte"] != far["dte"] for far in legs_of_far):
        return False
    above = option["strike"] - other["strike"]
    match join.how:
        case "same strike":
            return above == 0
        case "other side":
            return above > 0
        case "below":
            return _within(_width(spread, join.leg), -above)
        case "above":
            return _within(_width(spread, join.leg), above) and _is_in_proportion(spread, join, so_far, above)
        case "same distance":
            first = spread.shape.joins[0]
            return abs(above - abs(so_far[first.leg]["strike"] - so_far[first.meets]["strike"])) < 1e-6


def _is_in_proportion(spread: Structure, join: Join, so_far: Mapping[str, Option], above: float) -> bool:
    """Whether the far wing of a broken butterfly is as many times the near one as is asked."""
    if not isinstance(spread, BrokenWing) or join.leg != "upper" or not isinstance(spread.width.far, TimesNear):
        return True
    below = so_far["body"]["strike"] - so_far["lower"]["strike"]
    near, far = (above, below) if spread.right == "put" else (below, above)
    return abs(far - float(spread.width.far.factor) * near) < 1e-6


def _expiries(spread: Structure) -> list[DayRange]:
    if not isinstance(spread, OfTwoExpiries):
        return [spread.expiry]
    near, far = spread.expiry.near, spread.expiry.far
    if isinstance(far, DaysAfter):
        return [near, DayRange(near.min_days + far.min_days, near.max_days + far.max_days)]
    return [near, far]


def _expires(rule: DayRange, option: Option) -> bool:
    return rule.min_days <= option["dte"] <= rule.max_days and (not rule.is_monthly or option["is_monthly"])


def _within(width: object, distance: float) -> bool:
    return float(width.low) - 1e-6 <= distance <= float(width.high) + 1e-6


def _deltas(spread: Structure, role: str) -> object:
    match spread:
        case Vertical():
            return getattr(spread, f"{role}_delta")
        case TwoWings():
            action, side = role.split("_")
            return getattr(spread, f"{action}_delta_of")(side)
        case BrokenWing() if role != "body":
            return spread.near_delta if (role == "upper") == (spread.right == "put") else None
        case Fly():
            return spread.body_delta if role == "body" else None
        case TwoCalendars():
            action = {"near": "short", "far": "long"}[role.split("_", maxsplit=1)[0]]
            of_side = getattr(spread, f"{action}_delta_of", None)
            return of_side(role.split("_")[1]) if of_side else None
        case OfTwoExpiries():
            return getattr(spread, {"near": "short_delta", "far": "long_delta"}[role], None)
        case _:
            return spread.delta_of(role)


def _width(spread: Structure, role: str) -> object:
    match spread:
        case TwoWings() | DoubleDiagonal():
            return spread.width_of(role.split("_")[1])
        case BrokenWing():
            return spread.lower_width if role == "body" else spread.upper_width
        case Vertical() | Fly() | OfTwoExpiries():
            return spread.width
        case _:
            return spread.reach_of(role)


@dataclass(frozen=True, slots=True)
class Leg:
    sign: int
    ratio: int
    option: Option

    @property
    def strike(self) -> float:
        return self.option["strike"]


def _judge(strategy: Strategy, chosen: Mapping[str, Option]) -> Hit | None:
    spread = strategy.spread
    legs = [Leg(leg.sign, leg.ratio, chosen[leg.role]) for leg in spread.shape.legs]
    bounds = (_most_lost(legs), _most_won(legs))
    if None in bounds or min(bounds) <= ROUNDING:
        return None
    if later_loops.is_of_two(legs) and later_loops.locks_in_a_loss(legs, _net(legs)):
        return None

    def looked_up(measure: Measure) -> float | None:
        if measure.at is not None:
            if isinstance(measure.at, NamedView):
                return _expected_value_under(legs, measure.at.name)
            return _expected_value_at(legs, _volatility(measure.at, legs[0].option))
        return _SPREAD[measure.name](legs)

    if any(truth(rule.expression, looked_up) is not True for rule in spread.rules):
        return None
    score = number(spread.rank, looked_up)
    return None if score is None else Hit(tuple(int(leg.option["row_id"]) for leg in legs), score)


# --- three-valued logic -------------------------------------------------------------------------------------------------------


def truth(expression: Expression, lookup: Lookup) -> bool | None:
    """True, False, or None for unknown."""
    match expression:
        case And(parts=parts):
            answers = [truth(part, lookup) for part in parts]
            return False if False in answers else None if None in answers else True
        case Or(parts=parts):
            answers = [truth(part, lookup) for part in parts]
            return True if True in answers else None if None in answers else False
        case Not(part=part):
            answer = truth(part, lookup)
            return None if answer is None else not answer
        case Between(value=value, low=low, high=high):
            return truth(And((Compare(">=", value, low), Compare("<=", value, high))), lookup)
        case In(value=value, options=options):
            return truth(Or(tuple(Compare("=", value, option) for option in options)), lookup)
        case Compare(op=op, left=left, right=right):
            a, b = number(left, lookup), number(right, lookup)
            if a is None or b is None:
                return None
            above, below = a > b + ROUNDING, a < b - ROUNDING
            return {
                "<": below,
                "<=": not above,
                ">": above,
                ">=": not below,
                "=": not (above or below),
                "!=": above or below,
            }[op]
    return lookup(expression)


def number(expression: Expression, lookup: Lookup) -> float | None:
    """A finite number, or None where it is absent."""
    match expression:
        case Number(value=value):
            return value
        case Measure():
            return lookup(expression)
        case Arithmetic(op=op, left=left, right=right):
            a, b = number(left, lookup), number(right, lookup)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            return a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
        case Call(name=name, arguments=arguments):
            values = [number(argument, lookup) for argument in arguments]
            if any(value is None for value in values):
                return None
            return abs(values[0]) if name == "abs" else min(values) if name == "least" else max(values)
    raise TypeError(expression)


# --- measures -----------------------------------------------------------------------------------------------------------------


def leg_measure(name: str, option: Option) -> float | None:
    match name:
        case "mid":
            return _mid(option)
        case "quote_width":
            return option["ask"] - option["bid"]
        case "moneyness":
            spot = option["spot"]
            return None if spot is None else option["put_call"] * (option["strike"] / spot - 1)
        case _:
            return option[name]


def _mid(option: Option) -> float:
    return (option["bid"] + option["ask"]) / 2


def _signed(legs: Sequence[Leg], cell: Callable[[Option], float | None]) -> float | None:
    values = [cell(leg.option) for leg in legs]
    return None if None in values else sum(leg.sign * leg.ratio * value for leg, value in zip(legs, values, strict=True))


def _net(legs: Sequence[Leg]) -> float:
    return -_signed(legs, _mid)


def _natural(legs: Sequence[Leg]) -> float:
    return -sum(leg.sign * leg.ratio * leg.option["ask" if leg.sign > 0 else "bid"] for leg in legs)


def _quote_width(legs: Sequence[Leg]) -> float:
    return sum(leg.ratio * (leg.option["ask"] - leg.option["bid"]) for leg in legs)


def _fees(legs: Sequence[Leg]) -> float:
    brokers, exchanges = (sum(leg.ratio * leg.option[name] for leg in legs) for name in ("fee", "exchange_fee"))
    return 2 * (max(1.0, brokers) + exchanges)


def _worth(legs: Sequence[Leg], level: float) -> float:
    """What the legs are worth at expiry where the underlying stands at this level."""
    return sum(leg.sign * leg.ratio * max(0.0, leg.option["put_call"] * (level - leg.strike)) for leg in legs)


def _strikes(legs: Sequence[Leg]) -> list[float]:
    return sorted({leg.strike for leg in legs})


def _most_won(legs: Sequence[Leg]) -> float | None:
    if later_loops.is_of_two(legs):
        return later_loops.most_won(legs, _net(legs))
    return max(_worth(legs, level) for level in (0.0, *_strikes(legs), 1e6)) + _net(legs)


def _most_lost(legs: Sequence[Leg]) -> float | None:
    if later_loops.is_of_two(legs):
        return later_loops.most_lost(legs, _net(legs))
    return -(min(_worth(legs, level) for level in (0.0, *_strikes(legs), 1e6)) + _net(legs))


def _width_of(legs: Sequence[Leg]) -> float:
    return _most_won(legs) + _most_lost(legs)


def _crossings(legs: Sequence[Leg], cash: float) -> Iterator[tuple[float, bool]]:
    """Levels at which the profit crosses zero, and whether it rises there."""
    if later_loops.is_of_two(legs):
        yield from later_loops.crossings(legs, cash)
        return
    for low, high in itertools.pairwise(_strikes(legs)):
        a, b = cash + _worth(legs, low), cash + _worth(legs, high)
        if (a > ROUNDING) != (b > ROUNDING):
            yield low + (high - low) * a / (a - b), b > a


def _breakeven_distance(legs: Sequence[Leg]) -> float | None:
    spot = legs[0].option["spot"]
    if spot is None:
        return None
    found = [(spot - level if rises else level - spot) / spot for level, rises in _crossings(legs, _net(legs))]
    return min(found, default=None)


def _pop(legs: Sequence[Leg]) -> float | None:
    if later_loops.is_of_two(legs):
        return later_loops.chance(legs, _net(legs) - _fees(legs) / 100, _normal)
    forward, years = legs[0].option["forward"], legs[0].option["years"]
    if forward is None or years <= 0 or any(leg.option["iv"] is None or leg.option["iv"] <= 0 for leg in legs):
        return None
    kept = _net(legs) - _fees(legs) / 100
    chance = 1.0 if kept + _worth(legs, 1e6) > ROUNDING else 0.0
    for level, rises in _crossings(legs, kept):
        iv = _iv_at(legs, level)
        below = _normal((math.log(level / forward) + iv * iv / 2 * years) / (iv * math.sqrt(years)))
        chance += -below if rises else below
    return min(1.0, max(0.0, chance))


def _iv_at(legs: Sequence[Leg], level: float) -> float:
    """On the straight line through the strikes beside the level; a strike that two legs have has the mean of both."""
    points: list[tuple[float, float]] = []
    for strike in _strikes(legs):
        ivs = [leg.option["iv"] for leg in legs if leg.strike == strike]
        points.append((strike, sum(ivs) / len(ivs)))
    for (low, a), (high, b) in itertools.pairwise(points):
        if low <= level <= high:
            return a + (b - a) * (level - low) / (high - low)
    raise AssertionError(f"{level} lies beyond the strikes")


def _p_touch(legs: Sequence[Leg]) -> float | None:
    chances = [_touch(leg.option) for leg in legs if leg.sign < 0]
    return None if None in chances else max(chances)


def _touch(option: Option) -> float | None:
    spot, forward, years, iv = option["spot"], option["forward"], option["years"], option["iv"]
    if spot is None or forward is None or years <= 0 or iv is None or iv <= 0:
        return None
    distance, drift, deviation = (
        math.log(option["strike"] / spot),
        math.log(forward / spot) / years - iv * iv / 2,
        iv * math.sqrt(years),
    )
    side = 1 if distance > 0 else -1
    beyond = _normal(side * (drift * years - distance) / deviation)
    back = math.exp(2 * drift * distance / (iv * iv)) * _normal(side * (-distance - drift * years) / deviation)
    return min(1.0, beyond + back)


def _worst_delta(sign: int) -> Callable[[Sequence[Leg]], float | None]:
    def worst(legs: Sequence[Leg]) -> float | None:
        deltas = [leg.option["delta"] for leg in legs if leg.sign == sign]
        return None if None in deltas else max(map(abs, deltas))

    return worst


def _expected_value(legs: Sequence[Leg]) -> float | None:
    worth = _signed(legs, lambda option: option["worth"])
    return None if worth is None else 100 * (_net(legs) + worth) - _fees(legs)


def _volatility(view: Number | Measure, option: Option) -> float | None:
    return view.value if isinstance(view, Number) else option["view_1"]


def _expected_value_at(legs: Sequence[Leg], volatility: float | None) -> float | None:
    first = legs[0].option
    if any(leg.option["forward"] is None for leg in legs) or volatility is None or volatility <= 0 or first["years"] <= 0:
        return None
    return 100 * (_net(legs) + _signed(legs, lambda option: _black(option, volatility))) - _fees(legs)


def _expected_value_under(legs: Sequence[Leg], name: str) -> float | None:
    worth = _signed(legs, lambda option: _worth_under(option, option["expected"][name]))
    return None if worth is None else 100 * (_net(legs) + worth) - _fees(legs)


def _worth_under(option: Option, expected: tuple[float, float, float, float] | None) -> float | None:
    """Until the view's day the logarithm of the price wanders straight to its distribution, after it at the option's own iv."""
    if expected is None or option["forward"] is None:
        return None
    mean, deviation, until, forward = expected
    part, after = min(1.0, option["years"] / until), option["years"] - until
    if after > 0 and option["iv"] is None:
        return None
    variance = part * deviation * deviation + (option["iv"] ** 2 * after if after > 0 else 0.0)
    moved = option["forward"] * math.exp(part * (mean + deviation * deviation / 2 - math.log(forward)))
    return _black_at(option, moved, math.sqrt(variance))


def _black(option: Option, volatility: float) -> float:
    return _black_at(option, option["forward"], volatility * math.sqrt(option["years"]))


def _black_at(option: Option, forward: float, deviation: float) -> float:
    w = option["put_call"]
    d1 = math.log(forward / option["strike"]) / deviation + deviation / 2
    return option["discount"] * w * (forward * _normal(w * d1) - option["strike"] * _normal(w * (d1 - deviation)))


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _greek(name: str) -> Callable[[Sequence[Leg]], float | None]:
    return lambda legs: _signed(legs, lambda option: option[name])


_SPREAD: dict[str, Callable[[Sequence[Leg]], float | None]] = {
    "credit": _net,
    "debit": lambda legs: -_net(legs),
    "short_price": lambda legs: sum(leg.ratio * _mid(leg.option) for leg in legs if leg.sign < 0),
    "long_price": lambda legs: sum(leg.ratio * _mid(leg.option) for leg in legs if leg.sign > 0),
    "put_credit": lambda legs: _net([leg for leg in legs if leg.option["put_call"] < 0]),
    "call_credit": lambda legs: _net([leg for leg in legs if leg.option["put_call"] > 0]),
    "natural_credit": _natural,
    "natural_debit": lambda legs: -_natural(legs),
    "width": _width_of,
    "max_profit": lambda legs: 100 * _most_won(legs),
    "max_loss": lambda legs: 100 * _most_lost(legs),
    "return_on_risk": lambda legs: _most_won(legs) / _most_lost(legs),
    "pop": _pop,
    "p_touch": _p_touch,
    "expected_value": _expected_value,
    "breakeven_distance": _breakeven_distance,
    **{name: _greek(name) for name in ("delta", "gamma", "theta", "vega")},
    "short_delta": _worst_delta(-1),
    "long_delta": _worst_delta(1),
    "quote_width": _quote_width,
    "slippage": lambda legs: _quote_width(legs) / 2,
    "fees": _fees,
    "dte": lambda legs: legs[0].option["dte"],
    "days_to_ex_dividend": lambda legs: legs[0].option["days_to_ex_dividend"],
}
