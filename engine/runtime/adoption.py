"""Foreign options that a person gives to the engine: what can be adopted, what it would be, and the fact that does it.

What the broker holds of a contract is adopted whole or not at all: the broker counts a part of it together with the rest. It must
be covered, its loss bounded, and every term of it known; whatever is not known refuses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

from engine.decide.order.references import next_ref
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.contract import Contract
from engine.domain.cover import signed, uncovered
from engine.domain.facts.positions import LegCost, PositionAdopted
from engine.domain.index_classes import INDEX_CLASSES, option_class
from engine.domain.ledger import Ledger
from engine.domain.order_life import adopted
from engine.domain.position import position_of
from engine.domain.shaped import in_shape
from engine.domain.snapshot import Snapshot
from engine.domain.spread import UNBOUNDED, Leg, Spread
from engine.ports import BrokerPosition
from engine.pricing.fees import FeeLeg, commission
from engine.runtime.differences import LAST_TRADE_BEFORE, is_ours
from engine.runtime.inquiry import Books
from engine.runtime.plain import Row, age_s, number
from engine.runtime.position_rows import position_detail
from engine.strategy.model import Strategy

OPTION = "OPT"
"""The broker's word for the kind."""
STANDARD_MULTIPLIER = 100
LEGS_MAX = 4
WITHOUT_RULES = "adopted"
"""What a structure is called that no strategy has a name for."""
_CENT, _PRICE = Decimal("0.01"), Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class AdoptAsked:
    """A person asks for the adoption of all that the broker holds of some contracts."""

    strategy: str
    """Whose exits it shall keep; empty where none shall."""
    legs: tuple[int, ...]
    """By contract number."""
    seen: tuple[int, ...] | None = None
    """How many contracts of each the person saw, short is negative; None where nobody was shown any."""


def foreign_options(ledger: Ledger, books: Books) -> list[BrokerPosition]:
    """The options at the broker that no order of ours has traded, or that were released, by underlying and contract number."""
    held = ledger.contracts_held()
    options = (one for one in books.positions if one.kind == OPTION and one.quantity and one.con_id not in held)
    found = (one for one in options if not is_ours(one.con_id, ledger, books.requested_at))
    return sorted(found, key=lambda one: (one.symbol, one.text, one.con_id))


def foreign_row(position: BrokerPosition, snapshot: Snapshot, rows: Rows) -> Row:
    """One foreign option, as the broker tells it, with its quotes where they are streamed."""
    contract = contract_of(position, snapshot)
    is_known = isinstance(contract, Contract)
    price = _price(position, contract) if isinstance(contract, Contract) else None
    return {
        "con_id": position.con_id,
        "contract": str(contract) if is_known else position.text,
        "underlying": position.symbol,
        "quantity": int(position.quantity),
        "average_price": number(price),
        "obstacle": None if is_known else contract,
        **{name: rows.value(position.con_id, name) for name in ("bid", "ask")},
    }


