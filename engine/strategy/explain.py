"""A strategy in plain sentences, in the order in which they come true: look, search, choose, size, ask, price, leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.strategy.conditions import Action
from engine.strategy.exit_groups import groups_of
from engine.strategy.explain_rolls import rolls_told
from engine.strategy.explain_size import size_told
from engine.strategy.explain_words import (
    all_of,
    at_times,
    duration,
    from_to,
    in_days,
    in_deltas,
    in_place,
    in_window,
    listed,
    money,
    plain,
    side_says,
)
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
    View,
    views_in,
)
from engine.strategy.measures.index import declaration
from engine.strategy.model import Policy, Strategy
from engine.strategy.spreads.flies import Fly
from engine.strategy.spreads.pairs import BrokenWidths, Expiries, WidthSides
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.units import WEEKDAYS, Unit
from engine.strategy.values.meaning import (
    Auto,
    Manual,
    PriceWalk,
    TimesNear,
    WidthRange,
    WorstFromMid,
    WorstNatural,
    WorstShare,
)

_ACCOUNTS = {
    "record": "noted once a day and never sent",
    "shadow": "noted and never sent",
    "paper": "on the paper account",
    "live": "with real money, once armed",
}
"""Where it trades, by its mode."""


def sentences(strategy: Strategy) -> list[str]:
    """What the strategy does, one sentence an entry, nothing left out that decides about money."""
    return [
        *_purpose(strategy),
        *_search(strategy),
        *size_told(strategy),
        *_entry(strategy),
        *_exits(strategy),
    ]


def written(expression: Expression | NamedView) -> str:
    """An expression as the trader would write it."""
    match expression:
        case Number(value=value, unit=unit):
            return _number(value, unit)
        case NamedView(name=name):
            return name
        case Measure(name=name, at=view) if view is not None:
            return f"{name} at {written(view)}"
        case Measure(name=name, of=other) if other:
            return f"{name} of {other}"
        case Measure(name=name, arguments=arguments, relation=relation):
            declared = declaration(name, relation)
            argument = declared.argument
            if not arguments or argument is None:
                return declared.spoken or name
            before = f"{argument.before} " if argument.before else ""
            if len(arguments) > 1:
                return f"{name}({_number(arguments[0], Unit.NUMBER)} bars of {_number(arguments[1], Unit.NUMBER)} min)"
            return f"{name}({', '.join(before + _number(value, argument.unit) for value in arguments)})"
        case Arithmetic(op="*", left=Number(value=value, unit=Unit.RATIO), right=right):
            return f"{plain(value * 100)}% of {_inside(right)}"
        case Arithmetic(op=op, left=left, right=right):
            return f"{_inside(left)} {op} {_inside(right)}"
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(written(argument) for argument in arguments)})"
        case Compare(op=op, left=left, right=right):
            return f"{written(left)} {op} {written(right)}"
        case Between(value=value, low=low, high=high):
            return f"{written(value)} between {written(low)} and {written(high)}"
        case In(value=value, options=options):
            return f"{written(value)} in ({', '.join(written(option) for option in options)})"
        case And(parts=parts):
            return " and ".join(_inside(part) for part in parts)
        case Or(parts=parts):
            return " or ".join(_inside(part) for part in parts)
        case Not(part=part):
            return f"not {_inside(part)}"


def _inside(expression: Expression) -> str:
    if isinstance(expression, Number | Measure | Call | Compare):
        return written(expression)
    return f"({written(expression)})"


def _number(value: float, unit: Unit) -> str:
    match unit:
        case Unit.RATIO | Unit.VOL:
            return f"{plain(value * 100)}%"
        case Unit.USD | Unit.USD_PER_SHARE:
            return f"-${plain(-value)}" if value < 0 else f"${plain(value)}"
        case Unit.DAYS:
            return f"{plain(value)} days"
        case Unit.MINUTES:
            return f"{plain(value)} min"
        case Unit.SECONDS:
            return f"{plain(value)} s"
        case Unit.CLOCK:
            return f"{int(value) // 60:02}:{int(value) % 60:02} New York"
        case Unit.WEEKDAY:
            return WEEKDAYS[int(value) - 1]
        case _:
            return plain(value)


def _purpose(strategy: Strategy) -> list[str]:
    spread = strategy.spread
    said = [strategy.about] if strategy.about else []
    state = "" if strategy.enabled else " It is switched off: nothing is opened, exits go on."
    account = _ACCOUNTS[strategy.mode]
    return [
        *said,
        f"On {listed(strategy.universe)}, {account}, it {_says(spread)}.{state}",
        *([f"It uses {listed(strategy.use)} of common.yaml."] if strategy.use else ()),
    ]


def _says(spread: Structure) -> str:
    """What its class says, with the words that its own keys decide."""
    return spread.says.format_map({name: getattr(spread, name) for name in ("right", "far_strike") if hasattr(spread, name)})


def _search(strategy: Strategy) -> list[str]:
    spread = strategy.spread
    found: list[str] = []
    if strategy.when:
        found.append(f"It looks for a trade only while {all_of(strategy.when)}.")
    if strategy.filters:
        found.append(f"An option becomes a leg only if {all_of(strategy.filters)}.")
    found.append(f"In a spread, {listed(list(_choice(spread)))}.")
    if spread.rules:
        found.append(f"The spread must fulfil {all_of(spread.rules)}.")
    found.append(f"What passes is ranked by {written(spread.rank)}, highest first, and the best {spread.keep} are kept.")
    found += map(_viewed, views_in(*(rule.expression for rule in spread.rules), spread.rank))
    found.append("A number that is not known is never a pass.")
    return [sentence for sentence in found if sentence]


def _viewed(view: View) -> str:
    """What a view of a price expects; nothing of a volatility, which its line says."""
    if not isinstance(view, NamedView):
        return ""
    after = "" if view.says.by is None else "; once that day has passed it is unknown"
    return f"`{view.name}` is the view {view.says}{after}."


def _choice(spread: Structure) -> Iterator[str]:
    """By what the legs are chosen: expiry, deltas, distances."""
    match spread:
        case OfTwoExpiries(expiry=Expiries(near=near, far=far)):
            yield f"the expiration of what is sold is {in_days(near)}, that of what is bought {in_days(far)}"
        case _:
            yield f"the expiration is {in_days(spread.first_expiry)}"
    for (key, *side), deltas in sorted(spread.deltas, key=lambda one: one[0][0]):  # the bought leg before the sold one
        yield f"{_legs(spread, key, side)} a delta {in_deltas(deltas)}"
    for leg in spread.shape.legs:
        for place in spread.places_of(leg.role):
            traded = f"the {'sold' if leg.action == 'sell' else 'bought'} {'put' if leg.put_call == 'P' else 'call'}"
            yield f"{traded}{'s have' if leg.ratio > 1 else ' has'} {in_place(place)}"
    yield from _distances(spread)


def _legs(spread: Structure, key: str, side: Sequence[str]) -> str:
    """The legs that a delta chooses, and the verb."""
    if key == "body_delta":
        return "the sold options have"
    if key == "near_delta":
        return "the bought one towards the money has"
    traded = {"short_delta": "sold", "long_delta": "bought"}[key]
    if side:
        return f"the {traded} {side[0]} has"
    return f"each {traded} leg has" if len(spread.shape.legs) > 2 else f"the {traded} leg has"


def _distances(spread: Structure) -> Iterator[str]:
    match getattr(spread, "width", None):
        case WidthRange() as width if isinstance(spread, Fly):
            yield f"both bought strikes are {_apart(width)} from the sold one"
        case WidthRange() as width if len(spread.shape.legs) > 2:
            yield f"the strikes of both sides are {_apart(width)} apart, the same on each"
        case WidthRange() as width:
            yield f"the strikes are {_apart(width)} apart"
        case WidthSides(put=put, call=call):
            yield f"the strikes of the puts are {_apart(put)} apart"
            yield f"those of the calls {_apart(call)}"
        case BrokenWidths(near=near, far=far):
            yield f"the bought strike towards the money is {_apart(near)} from the sold one"
            yield f"the other one {f'{plain(far.factor)} times as far' if isinstance(far, TimesNear) else _apart(far)}"
        case _:
            pass


def _apart(width: WidthRange) -> str:
    return from_to("$", width.low, width.high)


def _entry(strategy: Strategy) -> list[str]:
    entry = strategy.entry
    said = [f"It opens between {in_window(entry.window)}." if entry.at is None else at_times(entry.at)]
    if entry.again is not None:
        count, wait_s = entry.again.times, entry.again.not_before_s
        wait = f", {duration(wait_s)} after it at the earliest" if wait_s else ""
        said.append(
            f"After a position closed at a loss it opens again, {'once' if count == 1 else f'{count} times'} a day{wait}."
        )
    match entry.approval:
        case Manual(expires_s=expires_s):
            said.append(f"A person approves every order; no answer within {duration(expires_s)} means no.")
        case Auto(expires_s=expires_s):
            budget = entry.auto_up_to
            up_to = f" up to ${money(budget.risk_usd)} of new risk and {budget.orders_per_day} orders a day" if budget else ""
            said.append(f"Orders go out without asking{up_to}; above that a person is asked and has {duration(expires_s)}.")
        case Policy(auto_when=rules, otherwise=otherwise, expires_s=expires_s):
            other = f"a person is asked and has {duration(expires_s)}" if otherwise == "ask" else "they are declined"
            said.append(f"Orders go out without asking if {all_of(rules)}; otherwise {other}.")
    said.append(_walk(strategy.walk))
    return said


def _walk(walk: PriceWalk) -> str:
    start = "the mid" if not walk.better_than_mid else f"${money(walk.better_than_mid)} better than the mid"
    step = (
        f"${money(walk.step.usd)}"
        if walk.step.usd is not None
        else f"{plain((walk.step.of_half_width or 0) * 100)}% of half the bid-ask width"
    )
    match walk.worst:
        case WorstShare(fraction=fraction, base=base):
            worst = f"never past {plain(fraction * 100)}% of the {base}"
        case WorstFromMid(usd=usd):
            worst = f"never more than ${money(usd)} from the mid"
        case WorstNatural():
            worst = "never past the natural price"
    pace = f"moves by {step} every {duration(walk.every_s)}"
    return f"The price starts at {start}, {pace}, {worst}, and is given up after {duration(walk.give_up_after_s)}."


def _exits(strategy: Strategy) -> list[str]:
    verbs: dict[Action, str] = {
        "close": "is closed",
        "roll": "is rolled",
        "roll put side": "has its put side rolled, the call side stays,",
        "roll call side": "has its call side rolled, the put side stays,",
        "roll tested side": "has the side rolled whose sold leg has the greater delta, the other one stays,",
        "roll untested side": "has the side rolled whose sold leg has the smaller delta, the other one stays,",
        "roll short": "has what it sold rolled, against what it bought,",
        "roll put short": "has its sold put rolled, against the one that it bought, and the calls stay,",
        "roll call short": "has its sold call rolled, against the one that it bought, and the puts stay,",
        "alert": "is reported",
        "let expire": "is left to expire",
        "let put side expire": "has its put side left to expire, and the lines below look at its calls only,",
        "let call side expire": "has its call side left to expire, and the lines below look at its puts only,",
        "close half": "is closed by half, once,",
        "close part": "has {percent}% of the spreads that were opened closed, once and rounded up,",
        "close put short": "has its sold put bought back, the bought one stays,",
        "close call short": "has its sold call bought back, the bought one stays,",
        "close put side": "has its put side closed",
        "close call side": "has its call side closed",
        "close short": "has its sold legs bought back, the bought ones stay,",
    }
    of_each, whole = groups_of(strategy.exits_as_written)
    rules = [rule for rule in whole if not rule.lets_all_expire]
    said = [f"{side_says(rule.action)} when {rule.condition.text}." for rule in of_each]
    if of_each:
        said.append("The puts and the calls are looked at apart, and of these lines the first that is true wins for each.")
    said += [
        f"An order that closes a position at {rule.condition.text} is left at the broker, made again each morning."
        if rule.rests
        else f"A position {verbs[rule.action].format(percent=rule.percent)} when {rule.condition.text}."
        for rule in rules
    ]
    if any(rule.rests for rule in rules):
        said.append("It is canceled, and its end and fills are waited for, before anything else closes some of that position.")
    if rules:
        said.append(f"The first of these that is true wins{', for whatever is still open' if of_each else ''}.")
    if strategy.lets_expire:
        said.append(
            f"What {'none of these closes' if rules or of_each else 'is opened'} is left to expire, and is settled in cash."
        )
    elif not strategy.exits:
        said.append("No exit is written down: positions stay open until they expire or a person closes them.")
    said += rolls_told(strategy.roll, rules)
    return said