def adoption_row(asked: AdoptAsked, books: Books | None, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Row:
    """What is foreign, and what the chosen legs would be as a position; nothing is changed by asking."""
    fact = adopted_by(asked, "", "", books, snapshot, rulebook) if asked.legs else None
    position = None
    if isinstance(fact, PositionAdopted):
        made = position_of(adopted(fact, snapshot.at), [], None, snapshot.at)
        assert made is not None, "an adopted order is filled"
        position = position_detail(made, snapshot, rulebook, rows, {})
    return {
        "foreign": [foreign_row(one, snapshot, rows) for one in (foreign_options(snapshot.ledger, books) if books else ())],
        "books_age_s": age_s(books.requested_at, snapshot.at) if books else None,
        "position": position,
        "obstacle": fact if isinstance(fact, str) else None,
    }


def adopted_by(
    asked: AdoptAsked, by: str, reason: str, books: Books | None, snapshot: Snapshot, rulebook: Rulebook
) -> PositionAdopted | str:
    """The adoption of what the broker holds of these contracts; why it cannot be, for people."""
    found = _legs(asked, books, snapshot)
    if isinstance(found, str):
        return f"nothing was adopted: {found}"
    legs, quantity, costs = found
    strategy = next((one for one in rulebook.strategies if one.name == asked.strategy), None)
    spread = _spread(asked.strategy, strategy, legs, rulebook)
    if isinstance(spread, str):
        return f"nothing was adopted: {spread}"
    why_not = _unbounded(spread, quantity)
    if why_not is not None:
        return f"nothing was adopted: {why_not}"
    net = -sum((leg.sign * leg.ratio * costs[leg.contract.con_id] for leg in spread.legs), Decimal(0))
    priced = [FeeLeg(leg.ratio, costs[leg.contract.con_id], leg.contract.root) for leg in spread.legs]
    fees = commission(priced, quantity).quantize(_CENT)
    lost = max(Decimal(0), spread.max_loss(net) * spread.multiplier * quantity + fees).quantize(_CENT)
    told = tuple(LegCost(leg.contract.con_id, costs[leg.contract.con_id]) for leg in spread.legs)
    ref, digest = next_ref(snapshot.ledger, snapshot.at), strategy.digest if strategy is not None else ""
    return PositionAdopted(ref, asked.strategy, digest, spread, quantity, told, net, lost, fees, by, reason)


def contract_of(position: BrokerPosition, snapshot: Snapshot) -> Contract | str:
    """The option that the broker holds; why it cannot be adopted, where a term of it is not told, or not traded here."""
    row = snapshot.chain.rows_by_con_id.get(position.con_id)
    missing = [
        name
        for name, value in (
            ("trading class", position.root),
            ("last trading day", position.last_trade),
            ("strike", position.strike),
            ("right", position.put_call),
            ("multiplier", position.multiplier),
            ("average cost", position.average_cost),
            ("currency", position.currency),
        )
        if value is None
    ]
    if missing:
        return f"the broker does not tell its {', '.join(missing)}"
    assert position.root is not None, "told, as found above"
    assert position.last_trade is not None, "told, as found above"
    assert position.strike is not None, "told, as found above"
    if position.currency != "USD" or position.multiplier != STANDARD_MULTIPLIER:
        stands_for = f"it stands for {position.multiplier:f} shares in {position.currency}"
        return f"{stands_for}, and only options on {STANDARD_MULTIPLIER} in USD are traded here"
    if position.root[-1].isdigit() and position.root not in INDEX_CLASSES:
        return f"class {position.root} delivers something else than {STANDARD_MULTIPLIER} shares, as after a split"
    rule = option_class(position.root)
    made = Contract(
        con_id=position.con_id,
        underlying=position.symbol,
        root=position.root,
        expiry=snapshot.calendar.expiry_of(rule, position.last_trade),
        strike=position.strike,
        put_call="C" if position.put_call == "C" else "P",
        multiplier=STANDARD_MULTIPLIER,
    )
    listed = snapshot.chain.contracts[row] if row is not None else made
    same = (listed.root, listed.strike, listed.put_call) == (made.root, made.strike, made.put_call)
    if not same or not 0 <= (listed.expiry - position.last_trade).days <= LAST_TRADE_BEFORE.days:
        return f"the broker holds it as {made} and lists it as {listed}"
    return listed


def _legs(asked: AdoptAsked, books: Books | None, snapshot: Snapshot) -> tuple[tuple[Leg, ...], int, Mapping[int, Decimal]] | str:
    """The legs in their ratios, how many combinations there are, and what each cost; why there are none."""
    if books is None or snapshot.ledger.reconciled is None:
        return "what the broker holds is not known yet; try again in a minute"
    foreign = {one.con_id: one for one in foreign_options(snapshot.ledger, books)}
    unknown = [str(con_id) for con_id in asked.legs if con_id not in foreign]
    if unknown or len(set(asked.legs)) != len(asked.legs):
        return f"the legs are contracts that are foreign, each once; not among them: {', '.join(unknown) or 'one named twice'}"
    if len(asked.legs) > LEGS_MAX:
        return f"{len(asked.legs)} legs: a position has {LEGS_MAX} at the most; adopt them in several"
    chosen = [foreign[con_id] for con_id in asked.legs]
    held = tuple(int(one.quantity) for one in chosen)
    if asked.seen is not None and held != asked.seen:
        told = ", ".join(f"{one.text} {one.quantity:+f}" for one in chosen)
        return f"the broker holds {told}, which is not what you were shown; look again"
    contracts: list[Contract] = []
    for one in chosen:
        contract = contract_of(one, snapshot)
        if isinstance(contract, str):
            return f"{one.text}: {contract}"
        if snapshot.calendar.is_over(contract, snapshot.at):
            return f"{contract} has stopped trading"
        order = next((o for o in snapshot.ledger.working() if contract in {leg.contract for leg in o.spread.legs}), None)
        if order is not None:
            return f"order {order.ref} trades {contract} and is {order.state}; wait for its end, or cancel it"
        contracts.append(contract)
    quantity = gcd(*held)
    made = [
        Leg(contract, "buy" if count > 0 else "sell", abs(count) // quantity)
        for contract, count in zip(contracts, held, strict=True)
    ]
    costs = {one.con_id: _price(one, contract) for one, contract in zip(chosen, contracts, strict=True)}
    return tuple(made), quantity, costs


def _price(position: BrokerPosition, contract: Contract) -> Decimal:
    """USD per share that one contract cost or brought on average."""
    assert position.average_cost is not None, "a contract has every term"
    return (position.average_cost / contract.multiplier).quantize(_PRICE)


def _spread(name: str, strategy: Strategy | None, legs: Sequence[Leg], rulebook: Rulebook) -> Spread | str:
    """The legs as the structure that the strategy trades; without one in an order of their own. Why they are none."""
    if not name:
        return Spread(WITHOUT_RULES, tuple(sorted(legs, key=_place)))
    if strategy is None:
        known = ", ".join(sorted(one.name for one in rulebook.strategies)) or "none is in force"
        return f"no strategy {name!r} is in force; strategies: {known}"
    ordered = in_shape(strategy.spread.shape, legs)
    if ordered is None:
        return f"{name} trades {strategy.spread.name()}, and {_told(legs)} is none: its exits were not written for these legs"
    return Spread(strategy.spread.name(), ordered)


def _place(leg: Leg) -> tuple[object, ...]:
    contract = leg.contract
    return (contract.put_call == "C", contract.strike, contract.expiry)


def _unbounded(spread: Spread, quantity: int) -> str | None:
    """Why nobody can say what it may lose at the most; None where it is covered and bounded."""
    if len({leg.contract.underlying for leg in spread.legs}) > 1:
        return "the legs are on several underlyings; adopt those of each by themselves"
    bare = uncovered(signed(spread.legs, quantity))
    if bare:
        told = ", ".join(f"{count} × {contract}" for contract, count in bare.items())
        return f"{told} would be owed with no long contract beside it; choose the legs that cover it too"
    if not spread.is_of_one_expiry and any(leg.contract.rule.exercise == "European" for leg in spread.legs):
        return "of European options of two expiries the most that they can lose is only known where they were found by a scan"
    return "nothing bounds its loss" if spread.floor == -UNBOUNDED else None


def _told(legs: Sequence[Leg]) -> str:
    return ", ".join(_leg_told(legs))


def _leg_told(legs: Sequence[Leg]) -> Iterator[str]:
    for leg in legs:
        yield f"{'long' if leg.sign > 0 else 'short'} {leg.ratio} × {leg.contract}"
